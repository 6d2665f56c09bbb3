"""Misfortunes of the simulated side, drawn from a seed and armable one by one.

Each kind is one row of `KINDS`. A fault can be armed for a number of times, with a probability, and only for subjects
that contain a text (a request name such as `BillAddRq`, or a boundary such as `before receiveResponseXML`). What
fired is counted by kind.
"""

import random
from collections import Counter
from dataclasses import dataclass

from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal

#: kind -> (what happens, probability in the realistic mix of `--faults on`)
KINDS: dict[str, tuple[str, float]] = {
    "request_lost": ("the Web Connector dies with the request, before QuickBooks sees it", 0.01),
    "request_late": ("the Web Connector dies with the request, which reaches QuickBooks in a later session", 0.005),
    "answer_lost": ("QuickBooks has executed, then the Web Connector dies before receiveResponseXML", 0.015),
    "answer_twice": ("receiveResponseXML is delivered twice", 0.01),
    "answer_cut": ("QuickBooks has executed, and its answer ends in the middle", 0.004),
    "hresult_after_save": ("QuickBooks executes and saves, then raises 0x8004041C", 0.008),
    "hresult_after_save_unrecorded": ("the same, and the message set is not remembered", 0.002),
    "modal_dialog": ("QuickBooks raises 0x80040414 and executes nothing", 0.008),
    "quickbooks_busy": ("QuickBooks raises 0x80040401 and executes nothing", 0.005),
    "crash": ("the Web Connector dies at a call boundary", 0.003),
    "lock_3175": ("a write is refused: the transaction is in use", 0.01),
    "lock_3176": ("a write is refused: a related object is in use", 0.005),
    "lock_3180": ("a write is refused: the list was modified by another user", 0.005),
    "internal_error_unsaved": ("a write is answered with 1000 and not executed", 0.004),
    "internal_error_saved": ("a write is executed and answered with 1000", 0.003),
    "internal_error_recovery": ("a write is executed and answered with 1000 and an ErrorRecovery", 0.001),
    "recovery_only": ("a remembered answer holds an ErrorRecovery in place of what was saved", 0.3),
    "recovery_beside": ("a remembered answer holds an ErrorRecovery beside what was saved", 0.3),
    "connection_error": ("QuickBooks cannot be opened", 0.01),
    "service_timeout": ("the Web Connector gives up waiting for the service", 0.003),
    "iterator_invalidated": ("an iterator is gone when it is continued", 0.02),
}


@dataclass(slots=True, kw_only=True)
class ArmedFault:
    """One armed misfortune."""

    kind: str
    times: int | None  #: how often it still fires; None is without limit
    probability: float  #: at each opportunity, 0 to 1
    only: str  #: fires only for subjects that contain this text; empty is any


class FaultInjector:
    """Decides, from a seeded generator, whether a misfortune happens now."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._armed: list[ArmedFault] = []
        self.counts: Counter[str] = Counter()  #: fired, by kind

    def reseed(self, seed: int) -> None:
        """Start the sequence of misfortunes again from a seed."""
        self._rng.seed(seed)

    def arm(self, kind: str, *, times: int | None = 1, probability: float = 1.0, only: str = "") -> None:
        """Arm a fault.

        Raises:
            ScreenRefusal: the kind does not exist, or the probability is not between 0 and 1.
        """
        if kind not in KINDS:
            raise ScreenRefusal(f'There is no fault of kind "{kind}"; there are {", ".join(sorted(KINDS))}.')
        if not 0 <= probability <= 1:
            raise ScreenRefusal("The probability of a fault lies between 0 and 1.")
        self._armed.append(ArmedFault(kind=kind, times=times, probability=probability, only=only))

    def arm_realistic_mix(self) -> None:
        """Arm every kind with its everyday probability."""
        for kind, (_, probability) in KINDS.items():
            self.arm(kind, times=None, probability=probability)

    def disarm(self, kind: str | None = None) -> None:
        """Take back what was armed, of one kind or of all."""
        self._armed = [] if kind is None else [fault for fault in self._armed if fault.kind != kind]

    def armed(self) -> list[ArmedFault]:
        """What is armed."""
        return list(self._armed)

    def draw(self, low: int, high: int) -> int:
        """A whole number for a misfortune that happens, both ends included."""
        return self._rng.randint(low, high)

    def fires(self, kind: str, subject: str = "") -> bool:
        """Whether the fault happens at this opportunity; counts it when it does."""
        if not self._armed:
            return False
        for fault in self._armed:
            if fault.kind != kind or fault.only not in subject:
                continue
            if fault.probability < 1 and self._rng.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
            self.counts[kind] += 1
            return True
        return False

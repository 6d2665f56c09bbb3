"""Failed calls to Basware: how long to wait after one, and whether it is about one invoice or about all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.retry import retry_delay_s
from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows.surroundings import Surroundings

_IN_A_ROW = 5  # invoices that fail one after the other, before it counts as Basware's trouble and not theirs
_THROTTLED_FACTOR = 6  # of `retry_base_s`: the first wait after a 429 that names none; 30 s unless changed


def wait_s(
    surroundings: Surroundings,
    settings: ConnectionSettings,
    trouble: ConnectorError,
    failures: int,
    *,
    cap_s: float = 900.0,
) -> float:
    """Return the seconds to wait after the `failures`-th failure in a row (1 for the first)."""
    base_s = float(settings.retry_base_s)
    asked_s = trouble.retry_after_s if isinstance(trouble, TryAgain) else None
    if asked_s is None and _status(trouble) == "429":
        asked_s = base_s * _THROTTLED_FACTOR
    return retry_delay_s(failures, surroundings.dice(), base_s=base_s, cap_s=cap_s, retry_after_s=asked_s)


@dataclass(slots=True)
class Troubles:
    """What failed while a list of invoices was worked through. One that fails does not hold up the others."""

    worst: ConnectorError | None = None  #: what stopped the work, else what failed first
    _in_a_row: int = field(default=0)
    _progressed: bool = field(default=False)

    def went_well(self) -> None:
        """Note that a call succeeded."""
        self._in_a_row = 0
        self._progressed = True

    def note(self, trouble: ConnectorError) -> bool:
        """Note a failed call; return whether going on makes no sense, because the next one would fail as well."""
        general = is_general(trouble)
        if general or self.worst is None:
            self.worst = trouble
        self._in_a_row += 1
        return general or self._in_a_row >= _IN_A_ROW

    def raise_worst(self) -> None:
        """Raise what failed, if anything did."""
        if self.worst is not None:
            self.worst.progressed = self._progressed
            raise self.worst


def is_general(trouble: ConnectorError) -> bool:
    """Tell whether every other call would fail as well: no answer at all, throttled, or not allowed."""
    return isinstance(trouble, NeedsOperator) or _status(trouble) in {"", "429", "503"}


def _status(trouble: ConnectorError) -> str:
    return trouble.exchange.status if trouble.exchange is not None else ""

"""What can go wrong on purpose: each kind armable alone, or all together as a realistic mix.

A fault strikes by kind, method and path pattern, a fixed number of times or by chance. Dice come from the tenant's
seeded generator. Every strike is counted by kind.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

#: Kind -> what happens.
KINDS = {
    "throttle": "429 with Retry-After",
    "error-before": "500, nothing was done",
    "error-after": "500, but the request was carried out",
    "connection-lost-before": "connection closed, nothing was done",
    "connection-lost": "connection closed, but the request was carried out",
    "unavailable": "503 with a text body, nothing was done",
    "token-revoked": "401: the token that was sent is revoked",
    "token-error": "500 from the token endpoint",
    "slow": "the answer takes `seconds`",
    "publish-error": "500 on master data: kept in the API layer, never distributed",
    "presigned-slow": "the pre-signed target takes `seconds`",
    "presigned-expired": "the pre-signed URL is refused with 403 as if expired",
    "presigned-error": "503 from the pre-signed target",
    "status-delay": "P2P works on a request only after `seconds` more",
    "item-timeout": "one record ends with the technical error Request timed-out",
    "response-dropped": "200 on a response, but P2P never applies it",
    "connection-test-fails": "the ConnectionTest of a subscription is taken as failed",
    "webhook-duplicate": "a notification is sent twice",
    "webhook-reorder": "a notification is overtaken by the next one",
    "webhook-forged": "a forged notification is sent as well",
    "webhook-dropped": "a notification is never sent",
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One armed fault."""

    kind: str
    method: str = "*"  #: HTTP method, or * for any
    path: str = "*"  #: shell-style pattern of the path without the query, e.g. /v1/accountingDocuments/*/acknowledge
    remaining: int | None = None  #: how many strikes are left; None means without end
    probability: float = 1.0  #: chance of a strike whenever it applies
    seconds: float = 2.0  #: duration of slow kinds; for throttle the Retry-After
    http_date: bool = False  #: throttle: write Retry-After as an HTTP date


_FIELDS: dict[str, tuple[type, ...]] = {
    "kind": (str,),
    "method": (str,),
    "path": (str,),
    "remaining": (int, type(None)),
    "probability": (int, float),
    "seconds": (int, float),
    "http_date": (bool,),
}


def read_fault(body: dict[str, Any]) -> Fault:
    """Return the fault a JSON object describes by the names of its fields. Raises: ValueError."""
    if "kind" not in body:
        raise ValueError("A fault needs a kind.")
    for name, value in body.items():
        kinds = _FIELDS.get(name)
        if kinds is None:
            raise ValueError(f"A fault has no {name}; it has {', '.join(_FIELDS)}.")
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ValueError(f"The {name} of a fault cannot be {value!r}.")
    return Fault(**body)


class Faults:
    """The armed faults of one tenant."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._armed: list[Fault] = []
        self.struck: Counter[str] = Counter()

    def arm(self, fault: Fault) -> None:
        """Add a fault. Raises: ValueError for an unknown kind or a chance outside 0 to 1."""
        if fault.kind not in KINDS:
            raise ValueError(f"There is no fault of kind {fault.kind}; known are {', '.join(KINDS)}.")
        if not 0 <= fault.probability <= 1:
            raise ValueError("The probability of a fault lies between 0 and 1.")
        if fault.remaining is not None and fault.remaining < 1:
            raise ValueError("A fault strikes at least once.")
        if fault.seconds < 0:
            raise ValueError("The seconds of a fault cannot be negative.")
        self._armed.append(fault)

    def disarm(self, kind: str = "*") -> None:
        """Remove every fault of a kind, or all."""
        self._armed = [fault for fault in self._armed if kind not in ("*", fault.kind)]

    def armed(self) -> tuple[Fault, ...]:
        """Return the faults that may still strike."""
        return tuple(self._armed)

    def strikes(self, kind: str, method: str = "", path: str = "") -> Fault | None:
        """Return the fault that strikes here and now, counting it, or None."""
        if not self._armed:
            return None
        for position, fault in enumerate(self._armed):
            if fault.kind != kind or fault.method not in ("*", method) or not fnmatchcase(path, fault.path):
                continue
            if fault.probability < 1 and self._rng.random() >= fault.probability:
                continue
            if fault.remaining is not None:
                fault.remaining -= 1
                if fault.remaining <= 0:
                    del self._armed[position]
            self.struck[kind] += 1
            return fault
        return None


def realistic_mix() -> tuple[Fault, ...]:
    """Return the faults of `--faults on`: often enough to be met in an hour, rare enough to get work done."""
    chances = {
        "throttle": 0.02,
        "error-before": 0.015,
        "error-after": 0.01,
        "connection-lost-before": 0.005,
        "connection-lost": 0.01,
        "unavailable": 0.01,
        "token-revoked": 0.005,
        "token-error": 0.05,
        "slow": 0.01,
        "publish-error": 0.005,
        "presigned-slow": 0.01,
        "presigned-expired": 0.02,
        "presigned-error": 0.01,
        "status-delay": 0.1,
        "item-timeout": 0.005,
        "webhook-duplicate": 0.05,
        "webhook-reorder": 0.05,
        "webhook-forged": 0.02,
        "webhook-dropped": 0.05,
    }
    seconds = {"slow": 1.5, "presigned-slow": 1.5, "status-delay": 20.0}
    return tuple(
        Fault(kind=kind, probability=chance, seconds=seconds.get(kind, 2.0)) for kind, chance in chances.items()
    )

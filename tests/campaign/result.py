"""What one seed came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Result:
    """What one seed came to."""

    seed: int
    invoices: int = 0
    bills: int = 0  #: in QuickBooks at the end
    faults: Counter[str] = field(default_factory=Counter)  #: by kind
    deeds: Counter[str] = field(default_factory=Counter)  #: what people did
    visited: Counter[str] = field(default_factory=Counter)  #: points at which the process could have died
    hit: Counter[str] = field(default_factory=Counter)  #: and did
    ends: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    digest: str = ""  #: of everything that happened
    events: list[str] = field(default_factory=list)
    seconds: float = 0.0  #: of processor time

"""QuickBooks' date-times: local to the machine it runs on, to the second, with an offset that is wrong in summer.

They are kept raw and never converted. To ask for what changed since, the offset is dropped and the rest sent back:
QuickBooks reads a stamp without an offset as its own local time. Source: docs/reference/quickbooks.md, time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}(?::\d{2}(?::\d{2})?)?))?(?:Z|[+-]\d{2}:\d{2})?")

#: TimeModified comes from the clock of the workstation that saved, so the next question starts a while earlier.
OVERLAP = timedelta(minutes=10)


def naive_local(raw: str) -> datetime:
    """Read `2026-08-20T10:11:12-06:00` as the wall-clock time it shows, without its offset.

    Raises:
        ValueError: not such a stamp.
    """
    match = _STAMP.fullmatch(raw.strip())
    if match is None:
        raise ValueError(f"{raw!r:.60} is not a date-time of QuickBooks")
    return datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}")


def newest(stamps: Iterable[str]) -> str:
    """Return the latest of raw stamps by the wall-clock time they show; empty if there is none."""
    return max((stamp for stamp in stamps if stamp), key=naive_local, default="")


def lies_ahead(raw: str, now: datetime, tolerance: timedelta) -> bool:
    """Tell whether a stamp is from a clock that runs ahead, judged by its offset, which may be an hour off.

    A stamp without an offset is never judged so. `tolerance` is to be above that hour.
    """
    try:
        moment = datetime.fromisoformat(raw.strip())
    except ValueError:
        return False
    return moment.tzinfo is not None and moment.astimezone(UTC) > now + tolerance


def ask_since(watermark: str, overlap: timedelta = OVERLAP) -> datetime | None:
    """Return the naive local time to ask from, given the newest stamp seen; None if nothing was seen yet."""
    return naive_local(watermark) - overlap if watermark else None

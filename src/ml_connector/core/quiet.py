"""Quiet hours: the window of each day in which QuickBooks is given nothing to write."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

_WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def is_window(text: str) -> bool:
    """Tell whether a text is a window, written as `22:00-06:00`; it may go over midnight, but not be empty."""
    found = _WRITTEN.fullmatch(text)
    return found is not None and found.groups()[:2] != found.groups()[2:]


def quiet_until(window: str, local: datetime) -> datetime | None:
    """Return when the window ends in which a local time lies; None if it lies in none.

    Args:
        window: as `is_window` has it, or empty for no window.
        local: aware, in the company's zone; the answer is in the same zone.
    """
    found = _WRITTEN.fullmatch(window)
    if found is None:
        return None
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    now = local.time()
    over_midnight = last < first
    inside = (now >= first or now < last) if over_midnight else first <= now < last
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and now >= first else 0)
    return datetime.combine(day, last, local.tzinfo)

"""Times as people are told them: in the time zone of the connection."""

from __future__ import annotations

from datetime import datetime, timedelta

from ml_connector.core.quiet import quiet_until
from ml_connector.flows.surroundings import settings_of, zone_of
from ml_connector.store.models import Connection


def local(connection: Connection, moment: datetime) -> str:
    """Write a moment to the minute, with its day of the week and its zone."""
    there = moment.astimezone(zone_of(connection))
    return f"{there:%a %Y-%m-%d %H:%M} {there.tzname()}"


def quiet_end(connection: Connection, now: datetime) -> datetime | None:
    """Return until when QuickBooks is given nothing to write, because it is a quiet hour; None if it is none."""
    window = settings_of(connection).quiet_hours
    return quiet_until(window, now.astimezone(zone_of(connection))) if window else None


def span(seconds: float) -> str:
    """Write a length of time in one unit, such as `5 minutes`."""
    for unit, size, least in (("day", 86400, 2), ("hour", 3600, 2), ("minute", 60, 1)):
        if seconds >= size * least:
            return _counted(round(seconds / size), unit)
    return _counted(round(seconds), "second")


def until(moment: datetime, now: datetime) -> str:
    """Write how far away a moment is, such as `in 5 minutes`."""
    away_s = (moment - now) / timedelta(seconds=1)
    if abs(away_s) < 1:
        return "now"
    return f"in {span(away_s)}" if away_s > 0 else f"{span(-away_s)} ago"


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"

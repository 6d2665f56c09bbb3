"""Running figures by day: counted in the transaction in which a thing happens, so that charts add up few rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import models

from ml_connector.core.settings import ConnectionSettings
from ml_connector.core.states import State
from ml_connector.store import rows

CAME_IN, ENTERED, HELD_UP, TOLD = "came in", "entered", "held up", "told"

_ON_THE_WAY = frozenset({State.PLANNED, State.SENT, State.IN_DOUBT, State.BLOCKED})
_HELD = frozenset({State.BLOCKED, State.CHANGED})


class DayFigure(models.Model):
    """How often one thing happened on one day of one connection."""

    day = models.CharField(max_length=10)  #: ISO date, in the connection's time zone
    connection = models.ForeignKey("store.Connection", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=10)  #: CAME_IN, ENTERED, HELD_UP or TOLD
    count = models.BigIntegerField()

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["day", "connection", "name"], name="day_figure")]


def figure_of(event: str, before: str, after: str) -> str:
    """Return what a step counts as; empty if it counts as nothing."""
    if event == "received":
        return CAME_IN
    if event == "confirmed":
        return TOLD
    if after == State.POSTED and before in _ON_THE_WAY:
        return ENTERED
    if after in _HELD and before not in _HELD:
        return HELD_UP
    return ""


_ADD = """
    INSERT INTO store_dayfigure (day, connection_id, name, count) VALUES (%s, %s, %s, %s)
    ON CONFLICT (day, connection_id, name) DO UPDATE SET count = store_dayfigure.count + excluded.count
"""


def add(connection_id: int, settings: dict[str, object], now: datetime, counted: Counter[str]) -> None:
    """Add to the figures of the day on which `now` lies for the connection."""
    day = now.astimezone(_zone(str(settings.get("time_zone", "")))).date().isoformat()
    with database.cursor() as cursor:
        cursor.executemany(_ADD, [(day, connection_id, name, count) for name, count in sorted(counted.items())])


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or ConnectionSettings().time_zone)
    except (ValueError, OSError, KeyError):  # a zone that is none is refused where it is set; a figure is still counted
        return ZoneInfo("UTC")


def by_day(connection_ids: Sequence[int], since: str) -> dict[tuple[str, str], int]:
    """Return the sums by day and name, from a day on."""
    if not connection_ids:
        return {}
    text = f"""
        SELECT day, name, SUM(count) FROM store_dayfigure
        WHERE day >= %s AND connection_id IN ({rows.places(len(connection_ids))}) GROUP BY day, name
    """  # noqa: S608  # places only
    return {(day, name): int(count) for day, name, count in rows.values(text, since, *connection_ids)}

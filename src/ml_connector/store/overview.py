"""Questions of the first page, each answered from an index or from few rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from ml_connector.core.states import State
from ml_connector.store import rows
from ml_connector.store.models import Connection, Document, Duty

_LATEST = 500  # documents that were entered last, of which it is said how long it took


def ages(connections: Sequence[Connection], states: Sequence[State], borders: Sequence[datetime]) -> list[int]:
    """Count the documents in some states by when they were received: after the first border, between the first and the
    second, and so on, before the last. Numbers rise with the time of receipt, so that the index of states tells."""
    owners = [connection.pk for connection in connections]
    if not owners:
        return [0] * (len(borders) + 1)
    numbers = [_first_since(border) for border in borders]
    text = f"""
        SELECT COUNT(*) FROM store_document WHERE connection_id IN ({rows.places(len(owners))})
        AND state IN ({rows.places(len(states))}) AND id >= %s AND id < %s
    """  # noqa: S608  # places only
    found, above = [], 1 << 62
    for number in (*numbers, 0):
        found.append(int(rows.values(text, *owners, *(state.value for state in states), number, above)[0][0]))
        above = number
    return found


def _first_since(moment: datetime) -> int:
    later = Document.objects.filter(received_at__gte=moment).order_by("received_at", "pk").values_list("pk", flat=True)
    return next(iter(later[:1]), 1 << 62)


def latest_entered(connections: Sequence[Connection]) -> list[tuple[datetime, datetime]]:
    """Return when the documents that were entered last were received and entered."""
    numbers: list[int] = []
    for connection in connections:
        for state in (State.POSTED, State.CONFIRMED, State.PAID):  # each one is a walk along an index
            of_state = Document.objects.filter(connection=connection, state=state).order_by("-pk")
            numbers += of_state.values_list("pk", flat=True)[:_LATEST]
    wanted = sorted(numbers, reverse=True)[:_LATEST]
    known = Document.objects.filter(pk__in=wanted, posted_at__isnull=False, linked=False)
    return [(received, posted) for received, posted in known.values_list("received_at", "posted_at") if posted]


def troubled(connections: Sequence[Connection]) -> list[Connection]:
    """Return the connections that say of themselves that something is wrong."""
    wrong = ~Q(stop_reason="") | Q(outage_failures__gt=0) | ~Q(last_session_note="")
    failing = Duty.objects.exclude(last_error="").values("connection")
    found = Connection.objects.filter(wrong | Q(pk__in=failing), pk__in=[row.pk for row in connections], paused=False)
    return list(found.order_by("name")[:20])


def words_of(connection: Connection) -> str:
    """Return what a troubled connection says."""
    own: Any = connection.stop_reason or connection.outage_words or connection.last_session_note
    if own:
        return str(own)
    duty = Duty.objects.filter(connection=connection).exclude(last_error="").order_by("due_at").first()
    return duty.last_error if duty else ""

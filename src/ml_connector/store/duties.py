"""What is due, for which connection. A wake-up only brings a time forward: if every one were lost, the next sweep would
find the same work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import Min

from ml_connector.store.models import Connection, Duty

INVOICES = "invoices"  #: ask Basware for approved invoices, store, acknowledge
PLANNING = "planning"  #: decide what can be posted
ANSWERS = "answers"  #: tell Basware of transfers and payments
PUBLICATION = "publication"  #: send changed list entries to Basware
IMPORTS = "imports"  #: ask Basware what became of records it was sent
SWEEP = "sweep"  #: look for invoices acknowledged in Basware but unknown here
LISTS = "lists"  #: read changed lists from QuickBooks; done inside a Web Connector session
PAYMENTS = "payments"  #: read changed payments from QuickBooks; done inside a Web Connector session

#: Done by the engine; the others are done when the Web Connector calls.
BY_ENGINE = (INVOICES, PLANNING, ANSWERS, PUBLICATION, IMPORTS, SWEEP)
BY_WEB_CONNECTOR = (LISTS, PAYMENTS)
ALL = BY_ENGINE + BY_WEB_CONNECTOR


def create_all(connection: Connection, now: datetime) -> None:
    """Give a new connection its duties, all due at once."""
    Duty.objects.bulk_create([Duty(connection=connection, name=name, due_at=now) for name in ALL])


def due_connections(now: datetime) -> list[int]:
    """Return the connections that have work for the engine, longest waiting first."""
    rows = (
        Duty.objects.filter(due_at__lte=now, name__in=BY_ENGINE, connection__paused=False)
        .values("connection_id")
        .annotate(first=Min("due_at"))
        .order_by("first")
    )
    return [row["connection_id"] for row in rows]


def next_due(after: datetime) -> datetime | None:
    """Return when the engine will next have something to do."""
    rows = Duty.objects.filter(due_at__gt=after, name__in=BY_ENGINE, connection__paused=False)
    return rows.aggregate(first=Min("due_at"))["first"]  # type: ignore[no-any-return]


def due(connection_id: int, now: datetime) -> list[Duty]:
    """Return the engine's duties of one connection that are due, in the order in which they feed each other."""
    rows = {
        duty.name: duty
        for duty in Duty.objects.filter(connection_id=connection_id, due_at__lte=now, name__in=BY_ENGINE)
    }
    return [rows[name] for name in BY_ENGINE if name in rows]


def is_due(connection_id: int, name: str, now: datetime) -> bool:
    """Tell whether one duty is due."""
    return Duty.objects.filter(connection_id=connection_id, name=name, due_at__lte=now).exists()


def was_done(connection_id: int, name: str) -> bool:
    """Tell whether a duty was ever done."""
    return Duty.objects.filter(connection_id=connection_id, name=name).exclude(last_ok_at=None).exists()


def wake(connection_id: int, now: datetime, *names: str) -> None:
    """Bring duties forward to now; a duty that waits after a failure keeps its wait."""
    Duty.objects.filter(connection_id=connection_id, name__in=names, due_at__gt=now, failures=0).update(due_at=now)


def wake_at(connection_id: int, name: str, moment: datetime) -> None:
    """Bring a duty forward to a moment, if it is due later."""
    Duty.objects.filter(connection_id=connection_id, name=name, due_at__gt=moment, failures=0).update(due_at=moment)


def wake_all(connection_id: int, now: datetime, *names: str) -> None:
    """Bring duties forward to now, those that wait after a failure too: a person asked for it, or mended the cause."""
    Duty.objects.filter(connection_id=connection_id, name__in=names or ALL).update(due_at=now)


def done(connection_id: int, name: str, now: datetime, next_in_s: float) -> None:
    """Note a success and when the duty is next due. A wake-up that came in meanwhile is kept: it lies in the past."""
    Duty.objects.filter(connection_id=connection_id, name=name).update(
        due_at=now + timedelta(seconds=next_in_s), failures=0, last_ok_at=now, last_error="", needs_operator=False
    )


def failed(duty: Duty, now: datetime, wait_s: float, sentence: str, *, needs_operator: bool) -> None:
    """Note a failure and when it is tried again."""
    Duty.objects.filter(pk=duty.pk).update(
        due_at=now + timedelta(seconds=wait_s),
        failures=duty.failures + 1,
        last_error=sentence[:500],
        needs_operator=needs_operator,
    )


@contextmanager
def claim(connection_id: int) -> Iterator[bool]:
    """Hold a connection for one runner. Yields False if another process has it.

    On PostgreSQL an advisory lock of the session, which goes with the process that held it. SQLite serves one process,
    whose runner keeps its own list.
    """
    if database.vendor != "postgresql":
        yield True
        return
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, connection_id])
        row = cursor.fetchone()
    held = bool(row and row[0])
    try:
        yield held
    finally:
        if held:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, connection_id])


_LOCK_SPACE = 0x6D6C63  # "mlc": keeps our locks apart from those of others in the same database

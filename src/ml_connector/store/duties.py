"""What is due, for which connection. A wake-up only brings a time forward: if every one were lost, the next sweep would
find the same work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection as database

from ml_connector.store import rows
from ml_connector.store.models import Connection, Duty

INVOICES = "invoices"  #: ask Basware for approved invoices, store, acknowledge
PLANNING = "planning"  #: decide what can be posted
ANSWERS = "answers"  #: tell Basware of transfers and payments
PUBLICATION = "publication"  #: send changed list entries to Basware
IMPORTS = "imports"  #: ask Basware what became of records it was sent
SWEEP = "sweep"  #: look for invoices acknowledged in Basware but unknown here
LISTS = "lists"  #: read changed lists from QuickBooks; done inside a Web Connector session
PAYMENTS = "payments"  #: read changed payments from QuickBooks; done inside a Web Connector session
DRIFT = "drift"  #: read which Bills were saved in QuickBooks; done inside a Web Connector session

WATCH = "watch"  #: say aloud what nobody may have seen: deadlines that come near, a Web Connector that does not call

#: Done by the engine; the others are done when the Web Connector calls.
BY_ENGINE = (INVOICES, PLANNING, ANSWERS, PUBLICATION, IMPORTS, SWEEP, WATCH)
#: Of these, those that call Basware.
WITH_BASWARE = frozenset({INVOICES, ANSWERS, PUBLICATION, IMPORTS, SWEEP})
BY_WEB_CONNECTOR = (LISTS, PAYMENTS, DRIFT)
ALL = BY_ENGINE + BY_WEB_CONNECTOR


def create_all(connection: Connection, now: datetime) -> None:
    """Give a new connection its duties, all due at once."""
    Duty.objects.bulk_create([Duty(connection=connection, name=name, due_at=now) for name in ALL])


def due_connections(now: datetime) -> list[int]:
    """Return the connections that have work for the engine, longest waiting first."""
    text = f"SELECT duty.connection_id {_BY_ENGINE} AND duty.due_at <= %s GROUP BY 1 ORDER BY MIN(duty.due_at)"
    return [connection_id for (connection_id,) in rows.values(text, rows.moment(now))]


def next_due(after: datetime) -> datetime | None:
    """Return when the engine will next have something to do."""
    text = f"SELECT duty.due_at {_BY_ENGINE} AND duty.due_at > %s ORDER BY duty.due_at LIMIT 1"
    found = rows.values(text, rows.moment(after))
    return rows.moment_of(found[0][0]) if found else None


def oldest_due(now: datetime) -> datetime | None:
    """Return since when the longest waiting work of the engine has been due; None if nothing is."""
    text = f"SELECT duty.due_at {_BY_ENGINE} AND duty.due_at <= %s ORDER BY duty.due_at LIMIT 1"
    found = rows.values(text, rows.moment(now))
    return rows.moment_of(found[0][0]) if found else None


_BY_ENGINE = f"""
    FROM store_duty duty JOIN store_connection owner ON owner.id = duty.connection_id
    WHERE NOT owner.paused AND duty.name IN ({", ".join(f"'{name}'" for name in BY_ENGINE)})
"""

_DUE = rows.Question(Duty, "WHERE connection_id = %s AND due_at <= %s")


def due(connection_id: int, now: datetime) -> list[Duty]:
    """Return the engine's duties of one connection that are due, in the order in which they feed each other."""
    found = {duty.name: duty for duty in _DUE.rows(connection_id, rows.moment(now))}
    return [found[name] for name in BY_ENGINE if name in found]


def is_due(connection_id: int, name: str, now: datetime) -> bool:
    """Tell whether one duty is due."""
    text = "SELECT 1 FROM store_duty WHERE connection_id = %s AND name = %s AND due_at <= %s"
    return bool(rows.values(text, connection_id, name, rows.moment(now)))


def was_done(connection_id: int, name: str) -> bool:
    """Tell whether a duty was ever done."""
    text = "SELECT 1 FROM store_duty WHERE connection_id = %s AND name = %s AND last_ok_at IS NOT NULL"
    return bool(rows.values(text, connection_id, name))


def wake(connection_id: int, now: datetime, *names: str) -> None:
    """Bring duties forward to now; a duty that waits after a failure keeps its wait."""
    for name in names:
        wake_at(connection_id, name, now)


def wake_at(connection_id: int, name: str, moment: datetime) -> None:
    """Bring a duty forward to a moment, if it is due later."""
    when = rows.moment(moment)
    rows.execute(
        "UPDATE store_duty SET due_at = %s WHERE connection_id = %s AND name = %s AND due_at > %s AND failures = 0",
        when, connection_id, name, when,
    )  # fmt: skip


def wake_everywhere(now: datetime, name: str) -> None:
    """Bring a duty of every connection forward to now; where it waits after a failure, it keeps its wait."""
    Duty.objects.filter(name=name, due_at__gt=now, failures=0).update(due_at=now)


def put_off(connection_id: int, name: str, moment: datetime) -> None:
    """Move a duty to a later moment; it neither failed nor was done."""
    Duty.objects.filter(connection_id=connection_id, name=name).update(due_at=moment)


def wake_all(connection_id: int, now: datetime, *names: str) -> None:
    """Bring duties forward to now, those that wait after a failure too: a person asked for it, or mended the cause. If
    Basware is to be called, an outage is no reason to wait for the next probe."""
    if not names or WITH_BASWARE.intersection(names):
        Connection.objects.filter(pk=connection_id).update(outage_probe_at=None)
    Duty.objects.filter(connection_id=connection_id, name__in=names or ALL).update(due_at=now)


def done(connection_id: int, name: str, now: datetime, next_in_s: float) -> None:
    """Note a success and when the duty is next due. A wake-up that came in meanwhile is kept: it lies in the past."""
    rows.execute(
        "UPDATE store_duty SET due_at = %s, failures = 0, last_ok_at = %s, last_error = '', needs_operator = %s"
        " WHERE connection_id = %s AND name = %s",
        rows.moment(now + timedelta(seconds=next_in_s)), rows.moment(now), False, connection_id, name,
    )  # fmt: skip


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

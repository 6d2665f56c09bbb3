"""Web Connector sessions and the message sets they carry."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import Q

from ml_connector.core.books import ListKind
from ml_connector.store import rows
from ml_connector.store.models import Connection, MessageSet, Session, Watermark

_NAMED = rows.Question(Connection, "WHERE name = %s")


def connection_named(name: str) -> Connection | None:
    """Return the connection of a name, as the Web Connector's address gives it."""
    return _NAMED.row(name)


_NUMBERED = rows.Question(Connection, "WHERE id = %s")


def connection_of(number: int) -> Connection | None:
    """Return a connection by its number, as the engine knows it."""
    return _NUMBERED.row(number)


def new_ticket() -> str:
    """Return a ticket that cannot be guessed: 256 random bits."""
    return secrets.token_urlsafe(32)


def note_refusal(connection_id: int, now: datetime) -> None:
    """Note that a sign-in was refused; once a minute at most, because anybody can cause it."""
    earlier = Q(last_refused_at=None) | Q(last_refused_at__lt=now - timedelta(minutes=1))
    Connection.objects.filter(earlier, pk=connection_id).update(last_refused_at=now)


def ticket_hash(ticket: str) -> str:
    """Return what is kept of a ticket. It is random enough that a plain hash cannot be turned back."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def open_session(connection: Connection, ticket: str, phase: str, now: datetime) -> Session:
    """Begin a session and end every earlier one of the connection: one live session, the newest."""
    text = "UPDATE store_session SET closed_at = %s WHERE connection_id = %s AND closed_at IS NULL"
    rows.execute(text, rows.moment(now), connection.pk)
    return Session.objects.create(
        connection=connection, ticket_sha256=ticket_hash(ticket), opened_at=now, last_call_at=now, phase=phase
    )


_OF_TICKET = rows.Question(Session, "WHERE ticket_sha256 = %s")


def find_session(ticket: str) -> Session | None:
    """Return the session of a ticket, live or not."""
    return _OF_TICKET.row(ticket_hash(ticket)) if ticket else None


def save_session(session: Session) -> None:
    """Write what a call changed in its session."""
    rows.execute(
        "UPDATE store_session SET last_call_at = %s, closed_at = %s, phase = %s, company_known = %s, work = %s,"
        " asked_at = %s, last_error = %s, calls = %s WHERE id = %s",
        rows.moment(session.last_call_at), rows.moment(session.closed_at), session.phase, session.company_known,
        _WORK.get_db_prep_save(session.work, database), rows.moment(session.asked_at), session.last_error,
        session.calls, session.pk,
    )  # fmt: skip


_WORK = Session._meta.get_field("work")


def is_live(session: Session, now: datetime, expires_s: int) -> bool:
    """Tell whether a session may go on."""
    return session.closed_at is None and now - session.last_call_at <= timedelta(seconds=expires_s)


_LIVE = rows.Question(Session, "WHERE connection_id = %s AND closed_at IS NULL ORDER BY id DESC LIMIT 1")


def live_session(connection_id: int) -> Session | None:
    """Return the session of a connection that was not closed, if there is one."""
    return _LIVE.row(connection_id)


def latest(connection_id: int, limit: int) -> list[Session]:
    """Return the latest sessions of a connection, the latest first, without what they were about."""
    return list(Session.objects.filter(connection=connection_id).defer("work").order_by("-pk")[:limit])


_A_VERSION = re.compile(r"\d[\d.]{0,19}")


def note_client_version(connection_id: int, version: str) -> None:
    """Note which version of the Web Connector calls. It is told before the sign-in, so what is no version is passed over."""
    if _A_VERSION.fullmatch(version):
        rows.execute(
            "UPDATE store_connection SET web_connector_version = %s WHERE id = %s AND web_connector_version <> %s",
            version, connection_id, version,
        )  # fmt: skip


def forget_old_sessions(connection_id: int, before: datetime) -> None:
    """Delete closed sessions that nobody will ask about; what they did stands in the audit trail."""
    text = "DELETE FROM store_session WHERE connection_id = %s AND closed_at < %s"
    rows.execute(text, connection_id, rows.moment(before))


_OF_FATE = rows.Question(MessageSet, "WHERE connection_id = %s AND fate = %s ORDER BY id")


def in_flight(connection_id: int) -> list[MessageSet]:
    """Return the sets whose answer is awaited."""
    return _OF_FATE.rows(connection_id, MessageSet.Fate.SENT.value)


def is_in_flight(connection_id: int) -> bool:
    """Tell whether the answer to a write is awaited."""
    text = "SELECT 1 FROM store_messageset WHERE connection_id = %s AND fate = %s LIMIT 1"
    return bool(rows.values(text, connection_id, MessageSet.Fate.SENT.value))


def lost(connection_id: int) -> list[MessageSet]:
    """Return the sets whose answer was lost and whose documents are not all settled."""
    return _OF_FATE.rows(connection_id, MessageSet.Fate.LOST.value)


def watermark(connection_id: int, name: str) -> str:
    """Return up to where something was read, or an empty text."""
    text = "SELECT stamp FROM store_watermark WHERE connection_id = %s AND name = %s"
    found = rows.values(text, connection_id, name)
    return str(found[0][0]) if found else ""


def set_watermark(connection: Connection, name: str, stamp: str) -> None:
    """Note up to where something was read."""
    rows.execute(
        "INSERT INTO store_watermark (connection_id, name, stamp) VALUES (%s, %s, %s)"
        " ON CONFLICT (connection_id, name) DO UPDATE SET stamp = excluded.stamp",
        connection.pk, name, stamp,
    )  # fmt: skip


def read_lists_anew(connection: Connection, kind: ListKind | None = None) -> None:
    """Forget up to where the lists, or one of them, were read: the next reading takes them whole."""
    names = [one.value for one in ListKind if kind in {None, one}]
    Watermark.objects.filter(connection=connection, name__in=names).delete()

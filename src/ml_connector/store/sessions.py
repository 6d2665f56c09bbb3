"""Web Connector sessions and the message sets they carry."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from ml_connector.store.models import Connection, MessageSet, Session, Watermark


def new_ticket() -> str:
    """Return a ticket that cannot be guessed: 256 random bits."""
    return secrets.token_urlsafe(32)


def ticket_hash(ticket: str) -> str:
    """Return what is kept of a ticket. It is random enough that a plain hash cannot be turned back."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def open_session(connection: Connection, ticket: str, phase: str, now: datetime) -> Session:
    """Begin a session and end every earlier one of the connection: one live session, the newest."""
    Session.objects.filter(connection=connection, closed_at=None).update(closed_at=now)
    return Session.objects.create(
        connection=connection, ticket_sha256=ticket_hash(ticket), opened_at=now, last_call_at=now, phase=phase
    )


def find_session(ticket: str) -> Session | None:
    """Return the session of a ticket, live or not."""
    if not ticket:
        return None
    return Session.objects.filter(ticket_sha256=ticket_hash(ticket)).select_related("connection").first()


def is_live(session: Session, now: datetime, expires_s: int) -> bool:
    """Tell whether a session may go on."""
    return session.closed_at is None and now - session.last_call_at <= timedelta(seconds=expires_s)


def live_session(connection_id: int) -> Session | None:
    """Return the session of a connection that was not closed, if there is one."""
    return Session.objects.filter(connection_id=connection_id, closed_at=None).order_by("-pk").first()


def forget_old_sessions(connection_id: int, before: datetime) -> None:
    """Delete closed sessions that nobody will ask about; what they did stands in the audit trail."""
    Session.objects.filter(connection_id=connection_id, closed_at__lt=before).delete()


def in_flight(connection_id: int) -> list[MessageSet]:
    """Return the sets whose answer is awaited."""
    return list(MessageSet.objects.filter(connection_id=connection_id, fate=MessageSet.Fate.SENT).order_by("pk"))


def is_in_flight(connection_id: int) -> bool:
    """Tell whether the answer to a write is awaited."""
    return MessageSet.objects.filter(connection_id=connection_id, fate=MessageSet.Fate.SENT).exists()


def lost(connection_id: int) -> list[MessageSet]:
    """Return the sets whose answer was lost and whose documents are not all settled."""
    return list(MessageSet.objects.filter(connection_id=connection_id, fate=MessageSet.Fate.LOST).order_by("pk"))


def watermark(connection_id: int, name: str) -> str:
    """Return up to where something was read, or an empty text."""
    row = Watermark.objects.filter(connection_id=connection_id, name=name).first()
    return row.stamp if row else ""


def set_watermark(connection: Connection, name: str, stamp: str) -> None:
    """Note up to where something was read."""
    Watermark.objects.update_or_create(connection=connection, name=name, defaults={"stamp": stamp})

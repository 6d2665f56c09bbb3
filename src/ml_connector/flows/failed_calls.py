"""What is left of a Web Connector's call that failed inside: its transaction is gone, so that it failed is noted apart."""

from __future__ import annotations

from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import sessions
from ml_connector.store.chain import writing
from ml_connector.store.models import Connection


def note_failed_call(surroundings: Surroundings, connection: Connection, ticket: str, sentence: str) -> None:
    """Keep a sentence on the session, for getLastError and so that its end is no success, and on the connection."""
    with writing(connection.pk, surroundings.clock(), actor="web connector") as ledger:
        session = sessions.find_session(ticket)
        if session is not None and session.connection_id == connection.pk and session.closed_at is None:
            session.last_error = sentence[:500]
            session.save(update_fields=["last_error"])
        ledger.connection.last_session_note = sentence[:500]
        ledger.connection.save(update_fields=["last_session_note"])

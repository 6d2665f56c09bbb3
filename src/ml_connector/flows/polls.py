"""The Web Connector's calls: remembered, expected, and missed."""

from __future__ import annotations

from datetime import datetime

from ml_connector.core.polls import MOST_COUNTED, Expectation, Polls, expected, heard
from ml_connector.flows.local_time import local, span
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import sessions
from ml_connector.store.models import Connection

#: Columns that `remember` changes.
COLUMNS = ("last_poll_at", "poll_gaps", "poll_weeks")


def remember(connection: Connection, now: datetime) -> None:
    """Note a call in the connection's row, which the caller writes."""
    known = heard(_known(connection), connection.last_poll_at, now)
    connection.poll_gaps = list(known.gaps_s)
    connection.poll_weeks = {str(week): f"{bits:x}" for week, bits in known.weeks.items()}
    connection.last_poll_at = now


def expectation(connection: Connection, now: datetime) -> Expectation | None:
    """Say when the Web Connector is expected, and what it missed; None if it never called."""
    last = connection.last_poll_at
    if last is None:
        return None
    settings = settings_of(connection)
    live = sessions.live_session(connection.pk)
    if live is not None and sessions.is_live(live, now, settings.session_expires_s):
        last = max(last, live.last_call_at)  # a long session is no silence: one runs at a time
    return expected(_known(connection), last, now, float(settings.web_connector_every_s))


def silence(connection: Connection, now: datetime, found: Expectation | None) -> str:
    """Say that the Web Connector does not call, or that it was not let in; empty while all is well."""
    refused, last = connection.last_refused_at, connection.last_poll_at
    if refused is not None and (last is None or refused > last):
        return (
            f"Somebody was refused at {local(connection, refused)}, because the user name or the password was wrong, and the"
            " Web Connector has not signed in since."
        )
    if found is None or last is None or not found.is_missing:
        return ""
    count = f"more than {MOST_COUNTED}" if found.missed >= MOST_COUNTED else str(found.missed)
    return (
        f"The Web Connector has missed {count} polls: it called last on {local(connection, last)}, and usually calls every"
        f" {span(found.every_s)}."
    )


def how_to_mend(connection: Connection) -> str:
    """Return the next step for what `silence` says."""
    refused, last = connection.last_refused_at, connection.last_poll_at
    if refused is not None and (last is None or refused > last):
        return (
            f"Type the password of user {connection.qb_user} again in the Web Connector (QBWC1040); if it is not known, set"
            f" a new one: ml-connector connection set {connection.name} --password-file <file>."
        )
    return (
        "On the QuickBooks machine: see that it is on and awake, that its Windows user is signed in, and that the Web"
        " Connector is open with Auto-Run ticked; its window shows a QBWC code if it cannot reach the connector."
    )


def _known(connection: Connection) -> Polls:
    return Polls(
        gaps_s=tuple(connection.poll_gaps),
        weeks={int(week): int(bits, 16) for week, bits in connection.poll_weeks.items()},
    )

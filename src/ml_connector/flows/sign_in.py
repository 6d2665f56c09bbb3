"""The Web Connector's password, and the one before it.

There is no protocol to change a password: somebody types it in on the Windows machine. So the earlier one is taken for a
while after a new one was set, and only until the new one was used. Source: QBWC Programmer's Guide, authenticate.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ml_connector.core.secret import Secret
from ml_connector.flows.surroundings import (
    EARLIER_WEB_CONNECTOR_PASSWORD,
    WEB_CONNECTOR_PASSWORD,
    Surroundings,
    settings_of,
)
from ml_connector.store import vault
from ml_connector.store.models import Connection


def is_let_in(surroundings: Surroundings, connection: Connection, user: str, password: str, now: datetime) -> bool:
    """Tell whether user and password are right; the first sign-in with the new password ends the earlier one."""
    expected = surroundings.vault.open(connection, WEB_CONNECTOR_PASSWORD)
    until = earlier_until(connection)
    earlier = surroundings.vault.open(connection, EARLIER_WEB_CONNECTOR_PASSWORD) if until and now < until else None
    # All are compared whatever the first says, so that the time taken tells nothing.
    right_user = user == connection.qb_user
    right, right_before = (secret is not None and secret.matches(password) for secret in (expected, earlier))
    if right_user and right and until is not None:
        surroundings.vault.forget(connection, EARLIER_WEB_CONNECTOR_PASSWORD)
    return right_user and (right or right_before)


def earlier_until(connection: Connection) -> datetime | None:
    """Return until when the earlier password is taken; None if there is none. It may lie in the past."""
    since = vault.kept_since(connection, EARLIER_WEB_CONNECTOR_PASSWORD)
    if since is None:
        return None
    return since + timedelta(seconds=settings_of(connection).password_overlap_s)


def change_password(surroundings: Surroundings, connection: Connection, new: Secret, now: datetime) -> None:
    """Set a new password and keep the one that the Web Connector still uses, if it ever used one."""
    if connection.last_poll_at is None:
        surroundings.vault.store(connection, WEB_CONNECTOR_PASSWORD, new, now)
        return
    until = earlier_until(connection)
    if until is None or until <= now:
        # Else the present one was never used, and the machine has the earlier one still.
        used = surroundings.vault.open(connection, WEB_CONNECTOR_PASSWORD)
        if used is not None and not used.matches(new.open()):
            surroundings.vault.store(connection, EARLIER_WEB_CONNECTOR_PASSWORD, used, now)
    surroundings.vault.store(connection, WEB_CONNECTOR_PASSWORD, new, now)

"""Sessions in rows, as Django keeps them, but for one thing: a row holds the hash of the cookie, and not the cookie.

Whoever reads the database, or a backup of it, cannot sign in with what stands there.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ml_connector.store.models import ConsoleSession, User

USER = "user"  #: key of the number of who is signed in
_SEEN_EVERY = timedelta(minutes=1)


def _kept(session_key: str | None) -> str:
    """Return what a row holds of a session's key; the column is as long as Django's own."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:40]


class SessionStore(DatabaseStore):
    """The engine that Django is told to use."""

    @classmethod
    def get_model_class(cls) -> type[ConsoleSession]:
        """Return the model of the rows."""
        return ConsoleSession

    def _get_session_from_db(self) -> ConsoleSession | None:
        row = ConsoleSession.objects.filter(
            session_key=_kept(self.session_key), expire_date__gt=timezone.now(), user__is_active=True
        ).first()
        if row is None:
            self._session_key = None
        return row

    def exists(self, session_key: str) -> bool:
        """Tell whether a session has this key."""
        return ConsoleSession.objects.filter(session_key=_kept(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> ConsoleSession:
        """Return the row of this session as it now is."""
        key = _kept(self._get_or_create_session_key())  # type: ignore[attr-defined]
        now = timezone.now()
        known = ConsoleSession.objects.filter(session_key=key).first()
        row = known or ConsoleSession(session_key=key, begun_at=now, seen_at=now)
        row.session_data = self.encode(data)
        row.expire_date = known.expire_date if known else self.get_expiry_date()
        row.user_id = int(data[USER]) if USER in data else None
        row.address, row.browser = data.get("address", ""), data.get("browser", "")
        return row

    def delete(self, session_key: str | None = None) -> None:
        """End a session."""
        ConsoleSession.objects.filter(session_key=_kept(session_key or self.session_key)).delete()


def note_seen(request: HttpRequest) -> None:
    """Note that the session was used, once a minute at most."""
    now = timezone.now()
    rows = ConsoleSession.objects.filter(session_key=_kept(request.session.session_key))
    rows.filter(seen_at__lt=now - _SEEN_EVERY).update(seen_at=now)


def sessions_of(user: User) -> QuerySet[ConsoleSession]:
    """Return where a person is signed in, the latest first."""
    return ConsoleSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at")


def is_this(request: HttpRequest, session: ConsoleSession) -> bool:
    """Tell whether it is the session of this request."""
    return session.session_key == _kept(request.session.session_key)

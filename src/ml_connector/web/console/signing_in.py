"""Who is behind a request: the half of signing in that knows HTTP. What may be done stands in `flows/people.py`."""

from __future__ import annotations

from datetime import datetime

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.deprecation import MiddlewareMixin

from ml_connector.core.errors import Defect
from ml_connector.store.models import User
from ml_connector.web.console.sessions import USER

_PROOF = "proof"  # bound to the password: a session that was begun under an earlier one ends
_HALF_WAY = "second factor"
_HALF_WAY_S = 600
_COMPANY = "company"  #: came in with a company account; "second factor" if one was shown there


class PersonMiddleware(MiddlewareMixin):
    """Puts who is signed in on the request as `person`; None if nobody is, any more."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Look the person up."""
        request.person = _of_session(request)  # type: ignore[attr-defined]
        return None


def _of_session(request: HttpRequest) -> User | None:
    number = request.session.get(USER)
    user = User.objects.filter(pk=number, is_active=True).first() if number else None
    if user is None or not constant_time_compare(request.session.get(_PROOF, ""), user.get_session_auth_hash()):
        return None
    return user


def begin_session(request: HttpRequest, user: User) -> None:
    """Sign a person in: a new session under a new key, and a new key for forms, whatever the browser brought along."""
    request.session.flush()
    request.session[USER] = user.pk
    request.session[_PROOF] = user.get_session_auth_hash()
    request.session["address"] = address_of(request)
    request.session["browser"] = request.META.get("HTTP_USER_AGENT", "")[:200]
    rotate_token(request)
    request.person = user  # type: ignore[attr-defined]


def by_company(request: HttpRequest, *, second_factor: bool) -> None:
    """Note on a new session that it was begun with a company account."""
    request.session[_COMPANY] = "second factor" if second_factor else "yes"


def came_by_company(request: HttpRequest) -> bool:
    """Tell whether the session was begun with a company account."""
    return bool(request.session.get(_COMPANY))


def second_factor_by_company(request: HttpRequest) -> bool:
    """Tell whether a second factor was shown to the company, and its word is taken for ours."""
    return request.session.get(_COMPANY) == "second factor"


def half_way(user: User, now: datetime) -> str:
    """Return what the browser brings back with the code: who has shown the first factor, and when. Signed, not secret."""
    return signing.dumps([user.pk, int(now.timestamp()), _password_mark(user)], salt=_HALF_WAY)


def whose_half_way(text: str, now: datetime) -> User | None:
    """Return who has shown the first factor; None if that was too long ago, or the password changed since."""
    try:
        number, at, mark = signing.loads(text, salt=_HALF_WAY)
    except (signing.BadSignature, ValueError):
        return None
    user = User.objects.filter(pk=number, is_active=True).first()
    in_time = 0 <= now.timestamp() - at <= _HALF_WAY_S
    return user if user and in_time and constant_time_compare(mark, _password_mark(user)) else None


def _password_mark(user: User) -> str:
    return salted_hmac(_HALF_WAY, user.password).hexdigest()[:32]


def address_of(request: HttpRequest) -> str:
    """Return the address of the caller. Behind a proxy that is the proxy's: a header can be made up by anybody."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def signed_in(request: HttpRequest | None) -> User | None:
    """Return who is signed in, or None."""
    return getattr(request, "person", None)


def person(request: HttpRequest) -> User:
    """Return who is signed in.

    Raises:
        Defect: nobody is; the screen's row lets everybody in.
    """
    found = signed_in(request)
    if found is None:
        raise Defect("a screen that needs a person was asked by nobody")
    return found


def actor(request: HttpRequest) -> str:
    """Return who acts, for the audit trail."""
    return f"{person(request).name} (console)"

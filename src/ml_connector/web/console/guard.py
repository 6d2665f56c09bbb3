"""What stands before every screen: session, form check, permission; and what every answer carries.

Django's middleware is wrapped around the screens one by one and not named in its settings, so that the Web Connector's and
Basware's calls do not run through it.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils.decorators import decorator_from_middleware

from ml_connector.core.errors import ConnectorError
from ml_connector.flows import second_factor
from ml_connector.web.console.refusals import cannot, database_silent, failed, not_allowed
from ml_connector.web.console.screens import Screen
from ml_connector.web.console.sessions import note_seen
from ml_connector.web.console.signing_in import PersonMiddleware, second_factor_by_company, signed_in
from ml_connector.web.running import current

View = Callable[..., HttpResponseBase]

log = logging.getLogger(__name__)

#: Everything comes from this host, nothing is written into the page, and nobody may frame it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: What a person may do whose role must have a second factor, and who has none yet.
_BEFORE_SECOND_FACTOR = frozenset({"account", "password", "end-session", "second-factor", "second-factor-set-up"})
_FORM_BYTES = 1_000_000


def guarded(screen: Screen, view: View) -> View:
    """Return the screen's view behind the guard."""

    def inner(request: HttpRequest, **named: Any) -> HttpResponseBase:
        refusal = _refusal(screen, request)
        return refusal or view(request, **named)

    wrapped: Callable[..., Any] = inner
    for middleware in (CsrfViewMiddleware, MessageMiddleware, PersonMiddleware, SessionMiddleware):
        wrapped = decorator_from_middleware(middleware)(wrapped)

    @functools.wraps(view)
    def outer(request: HttpRequest, **named: Any) -> HttpResponseBase:
        if request.method not in {*screen.methods, "HEAD" if "GET" in screen.methods else ""}:
            return _finished(HttpResponseNotAllowed(screen.methods))
        if _too_large(request):
            return _finished(HttpResponse("This is more than a form holds.\n", status=413, content_type="text/plain"))
        return _finished(_answered(wrapped, request, named))

    return outer


def _answered(view: Callable[..., Any], request: HttpRequest, named: dict[str, Any]) -> HttpResponseBase:
    """Answer every failure with a page: one sentence, the next step, and no trace of the program."""
    try:
        response: HttpResponseBase = view(request, **named)
        return response
    except ConnectorError as problem:
        return cannot(request, str(problem))
    except Error as trouble:
        log.error("the console could not be answered: %s", " ".join(str(trouble).split()))
        return database_silent(request)
    except Exception:
        log.exception("the console failed", extra={"path": request.path})
        return failed(request)


def _refusal(screen: Screen, request: HttpRequest) -> HttpResponse | None:
    if screen.roles is None:
        return None
    user = signed_in(request)
    if user is None:
        return _to_sign_in(request)
    note_seen(request)
    if user.role not in screen.roles:
        return not_allowed(request)
    owes = second_factor.owes(current().surroundings, user) and not second_factor_by_company(request)
    if owes and screen.name not in _BEFORE_SECOND_FACTOR:
        return _sent_to(request, reverse("console:second-factor"))
    return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" and "HX-Request" not in request.headers else ""
    address = reverse("console:sign-in") + (f"?{urlencode({'next': back})}" if back else "")
    return _sent_to(request, address)


def _sent_to(request: HttpRequest, address: str) -> HttpResponse:
    if "HX-Request" in request.headers:  # a part of a page asks: the whole page must go there
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _too_large(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return bool(request.META.get("HTTP_TRANSFER_ENCODING")) or not length.isdigit() or int(length) > _FORM_BYTES


def _finished(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    if settings.SESSION_COOKIE_SECURE:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response

"""The door for company accounts: the browser goes to the provider, and comes back with an answer that is bound to it."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.sign_on import SignOnRefused
from ml_connector.flows import single_sign_on
from ml_connector.openid.provider import Ticket
from ml_connector.web.console.doors import ask_code, ours, sign_in_page
from ml_connector.web.console.settings import PREFIX
from ml_connector.web.console.signing_in import address_of, begin_session, by_company, signed_in
from ml_connector.web.running import current

_COOKIE = "mlc_company"
_PATH = f"{PREFIX}/sign-in"
_SALT = "company sign-in"
_CHARACTERS = 2000  #: of one value of an answer


def start(request: HttpRequest) -> HttpResponseBase:
    """Send the browser to the provider."""
    onward = ours(request.GET.get("next", ""))
    if signed_in(request):
        return HttpResponseRedirect(onward)
    surroundings, own_url = current().surroundings, current().config.own_url
    try:
        ticket, address = single_sign_on.begin(surroundings, own_url)
    except SignOnRefused as refusal:
        return sign_in_page(request, onward, str(refusal), status=503)
    kept = [ticket.state, ticket.nonce, ticket.verifier, onward, int(surroundings.clock().timestamp())]
    response = HttpResponseRedirect(address)
    response.set_cookie(
        _COOKIE, signing.dumps(kept, salt=_SALT), path=_PATH, httponly=True, samesite="Lax",
        secure=own_url.startswith("https://"), max_age=int(single_sign_on.TICKET_LIVES.total_seconds()),
    )  # fmt: skip
    return response


def back(request: HttpRequest) -> HttpResponseBase:
    """Let in whom the provider vouches for."""
    response = _answered(request)
    response.delete_cookie(_COOKIE, path=_PATH, samesite="Lax")
    return response


def _answered(request: HttpRequest) -> HttpResponse:
    ticket, onward = _ticket(request)
    answer = {name: str(value)[:_CHARACTERS] for name, value in request.GET.items()}
    try:
        arrived = single_sign_on.finish(
            current().surroundings, ticket, answer, current().config.own_url, address_of(request)
        )
    except NeedsOperator as refusal:
        return sign_in_page(request, onward, str(refusal), status=403)
    user = arrived.user
    if user.second_factor_at is not None and not arrived.second_factor:
        return ask_code(request, user, onward, company=True)
    begin_session(request, user)
    by_company(request, second_factor=arrived.second_factor)
    return HttpResponseRedirect(onward)


def _ticket(request: HttpRequest) -> tuple[Ticket | None, str]:
    try:
        kept: list[Any] = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None, reverse("console:home")
    state, nonce, verifier, onward, at = kept
    age_s = current().surroundings.clock().timestamp() - at
    fresh = 0 <= age_s <= single_sign_on.TICKET_LIVES.total_seconds()
    return (Ticket(state=state, nonce=nonce, verifier=verifier) if fresh else None), ours(onward)

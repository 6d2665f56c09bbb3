"""The second factor of the person who is signed in: set up, new recovery codes, turned off."""

from __future__ import annotations

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import second_factor
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor, address_of, begin_session, person
from ml_connector.web.running import current


def show(request: HttpRequest) -> HttpResponse:
    """Say whether a code is asked for, and what can be done about it."""
    user = person(request)
    surroundings = current().surroundings
    return page(
        request,
        "second_factor.html",
        left=second_factor.codes_left(user) if user.second_factor_at else 0,
        must=user.role in surroundings.second_factor_roles,
    )


def set_up(request: HttpRequest) -> HttpResponse:
    """Offer a secret to the app, and take it when a code that was made with it comes back."""
    user, surroundings = person(request), current().surroundings
    if request.method != "POST":
        return back_to("second-factor")
    if "code" not in request.POST:
        return _offer(request, second_factor.offer(surroundings, user))
    try:
        codes = second_factor.confirm(surroundings, user, _code(request), actor(request), address_of(request))
    except NeedsOperator as problem:
        found = second_factor.offered(surroundings, user)
        if found is None:
            messages.error(request, str(problem))
            return back_to("second-factor")
        return _offer(request, found, str(problem))
    begin_session(request, user)
    return page(request, "recovery_codes.html", codes=[code.open() for code in codes], new=True)


def codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, for a code."""
    if request.method != "POST":
        return _ask(request)
    try:
        made = second_factor.new_codes(
            current().surroundings, person(request), _code(request), actor(request), address_of(request)
        )
    except NeedsOperator as problem:
        return _ask(request, problem=str(problem))
    return page(request, "recovery_codes.html", codes=[code.open() for code in made], new=False)


def off(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off, for a code."""
    if request.method != "POST":
        return _ask(request, off=True)
    try:
        second_factor.turn_off(
            current().surroundings, person(request), _code(request), actor(request), address_of(request)
        )
    except NeedsOperator as problem:
        return _ask(request, off=True, problem=str(problem))
    messages.success(request, "The second factor is off. Only your password is asked for.")
    return back_to("account")


def _ask(request: HttpRequest, *, off: bool = False, problem: str = "") -> HttpResponse:
    if person(request).second_factor_at is None:
        return back_to("second-factor")
    return page(request, "second_factor_code.html", status=400 if problem else 200, off=off, problem=problem)


def _offer(request: HttpRequest, found: second_factor.Offer, problem: str = "") -> HttpResponse:
    text = found.secret.open()
    return page(
        request,
        "second_factor_offer.html",
        status=400 if problem else 200,
        picture=_picture(found.address),
        secret=" ".join(text[place : place + 4] for place in range(0, len(text), 4)),
        problem=problem,
    )


def _picture(address: Secret) -> SafeString:
    """Draw an address as a QR code: black on white in the dark look, too, because cameras want it so."""
    made = segno.make(address.open(), error="m").svg_inline(scale=5, dark="#000", light="#fff", svgclass="qr")
    return mark_safe(made)  # noqa: S308  # made of squares by the library; no text of a person is in it


def _code(request: HttpRequest) -> str:
    return request.POST.get("code", "")[:60]

"""Templates to pages: what every page shows besides its own."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from ml_connector.core.roles import ROLE_WORDS, Role
from ml_connector.flows.page_words import for_pages
from ml_connector.store.models import User
from ml_connector.web.console.screens import SCREENS
from ml_connector.web.console.signing_in import signed_in
from ml_connector.web.running import current

LOOKS = ("auto", "light", "dark")
LOOK_COOKIE = "mlc_look"


def page(request: HttpRequest | None, template: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    """Return a page. `request` is None where there may be no database to ask who is signed in."""
    user = signed_in(request)
    look = request.COOKIES.get(LOOK_COOKIE, "auto") if request else "auto"
    context: dict[str, Any] = {
        "person": user,
        "role_words": ROLE_WORDS[Role(user.role)] if user else "",
        "may": screens_of(user),
        "menu": _menu(user, request),
        "look": look if look in LOOKS else "auto",
        "next_look": LOOKS[(LOOKS.index(look) + 1) % len(LOOKS)] if look in LOOKS else "light",
        "here": request.get_full_path() if request else "",
        "now": current().surroundings.clock(),
        "notices": messages.get_messages(request) if request and hasattr(request, "_messages") else (),
        **shown,
    }
    if isinstance(context.get("problem"), str):
        context["problem"] = for_pages(context["problem"])
    return HttpResponse(render_to_string(template, context, request), status=status)


def back_to(name: str, *arguments: Any, query: str = "") -> HttpResponse:
    """Send the browser to a screen, after something was done."""
    return HttpResponseRedirect(reverse(f"console:{name}", args=arguments) + (f"?{query}" if query else ""))


def cursor(request: HttpRequest, name: str) -> int | None:
    """Return the number at which a page of a list begins; None if the address names none."""
    text = request.GET.get(name, "")
    return int(text) if text.isdigit() and len(text) < 19 else None


def screens_of(user: User | None) -> frozenset[str]:
    """Return the names of the screens that a person may use, for links that are shown to those only who may follow them."""
    return frozenset(s.name for s in SCREENS if s.roles is None or (user is not None and user.role in s.roles))


def _menu(user: User | None, request: HttpRequest | None) -> list[dict[str, Any]]:
    allowed = screens_of(user) if user else frozenset()
    path = request.path if request else ""
    return [
        {
            "words": screen.menu,
            "address": address,
            "here": path == address if screen.name == "home" else path.startswith(address),
        }
        for screen in SCREENS
        if screen.menu and screen.name in allowed and (address := reverse(f"console:{screen.name}"))
    ]

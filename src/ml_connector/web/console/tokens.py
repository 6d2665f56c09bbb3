"""Tokens of the HTTP API, of the person who is signed in; an admin revokes those of others on their page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import SCOPE_WORDS
from ml_connector.flows import api_tokens
from ml_connector.flows.api_tokens import MOST_DAYS, USUAL_DAYS
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor, person
from ml_connector.web.running import current


def show(request: HttpRequest) -> HttpResponse:
    """Show one's tokens, and make another one."""
    user, surroundings, problem = person(request), current().surroundings, ""
    name, days = request.POST.get("name", "")[:100], request.POST.get("days", str(USUAL_DAYS))[:6].strip()
    wanted = request.POST.getlist("scopes")[:20] if request.method == "POST" else ["read"]
    if request.method == "POST":
        try:
            if not days.isdigit():
                raise NeedsOperator(f"The days are a whole number from 1 to {MOST_DAYS}, not {days!r}.")
            made, text = api_tokens.make(surroundings, user, name, wanted, actor(request), days=int(days))
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            return page(request, "token_new.html", token=made, text=text.open(), own_url=current().config.own_url)
    return page(
        request,
        "tokens.html",
        status=400 if problem else 200,
        tokens=api_tokens.live_of(user, surroundings.clock()),
        scopes=[(scope.value, words, scope.value in wanted) for scope, words in SCOPE_WORDS.items()],
        name=name,
        days=days,
        problem=problem,
        most_days=MOST_DAYS,
    )


def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Take one of one's tokens no more."""
    token = api_tokens.token_of(person(request), number)
    api_tokens.revoke(current().surroundings, token, actor(request))
    messages.success(request, f"The token {token.name!r} is taken no more.")
    return back_to("tokens")

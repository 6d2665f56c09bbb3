"""The story of one document, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import operator, said
from ml_connector.flows.inbox import missing_codes
from ml_connector.flows.people import all_acting
from ml_connector.flows.side_by_side import side_by_side
from ml_connector.flows.story import story, why
from ml_connector.flows.surroundings import Surroundings, zone_of
from ml_connector.store.models import Document
from ml_connector.web.console.acts import ACTS, Act
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current


def _found(number: int) -> Document | None:
    return Document.objects.select_related("connection", "message_set").filter(pk=number).first()


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Tell everything about one document."""
    document = _found(number)
    if document is None:
        return nowhere(request)
    possible = operator.possible(document)
    return page(
        request,
        "document.html",
        document=document,
        zone=zone_of(document.connection),
        why=why(document, current().surroundings.clock()),
        sides=side_by_side(document),
        chapters=list(reversed(story(document))),
        codes=missing_codes(document),
        acts=[act for act in ACTS.values() if act.name in possible],
    )


def exchange(request: HttpRequest, number: int, exchange: int) -> HttpResponse:
    """Show what was said to another system about a document, secrets masked."""
    entry = said.about(number, exchange)
    if entry is None or entry.exchange is None:
        return nowhere(request)
    return page(
        request,
        "exchange.html",
        document=entry.document,
        zone=zone_of(entry.connection),
        said=entry.exchange,
        sides=[("Request", said.as_text(entry.exchange.request)), ("Answer", said.as_text(entry.exchange.response))],
    )


_Do = Callable[[Surroundings, Document, str], str]


def _acted(request: HttpRequest, number: int, name: str, do: _Do) -> HttpResponse:
    """Ask, and then do it. What cannot be done is said where it was asked."""
    document = _found(number)
    if document is None:
        return nowhere(request)
    act: Act = ACTS[name]
    problem = ""
    if request.method == "POST":
        try:
            messages.success(request, do(current().surroundings, document, actor(request)))
        except NeedsOperator as refused:
            problem = str(refused)
        else:
            current().wake_engine()
            return back_to("document", number)
    given = {field.name: request.POST.get(field.name, "") for field in act.fields}
    shown = [(field, given[field.name]) for field in act.fields]
    return page(
        request,
        "confirm.html",
        status=409 if problem else 200,
        act=act,
        fields=shown,
        document=document,
        people=all_acting() if name == "assign" else (),
        problem=problem,
    )


def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Have it worked on again."""
    new = "post_new" in request.POST
    return _acted(request, number, "retry", lambda s, d, who: operator.retry(s, d, who, post_new=new))


def link(request: HttpRequest, number: int) -> HttpResponse:
    """Name the Bill that it is."""
    txn_id = request.POST.get("txn_id", "")
    return _acted(request, number, "link", lambda s, d, who: operator.link(s, d, txn_id, who))


def skip(request: HttpRequest, number: int) -> HttpResponse:
    """Take it out."""
    reason = request.POST.get("reason", "")
    return _acted(request, number, "skip", lambda s, d, who: operator.skip(s, d, reason, who))


def give_up(request: HttpRequest, number: int) -> HttpResponse:
    """Have Basware told that it failed."""
    reason = request.POST.get("reason", "")
    return _acted(request, number, "give-up", lambda s, d, who: operator.give_up(s, d, reason, who))


def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Give it to somebody."""
    name = request.POST.get("person", "")
    return _acted(request, number, "assign", lambda s, d, who: operator.assign(s, d, name, who))


def note(request: HttpRequest, number: int) -> HttpResponse:
    """Write something into its story."""
    words = request.POST.get("words", "")
    return _acted(request, number, "note", lambda s, d, who: operator.note(s, d, words, who))

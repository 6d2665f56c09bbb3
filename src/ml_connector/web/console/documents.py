"""The work list."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import REGISTER
from ml_connector.core.states import WORDS, State
from ml_connector.flows import work_list as work
from ml_connector.flows.by_state import block_words
from ml_connector.flows.story import NOT_TAKEN, PARTLY_PAID
from ml_connector.store.models import Connection
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import person


def work_list(request: HttpRequest) -> HttpResponse:
    """Show one page of documents. Everything that was asked for stands in the address."""
    filters = work.read_filters(request.GET, request.GET.getlist("state"))
    if filters.q and filters == work.Filters(q=filters.q) and (only := work.the_only_one(filters.q)):
        return back_to("document", only)
    problem, listed = "", None
    try:
        listed = work.find(filters, before=cursor(request, "before"), after=cursor(request, "after"))
        if filters.q and not listed.lines and filters == work.Filters(q=filters.q):
            by_vendor = work.Filters(vendor=filters.q)
            if work.find(by_vendor).lines:  # no number; but a supplier's name
                return back_to("documents", query=urlencode(by_vendor.as_query()))
    except NeedsOperator as cannot:
        problem = str(cannot)
    views = [
        {"view": view, "query": urlencode([("state", s.value) for s in view.states] + _kept(filters)),
         "here": set(filters.state) == {s.value for s in view.states}}
        for view in work.views(filters.connection if not problem else "")
    ]  # fmt: skip
    return page(
        request,
        "documents.html",
        status=400 if problem else 200,
        filters=filters,
        problem=problem,
        listed=listed,
        query=urlencode(filters.as_query()),
        asked=_in_words(filters),
        views=views,
        saved=work.saved_views(person(request)),
        states=_state_choices(),
        faults=sorted(REGISTER),
        connections=Connection.objects.order_by("name").values_list("name", flat=True),
        empty=listed is not None and not listed.lines,
    )


def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name."""
    pairs = parse_qsl(request.POST.get("query", "")[:500])
    filters = work.read_filters(dict(pairs), [value for key, value in pairs if key == "state"])
    saved = work.save_view(person(request), request.POST.get("name", ""), filters)
    messages.success(request, f"The view “{saved.name}” is saved.")
    return back_to("documents", query=saved.query)


def forget_view(request: HttpRequest, view: int) -> HttpResponse:
    """Forget a view of one's own."""
    work.forget_view(person(request), view)
    return back_to("documents")


_LABELS = {
    "q": "Number", "state": "State", "connection": "Connection", "vendor": "Supplier", "since": "From", "until": "To",
    "fault": "Fault",
}  # fmt: skip


def _in_words(filters: work.Filters) -> list[tuple[str, str]]:
    words = {state.value: WORDS[state] for state in State}
    return [(_LABELS[name], words.get(value, value)) for name, value in filters.as_query()]


def _kept(filters: work.Filters) -> list[tuple[str, str]]:
    """Return what stays when another view is chosen."""
    return [("connection", filters.connection)] if filters.connection else []


def _state_choices() -> list[tuple[str, str]]:
    """Return value and words of everything that can be asked for: states, and the kinds of block."""
    kinds = [words for words in (*block_words(), NOT_TAKEN, PARTLY_PAID) if words != WORDS[State.BLOCKED]]
    return [(state.value, WORDS[state]) for state in State] + [(words, words) for words in kinds]

"""Documents, the first page, and saved views."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.scopes import Scope
from ml_connector.flows import operator, overview, said, work_list
from ml_connector.flows.side_by_side import side_by_side
from ml_connector.flows.story import story, summary, why
from ml_connector.store.models import Document, SavedView
from ml_connector.web.api.guard import actor, person, rule, surroundings
from ml_connector.web.api.shapes import common
from ml_connector.web.api.shapes import documents as shapes
from ml_connector.web.running import current

router = Router(tags=["Documents"])

_NO_STATES: list[str] = []


@router.get("/overview", response=shapes.Overview, **rule(Scope.READ, "home"))
def first_page(request: HttpRequest, connection: str = "") -> dict[str, Any]:
    """What needs a person today, totals and charts."""
    user = person(request)
    found = overview.look(connection, user.name, Role(user.role), surroundings().clock())
    return {
        "needs": [
            {
                "words": need.words,
                "says": need.says,
                "verb": need.verb,
                "urgent": need.urgent,
                "address": _address(need),
            }
            for need in found.needs
        ],
        "totals": [
            {"name": view.name, "states": [state.value for state in view.states], "count": view.count}
            for view in found.totals
        ],
        "charts": [
            {
                "title": chart.title,
                "labels": list(chart.labels),
                "series": [{"name": one.name, "counts": list(one.counts)} for one in chart.series],
                "says": chart.says,
                "unit": chart.unit,
            }
            for chart in found.charts
        ],
    }


def _address(need: overview.Need) -> str:
    place = reverse(f"console:{need.screen}", args=need.arguments)
    return current().config.own_url + place + (f"?{need.query}" if need.query else "")


@router.get("/documents", response=shapes.Documents, **rule(Scope.READ, "documents"))
def find(
    request: HttpRequest,
    q: str = "",
    state: Annotated[list[str], Query()] = _NO_STATES,
    connection: str = "",
    vendor: str = "",
    since: str = "",
    until: str = "",
    fault: str = "",
    before: int | None = None,
    after: int | None = None,
) -> dict[str, Any]:
    """A page of documents, the newest first. `q` is any number, `state` a state by value or words."""
    given = {"q": q, "connection": connection, "vendor": vendor, "since": since, "until": until, "fault": fault}
    found = work_list.find(work_list.read_filters(given, state), before=before, after=after)
    return {"documents": [summary(line.document) for line in found.lines], "newer": found.newer, "older": found.older}


@router.get("/documents/{int:number}", response=shapes.Story, **rule(Scope.READ, "document"))
def show(request: HttpRequest, number: int) -> dict[str, Any]:
    """One document with everything that is known of it."""
    document = operator.numbered(number)
    return summary(document) | {
        "why": why(document, surroundings().clock()).as_dict(),
        "story": [chapter.as_dict() for chapter in story(document)],
        "sides": side_by_side(document).as_dict(),
        "acts": list(operator.possible(document)),
    }


@router.get("/documents/{int:number}/said/{int:exchange}", response=common.Exchange, **rule(Scope.READ, "exchange"))
def exchange(request: HttpRequest, number: int, exchange: int) -> dict[str, Any]:
    """What was said to another system about a document, secrets masked."""
    entry = said.about(number, exchange)
    if entry is None or entry.exchange is None:
        raise NeedsOperator(f"Document {number} has no exchange {exchange}.")
    return said.as_dict(entry.exchange)


@router.post("/documents/{int:number}/retry", response=shapes.Done, **rule(Scope.WORK, "retry"))
def retry(request: HttpRequest, number: int, body: shapes.Retry) -> dict[str, Any]:
    """Have a document worked on again at once."""
    document = operator.numbered(number)
    return _done(document, operator.retry(surroundings(), document, actor(request), post_new=body.post_new))


@router.post("/documents/{int:number}/link", response=shapes.Done, **rule(Scope.WORK, "link"))
def link(request: HttpRequest, number: int, body: shapes.Link) -> dict[str, Any]:
    """Name the document in QuickBooks that an invoice is, instead of entering a new one."""
    document = operator.numbered(number)
    return _done(document, operator.link(surroundings(), document, body.txn_id, actor(request)))


@router.post("/documents/{int:number}/skip", response=shapes.Done, **rule(Scope.WORK, "skip"))
def skip(request: HttpRequest, number: int, body: shapes.Reason) -> dict[str, Any]:
    """Take an invoice out without telling Basware."""
    document = operator.numbered(number)
    return _done(document, operator.skip(surroundings(), document, body.reason, actor(request)))


@router.post("/documents/{int:number}/give-up", response=shapes.Done, **rule(Scope.WORK, "give-up"))
def give_up(request: HttpRequest, number: int, body: shapes.Reason) -> dict[str, Any]:
    """Give up on an invoice: Basware is told that its transfer failed, and why."""
    document = operator.numbered(number)
    return _done(document, operator.give_up(surroundings(), document, body.reason, actor(request)))


@router.post("/documents/{int:number}/assign", response=shapes.Done, **rule(Scope.WORK, "assign"))
def assign(request: HttpRequest, number: int, body: shapes.Assign) -> dict[str, Any]:
    """Say who takes care of a document, or that nobody does."""
    document = operator.numbered(number)
    return _done(document, operator.assign(surroundings(), document, body.person, actor(request)))


@router.post("/documents/{int:number}/note", response=shapes.Done, **rule(Scope.WORK, "note"))
def note(request: HttpRequest, number: int, body: shapes.Note) -> dict[str, Any]:
    """Write something into a document's story. It cannot be changed or deleted."""
    document = operator.numbered(number)
    return _done(document, operator.note(surroundings(), document, body.words, actor(request)))


def _done(document: Document, sentence: str) -> dict[str, Any]:
    current().wake_engine()
    document.refresh_from_db(fields=["state"])
    return {"id": document.pk, "state": document.state, "said": sentence}


@router.get("/views", response=list[shapes.View], **rule(Scope.READ, "documents"))
def views(request: HttpRequest) -> list[dict[str, Any]]:
    """One's own saved views."""
    return [_view(view) for view in work_list.saved_views(person(request))]


@router.post("/views", response=shapes.View, **rule(Scope.WORK, "save-view"))
def save_view(request: HttpRequest, body: shapes.ViewIn) -> dict[str, Any]:
    """Keep filters under a name; the same name again takes its place."""
    filters = work_list.read_filters(body.dict(exclude={"name", "state"}), body.state)
    return _view(work_list.save_view(person(request), body.name, filters))


@router.delete("/views/{int:number}", response=common.Said, **rule(Scope.WORK, "forget-view"))
def forget_view(request: HttpRequest, number: int) -> dict[str, Any]:
    """Forget a view of one's own."""
    work_list.forget_view(person(request), number)
    return {"said": "Forgotten."}


def _view(view: SavedView) -> dict[str, Any]:
    return {"number": view.pk, "name": view.name, "query": view.query}

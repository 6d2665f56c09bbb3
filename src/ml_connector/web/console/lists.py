"""Master data: QuickBooks' lists against Basware, one list, and one entry with what happened to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import STANDINGS, WORDS, EntryStanding
from ml_connector.flows import connections, list_acts, list_desk
from ml_connector.flows.surroundings import zone_of
from ml_connector.store.list_pages import Mark
from ml_connector.store.models import Connection
from ml_connector.web.console.mapping import query_of
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.console.tags import tone_of
from ml_connector.web.running import current

_MOST_CONNECTIONS = 200


def show(request: HttpRequest) -> HttpResponse:
    """Show every list as a whole, and what is searched for in all of them."""
    names = list(Connection.objects.order_by("name").values_list("name", flat=True)[:_MOST_CONNECTIONS])
    if not names:
        return page(request, "mapping_none.html")
    connection = connections.named(request.GET.get("connection") or names[0])
    text = _text(request)
    found = list_desk.search(connection, None, text) if text else None
    at = list_desk.overview(connection)
    return page(
        request,
        "lists.html",
        connection=connection,
        zone=zone_of(connection),
        names=names,
        at=at,
        lists=[(one, _badges(one)) for one in at.lists],
        text=text,
        found=found,
    )


def _badges(at: list_desk.AList) -> list[dict[str, Any]]:
    return [
        {"standing": one.value, "count": at.count(one), "words": WORDS[one][0], "tone": tone_of(WORDS[one][0])}
        for one in STANDINGS
        if at.count(one)
    ]


def show_list(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """Show entries of one list: those that stand in one way, or what is searched for."""
    connection, of = connections.named(name), list_desk.read_list(kind)
    standing, text = list_desk.read_standing(request.GET.get("standing", "")), _text(request)
    overview = list_desk.overview(connection)
    at = next(one for one in overview.lists if one.kind is of)
    found = (
        list_desk.search(connection, of, text) if text else list_desk.entries(connection, of, standing, _after(request))
    )
    return page(
        request,
        "list.html",
        connection=connection,
        zone=zone_of(connection),
        at=at,
        overview=overview,
        noun=list_desk.LIST_WORDS[of][2],
        tabs=_tabs(at, standing, text),
        standing=standing,
        refused=at.count(EntryStanding.REFUSED),
        explains=WORDS[standing][1] if standing else "",
        text=text,
        found=found,
        begun="after" in request.GET,
        query=urlencode({"standing": standing.value}) if standing else "",
        next=urlencode(
            [*([("standing", standing.value)] if standing else []), ("after", _written(found.after))]
        ) if found.after else "",
    )  # fmt: skip


def _tabs(at: list_desk.AList, standing: EntryStanding | None, text: str) -> list[dict[str, Any]]:
    every = [{"words": "All", "count": at.entries, "query": "", "here": standing is None and not text}]
    return every + [
        {
            "words": WORDS[one][0],
            "count": at.count(one),
            "query": urlencode({"standing": one.value}),
            "here": one is standing and not text,
        }
        for one in STANDINGS
        if at.count(one) or one is standing
    ]


def _text(request: HttpRequest) -> str:
    return " ".join(request.GET.get("q", "").split())[:100]


def _after(request: HttpRequest) -> Mark | None:
    """Return where the page before ended, as the address says it: how the entry stood, its number, its name."""
    standing, _, rest = request.GET.get("after", "").partition("~")
    number, mark, name = rest.partition("~")
    if not mark or standing not in set(STANDINGS) or not number.isdigit() or len(number) > 18:
        return None
    return Mark(standing=EntryStanding(standing), name=name, entry=int(number))


def _written(mark: Mark) -> str:
    return f"{mark.standing.value}~{mark.entry}~{mark.name}"


def show_entry(request: HttpRequest, name: str, kind: str, list_id: str) -> HttpResponse:
    """Show one entry: both sides, what happened to it, and what hangs on it."""
    connection, of = connections.named(name), list_desk.read_list(kind)
    found = list_desk.details(connection, of, list_id)
    if found is None:
        return nowhere(request)
    return page(
        request,
        "list_entry.html",
        connection=connection,
        zone=zone_of(connection),
        kind=of,
        list_words=list_desk.LIST_WORDS[of][0],
        found=found,
        entry=found.row.entry,
        rules=[(rule, query_of(connection, of, code=rule.code)) for rule in found.rules],
        map_it=query_of(connection, of, code=found.row.entry.code),
    )


def send_entry(request: HttpRequest, name: str, kind: str, list_id: str) -> HttpResponseBase:
    """Have one entry sent to Basware again."""
    connection, of = connections.named(name), list_desk.read_list(kind)
    said = list_acts.send_again(current().surroundings, connection, of, list_id, actor(request))
    current().wake_engine()
    messages.success(request, said)
    if request.POST.get("back") == "list":
        return back_to("list", name, kind, query=urlencode({"standing": EntryStanding.REFUSED.value}))
    return back_to("list-entry", name, kind, list_id)


def send_refused(request: HttpRequest) -> HttpResponseBase:
    """Have everything that Basware refused sent again: of one list, or of all."""
    connection, of = _which(request)
    count = list_acts.resend(current().surroundings, connection, of, actor=actor(request))
    current().wake_engine()
    words = f"{count} refused entr{'y is' if count == 1 else 'ies are'} sent to Basware again."
    messages.success(request, words if count else "Nothing is refused.")
    return _back(connection, of)


def read_anew(request: HttpRequest) -> HttpResponseBase:
    """Have a list read from QuickBooks as a whole, or all of them."""
    connection, of = _which(request)
    messages.success(request, list_acts.read_anew(current().surroundings, connection, of, actor(request)))
    return _back(connection, of)


def _which(request: HttpRequest) -> tuple[Connection, ListKind | None]:
    connection = connections.only_one(request.POST.get("connection") or None)
    kind = request.POST.get("kind", "")
    return connection, list_desk.read_list(kind) if kind else None


def _back(connection: Connection, kind: ListKind | None) -> HttpResponseBase:
    if kind is not None:
        return back_to("list", connection.name, kind.value)
    return back_to("lists", query=urlencode({"connection": connection.name}))

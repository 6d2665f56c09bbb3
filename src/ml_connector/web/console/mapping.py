"""The mapping editor: what is not mapped yet, what is, and one code."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.books import ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, mapping_desk, mappings
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import mapping, missing
from ml_connector.store.models import Connection
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current

_MOST_CONNECTIONS = 200


def connection_of(request: HttpRequest) -> Connection:
    """Return the connection that an address or a form names, or the only one.

    Raises:
        NeedsOperator: there is no such connection, or there are several and none is named.
    """
    return connections.only_one(request.POST.get("connection") or request.GET.get("connection") or None)


def kind_of(request: HttpRequest) -> ListKind:
    """Return the kind of code that an address or a form names; suppliers if it names none.

    Raises:
        NeedsOperator: there is no such kind.
    """
    return mappings.read_kind(request.POST.get("kind") or request.GET.get("kind") or ListKind.VENDOR.value)


def query_of(connection: Connection, kind: ListKind, **more: str) -> str:
    """Return what stands after the question mark for a connection and kind."""
    return urlencode({"connection": connection.name, "kind": kind.value, **more})


def frame(connection: Connection, kind: ListKind) -> dict[str, Any]:
    """Return what every page of the mapping shows: tabs of kinds with their counts, and what waits for a second person."""
    counts = missing.counts(connection.pk)
    return {
        "connection": connection,
        "kind": kind,
        "kind_words": mapping_desk.KIND_WORDS[kind],
        "kinds": [
            {
                "query": query_of(connection, one),
                "words": words[0],
                "count": counts.get(one.value, 0),
                "here": one is kind,
            }
            for one, words in mapping_desk.KIND_WORDS.items()
        ],
        "proposals": mapping.proposals(connection.pk).count(),
        "second": settings_of(connection).mapping_approval,
        "query": query_of(connection, kind),
        "names": Connection.objects.order_by("name").values_list("name", flat=True)[:_MOST_CONNECTIONS],
    }


def show(request: HttpRequest) -> HttpResponse:
    """Show the mapping of one connection and kind: what is missing first."""
    if not Connection.objects.exists():
        return page(request, "mapping_none.html")
    name = request.GET.get("connection") or Connection.objects.order_by("name").values_list("name", flat=True)[0]
    connection = connections.named(name)
    kind = kind_of(request) if request.GET.get("kind") else _first_missing(connection)
    search = " ".join(request.GET.get("q", "").split())[:100]
    listed, more = mapping_desk.unmapped(connection, kind, _after(request))
    rules, next_rule = mapping_desk.rules(connection, kind, after=request.GET.get("after", "")[:250], search=search)
    return page(
        request,
        "mapping.html",
        **frame(connection, kind),
        unmapped=[{"at": one, "query": query_of(connection, kind, code=one.code)} for one in listed],
        more=query_of(connection, kind, missing=f"{more[0]}~{more[1]}") if more else "",
        broken=[_with_query(connection, kind, rule) for rule in mapping_desk.broken(connection, kind)],
        rules=[_with_query(connection, kind, rule) for rule in rules],
        next=query_of(connection, kind, after=next_rule, **({"q": search} if search else {})) if next_rule else "",
        q=search,
    )


def _first_missing(connection: Connection) -> ListKind:
    """Return the first kind of which codes are missing."""
    counts = missing.counts(connection.pk)
    return next((kind for kind in mapping_desk.KIND_WORDS if counts.get(kind.value)), ListKind.VENDOR)


def _with_query(connection: Connection, kind: ListKind, rule: mapping_desk.Rule) -> dict[str, Any]:
    return {"at": rule, "query": query_of(connection, kind, code=rule.row.code)}


def _after(request: HttpRequest) -> tuple[int, str] | None:
    count, mark, code = request.GET.get("missing", "").partition("~")
    return (int(count), code) if mark and count.isdigit() and len(count) < 12 else None


def code(request: HttpRequest) -> HttpResponse:
    """Show one code: what waits for it, what it means, and what it may mean."""
    return _code_page(request, "")


def _code_page(request: HttpRequest, problem: str) -> HttpResponse:
    connection, kind = connection_of(request), kind_of(request)
    text = (request.POST.get("code") or request.GET.get("code") or "")[:250]
    q = " ".join(request.GET.get("q", "").split())[:100]
    held = mapping_desk.held_by(connection, kind, text)
    return page(
        request,
        "mapping_code.html",
        status=409 if problem else 200,
        **frame(connection, kind),
        problem=problem,
        code=text,
        held=held,
        waiting=held.freed.count + held.freed.still,
        rule=mapping_desk.rule(connection, kind, text),
        suggestions=mapping_desk.suggestions(connection, kind, text, held.name) if text else (),
        hits=mapping_desk.hits(connection, kind, q),
        q=q,
        optional=mapping_desk.may_be_left_out(kind),
    )


def save(request: HttpRequest) -> HttpResponse:
    """Map a code, leave it out, or take its mapping back."""
    connection, kind = connection_of(request), kind_of(request)
    text, target = request.POST.get("code", ""), request.POST.get("target", "")
    surroundings, who = current().surroundings, actor(request)
    waiting = missing.documents_of(connection.pk, kind, text, 1)
    try:
        if target == _REMOVE:
            said = mappings.remove_rule(surroundings, connection, kind, text, who)
        elif not target:
            raise NeedsOperator("Nothing was chosen; choose an entry of QuickBooks, or leave the page.")
        else:
            said = mappings.set_rule(surroundings, connection, kind, text, target, who)
    except NeedsOperator as refused:
        return _code_page(request, str(refused))
    current().wake_engine()
    messages.success(request, said)
    if waiting and target != _REMOVE and not settings_of(connection).mapping_approval:
        return back_to("mapping-freed", query=query_of(connection, kind, code=text))
    return back_to("mapping", query=query_of(connection, kind))


_REMOVE = "REMOVE"


def freed(request: HttpRequest) -> HttpResponse:
    """Show what a mapping set free, and offer to try it again."""
    connection, kind = connection_of(request), kind_of(request)
    text = request.GET.get("code", "")[:250]
    return page(
        request,
        "mapping_freed.html",
        **frame(connection, kind),
        code=text,
        rule=mapping_desk.rule(connection, kind, text),
        held=mapping_desk.held_by(connection, kind, text),
    )

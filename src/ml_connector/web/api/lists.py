"""QuickBooks' lists, and how far Basware knows them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from ml_connector.core.entry_standing import STANDINGS
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope
from ml_connector.flows import connections, list_acts, list_desk
from ml_connector.web.api.guard import actor, rule, surroundings
from ml_connector.web.api.shapes import common
from ml_connector.web.api.shapes import lists as shapes
from ml_connector.web.running import current

router = Router(tags=["Master data"])


@router.get("/lists", response=list[shapes.AList], **rule(Scope.READ, "lists"))
def show(request: HttpRequest, connection: str = "") -> list[dict[str, Any]]:
    """Every list as a whole."""
    found = [one.as_dict() for one in list_desk.overview(connections.only_one(connection or None)).lists]
    standings = [standing.value for standing in STANDINGS]
    return [one | {"standing": {name: one[name] for name in standings}} for one in found]


@router.post("/lists/{slug:connection}/send", response=shapes.Resent, **rule(Scope.LISTS, "lists-send"))
def send_refused(request: HttpRequest, connection: str, body: shapes.OfKind) -> dict[str, Any]:
    """Send what Basware refused again, of one list or of all."""
    of = list_desk.read_list(body.kind) if body.kind else None
    count = list_acts.resend(surroundings(), connections.named(connection), of, actor=actor(request))
    current().wake_engine()
    return {"resent": count}


@router.post("/lists/{slug:connection}/read", response=common.Said, **rule(Scope.LISTS, "lists-read"))
def read_anew(request: HttpRequest, connection: str, body: shapes.OfKind) -> dict[str, Any]:
    """Have lists read from QuickBooks as a whole in the next session."""
    of = list_desk.read_list(body.kind) if body.kind else None
    return {"said": list_acts.read_anew(surroundings(), connections.named(connection), of, actor(request))}


# After `send` and `read`, which a list would stand for as well.
@router.get("/lists/{slug:connection}/{slug:kind}", response=shapes.Entries, **rule(Scope.READ, "list"))
def entries(
    request: HttpRequest, connection: str, kind: str, standing: str = "", q: str = "", after: str = ""
) -> dict[str, Any]:
    """Entries of one list by name: those that stand in one way, or what `q` finds in names, codes and ListIDs."""
    row, of = connections.named(connection), list_desk.read_list(kind)
    if q:
        found = list_desk.search(row, of, q[:100])
    else:
        mark = list_desk.mark_of(row, of, after) if after else None
        found = list_desk.entries(row, of, list_desk.read_standing(standing), mark)
    rows = [one.as_dict() for one in found.rows]
    return {"entries": rows, "after": rows[-1]["list_id"] if found.after else None, "more": found.more}


@router.get(
    "/lists/{slug:connection}/{slug:kind}/{slug:list_id}",
    response=shapes.EntryDetails,
    **rule(Scope.READ, "list-entry"),
)
def entry(request: HttpRequest, connection: str, kind: str, list_id: str) -> dict[str, Any]:
    """One entry: both sides, what happened to it, and what hangs on it."""
    found = list_desk.details(connections.named(connection), list_desk.read_list(kind), list_id)
    if found is None:
        raise NeedsOperator(f"There is no {kind} {list_id!r}.")
    return found.as_dict()


@router.post(
    "/lists/{slug:connection}/{slug:kind}/{slug:list_id}/send",
    response=common.Said,
    **rule(Scope.LISTS, "list-entry-send"),
)
def send_entry(request: HttpRequest, connection: str, kind: str, list_id: str) -> dict[str, Any]:
    """Send one entry to Basware again."""
    row, of = connections.named(connection), list_desk.read_list(kind)
    sentence = list_acts.send_again(surroundings(), row, of, list_id, actor(request))
    current().wake_engine()
    return {"said": sentence}

"""What Basware's codes mean in QuickBooks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope
from ml_connector.flows import connections, mapping_changes, mapping_desk, mappings
from ml_connector.store import mapping as questions
from ml_connector.store import missing
from ml_connector.web.api.guard import actor, rule, surroundings
from ml_connector.web.api.shapes import common
from ml_connector.web.api.shapes import mapping as shapes
from ml_connector.web.running import current

router = Router(tags=["Mapping"])


@router.get("/mapping", response=shapes.Mapping, **rule(Scope.READ, "mapping"))
def show(
    request: HttpRequest, kind: str, connection: str = "", q: str = "", after: str = "", unmapped_after: str = ""
) -> dict[str, Any]:
    """The mapping of one connection and kind (vendor, account, class, customer or terms): what is missing first."""
    row, of = connections.only_one(connection or None), mappings.read_kind(kind)
    count, mark, code = unmapped_after.partition("~")
    begins = (int(count), code) if mark and count.isdigit() and len(count) < 12 else None
    unmapped, more = mapping_desk.unmapped(row, of, begins)
    rules, following = mapping_desk.rules(row, of, after=after[:250], search=q[:100])
    return {
        "connection": row.name,
        "kind": of.value,
        "missing": missing.counts(row.pk),
        "proposals": questions.proposals(row.pk).count(),
        "unmapped": [one.as_dict() for one in unmapped],
        "unmapped_after": f"{more[0]}~{more[1]}" if more else "",
        "broken": [one.as_dict() for one in mapping_desk.broken(row, of)],
        "rules": [one.as_dict() for one in rules],
        "after": following,
    }


@router.get("/mapping/code", response=shapes.MappingCode, **rule(Scope.READ, "mapping-code", "mapping-freed"))
def show_code(request: HttpRequest, kind: str, code: str, connection: str = "", q: str = "") -> dict[str, Any]:
    """One code: what waits for it, what it means, and what it may mean. `q` looks for entries of QuickBooks."""
    row, of = connections.only_one(connection or None), mappings.read_kind(kind)
    text = code[:250]
    held = mapping_desk.held_by(row, of, text)
    known = mapping_desk.rule(row, of, text)
    return {
        "kind": of.value,
        "code": text,
        "name": held.name,
        "frees": held.freed.as_dict(),
        "documents": list(held.documents),
        "rule": known.as_dict() if known else None,
        "suggestions": [asdict(one) for one in mapping_desk.suggestions(row, of, text, held.name)] if text else [],
        "hits": [asdict(one) for one in mapping_desk.hits(row, of, q[:100])],
        "may_be_left_out": mapping_desk.may_be_left_out(of),
    }


@router.put("/mapping/code", response=common.Said, **rule(Scope.MAP, "mapping-save"))
def save(request: HttpRequest, body: shapes.MapIn) -> dict[str, Any]:
    """Map a code, leave it out, or take its mapping back; where a second person is wanted, it is proposed."""
    row, of = connections.only_one(body.connection or None), mappings.read_kind(body.kind)
    if body.target is None:
        return _said(mappings.remove_rule(surroundings(), row, of, body.code, actor(request)))
    if not body.target:
        raise NeedsOperator("The target is empty; name an entry of QuickBooks, or null to take the mapping back.")
    return _said(mappings.set_rule(surroundings(), row, of, body.code, body.target, actor(request)))


@router.get("/mapping/history", response=shapes.Versions, **rule(Scope.READ, "mapping-history"))
def history(request: HttpRequest, connection: str = "", before: int | None = None) -> dict[str, Any]:
    """The versions of the mapping, the latest first."""
    found, following = mapping_desk.versions(connections.only_one(connection or None), before)
    return {"versions": [version.as_dict() for version in found], "before": following}


@router.post("/mapping/undo/{int:version}", response=common.Said, **rule(Scope.MAP, "mapping-undo"))
def undo(request: HttpRequest, version: int, body: common.OfConnection) -> dict[str, Any]:
    """Take one version back: its codes mean again what they meant before."""
    row = connections.only_one(body.connection or None)
    return _said(mapping_changes.take_back(surroundings(), row, version, actor(request)))


@router.get("/mapping/proposals", response=list[shapes.MappingChange], **rule(Scope.READ, "mapping-proposals"))
def proposals(request: HttpRequest, connection: str = "") -> list[dict[str, Any]]:
    """What waits for a second person, the oldest first."""
    waiting = questions.proposals(connections.only_one(connection or None).pk).order_by("pk")[:200]
    return [mapping_desk.change_as_dict(change) for change in waiting]


@router.post("/mapping/decide", response=common.Said, **rule(Scope.MAP, "mapping-decide"))
def decide(request: HttpRequest, body: shapes.Decide) -> dict[str, Any]:
    """Approve or refuse proposals of other people."""
    act = mapping_changes.approve if body.approve else mapping_changes.refuse
    return _said(act(surroundings(), connections.only_one(body.connection or None), body.numbers, actor(request)))


@router.get("/mapping/file", **rule(Scope.READ, "mapping-file", file="text/csv"))
def write_file(request: HttpRequest, connection: str = "") -> HttpResponse:
    """Every mapping as CSV, with the codes that are missing to be filled in."""
    row = connections.only_one(connection or None)
    return HttpResponse("\ufeff" + mappings.to_csv(row), content_type="text/csv; charset=utf-8")


@router.post("/mapping/file", response=shapes.MappingTaken, **rule(Scope.MAP, "mapping-import"))
def read_file(request: HttpRequest, body: shapes.MappingFile) -> dict[str, Any]:
    """Take mappings from CSV, all or none; rows without a target are passed over. `plan` only says what would change."""
    row = connections.only_one(body.connection or None)
    text = body.text.removeprefix("\ufeff")
    lines = [one.as_dict() for one in mappings.read_csv(row, text)]
    taken = 0 if body.plan else mappings.from_csv(surroundings(), row, text, actor(request))
    current().wake_engine()
    return {"taken": taken, "lines": lines}


def _said(sentence: str) -> dict[str, Any]:
    current().wake_engine()
    return {"said": sentence}

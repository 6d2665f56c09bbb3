"""The audit trail: search it, take a part of it along, and have the chain verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope
from ml_connector.flows import audit_check, audit_file, audit_search, audit_verifier, connections, said
from ml_connector.flows.audit_export import entry_as_values
from ml_connector.flows.audit_file import Order
from ml_connector.flows.audit_search import Asked, Filters
from ml_connector.store.models import ChainCheck
from ml_connector.web.api.guard import actor, rule, surroundings
from ml_connector.web.api.shapes import audit as shapes
from ml_connector.web.api.shapes import common

router = Router(tags=["Audit"])


@router.get("/audit", response=shapes.AuditPage, **rule(Scope.AUDIT, "audit"))
def find(
    request: HttpRequest,
    connection: str = "",
    q: str = "",
    actor: str = "",
    event: str = "",
    since: str = "",
    until: str = "",
    before: int | None = None,
) -> dict[str, Any]:
    """A page of entries, the newest first. `q` is any number of a document, or a request id."""
    given = {"connection": connection, "q": q, "actor": actor, "event": event, "since": since, "until": until}
    asked = _understood(audit_search.read_filters(given))
    found = audit_search.find(asked, before)
    entries = [entry_as_values(row, full=False) | {"id": row.pk} for row in found.entries]
    return {"connection": asked.connection.name, "entries": entries, "before": found.before}


def _understood(filters: Filters) -> Asked:
    asked = audit_search.understood(filters)
    if asked is None:
        raise NeedsOperator("There is no connection yet, so nothing has been written.")
    return asked


@router.get("/audit/verifier", **rule(Scope.AUDIT, "audit-verifier", file="text/x-python"))
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks an export without the connector; it needs Python alone."""
    return HttpResponse(Path(audit_verifier.__file__).read_bytes(), content_type="text/x-python; charset=utf-8")


@router.get("/audit/{int:number}", response=shapes.AuditEntryFull, **rule(Scope.AUDIT, "audit-entry"))
def entry(request: HttpRequest, number: int) -> dict[str, Any]:
    """One entry with what was said to another system, secrets masked."""
    row = said.entry(number)
    if row is None:
        raise NeedsOperator(f"The audit trail has no entry {number}.")
    return entry_as_values(row, full=False) | {
        "id": row.pk,
        "exchange": said.as_dict(row.exchange) if row.exchange else None,
    }


@router.post("/audit/export", **rule(Scope.AUDIT, "audit-export", file="application/zip"))
def export(request: HttpRequest, body: shapes.AuditExport) -> StreamingHttpResponse:
    """A part of the trail as a ZIP with a manifest; the audit trail tells who took it."""
    filters = audit_search.read_filters(body.dict(exclude={"form", "full"}))
    asked = _understood(filters)
    filters = replace(filters, connection=asked.connection.name)
    order = Order(wanted=asked.wanted, form=body.form, full=body.full, asked=dict(filters.as_query()))
    packed = audit_file.export(surroundings(), asked.connection, order, actor(request))
    return StreamingHttpResponse(packed, content_type="application/zip")


@router.post("/audit/checks", response=shapes.Check, **rule(Scope.AUDIT, "audit-verify"))
def begin_check(request: HttpRequest, body: common.OfConnection) -> dict[str, Any]:
    """Begin to verify the chain of a connection; go on with it until it has ended."""
    row = connections.only_one(body.connection or None)
    return audit_check.as_dict(audit_check.begin(surroundings(), row, actor(request)))


@router.get("/audit/checks/{int:number}", response=shapes.Check, **rule(Scope.AUDIT, "audit-check"))
def show_check(request: HttpRequest, number: int) -> dict[str, Any]:
    """How far a check has come."""
    return _check(ChainCheck.objects.filter(pk=number).first(), number)


@router.post("/audit/checks/{int:number}", response=shapes.Check, **rule(Scope.AUDIT, "audit-check"))
def go_on(request: HttpRequest, number: int) -> dict[str, Any]:
    """Verify the next piece."""
    return _check(audit_check.go_on(surroundings(), number), number)


def _check(found: ChainCheck | None, number: int) -> dict[str, Any]:
    if found is None:
        raise NeedsOperator(f"There is no check {number}.")
    return audit_check.as_dict(found)

"""Payments, and the month's close."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope
from ml_connector.flows import connections, month_close, payment_list, reconciliation
from ml_connector.flows.close_sheet import sheet
from ml_connector.web.api.guard import actor, rule, surroundings
from ml_connector.web.api.shapes import books as shapes

router = Router(tags=["Payments and reconciliation"])


@router.get("/payments", response=shapes.Payments, **rule(Scope.READ, "payments"))
def payments(
    request: HttpRequest, view: str = payment_list.ALL, connection: str = "", q: str = "", before: int | None = None
) -> dict[str, Any]:
    """Payments of Bills, the latest first, and how far Basware knows each."""
    found = payment_list.find(view, connection, q[:100], before)
    return {"payments": [row.as_dict() for row in found.rows], "before": found.before}


@router.get("/reconciliation", response=shapes.Month, **rule(Scope.READ, "reconciliation"))
def month(request: HttpRequest, month: str, connection: str = "") -> dict[str, Any]:
    """A month, such as 2026-03, in three columns: Basware, connector and QuickBooks."""
    row = connections.only_one(connection or None)
    found = reconciliation.month(row, reconciliation.month_named(month))
    values = reconciliation.as_values(found) | month_close.signature_as_values(month_close.signature(found))
    return values | {"digest": month_close.digest_of(found)}


@router.get("/reconciliation/documents", response=shapes.Causes, **rule(Scope.READ, "reconciliation-documents"))
def documents(
    request: HttpRequest,
    month: str,
    connection: str = "",
    vendor: str | None = None,
    currency: str = "",
    after: int = 0,
) -> dict[str, Any]:
    """The documents that make a difference: of the month, or of one supplier in it."""
    found = reconciliation.causes(
        connections.only_one(connection or None),
        reconciliation.month_named(month),
        surroundings().clock(),
        currency=currency[:3],
        supplier_code=vendor[:25] if vendor is not None else None,
        after=after,
    )
    return {"documents": [cause.as_dict() for cause in found.causes], "after": found.more_after}


@router.post("/reconciliation/sign", response=shapes.Signed, **rule(Scope.BOOKS, "reconciliation-sign"))
def sign(request: HttpRequest, body: shapes.Sign) -> dict[str, Any]:
    """Sign exactly the figures that `digest` names; later changes are shown."""
    row = connections.only_one(body.connection or None)
    period = reconciliation.month_named(body.month)
    if not body.digest:
        raise NeedsOperator("Name the digest of the figures that were looked at; the month has it.")
    signed = month_close.sign(surroundings(), row, period, body.remark, actor(request), seen=body.digest)
    return {"month": period, "signed_by": signed.actor, "digest": signed.digest}


@router.get(
    "/reconciliation/sheet.csv", **rule(Scope.READ, "reconciliation-csv", "reconciliation-sheet", file="text/csv")
)
def as_csv(request: HttpRequest, month: str, connection: str = "") -> HttpResponse:
    """The whole close as CSV: sums, every document that differs, and the signature."""
    row = connections.only_one(connection or None)
    text = sheet(row, reconciliation.month_named(month), surroundings().clock())
    return HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")

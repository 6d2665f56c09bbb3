"""The month's close: three columns, what makes a difference, and the signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import month_close, reconciliation
from ml_connector.flows.close_sheet import CAUSES_MOST, sheet
from ml_connector.flows.connections import named
from ml_connector.flows.surroundings import zone_of
from ml_connector.store.models import Connection
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import actor, person
from ml_connector.web.running import current

_SUPPLIERS = 25  # shown at first; ten times as many each time more are wanted
_MONTHS_TOLD = 6  # of which it is said whether they are signed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the address asks for."""

    connection: Connection
    period: str

    @property
    def query(self) -> str:
        return urlencode({"connection": self.connection.name, "month": self.period})


def _asked(request: HttpRequest) -> _Asked | None:
    """Read the address; without a connection the first one, without a month this one. None: there is no connection."""
    name = request.GET.get("connection", "")
    connection = named(name) if name else Connection.objects.order_by("name").first()
    if connection is None:
        return None
    months = reconciliation.offered_months(connection, current().surroundings.clock())
    period = request.GET.get("month", "") or months[0]
    return _Asked(connection=connection, period=reconciliation.month_named(period))


def show(request: HttpRequest) -> HttpResponse:
    """Show one month of one connection."""
    try:
        asked = _asked(request)
    except NeedsOperator as problem:
        return page(request, "reconciliation.html", status=400, problem=str(problem), **_choices(None))
    if asked is None:
        return page(request, "reconciliation.html", **_choices(None))
    now = current().surroundings.clock()
    found = reconciliation.month(asked.connection, asked.period)
    wanted = min(cursor(request, "shown") or _SUPPLIERS, 2500)
    return page(
        request,
        "reconciliation.html",
        month=found,
        words=reconciliation.month_words(asked.period),
        columns=reconciliation.COLUMNS,
        suppliers=found.suppliers[:wanted],
        more=wanted * 10 if len(found.suppliers) > wanted else 0,
        drift=reconciliation.drift(asked.connection, asked.period, now),
        signature=month_close.signature(found),
        zone=zone_of(asked.connection),
        query=asked.query,
        **_choices(asked),
    )


def _choices(asked: _Asked | None) -> dict[str, Any]:
    names = list(Connection.objects.order_by("name").values_list("name", flat=True))
    if asked is None:
        return {"connections": names, "months": []}
    offered = reconciliation.offered_months(asked.connection, current().surroundings.clock())
    if asked.period not in offered:
        offered.append(asked.period)
    signed = month_close.changed_months(asked.connection, offered[:_MONTHS_TOLD])
    months = [
        {"value": one, "words": reconciliation.month_words(one), "signed": signed.get(one, "")} for one in offered
    ]
    return {"connections": names, "months": months, "recent": months[:_MONTHS_TOLD], "asked": asked}


def documents(request: HttpRequest) -> HttpResponse:
    """Show the documents that make a difference: of the month, or of one supplier in it."""
    asked = _asked(request)
    if asked is None:
        return back_to("reconciliation")
    supplier, currency = request.GET.get("vendor"), request.GET.get("currency", "")
    after = cursor(request, "after") or 0
    listed = reconciliation.causes(
        asked.connection,
        asked.period,
        current().surroundings.clock(),
        currency=currency[:3],
        supplier_code=supplier[:25] if supplier is not None else None,
        after=after,
    )
    narrowed = {"vendor": supplier, "currency": currency}
    narrower = urlencode({name: value for name, value in narrowed.items() if value is not None and value != ""})
    return page(
        request,
        "reconciliation_documents.html",
        words=reconciliation.month_words(asked.period),
        connection=asked.connection,
        listed=listed,
        supplier=supplier,
        currency=currency,
        begun=after > 0,
        query=asked.query,
        narrower=narrower,
    )


def sign(request: HttpRequest) -> HttpResponse:
    """Ask for the signature, with what will be signed; then sign."""
    asked = _asked(request)
    if asked is None:
        return back_to("reconciliation")
    problem, remark = "", request.POST.get("remark", "")
    if request.method == "POST":
        try:
            if "confirmed" not in request.POST:
                raise NeedsOperator("Tick the box to sign: your name stands under these figures.")
            seen = request.POST.get("seen", "")
            surroundings, who = current().surroundings, actor(request)
            month_close.sign(surroundings, asked.connection, asked.period, remark, who, seen=seen)
        except NeedsOperator as refused:
            problem = str(refused)
        else:
            words = reconciliation.month_words(asked.period)
            messages.success(request, f"{words} is signed. What changes from now on is shown as changed since.")
            return back_to("reconciliation", query=asked.query)
    found = reconciliation.month(asked.connection, asked.period)
    return page(
        request,
        "reconciliation_sign.html",
        status=409 if problem else 200,
        problem=problem,
        remark=remark,
        month=found,
        words=reconciliation.month_words(asked.period),
        seen=month_close.digest_of(found),
        signer=str(person(request)),
        query=asked.query,
        zone=zone_of(asked.connection),
    )


def printed(request: HttpRequest) -> HttpResponse:
    """Show the whole close on one page that can be printed."""
    asked = _asked(request)
    if asked is None:
        return back_to("reconciliation")
    now = current().surroundings.clock()
    found = reconciliation.month(asked.connection, asked.period)
    return page(
        request,
        "reconciliation_sheet.html",
        month=found,
        words=reconciliation.month_words(asked.period),
        columns=reconciliation.COLUMNS,
        listed=reconciliation.causes(asked.connection, asked.period, now, size=200),
        signature=month_close.signature(found),
        zone=zone_of(asked.connection),
        most=CAUSES_MOST,
        query=asked.query,
    )


def as_csv(request: HttpRequest) -> HttpResponse:
    """Hand out the close as a file for a spreadsheet."""
    asked = _asked(request)
    if asked is None:
        return back_to("reconciliation")
    text = sheet(asked.connection, asked.period, current().surroundings.clock())
    name = f"close-{asked.connection.name}-{asked.period}.csv"
    # Spreadsheets take a file for UTF-8 only if it begins with this mark.
    return HttpResponse(
        "\ufeff" + text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

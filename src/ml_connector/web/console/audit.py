"""The audit trail: search it, take a part of it along, and have the chain verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import audit_check, audit_file, audit_search, audit_verifier
from ml_connector.flows.audit_file import Order
from ml_connector.flows.connections import named
from ml_connector.flows.said import as_text
from ml_connector.flows.said import entry as entry_of
from ml_connector.flows.surroundings import zone_of
from ml_connector.store.audit_search import people
from ml_connector.store.chain_checks import ChainCheck
from ml_connector.store.models import SYSTEM_ACTORS, Connection
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current


def show(request: HttpRequest) -> HttpResponse:
    """Show a page of entries that fit the filters."""
    filters = audit_search.read_filters(request.GET)
    problem, asked, found = "", None, None
    try:
        asked = audit_search.understood(filters)
        if asked is not None:
            found = audit_search.find(asked, cursor(request, "before"))
    except NeedsOperator as cannot:
        problem = str(cannot)
    connection = asked.connection if asked else Connection.objects.filter(name=filters.connection).first()
    connection = connection or Connection.objects.order_by("name").first()
    return page(
        request,
        "audit.html",
        status=400 if problem else 200,
        filters=filters,
        problem=problem,
        found=found,
        begun="before" in request.GET,
        connection=connection,
        connections=Connection.objects.order_by("name").values_list("name", flat=True),
        actors=[*people(connection.pk), *SYSTEM_ACTORS] if connection else [],
        events=audit_search.events(),
        check=audit_check.latest(connection) if connection else None,
        zone=zone_of(connection) if connection else None,
        query=urlencode(filters.as_query()),
        asked=filters.as_query(),
    )


def said(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry with what was said to another system, secrets masked."""
    entry = entry_of(number)
    if entry is None:
        return nowhere(request)
    exchange = entry.exchange
    sides = [("Request", as_text(exchange.request)), ("Answer", as_text(exchange.response))] if exchange else []
    return page(request, "audit_entry.html", entry=entry, zone=zone_of(entry.connection), sides=sides)


def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Hand out what fits the filters as a ZIP; the audit trail tells who took it."""
    filters = audit_search.read_filters(request.POST)
    asked = audit_search.understood(filters)
    if asked is None:
        return back_to("audit")
    filters = replace(filters, connection=asked.connection.name)
    order = Order(
        wanted=asked.wanted,
        form=request.POST.get("form", "jsonl"),
        full="full" in request.POST,
        asked=dict(filters.as_query()),
    )
    surroundings = current().surroundings
    packed = audit_file.export(surroundings, asked.connection, order, actor(request))
    name = f"audit-{asked.connection.name}-{surroundings.clock():%Y-%m-%d-%H%M}.zip"
    return StreamingHttpResponse(
        packed,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def verifier(request: HttpRequest) -> HttpResponse:
    """Hand out the program that checks an export without us."""
    return HttpResponse(
        Path(audit_verifier.__file__).read_bytes(),
        content_type="text/x-python; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit_verifier.py"'},
    )


def verify(request: HttpRequest) -> HttpResponse:
    """Begin to verify the chain of a connection."""
    connection = named(request.POST.get("connection", ""))
    check = audit_check.begin(current().surroundings, connection, actor(request))
    return back_to("audit-check", check.pk)


def check(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a check has come; a POST does the next piece."""
    if request.method == "POST":
        found = audit_check.go_on(current().surroundings, number)
        if "HX-Request" not in request.headers:
            return back_to("audit-check", number)
    else:
        found = ChainCheck.objects.filter(pk=number).first()
    if found is None:
        return nowhere(request)
    return page(
        request,
        "audit_check.html",
        check=found,
        words=audit_check.in_words(found) if found.ended_at else "",
        percent=found.checked * 100 // found.upto,
        connection=found.connection,
        zone=zone_of(found.connection),
    )

"""Payments of Bills, and how far Basware knows them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import payment_list
from ml_connector.store.models import Connection
from ml_connector.web.console.render import cursor, page


def show(request: HttpRequest) -> HttpResponse:
    """Show a page of payments, the latest first."""
    view, connection = request.GET.get("view", payment_list.ALL), request.GET.get("connection", "")
    text = " ".join(request.GET.get("q", "").split())[:100]
    problem, found, counts = "", None, {}
    try:
        counts = payment_list.counts(connection)
        found = payment_list.find(view, connection, text, cursor(request, "before"))
    except NeedsOperator as cannot:
        problem = str(cannot)
    kept = [(name, value) for name, value in (("connection", connection), ("q", text)) if value]
    return page(
        request,
        "payments.html",
        status=400 if problem else 200,
        problem=problem,
        found=found,
        view=view,
        text=text,
        connection=connection,
        connections=Connection.objects.order_by("name").values_list("name", flat=True),
        tabs=[
            {
                "words": words,
                "count": counts.get(name),
                "here": name == view and not text,
                "query": urlencode([("view", name), *([("connection", connection)] if connection else [])]),
            }
            for name, words in payment_list.VIEWS.items()
        ],
        begun="before" in request.GET,
        query=urlencode([("view", view), *kept]),
    )

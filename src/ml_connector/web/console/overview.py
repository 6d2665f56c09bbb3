"""The first page."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.flows import overview
from ml_connector.flows.overview import Need
from ml_connector.flows.work_list import View
from ml_connector.store.models import Connection
from ml_connector.web.console.charts import draw
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import person
from ml_connector.web.running import current


def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the person today, totals and charts; lead an admin of an empty installation to its first step."""
    me = person(request)
    names = list(Connection.objects.order_by("name").values_list("name", flat=True))
    if not names and me.role == Role.ADMIN:
        return back_to("onboarding")
    connection = request.GET.get("connection", "")
    now = current().surroundings.clock()
    problem, found = "", None
    try:
        found = overview.look(connection, me.name, Role(me.role), now)
    except NeedsOperator as cannot:
        problem = str(cannot)
    return page(
        request,
        "overview.html",
        status=400 if problem else 200,
        problem=problem,
        found=found,
        needs=[(need, _address(need)) for need in found.needs] if found else [],
        drawings=[draw(chart, f"c{number}") for number, chart in enumerate(found.charts)] if found else [],
        totals=[(view, _query(view, connection)) for view in (found.totals if found else ())],
        connection=connection,
        connections=names,
    )


def _query(view: View, connection: str) -> str:
    pairs = [("state", state.value) for state in view.states]
    return urlencode([*pairs, ("connection", connection)] if connection else pairs)


def _address(need: Need) -> str:
    return reverse(f"console:{need.screen}", args=need.arguments) + (f"?{need.query}" if need.query else "")

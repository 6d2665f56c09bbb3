"""The list of connections: which company file is connected, and whether it works."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse

from ml_connector.flows.standing import Standing, standings
from ml_connector.flows.surroundings import zone_of
from ml_connector.store.models import Connection
from ml_connector.web.console.render import page
from ml_connector.web.running import current

_PATIENCE = timedelta(minutes=2)


def show(request: HttpRequest) -> HttpResponse:
    """Show every connection at a glance."""
    zones = {row.name: zone_of(row) for row in Connection.objects.only("name", "settings")}
    now = current().surroundings.clock()
    rows = [{"at": row, "zone": zones[row.name], "late": _late(row, now)} for row in standings(now)]
    return page(request, "connections.html", rows=rows)


def _late(row: Standing, now: datetime) -> bool:
    """Tell whether the Web Connector should have called, with a little patience."""
    if not row.next_poll_at or row.paused:
        return False
    return now - datetime.fromisoformat(row.next_poll_at) > _PATIENCE

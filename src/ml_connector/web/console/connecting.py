"""What connects the two sides: the check of Basware, the file for the Web Connector, and its password."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ml_connector.flows import connections, health
from ml_connector.flows.surroundings import settings_of, zone_of
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current


def check(request: HttpRequest, name: str) -> HttpResponse:
    """Make the next step of the check of Basware. The page asks for one step after the other."""
    row = connections.named(name)
    if request.POST.get("anew"):
        health.begin(row)
    health.make_next(current().surroundings, row)
    if request.POST.get("back") == "health":
        return back_to("connection-health", name)
    return back_to("onboarding-stage", name, "basware")


def qwc(request: HttpRequest, name: str) -> HttpResponse:
    """Hand out the file that is opened on the QuickBooks machine."""
    row = connections.named(name)
    response = HttpResponse(
        connections.qwc_file(row, current().config.own_url), content_type="application/octet-stream"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{row.name}.qwc"'
    return response


def new_password(request: HttpRequest, name: str) -> HttpResponse:
    """Draw a new password and show it, this once."""
    row = connections.named(name)
    now = current().surroundings.clock()
    secret = connections.new_password(current().surroundings, row, actor(request))
    return page(
        request,
        "new_password.html",
        connection=row,
        secret=secret.open(),
        until=now + timedelta(seconds=settings_of(row).password_overlap_s),
        zone=zone_of(row),
        onward=reverse("console:connection-settings", args=(name,))
        if request.POST.get("back") == "settings"
        else reverse("console:onboarding-stage", args=(name, "quickbooks")),
    )

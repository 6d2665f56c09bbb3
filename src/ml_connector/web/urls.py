"""Addresses."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path

from ml_connector.web import pages, soap, webhooks


def to_console(request: HttpRequest) -> HttpResponse:
    """Send people who type the bare address to the console."""
    return HttpResponseRedirect("/console/")


urlpatterns = [
    path("qbwc/<slug:name>", soap.endpoint),
    path("basware/<slug:name>", webhooks.endpoint),
    path("health", pages.health),
    path("support", pages.support),
    path("api/v1/", include("ml_connector.web.api.addresses", namespace="api")),
    path("console/", include("ml_connector.web.console.addresses")),
    path("console", to_console),
    path("", to_console),
]
handler404 = "ml_connector.web.pages.not_found"
handler500 = "ml_connector.web.pages.failed"

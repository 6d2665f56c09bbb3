"""Addresses."""

from __future__ import annotations

from django.urls import path

from ml_connector.web import pages, soap, webhooks

urlpatterns = [
    path("qbwc/<slug:name>", soap.endpoint),
    path("basware/<slug:name>", webhooks.endpoint),
    path("health", pages.health),
    path("support", pages.support),
]
handler404 = "ml_connector.web.pages.not_found"
handler500 = "ml_connector.web.pages.failed"

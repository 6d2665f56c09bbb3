"""The console's addresses, made from the table of screens."""

from __future__ import annotations

from django.urls import path

from ml_connector.web.console.guard import guarded
from ml_connector.web.console.screens import SCREENS

app_name = "console"
urlpatterns = [path(screen.path, guarded(screen), name=screen.name) for screen in SCREENS]

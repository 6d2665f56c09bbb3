"""One connection: whether it works on both sides, and how it behaves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import connections, dry_run, kept_secrets
from ml_connector.flows.overview import hours
from ml_connector.flows.standing import DUTY_WORDS, standing
from ml_connector.flows.surroundings import company_codes, settings_of, zone_of
from ml_connector.store import duties, sessions
from ml_connector.store.models import Connection, Duty
from ml_connector.web.console import setting_fields
from ml_connector.web.console.charts import draw
from ml_connector.web.console.onboarding import shown_check
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current

_SESSIONS = 10


def show_health(request: HttpRequest, name: str) -> HttpResponse:
    """Show both sides: what was tried, when it last worked, and when it is tried next."""
    row = connections.named(name)
    now = current().surroundings.clock()
    return page(
        request,
        "connection_health.html",
        connection=row,
        zone=zone_of(row),
        at=standing(row, now),
        stopped=bool(row.stop_reason),
        company_codes=company_codes(row),
        sessions=sessions.latest(row.pk, _SESSIONS),
        duties=_duties(row),
        drawing=draw(hours([row], now, zone_of(row)), "polls"),
        back="health",
        **_check(request, row),
    )


def _check(request: HttpRequest, row: Connection) -> dict[str, Any]:
    try:
        return shown_check(request, row)
    except NeedsOperator as problem:  # the credentials do not open
        return {"check": None, "check_problem": str(problem)}


def _duties(row: Connection) -> list[dict[str, Any]]:
    found = {duty.name: duty for duty in Duty.objects.filter(connection=row)}
    return [{"words": DUTY_WORDS[name], "at": found[name]} for name in duties.ALL if name in found]


def show_settings(request: HttpRequest, name: str) -> HttpResponse:
    """Show the settings, and take what was changed."""
    row = connections.named(name)
    settings, problem = settings_of(row), ""
    if request.method == "POST":
        given = {key: value for key, value in request.POST.items() if isinstance(value, str)}
        try:
            changed = setting_fields.changes(settings, given)
            connections.change(current().surroundings, row, actor(request), settings=changed)
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            current().wake_engine()
            words = f"Saved: {len(changed)} changed." if changed else "Nothing was changed."
            messages.success(request, words)
            return back_to("connection-settings", name)
    now = current().surroundings.clock()
    return page(
        request,
        "connection_settings.html",
        status=400 if problem else 200,
        connection=row,
        zone=zone_of(row),
        at=standing(row, now),
        groups=setting_fields.groups(settings, given if problem else {}),
        secrets=kept_secrets.kept(row, now),
        problem=problem,
    )


def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Stop all work, or go on with it."""
    row, surroundings = connections.named(name), current().surroundings
    if request.POST.get("resume"):
        connections.resume(surroundings, row, actor(request))
        current().wake_engine()
        messages.success(request, "The connection goes on; everything is due at once.")
    else:
        connections.pause(surroundings, row, request.POST.get("reason", "").strip(), actor(request))
        messages.success(request, "The connection is paused. What was handed to QuickBooks still comes to its end.")
    return back_to("connection-settings", name)


def secret(request: HttpRequest, name: str) -> HttpResponse:
    """Take a new client secret, and with it a new client id if one is given; then test it."""
    row = connections.named(name)
    client_id = request.POST.get("client_id", "").strip() or None
    client_secret = request.POST.get("client_secret", "").strip()
    if not client_secret:
        raise NeedsOperator("The new client secret is empty; the stored one was kept.")
    connections.change(
        current().surroundings, row, actor(request), client_id=client_id, client_secret=Secret(client_secret)
    )
    messages.success(request, "The new secret is stored. It is tested now.")
    return back_to("connection-health", name, query="test=now")


def back_to_dry_run(request: HttpRequest, name: str) -> HttpResponse:
    """Say what a dry run means for a connection that is live, and begin it."""
    row = connections.named(name)
    if request.method == "POST":
        dry_run.begin(current().surroundings, row, actor(request))
        messages.success(request, "The connection is in dry run: nothing is written to either system.")
        return back_to("trial", name)
    return page(request, "connection_dry_run.html", connection=row)

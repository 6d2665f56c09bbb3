"""The way from an empty installation to the first Bill, one page per stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.books import ListKind
from ml_connector.core.errors import ConnectorError, NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import connections, dry_run, health, list_desk, mappings, onboarding
from ml_connector.flows.standing import list_standing
from ml_connector.flows.surroundings import company_codes
from ml_connector.store import duties
from ml_connector.store.lists import first_entries
from ml_connector.store.models import Connection, Duty
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.console.trial import shown_trial
from ml_connector.web.running import current

_FIELDS = ("name", "codes", "base_url", "token_url", "client_id", "zone")


def start(request: HttpRequest) -> HttpResponse:
    """Make a connection, or go on with one."""
    given = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    problem = ""
    if request.method == "POST":
        try:
            made, _ = connections.add(
                current().surroundings,
                given["name"],
                base_url=given["base_url"],
                token_url=given["token_url"],
                codes=[code.strip() for code in given["codes"].split(",") if code.strip()],
                client_id=given["client_id"],
                client_secret=Secret(request.POST.get("client_secret", "").strip()),
                password=None,
                settings={"time_zone": given["zone"]},
                actor=actor(request),
                dry_run=True,
            )
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            return back_to("onboarding-stage", made.name, "basware", query="test=now")
    return page(
        request,
        "onboarding_start.html",
        status=400 if problem else 200,
        title="Connect a company file",
        stages=[onboarding.Stage(key=key, title=title, done=False) for key, title in onboarding.TITLES.items()],
        unfinished=Connection.objects.filter(dry_run=True).order_by("name")[:20],
        given=given,
        problem=problem,
        zones=sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
    )


def go_on(request: HttpRequest, name: str) -> HttpResponse:
    """Go to the first stage that is not done."""
    row = connections.named(name)
    return back_to("onboarding-stage", name, onboarding.next_stage(onboarding.stages(current().surroundings, row)))


def stage(request: HttpRequest, name: str, stage: str) -> HttpResponse:
    """Show one stage, or take what was sent on it."""
    if stage not in _SHOWN:
        return nowhere(request)
    row = connections.named(name)
    problem = ""
    if request.method == "POST":
        try:
            taken = _TAKEN[stage](request, row) if stage in _TAKEN else None
        except NeedsOperator as cannot:
            problem, row = str(cannot), connections.named(name)
        else:
            return taken or back_to("onboarding-stage", name, stage)
    found = onboarding.stages(current().surroundings, row)
    place = [one.key for one in found].index(stage)
    return page(
        request,
        f"onboarding_{stage}.html",
        status=400 if problem else 200,
        connection=row,
        title=_PAGE_TITLES[stage],
        stages=found,
        here_stage=stage,
        done=found[place].done,
        following=found[place + 1] if place + 1 < len(found) else None,
        problem=problem,
        **_SHOWN[stage](request, row),
    )


_PAGE_TITLES = {
    "basware": "Connect Basware",
    "quickbooks": "Connect QuickBooks",
    "company": "Is it the right company file?",
    "lists": "The lists of QuickBooks",
    "mapping": "What Basware's codes mean",
    "trial": "Dry run",
    "live": "Go live",
}

# What each page shows.


def _basware(request: HttpRequest, row: Connection) -> dict[str, Any]:
    given = {
        "base_url": row.base_url,
        "token_url": "" if row.token_url == f"{row.base_url}/v1/tokens" else row.token_url,
    }
    return {"given": given, "back": "stage"} | shown_check(request, row)


def shown_check(request: HttpRequest, row: Connection) -> dict[str, Any]:
    """Return what the template of the check shows; it is running if it was begun and can go on."""
    check = health.latest(current().surroundings, row)
    return {
        "check": check,
        "running": bool(check.next_name) and (bool(check.steps) or "test" in request.GET),
        "failed": any(not step.ok for step in check.steps),
    }


def _quickbooks(request: HttpRequest, row: Connection) -> dict[str, Any]:
    own_url, problem = current().config.own_url, ""
    try:
        connections.qwc_file(row, own_url)
    except ConnectorError as cannot:
        problem = str(cannot)
    return {"heard": onboarding.waits_for_quickbooks(row), "own_url": own_url, "qwc_problem": problem}


def _company(request: HttpRequest, row: Connection) -> dict[str, Any]:
    return {"company_codes": company_codes(row)}


def _lists(request: HttpRequest, row: Connection) -> dict[str, Any]:
    found = {ListKind(kind["kind"]): kind for kind in list_standing(row)["kinds"]}
    kinds = [
        {"words": words, "entries": found[kind]["entries"], "basware": _in_basware(row, found[kind])}
        for kind, (words, _, _) in list_desk.LIST_WORDS.items()
        if kind in found
    ]
    return {"kinds": kinds, "duty": Duty.objects.get(connection=row, name=duties.LISTS)}


def _in_basware(row: Connection, counted: Mapping[str, Any]) -> str:
    if row.dry_run:
        return "none yet"
    words = f"{counted['accepted']} accepted"
    return words + (f", {counted['refused']} refused" if counted["refused"] else "")


def _mapping(request: HttpRequest, row: Connection) -> dict[str, Any]:
    codes = onboarding.codes(row)[:50]
    kinds = {code.kind for code in codes}
    return {
        "codes": [
            {"code": code, "hint": "Account number or name" if code.kind == "account" else "Name"} for code in codes
        ],
        "choices": {kind: first_entries(row, ListKind(kind), 300) for kind in kinds},
        "optional": ("class", "customer", "terms"),
        "tried": bool(dry_run.counts(row)),
    }


def _live(request: HttpRequest, row: Connection) -> dict[str, Any]:
    found = onboarding.stages(current().surroundings, row)
    return {"ready": all(stage.done for stage in found if stage.key in {"basware", "quickbooks", "company", "lists"})}


_SHOWN: Mapping[str, Callable[[HttpRequest, Connection], dict[str, Any]]] = {
    "basware": _basware,
    "quickbooks": _quickbooks,
    "company": _company,
    "lists": _lists,
    "mapping": _mapping,
    "trial": shown_trial,
    "live": _live,
}

# What a page takes.


def _take_basware(request: HttpRequest, row: Connection) -> HttpResponse:
    secret = request.POST.get("client_secret", "").strip()
    connections.change(
        current().surroundings,
        row,
        actor(request),
        base_url=request.POST.get("base_url", "").strip() or None,
        token_url=request.POST.get("token_url", "").strip() or None,
        client_id=request.POST.get("client_id", "").strip() or None,
        client_secret=Secret(secret) if secret else None,
    )
    return back_to("onboarding-stage", row.name, "basware", query="test=now")


def _take_company(request: HttpRequest, row: Connection) -> HttpResponse:
    surroundings = current().surroundings
    if request.POST.get("answer") == "yes":
        onboarding.confirm_company(surroundings, row, actor(request))
        return back_to("onboarding-stage", row.name, "lists")
    if request.POST.get("answer") == "no":
        gone = onboarding.reject_company(surroundings, row, actor(request))
        messages.success(request, f"Parted from {gone}. Open the right company file, and click Update Selected.")
    return back_to("onboarding-stage", row.name, "quickbooks")


def _take_mapping(request: HttpRequest, row: Connection) -> HttpResponse:
    kind = mappings.read_kind(request.POST.get("kind", ""))
    code, target = request.POST.get("code", "")[:250], request.POST.get("target", "").strip()[:250]
    words = mappings.set_rule(current().surroundings, row, kind, code, target, actor(request))
    current().wake_engine()
    messages.success(request, f"{words} Its invoices are tried again at once.")
    return back_to("onboarding-stage", row.name, "mapping")


_TAKEN: Mapping[str, Callable[[HttpRequest, Connection], HttpResponse]] = {
    "basware": _take_basware,
    "company": _take_company,
    "mapping": _take_mapping,
}

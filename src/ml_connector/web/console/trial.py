"""The dry run of a connection, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.causes import cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import Fault
from ml_connector.flows import connections, dry_run, onboarding
from ml_connector.flows.side_by_side import side_by_side
from ml_connector.store.models import Connection
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current

_PAGE = 10


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show what would become of each invoice."""
    row = connections.named(name)
    return page(request, "trial.html", connection=row, **shown_trial(request, row))


def shown_trial(request: HttpRequest, row: Connection) -> dict[str, Any]:
    """Return what the page of a dry run shows: one verdict, one page of invoices."""
    sums = dry_run.sums(row)
    only = request.GET.get("only", "")
    if only not in dry_run.VERDICT_WORDS:
        only = next((one.verdict for one in sums if one.count), "post")
    after = cursor(request, "after") or 0
    found = dry_run.tried(row, only, after=after, limit=_PAGE + 1)
    return {
        "sums": sums,
        "sums_all": any(one.count for one in sums),
        "only": only,
        "lines": [
            {
                "document": one.document,
                "whys": _whys(one.faults),
                "txn_id": one.txn_id,
                "sides": side_by_side(one.document),
            }
            for one in found[:_PAGE]
        ],
        "older": found[_PAGE - 1].document.pk if len(found) > _PAGE else None,
        "first": bool(after),
    }


def _whys(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Say why an invoice would be held, and what a person does about it here."""
    return [{"says": f.says, "do": cause_of(f.code).do, "maps": f.code in onboarding.MAPPABLE} for f in faults]


def again(request: HttpRequest, name: str) -> HttpResponse:
    """Have both systems looked at again."""
    row = connections.named(name)
    dry_run.look_again(current().surroundings, row, actor(request))
    current().wake_engine()
    messages.success(request, "Basware is asked at once, and QuickBooks when the Web Connector calls next.")
    stage = request.POST.get("back", "")
    return back_to("onboarding-stage", name, stage) if stage in {"mapping", "trial"} else back_to("trial", name)


def go_live(request: HttpRequest, name: str) -> HttpResponse:
    """Say what will happen, and end the dry run once the company file's name was typed."""
    row = connections.named(name)
    typed, problem = request.POST.get("company", "")[:100], ""
    if request.method == "POST":
        try:
            sentence = dry_run.go_live(current().surroundings, row, typed, actor(request))
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            current().wake_engine()
            messages.success(request, sentence)
            return back_to("onboarding-stage", name, "live")
    sums = [one for one in dry_run.sums(row) if one.count]
    status = 400 if problem else 200
    return page(request, "go_live.html", status=status, connection=row, sums=sums, typed=typed, problem=problem)

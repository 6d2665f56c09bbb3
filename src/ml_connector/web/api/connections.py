"""Connections: made, looked at, tested, changed, paused, tried in a dry run, and taken live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import Fault
from ml_connector.core.scopes import Scope
from ml_connector.core.secret import Secret
from ml_connector.flows import connections, dry_run, health, onboarding, reposting
from ml_connector.flows.side_by_side import side_by_side
from ml_connector.flows.standing import details, standings
from ml_connector.flows.story import summary
from ml_connector.flows.surroundings import settings_of
from ml_connector.store.cents import from_cents
from ml_connector.web.api.guard import actor, rule, surroundings
from ml_connector.web.api.shapes import common
from ml_connector.web.api.shapes import connections as shapes
from ml_connector.web.running import current

router = Router(tags=["Connections"])

_PAGE = 20


@router.get("/connections", response=list[shapes.Standing], **rule(Scope.READ, "connections"))
def show_all(request: HttpRequest) -> list[dict[str, Any]]:
    """Every connection at a glance."""
    return [found.as_dict() for found in standings(surroundings().clock())]


@router.post("/connections", response=shapes.ConnectionMade, **rule(Scope.CONNECTIONS, "onboarding"))
def add(request: HttpRequest, body: shapes.ConnectionIn) -> dict[str, Any]:
    """Make a connection, in dry run. The answer holds the Web Connector's password, this once."""
    made, password = connections.add(
        surroundings(),
        body.name,
        base_url=body.base_url,
        token_url=body.token_url,
        codes=body.company_codes,
        client_id=body.client_id,
        client_secret=Secret(body.client_secret),
        password=None,
        settings=body.settings,
        actor=actor(request),
        dry_run=True,
    )
    current().wake_engine()
    return {"name": made.name, "web_connector_user": made.qb_user, "password": password.open()}


@router.get("/connections/{slug:name}", response=shapes.Connection, **rule(Scope.READ, "connection-health"))
def show(request: HttpRequest, name: str) -> dict[str, Any]:
    """One connection with everything about it, secrets apart."""
    return details(connections.named(name), surroundings().clock())


@router.patch(
    "/connections/{slug:name}",
    response=shapes.Changed,
    **rule(Scope.CONNECTIONS, "connection-settings", "client-secret"),
)
def change(request: HttpRequest, name: str, body: shapes.ConnectionChange) -> dict[str, Any]:
    """Change what is named, and nothing else."""
    done = connections.change(
        surroundings(),
        connections.named(name),
        actor(request),
        base_url=body.base_url,
        token_url=body.token_url,
        client_id=body.client_id,
        client_secret=Secret(body.client_secret) if body.client_secret is not None else None,
        settings=body.settings,
    )
    current().wake_engine()
    return {"changed": list(done)}


@router.post("/connections/{slug:name}/pause", response=common.Said, **rule(Scope.CONNECTIONS, "pause"))
def pause(request: HttpRequest, name: str, body: shapes.OptionalReason) -> dict[str, Any]:
    """Stop all work of a connection until it is resumed."""
    connections.pause(surroundings(), connections.named(name), body.reason.strip(), actor(request))
    return {"said": "The connection is paused. What was handed to QuickBooks still comes to its end."}


@router.post("/connections/{slug:name}/resume", response=common.Said, **rule(Scope.CONNECTIONS, "pause"))
def resume(request: HttpRequest, name: str) -> dict[str, Any]:
    """Go on with a paused connection."""
    connections.resume(surroundings(), connections.named(name), actor(request))
    current().wake_engine()
    return {"said": "The connection goes on; everything is due at once."}


@router.get("/connections/{slug:name}/check", response=shapes.Steps, **rule(Scope.READ, "connection-health"))
def latest_check(request: HttpRequest, name: str) -> dict[str, Any]:
    """The latest check of Basware."""
    return _steps(health.latest(surroundings(), connections.named(name)))


@router.post("/connections/{slug:name}/check", response=shapes.Steps, **rule(Scope.CONNECTIONS, "check"))
def check(request: HttpRequest, name: str) -> dict[str, Any]:
    """Try Basware: name, line, token, scopes, list call, each with its time."""
    row = connections.named(name)
    health.check(surroundings(), row)
    return _steps(health.latest(surroundings(), row))


def _steps(found: health.Check) -> dict[str, Any]:
    return {"ok": found.ok, "steps": [step.as_dict() for step in found.steps], "left": list(found.left)}


@router.get("/connections/{slug:name}/qwc", **rule(Scope.CONNECTIONS, "qwc", file="application/octet-stream"))
def qwc(request: HttpRequest, name: str) -> HttpResponse:
    """The .qwc file that is opened on the QuickBooks machine."""
    content = connections.qwc_file(connections.named(name), current().config.own_url)
    return HttpResponse(content, content_type="application/octet-stream")


@router.post(
    "/connections/{slug:name}/password", response=shapes.NewPassword, **rule(Scope.CONNECTIONS, "new-password")
)
def new_password(request: HttpRequest, name: str) -> dict[str, Any]:
    """Draw a new password for the Web Connector; the present one is taken until the new one was used."""
    row, now = connections.named(name), surroundings().clock()
    secret = connections.new_password(surroundings(), row, actor(request))
    until = now + timedelta(seconds=settings_of(row).password_overlap_s)
    return {"web_connector_user": row.qb_user, "password": secret.open(), "earlier_until": until.isoformat()}


@router.get(
    "/connections/{slug:name}/onboarding", response=shapes.Onboarding, **rule(Scope.CONNECTIONS, "onboarding-next")
)
def stages(request: HttpRequest, name: str) -> dict[str, Any]:
    """Which stages of the setup are done, and which is next."""
    row = connections.named(name)
    found = onboarding.stages(surroundings(), row)
    return {
        "stages": [{"key": one.key, "title": one.title, "done": one.done} for one in found],
        "next": onboarding.next_stage(found),
        "waits_for": onboarding.waits_for_quickbooks(row),
    }


@router.post("/connections/{slug:name}/company", response=common.Said, **rule(Scope.CONNECTIONS, "onboarding-stage"))
def company(request: HttpRequest, name: str, body: shapes.RightCompany) -> dict[str, Any]:
    """Say whether the company file that answered is the right one; if not, all that was read from it is forgotten."""
    row = connections.named(name)
    if body.right:
        onboarding.confirm_company(surroundings(), row, actor(request))
        return {"said": f"{row.company_name} is the right company file."}
    return {"said": f"Parted from {onboarding.reject_company(surroundings(), row, actor(request))}."}


@router.get("/connections/{slug:name}/trial", response=shapes.Trial, **rule(Scope.READ, "trial"))
def trial(request: HttpRequest, name: str, verdict: str = "post", after: int = 0) -> dict[str, Any]:
    """What would become of each invoice; `verdict` is post, link, held or unlooked."""
    row = connections.named(name)
    if verdict not in dry_run.VERDICT_WORDS:
        raise NeedsOperator(f"There is no verdict {verdict!r}; the verdicts are: {', '.join(dry_run.VERDICT_WORDS)}.")
    found = dry_run.tried(row, verdict, after=after, limit=_PAGE + 1)
    return {
        "verdicts": [
            {
                "verdict": one.verdict,
                "words": one.words,
                "says": one.says,
                "documents": one.count,
                "sums": [
                    {"currency": sum_.currency, "amount": f"{from_cents(sum_.gross_cents):.2f}"} for sum_ in one.money
                ],
            }
            for one in dry_run.sums(row)
        ],
        "documents": [
            summary(one.document)
            | {
                "verdict": one.verdict,
                "would_link_to": one.txn_id,
                "held_by": [_fault(fault) for fault in one.faults],
                "sides": side_by_side(one.document).as_dict(),
            }
            for one in found[:_PAGE]
        ],
        "after": found[_PAGE - 1].document.pk if len(found) > _PAGE else None,
    }


def _fault(fault: Fault) -> dict[str, str]:
    return {"code": fault.code, "says": fault.says, "do": fault.do}


@router.post("/connections/{slug:name}/trial/again", response=common.Said, **rule(Scope.WORK, "trial-again"))
def again(request: HttpRequest, name: str) -> dict[str, Any]:
    """Have both systems looked at again."""
    dry_run.look_again(surroundings(), connections.named(name), actor(request))
    current().wake_engine()
    return {"said": "Basware is asked at once, and QuickBooks when the Web Connector calls next."}


@router.post("/connections/{slug:name}/live", response=common.Said, **rule(Scope.CONNECTIONS, "go-live"))
def go_live(request: HttpRequest, name: str, body: shapes.GoLive) -> dict[str, Any]:
    """End the dry run: from now on Bills are entered."""
    sentence = dry_run.go_live(surroundings(), connections.named(name), body.company, actor(request))
    current().wake_engine()
    return {"said": sentence}


@router.post("/connections/{slug:name}/dry-run", response=common.Said, **rule(Scope.CONNECTIONS, "dry-run"))
def back_to_dry_run(request: HttpRequest, name: str) -> dict[str, Any]:
    """Begin a dry run: nothing is written to either system."""
    dry_run.begin(surroundings(), connections.named(name), actor(request))
    return {"said": "The connection is in dry run: nothing is written to either system."}


@router.get("/connections/{slug:name}/restored", response=shapes.Lost, **rule(Scope.READ, "restored"))
def lost(request: HttpRequest, name: str) -> dict[str, Any]:
    """What a company file that was put back to an older copy lost, and why nothing is written."""
    return reposting.what_is_lost(connections.named(name))


@router.post("/connections/{slug:name}/restored", response=common.Said, **rule(Scope.CONNECTIONS, "restored"))
def after_restore(request: HttpRequest, name: str, body: shapes.AfterRestore) -> dict[str, Any]:
    """Have writing go on, with what was lost entered again or not."""
    row = connections.named(name)
    if body.documents != (count := len(reposting.lost(row))):
        raise NeedsOperator(f"{count} documents are lost, not {body.documents}; look at them, and decide then.")
    sentence = reposting.decide(surroundings(), row, actor(request), repost=body.repost)
    current().wake_engine()
    return {"said": sentence}

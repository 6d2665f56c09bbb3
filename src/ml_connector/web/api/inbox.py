"""The error inbox, and replays of many documents at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope
from ml_connector.flows import inbox, replay, replaying
from ml_connector.flows.story import summary
from ml_connector.store import replay_questions
from ml_connector.store.models import Replay
from ml_connector.web.api.guard import actor, person, rule, surroundings
from ml_connector.web.api.shapes import inbox as shapes
from ml_connector.web.running import current

router = Router(tags=["Error inbox and replay"])

_PAGE = 50


@router.get("/inbox", response=shapes.Inbox, **rule(Scope.READ, "inbox"))
def show(request: HttpRequest, connection: str = "", view: str = inbox.OPEN) -> dict[str, Any]:
    """What is held up, by cause. `view` is open, assigned or mine."""
    name = person(request).name
    found = inbox.groups(connection, view=view, person=name)
    return {"counts": inbox.counts(connection, name), "groups": [group.as_dict() for group in found]}


@router.get("/inbox/resolved", response=shapes.SolvedPage, **rule(Scope.READ, "inbox"))
def resolved(request: HttpRequest, connection: str = "", before: str = "") -> dict[str, Any]:
    """What left the inbox, the latest first."""
    found, following = inbox.resolved(connection, before)
    return {
        "documents": [
            {
                "id": one.document.pk,
                "invoice_number": one.document.invoice_number,
                "supplier_name": one.document.supplier_name,
                "was": one.was.code,
                "state_words": one.words,
                "resolved_at": one.document.resolved_at.isoformat() if one.document.resolved_at else None,
            }
            for one in found
        ],
        "before": following,
    }


@router.get("/inbox/{cause}", response=shapes.OpenedGroup, **rule(Scope.READ, "inbox-group"))
def group(
    request: HttpRequest,
    cause: str,
    connection: str = "",
    view: str = inbox.OPEN,
    before: int | None = None,
    after: int | None = None,
) -> dict[str, Any]:
    """The documents that one cause holds up, the newest first."""
    of = inbox.whose(connection, view=view, person=person(request).name)
    found = inbox.opened(cause, of, before=before, after=after)
    if found is None:
        raise NeedsOperator(f"Nothing is held up by {cause}.")
    return {
        "group": found.group.as_dict(),
        "documents": [summary(line.document) | {"says": line.says} for line in found.lines],
        "newer": found.newer,
        "older": found.older,
    }


@router.get("/replays", response=shapes.Replays, **rule(Scope.READ, "replay"))
def latest(request: HttpRequest, before: int | None = None) -> dict[str, Any]:
    """What was run, the latest first."""
    found, following = replay.latest(before)
    return {"replays": [replaying.as_dict(row) for row in found], "before": following}


@router.post("/replays", response=shapes.Replay, **rule(Scope.WORK, "plan"))
def plan(request: HttpRequest, body: shapes.Choice) -> dict[str, Any]:
    """Work out what an act would do to each document; nothing is done."""
    choice = replay.Choice(**body.dict(exclude={"numbers"}), numbers=tuple(body.numbers), person=person(request).name)
    return replaying.as_dict(replay.plan(surroundings(), choice, actor(request)))


@router.get("/replays/{int:number}", response=shapes.Replay, **rule(Scope.READ, "replay-plan"))
def show_plan(request: HttpRequest, number: int) -> dict[str, Any]:
    """A plan, and what became of it."""
    return replaying.as_dict(replay.named(number))


@router.post("/replays/{int:number}/run", response=shapes.ReplayDone, **rule(Scope.WORK, "run"))
def run(request: HttpRequest, number: int, body: shapes.Run) -> dict[str, Any]:
    """Carry a plan out, or ask for approval where the connection wants a second person."""
    row = replay.named(number)
    who = actor(request)
    return _done(row, replaying.run(surroundings(), row, who, typed=str(body.documents), words=body.words))


@router.post("/replays/{int:number}/decide", response=shapes.ReplayDone, **rule(Scope.WORK, "decide"))
def decide(request: HttpRequest, number: int, body: shapes.Decision) -> dict[str, Any]:
    """Approve or refuse what another person wants."""
    row = replay.named(number)
    act = replaying.approve if body.approve else replaying.refuse
    return _done(row, act(surroundings(), row, actor(request)))


# After `run` and `decide`, which an outcome would stand for as well.
@router.get("/replays/{int:number}/{outcome}", response=shapes.PartDocuments, **rule(Scope.READ, "replay-part"))
def part(request: HttpRequest, number: int, outcome: str, code: str = "", after: int = 0) -> dict[str, Any]:
    """The documents of one part of a plan."""
    lines = replay.lines_of(replay.named(number))
    numbers = sorted(
        line.number for line in lines if (line.outcome, line.code) == (outcome, code) and line.number > after
    )
    found = replay_questions.as_they_are(numbers[:_PAGE])
    return {
        "documents": [summary(found[one]) for one in numbers[:_PAGE]],
        "after": numbers[_PAGE - 1] if len(numbers) > _PAGE else None,
    }


def _done(row: Replay, sentence: str) -> dict[str, Any]:
    current().wake_engine()
    row.refresh_from_db()
    return replaying.as_dict(row) | {"said": sentence}

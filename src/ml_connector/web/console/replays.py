"""Replay: choose documents, look at the plan, confirm it, and see what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import inbox, people, replay, replaying
from ml_connector.flows.second_person import is_one_of
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import replay_questions
from ml_connector.store.models import Connection, Replay
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import actor, person
from ml_connector.web.running import current

_SHOWN = 50  # documents of one part on a page
_FIELDS = ("act", "cause", "connection", "q", "since", "until", "waits_kind", "waits_code")


def show(request: HttpRequest) -> HttpResponse:
    """Show the form that chooses documents, and what was run before."""
    return _form(request, {name: request.GET.get(name, "") for name in _FIELDS}, "")


def _form(request: HttpRequest, given: dict[str, str], problem: str) -> HttpResponse:
    listed, older = replay.latest(cursor(request, "before"))
    return page(
        request,
        "replay.html",
        status=400 if problem else 200,
        problem=problem,
        given=given,
        verbs=replay.VERBS.items(),
        most=f"{replay.MOST:,}",
        groups=inbox.groups(),
        connections=Connection.objects.order_by("name").values_list("name", flat=True),
        listed=[{"row": row, "verb": replay.VERBS[row.act], "count": len(replay.running_lines(row))} for row in listed],
        older=older,
    )


def plan(request: HttpRequest) -> HttpResponse:
    """Work a plan out, and lead to it."""
    given = {name: " ".join(request.POST.get(name, "").split())[:250] for name in _FIELDS}
    numbers = tuple(int(text) for text in request.POST.getlist("number") if text.isdigit() and len(text) < 19)
    if "ticked" in request.POST and not numbers:
        raise NeedsOperator("No document is ticked. Go back and tick those that you mean, or take all of the group.")
    view = request.POST.get("view", inbox.OPEN)
    choice = replay.Choice(
        **{name: value for name, value in given.items() if value or name != "act"},
        numbers=numbers if "ticked" in request.POST else (),
        view=view if view in {inbox.ASSIGNED, inbox.MINE} else inbox.OPEN,
        person=person(request).name,
    )
    try:
        made = replay.plan(current().surroundings, choice, actor(request))
    except NeedsOperator as refused:
        return _form(request, given, str(refused))
    return back_to("replay-plan", made.pk)


def _found(number: int) -> Replay | None:
    return Replay.objects.filter(pk=number).first()


def show_plan(request: HttpRequest, replay_no: int) -> HttpResponse:
    """Show a plan: what will happen, or what became of it."""
    row = _found(replay_no)
    return nowhere(request) if row is None else _plan_page(request, row, "")


def _plan_page(request: HttpRequest, row: Replay, problem: str) -> HttpResponse:
    running = replay.running_lines(row)
    me = actor(request)
    return page(
        request,
        "replay_plan.html",
        status=409 if problem else 200,
        problem=problem,
        row=row,
        verb=replay.VERBS[row.act],
        asked=replay.choice_of(row).in_words(),
        count=len(running),
        money=replay.sums(running),
        parts=replay.parts(row),
        remarks=replay.remarks(row) if row.stage in {Replay.Stage.PLANNED, Replay.Stage.ASKED} else (),
        second=row.stage == Replay.Stage.PLANNED and replay.needs_second_person(row),
        own=is_one_of(me, row.made_by, row.wanted_by),
        people=people.all_acting() if row.act == "assign" and row.stage == Replay.Stage.PLANNED else (),
        given=request.POST.get("words", ""),
        now_at=replaying.where_now(row) if row.begun_at else (),
        left_out=row.left_out[:_SHOWN],
        left_more=max(len(row.left_out) - _SHOWN, 0),
        done=len(running) - len(row.left_out),
    )


def part(request: HttpRequest, replay_no: int, outcome: str) -> HttpResponse:
    """Show the documents of one part of a plan."""
    row = _found(replay_no)
    if row is None:
        return nowhere(request)
    code = request.GET.get("code", "")
    found = next((p for p in replay.parts(row) if (p.outcome.value, p.code) == (outcome, code)), None)
    if found is None:
        return nowhere(request)
    after = cursor(request, "after") or 0
    own = [line for line in replay.lines_of(row) if (line.outcome, line.code) == (outcome, code)]
    shown = sorted(line.number for line in own if line.number > after)
    documents = replay_questions.as_they_are(shown[:_SHOWN])
    lines = [{"document": documents[n], "zone": zone_of(documents[n].connection)} for n in shown[:_SHOWN]]
    return page(
        request,
        "replay_part.html",
        row=row,
        verb=replay.VERBS[row.act],
        part=found,
        lines=lines,
        after=shown[_SHOWN - 1] if len(shown) > _SHOWN else None,
    )


def run(request: HttpRequest, replay_no: int) -> HttpResponse:
    """Carry a plan out, once the number of documents was typed."""
    return _decided(
        request,
        replay_no,
        lambda row, who: replaying.run(
            current().surroundings, row, who, typed=request.POST.get("typed", ""), words=request.POST.get("words", "")
        ),
    )


def decide(request: HttpRequest, replay_no: int) -> HttpResponse:
    """Approve or refuse what another person wants."""
    act = replaying.approve if request.POST.get("decision") == "approve" else replaying.refuse
    return _decided(request, replay_no, lambda row, who: act(current().surroundings, row, who))


def _decided(request: HttpRequest, number: int, do: Any) -> HttpResponse:
    row = _found(number)
    if row is None:
        return nowhere(request)
    try:
        messages.success(request, do(row, actor(request)))
    except NeedsOperator as refused:
        return _plan_page(request, row, str(refused))
    current().wake_engine()
    return back_to("replay-plan", number)

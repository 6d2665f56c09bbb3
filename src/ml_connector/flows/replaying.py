"""Running a replay: confirmed with the number of documents, approved where it must be, and carried out as it was planned.

A document that is no longer in the state in which it was planned is left out, and named. Documents are worked on in
portions, one transaction each; if the process dies, the rest can be run, and nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from ml_connector.core.causes import cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import WORDS, State
from ml_connector.flows import operator, people
from ml_connector.flows.replay import RUNS, VERBS, Line, lines_of, needs_second_person, parts, running_lines, sums
from ml_connector.flows.second_person import is_one_of
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import replay_questions as replays
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.models import Replay

_PORTION = 100
_NEEDS = {"skip": "a reason", "give-up": "a reason", "note": "a note", "assign": ""}


def run(surroundings: Surroundings, row: Replay, actor: str, *, typed: str, words: str = "") -> str:
    """Carry a plan out, or ask a second person to approve it where the connection wants that; return what happened.

    `typed` must be the number of documents on which it is carried out; `words` is the reason, the note or the person.

    Raises:
        NeedsOperator: it was run already, the number is another one, or the words are missing.
    """
    expected = len(running_lines(row))
    if row.stage == Replay.Stage.RUNNING:
        return _work(surroundings, row.pk, actor)
    if row.stage != Replay.Stage.PLANNED:
        raise NeedsOperator(f"Replay {row.pk} was {_STAGES[row.stage]} already; make a new plan.")
    if not expected:
        raise NeedsOperator("There is nothing to do: the plan leaves every document as it is.")
    if typed.strip() != str(expected):
        raise NeedsOperator(f"Type {expected}, the number of documents, to confirm; nothing was done.")
    words = _checked(row.act, words)
    wait = needs_second_person(row)
    stage = Replay.Stage.ASKED if wait else Replay.Stage.RUNNING
    with transaction.atomic():
        _step(row, Replay.Stage.PLANNED, stage=stage, words=words, wanted_by=actor[:80])
        if wait:
            _note_everywhere(surroundings, row, actor, "replay_asked", "A second person must approve it.")
    if wait:
        return "It comes to more than one person may move, so a second person must approve it. Nothing was done yet."
    return _work(surroundings, row.pk, actor)


_STAGES = {"asked": "put up for approval", "refused": "refused", "done": "run", "running": "begun"}


def approve(surroundings: Surroundings, row: Replay, actor: str) -> str:
    """Approve a replay that another person wants, and carry it out.

    Raises:
        NeedsOperator: it does not wait for approval, or the same person wants it.
    """
    _check_second_person(row, actor)
    decided = {"decided_by": actor[:80], "decided_at": surroundings.clock()}
    _step(row, Replay.Stage.ASKED, stage=Replay.Stage.RUNNING, **decided)
    return _work(surroundings, row.pk, actor)


def refuse(surroundings: Surroundings, row: Replay, actor: str) -> str:
    """Refuse a replay that another person wants; nothing is done.

    Raises:
        NeedsOperator: it does not wait for approval, or the same person wants it.
    """
    _check_second_person(row, actor)
    decided = {"decided_by": actor[:80], "decided_at": surroundings.clock()}
    with transaction.atomic():
        _step(row, Replay.Stage.ASKED, stage=Replay.Stage.REFUSED, **decided)
        _note_everywhere(surroundings, row, actor, "replay_refused", "Refused; nothing was done.")
    return "Refused; nothing was done."


def _check_second_person(row: Replay, actor: str) -> None:
    if row.stage != Replay.Stage.ASKED:
        raise NeedsOperator(f"Replay {row.pk} does not wait for approval.")
    if is_one_of(actor, row.made_by, row.wanted_by):
        raise NeedsOperator("Whoever wants a replay cannot approve or refuse it; another person must.")


def _step(row: Replay, before: Replay.Stage, **changes: object) -> None:
    """Change the stage, unless somebody else did at the same moment."""
    if not Replay.objects.filter(pk=row.pk, stage=before).update(**changes):
        raise NeedsOperator(f"Somebody else decided on replay {row.pk} at the same moment; look at it again.")
    row.refresh_from_db()


def _checked(act: str, words: str) -> str:
    clean = " ".join(words.split())
    if act == "assign" and clean:
        return people.acting(clean).name
    if not clean and _NEEDS.get(act):
        raise NeedsOperator(f"Give {_NEEDS[act]}; whoever looks later needs it.")
    limit = 1000 if act == "note" else 250
    if len(clean) > limit:
        raise NeedsOperator(f"There are {len(clean)} characters; {limit} are the most.")
    return clean


def _work(surroundings: Surroundings, number: int, actor: str) -> str:
    row = Replay.objects.get(pk=number)
    lines = lines_of(row)
    if row.begun_at is None:
        Replay.objects.filter(pk=number).update(begun_at=surroundings.clock())
    while row.worked < len(lines):
        portion = lines[row.worked : row.worked + _PORTION]
        portion = [line for line in portion if line.connection == portion[0].connection]
        now = surroundings.clock()
        with writing(portion[0].connection, now, actor) as ledger:
            row = Replay.objects.select_for_update().get(pk=number)
            if row.stage != Replay.Stage.RUNNING or lines[row.worked : row.worked + 1] != portion[:1]:
                continue  # somebody else runs it too, and is ahead
            if row.worked == 0 or lines[row.worked - 1].connection != portion[0].connection:
                ledger.note(Entry(event="replay", words=in_words(row, portion[0].connection)))
            row.left_out = [*row.left_out, *_act_on(ledger, row, portion)]
            row.worked += len(portion)
            if row.worked == len(lines):
                row.stage, row.ended_at = Replay.Stage.DONE, now
            row.save(update_fields=["left_out", "worked", "stage", "ended_at"])
    done = len(running_lines(row)) - len(row.left_out)
    left = f" Left as it is, because it had moved on meanwhile: {_counted(len(row.left_out))}." if row.left_out else ""
    return f"Done for {_counted(done)}.{left}"


def _act_on(ledger: Ledger, row: Replay, portion: Sequence[Line]) -> list[tuple[int, str]]:
    """Carry the act out; return what was left out, and why."""
    left: list[tuple[int, str]] = []
    wanted = [line for line in portion if line.outcome in RUNS]
    found = replays.as_they_are([line.number for line in wanted])
    for line in wanted:
        document = found[line.number]
        if document.state != line.state:
            left.append((line.number, f"It was {WORDS[State(line.state)]}, and is {WORDS[State(document.state)]} now."))
            continue
        try:
            operator.act_in(ledger, document, row.act, row.words)
        except NeedsOperator as refused:
            left.append((line.number, str(refused)))
    return left


def _note_everywhere(surroundings: Surroundings, row: Replay, actor: str, event: str, words: str) -> None:
    """Note something in the audit trail of every connection that a plan is about."""
    for owner in sorted({line.connection for line in running_lines(row)}):
        with writing(owner, surroundings.clock(), actor) as ledger:
            ledger.note(Entry(event=event, words=f"{words} {in_words(row, owner)}"))


def in_words(row: Replay, connection: int) -> str:
    """Write the plan for one connection as the audit trail keeps it: what is done to which documents, and what is not."""
    own = [line for line in lines_of(row) if line.connection == connection]
    running = [line for line in own if line.outcome in RUNS]
    money = ", ".join(f"{entry.amount:,.2f} {entry.currency}".strip() for entry in sums(running))
    said = f"Replay {row.pk}, {VERBS[row.act].lower()}: {_counted(len(running))}"
    said += f" over {money}" if money else ""
    said += f", wanted by {row.wanted_by}" if row.wanted_by else ""
    said += f", approved by {row.decided_by}" if row.decided_by and row.stage != Replay.Stage.REFUSED else ""
    said += f" ({row.words})" if row.words else ""
    left: dict[tuple[str, str], int] = {}
    for line in own:
        if line.outcome not in RUNS:
            left[line.outcome, line.code] = left.get((line.outcome, line.code), 0) + 1
    said += "." + "".join(f" Left out: {count} {_why(outcome, code)}." for (outcome, code), count in left.items())
    return f"{said} Documents: {', '.join(str(line.number) for line in running) or 'none'}."


def _why(outcome: str, code: str) -> str:
    return {
        "blocked": f"stay held up ({code})", "posted": "are in QuickBooks already", "unknown": "have an unknown outcome",
        "under_way": "go on by themselves", "impossible": f"are {code}",
    }[outcome]  # fmt: skip


def _counted(count: int) -> str:
    return "1 document" if count == 1 else f"{count} documents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """How many of a replay's documents are where, at this moment."""

    words: str
    count: int


def where_now(row: Replay) -> Sequence[Now]:
    """Return where the documents are on which a replay was carried out, the most first."""
    counted: dict[str, int] = {}
    for (state, cause), count in replays.where_now([line.number for line in running_lines(row)]).items():
        words = cause_of(cause).words if cause else WORDS[State(state)]
        counted[words] = counted.get(words, 0) + count
    return [Now(words=words, count=count) for words, count in sorted(counted.items(), key=lambda pair: -pair[1])]


def as_dict(row: Replay) -> dict[str, object]:
    """Return a replay as plain values, for scripts."""
    return {
        "id": row.pk,
        "act": row.act,
        "stage": row.stage,
        "made_by": row.made_by,
        "made_at": row.made_at.isoformat(),
        "documents": len(row.lines),
        "would_run": len(running_lines(row)),
        "more": row.more,
        "needs_second_person": needs_second_person(row),
        "parts": [
            {
                "outcome": part.outcome.value,
                "code": part.code,
                "words": part.words,
                "says": part.says,
                "runs": part.runs,
                "documents": part.count,
                "sums": [{"currency": s.currency, "amount": f"{s.amount:.2f}"} for s in part.sums],
            }
            for part in parts(row)
        ],
        "left_out": [{"id": number, "why": why} for number, why in row.left_out],
    }

"""Replay: one act on many documents, planned without writing, so that a person sees what will happen before it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ml_connector.core.causes import Cause, cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import Event, State, can
from ml_connector.flows import connections, inbox, mappings, operator, planning, work_list
from ml_connector.flows.reposting import is_lost
from ml_connector.flows.surroundings import Surroundings, settings_of, zone_of
from ml_connector.store import documents, missing
from ml_connector.store import replay_questions as replays
from ml_connector.store.cents import from_cents
from ml_connector.store.models import Connection, Document, Replay

MOST = 1000  # documents in one plan: it is worked out while a person waits
_KEPT = timedelta(days=7)  # a plan that nobody ran

#: What can be done to many at once, in the words of a button.
VERBS: Mapping[str, str] = {
    "retry": "Try again",
    "skip": "Skip",
    "give-up": "Give up",
    "assign": "Assign",
    "note": "Add a note",
}


class Outcome(StrEnum):
    """What the act would do to a document."""

    GOES = "goes"  #: it is done; a retried one can be entered as the lists and the mapping are now
    ASKS = "asks"  #: somebody else decides: QuickBooks refused or questioned it, or Basware did not wait for it
    TELLS = "tells"  #: it is in QuickBooks; Basware is told again
    BLOCKED = "blocked"  #: stays held up
    POSTED = "posted"  #: is in QuickBooks already
    UNKNOWN = "unknown"  #: may be in QuickBooks; left out until QuickBooks was asked
    UNDER_WAY = "under_way"  #: goes on by itself
    IMPOSSIBLE = "impossible"  #: the act is not possible as it stands


#: The act is carried out on these; all others are left as they are.
RUNS = frozenset({Outcome.GOES, Outcome.ASKS, Outcome.TELLS})


class Line(NamedTuple):
    """One document in a plan, as it is kept in the row."""

    number: int
    connection: int
    outcome: str
    code: str  #: of what holds it up; for ASKS who is asked
    state: str  #: when the plan was made
    currency: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which documents, and what is to be done to them."""

    act: str = "retry"
    numbers: tuple[int, ...] = ()  #: these; empty: all of the error inbox that fit the rest
    cause: str = ""
    connection: str = ""
    view: str = inbox.OPEN
    person: str = ""  #: whose, where the view is Mine
    q: str = ""  #: any number, or a supplier
    since: str = ""  #: first day received, as 2026-03-31
    until: str = ""  #: last day received
    waits_kind: str = ""  #: with `waits_code`: only what waits for this code to be mapped
    waits_code: str = ""

    def in_words(self) -> list[tuple[str, str]]:
        """Return what was asked for, as people read it."""
        if self.numbers:
            return [("Documents", f"{len(self.numbers)} that were ticked")]
        if self.waits_code:
            return [("Connection", self.connection), ("Wait for", f"{self.waits_kind} {self.waits_code}")]
        pairs = [
            ("Cause", cause_of(self.cause).says if self.cause else ""), ("Connection", self.connection), ("Search", self.q),
            ("From", self.since), ("To", self.until),
            ("With", self.person if self.view == inbox.MINE else "anybody" if self.view == inbox.ASSIGNED else ""),
        ]  # fmt: skip
        return [(name, value) for name, value in pairs if value]


def plan(surroundings: Surroundings, choice: Choice, actor: str) -> Replay:
    """Work out what an act would do to each of the documents that are meant, and keep that; nothing else is written.

    At most `MOST` documents, the oldest, go into one plan; the row says if there are more.

    Raises:
        NeedsOperator: no such act, a filter that cannot be understood, or nothing that fits.
    """
    if choice.act not in VERBS:
        raise NeedsOperator(f"There is no act {choice.act!r}; the acts are: {', '.join(VERBS)}.")
    chosen = _chosen(choice)
    if not chosen:
        raise NeedsOperator("No document in the error inbox fits; take a filter away.")
    found = replays.with_invoices(chosen[:MOST])
    now = surroundings.clock()
    replays.forget_unrun(now - _KEPT)
    return Replay.objects.create(
        act=choice.act,
        asked=asdict(choice),
        made_at=now,
        made_by=actor[:80],
        more=len(chosen) > MOST,
        lines=[list(line) for line in _lines(choice.act, found)],
    )


def _chosen(choice: Choice) -> list[int]:
    if choice.numbers:
        return replays.existing(choice.numbers, MOST + 1)
    if choice.waits_code:
        owner = connections.only_one(choice.connection or None)
        kind = mappings.read_kind(choice.waits_kind)
        return missing.documents_of(owner.pk, kind, choice.waits_code, MOST + 1)
    of = inbox.whose(choice.connection, view=choice.view, person=choice.person)
    found = replays.in_inbox(choice.cause, of)
    rows = [connections.named(choice.connection)] if choice.connection else list(Connection.objects.only("pk"))
    zone = zone_of(rows[0]) if choice.connection else ZoneInfo("UTC")
    since, until = work_list.day(choice.since, zone), work_list.day(choice.until, zone)
    return replays.narrowed(
        found, rows, q=choice.q, since=since, until=until + timedelta(days=1) if until else None, limit=MOST + 1
    )


def _lines(act: str, found: Sequence[Document]) -> list[Line]:
    foreseen: dict[int, Sequence[Any]] = {}
    if act == "retry":
        for owner in {document.connection_id: document.connection for document in found}.values():
            planned = [d for d in found if d.connection_id == owner.pk and _is_planned_again(d)]
            foreseen |= {decided.document.pk: decided.faults for decided in planning.decide(owner, planned)}
    lines = []
    for document in found:
        outcome, code = _retried(document, foreseen) if act == "retry" else _done(act, document)
        lines.append(
            Line(
                document.pk, document.connection_id, outcome.value, code, document.state, document.currency,
                document.gross_cents,
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: (line.connection, line.number))


_UNKNOWN = frozenset({State.SENT, State.IN_DOUBT, State.MODIFYING})
_UNDER_WAY = frozenset({State.RECEIVED, State.ACCEPTED, State.PLANNED})


def _is_planned_again(document: Document) -> bool:
    return document.answer_fault is None and document.state in {State.BLOCKED, State.SKIPPED}


def _retried(document: Document, foreseen: Mapping[int, Sequence[Any]]) -> tuple[Outcome, str]:
    """Return what trying again does; it follows `operator.retry`."""
    state = State(document.state)
    if state in _UNKNOWN:
        return Outcome.UNKNOWN, ""
    if state in {State.POSTED, State.GIVEN_UP} or (document.payment_due and state is not State.CHANGED):
        return Outcome.TELLS, ""
    if state in _UNDER_WAY:
        return Outcome.UNDER_WAY, ""
    if state in {State.CONFIRMED, State.PAID}:
        return Outcome.POSTED, ""
    if state is State.CHANGED:
        if is_lost(document):
            return Outcome.ASKS, "lost"
        compared = any(fault["code"] == "MLC-CHANGED-01" for fault in document.faults)
        return (Outcome.ASKS, "compare") if compared else (Outcome.BLOCKED, document.fault_code)
    if not can(state, Event.RETRIED):
        return Outcome.IMPOSSIBLE, state.value
    if operator.basware_did_not_wait(document):
        return Outcome.ASKS, "basware"
    if faults := foreseen.get(document.pk):
        return Outcome.BLOCKED, faults[0].code
    if not documents.may_heal_by_planning(document.faults) or document.txn_id:
        return Outcome.ASKS, "quickbooks"
    return Outcome.GOES, ""


def _done(act: str, document: Document) -> tuple[Outcome, str]:
    if act in {"note", "assign"} or act in operator.possible(document):
        return Outcome.GOES, ""
    state = State(document.state)
    return (Outcome.UNKNOWN, "") if state in _UNKNOWN else (Outcome.IMPOSSIBLE, state.value)


# What a plan says.


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The documents of a plan to which the same thing happens, for the same reason."""

    outcome: Outcome
    code: str
    words: str  #: in two or three words
    says: str
    runs: bool
    cause: Cause | None  #: of those that stay held up
    count: int
    sums: Sequence[inbox.Sum]


def lines_of(row: Replay) -> list[Line]:
    """Return the plan."""
    return [Line(*line) for line in row.lines]


def parts(row: Replay) -> Sequence[Part]:
    """Return the plan by what happens, in the order in which people want to know."""
    by_kind: dict[tuple[str, str], list[Line]] = {}
    for line in lines_of(row):
        by_kind.setdefault((line.outcome, line.code), []).append(line)
    order = list(Outcome)
    return [
        _part(row.act, Outcome(outcome), code, by_kind[outcome, code])
        for outcome, code in sorted(by_kind, key=lambda kind: (order.index(Outcome(kind[0])), -len(by_kind[kind])))
    ]


def _part(act: str, outcome: Outcome, code: str, lines: Sequence[Line]) -> Part:
    held = cause_of(code) if outcome is Outcome.BLOCKED else None
    if outcome is Outcome.GOES:
        says = _GOES[act]
    elif outcome is Outcome.ASKS:
        says = _ASKS[code]
    else:
        says = held.says if held else _SAID[outcome]
    return Part(
        outcome=outcome,
        code=code,
        words="Would be entered" if act == "retry" and outcome is Outcome.GOES else _WORDS[outcome],
        says=says,
        runs=outcome in RUNS,
        cause=held,
        count=len(lines),
        sums=sums(lines),
    )


def sums(lines: Sequence[Line]) -> Sequence[inbox.Sum]:
    """Add lines up by currency."""
    cents: dict[str, int] = {}
    counts: dict[str, int] = {}
    for line in lines:
        cents[line.currency] = cents.get(line.currency, 0) + line.cents
        counts[line.currency] = counts.get(line.currency, 0) + 1
    return [inbox.Sum(currency=c, count=counts[c], amount=from_cents(cents[c])) for c in sorted(cents)]


def running_lines(row: Replay) -> list[Line]:
    """Return the documents on which the act is carried out."""
    return [line for line in lines_of(row) if line.outcome in RUNS]


_WORDS: Mapping[Outcome, str] = {
    Outcome.GOES: "Works",
    Outcome.ASKS: "Asked again",
    Outcome.TELLS: "Told again",
    Outcome.BLOCKED: "Stays held up",
    Outcome.POSTED: "Already posted",
    Outcome.UNKNOWN: "Left out until checked",
    Outcome.UNDER_WAY: "On its way",
    Outcome.IMPOSSIBLE: "Not possible",
}
_GOES: Mapping[str, str] = {
    "retry": "Nothing is in the way any more: planned at once, and sent with the next session of the Web Connector.",
    "skip": "Are taken out of the work. Basware is not told.",
    "give-up": "Basware is told that their transfer failed.",
    "assign": "Are given to the person you choose.",
    "note": "Get the note into their story.",
}
_ASKS: Mapping[str, str] = {
    "quickbooks": "Go to QuickBooks once more, which refused or questioned them before. What is in QuickBooks is found there and"
    " not entered twice.",
    "compare": "Their Bills are compared with the invoices once more.",
    "lost": "Are entered again where QuickBooks does not have them.",
    "basware": "Basware is asked again whether it waits for them.",
}
_SAID: Mapping[Outcome, str] = {
    Outcome.TELLS: "Are in QuickBooks, or given up; Basware is told again.",
    Outcome.POSTED: "Are in QuickBooks already, and Basware knows. Nothing is done.",
    Outcome.UNKNOWN: "May be in QuickBooks: an answer is awaited. Left out until QuickBooks was asked.",
    Outcome.UNDER_WAY: "Go on by themselves already. Nothing is done.",
    Outcome.IMPOSSIBLE: "Cannot be done as they stand. Nothing is done.",
}


def remarks(row: Replay) -> Sequence[str]:
    """Return what else a person should know: connections on which nothing moves."""
    found = []
    for owner in Connection.objects.filter(pk__in={line.connection for line in running_lines(row)}).order_by("name"):
        if owner.paused:
            found.append(f"Connection {owner.name} is paused: what is planned waits until it is resumed.")
        elif owner.dry_run:
            found.append(f"Connection {owner.name} is in dry run: nothing is written to QuickBooks or Basware.")
        elif owner.stop_reason:
            found.append(f"Nothing is written to QuickBooks for {owner.name}: {owner.stop_reason}")
    return found


def needs_second_person(row: Replay) -> bool:
    """Tell whether the act moves more money than one person may move: `replay_approval_above` of a connection."""
    if row.act in {"assign", "note"}:
        return False
    running = running_lines(row)
    for owner in Connection.objects.filter(pk__in={line.connection for line in running}):
        limit = settings_of(owner).replay_approval_above
        own = [line._replace(cents=abs(line.cents)) for line in running if line.connection == owner.pk]
        if limit and any(entry.amount > Decimal(limit) for entry in sums(own)):
            return True
    return False


def choice_of(row: Replay) -> Choice:
    """Return what was asked for."""
    return replace(Choice(**row.asked), numbers=tuple(row.asked["numbers"]))


def named(number: int) -> Replay:
    """Return a replay by its number.

    Raises:
        NeedsOperator: there is none.
    """
    found = Replay.objects.filter(pk=number).first()
    if found is None:
        raise NeedsOperator(f"There is no replay {number}; a plan that nobody ran is forgotten after seven days.")
    return found


def latest(before: int | None = None) -> tuple[Sequence[Replay], int | None]:
    """Return one page of replays, the latest first, and where the next page begins."""
    return replays.page(before)

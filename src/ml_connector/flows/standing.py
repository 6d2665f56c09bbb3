"""How a connection stands: for its list, its page, and the doctor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from ml_connector.core.entry_standing import STANDINGS, EntryStanding
from ml_connector.core.polls import Expectation
from ml_connector.core.states import State
from ml_connector.flows import deadlines, outage, polls, sign_in
from ml_connector.flows.local_time import quiet_end
from ml_connector.flows.story import NOT_TAKEN
from ml_connector.flows.surroundings import company_codes, settings_of
from ml_connector.store import documents, duties, list_pages, work_list
from ml_connector.store.models import Connection, Document, Duty

_WAITING = (
    State.RECEIVED,
    State.ACCEPTED,
    State.PLANNED,
    State.SENT,
    State.IN_DOUBT,
    State.MODIFYING,
    State.POSTED,
    State.GIVEN_UP,
)
_BLOCKED = (State.BLOCKED, State.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One connection at a glance."""

    name: str
    company_name: str  #: empty until the company file has answered
    state: str  #: in plain words
    paused: bool
    dry_run: bool  #: both systems are read, and nothing is written
    pause_reason: str  #: why it is paused; empty if it is not, or nobody said
    last_poll_at: str | None  #: the Web Connector called; None if it never did
    last_success_at: str | None  #: a session ended as it should; None if none ever did
    last_session_note: str  #: what went wrong in the last session; empty if nothing did
    company_path: str  #: last path the Web Connector told
    next_poll_at: str | None  #: when the Web Connector is expected; None if it never called
    missed_polls: int  #: calls of the Web Connector that were expected and did not come
    earlier_password_until: str | None  #: the Web Connector has not used its new password yet; None if it has
    unanswered: int  #: documents that Basware waits to hear of
    first_deadline: str | None  #: the first time at which Basware stops waiting for one; None if it waits for none
    waiting: int  #: documents on their way
    oldest_waiting_at: str | None  #: when the oldest of them was received; None if none is waiting
    blocked: int  #: documents that need a person, those among them of which Basware refused the answer
    problems: tuple[str, ...]  #: sentences of duties that fail, each once, and of answers that Basware refused

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def standings(now: datetime) -> Sequence[Standing]:
    """Return every connection at a glance, as it stands at a time."""
    return [_standing(row, now) for row in Connection.objects.order_by("name")]


def standing(row: Connection, now: datetime) -> Standing:
    """Return one connection at a glance."""
    return _standing(row, now)


def _standing(row: Connection, now: datetime) -> Standing:
    states = counts_by_state(row)
    refused = _counted(documents.with_refused_answer(row.pk))
    expectation = polls.expectation(row, now)
    waited_for = deadlines.unanswered(row, now)
    earlier_until = sign_in.earlier_until(row)
    problems = (
        *filter(None, [row.stop_reason]),
        *_outage(row, now),
        *_problems(row),
        *_silence(row, now, expectation),
        *_refusals(refused),
        *filter(None, [deadlines.warning(row, waited_for, now)]),
    )
    on_their_way = sum(states.get(state.value, 0) - refused.get(state.value, 0) for state in _WAITING)
    return Standing(
        name=row.name,
        company_name=row.company_name,
        state=_state(row, problems, now),
        paused=row.paused,
        dry_run=row.dry_run,
        pause_reason=row.pause_reason,
        last_poll_at=_written(row.last_poll_at),
        last_success_at=_written(row.last_success_at),
        last_session_note=row.last_session_note,
        company_path=row.company_path,
        next_poll_at=_written(expectation.next_at if expectation else None),
        missed_polls=expectation.missed if expectation else 0,
        earlier_password_until=_written(earlier_until if earlier_until and earlier_until > now else None),
        unanswered=waited_for.count,
        first_deadline=_written(waited_for.earliest),
        waiting=on_their_way,
        oldest_waiting_at=_written(work_list.oldest_in(row.pk, _WAITING)) if on_their_way > 0 else None,
        blocked=sum(states.get(state.value, 0) for state in _BLOCKED) + sum(refused.values()),
        problems=problems,
    )


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _outage(row: Connection, now: datetime) -> Sequence[str]:
    return (outage.sentence(row, now),) if row.outage_failures else ()


def _silence(row: Connection, now: datetime, expectation: Expectation | None) -> Sequence[str]:
    if row.paused:
        return ()
    found = polls.silence(row, now, expectation)
    return (f"{found} {polls.how_to_mend(row)}",) if found else ()


def _state(row: Connection, problems: tuple[str, ...], now: datetime) -> str:
    if row.paused:
        return "Paused"
    if row.stop_reason:
        return "Stopped"
    if row.last_session_note or problems:
        return "Needs attention"
    if row.last_poll_at is None:
        return "Waiting for the first poll"
    if row.dry_run:
        return "Dry run"
    return "Quiet hours" if quiet_end(row, now) else "Working"


def _problems(row: Connection) -> tuple[str, ...]:
    """Return what the duties failed with. What stops several of them is said once, with all that it stops."""
    stopped: dict[str, list[str]] = {}
    failing = {duty.name: duty.last_error for duty in Duty.objects.filter(connection=row).exclude(last_error="")}
    if row.outage_failures:
        failing = {name: sentence for name, sentence in failing.items() if sentence != row.outage_words}
    for name in duties.ALL:
        if name in failing:
            stopped.setdefault(failing[name], []).append(DUTY_WORDS[name])
    return tuple(f"{_capital(' and '.join(names))}: {sentence}" for sentence, names in stopped.items())


def _refusals(refused: Mapping[str, int]) -> Sequence[str]:
    count = sum(refused.values())
    if not count:
        return ()
    what = "the answer about 1 document" if count == 1 else f"the answers about {count} documents"
    return (f"Basware refused {what}; ml-connector documents --state '{NOT_TAKEN}' lists what a person must look at.",)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


#: What each duty does, in plain words.
DUTY_WORDS = {
    duties.INVOICES: "fetching invoices from Basware",
    duties.PLANNING: "planning Bills",
    duties.ANSWERS: "telling Basware about transfers and payments",
    duties.PUBLICATION: "sending lists to Basware",
    duties.IMPORTS: "asking Basware what became of lists",
    duties.WATCH: "watching deadlines and the Web Connector",
    duties.SWEEP: "looking for lost invoices in Basware",
    duties.LISTS: "reading lists from QuickBooks",
    duties.PAYMENTS: "reading payments from QuickBooks",
    duties.DRIFT: "reading changed Bills from QuickBooks",
}


def counts_by_state(row: Connection) -> dict[str, int]:
    """Count the documents of a connection by state."""
    return _counted(documents.of(row.pk))


def _counted(rows: QuerySet[Document]) -> dict[str, int]:
    counted = rows.values("state").annotate(count=Count("pk"))
    return {found["state"]: found["count"] for found in counted}


def details(row: Connection, now: datetime) -> dict[str, Any]:
    """Return one connection with everything a person may want to know, secrets apart."""
    duty_rows = Duty.objects.filter(connection=row).order_by("name")
    return _standing(row, now).as_dict() | {
        "base_url": row.base_url,
        "token_url": row.token_url,
        "company_codes": list(company_codes(row)),
        "web_connector_user": row.qb_user,
        "owner_id": row.owner_id,
        "file_id": row.file_id,
        "product": row.product,
        "qbxml_version": row.qbxml_version,
        "documents": counts_by_state(row),
        "settings": settings_of(row).as_dict(),
        "duties": {
            duty.name: {
                "due_at": duty.due_at.isoformat(timespec="seconds"),
                "last_ok_at": duty.last_ok_at.isoformat(timespec="seconds") if duty.last_ok_at else None,
                "failures": duty.failures,
                "last_error": duty.last_error,
            }
            for duty in duty_rows
        },
    }


def list_standing(row: Connection) -> dict[str, Any]:
    """Return how far Basware knows QuickBooks' lists."""
    kinds = []
    for kind, counts in sorted(list_pages.counts(row.pk).items()):
        kinds.append(
            {
                "kind": kind,
                "entries": sum(counts.values()),
                "accepted": sum(counts.get(standing, 0) for standing in _ACCEPTED),
                "sent": counts.get(EntryStanding.SENT, 0),
                "due": counts.get(EntryStanding.NEW, 0) + counts.get(EntryStanding.CHANGED, 0),
                "refused": counts.get(EntryStanding.REFUSED, 0),
                "standing": {standing.value: counts.get(standing, 0) for standing in STANDINGS},
            }
        )
    refused = list_pages.refused(row.pk, 100)
    return {
        "kinds": kinds,
        "refused": [
            {"kind": entry.kind, "name": entry.full_name, "list_id": entry.list_id, "complaint": entry.complaint}
            for entry in refused
        ],
    }


_ACCEPTED = (EntryStanding.EQUAL, EntryStanding.INACTIVE, EntryStanding.MERGED, EntryStanding.DELETED)

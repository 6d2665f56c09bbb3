"""The story of one document, and the answer to: why is it not in QuickBooks yet?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ml_connector.core.faults import Fault
from ml_connector.core.states import WORDS, State
from ml_connector.flows import deadlines
from ml_connector.flows.local_time import local, until
from ml_connector.flows.reasons import reason
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import documents
from ml_connector.store.cents import from_cents
from ml_connector.store.models import AuditEntry, Connection, Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One answer: where it stands, why, who must act, what happens next and when, and until when Basware waits."""

    state: str  #: in plain words
    cause: str
    owner: str
    next_step: str
    next_try: datetime | None  #: when it is tried by itself; None if it is not
    deadline: datetime | None  #: when Basware gives it up without a word; None if it does not wait for us
    overdue: bool  #: the deadline has passed
    waiting_since: datetime
    acknowledged_at: datetime | None  #: from here on Basware counts its time
    time_zone: str  #: in which people are told times

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {
            name: moment.isoformat() if moment else None
            for name, moment in (
                ("next_try", self.next_try),
                ("deadline", self.deadline),
                ("waiting_since", self.waiting_since),
                ("acknowledged_at", self.acknowledged_at),
            )
        }


#: A confirmed document of which a part is paid.
PARTLY_PAID = "Partly paid"
#: A document of which Basware refused the answer for good.
NOT_TAKEN = "Not taken by Basware"


def state_words(document: Document) -> str:
    """Return the state as people read it; a blocked or changed document says what is the matter."""
    state = State(document.state)
    if document.answer_fault:
        return NOT_TAKEN
    if state in {State.BLOCKED, State.CHANGED} and document.faults:
        words = documents.faults_of(document)[0].text.words
        return WORDS[state] if words == WORDS[State.BLOCKED] else words
    if state is State.CONFIRMED and document.paid_cents:
        return PARTLY_PAID
    return WORDS[state]


def why(document: Document, now: datetime) -> Why:
    """Answer for one document."""
    found = reason(document, now)
    cause = found.cause
    if document.remark and document.txn_id:
        cause += f" When it was entered: {document.remark}"
    deadline = deadlines.deadline(document)
    return Why(
        state=state_words(document),
        cause=cause,
        owner=found.owner.value,
        next_step=found.next_step.replace("<ID>", str(document.pk)),
        next_try=found.next_try,
        deadline=deadline,
        overdue=deadline is not None and deadline <= now,
        waiting_since=document.changed_at,
        acknowledged_at=document.acknowledged_at,
        time_zone=settings_of(document.connection).time_zone,
    )


def told(document: Document, answer: Why, now: datetime) -> list[str]:
    """Write the answer as lines for a person: the cause first, then who acts, the next step, the next try, the deadline."""
    connection = document.connection
    tried = _moment(connection, answer.next_try, now) if answer.next_try else "not by itself"
    lines = [
        f"{answer.state}: {answer.cause}",
        f"Who acts: {answer.owner}",
        f"Next step: {answer.next_step}",
        f"Next try: {tried}",
    ]
    if answer.deadline is not None:
        late = "; it has passed, so look at the invoice in Basware" if answer.overdue else ""
        lines.append(f"Deadline: {_moment(connection, answer.deadline, now)}{late}")
    elif document.acknowledged_at is None:
        lines.append("Deadline: none yet, because Basware still offers it")
    else:
        lines.append("Deadline: none, because Basware does not wait for an answer of ours")
    return lines


def _moment(connection: Connection, moment: datetime, now: datetime) -> str:
    return f"{local(connection, moment)} ({until(moment, now)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One thing that happened to a document."""

    seq: int
    at: datetime
    actor: str
    event: str
    words: str
    from_state: str
    to_state: str
    exchange: int | None  #: number of the stored exchange, for its exact bytes
    request_id: str  #: the other system's id, to quote to its support

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"at": self.at.isoformat()}


def story(document: Document) -> Sequence[Chapter]:
    """Return everything that happened to a document, in order."""
    rows = AuditEntry.objects.filter(document=document).order_by("seq").select_related("exchange")
    return [
        Chapter(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            event=row.event,
            words=row.words,
            from_state=row.from_state,
            to_state=row.to_state,
            exchange=row.exchange_id,
            request_id=row.exchange.request_id if row.exchange else "",
        )
        for row in rows.defer("exchange__request", "exchange__response")
    ]


def _all_faults(document: Document) -> list[Fault]:
    refused = documents.answer_fault_of(document)
    return [*documents.faults_of(document), *([refused] if refused else [])]


def summary(document: Document) -> dict[str, Any]:
    """Return a document as plain values, for lists and scripts."""
    return {
        "id": document.pk,
        "connection": document.connection.name,
        "invoice_id": document.invoice_id,
        "invoice_number": document.invoice_number,
        "invoice_date": document.invoice_date,
        "supplier_code": document.supplier_code,
        "supplier_name": document.supplier_name,
        "currency": document.currency,
        "gross": f"{from_cents(document.gross_cents):.2f}",
        "kind": document.kind,
        "ref_number": document.ref_number,
        "state": document.state,
        "state_words": state_words(document),
        "txn_id": document.txn_id,
        "txn_number": document.txn_number,
        "linked": document.linked,
        "paid": f"{from_cents(document.paid_cents):.2f}",
        "discount": f"{from_cents(document.discount_cents):.2f}",
        "faults": [{"code": fault.code, "says": fault.says, "do": fault.do} for fault in _all_faults(document)],
        "reason": document.reason,
        "remark": document.remark,
        "received_at": document.received_at.isoformat(),
        "acknowledged_at": document.acknowledged_at.isoformat() if document.acknowledged_at else None,
        "posted_at": document.posted_at.isoformat() if document.posted_at else None,
        "confirmed_at": document.confirmed_at.isoformat() if document.confirmed_at else None,
        "due_at": document.due_at.isoformat() if document.due_at else None,
        "deadline": deadline.isoformat() if (deadline := deadlines.deadline(document)) else None,
    }

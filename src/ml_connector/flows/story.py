"""The story of one document, and the answer to: why is it not in QuickBooks yet?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ml_connector.core.faults import Fault, Owner
from ml_connector.core.states import WORDS, State
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import documents, duties
from ml_connector.store.cents import from_cents
from ml_connector.store.models import AuditEntry, Connection, Document, Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One answer: where it stands, why, who must act, what happens next and when."""

    state: str  #: in plain words
    cause: str
    owner: str
    next_step: str
    next_try: datetime | None  #: when it is tried by itself; None if it is not
    waiting_since: datetime
    acknowledged_at: datetime | None  #: from here on Basware counts its time

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "state": self.state,
            "cause": self.cause,
            "owner": self.owner,
            "next_step": self.next_step,
            "next_try": self.next_try.isoformat() if self.next_try else None,
            "waiting_since": self.waiting_since.isoformat(),
            "acknowledged_at": self.acknowledged_at.isoformat() if self.acknowledged_at else None,
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
    state = State(document.state)
    cause, owner, next_step, next_try = _WHY[state](document, now)
    if document.wanted_txn_id and state in {State.BLOCKED, State.CHANGED}:
        cause, owner, next_try = (
            f"A person named {document.wanted_txn_id}. {cause}",
            Owner.NOBODY,
            _next_poll(document.connection, now),
        )
        next_step = "QuickBooks is asked for it in the next session of the Web Connector."
    if fault := documents.answer_fault_of(document):
        cause, owner, next_step, next_try = f"{cause} {fault.says}", fault.text.owner, fault.do, document.due_at
    if document.remark and document.txn_id:
        cause += f" When it was entered: {document.remark}"
    return Why(
        state=state_words(document),
        cause=cause,
        owner=owner.value,
        next_step=next_step,
        next_try=next_try,
        waiting_since=document.changed_at,
        acknowledged_at=document.acknowledged_at,
    )


_Because = tuple[str, Owner, str, datetime | None]


def _received(document: Document, now: datetime) -> _Because:
    duty = _duty(document.connection_id, "invoices")
    cause = "It is stored, and Basware has not taken the acknowledgement yet."
    if duty is not None and duty.last_error:
        cause += f" {duty.last_error}"
    owner = Owner.ADMIN if duty is not None and duty.needs_operator else Owner.NOBODY
    return cause, owner, "It is acknowledged by itself.", duty.due_at if duty else None


def _accepted(document: Document, now: datetime) -> _Because:
    if not duties.was_done(document.connection_id, duties.LISTS):
        cause = "QuickBooks' vendors, accounts and other lists have not been read yet."
        lists = _duty(document.connection_id, duties.LISTS)
        if lists is not None and lists.last_error:
            cause += f" {lists.last_error}"
        step = "Let the Web Connector run once with the company file; the invoice is then planned by itself."
        return cause, Owner.ADMIN, step, _next_poll(document.connection, now)
    return "It was just taken over from Basware.", Owner.NOBODY, "It is planned by itself.", now


def _planned(document: Document, now: datetime) -> _Because:
    connection = document.connection
    if connection.paused:
        return f"The connection is paused: {connection.pause_reason}", Owner.ADMIN, "Resume the connection.", None
    if connection.stop_reason:
        step = f"Decide: ml-connector connection restored {connection.name}."
        return f"Nothing is written to QuickBooks. {connection.stop_reason}", Owner.CONTROLLER, step, None
    cause, owner, next_step = (
        "It waits for the next session of the Web Connector.",
        Owner.NOBODY,
        "It is sent by itself.",
    )
    if connection.last_session_note:
        cause, owner = f"The last session had a problem: {connection.last_session_note}", Owner.ADMIN
        next_step = "Mend it on the QuickBooks machine; the document is then sent by itself."
    return cause, owner, next_step, _next_poll(connection, now)


def _blocked(document: Document, now: datetime) -> _Because:
    faults = documents.faults_of(document)
    if not faults:
        return "It is blocked.", Owner.CLERK, "Retry it.", document.due_at
    cause = " ".join(fault.says for fault in faults)
    next_step = " ".join(dict.fromkeys(fault.do for fault in faults))
    return cause, faults[0].text.owner, next_step, document.due_at


def _sent(document: Document, now: datetime) -> _Because:
    words = "QuickBooks is working on it, and its answer is awaited."
    return (
        words,
        Owner.NOBODY,
        "Nothing: if no answer comes, QuickBooks is asked.",
        _next_poll(document.connection, now),
    )


def _in_doubt(document: Document, now: datetime) -> _Because:
    return (
        "The answer of QuickBooks was lost, so it is not known whether the document was entered. It is not sent again"
        " before QuickBooks has said.",
        Owner.NOBODY,
        "QuickBooks is asked in the next session of the Web Connector.",
        _next_poll(document.connection, now),
    )


def _modifying(document: Document, now: datetime) -> _Because:
    return (
        f"A change of {document.kind} {document.txn_id} was handed to QuickBooks; whether it was made is not known yet.",
        Owner.NOBODY,
        "If no answer comes, the Bill is read in the next session of the Web Connector.",
        _next_poll(document.connection, now),
    )


def _to_tell(document: Document, now: datetime) -> _Because:
    posted = document.state == State.POSTED
    cause = f"It is in QuickBooks as {document.txn_id}" if posted else f"It was given up ({document.reason})"
    return _told_by_itself(document, f"{cause}; Basware is to be told.")


def _told_by_itself(document: Document, cause: str) -> _Because:
    duty = _duty(document.connection_id, duties.ANSWERS)
    if duty is not None and duty.last_error:
        cause += f" {duty.last_error}"
    owner = Owner.ADMIN if duty is not None and duty.needs_operator else Owner.NOBODY
    times = [t for t in (document.due_at, duty.due_at if duty else None) if t]
    return cause, owner, "It is sent by itself.", max(times, default=None)


def _confirmed(document: Document, now: datetime) -> _Because:
    paid = from_cents(document.paid_cents + document.discount_cents)
    cause = f"It is in QuickBooks as {document.txn_id}, and Basware knows."
    if document.paid_cents or document.discount_cents:
        cause += f" {paid:.2f} of {from_cents(document.gross_cents):.2f} {document.currency} is settled."
    if document.payment_due:
        cause += " Its payments changed since; Basware is to be told."
        return _told_by_itself(document, cause)
    step = "Nothing: payments are reported by themselves." if document.kind == "Bill" else "Nothing."
    return cause, Owner.NOBODY, step, None


def _changed(document: Document, now: datetime) -> _Because:
    return _blocked(document, now)


def _skipped(document: Document, now: datetime) -> _Because:
    cause = f"A person took it out: {document.reason}"
    return cause, Owner.CLERK, "ml-connector retry brings it back; ml-connector give-up tells Basware.", None


def _returned(document: Document, now: datetime) -> _Because:
    cause = f"It was given up ({document.reason}), and Basware knows."
    return cause, Owner.CLERK, "Correct it in Basware and send it again; it then comes back by itself.", None


_WHY = {
    State.RECEIVED: _received,
    State.ACCEPTED: _accepted,
    State.PLANNED: _planned,
    State.BLOCKED: _blocked,
    State.SENT: _sent,
    State.IN_DOUBT: _in_doubt,
    State.POSTED: _to_tell,
    State.CONFIRMED: _confirmed,
    State.PAID: _confirmed,
    State.CHANGED: _changed,
    State.MODIFYING: _modifying,
    State.SKIPPED: _skipped,
    State.GIVEN_UP: _to_tell,
    State.RETURNED: _returned,
}


def _duty(connection_id: int, name: str) -> Duty | None:
    return Duty.objects.filter(connection_id=connection_id, name=name).first()


def _next_poll(connection: Connection, now: datetime) -> datetime | None:
    """Expect the Web Connector at its usual interval after the last time it called."""
    if connection.last_poll_at is None:
        return None
    following = connection.last_poll_at + timedelta(seconds=settings_of(connection).web_connector_every_s)
    return max(following, now)


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
    }

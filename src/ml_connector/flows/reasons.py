"""Why a document is where it is: for each state one cause, who must act, the next step, and when it is tried by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.core.faults import Owner
from ml_connector.core.polls import Expectation
from ml_connector.core.states import State
from ml_connector.flows import outage, polls
from ml_connector.flows.local_time import local, quiet_end
from ml_connector.quickbooks.failures import classify_hresult
from ml_connector.store import documents, duties
from ml_connector.store.cents import from_cents
from ml_connector.store.models import Connection, Document, Duty

#: A trouble that should pass by itself, and has not for so long, is somebody's.
_PASSES_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why, who, what next, and when."""

    cause: str
    owner: Owner
    next_step: str
    next_try: datetime | None = None  #: when it is tried by itself; None if it is not


def reason(document: Document, now: datetime) -> Reason:
    """Return the reason of one document."""
    found = _BY_STATE[State(document.state)](document, now)
    if document.wanted_txn_id and document.state in {State.BLOCKED, State.CHANGED}:
        step = "QuickBooks is asked for it in the next session of the Web Connector."
        found = _by_quickbooks(document, now, f"A person named {document.wanted_txn_id}. {found.cause}", step)
    if fault := documents.answer_fault_of(document):
        cause = f"{found.cause} {fault.says}"
        return Reason(cause=cause, owner=fault.text.owner, next_step=fault.do, next_try=document.due_at)
    return found


def _received(document: Document, now: datetime) -> Reason:
    if document.connection.dry_run and not document.connection.paused:
        cause = f"It is stored. {_DRY_RUN}"
        return Reason(cause=cause, owner=Owner.ADMIN, next_step=_go_live(document.connection))
    cause = "It is stored, and Basware has not taken the acknowledgement yet."
    return _by_basware(document, now, duties.INVOICES, cause, "It is acknowledged by itself.")


def _accepted(document: Document, now: datetime) -> Reason:
    connection = document.connection
    if connection.paused:
        return _paused(connection)
    if not duties.was_done(document.connection_id, duties.LISTS):
        cause = "QuickBooks' vendors, accounts and other lists have not been read yet."
        lists = _duty(document.connection_id, duties.LISTS)
        if lists is not None and lists.last_error:
            cause += f" {lists.last_error}"
        step = "Let the Web Connector run once with the company file; the invoice is then planned by itself."
        found = _by_quickbooks(document, now, cause, step)
        return found if found.owner is not Owner.NOBODY else _with_owner(found, Owner.ADMIN)
    planning = _duty(document.connection_id, duties.PLANNING)
    if planning is not None and planning.last_error:
        return Reason(
            cause=f"It could not be planned yet. {planning.last_error}",
            owner=Owner.ADMIN if planning.needs_operator else Owner.NOBODY,
            next_step="It is planned by itself.",
            next_try=planning.due_at,
        )
    cause = "It was just taken over from Basware."
    return Reason(cause=cause, owner=Owner.NOBODY, next_step="It is planned by itself.", next_try=now)


def _planned(document: Document, now: datetime) -> Reason:
    if document.acknowledged_at is None:
        cause = "Basware offers it again and has not taken the acknowledgement yet; it is entered after that."
        return _by_basware(document, now, duties.INVOICES, cause, "It is acknowledged by itself.")
    connection = document.connection
    if connection.stop_reason and not connection.paused:
        cause = f"Nothing is written to QuickBooks. {connection.stop_reason}"
        step = f"Decide: ml-connector connection restored {connection.name}."
        return Reason(cause=cause, owner=Owner.CONTROLLER, next_step=step)
    cause = "It waits for the next session of the Web Connector."
    if quiet := _quiet(connection, now):
        return quiet
    return _by_quickbooks(document, now, cause, "It is sent by itself.")


def _quiet(connection: Connection, now: datetime) -> Reason | None:
    end = quiet_end(connection, now)
    if end is None or connection.paused or connection.dry_run:
        return None
    cause = f"It is a quiet hour of this connection: nothing is written to QuickBooks until {local(connection, end)}."
    step = "It is sent by itself, in the first session of the Web Connector after that."
    return Reason(cause=cause, owner=Owner.NOBODY, next_step=step, next_try=end)


def _blocked(document: Document, now: datetime) -> Reason:
    faults = documents.faults_of(document)
    if not faults:
        return Reason(cause="It is blocked.", owner=Owner.CLERK, next_step="Retry it.", next_try=document.due_at)
    found = Reason(
        cause=" ".join(fault.says for fault in faults),
        owner=faults[0].text.owner,
        next_step=" ".join(dict.fromkeys(fault.do for fault in faults)),
        next_try=document.due_at,
    )
    if found.owner is not Owner.NOBODY or found.next_try is None:
        return found
    away = _away(document.connection, now, polls.expectation(document.connection, now))
    if away is None:
        return found
    # It is planned again by itself, but goes nowhere as long as nobody calls.
    return Reason(
        cause=f"{found.cause} {away.cause}", owner=away.owner, next_step=away.next_step, next_try=away.next_try
    )


def _sent(document: Document, now: datetime) -> Reason:
    cause = "QuickBooks is working on it, and its answer is awaited."
    return _by_quickbooks(document, now, cause, "Nothing: if no answer comes, QuickBooks is asked.")


def _in_doubt(document: Document, now: datetime) -> Reason:
    cause = (
        "The answer of QuickBooks was lost, so it is not known whether the document was entered. It is not sent again"
        " before QuickBooks has said."
    )
    if quiet := _quiet(document.connection, now):
        return Reason(
            cause=f"{cause} {quiet.cause}", owner=quiet.owner, next_step=quiet.next_step, next_try=quiet.next_try
        )
    return _by_quickbooks(document, now, cause, "QuickBooks is asked in the next session of the Web Connector.")


def _modifying(document: Document, now: datetime) -> Reason:
    cause = (
        f"A change of {document.kind} {document.txn_id} was handed to QuickBooks; whether it was made is not known yet."
    )
    step = "If no answer comes, the Bill is read in the next session of the Web Connector."
    return _by_quickbooks(document, now, cause, step)


def _posted(document: Document, now: datetime) -> Reason:
    cause = f"It is in QuickBooks as {document.txn_id}; Basware is to be told."
    if document.wanted_txn_id:
        cause = "Basware offers it again; QuickBooks is asked whether it is still there before Basware is told."
        return _by_quickbooks(document, now, cause, "QuickBooks is asked in the next session of the Web Connector.")
    return _by_basware(document, now, duties.ANSWERS, cause, "It is sent by itself.")


def _given_up(document: Document, now: datetime) -> Reason:
    cause = f"It was given up ({document.reason}); Basware is to be told."
    return _by_basware(document, now, duties.ANSWERS, cause, "It is sent by itself.")


def _confirmed(document: Document, now: datetime) -> Reason:
    paid = from_cents(document.paid_cents + document.discount_cents)
    cause = f"It is in QuickBooks as {document.txn_id}, and Basware knows."
    if document.paid_cents or document.discount_cents:
        cause += f" {paid:.2f} of {from_cents(document.gross_cents):.2f} {document.currency} is settled."
    if document.payment_due:
        cause += " Its payments changed since; Basware is to be told."
        return _by_basware(document, now, duties.ANSWERS, cause, "It is sent by itself.")
    step = "Nothing: payments are reported by themselves." if document.kind == "Bill" else "Nothing."
    return Reason(cause=cause, owner=Owner.NOBODY, next_step=step)


def _skipped(document: Document, now: datetime) -> Reason:
    step = f"ml-connector retry {document.pk} brings it back; ml-connector give-up {document.pk} tells Basware."
    return Reason(cause=_sentence(f"A person took it out: {document.reason}"), owner=Owner.CLERK, next_step=step)


def _returned(document: Document, now: datetime) -> Reason:
    cause = f"It was given up ({document.reason}), and Basware knows."
    step = "Correct it in Basware and send it again; it then comes back by itself."
    return Reason(cause=cause, owner=Owner.CLERK, next_step=step)


_BY_STATE: dict[State, Callable[[Document, datetime], Reason]] = {
    State.RECEIVED: _received,
    State.ACCEPTED: _accepted,
    State.PLANNED: _planned,
    State.BLOCKED: _blocked,
    State.SENT: _sent,
    State.IN_DOUBT: _in_doubt,
    State.MODIFYING: _modifying,
    State.POSTED: _posted,
    State.CONFIRMED: _confirmed,
    State.PAID: _confirmed,
    State.CHANGED: _blocked,
    State.SKIPPED: _skipped,
    State.GIVEN_UP: _given_up,
    State.RETURNED: _returned,
}

# What both sides have in common: who is away, since when, and what is done about it.


def _paused(connection: Connection) -> Reason:
    why = f": {connection.pause_reason}" if connection.pause_reason else ""
    step = f"Resume it: ml-connector connection resume {connection.name}."
    return Reason(cause=_sentence(f"The connection is paused{why}"), owner=Owner.ADMIN, next_step=step)


_DRY_RUN = "The connection is in dry run: nothing is written to QuickBooks or Basware."


def _go_live(connection: Connection) -> str:
    return f"Look at the dry run, and go live: ml-connector connection go-live {connection.name}."


def _by_quickbooks(document: Document, now: datetime, cause: str, step: str) -> Reason:
    """Return the reason of a document that the next session leads on, or of why no session comes."""
    connection = document.connection
    if connection.paused:
        paused = _paused(connection)
        return Reason(cause=f"{cause} {paused.cause}", owner=paused.owner, next_step=paused.next_step)
    if connection.dry_run:
        return Reason(cause=f"{cause} {_DRY_RUN}", owner=Owner.ADMIN, next_step=_go_live(connection))
    expectation = polls.expectation(connection, now)
    if away := _away(connection, now, expectation):
        return Reason(cause=f"{cause} {away.cause}", owner=away.owner, next_step=away.next_step, next_try=away.next_try)
    next_poll = expectation.next_at if expectation else None
    return Reason(cause=cause, owner=Owner.NOBODY, next_step=step, next_try=next_poll)


def _away(connection: Connection, now: datetime, expectation: Expectation | None) -> Reason | None:
    """Say why QuickBooks is not there; None if all that is known is well."""
    if silence := polls.silence(connection, now, expectation):
        return Reason(
            cause=silence,
            owner=Owner.ADMIN,
            next_step=polls.how_to_mend(connection),
            next_try=expectation.next_at if expectation else None,
        )
    if expectation is None:
        step = "Add the .qwc file on the QuickBooks machine and tick Auto-Run: ml-connector connection qwc"
        cause = "The Web Connector has never called."
        return Reason(cause=cause, owner=Owner.ADMIN, next_step=f"{step} {connection.name} writes it.")
    if connection.last_session_note:
        return Reason(
            cause=f"The last session had a problem: {connection.last_session_note}",
            owner=_owner_of(connection),
            next_step=_STEP_AFTER_TROUBLE,
            next_try=expectation.next_at,
        )
    return None


_STEP_AFTER_TROUBLE = "Mend it on the QuickBooks machine, if it does not pass; the document then goes on by itself."


def _owner_of(connection: Connection) -> Owner:
    """Return who must act on the last session's trouble: whoever its code says, and the admin if it does not pass."""
    code = re.search(r"\((0x[0-9A-Fa-f]{8})", connection.last_session_note)
    if code is None:
        return Owner.ADMIN
    owner = classify_hresult(code[1], "", write_in_flight=False).owner
    last, success = connection.last_poll_at, connection.last_success_at
    lasts = last is None or success is None or last - success > _PASSES_WITHIN
    return Owner.ADMIN if owner is Owner.NOBODY and lasts else owner


def _by_basware(document: Document, now: datetime, name: str, cause: str, step: str) -> Reason:
    """Return the reason of a document that the next call to Basware leads on, or of why there is none."""
    connection = document.connection
    if connection.paused:
        paused = _paused(connection)
        return Reason(cause=f"{cause} {paused.cause}", owner=paused.owner, next_step=paused.next_step)
    if connection.dry_run:
        return Reason(cause=f"{cause} {_DRY_RUN}", owner=Owner.ADMIN, next_step=_go_live(connection))
    duty = _duty(connection.pk, name)
    times = [moment for moment in (document.due_at, duty.due_at if duty else None) if moment]
    owner = Owner.NOBODY
    if connection.outage_failures:
        cause += f" {outage.sentence(connection, now)}"
        times += [connection.outage_probe_at] if connection.outage_probe_at else []
        if now - (connection.outage_since or now) > _PASSES_WITHIN:
            owner = Owner.ADMIN
            step = f"See whether this machine reaches Basware: ml-connector connection ping {connection.name}. {step}"
    elif duty is not None and duty.last_error:
        cause += f" {duty.last_error}"
        owner = Owner.ADMIN if duty.needs_operator else Owner.NOBODY
        if duty.needs_operator:
            step = f"Mend that; ml-connector connection ping {connection.name} tells whether it holds. {step}"
    return Reason(cause=cause, owner=owner, next_step=step, next_try=max((*times, now)))


def _with_owner(found: Reason, owner: Owner) -> Reason:
    return Reason(cause=found.cause, owner=owner, next_step=found.next_step, next_try=found.next_try)


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _duty(connection_id: int, name: str) -> Duty | None:
    return Duty.objects.filter(connection_id=connection_id, name=name).first()

"""The life of a document: one table, one function. Nothing else decides a state.

The diagram in the documentation is drawn from `TRANSITIONS`, and a CHECK in the database repeats the names of `State`.

Two rules carry the promise that no Bill is entered twice:

1. Nothing goes back from SENT. What was sent is known to be in QuickBooks (POSTED), known not to be (BLOCKED), or in
   doubt; from IN_DOUBT only an answer from QuickBooks leads on.
2. A document that has a Bill (POSTED and later) never becomes PLANNED again, unless a person gave up on it, skipped it,
   or wants what an older company file lost entered again. It keeps its TxnID then, and QuickBooks is asked for that Bill
   before another one is entered.
"""

from __future__ import annotations

from enum import StrEnum

from ml_connector.core.errors import Defect


class State(StrEnum):
    """Where a document stands. The value is what rows hold; `WORDS` is what people read."""

    RECEIVED = "received"  #: stored raw, not yet acknowledged; Basware still offers it
    ACCEPTED = "accepted"  #: acknowledged; ours to deal with
    PLANNED = "planned"  #: decided to the cent; waits for the Web Connector
    BLOCKED = "blocked"  #: cannot be posted as it is; the faults say why, who must act, and when it is tried again
    SENT = "sent"  #: handed to the Web Connector under a message-set id; the answer is awaited
    IN_DOUBT = "in_doubt"  #: the answer was lost; QuickBooks is asked before anything else is written
    POSTED = "posted"  #: in QuickBooks, TxnID known; Basware is to be told
    CONFIRMED = "confirmed"  #: Basware knows
    PAID = "paid"  #: paid in full in QuickBooks, and Basware knows
    CHANGED = "changed"  #: offered again with other content after it was posted; a person decides
    MODIFYING = "modifying"  #: a change of its Bill was handed over; the Bill is read before anything else is done
    SKIPPED = "skipped"  #: a person took it out, with a reason; Basware is not told
    GIVEN_UP = "given_up"  #: a person gave up on it; Basware is to be told that it failed
    RETURNED = "returned"  #: Basware knows that it failed; it comes back if it is corrected and sent again


WORDS: dict[State, str] = {
    State.RECEIVED: "Received",
    State.ACCEPTED: "Accepted",
    State.PLANNED: "Waiting for QuickBooks",
    State.BLOCKED: "Blocked",
    State.SENT: "Sent to QuickBooks",
    State.IN_DOUBT: "Checking outcome",
    State.POSTED: "Posted",
    State.CONFIRMED: "Confirmed",
    State.PAID: "Paid",
    State.CHANGED: "Changed after posting",
    State.MODIFYING: "Being changed",
    State.SKIPPED: "Skipped",
    State.GIVEN_UP: "Giving up",
    State.RETURNED: "Returned to Basware",
}


class Event(StrEnum):
    """What can happen to a document. The value is what the audit trail holds."""

    ACKNOWLEDGED = "acknowledged"  #: Basware took our acknowledgement, now or earlier
    PLANNED = "planned"  #: every reference resolved and the sum is right
    FOUND_FAULTS = "found_faults"  #: it cannot be posted; all reasons are known
    HANDED_OVER = "handed_over"  #: its BillAdd left inside a committed message set
    ADDED = "added"  #: QuickBooks answered with a TxnID
    CHANGE_HANDED_OVER = "change_handed_over"  #: a BillMod left inside a committed message set
    MODIFIED = "modified"  #: QuickBooks changed the Bill to what the invoice says now
    DIFFERS = "differs"  #: QuickBooks holds it otherwise than it was sent
    VANISHED = "vanished"  #: QuickBooks no longer has it, or no longer with its amount
    FOUND = "found"  #: QuickBooks has it already under our own tag
    LINKED = "linked"  #: QuickBooks has it already, entered by a person; linked instead of doubled
    REFUSED = "refused"  #: QuickBooks answered that it did not take it
    ANSWER_LOST = "answer_lost"  #: the session ended, or failed, between the request and its answer
    RESTORED = "restored"  #: an older copy of the company file was put in its place, and has it no more
    REPOSTED = "reposted"  #: a person wants it entered again, because such a copy lost it
    NOT_THERE = "not_there"  #: QuickBooks was asked and does not have it
    CONFIRMED = "confirmed"  #: Basware took the transfer response
    PAID_IN_FULL = "paid_in_full"  #: Basware was told of payments that settle the whole
    PAYMENT_CHANGED = "payment_changed"  #: Basware was told of payments that settle less than the whole
    SKIPPED = "skipped"  #: a person took it out
    GAVE_UP = "gave_up"  #: a person gave up on it
    RETURNED = "returned"  #: Basware took the failure response
    RETRIED = "retried"  #: a person, or the time set for it, asks to plan it again
    ASKED_AGAIN = "asked_again"  #: a person has Basware asked once more whether it waits for the invoice
    ANSWER_DROPPED = "answer_dropped"  #: Basware took the answer, but P2P still waits for it
    OFFERED_AGAIN = "offered_again"  #: Basware offers it once more, unchanged since it was posted
    OFFERED_CHANGED = "offered_changed"  #: Basware offers it once more, with other content


_S, _E = State, Event

TRANSITIONS: dict[tuple[State, Event], State] = {
    (_S.RECEIVED, _E.ACKNOWLEDGED): _S.ACCEPTED,
    (_S.ACCEPTED, _E.PLANNED): _S.PLANNED,
    (_S.ACCEPTED, _E.FOUND_FAULTS): _S.BLOCKED,
    # Planning again: the mapping or a list changed, or the time of a retry has come.
    (_S.BLOCKED, _E.PLANNED): _S.PLANNED,
    (_S.BLOCKED, _E.FOUND_FAULTS): _S.BLOCKED,
    (_S.PLANNED, _E.FOUND_FAULTS): _S.BLOCKED,
    (_S.BLOCKED, _E.RETRIED): _S.ACCEPTED,
    (_S.SKIPPED, _E.RETRIED): _S.ACCEPTED,
    # Basware did not wait for it when it was last asked.
    (_S.BLOCKED, _E.ASKED_AGAIN): _S.RECEIVED,
    (_S.SKIPPED, _E.ASKED_AGAIN): _S.RECEIVED,
    # The session with QuickBooks.
    (_S.PLANNED, _E.FOUND): _S.POSTED,
    (_S.PLANNED, _E.LINKED): _S.POSTED,
    (_S.PLANNED, _E.HANDED_OVER): _S.SENT,
    (_S.SENT, _E.ADDED): _S.POSTED,
    (_S.SENT, _E.REFUSED): _S.BLOCKED,
    (_S.SENT, _E.ANSWER_LOST): _S.IN_DOUBT,
    (_S.IN_DOUBT, _E.ADDED): _S.POSTED,
    (_S.IN_DOUBT, _E.FOUND): _S.POSTED,
    (_S.IN_DOUBT, _E.REFUSED): _S.BLOCKED,
    (_S.IN_DOUBT, _E.NOT_THERE): _S.PLANNED,
    (_S.IN_DOUBT, _E.FOUND_FAULTS): _S.BLOCKED,
    # Telling Basware.
    (_S.POSTED, _E.CONFIRMED): _S.CONFIRMED,
    (_S.CONFIRMED, _E.PAID_IN_FULL): _S.PAID,
    (_S.CONFIRMED, _E.PAYMENT_CHANGED): _S.CONFIRMED,
    (_S.PAID, _E.PAYMENT_CHANGED): _S.CONFIRMED,
    (_S.PAID, _E.PAID_IN_FULL): _S.PAID,
    # What a person decides.
    (_S.ACCEPTED, _E.SKIPPED): _S.SKIPPED,
    (_S.BLOCKED, _E.SKIPPED): _S.SKIPPED,
    (_S.PLANNED, _E.SKIPPED): _S.SKIPPED,
    (_S.ACCEPTED, _E.GAVE_UP): _S.GIVEN_UP,
    (_S.BLOCKED, _E.GAVE_UP): _S.GIVEN_UP,
    (_S.PLANNED, _E.GAVE_UP): _S.GIVEN_UP,
    (_S.SKIPPED, _E.GAVE_UP): _S.GIVEN_UP,
    (_S.GIVEN_UP, _E.RETURNED): _S.RETURNED,
    (_S.BLOCKED, _E.LINKED): _S.POSTED,
    # Basware refused the answer for good, and a person ends the matter.
    (_S.POSTED, _E.SKIPPED): _S.SKIPPED,
    (_S.CONFIRMED, _E.SKIPPED): _S.SKIPPED,
    (_S.PAID, _E.SKIPPED): _S.SKIPPED,
    (_S.GIVEN_UP, _E.SKIPPED): _S.SKIPPED,
    # Basware said yes to an answer and forgot it.
    (_S.CONFIRMED, _E.ANSWER_DROPPED): _S.POSTED,
    (_S.PAID, _E.ANSWER_DROPPED): _S.POSTED,
    (_S.RETURNED, _E.ANSWER_DROPPED): _S.GIVEN_UP,
    # Basware offers the same invoice again.
    (_S.RETURNED, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.RETURNED, _E.OFFERED_CHANGED): _S.RECEIVED,
    # Corrected and sent again before Basware was told that it failed: there is nothing to tell any more.
    (_S.GIVEN_UP, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.GIVEN_UP, _E.OFFERED_CHANGED): _S.RECEIVED,
    (_S.SKIPPED, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.SKIPPED, _E.OFFERED_CHANGED): _S.RECEIVED,
    (_S.ACCEPTED, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.ACCEPTED, _E.OFFERED_CHANGED): _S.RECEIVED,
    (_S.BLOCKED, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.BLOCKED, _E.OFFERED_CHANGED): _S.RECEIVED,
    (_S.PLANNED, _E.OFFERED_AGAIN): _S.RECEIVED,
    (_S.PLANNED, _E.OFFERED_CHANGED): _S.RECEIVED,
    (_S.CONFIRMED, _E.OFFERED_AGAIN): _S.POSTED,
    (_S.PAID, _E.OFFERED_AGAIN): _S.POSTED,
    (_S.POSTED, _E.OFFERED_CHANGED): _S.CHANGED,
    (_S.CONFIRMED, _E.OFFERED_CHANGED): _S.CHANGED,
    (_S.PAID, _E.OFFERED_CHANGED): _S.CHANGED,
    (_S.POSTED, _E.DIFFERS): _S.CHANGED,
    (_S.POSTED, _E.VANISHED): _S.CHANGED,
    (_S.CONFIRMED, _E.VANISHED): _S.CHANGED,
    (_S.PAID, _E.VANISHED): _S.CHANGED,
    # The Bill follows an invoice that was changed, where that is safe and wanted.
    (_S.CHANGED, _E.CHANGE_HANDED_OVER): _S.MODIFYING,
    (_S.MODIFYING, _E.MODIFIED): _S.POSTED,
    (_S.MODIFYING, _E.REFUSED): _S.CHANGED,
    (_S.MODIFYING, _E.NOT_THERE): _S.CHANGED,
    (_S.MODIFYING, _E.FOUND_FAULTS): _S.CHANGED,
    (_S.MODIFYING, _E.VANISHED): _S.CHANGED,
    (_S.MODIFYING, _E.ANSWER_LOST): _S.MODIFYING,
    (_S.CONFIRMED, _E.DIFFERS): _S.CHANGED,
    (_S.PAID, _E.DIFFERS): _S.CHANGED,
    (_S.CHANGED, _E.DIFFERS): _S.CHANGED,
    (_S.CHANGED, _E.VANISHED): _S.CHANGED,
    (_S.POSTED, _E.RESTORED): _S.CHANGED,
    (_S.CONFIRMED, _E.RESTORED): _S.CHANGED,
    (_S.PAID, _E.RESTORED): _S.CHANGED,
    (_S.CHANGED, _E.RESTORED): _S.CHANGED,
    (_S.MODIFYING, _E.RESTORED): _S.CHANGED,
    (_S.CHANGED, _E.REPOSTED): _S.ACCEPTED,
    (_S.CHANGED, _E.FOUND): _S.POSTED,
    (_S.CHANGED, _E.OFFERED_CHANGED): _S.CHANGED,
    (_S.CHANGED, _E.OFFERED_AGAIN): _S.CHANGED,
    (_S.CHANGED, _E.LINKED): _S.POSTED,
    (_S.CHANGED, _E.FOUND_FAULTS): _S.CHANGED,
    (_S.CHANGED, _E.GAVE_UP): _S.GIVEN_UP,
    (_S.CHANGED, _E.SKIPPED): _S.SKIPPED,
}

#: A Bill of this document exists, or may exist: nothing may be added for it.
HAS_OR_MAY_HAVE_BILL = frozenset({_S.SENT, _S.IN_DOUBT, _S.POSTED, _S.CONFIRMED, _S.PAID, _S.CHANGED, _S.MODIFYING})


def advance(state: State, event: Event) -> State:
    """Return the state that follows.

    Raises:
        Defect: the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Defect(f"{event.name} cannot happen in {state.name}") from None


def can(state: State, event: Event) -> bool:
    """Tell whether the event is possible in this state."""
    return (state, event) in TRANSITIONS

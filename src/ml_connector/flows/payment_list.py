"""Payments as people look at them: what QuickBooks says was paid, and how far Basware knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import State
from ml_connector.flows.connections import named
from ml_connector.flows.operator import possible
from ml_connector.flows.story import NOT_TAKEN
from ml_connector.store import documents, payment_list, work_list
from ml_connector.store.cents import from_cents
from ml_connector.store.models import Connection, Document, PaymentShare
from ml_connector.store.reversals import Reversal

ALL, WAITING, QUESTIONS, REVERSED = "all", "waiting", "questions", "reversed"
VIEWS = {ALL: "All", WAITING: "Waiting to be told", QUESTIONS: "Questions", REVERSED: "Taken back"}

CONFIRMED = "Basware knows"
TOLD = "Told, not seen yet"
DUE = "Waiting to be told"
FIRST_THE_BILL = "First the Bill"
ASKS = "A person decides first"
LEFT_OUT = "Not told"
TAKEN_BACK = "Taken back"

_METHODS = {"BillPaymentCheck": "Check", "BillPaymentCreditCard": "Credit card"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One payment's share in one Bill, or one that was taken back."""

    document: Document
    payment: str  #: TxnID; empty where the document stands for all its payments
    method: str
    ref_number: str
    paid_on: str  #: ISO date
    amount_cents: int
    discount_cents: int
    state: str  #: how far Basware knows it
    says: str
    next_step: str
    acts: tuple[str, ...]  #: names of what a person can do about the document

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        document = self.document
        return {
            "document": document.pk,
            "invoice_number": document.invoice_number,
            "supplier_name": document.supplier_name,
            "bill_txn_id": document.txn_id,
            "payment_txn_id": self.payment,
            "method": self.method,
            "number": self.ref_number,
            "paid_on": self.paid_on,
            "paid": f"{from_cents(self.amount_cents):.2f}",
            "discount": f"{from_cents(self.discount_cents):.2f}",
            "currency": document.currency,
            "state": self.state,
            "says": self.says,
            "next": self.next_step,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Payments:
    """A page of payments, the latest first."""

    rows: Sequence[Paid]
    before: int | None  #: there may be older ones: those before this number


def find(view: str, connection: str, text: str, before: int | None = None) -> Payments:
    """Return a page of payments.

    Raises:
        NeedsOperator: there is no such view or connection.
    """
    if view not in VIEWS:
        raise NeedsOperator(f"There is no view {view!r}; the views are: {', '.join(VIEWS)}.")
    owners = [named(connection)] if connection else list(Connection.objects.order_by("name"))
    if text:
        meant = work_list.of_numbers(work_list.numbered(owners, text))
        taken_back = [_taken_back(row) for row in payment_list.reversals_of(meant)]
        return Payments(rows=[*_shares(payment_list.shares_of(meant)), *taken_back], before=None)
    if view == REVERSED:
        gone, more = payment_list.reversals(owners, before)
        return Payments(rows=[_taken_back(row) for row in gone], before=more)
    if view == ALL:
        page = payment_list.shares(owners, before)
        return Payments(rows=_shares(page.shares), before=page.before)
    wanted = payment_list.waiting(owners) if view == WAITING else payment_list.questions(owners)
    found, more = payment_list.page_of(wanted, before)
    paid = _shares(payment_list.shares_of(found))
    without = [_alone(document) for document in found if not any(row.document.pk == document.pk for row in paid)]
    return Payments(rows=sorted([*paid, *without], key=lambda row: -row.document.pk), before=more)


def counts(connection: str) -> dict[str, int]:
    """Count what waits, and the questions."""
    owners = [named(connection)] if connection else list(Connection.objects.only("pk"))
    return {WAITING: payment_list.count_of(payment_list.waiting(owners)), QUESTIONS: count_questions(owners)}


def count_questions(owners: Sequence[Connection]) -> int:
    """Count the documents about whose payments a person must decide."""
    return payment_list.count_of(payment_list.questions(owners))


def _shares(shares: Sequence[tuple[PaymentShare, Document]]) -> list[Paid]:
    return [_paid(document, share) for share, document in shares]


def _paid(document: Document, share: PaymentShare) -> Paid:
    state, says, next_step = _how_far(document, share.payment_txn_id)
    return Paid(
        document=document,
        payment=share.payment_txn_id,
        method=_METHODS.get(share.kind, share.kind),
        ref_number=share.ref_number,
        paid_on=share.paid_on,
        amount_cents=share.amount_cents,
        discount_cents=share.discount_cents,
        state=state,
        says=says,
        next_step=next_step,
        acts=possible(document) if state in {DUE, NOT_TAKEN} else (),
    )


def _alone(document: Document) -> Paid:
    """Return the row of a document that is to be told of, and of which QuickBooks holds no payment (any more)."""
    state, says, next_step = _how_far(document, "")
    if state == DUE:
        says = (
            f"QuickBooks holds no payment of it any more; Basware still shows {_money(document.paid_cents, document)}."
        )
    return Paid(
        document=document, payment="", method="", ref_number="", paid_on="", amount_cents=0, discount_cents=0, state=state,
        says=says, next_step=next_step, acts=possible(document) if state in {DUE, NOT_TAKEN} else (),
    )  # fmt: skip


def _taken_back(row: Reversal) -> Paid:
    document = row.document
    if not row.told:
        says = "It was taken back before Basware was told of it."
    elif document.payment_due:
        says = "Basware was told of it, and is to be told that it was taken back."
    else:
        says = f"Basware was told that it was taken back; it shows {_money(document.paid_cents, document)} as paid."
    return Paid(
        document=document,
        payment=row.payment_txn_id,
        method=_METHODS.get(row.kind, row.kind),
        ref_number=row.ref_number,
        paid_on=row.paid_on,
        amount_cents=row.amount_cents,
        discount_cents=row.discount_cents,
        state=TAKEN_BACK,
        says=says,
        next_step="",
        acts=(),
    )


def _how_far(document: Document, payment: str) -> tuple[str, str, str]:
    """Return how far Basware knows a payment, in a word, in a sentence, and what is next."""
    state = State(document.state)
    fault = documents.answer_fault_of(document)
    if fault is not None:
        return NOT_TAKEN, fault.says, fault.do
    if state in {State.CHANGED, State.MODIFYING}:
        found = documents.faults_of(document)
        says = found[0].says if found else "The Bill is not what it was."
        return ASKS, says, found[0].do if found else "Open it."
    if state in {State.POSTED, State.SENT, State.IN_DOUBT, State.PLANNED, State.ACCEPTED, State.RECEIVED}:
        return FIRST_THE_BILL, "Basware is told of the payment as soon as it knows of the Bill.", ""
    if state not in {State.CONFIRMED, State.PAID}:
        return LEFT_OUT, "The document was taken out, so Basware is not told of its payments.", ""
    if document.payment_due:
        return DUE, "Basware is told by itself.", "Wait, or have it told at once."
    if payment and payment not in document.payments_told:
        return DUE, "Basware is told with the next look at payments.", ""
    if document.payment_told_at is not None:
        return TOLD, "Basware took it; within an hour it is looked up there once.", ""
    return CONFIRMED, f"Basware shows {_money(document.paid_cents, document)} as paid.", ""


def _money(cents: int, document: Document) -> str:
    return f"{from_cents(cents):,.2f} {document.currency}".rstrip()

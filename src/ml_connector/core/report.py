"""What Basware must be told: the outcome of a transfer, and what has been paid so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ml_connector.core.books import TxnId
from ml_connector.core.faults import Fault
from ml_connector.core.records import Payment, TxnKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferReport:
    """The answer to one transfer."""

    success: bool
    message: str  #: one sentence for the AP clerk
    voucher_number_1: str = ""  #: TxnID
    voucher_number_2: str = ""  #: TxnNumber


def transfer_succeeded(kind: TxnKind, txn_id: TxnId, txn_number: str, *, linked: bool) -> TransferReport:
    """Say that QuickBooks has the document."""
    noun = "Vendor credit" if kind is TxnKind.VENDOR_CREDIT else "Bill"
    verb = "already in QuickBooks, linked" if linked else "created in QuickBooks"
    number = f" (number {txn_number})" if txn_number else ""
    return TransferReport(
        success=True, message=f"{noun} {verb}{number}.", voucher_number_1=txn_id, voucher_number_2=txn_number
    )


def transfer_failed(reason: str, faults: Sequence[Fault], earlier: str = "") -> TransferReport:
    """Say that the document was given up, with the person's reason first and the faults after it. `earlier` is the TxnID
    of one that was entered before."""
    first = f"Given up after it was entered in QuickBooks as {earlier}." if earlier else "Not entered in QuickBooks."
    words = [first, reason.strip(), *(fault.says for fault in faults)]
    return TransferReport(success=False, message=" ".join(word for word in words if word))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentState:
    """What has been paid on one Bill, over all its payments, as Basware is to see it."""

    paid: Decimal  #: cumulative, without the discount
    discount: Decimal  #: cumulative
    paid_on: str = ""  #: ISO date of the latest payment; empty when nothing is paid
    check_number: str = ""  #: RefNumber of the latest payment
    payment_txn_id: str = ""  #: TxnID of the latest payment
    reversal_txn_id: str = ""  #: TxnID of a payment that was voided or deleted since the last report
    counted: tuple[str, ...] = ()  #: TxnIDs of all payments, the latest last
    method: str = ""  #: `Check` or `CreditCard`, of the latest payment

    @property
    def content(self) -> str:
        """Everything that makes one report differ from another, as one text."""
        return "|".join(
            (
                f"{self.paid:.2f}",
                f"{self.discount:.2f}",
                self.paid_on,
                self.check_number,
                self.payment_txn_id,
                self.method,
            )
        )


NOTHING_PAID = PaymentState(paid=Decimal(0), discount=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPayment:
    """One payment's share in one Bill."""

    payment: TxnId
    kind: TxnKind
    paid_on: date
    ref_number: str
    amount: Decimal
    discount: Decimal


def payment_state(applied: Sequence[AppliedPayment], told: Sequence[str]) -> PaymentState:
    """Add up what is paid on one Bill, recomputed from QuickBooks each time and never counted on.

    Money only: credits that settle a Bill are not money paid. `told` holds the TxnIDs of the payments that the last report
    counted; if one is no longer among them, it was voided or deleted, and the latest such is named as reversed.
    """
    real = [share for share in applied if share.amount or share.discount]
    count = {share.payment for share in real}
    reversal = next((txn_id for txn_id in reversed(told) if txn_id not in count), "")
    if not real:
        return PaymentState(paid=Decimal(0), discount=Decimal(0), reversal_txn_id=reversal)
    latest = max(real, key=lambda share: (share.paid_on, share.payment))
    return PaymentState(
        paid=sum((share.amount for share in real), Decimal(0)),
        discount=sum((share.discount for share in real), Decimal(0)),
        paid_on=latest.paid_on.isoformat(),
        check_number=latest.ref_number,
        payment_txn_id=latest.payment,
        reversal_txn_id=reversal,
        counted=tuple(share.payment for share in sorted(real, key=lambda share: (share.paid_on, share.payment))),
        method="CreditCard" if latest.kind is TxnKind.BILL_PAYMENT_CREDIT_CARD else "Check",
    )


def shares(payment: Payment) -> dict[TxnId, AppliedPayment]:
    """Return each Bill's share in a payment; several rows of one payment on one Bill are added up."""
    found: dict[TxnId, AppliedPayment] = {}
    for row in payment.applied:
        earlier = found.get(row.txn_id)
        found[row.txn_id] = AppliedPayment(
            payment=payment.txn_id,
            kind=payment.kind,
            paid_on=payment.paid_on,
            ref_number=payment.ref_number,
            amount=row.amount + (earlier.amount if earlier else 0),
            discount=row.discount + (earlier.discount if earlier else 0),
        )
    return found

"""What has been paid on which Bill, as QuickBooks holds it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ml_connector.core.books import TxnId
from ml_connector.core.records import Payment, TxnKind
from ml_connector.core.report import AppliedPayment, shares
from ml_connector.store.cents import cents, from_cents
from ml_connector.store.models import Connection, Document, PaymentShare


def replace_shares(connection: Connection, payments: Sequence[Payment], gone: Iterable[TxnId]) -> int:
    """Take payments as they are now, and forget deleted ones; mark our documents whose payments changed.

    Returns how many documents Basware is to be told about.
    """
    ids = {payment.txn_id for payment in payments} | set(gone)
    if not ids:
        return 0
    old = PaymentShare.objects.filter(connection=connection, payment_txn_id__in=ids)
    before = {(row.payment_txn_id, row.bill_txn_id): _content(row) for row in old}
    rows = [
        PaymentShare(
            connection=connection,
            payment_txn_id=share.payment,
            bill_txn_id=bill,
            kind=share.kind.value,
            paid_on=share.paid_on.isoformat(),
            ref_number=share.ref_number[:11],
            amount_cents=cents(share.amount),
            discount_cents=cents(share.discount),
        )
        for payment in {payment.txn_id: payment for payment in payments}.values()
        for bill, share in shares(payment).items()
    ]
    after = {(row.payment_txn_id, row.bill_txn_id): _content(row) for row in rows}
    if before == after:
        return 0
    old.delete()
    PaymentShare.objects.bulk_create(rows, batch_size=500)
    bills = {bill for key in before.keys() | after.keys() if before.get(key) != after.get(key) for bill in [key[1]]}
    return Document.objects.filter(connection=connection, txn_id__in=bills, kind=TxnKind.BILL.value).update(
        payment_due=True, due_at=None
    )


def applied_to(connection_id: int, bills: Iterable[str]) -> dict[str, list[AppliedPayment]]:
    """Return the payments of Bills, by the Bill's TxnID."""
    found: dict[str, list[AppliedPayment]] = {}
    for row in PaymentShare.objects.filter(connection_id=connection_id, bill_txn_id__in=list(bills)):
        found.setdefault(row.bill_txn_id, []).append(
            AppliedPayment(
                payment=TxnId(row.payment_txn_id),
                kind=TxnKind(row.kind),
                paid_on=date.fromisoformat(row.paid_on),
                ref_number=row.ref_number,
                amount=from_cents(row.amount_cents),
                discount=from_cents(row.discount_cents),
            )
        )
    return found


def _content(row: PaymentShare) -> tuple[str, str, str, int, int]:
    return (row.kind, row.paid_on, row.ref_number, row.amount_cents, row.discount_cents)


def known(connection_id: int, after: str, limit: int) -> list[tuple[str, str]]:
    """Return the next payments that we know, by TxnID, each with its kind."""
    rows = PaymentShare.objects.filter(connection_id=connection_id, payment_txn_id__gt=after)
    return list(rows.values_list("payment_txn_id", "kind").distinct().order_by("payment_txn_id")[:limit])

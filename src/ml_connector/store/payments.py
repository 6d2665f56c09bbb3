"""What has been paid on which Bill, as QuickBooks holds it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from ml_connector.core.books import TxnId
from ml_connector.core.records import Payment, TxnKind
from ml_connector.core.report import AppliedPayment, shares
from ml_connector.store.cents import cents, from_cents
from ml_connector.store.models import Connection, Document, PaymentShare, Reversal


def replace_shares(connection: Connection, payments: Sequence[Payment], gone: Iterable[TxnId], now: datetime) -> int:
    """Take payments as they are now, and forget deleted ones; mark our documents whose payments changed, and keep what
    was taken back.

    Returns how many documents Basware is to be told about.
    """
    ids = {payment.txn_id for payment in payments} | set(gone)
    if not ids:
        return 0
    old = PaymentShare.objects.filter(connection=connection, payment_txn_id__in=ids)
    known = {(row.payment_txn_id, row.bill_txn_id): row for row in old}
    before = {key: _content(row) for key, row in known.items()}
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
    _keep_reversed(connection, [row for key, row in known.items() if key not in after], now)
    old.delete()
    PaymentShare.objects.bulk_create(rows, batch_size=500)
    bills = {bill for key in before.keys() | after.keys() if before.get(key) != after.get(key) for bill in [key[1]]}
    return Document.objects.filter(connection=connection, txn_id__in=bills, kind=TxnKind.BILL.value).update(
        payment_due=True, due_at=None
    )


def _keep_reversed(connection: Connection, gone: Sequence[PaymentShare], now: datetime) -> None:
    bills = {row.bill_txn_id for row in gone if row.amount_cents or row.discount_cents}
    ours = Document.objects.filter(connection=connection, txn_id__in=bills).only("pk", "txn_id", "payments_told")
    documents = {document.txn_id: document for document in ours}
    Reversal.objects.bulk_create(
        Reversal(
            connection=connection,
            document=documents[row.bill_txn_id],
            payment_txn_id=row.payment_txn_id,
            kind=row.kind,
            paid_on=row.paid_on,
            ref_number=row.ref_number,
            amount_cents=row.amount_cents,
            discount_cents=row.discount_cents,
            told=row.payment_txn_id in documents[row.bill_txn_id].payments_told,
            noticed_at=now,
        )
        for row in gone
        if row.bill_txn_id in documents
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

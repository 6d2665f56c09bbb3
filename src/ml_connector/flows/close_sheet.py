"""The month's close as a file: what it is made of, its sums, every document that differs, and the signature."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from ml_connector.flows.local_time import local
from ml_connector.flows.month_close import Signature, signature
from ml_connector.flows.reconciliation import COLUMNS, Cause, Month, Sums, causes, month, month_words
from ml_connector.store.cents import from_cents
from ml_connector.store.models import Connection

CAUSES_MOST = 1000
_SUMS = ("Documents", "Basware", "Connector", "QuickBooks", "Basware - Connector", "Connector - QuickBooks")
_CAUSES = (
    "Document", "Supplier", "Invoice", "Currency", "Basware", "Connector", "QuickBooks", "TxnID", "State", "What differs",
    "Next step",
)  # fmt: skip
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")

Row = tuple[object, ...]


def sheet(connection: Connection, period: str, now: datetime) -> str:
    """Return the close of a month as CSV.

    Raises:
        NeedsOperator: `period` is no month.
    """
    found = month(connection, period)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in _rows(found, signature(found), now):
        writer.writerow([_text(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue()


def _rows(found: Month, signed: Signature | None, now: datetime) -> Iterator[Row]:
    connection = found.connection
    yield "Close sheet", connection.company_name or connection.name, month_words(found.period)
    yield "Written", local(connection, now)
    yield from COLUMNS.items()
    for what, moment in (("saved", found.asked.saved_at), ("deleted", found.asked.deleted_at)):
        yield f"QuickBooks was last asked what was {what}", local(connection, moment) if moment else "never"
    yield "Invoices that could not be read, in no month", found.unread
    yield "Signed", f"{signed.row.actor}, {local(connection, signed.row.at)}" if signed else "not yet"
    if signed:
        yield "Remark", signed.row.remark
        yield "SHA-256 of the signed figures", signed.row.digest
        yield "Suppliers changed since", len(signed.changes)
    yield ()
    yield "Currency", "Supplier code", "Supplier", *_SUMS
    for total in found.totals:
        yield total.currency, "", "Total", *_sums(total)
    for one in found.suppliers:
        yield one.currency, one.supplier_code, one.supplier_name, *_sums(one)
    yield ()
    yield _CAUSES
    listed = causes(connection, found.period, now, size=CAUSES_MOST)
    yield from map(_cause, listed.causes)
    if listed.more_after:
        yield (f"More than {CAUSES_MOST} documents differ; the page of the month shows them all.",)


def _sums(sums: Sums) -> Row:
    amounts = (sums.basware, sums.connector, sums.quickbooks, sums.to_enter, sums.drift)
    return sums.documents, *map(from_cents, amounts)


def _cause(cause: Cause) -> Row:
    document = cause.document
    amounts = map(from_cents, (document.basware_cents, document.posted_cents, document.books_cents))
    about = (document.pk, document.supplier_name, document.invoice_number, document.currency)
    return *about, *amounts, document.txn_id, cause.state, cause.words, cause.next_step


def _text(value: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_BEGINS) else value

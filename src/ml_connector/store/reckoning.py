"""What a document counts for when the month is reconciled: with Basware, with us, and with QuickBooks.

Six columns of a document's row say it. They are written in the step that makes them true, so that a month is added up from
one index. An invoice counts in the month of its Bill's date, and before it is planned in the month of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from ml_connector.core.records import LedgerTxn, TxnKind
from ml_connector.core.states import State
from ml_connector.store.cents import cents
from ml_connector.store.chain import Ledger
from ml_connector.store.models import Document

_MONTH = 7  # characters of 2026-03

#: States in which Basware does not count on us: not acknowledged yet, or told that it failed.
_NOT_OURS = frozenset({State.RECEIVED, State.RETURNED})

#: Its Bill is not in QuickBooks, as far as we know.
NOT_IN_BOOKS: Mapping[str, Any] = {"books_cents": 0, "books_period": ""}


def month_of(day: str) -> str:
    """Return the month of an ISO date, as 2026-03."""
    return day[:_MONTH]


def as_entered(document: Document, txn: LedgerTxn | None, invoice_cents: int | None = None) -> dict[str, Any]:
    """Return the columns of a document whose Bill is in QuickBooks, entered by us or linked.

    Without `txn` QuickBooks only recalled that it entered what we sent; a set that was applied was applied as it was sent.
    """
    posted = document.gross_cents if invoice_cents is None else invoice_cents
    entered = {"posted_cents": posted, "books_cents": posted, "books_period": month_of(document.txn_date)}
    return entered if txn is None else entered | as_said(txn)


def as_said(txn: LedgerTxn) -> dict[str, Any]:
    """Return the columns that hold what QuickBooks said of a Bill or VendorCredit."""
    whole = cents(txn.amount)
    return {
        "books_cents": -whole if txn.kind is TxnKind.VENDOR_CREDIT else whole,
        "books_period": month_of(txn.txn_date.isoformat()),
    }


def note_gone(ledger: Ledger, gone: Collection[str]) -> None:
    """Note that QuickBooks deleted Bills, also those of documents that are a question already, or were given up."""
    rows = Document.objects.filter(connection=ledger.connection, txn_id__in=list(gone)).exclude(books_cents=0)
    rows.update(**NOT_IN_BOOKS, books_said_at=ledger.now)


def counted_in(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns that follow from other columns: the month, and what Basware's invoice amounts to."""
    following: dict[str, Any] = {}
    day = changes.get("txn_date") or changes.get("invoice_date")
    if day:
        following["period"] = month_of(day)
    if "gross_cents" in changes:
        following["basware_cents"] = changes["gross_cents"]
    return following


def following(
    document: Document, before: State, after: State, changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the columns that follow from a step of a document."""
    found = counted_in(changes)
    if after in _NOT_OURS:
        found["basware_cents"] = 0
        if after is State.RETURNED:
            found["posted_cents"] = 0  # whatever of it is in QuickBooks does not belong there any more
    elif before is State.RETURNED:
        found["basware_cents"] = document.gross_cents
    if "books_cents" in changes:
        found["books_said_at"] = now
    return found

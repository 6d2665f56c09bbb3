"""The plan: a Bill or VendorCredit, decided to the cent and named before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ml_connector.core.books import BookEntry
from ml_connector.core.money import Money
from ml_connector.core.records import TxnKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One expense line."""

    account: BookEntry  #: ledger account the line is charged to
    amount: Money  #: signed in the direction of the document: a deduction on a Bill is negative
    memo: str = ""
    customer: BookEntry | None = None  #: customer or job
    class_: BookEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPlan:
    """Everything QuickBooks will be told about one document."""

    kind: TxnKind  #: Bill or VendorCredit
    vendor: BookEntry
    txn_date: date
    due_date: date | None  #: never on a VendorCredit
    ref_number: str  #: at most 20 characters, derived from the invoice number
    memo: str  #: full invoice number, description, and our tag
    external_guid: str  #: braces included; derived from the invoice, the same on every attempt
    tag: str  #: the part of the memo by which the transaction is recognised
    total: Money  #: positive
    lines: tuple[PlanLine, ...]
    terms: BookEntry | None = None
    books_version: int = 0  #: snapshot of the lists this was decided on
    mapping_version: int = 0

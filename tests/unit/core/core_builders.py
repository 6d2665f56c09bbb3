"""Invoices, books and QuickBooks documents that are in order; a test names only what its story is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector.core.books import BookEntry, Books, ListId, ListKind, Mapping, Preferences, TxnId
from ml_connector.core.faults import Faults
from ml_connector.core.invoice import CodingRow, Invoice, InvoiceId
from ml_connector.core.matching import Sought
from ml_connector.core.money import Money
from ml_connector.core.plan import Policy, plan_bill
from ml_connector.core.plan_values import BillPlan
from ml_connector.core.records import LedgerTxn, TxnKind

TAG = "[BW:00112233445566AA]"
OTHER_TAG = "[BW:FFEEDDCCBBAA9988]"
GUID = "{5f8b3f0e-9a0c-5c5e-8b57-1f6f5d0e6a01}"

VENDOR = BookEntry(kind=ListKind.VENDOR, list_id=ListId("80000001-1"), code="V100", full_name="Acme Supplies")
RENT = BookEntry(
    kind=ListKind.ACCOUNT, list_id=ListId("80000010-1"), code="6100", full_name="Rent", account_type="Expense"
)
TRAVEL = BookEntry(
    kind=ListKind.ACCOUNT, list_id=ListId("80000011-1"), code="6200", full_name="Travel", account_type="Expense"
)
PAYABLE = BookEntry(
    kind=ListKind.ACCOUNT,
    list_id=ListId("80000012-1"),
    code="2000",
    full_name="Accounts Payable",
    account_type="AccountsPayable",
)
EAST = BookEntry(kind=ListKind.CLASS, list_id=ListId("80000020-1"), code="EAST", full_name="Regions:East")
JOB = BookEntry(kind=ListKind.CUSTOMER, list_id=ListId("80000030-1"), code="P7", full_name="Baker:Kitchen")
NET30 = BookEntry(kind=ListKind.TERMS, list_id=ListId("80000040-1"), code="N30", full_name="Net 30")

ENTRIES = (VENDOR, RENT, TRAVEL, PAYABLE, EAST, JOB, NET30)


def usd(amount: str | Decimal, currency: str = "USD") -> Money:
    return Money(Decimal(amount), currency)


def books(*entries: BookEntry, **preferences: Any) -> Books:
    """Books with the usual entries; an entry given here replaces the usual one of the same ListID."""
    found = {entry.list_id: entry for entry in (*ENTRIES, *entries)}
    return Books(
        version=7,
        preferences=Preferences(**{"multicurrency": True} | preferences),
        by_code={(entry.kind, entry.code): entry for entry in found.values()},
        by_list_id={str(list_id): entry for list_id, entry in found.items()},
    )


def row(amount: str | None = "100.00", account: str = "6100", **changes: Any) -> CodingRow:
    fields: dict[str, Any] = {
        "external_code": "r1",
        "index": 1,
        "account_code": account,
        "gross": None if amount is None else usd(amount),
    }
    return CodingRow(**(fields | changes))


def invoice(*rows: CodingRow, total: str | None = None, **changes: Any) -> Invoice:
    """An invoice over its rows; its total is their sum unless the story says otherwise."""
    lines = rows or (row(),)
    if total is None:
        total = str(sum((line.gross.amount for line in lines if line.gross is not None), Decimal(0)))
    fields: dict[str, Any] = {
        "invoice_id": InvoiceId("i-1"),
        "company_code": "US01",
        "supplier_code": "V100",
        "supplier_name": "Acme Supplies Inc.",
        "invoice_number": "INV-1",
        "gross": usd(total),
        "invoice_date": date(2024, 3, 1),
        "voucher_date": None,
        "due_date": date(2024, 3, 31),
        "rows": tuple(lines),
    }
    return Invoice(**(fields | changes))


def decide(
    wanted: Invoice,
    known: Books | None = None,
    targets: dict[tuple[ListKind, str], ListId] | None = None,
    **policy: Any,
) -> BillPlan | Faults:
    mapping = Mapping(version=3, targets=targets or {})
    return plan_bill(wanted, known or books(), mapping, Policy(**policy))


def planned(wanted: Invoice, *arguments: Any, **policy: Any) -> BillPlan:
    decided = decide(wanted, *arguments, **policy)
    assert isinstance(decided, BillPlan), codes(decided)
    return decided


def refused(wanted: Invoice, *arguments: Any, **policy: Any) -> list[str]:
    """Return the codes of the faults, in the order they were found."""
    return codes(decide(wanted, *arguments, **policy))


def codes(decided: BillPlan | Faults) -> list[str]:
    assert isinstance(decided, Faults), decided
    return [fault.code for fault in decided.items]


def sought(**changes: Any) -> Sought:
    fields: dict[str, Any] = {
        "vendor": VENDOR.list_id,
        "ref_number": "INV-1",
        "txn_date": "2024-03-05",
        "invoice_date": "2024-03-01",
        "total": Decimal("100.00"),
        "external_guid": GUID,
        "tag": TAG,
    }
    return Sought(**(fields | changes))


def in_quickbooks(**changes: Any) -> LedgerTxn:
    """A Bill as a person would have typed it in for `sought()`."""
    typed = LedgerTxn(
        kind=TxnKind.BILL,
        txn_id=TxnId("1A2B-1"),
        txn_number="12",
        edit_sequence="1",
        time_modified="2024-03-05T10:00:00",
        vendor=VENDOR.list_id,
        txn_date=date(2024, 3, 5),
        amount=Decimal("100.00"),
        ref_number="INV-1",
    )
    return replace(typed, **changes)


def total_of(amounts: Iterable[Money]) -> Decimal:
    return sum((money.amount for money in amounts), Decimal(0))

"""One document as Basware has it and as QuickBooks has it, or will have it, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any

from ml_connector.core.faults import Fault
from ml_connector.core.invoice import CodingRow
from ml_connector.core.money import Money
from ml_connector.flows.planning import read
from ml_connector.quickbooks.written import WrittenBill, WrittenLine, read_add_request
from ml_connector.store.models import Document, ListEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One field on both sides."""

    label: str
    basware: str
    quickbooks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePair:
    """One coding row, and the expense line it becomes."""

    basware_coding: str
    basware_amount: Decimal | None
    quickbooks_account: str
    quickbooks_amount: Decimal | None
    quickbooks_note: str  #: class, job and memo


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Both sides of a document."""

    fields: Sequence[Pair]
    lines: Sequence[LinePair]
    basware_total: Decimal | None
    quickbooks_total: Decimal | None  #: of the lines; None while nothing is planned
    unreadable: str  #: why Basware's invoice cannot be read; empty if it can
    in_quickbooks: bool  #: it is there; else it is what will be sent

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "fields": [{"field": p.label, "basware": p.basware, "quickbooks": p.quickbooks} for p in self.fields],
            "lines": [
                {
                    "basware_coding": line.basware_coding,
                    "basware_amount": _written_amount(line.basware_amount),
                    "quickbooks_account": line.quickbooks_account,
                    "quickbooks_amount": _written_amount(line.quickbooks_amount),
                    "quickbooks_note": line.quickbooks_note,
                }
                for line in self.lines
            ],
            "basware_total": _written_amount(self.basware_total),
            "quickbooks_total": _written_amount(self.quickbooks_total),
            "agrees": self.agrees,
            "unreadable": self.unreadable,
        }

    @property
    def agrees(self) -> bool:
        """Tell whether both totals are known, and are the same to the cent."""
        return self.basware_total is not None and self.basware_total == self.quickbooks_total


def _written_amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def side_by_side(document: Document) -> SideBySide:
    """Return both sides of one document."""
    invoice = read(document)
    bill = read_add_request(_written(document), document.pk)
    names = _names(document, bill)
    credit = document.kind == "VendorCredit"
    coding: Sequence[CodingRow] = () if isinstance(invoice, Fault) else invoice.rows
    lines = bill.lines if bill else ()
    total = sum((_amount(line.amount) or Decimal(0) for line in lines), Decimal(0)) if bill else None
    return SideBySide(
        fields=_fields(document, bill, names, invoice),
        lines=[_line(row, line, names, credit=credit) for row, line in zip_longest(coding, lines)],
        basware_total=None if isinstance(invoice, Fault) else invoice.gross.amount,
        quickbooks_total=-total if credit and total is not None else total,
        unreadable=invoice.says if isinstance(invoice, Fault) else "",
        in_quickbooks=bool(document.txn_id),
    )


def _written(document: Document) -> str:
    """Return what is planned for the document, or the message set in which it left."""
    if document.request_xml or document.linked or document.message_set is None:
        return document.request_xml
    return document.message_set.text


def _fields(document: Document, bill: WrittenBill | None, names: dict[str, str], invoice: object) -> list[Pair]:
    def basware(name: str) -> str:
        value = getattr(invoice, name, None)
        return "" if value is None else str(value)

    def quickbooks(name: str) -> str:
        return getattr(bill, name) if bill else ""

    def named(name: str) -> str:
        return names.get(quickbooks(name), quickbooks(name))

    supplier = f"{document.supplier_name} ({document.supplier_code})" if document.supplier_code else ""
    return [
        Pair(label="Vendor", basware=supplier or document.supplier_name, quickbooks=named("vendor_id")),
        Pair(label="Number", basware=document.invoice_number, quickbooks=quickbooks("ref_number")),
        Pair(label="Date", basware=basware("invoice_date"), quickbooks=quickbooks("txn_date")),
        Pair(label="Voucher date", basware=basware("voucher_date"), quickbooks=""),
        Pair(label="Due", basware=basware("due_date"), quickbooks=quickbooks("due_date")),
        Pair(label="Terms", basware=basware("payment_term_code"), quickbooks=named("terms_id")),
        Pair(label="Text", basware=basware("description"), quickbooks=quickbooks("memo")),
        Pair(label="Kind", basware="", quickbooks=document.kind),
        Pair(label="Id", basware=document.invoice_id, quickbooks=document.txn_id),
        Pair(label="QuickBooks' own number", basware="", quickbooks=document.txn_number),
    ]


def _line(row: CodingRow | None, line: WrittenLine | None, names: dict[str, str], *, credit: bool) -> LinePair:
    coding = [row.account_code, row.cost_center_code, row.project_code] if row else []
    notes = [names.get(ref, ref) for ref in (line.class_id, line.customer_id) if ref] + [line.memo] if line else []
    amount = _amount(line.amount) if line else None
    return LinePair(
        basware_coding=" / ".join(part for part in coding if part),
        basware_amount=_row_amount(row),
        quickbooks_account=names.get(line.account_id, line.account_id) if line else "",
        quickbooks_amount=-amount if credit and amount is not None else amount,
        quickbooks_note=" · ".join(note for note in notes if note),
    )


def _row_amount(row: CodingRow | None) -> Decimal | None:
    gross: Money | None = row.gross if row else None
    return gross.amount if gross else None


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _names(document: Document, bill: WrittenBill | None) -> dict[str, str]:
    """Return the names of the list entries that a Bill refers to, by ListID."""
    if bill is None:
        return {}
    refs = {bill.vendor_id, bill.terms_id} | {
        ref for line in bill.lines for ref in (line.account_id, line.class_id, line.customer_id)
    }
    entries = ListEntry.objects.filter(connection=document.connection_id, list_id__in=refs - {""})
    return {entry.list_id: f"{entry.full_name} ({entry.code})" if entry.kind == "account" else entry.full_name
            for entry in entries.only("list_id", "full_name", "code", "kind")}  # fmt: skip

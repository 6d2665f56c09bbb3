"""The decision: what Bill an invoice becomes, or every reason why it cannot become one, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ml_connector.core import identity
from ml_connector.core.books import IGNORE, BookEntry, Books, ListKind, Mapping
from ml_connector.core.faults import Faults
from ml_connector.core.invoice import CodingRow, Invoice
from ml_connector.core.money import Money
from ml_connector.core.plan_values import BillPlan, PlanLine
from ml_connector.core.records import TxnKind

# A Bill's expense line cannot carry these: A/P is the other side of the Bill, A/R wants a customer's transaction, and
# non-posting accounts hold orders and estimates. Inferred from QuickBooks' own screens; it refuses them with 3140.
_UNPOSTABLE = frozenset({"AccountsPayable", "AccountsReceivable", "NonPosting"})

_AMOUNT_LIMIT = Decimal(10) ** 13  # qbxmltypes, AMTTYPE: up to 13 digits before the point

_UNMAPPED = {
    ListKind.ACCOUNT: ("MLC-ACCOUNT-01", "MLC-ACCOUNT-03"),
    ListKind.CLASS: ("MLC-CLASS-01", "MLC-CLASS-02"),
    ListKind.CUSTOMER: ("MLC-JOB-01", "MLC-JOB-02"),
    ListKind.VENDOR: ("MLC-VENDOR-01", "MLC-VENDOR-03"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the firm wants where both answers would be right."""

    post_payment_blocked: bool = False  #: post invoices that are blocked for payment in Basware, marked in the memo


def plan_bill(invoice: Invoice, books: Books, mapping: Mapping, policy: Policy) -> BillPlan | Faults:
    """Decide the Bill or VendorCredit of one invoice.

    Every reference is resolved to a ListID before anything is sent; the lines add up to the invoice total to the cent,
    or the invoice is refused. Planning never asks QuickBooks: `books` is what was read earlier.
    """
    faults = Faults()
    vendor = _vendor(invoice, books, mapping, faults)
    currency = _check_currency(invoice, vendor, books, faults)
    txn_date = _txn_date(invoice, books, faults)
    direction = -1 if invoice.is_credit_note else 1
    lines = tuple(
        line
        for row in invoice.rows
        if (line := _line(row, invoice, books, mapping, direction, currency, faults)) is not None
    )
    _check_total(invoice, faults)
    terms = _terms(invoice, books, mapping, faults)
    if not invoice.invoice_number.strip():
        faults.add("MLC-NUMBER-01")
    if invoice.payment_block and not policy.post_payment_blocked:
        faults.add("MLC-BLOCK-01")
    if faults or vendor is None or txn_date is None:
        return faults
    guid = identity.document_guid(invoice.company_code, invoice.invoice_id)
    tag = identity.memo_tag(guid)
    credit = invoice.is_credit_note
    return BillPlan(
        kind=TxnKind.VENDOR_CREDIT if credit else TxnKind.BILL,
        vendor=vendor,
        txn_date=txn_date,
        due_date=None if credit else invoice.due_date,
        ref_number=identity.ref_number(invoice.invoice_number),
        memo=_memo(invoice, tag),
        external_guid=identity.external_guid(guid),
        tag=tag,
        total=-invoice.gross if credit else invoice.gross,
        lines=lines,
        terms=None if credit else terms,
        books_version=books.version,
        mapping_version=mapping.version,
    )


def vendor_meant(invoice: Invoice, books: Books, mapping: Mapping) -> str:
    """Return the ListID of the vendor an invoice means, active or not; empty if it means none that is known."""
    key = ListKind.VENDOR, invoice.supplier_code
    entry = books.by_code.get(key)
    return mapping.targets.get(key) or (entry.list_id if entry else "")


def _vendor(invoice: Invoice, books: Books, mapping: Mapping, faults: Faults) -> BookEntry | None:
    if not invoice.supplier_code:
        faults.add("MLC-VENDOR-02", detail=invoice.supplier_name or "no name either")
        return None
    return _resolve(
        ListKind.VENDOR, invoice.supplier_code, "supplier", books, mapping, faults, detail=invoice.supplier_name
    )


def _resolve(
    kind: ListKind, code: str, at: str, books: Books, mapping: Mapping, faults: Faults, *, detail: str = ""
) -> BookEntry | None:
    """Return the active entry a code means, or note why there is none. What a person mapped comes before our own codes."""
    unknown, inactive = _UNMAPPED[kind]
    target = mapping.targets.get((kind, code))
    if target is not None:
        entry = books.by_list_id.get(target)
        if entry is None or entry.kind is not kind:
            faults.add("MLC-CODE-01", at=at, value=code, detail=target or "nothing")
            return None
    else:
        entry = books.by_code.get((kind, code))
        if entry is None:
            faults.add(unknown, at=at, value=code, detail=detail)
            return None
    if not entry.active:
        faults.add(inactive, at=at, value=entry.full_name)
        return None
    return entry


def _check_currency(invoice: Invoice, vendor: BookEntry | None, books: Books, faults: Faults) -> str:
    """Return the currency the Bill will have: a Bill has its vendor's currency, and there is no way to choose another."""
    home = books.preferences.home_currency
    if not books.preferences.multicurrency and invoice.gross.currency != home:
        # Whatever the vendor says: without multiple currencies the file holds amounts in one currency only.
        faults.add("MLC-CURRENCY-02", value=invoice.gross.currency, detail=home)
        return invoice.gross.currency
    if vendor is None:
        return invoice.gross.currency
    currency = vendor.currency or home
    if currency != invoice.gross.currency:
        faults.add("MLC-CURRENCY-01", value=invoice.gross.currency, detail=currency)
    return currency


def _txn_date(invoice: Invoice, books: Books, faults: Faults) -> date | None:
    txn_date = invoice.voucher_date or invoice.invoice_date
    if txn_date is None:
        faults.add("MLC-DATE-01")
        return None
    closing = books.preferences.closing_date
    if closing is not None and txn_date <= closing:
        faults.add("MLC-DATE-02", value=txn_date.isoformat(), detail=closing.isoformat())
    return txn_date


def _line(
    row: CodingRow, invoice: Invoice, books: Books, mapping: Mapping, direction: int, currency: str, faults: Faults
) -> PlanLine | None:
    at = str(row.index)
    amount = _amount(row, at, faults)
    if not row.account_code and amount is not None and amount.amount == 0:
        return None  # Basware keeps empty rows of zero; there is nothing to charge
    account = _account(row, at, books, mapping, currency, faults)
    class_ = _optional(ListKind.CLASS, row.cost_center_code, at, books, mapping, faults)
    if class_ is not None and not books.preferences.class_tracking:
        faults.add("MLC-CLASS-03", at=at, value=row.cost_center_code)
    customer = _optional(ListKind.CUSTOMER, row.project_code, at, books, mapping, faults)
    if account is None or amount is None:
        return None
    return PlanLine(
        account=account,
        amount=amount if direction == 1 else -amount,
        memo=row.comment or invoice.description,
        customer=customer,
        class_=class_,
    )


def _amount(row: CodingRow, at: str, faults: Faults) -> Money | None:
    if (large := _too_large(row)) is not None:
        faults.add("MLC-TOTAL-05", at=f"Row {at}", value=str(large))
        return None
    amount = row_amount(row)
    if amount is None:
        faults.add("MLC-TOTAL-02", at=at)
    elif abs(amount.amount) >= _AMOUNT_LIMIT:
        faults.add("MLC-TOTAL-05", at=f"Row {at}", value=str(amount))
    return amount


def _too_large(row: CodingRow) -> Money | None:
    """Return the amount of a row that is beyond QuickBooks and so beyond adding up, if there is one."""
    amounts = (row.gross,) if row.gross is not None else (row.net, row.tax)
    return next((a for a in amounts if a is not None and abs(a.amount) >= _AMOUNT_LIMIT), None)


def _account(
    row: CodingRow, at: str, books: Books, mapping: Mapping, currency: str, faults: Faults
) -> BookEntry | None:
    if not row.account_code:
        faults.add("MLC-ACCOUNT-02", at=at)
        return None
    account = _resolve(ListKind.ACCOUNT, row.account_code, at, books, mapping, faults)
    if account is not None:
        if account.account_type in _UNPOSTABLE:
            faults.add("MLC-ACCOUNT-04", at=at, value=account.full_name, detail=account.account_type)
        if account.currency not in {"", books.preferences.home_currency, currency}:
            faults.add("MLC-ACCOUNT-05", at=at, value=account.full_name, detail=account.currency)
    return account


def _optional(kind: ListKind, code: str, at: str, books: Books, mapping: Mapping, faults: Faults) -> BookEntry | None:
    if not code or mapping.targets.get((kind, code)) == IGNORE:
        return None
    return _resolve(kind, code, at, books, mapping, faults)


def row_amount(row: CodingRow) -> Money | None:
    """Return what a row charges: its gross total, or net and tax together; None if Basware gave no amount.

    A US file keeps no input tax, so a line carries the tax with it and the Bill equals the invoice's gross total.
    """
    if row.gross is not None:
        return row.gross
    if row.net is None:
        return None
    return row.net + row.tax if row.tax is not None else row.net


def _check_total(invoice: Invoice, faults: Faults) -> None:
    if not invoice.rows:
        faults.add("MLC-TOTAL-04")
        return
    if invoice.gross.amount == 0:
        faults.add("MLC-TOTAL-03")
    if abs(invoice.gross.amount) >= _AMOUNT_LIMIT:
        faults.add("MLC-TOTAL-05", at="The invoice total", value=str(invoice.gross))
    total = Money(Decimal(0), invoice.gross.currency)
    for row in invoice.rows:
        if _too_large(row) is not None:
            return  # said already
        amount = row_amount(row)
        if amount is None:
            return
        total += amount
    if total != invoice.gross:
        faults.add("MLC-TOTAL-01", value=str(total), detail=str(invoice.gross))


def _terms(invoice: Invoice, books: Books, mapping: Mapping, faults: Faults) -> BookEntry | None:
    """Return the terms, or None where the due date alone says enough. Terms never hold up a Bill that has a due date."""
    code = invoice.payment_term_code
    if not code:
        return None
    target = mapping.targets.get((ListKind.TERMS, code))
    if target == IGNORE:
        return None
    entry = books.by_list_id.get(target) if target else books.by_code.get((ListKind.TERMS, code))
    if entry is not None and entry.active and entry.kind is ListKind.TERMS:
        return entry
    if invoice.due_date is None and not invoice.is_credit_note:
        faults.add("MLC-TERMS-01", value=code)
    return None


def _memo(invoice: Invoice, tag: str) -> str:
    """Full invoice number first, because that is what a person looks for; our tag last, because nobody reads it."""
    parts = [" ".join(invoice.invoice_number.split())]
    if invoice.payment_block:
        parts.append("PAYMENT BLOCKED")
    if invoice.order_numbers:
        parts.append("PO " + ", ".join(invoice.order_numbers[:5]))
    if invoice.description:
        parts.append(invoice.description)
    return " ".join(parts)[:1000] + " " + tag

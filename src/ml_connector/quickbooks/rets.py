"""One record of an answer (`VendorRet`, `BillRet`...) as a value of `core.records`.

Unknown elements are passed over. An optional element that is absent leaves its field empty; a required one that is
absent, or text that does not mean what its type says, makes the record unreadable rather than guessed at.
Source of the elements: qbxmlops130, the Ret of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from lxml import etree

from ml_connector.core.books import ListId, ListKind, TxnId
from ml_connector.core.errors import Defect
from ml_connector.core.money import exact_decimal
from ml_connector.core.records import (
    Address,
    AppliedTo,
    CompanyActivity,
    Currency,
    DeletedEntry,
    DeletedTxn,
    LedgerLine,
    LedgerLink,
    LedgerTxn,
    ListRecord,
    Payment,
    TxnKind,
)
from ml_connector.quickbooks import limits

Record: TypeAlias = ListRecord | LedgerTxn | Payment | DeletedTxn | DeletedEntry | Currency | CompanyActivity
Fields: TypeAlias = "dict[str, etree._Element]"

_PERCENT = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,5})?")  # PERCENTTYPE
_PAYMENT_KINDS = {
    "BillPaymentCheckRet": TxnKind.BILL_PAYMENT_CHECK,
    "BillPaymentCreditCardRet": TxnKind.BILL_PAYMENT_CREDIT_CARD,
}
_DELETED_KINDS = {str(kind): kind for kind in TxnKind}


class UnreadableRecord(Defect):
    """A record does not say what its kind always says. `raw` is its text, `record_id` its ListID or TxnID, if any.

    If it answers a write, the write did take effect: QuickBooks returns records only of what it has.
    """

    def __init__(self, name: str, reason: str, raw: str, record_id: str) -> None:
        super().__init__(f"QuickBooks' {name} {record_id or 'without id'} cannot be read: {reason}.")
        self.name, self.reason, self.raw, self.record_id = name, reason, raw, record_id


def read_record(element: etree._Element) -> Record | None:
    """Read one record; None for kinds that are not ours.

    Raises:
        UnreadableRecord: see there.
    """
    reader = _READERS.get(element.tag)
    if reader is None:
        return None
    try:
        return reader(element)
    except ValueError as error:
        raw = etree.tostring(element, encoding="unicode", with_tail=False)
        found = element.findtext("ListID") or element.findtext("TxnID") or ""
        raise UnreadableRecord(str(element.tag), str(error), raw, found) from None


def _fields(element: etree._Element) -> Fields:
    # Of an element that repeats, the first one counts; those that may repeat are read by iteration.
    found: Fields = {}
    for child in element:
        found.setdefault(child.tag, child)
    return found


def _text(fields: Fields, name: str) -> str:
    element = fields.get(name)
    return "" if element is None else element.text or ""


def _required(fields: Fields, name: str) -> str:
    text = _text(fields, name).strip()
    if not text:
        raise ValueError(f"it has no {name}")
    return text


def _ref(fields: Fields, name: str) -> ListId:
    element = fields.get(name)
    return ListId("" if element is None else (element.findtext("ListID") or "").strip())


def _flag(fields: Fields, name: str, *, default: bool) -> bool:
    text = _text(fields, name).strip()
    if text == "true":
        return True
    if text == "false":
        return False
    if text:
        raise ValueError(f"{name} is {text!r:.40} instead of true or false")
    return default


def _amount(text: str) -> Decimal:
    text = text.strip()
    if limits.AMOUNT.fullmatch(text) is None:
        return exact_decimal(text)
    return Decimal(text)


def _optional_amount(fields: Fields, name: str) -> Decimal | None:
    text = _text(fields, name)
    return _amount(text) if text.strip() else None


def _date(fields: Fields, name: str) -> date:
    text = _required(fields, name)
    if limits.DATE.fullmatch(text) is None:
        raise ValueError(f"{name} is {text!r:.40} instead of a date")
    return date.fromisoformat(text)


def _count(fields: Fields, name: str) -> int | None:
    text = _text(fields, name).strip()
    if not text:
        return None
    if not (text.isascii() and text.lstrip("-").isdigit()):
        raise ValueError(f"{name} is {text!r:.40} instead of a whole number")
    return int(text)


def _percent(fields: Fields, name: str) -> Decimal | None:
    text = _text(fields, name).strip()
    if not text:
        return None
    if _PERCENT.fullmatch(text) is None:
        raise ValueError(f"{name} is {text!r:.40} instead of a percentage")
    return Decimal(text)


def _address(fields: Fields, name: str) -> Address:
    element = fields.get(name)
    if element is None:
        return _NO_ADDRESS
    parts = _fields(element)
    return Address(
        lines=tuple(line for n in "12345" if (line := _text(parts, f"Addr{n}"))),
        city=_text(parts, "City"),
        state=_text(parts, "State"),
        postal_code=_text(parts, "PostalCode"),
        country=_text(parts, "Country"),
    )


_NO_ADDRESS = Address()


def _vendor(element: etree._Element) -> ListRecord:
    fields = _fields(element)
    name = _required(fields, "Name")
    currency = fields.get("CurrencyRef")
    return ListRecord(
        kind=ListKind.VENDOR,
        list_id=ListId(_required(fields, "ListID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        name=name,
        full_name=name,  # vendors are flat
        active=_flag(fields, "IsActive", default=True),
        currency_name="" if currency is None else currency.findtext("FullName") or "",
        company_name=_text(fields, "CompanyName"),
        email=_text(fields, "Email"),
        phone=_text(fields, "Phone"),
        vendor_account_number=_text(fields, "AccountNumber"),
        terms=_ref(fields, "TermsRef"),
        address=_address(fields, "VendorAddress"),
    )


def _account(element: etree._Element) -> ListRecord:
    fields = _fields(element)
    currency = fields.get("CurrencyRef")
    return ListRecord(
        kind=ListKind.ACCOUNT,
        list_id=ListId(_required(fields, "ListID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        name=_required(fields, "Name"),
        full_name=_required(fields, "FullName"),
        active=_flag(fields, "IsActive", default=True),
        account_type=_required(fields, "AccountType"),
        account_number=_text(fields, "AccountNumber"),
        description=_text(fields, "Desc"),
        currency_name="" if currency is None else currency.findtext("FullName") or "",
    )


def _class(element: etree._Element) -> ListRecord:
    fields = _fields(element)
    return ListRecord(
        kind=ListKind.CLASS,
        list_id=ListId(_required(fields, "ListID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        name=_required(fields, "Name"),
        full_name=_required(fields, "FullName"),
        active=_flag(fields, "IsActive", default=True),
    )


def _customer(element: etree._Element) -> ListRecord:
    fields = _fields(element)
    return ListRecord(
        kind=ListKind.CUSTOMER,
        list_id=ListId(_required(fields, "ListID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        name=_required(fields, "Name"),
        full_name=_required(fields, "FullName"),
        active=_flag(fields, "IsActive", default=True),
        description=_text(fields, "JobDesc"),
        job_status=_text(fields, "JobStatus"),
    )


def _terms(element: etree._Element) -> ListRecord:
    fields = _fields(element)
    name = _required(fields, "Name")
    date_driven = element.tag == "DateDrivenTermsRet"
    return ListRecord(
        kind=ListKind.TERMS,
        list_id=ListId(_required(fields, "ListID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        name=name,
        full_name=name,
        active=_flag(fields, "IsActive", default=True),
        due_days=_count(fields, "StdDueDays"),
        discount_days=_count(fields, "StdDiscountDays"),
        discount_percent=_percent(fields, "DiscountPct"),
        date_driven=date_driven,
        day_of_month_due=_count(fields, "DayOfMonthDue"),
    )


def _ledger_txn(element: etree._Element) -> LedgerTxn:
    fields = _fields(element)
    kind = TxnKind.BILL if element.tag == "BillRet" else TxnKind.VENDOR_CREDIT
    vendor = _ref(fields, "VendorRef")
    if not vendor:
        raise ValueError("it has no VendorRef")
    lines = tuple(_line(line) for line in element.iterchildren("ExpenseLineRet")) if "ExpenseLineRet" in fields else ()
    return LedgerTxn(
        kind=kind,
        txn_id=TxnId(_required(fields, "TxnID")),
        txn_number=_text(fields, "TxnNumber"),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        vendor=vendor,
        txn_date=_date(fields, "TxnDate"),
        amount=_amount(_required(fields, "AmountDue" if kind is TxnKind.BILL else "CreditAmount")),
        ref_number=_text(fields, "RefNumber"),
        memo=_text(fields, "Memo"),
        external_guid=_text(fields, "ExternalGUID").strip(),
        is_paid=_flag(fields, "IsPaid", default=False),
        open_amount=_optional_amount(fields, "OpenAmount"),
        lines=lines,
        due_date=_date(fields, "DueDate") if _text(fields, "DueDate").strip() else None,
        has_items="ItemLineRet" in fields or "ItemGroupLineRet" in fields,
        links=tuple(_link(link) for link in element.iterchildren("LinkedTxn")) if "LinkedTxn" in fields else (),
    )


def _link(element: etree._Element) -> LedgerLink:
    fields = _fields(element)
    return LedgerLink(
        txn_id=TxnId(_required(fields, "TxnID")),
        txn_type=_text(fields, "TxnType"),
        amount=_optional_amount(fields, "Amount") or Decimal(0),
    )


def _line(element: etree._Element) -> LedgerLine:
    fields = _fields(element)
    return LedgerLine(
        txn_line_id=_text(fields, "TxnLineID"),
        account=_ref(fields, "AccountRef"),
        amount=_optional_amount(fields, "Amount") or Decimal(0),
        memo=_text(fields, "Memo"),
        customer=_ref(fields, "CustomerRef"),
        class_=_ref(fields, "ClassRef"),
    )


def _payment(element: etree._Element) -> Payment:
    fields = _fields(element)
    return Payment(
        kind=_PAYMENT_KINDS[str(element.tag)],
        txn_id=TxnId(_required(fields, "TxnID")),
        edit_sequence=_text(fields, "EditSequence"),
        time_modified=_text(fields, "TimeModified"),
        paid_on=_date(fields, "TxnDate"),
        ref_number=_text(fields, "RefNumber"),
        amount=_optional_amount(fields, "Amount") or Decimal(0),
        applied=tuple(_applied(part) for part in element.iterchildren("AppliedToTxnRet")),
    )


def _applied(element: etree._Element) -> AppliedTo:
    fields = _fields(element)
    return AppliedTo(
        txn_id=TxnId(_required(fields, "TxnID")),
        txn_type=_text(fields, "TxnType"),
        amount=_optional_amount(fields, "Amount") or Decimal(0),
        discount=_optional_amount(fields, "DiscountAmount") or Decimal(0),
    )


def _deleted(element: etree._Element) -> DeletedTxn | None:
    fields = _fields(element)
    kind = _DELETED_KINDS.get(_required(fields, "TxnDelType"))
    if kind is None:
        return None  # another kind of transaction than we post or read
    return DeletedTxn(
        kind=kind,
        txn_id=TxnId(_required(fields, "TxnID")),
        time_deleted=_text(fields, "TimeDeleted"),
    )


def _deleted_entry(element: etree._Element) -> DeletedEntry:
    fields = _fields(element)
    return DeletedEntry(list_id=ListId(_required(fields, "ListID")), time_deleted=_text(fields, "TimeDeleted"))


def _currency(element: etree._Element) -> Currency | None:
    fields = _fields(element)
    name, code = _text(fields, "Name"), _text(fields, "CurrencyCode")
    return Currency(name=name, code=code.upper()) if name and code else None


def _activity(element: etree._Element) -> CompanyActivity:
    fields = _fields(element)
    return CompanyActivity(
        last_restore=_text(fields, "LastRestoreTime").strip(), last_condense=_text(fields, "LastCondenseTime").strip()
    )


_READERS: dict[object, Callable[[etree._Element], Record | None]] = {
    "VendorRet": _vendor,
    "AccountRet": _account,
    "ClassRet": _class,
    "CustomerRet": _customer,
    "StandardTermsRet": _terms,
    "DateDrivenTermsRet": _terms,
    "BillRet": _ledger_txn,
    "VendorCreditRet": _ledger_txn,
    "BillPaymentCheckRet": _payment,
    "BillPaymentCreditCardRet": _payment,
    "TxnDeletedRet": _deleted,
    "ListDeletedRet": _deleted_entry,
    "CurrencyRet": _currency,
    "CompanyActivityRet": _activity,
}

#: Names of the records that are read.
RECORD_NAMES = tuple(str(name) for name in _READERS)

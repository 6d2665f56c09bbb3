"""An invoice's bytes -> `core.Invoice`. Pure: the same bytes always give the same invoice, or the same reasons."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NoReturn

from ml_connector.basware.wire import Unreadable, storable
from ml_connector.core.invoice import CodingRow, Invoice, InvoiceId
from ml_connector.core.money import AMOUNT_BOUND, InexactAmount, Money

_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")

#: How far from a cent a number may lie and still be that cent. Basware's amounts are doubles: a sum of cents comes out
#: as 0.30000000000000004. Anything coarser is another amount, and is not rounded.
NOISE = Decimal("0.000001")

# Calendar dates look like 2021-03-31T00:00:00 without a zone. Source: P2P API, accountingDocuments.
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_MIDNIGHT = re.compile(r"[0:.]*", re.ASCII)
_UNSET = "0001-01-01"  # a .NET date that was never set


def read_invoice(raw: bytes) -> Invoice:
    """Read one accounting document.

    Amounts are in the invoice's currency. Rows come in the order of `rowIndex`; codes without surrounding spaces.

    Raises:
        Unreadable: with every reason at once. An amount that is not a cent is refused rather than rounded, and a date
            with a zone and a time is held for a person rather than guessed at, because the day depends on the zone.
    Source: P2P API, accountingDocuments and codingRows.
    """
    try:
        value = _JSON.decode(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidOperation):
        raise Unreadable(("The invoice is not valid JSON.",)) from None
    if not isinstance(value, dict):
        raise Unreadable(("The invoice is not a JSON object.",))
    return _Reader().invoice(value)


def _not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_not_a_number)


class _Reader:
    """Collects reasons while it reads one invoice."""

    __slots__ = ("currency", "reasons")

    def __init__(self) -> None:
        self.currency = ""
        self.reasons: list[str] = []

    def invoice(self, value: dict[str, Any]) -> Invoice:
        self.currency = self.code(value, "currencyCode").upper()
        if not (2 <= len(self.currency) <= 3 and self.currency.isascii() and self.currency.isalpha()):
            self.reasons.append(f"The currencyCode {self.currency!r} is not a currency.")
        invoice_id = self.text(value, "invoiceId")
        company_code = self.code(value, "companyCode")
        if not invoice_id:
            self.reasons.append("The invoice has no invoiceId.")
        if not company_code:
            self.reasons.append("The invoice has no companyCode.")
        gross = self.money(value, "grossSum", "")
        if gross is None and value.get("grossSum") is None:
            self.reasons.append("The invoice has no grossSum.")
        read = {
            "supplier_code": self.code(value, "supplierCode"),
            "supplier_name": self.text(value, "supplierName"),
            "invoice_number": self.code(value, "invoiceNumber"),
            "payment_term_code": self.code(value, "paymentTermCode"),
            "payment_method": self.code(value, "paymentMethod"),
            "description": self.text(value, "description"),
            "reference_number": self.text(value, "referenceNumber"),
            "processing_status": self.text(value, "processingStatus"),
            "last_updated": self.text(value, "lastUpdated"),
        }
        invoice_date = self.day(value, "invoiceDate")
        voucher_date = self.day(value, "voucherDate")
        due_date = self.day(value, "dueDate")
        payment_block = self.flag(value, "paymentBlock")
        order_numbers = self.order_numbers(value)
        rows = self.rows(value)
        if self.reasons or gross is None:
            raise Unreadable(tuple(self.reasons))
        return Invoice(
            invoice_id=InvoiceId(invoice_id),
            company_code=company_code,
            gross=gross,
            invoice_date=invoice_date,
            voucher_date=voucher_date,
            due_date=due_date,
            payment_block=payment_block,
            order_numbers=order_numbers,
            rows=rows,
            **read,
        )

    def rows(self, value: dict[str, Any]) -> tuple[CodingRow, ...]:
        listed = value.get("codingRows")
        if listed is None:
            return ()
        if not isinstance(listed, list):
            self.reasons.append("codingRows is not a list.")
            return ()
        rows = [row for place, item in enumerate(listed, 1) if (row := self.row(item, place)) is not None]
        rows.sort(key=lambda row: row.index)
        return tuple(rows)

    def row(self, item: Any, place: int) -> CodingRow | None:
        if not isinstance(item, dict):
            self.reasons.append(f"Coding row {place} is not an object.")
            return None
        index = item.get("rowIndex")
        if index is None:
            index = place
        elif type(index) is not int:
            self.reasons.append(f"Coding row {place}: the rowIndex is not a whole number.")
            index = place
        at = f"Coding row {index}: "
        return CodingRow(
            external_code=self.text(item, "externalCode", at),
            index=index,
            account_code=self.code(item, "accountCode", at),
            cost_center_code=self.code(item, "costCenterCode", at),
            project_code=self.code(item, "projectCode", at),
            gross=self.money(item, "grossTotal", at),
            net=self.money(item, "netTotal", at),
            tax=self.money(item, "taxSum", at),
            comment=self.text(item, "lastComment", at),
        )

    def text(self, value: dict[str, Any], member: str, at: str = "") -> str:
        found = value.get(member)
        if found is None:
            return ""
        if isinstance(found, str):
            return storable(found)
        self.reasons.append(f"{at}{member} is not a text.")
        return ""

    def code(self, value: dict[str, Any], member: str, at: str = "") -> str:
        return self.text(value, member, at).strip()

    def flag(self, value: dict[str, Any], member: str) -> bool:
        found = value.get(member)
        if found is None or isinstance(found, bool):
            return found is True
        self.reasons.append(f"{member} is neither true nor false.")
        return False

    def day(self, value: dict[str, Any], member: str) -> date | None:
        found = self.text(value, member)
        if not found:
            return None
        day = _day(found)
        if isinstance(day, str):
            self.reasons.append(f"{member} {day}.")
            return None
        return None if day is _NO_DAY else day

    def order_numbers(self, value: dict[str, Any]) -> tuple[str, ...]:
        listed = value.get("orderNumbers")
        if listed is None:
            return ()
        if not isinstance(listed, list) or not all(isinstance(number, str) for number in listed):
            self.reasons.append("orderNumbers is not a list of texts.")
            return ()
        return tuple(stripped for number in listed if (stripped := storable(number).strip()))

    def money(self, value: dict[str, Any], member: str, at: str) -> Money | None:
        found = value.get(member)
        if found is None:
            return None
        if type(found) is int:
            found = Decimal(found)
        elif not isinstance(found, Decimal):
            self.reasons.append(f"{at}{member} is not a number.")
            return None
        try:
            return Money(to_cents(found), self.currency)
        except InexactAmount:
            wrong = f" {found:f} is not exact to the cent" if _short(found) else " is not an amount"
            self.reasons.append(f"{at}{member}{wrong}.")
            return None


def to_cents(number: Decimal) -> Decimal:
    """Return the cent that a double stands for.

    Raises:
        InexactAmount: further than `NOISE` from any cent, or beyond what can be counted exactly.
    """
    if number.same_quantum(_CENT) and -AMOUNT_BOUND < number < AMOUNT_BOUND:
        return number if number else _ZERO
    try:
        cents = number.quantize(_CENT)
    except InvalidOperation:
        raise InexactAmount("more digits than an amount has") from None
    if abs(cents - number) > NOISE:
        raise InexactAmount(f"{number} is not exact to the cent")
    return cents if cents else _ZERO  # a zero has no sign


def _short(number: Decimal) -> bool:
    return -40 < number.adjusted() < 40 and len(number.as_tuple().digits) < 60


_NO_DAY = date.min


@lru_cache(maxsize=4096)
def _day(text: str) -> date | str:
    """Return the calendar day, `_NO_DAY` for a date that was never set, or what is wrong with it."""
    match = _DATE.fullmatch(text)
    if match is None:
        return f"{text[:40]!r} is not a date"
    if match[1] == _UNSET:
        return _NO_DAY
    if match[3] and not _MIDNIGHT.fullmatch(match[2]):
        return f"{text!r} carries a time zone and a time, so that its day is not certain"
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return f"{text!r} is not a date"

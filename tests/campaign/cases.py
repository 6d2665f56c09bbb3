"""Invoices of a campaign: what Basware says, and what it must become in QuickBooks, written down independently of the
connector's own planning."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from desks import Approved
from ml_connector.core.identity import document_guid, external_guid, memo_tag
from ml_connector.core.invoice import InvoiceId
from ml_connector.sandbox.firm import Firm, FirmVendor

#: Codes of Basware that nobody in QuickBooks knows, until an operator says what they mean.
UNKNOWN = {"vendor": "V-00417", "account": "9999-OLD", "class": "DIV-77", "customer": "P-2291"}

KINDS = {
    "plain": 9, "credit": 2, "long number": 2, "taxed": 2, "retention": 1, "unknown vendor": 1, "unknown account": 1,
    "unknown class": 1, "unknown job": 1, "does not add up": 1, "payment block": 1, "typed before": 2,
    "typed alike": 1, "number again": 1,
}  # fmt: skip

_POSTABLE = frozenset({"CostOfGoodsSold", "Expense"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it must stand in QuickBooks."""

    account: str  #: ListID
    division: str = ""  #: full name of the class
    job: str = ""  #: full name of the customer
    cents: int = 0  #: in the direction of the invoice

    def as_row(self) -> tuple[str, str, str, int]:
        return self.account, self.division, self.job, self.cents


@dataclass(slots=True, kw_only=True)
class Truth:
    """What one version of an invoice means."""

    vendor: str  #: ListID
    number: str
    txn_date: str  #: ISO
    due_date: str
    lines: tuple[Line, ...]

    @property
    def cents(self) -> int:
        return sum(line.cents for line in self.lines)

    @property
    def ref_number(self) -> str:
        """As documented: 20 characters as they are, longer ones with 13 of them and a digest."""
        if len(self.number) <= 20:
            return self.number
        return f"{self.number[:13]}~{hashlib.sha256(self.number.encode()).hexdigest()[:6].upper()}"


@dataclass(slots=True, kw_only=True)
class Case:
    """One approved invoice and everything that was done about it."""

    kind: str
    invoice: Approved
    truth: Truth  #: of what Basware offered last
    reasons: set[str] = field(default_factory=set)  #: what people did that may leave a question
    transfers: int = 1  #: how often Basware transferred it
    versions: int = 1  #: how often its content was another one

    @property
    def id(self) -> str:
        return self.invoice.id

    def marks(self) -> tuple[str, str]:
        """Return the memo tag and the ExternalGUID of its Bill."""
        guid = document_guid(str(self.invoice.document["companyCode"]), InvoiceId(self.id))
        return memo_tag(guid), external_guid(guid)

    def short(self) -> str:
        return f"{self.kind} {self.truth.number}"


class Writer:
    """Draws invoices of one firm from dice."""

    def __init__(self, firm: Firm, dice: random.Random, last_day: date) -> None:
        self._firm = firm
        self._dice = dice
        self._last_day = last_day
        self._count = 0
        self.vendors = [v for v in firm.vendors if v.is_active and v.currency == firm.home_currency]
        self.accounts = [a for a in firm.accounts if a.is_active and a.account_type in _POSTABLE and a.sublevel]
        self.classes = [c for c in firm.classes if c.is_active]
        self.jobs = [c for c in firm.customers if c.is_active and c.parent_list_id]
        #: What the operator will say that the unknown codes mean: ListIDs.
        self.meant = {
            "vendor": dice.choice(self.vendors).list_id,
            "account": dice.choice(self.accounts).list_id,
            "class": dice.choice(self.classes).list_id,
            "customer": dice.choice(self.jobs).list_id,
        }

    def draw(self, kind: str, *, number: str = "", vendor: FirmVendor | None = None) -> tuple[dict[str, Any], Truth]:
        """Return an invoice in wire form, without its id, and what it means."""
        dice = self._dice
        self._count += 1
        vendor = vendor or dice.choice(self.vendors)
        if kind == "unknown vendor":
            vendor = next(v for v in self.vendors if v.list_id == self.meant["vendor"])
        day = self._last_day - timedelta(days=dice.randrange(10))
        due = day + timedelta(days=30)
        if not number:
            number = f"{dice.choice('ABCDEF')}{self._count:02d}-{dice.randint(100, 9999)}"
        if kind == "long number":
            number = f"2026/CONTRACT-4711/PROGRESS-{self._count:02d}"
        rows, lines = self._rows(kind, dice.choice((1, 1, 2, 3, 5)))
        gross = sum(line.cents for line in lines)
        wire: dict[str, Any] = {
            "supplierCode": UNKNOWN["vendor"] if kind == "unknown vendor" else vendor.list_id,
            "supplierName": vendor.name,
            "invoiceNumber": number,
            "invoiceTypeCode": "CRN" if gross < 0 else "INV",
            "grossSum": (gross + (10 if kind == "does not add up" else 0)) / 100,
            "invoiceDate": f"{day}T00:00:00",
            "voucherDate": f"{day}T00:00:00",
            "dueDate": f"{due}T00:00:00",
            "paymentBlock": kind == "payment block",
            "codingRows": rows,
        }
        truth = Truth(
            vendor=vendor.list_id,
            number=number,
            txn_date=day.isoformat(),
            due_date=due.isoformat(),
            lines=lines,
        )
        return wire, truth

    def _rows(self, kind: str, count: int) -> tuple[list[dict[str, Any]], tuple[Line, ...]]:
        rows: list[dict[str, Any]] = []
        lines: list[Line] = []
        for position in range(count):
            account, division = self._dice.choice(self.accounts), self._dice.choice(self.classes)
            job = self._dice.choice(self.jobs) if self._dice.random() < 0.6 else None
            cents = self._dice.randint(500, 480_000)
            if kind == "credit" or (kind == "retention" and position and position == count - 1):
                cents = -cents if kind == "credit" else -(rows[0]["_cents"] // 10)
            code, centre, project = self._firm.account_code(account), division.list_id, job.list_id if job else None
            if position == 0 and kind == "unknown account":
                account = next(a for a in self.accounts if a.list_id == self.meant["account"])
                code = UNKNOWN["account"]
            if position == 0 and kind == "unknown class":
                division = next(c for c in self.classes if c.list_id == self.meant["class"])
                centre = UNKNOWN["class"]
            if position == 0 and kind == "unknown job":
                job = next(c for c in self.jobs if c.list_id == self.meant["customer"])
                project = UNKNOWN["customer"]
            tax = cents * 84 // 1000 if kind == "taxed" else 0
            rows.append(
                {
                    "rowIndex": position,
                    "externalCode": f"{self._count:016x}{position:016x}",
                    "accountCode": code,
                    "costCenterCode": centre,
                    **({"projectCode": project} if project else {}),
                    **({"lastComment": "délivré, porte nº 3"} if self._dice.random() < 0.3 else {}),
                    "netTotal": cents / 100,
                    "taxSum": tax / 100,
                    "grossTotal": (cents + tax) / 100,
                    "_cents": cents,
                }
            )
            lines.append(
                Line(
                    account=account.list_id,
                    division=division.full_name,
                    job=job.full_name if job else "",
                    cents=cents + tax,
                )
            )
        return [{name: value for name, value in row.items() if name != "_cents"} for row in rows], tuple(lines)


def amount(cents: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(cents).scaleb(-2)

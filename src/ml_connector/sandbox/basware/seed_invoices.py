"""Invoices of the sandbox firm's suppliers, approved and waiting for transfer: the odd ones first, then plain ones.

Codes are those a connector publishes for the firm: vendor, class, job and terms by ListID, accounts by their number
where it is unique. Amounts are drawn in whole cents and become JSON doubles only at the end, as Basware sends them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ml_connector.sandbox.firm import HAND_TYPED_SUPPLIER, Firm, FirmAccount, FirmVendor

_FIRST_DAY = date(2026, 9, 8)
_DAYS = 70
_SALES_TAX = 84  # per thousand, on every fifth plain invoice
_COMMENTS = (
    "2x6x12 kiln dried",
    "délivré au chantier, porte nº 3",
    "Größe 40 mm, verzinkt",
    "señalización temporal",
    "café and water for the crew",
    "per quote",
    "rebar #5 grade 60",
    "œuvre de façade – étage 2",
    "rush delivery",
    "8 yd³ @ 5 000 psi",
)
_POSTABLE = frozenset({"CostOfGoodsSold", "Expense"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedInvoice:
    """One invoice and why it is in the set."""

    kind: str  #: e.g. `plain`, `credit-note`, `unknown-account`
    document: dict[str, Any]  #: wire form


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    account_code: str
    cents: int  #: without tax
    tax_cents: int = 0
    cost_center: str = ""
    project: str = ""
    comment: str = ""


class _Writer:
    """Draws what a story does not mention and writes the wire form."""

    def __init__(self, firm: Firm, seed: object) -> None:
        self.firm = firm
        self.dice = random.Random(f"{seed}/invoices")
        self.accounts = [a for a in firm.accounts if a.is_active and a.account_type in _POSTABLE and a.sublevel]
        self.classes = [entry for entry in firm.classes if entry.is_active]
        self.jobs = [customer for customer in firm.customers if customer.is_active and customer.parent_list_id]
        self.vendors = [v for v in firm.vendors if v.is_active and v.currency == firm.home_currency]

    def row(self, cents: int | None = None, account: FirmAccount | None = None, **given: Any) -> _Row:
        account = account or self.dice.choice(self.accounts)
        return _Row(
            account_code=given.pop("account_code", self.firm.account_code(account)),
            cents=cents if cents is not None else self.dice.randint(500, 480_000),
            cost_center=given.pop("cost_center", self.dice.choice(self.classes).list_id),
            project=given.pop("project", self.dice.choice(self.jobs).list_id if self.dice.random() < 0.8 else ""),
            comment=given.pop("comment", self.dice.choice(_COMMENTS) if self.dice.random() < 0.6 else ""),
            **given,
        )

    def rows(self, count: int) -> list[_Row]:
        return [self.row() for _ in range(count)]

    def invoice(self, rows: Sequence[_Row], vendor: FirmVendor | None = None, **changes: Any) -> dict[str, Any]:
        """Return the wire form; `changes` are wire fields that override."""
        vendor = vendor or self.dice.choice(self.vendors)
        terms = next((t for t in self.firm.terms if t.list_id == vendor.terms_list_id), None)
        day = changes.pop("day", _FIRST_DAY + timedelta(days=self.dice.randrange(_DAYS)))
        identity = f"{self.dice.getrandbits(128):032x}"
        net, tax = sum(row.cents for row in rows), sum(row.tax_cents for row in rows)
        document: dict[str, Any] = {
            "invoiceId": identity,
            "bumid": str(UUID(hex=identity)),
            "p2pProcessingMode": "Standard",
            "companyCode": self.firm.company_code,
            "companyName": self.firm.name,
            "supplierCode": vendor.list_id,
            "supplierName": vendor.name,
            "invoiceNumber": f"{self.dice.choice('ABCDEFGHKLMNPRSTW')}{self.dice.randint(1000, 999_999)}",
            "invoiceTypeCode": "INV" if net >= 0 else "CRN",
            "currencyCode": vendor.currency,
            "netSum": net / 100,
            "taxSum1": tax / 100,
            "grossSum": (net + tax) / 100,
            "invoiceDate": f"{day}T00:00:00",
            "voucherDate": f"{day + timedelta(days=self.dice.randint(0, 3))}T00:00:00",
            "dueDate": f"{day + timedelta(days=terms.due_days if terms and not terms.is_date_driven else 30)}T00:00:00",
            "paymentBlock": False,
            "processingStatus": "WaitingForTransfer",
            "description": f"Invoice of {vendor.name}"[:250],
            "codingRows": [self._coding_row(position, row) for position, row in enumerate(rows)],
            "attachments": [self._attachment(day)],
        }
        if terms:
            document.update(paymentTermCode=terms.list_id, paymentTermName=terms.name)
        return {**document, **changes}

    def _coding_row(self, position: int, row: _Row) -> dict[str, Any]:
        shown = {
            "externalCode": f"{self.dice.getrandbits(128):032x}",
            # Indexes have gaps, as rows that were split and deleted in P2P leave them.
            "rowIndex": position if position < 2 else position * 2,
            "accountCode": row.account_code,
            "costCenterCode": row.cost_center,
            "projectCode": row.project,
            "lastComment": row.comment,
            "netTotal": row.cents / 100,
            "taxSum": row.tax_cents / 100 if row.tax_cents else None,
            "grossTotal": (row.cents + row.tax_cents) / 100,
            "plannedAdditionalCostType": 0,
        }
        return {name: value for name, value in shown.items() if value not in (None, "")}

    def _attachment(self, day: date) -> dict[str, Any]:
        return {
            "externalCode": f"{self.dice.getrandbits(128):032x}",
            "category": "ORIGINALIMAGE",
            "filename": "invoice.pdf",
            "isConfidential": False,
            "creationTime": f"{day}T08:15:00.000Z",
        }


def firm_invoices(firm: Firm, seed: int = 1, count: int = 48) -> list[SeedInvoice]:
    """Return the firm's waiting invoices: every story once, then plain invoices up to `count`."""
    writer = _Writer(firm, seed)
    told = [SeedInvoice(kind=kind, document=document) for kind, document in _stories(writer)]
    while len(told) < count:
        told.append(SeedInvoice(kind="plain", document=_plain(writer, len(told))))
    return told[:count]


def simple_invoices(firm: Firm, count: int, lines: int = 5, seed: int = 1, first: int = 1) -> list[dict[str, Any]]:
    """Return `count` invoices that post without a question, numbered from `first`, with `lines` coding rows each."""
    writer = _Writer(firm, f"{seed}/{first}/simple")
    return [writer.invoice(writer.rows(lines), invoiceNumber=f"BN-{first + position:07d}") for position in range(count)]


def _plain(writer: _Writer, position: int) -> dict[str, Any]:
    rows = writer.rows(writer.dice.randint(1, 9))
    if position % 5 == 0:
        rows = [
            _Row(
                account_code=row.account_code,
                cents=row.cents,
                tax_cents=(row.cents * _SALES_TAX + 500) // 1000,
                cost_center=row.cost_center,
                project=row.project,
                comment=row.comment,
            )
            for row in rows
        ]
    return writer.invoice(rows)


def _stories(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    parts: tuple[Callable[[_Writer], list[tuple[str, dict[str, Any]]]], ...] = (
        _hand_typed,
        _numbers,
        _credits_and_retention,
        _codes,
        _unresolvable,
        _sizes_and_doubles,
    )
    return [story for part in parts for story in part(writer)]


def _hand_typed(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    """Invoices a clerk has typed from paper already; the last one he typed with another amount."""
    firm = writer.firm
    vendor = firm.vendor_named(HAND_TYPED_SUPPLIER)
    accounts = {account.list_id: account for account in firm.accounts}
    stories = []
    for position, bill in enumerate(firm.hand_typed_bills):
        more = 1250 if position == len(firm.hand_typed_bills) - 1 else 0
        rows = [
            writer.row(
                int(line.amount * 100) + (more if number == 0 else 0),
                accounts[line.account_list_id],
                cost_center=line.class_list_id,
                project=line.customer_list_id,
                comment=line.memo,
            )
            for number, line in enumerate(bill.lines)
        ]
        document = writer.invoice(rows, vendor, day=bill.txn_date, invoiceNumber=bill.ref_number)
        stories.append(("hand-typed", document))
    return stories


def _numbers(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    firm = writer.firm
    utility = firm.vendor_named("Cascadia Public Utility District No. 1")
    shared = "2026/CONTRACT-4711/PROGRESS-BILLING"
    return [
        ("long-number", writer.invoice(writer.rows(2), invoiceNumber="INV-2026-11-000000047110815")),
        ("same-first-30", writer.invoice(writer.rows(1), utility, invoiceNumber=f"{shared}-07")),
        ("same-first-30", writer.invoice(writer.rows(2), utility, invoiceNumber=f"{shared}-08")),
        ("same-number", writer.invoice(writer.rows(1), firm.vendor_named("Zylstra Electric"), invoiceNumber="10042")),
        ("same-number", writer.invoice(writer.rows(3), firm.vendor_named("3 Rivers Aggregate"), invoiceNumber="10042")),
    ]


def _credits_and_retention(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    firm = writer.firm
    stories = [
        ("credit-note", writer.invoice([writer.row(-cents) for cents in amounts]))
        for amounts in ((12_550,), (40_000, 3_199), (88_001, -2_000))
    ]
    for vendor_name, cents in (
        ('"Big Bob" Excavating', 1_250_000),
        ("Wm. Baird Roofing - Sheet Metal - Gutters", 866_133),
        ("Señor Stucco & Plaster", 95_050),
    ):
        withheld = writer.row(-(cents // 10), firm.account_numbered("2050"), comment="10% retention")
        rows = [writer.row(cents, firm.account_numbered("5010")), withheld]
        stories.append(("retention", writer.invoice(rows, firm.vendor_named(vendor_name))))
    return stories


def _codes(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    """Names and codes that are unusual but right."""
    firm = writer.firm
    canadian = firm.vendor_named("Béton Façade Ltée")
    date_driven = next(t for t in firm.terms if t.is_date_driven)
    hardware = firm.account_named("Job Costs:Materials:Hardware & Fasteners")
    supplies = firm.account_named("Shop Supplies")
    tenth = next(v for v in firm.vendors if v.is_active and v.terms_list_id == date_driven.list_id)
    short = writer.row(cost_center=firm.class_named("A").list_id)
    return [
        ("canadian", writer.invoice(writer.rows(3), canadian, exchangeRateCompany=0.72815, currencyCodeCompany="USD")),
        ("one-letter", writer.invoice([short], firm.vendor_named("Q"))),
        ("account-without-number", writer.invoice([writer.row(account=hardware), writer.row()])),
        ("account-number-used-twice", writer.invoice([writer.row(account=supplies)])),
        ("date-driven-terms", writer.invoice(writer.rows(2), tenth)),
        ("no-cost-center", writer.invoice([writer.row(cost_center="", project="")])),
    ]


def _unresolvable(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    """Invoices that cannot be posted as they are."""
    firm = writer.firm
    short = writer.invoice(writer.rows(3))
    short["grossSum"] = round(short["grossSum"] + 0.1, 2)
    closed = firm.closing_date - timedelta(days=11)
    late = writer.invoice(writer.rows(2), day=closed)
    late["voucherDate"] = f"{closed}T00:00:00"
    return [
        ("unknown-account", writer.invoice([writer.row(), writer.row(account_code="9999-OLD")])),
        ("unknown-cost-center", writer.invoice([writer.row(cost_center="DIV-77")])),
        ("no-supplier", writer.invoice(writer.rows(1), supplierCode="", supplierName="Harmon Fence & Gate")),
        ("unknown-supplier", writer.invoice(writer.rows(2), supplierCode="V-00417", supplierName="Nova Survey Inc.")),
        ("rows-do-not-add-up", short),
        ("other-currency", writer.invoice(writer.rows(2), currencyCode="CAD")),
        ("closed-period", late),
    ]


def _sizes_and_doubles(writer: _Writer) -> list[tuple[str, dict[str, Any]]]:
    # 0.1 + 0.2 in doubles is not 0.3; sums that were added up in doubles arrive like that.
    noisy = writer.invoice([writer.row(10), writer.row(20)])
    noisy["grossSum"] = noisy["netSum"] = 0.1 + 0.2
    return [("forty-rows", writer.invoice(writer.rows(40))), ("double-noise", noisy)]

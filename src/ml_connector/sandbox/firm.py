"""The firm both simulated worlds agree on: a regional construction company with its lists and a few typed Bills.

The QuickBooks simulator opens it as a company file, the Basware simulator writes invoices that refer to it. Nobody is
told about the other: they only know the same firm, as two systems of one real company do. `build_firm` is a function of
its seed; two processes with the same seed hold the same ListIDs, names and amounts.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from ml_connector.sandbox import firm_lists

#: Unix time at which the firm's QuickBooks file was started (14 November 2023, 22:13:20 UTC); part of each ListID.
_FILE_STARTED = 1_700_000_000
_LIST_ID_BASE = 0x80000000


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmTerms:
    """Terms of payment; standard terms count days, date-driven terms name a day of the month."""

    list_id: str
    name: str  #: at most 31 characters (qbxmltypes130, Terms Name)
    is_active: bool = True
    is_date_driven: bool = False
    due_days: int = 0  #: standard: days until due
    discount_days: int = 0  #: standard: days in which the discount is allowed
    discount_percent: Decimal = Decimal(0)  #: 2 means two per cent
    due_day_of_month: int = 0  #: date-driven: day of the month on which bills fall due
    due_next_month_days: int = 0  #: date-driven: dated within so many days of the due day means the month after
    discount_day_of_month: int = 0  #: date-driven: last day of the month with discount, 0 for none


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmVendor:
    """A supplier."""

    list_id: str
    name: str  #: at most 41 characters, unique among vendors and customers
    company_name: str  #: at most 41 characters
    is_active: bool = True
    currency: str = "USD"  #: ISO code; QuickBooks never changes it afterwards
    terms_list_id: str = ""  #: empty if none
    account_number: str = ""  #: our customer number at the supplier, at most 99 characters
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""  #: empty means the United States
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmAccount:
    """An account of the chart of accounts."""

    list_id: str
    name: str  #: at most 31 characters
    full_name: str  #: parents and name joined by colons, without numbers
    account_type: str  #: QuickBooks enumeration, e.g. CostOfGoodsSold
    account_number: str = ""  #: at most 7 digits; empty for some; one number is used twice
    parent_list_id: str = ""  #: empty at the top
    sublevel: int = 0
    is_active: bool = True
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmClass:
    """A division of the firm."""

    list_id: str
    name: str  #: at most 31 characters; one is a single letter
    full_name: str
    parent_list_id: str = ""
    sublevel: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmCustomer:
    """A client, or a job of a client when `parent_list_id` is set."""

    list_id: str
    name: str  #: at most 41 characters
    full_name: str  #: `Client` or `Client:Job`
    parent_list_id: str = ""
    sublevel: int = 0
    is_active: bool = True
    job_status: str = "None"  #: QuickBooks enumeration: None, Awarded, InProgress, Closed ...
    job_start: date | None = None
    job_end: date | None = None  #: set once the job is closed


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmCurrency:
    """A currency the company file uses."""

    list_id: str
    code: str  #: ISO code
    name: str
    rate: Decimal  #: home currency for one unit


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmBillLine:
    """One expense line of a Bill a clerk typed."""

    account_list_id: str
    amount: Decimal  #: in the vendor's currency, two decimals
    memo: str = ""
    class_list_id: str = ""
    customer_list_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmBill:
    """A Bill that a clerk typed into QuickBooks from paper, before Basware delivered the same invoice."""

    vendor_list_id: str
    ref_number: str  #: the supplier's invoice number, at most 20 characters
    txn_date: date
    due_date: date
    memo: str
    lines: tuple[FirmBillLine, ...]

    @property
    def amount(self) -> Decimal:
        """Return the total of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Firm:
    """Everything the firm's books hold before the first invoice arrives."""

    seed: int
    name: str
    company_code: str  #: the code of this company in Basware
    home_currency: str
    closing_date: date  #: books are closed up to and including this day
    vendors: tuple[FirmVendor, ...]
    accounts: tuple[FirmAccount, ...]
    classes: tuple[FirmClass, ...]
    customers: tuple[FirmCustomer, ...]  #: clients first, each followed by its jobs
    terms: tuple[FirmTerms, ...]  #: standard terms, then date-driven terms
    currencies: tuple[FirmCurrency, ...]
    hand_typed_bills: tuple[FirmBill, ...]

    @cached_property
    def _number_uses(self) -> Counter[str]:
        return Counter(account.account_number for account in self.accounts)

    def account_code(self, account: FirmAccount) -> str:
        """Return the code under which Basware knows an account: its number when unique in the file, else its ListID."""
        if account.account_number and self._number_uses[account.account_number] == 1:
            return account.account_number
        return account.list_id

    def vendor_named(self, name: str) -> FirmVendor:
        """Return a supplier by its exact name. Raises: KeyError."""
        return {vendor.name: vendor for vendor in self.vendors}[name]

    def account_numbered(self, number: str) -> FirmAccount:
        """Return the account with a number that occurs once. Raises: KeyError."""
        return {a.account_number: a for a in self.accounts if self._number_uses[a.account_number] == 1}[number]

    def account_named(self, full_name: str) -> FirmAccount:
        """Return an account by its full name. Raises: KeyError."""
        return {account.full_name: account for account in self.accounts}[full_name]

    def class_named(self, full_name: str) -> FirmClass:
        """Return a class by its full name. Raises: KeyError."""
        return {entry.full_name: entry for entry in self.classes}[full_name]

    def terms_named(self, name: str) -> FirmTerms:
        """Return terms by their name. Raises: KeyError."""
        return {terms.name: terms for terms in self.terms}[name]


class _ListIds:
    """ListIDs in QuickBooks' form: a hexadecimal counter of the list, a dash, the Unix time of creation."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0
        self._created = _FILE_STARTED

    def draw(self) -> str:
        self._count += 1
        self._created += self._rng.randint(20, 9000)
        return f"{_LIST_ID_BASE + self._count:08X}-{self._created}"


def build_firm(seed: int = 1) -> Firm:
    """Return Cascade Ridge Builders, US10: 260 vendors, 110 accounts, 14 classes, 90 clients, 180 jobs, 11 terms."""
    rng = random.Random(seed)
    terms = _terms(_ListIds(rng))
    accounts = _accounts(_ListIds(rng))
    classes = _classes(_ListIds(rng))
    customers = _customers(rng, _ListIds(rng))
    vendors = _vendors(rng, _ListIds(rng), terms)
    currency_ids = _ListIds(rng)
    return Firm(
        seed=seed,
        name="Cascade Ridge Builders",
        company_code="US10",
        home_currency="USD",
        closing_date=date(2026, 8, 31),
        vendors=vendors,
        accounts=accounts,
        classes=classes,
        customers=customers,
        terms=terms,
        currencies=(
            FirmCurrency(list_id=currency_ids.draw(), code="USD", name="US Dollar", rate=Decimal(1)),
            FirmCurrency(list_id=currency_ids.draw(), code="CAD", name="Canadian Dollar", rate=Decimal("0.72815")),
        ),
        hand_typed_bills=_hand_typed_bills(vendors, accounts, classes, customers),
    )


def _rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").splitlines()]


def _terms(ids: _ListIds) -> tuple[FirmTerms, ...]:
    standard = [
        FirmTerms(
            list_id=ids.draw(),
            name=name,
            due_days=int(due),
            discount_days=int(days),
            discount_percent=Decimal(percent),
        )
        for name, due, days, percent in _rows(firm_lists.STANDARD_TERMS)
    ]
    date_driven = [
        FirmTerms(
            list_id=ids.draw(),
            name=name,
            is_date_driven=True,
            due_day_of_month=int(day),
            due_next_month_days=int(next_month),
            discount_day_of_month=int(discount_day),
            discount_percent=Decimal(percent),
        )
        for name, day, next_month, discount_day, percent in _rows(firm_lists.DATE_DRIVEN_TERMS)
    ]
    return (*standard, *date_driven)


def _accounts(ids: _ListIds) -> tuple[FirmAccount, ...]:
    accounts: list[FirmAccount] = []
    path: list[FirmAccount] = []
    for line in firm_lists.ACCOUNTS.strip("\n").splitlines():
        level = (len(line) - len(line.lstrip())) // 2
        number, name, account_type, marks = (cell.strip() for cell in line.split("|"))
        parent = path[level - 1] if level else None
        account = FirmAccount(
            list_id=ids.draw(),
            name=name,
            full_name=f"{parent.full_name}:{name}" if parent else name,
            account_type=account_type,
            account_number=number,
            parent_list_id=parent.list_id if parent else "",
            sublevel=level,
            is_active=marks != "inactive",
            currency=marks if marks == "CAD" else "USD",
        )
        path[level:] = [account]
        accounts.append(account)
    return tuple(accounts)


def _classes(ids: _ListIds) -> tuple[FirmClass, ...]:
    classes: list[FirmClass] = []
    path: list[FirmClass] = []
    for line in firm_lists.CLASSES.strip("\n").splitlines():
        level = (len(line) - len(line.lstrip())) // 2
        name = line.strip()
        parent = path[level - 1] if level else None
        entry = FirmClass(
            list_id=ids.draw(),
            name=name,
            full_name=f"{parent.full_name}:{name}" if parent else name,
            parent_list_id=parent.list_id if parent else "",
            sublevel=level,
            is_active="(closed)" not in name,
        )
        path[level:] = [entry]
        classes.append(entry)
    return tuple(classes)


def _customers(rng: random.Random, ids: _ListIds) -> tuple[FirmCustomer, ...]:
    customers: list[FirmCustomer] = []
    for first in firm_lists.CLIENT_FIRST:
        for second in firm_lists.CLIENT_SECOND:
            client = FirmCustomer(
                list_id=ids.draw(),
                name=f"{first} {second}",
                full_name=f"{first} {second}",
                is_active=rng.random() > 0.04,
            )
            customers.append(client)
            for name in rng.sample(firm_lists.JOB_NAMES, 2):
                closed = not client.is_active or rng.random() < 0.15
                start = date(2024 + rng.randrange(3), rng.randint(1, 8), rng.randint(1, 28))
                customers.append(
                    FirmCustomer(
                        list_id=ids.draw(),
                        name=name,
                        full_name=f"{client.full_name}:{name}",
                        parent_list_id=client.list_id,
                        sublevel=1,
                        is_active=not closed,
                        job_status="Closed" if closed else "InProgress",
                        job_start=start,
                        job_end=date(2026, 8, 15) if closed else None,
                    )
                )
    return tuple(customers)


_VENDOR_COUNT = 260
_INACTIVE_VENDORS = frozenset({31, 77, 140, 203, 251})


def _vendors(rng: random.Random, ids: _ListIds, terms: tuple[FirmTerms, ...]) -> tuple[FirmVendor, ...]:
    combined = [f"{place} {trade}" for place in firm_lists.PLACES for trade in firm_lists.TRADES]
    rng.shuffle(combined)
    names = (*firm_lists.NAMED_VENDORS, *combined)[:_VENDOR_COUNT]
    vendors = []
    for position, name in enumerate(names):
        canadian = position == 0
        city, state, postal_code = ("Kelowna", "BC", "V1Y 6N2") if canadian else rng.choice(firm_lists.CITIES)
        # Every tenth supplier has no terms, as in any file kept by people.
        terms_list_id = "" if position % 10 == 9 else rng.choice(terms).list_id
        vendors.append(
            FirmVendor(
                list_id=ids.draw(),
                name=name,
                company_name=name,
                is_active=position not in _INACTIVE_VENDORS,
                currency="CAD" if canadian else "USD",
                terms_list_id=terms_list_id,
                account_number=f"CRB-{rng.randint(1000, 99999)}" if rng.random() < 0.6 else "",
                street=f"{rng.randint(10, 9900)} {rng.choice(firm_lists.STREETS)}",
                city=city,
                state=state,
                postal_code=postal_code,
                country="Canada" if canadian else "",
                phone=f"509-555-{rng.randint(100, 9999):04d}",
                email=f"AR{position}@supplier{position}.example" if rng.random() < 0.7 else "",
            )
        )
    return tuple(vendors)


#: The supplier whose invoices a clerk had typed by hand.
HAND_TYPED_SUPPLIER = "Hartmann & Sons Lumber"


def _hand_typed_bills(
    vendors: tuple[FirmVendor, ...],
    accounts: tuple[FirmAccount, ...],
    classes: tuple[FirmClass, ...],
    customers: tuple[FirmCustomer, ...],
) -> tuple[FirmBill, ...]:
    vendor = next(v for v in vendors if v.name == HAND_TYPED_SUPPLIER)
    lumber = next(a for a in accounts if a.account_number == "6110")
    hardware = next(a for a in accounts if a.name == "Hardware & Fasteners")
    division = next(c for c in classes if c.name == "Custom Homes")
    job = next(c for c in customers if c.parent_list_id and c.is_active)

    def line(account: FirmAccount, amount: str, memo: str) -> FirmBillLine:
        return FirmBillLine(
            account_list_id=account.list_id,
            amount=Decimal(amount),
            memo=memo,
            class_list_id=division.list_id,
            customer_list_id=job.list_id,
        )

    def bill(number: str, day: int, *lines: FirmBillLine) -> FirmBill:
        return FirmBill(
            vendor_list_id=vendor.list_id,
            ref_number=number,
            txn_date=date(2026, 10, day),
            due_date=date(2026, 11, day),
            memo="typed from paper",
            lines=lines,
        )

    return (
        bill("HS-26-1041", 6, line(lumber, "1840.35", "2x6 studs"), line(hardware, "96.20", "joist hangers")),
        bill("HS-26-1057", 13, line(lumber, "612.08", "plywood")),
        bill("HS-26-1063", 20, line(lumber, "2275.00", "glulam beams"), line(hardware, "41.77", "bolts")),
    )

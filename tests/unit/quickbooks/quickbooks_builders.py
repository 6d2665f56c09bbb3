"""Builders for the tests of `ml_connector.quickbooks`: what a story does not mention is filled in."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path

from hypothesis import strategies as st

from ml_connector.core.books import BookEntry, ListId, ListKind
from ml_connector.core.money import Money
from ml_connector.core.plan_values import BillPlan, PlanLine
from ml_connector.core.records import TxnKind

GOLDEN = Path(__file__).parents[2] / "golden" / "quickbooks"
TAG = "[BW:7F3A9C1E00004000]"
GUID = "{7f3a9c1e-0000-4000-8000-00000000002a}"


def golden_line(name: str) -> str:
    """A golden message as it goes over the wire: without the line ends and indents that make it readable."""
    return "".join(line.strip() for line in (GOLDEN / name).read_text("utf-8").splitlines())


def golden_text(name: str) -> str:
    return (GOLDEN / name).read_text("utf-8")


def an_entry(kind: ListKind, list_id: str) -> BookEntry:
    return BookEntry(kind=kind, list_id=ListId(list_id), code=list_id, full_name=list_id)


def a_line(
    amount: str, account: str = "80000040-1446676999", *, memo: str = "", customer: str = "", class_: str = ""
) -> PlanLine:
    return PlanLine(
        account=an_entry(ListKind.ACCOUNT, account),
        amount=Money(Decimal(amount), "USD"),
        memo=memo,
        customer=an_entry(ListKind.CUSTOMER, customer) if customer else None,
        class_=an_entry(ListKind.CLASS, class_) if class_ else None,
    )


def a_plan(
    *lines: PlanLine,
    kind: TxnKind = TxnKind.BILL,
    ref_number: str = "INV-20931",
    memo: str = f"INV-20931 {TAG}",
    total: str = "",
    due_date: date | None = None,
    terms: str = "",
) -> BillPlan:
    lines = lines or (a_line("120.00"),)
    return BillPlan(
        kind=kind,
        vendor=an_entry(ListKind.VENDOR, "80000012-1446676743"),
        txn_date=date(2026, 8, 3),
        due_date=due_date,
        ref_number=ref_number,
        memo=memo,
        external_guid=GUID,
        tag=TAG,
        total=Money(Decimal(total) if total else sum((line.amount.amount for line in lines), Decimal(0)), "USD"),
        lines=lines,
        terms=an_entry(ListKind.TERMS, terms) if terms else None,
    )


# Everything Python can hold in a string, lone surrogates and control characters included.
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
list_ids = st.from_regex(r"[0-9A-F]{1,8}-[0-9]{9,10}", fullmatch=True)
cents = st.decimals(min_value=Decimal("-99999.99"), max_value=Decimal("99999.99"), places=2)


def _entries(kind: ListKind) -> st.SearchStrategy[BookEntry]:
    return list_ids.map(lambda list_id: an_entry(kind, list_id))


@st.composite
def plans(draw: st.DrawFn) -> BillPlan:
    """Any plan that planning could make: lines that add up, a memo that ends with its tag, texts of any kind."""
    kind = draw(st.sampled_from((TxnKind.BILL, TxnKind.VENDOR_CREDIT)))
    lines = [
        PlanLine(
            account=draw(_entries(ListKind.ACCOUNT)),
            amount=Money(draw(cents), "USD"),
            memo=draw(any_text),
            customer=draw(st.none() | _entries(ListKind.CUSTOMER)),
            class_=draw(st.none() | _entries(ListKind.CLASS)),
        )
        for _ in range(draw(st.integers(min_value=0, max_value=4)))
    ]
    so_far = sum((line.amount.amount for line in lines), Decimal(0))
    last = Money(
        abs(so_far) * 2 + draw(st.decimals(min_value=Decimal("0.01"), max_value=Decimal(9999), places=2)), "USD"
    )
    lines.append(PlanLine(account=draw(_entries(ListKind.ACCOUNT)), amount=last))
    bill = kind is TxnKind.BILL
    return BillPlan(
        kind=kind,
        vendor=draw(_entries(ListKind.VENDOR)),
        txn_date=draw(st.dates(min_value=date(1990, 1, 1), max_value=date(2037, 12, 31))),
        due_date=draw(st.none() | st.dates(min_value=date(1990, 1, 1), max_value=date(2037, 12, 31))) if bill else None,
        ref_number=draw(any_text),
        memo=f"{draw(any_text) * draw(st.sampled_from((1, 100)))} {TAG}",
        external_guid=GUID,
        tag=TAG,
        total=Money(so_far + last.amount, "USD"),
        lines=tuple(lines),
        terms=draw(st.none() | _entries(ListKind.TERMS)) if bill else None,
    )


def shown(value: object) -> str:
    """A value with its fields in words, those at their defaults left out; one line of an expected golden result."""
    if isinstance(value, tuple):
        return "(" + ", ".join(shown(item) for item in value) + ")"
    if not is_dataclass(value):
        return str(value) if isinstance(value, (Decimal, date, Enum)) else repr(value)
    told = [(f.name, getattr(value, f.name)) for f in fields(value)]
    wanted = [f"{name}={shown(it)}" for (name, it), f in zip(told, fields(value), strict=True) if it != f.default]
    return f"{type(value).__name__}({', '.join(wanted)})"

"""Whatever comes from Basware and whatever the company file holds: a plan is right to the cent, or there is none."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TypeVar

from core_builders import total_of, usd
from hypothesis import Phase, event, example, given, settings
from hypothesis import strategies as st

from ml_connector.core.books import BookEntry, Books, ListId, ListKind, Mapping, Preferences
from ml_connector.core.faults import Faults
from ml_connector.core.invoice import CodingRow, Invoice, InvoiceId
from ml_connector.core.money import Money
from ml_connector.core.plan import Policy, plan_bill
from ml_connector.core.plan_values import BillPlan
from ml_connector.core.records import TxnKind

T = TypeVar("T")

# Few codes, so that generated invoices and books meet. Most things are in order and a few are not: were everything drawn
# evenly, hardly any invoice would ever be planned.
CODES = ("A", "B", "C", "D")
LIST_IDS = tuple(ListId(f"{kind.value}-{code}") for kind in ListKind for code in CODES)
DAYS = st.dates(date(2024, 1, 1), date(2024, 1, 9))
CURRENCIES = st.sampled_from(["USD"] * 9 + ["CAD"])
UNPOSTABLE = st.sampled_from(["AccountsPayable", "AccountsReceivable", "NonPosting"])


def mostly(draw: st.DrawFn, usual: st.SearchStrategy[T], odd: st.SearchStrategy[T]) -> T:
    return draw(odd) if draw(st.integers(0, 24)) == 24 else draw(usual)


def cents_from(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda n: Decimal(n).scaleb(-2))


AMOUNTS = st.one_of(cents_from(-5000, 5000), cents_from(-(10**15) - 1, 10**15 + 1), cents_from(-(10**17), 10**17))


@st.composite
def some_books(draw: st.DrawFn) -> Books:
    entries: list[BookEntry] = []
    for kind in ListKind:
        for code in CODES:
            if mostly(draw, st.just(False), st.just(True)):
                continue
            entries.append(
                BookEntry(
                    kind=kind,
                    list_id=ListId(f"{kind.value}-{code}"),
                    code=code,
                    full_name=f"{kind.value} {code}",
                    active=mostly(draw, st.just(True), st.just(False)),
                    account_type=mostly(draw, st.just("Expense"), UNPOSTABLE) if kind is ListKind.ACCOUNT else "",
                    currency=mostly(draw, st.sampled_from(["", "USD"]), st.just("CAD")),
                )
            )
    return Books(
        version=draw(st.integers(0, 9)),
        preferences=Preferences(
            home_currency=draw(CURRENCIES),
            class_tracking=mostly(draw, st.just(True), st.just(False)),
            closing_date=draw(st.none() | st.dates(date(2023, 12, 25), date(2024, 1, 4))),
        ),
        by_code={(entry.kind, entry.code): entry for entry in entries},
        by_list_id={entry.list_id: entry for entry in entries},
    )


@st.composite
def some_row(draw: st.DrawFn, index: int, currency: str, sign: int) -> CodingRow:
    def money() -> Money:
        return Money(sign * mostly(draw, cents_from(-500, 5000), AMOUNTS), currency)

    shape = mostly(draw, st.sampled_from(["gross", "net and tax", "net"]), st.just("nothing"))
    return CodingRow(
        external_code=f"r{index}",
        index=index,
        account_code=mostly(draw, st.sampled_from(CODES), st.just("")),
        cost_center_code=draw(st.sampled_from(["", *CODES])),
        project_code=draw(st.sampled_from(["", *CODES])),
        gross=money() if shape == "gross" else None,
        net=money() if shape.startswith("net") else None,
        tax=money() if shape == "net and tax" else None,
        comment=draw(st.sampled_from(["", "a comment"])),
    )


@st.composite
def some_invoice(draw: st.DrawFn) -> Invoice:
    currency, sign = draw(CURRENCIES), draw(st.sampled_from([1, 1, -1]))
    count = mostly(draw, st.integers(1, 5), st.just(0))
    rows = tuple(draw(some_row(index, currency, sign)) for index in range(count))
    parts = [m.amount for r in rows for m in ((r.gross,) if r.gross else (r.net, r.tax)) if m is not None]
    # Mostly the sum of the rows, as Basware would have it; now and then beside it.
    total = sum(parts, Decimal(0)) + mostly(draw, st.just(Decimal(0)), st.sampled_from([Decimal("0.01"), Decimal(-1)]))
    if abs(total) >= 10**16:
        total = Decimal(0)
    return Invoice(
        invoice_id=InvoiceId(draw(st.text(min_size=1, max_size=36))),
        company_code="US01",
        supplier_code=mostly(draw, st.sampled_from(CODES), st.just("")),
        supplier_name="Acme",
        invoice_number=draw(st.one_of(st.just("INV-1"), st.text(max_size=100))),
        gross=Money(total, currency),
        invoice_date=mostly(draw, DAYS, st.none()),
        voucher_date=draw(st.none() | DAYS),
        due_date=draw(st.none() | DAYS),
        payment_term_code=draw(st.sampled_from(["", *CODES])),
        payment_block=mostly(draw, st.just(False), st.just(True)),
        description=draw(st.sampled_from(["", "words " * 300])),
        order_numbers=tuple(draw(st.lists(st.text(max_size=30), max_size=7))),
        rows=rows,
    )


MAPPINGS = st.dictionaries(
    st.tuples(st.sampled_from(ListKind), st.sampled_from(CODES)),
    st.sampled_from([*LIST_IDS, ListId(""), ListId("gone")]),
    max_size=3,
).map(lambda targets: Mapping(version=1, targets=targets))


@settings(max_examples=500)
@given(invoice=some_invoice(), books=some_books(), mapping=MAPPINGS, blocked=st.booleans())
def test_a_plan_is_right_to_the_cent_and_complete_or_there_are_reasons(
    invoice: Invoice, books: Books, mapping: Mapping, blocked: bool
) -> None:
    decided = plan_bill(invoice, books, mapping, Policy(post_payment_blocked=blocked))
    if isinstance(decided, Faults):
        event("faults")
        assert decided.items
        assert all(fault.says and fault.do for fault in decided.items)
        assert len(decided.items) == len(set(decided.items))
        return
    event("credit" if decided.kind is TxnKind.VENDOR_CREDIT else "bill")
    lines_add_up_to_the_invoice_total(decided, invoice)
    every_reference_is_an_active_entry(decided, books)
    the_document_has_the_right_direction(decided, invoice)
    assert decided.txn_date > (books.preferences.closing_date or date.min)
    assert (decided.vendor.currency or books.preferences.home_currency) == invoice.gross.currency
    assert blocked or not invoice.payment_block
    assert len(decided.ref_number) <= 20
    assert decided.memo.endswith(decided.tag)


def test_the_generated_invoices_do_become_bills_and_vendor_credits() -> None:
    # Were they all refused, the test above would hold for nothing.
    found: Counter[str] = Counter()

    @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
    @given(invoice=some_invoice(), books=some_books())
    def count(invoice: Invoice, books: Books) -> None:
        decided = plan_bill(invoice, books, Mapping(), Policy())
        found["faults" if isinstance(decided, Faults) else decided.kind.value] += 1

    count()
    assert min(found["Bill"], found["VendorCredit"], found["faults"]) > 5


def lines_add_up_to_the_invoice_total(plan: BillPlan, invoice: Invoice) -> None:
    assert total_of(line.amount for line in plan.lines) == abs(invoice.gross.amount)
    assert plan.total == Money(abs(invoice.gross.amount), invoice.gross.currency)
    assert {line.amount.currency for line in plan.lines} == {invoice.gross.currency}
    assert all(abs(line.amount.amount) < 10**13 for line in plan.lines)


def every_reference_is_an_active_entry(plan: BillPlan, books: Books) -> None:
    wanted = [(ListKind.VENDOR, plan.vendor), (ListKind.TERMS, plan.terms)]
    for line in plan.lines:
        wanted += [(ListKind.ACCOUNT, line.account), (ListKind.CUSTOMER, line.customer), (ListKind.CLASS, line.class_)]
        assert line.account.account_type not in {"AccountsPayable", "AccountsReceivable", "NonPosting"}
        assert line.class_ is None or books.preferences.class_tracking
    for kind, entry in wanted:
        assert entry is None or (entry.active and entry.kind is kind and books.by_list_id[entry.list_id] == entry)


def the_document_has_the_right_direction(plan: BillPlan, invoice: Invoice) -> None:
    assert (plan.kind is TxnKind.VENDOR_CREDIT) == (invoice.gross.amount < 0)
    assert plan.total.amount > 0
    if plan.kind is TxnKind.VENDOR_CREDIT:
        assert (plan.due_date, plan.terms) == (None, None)


@settings(max_examples=150)
@given(amounts=st.lists(cents_from(-(10**6), 10**6), min_size=1, max_size=30), off=st.integers(-3, 3))
@example(amounts=[Decimal("0.10")] * 3, off=0)
def test_an_invoice_is_planned_exactly_if_its_rows_add_up_to_its_total(amounts: list[Decimal], off: int) -> None:
    account = BookEntry(
        kind=ListKind.ACCOUNT, list_id=ListId("a"), code="6100", full_name="Rent", account_type="Expense"
    )
    vendor = BookEntry(kind=ListKind.VENDOR, list_id=ListId("v"), code="V", full_name="Acme")
    known = Books(
        version=1,
        preferences=Preferences(),
        by_code={(ListKind.ACCOUNT, "6100"): account, (ListKind.VENDOR, "V"): vendor},
        by_list_id={"a": account, "v": vendor},
    )
    total = sum(amounts, Decimal(0)) + Decimal(off).scaleb(-2)
    wanted = Invoice(
        invoice_id=InvoiceId("1"),
        company_code="US01",
        supplier_code="V",
        supplier_name="",
        invoice_number="1",
        gross=usd(total),
        invoice_date=date(2024, 1, 1),
        voucher_date=None,
        due_date=None,
        rows=tuple(
            CodingRow(external_code="", index=n, account_code="6100", gross=usd(a)) for n, a in enumerate(amounts)
        ),
    )
    decided = plan_bill(wanted, known, Mapping(), Policy())
    assert isinstance(decided, BillPlan) == (off == 0 and total != 0)

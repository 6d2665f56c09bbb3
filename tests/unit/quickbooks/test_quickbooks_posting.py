"""A plan as BillAdd or VendorCreditAdd: to the cent, recognisable afterwards, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from quickbooks_builders import TAG, a_line, a_plan, any_text, golden_line, plans

from ml_connector.core.errors import Defect
from ml_connector.core.identity import tags_in
from ml_connector.core.money import Money
from ml_connector.core.plan_values import BillPlan
from ml_connector.core.records import TxnKind
from ml_connector.quickbooks.checking import check_message_set
from ml_connector.quickbooks.posting import add_request, bill_add, text_changes, vendor_credit_add, wire_ref_number
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.versions import NEWEST, Version

BILL = a_plan(
    a_line(
        "1250.00",
        memo="Décor, “lobby”",
        customer="8000007A-1500000000",
        class_="80000005-1446676900",
    ),
    a_line("-50.05", "80000041-1446677000"),
    memo=f"INV-20931 PO 4711 Décor & lobby – 1/2 {TAG}",
    due_date=date(2026, 9, 2),
    terms="80000003-1446676700",
)
CREDIT = a_plan(
    a_line("75.00", memo="Returned chairs"),
    kind=TxnKind.VENDOR_CREDIT,
    ref_number="CN-77",
    memo=f"CN-77 {TAG}",
)


@pytest.mark.parametrize("version", [Version(13, 0), Version(8, 0)])
def test_a_bill_is_written_as_in_the_golden_message(version: Version) -> None:
    text = message_set([bill_add(BILL, "d42.1", version)], version=version, new_id="BR7K2M0042ABCDEFGHIJ")
    assert text == golden_line(f"bill_add_{version}.xml")


def test_a_vendor_credit_is_written_as_in_the_golden_message() -> None:
    text = message_set([vendor_credit_add(CREDIT, "d43.2", NEWEST)], version=NEWEST, new_id="BR7K2M0043ABCDEFGHIJ")
    assert text == golden_line("vendor_credit_add_13.0.xml")


@given(plans(), st.sampled_from((Version(8, 0), Version(9, 0), NEWEST)))
def test_every_plan_keeps_to_the_tables_adds_up_and_carries_its_mark(plan: BillPlan, version: Version) -> None:
    text = message_set([add_request(plan, "d1.1", version)], version=version, new_id="A" * 20)
    assert check_message_set(text) == []
    document = etree.fromstring(text.encode("ascii"))[0][0][0]
    amounts = [Decimal(element.text or "") for element in document.iterfind("ExpenseLineAdd/Amount")]
    assert sum(amounts) == plan.total.amount
    assert len(amounts) == len(plan.lines)
    assert tags_in(document.findtext("Memo") or "")[-1] == TAG
    assert (document.find("ExternalGUID") is not None) == version.has_external_guid
    for line in document.iterfind("ExpenseLineAdd"):
        assert (line.find("BillableStatus") is None) == (line.find("CustomerRef") is None)


@given(plans())
def test_the_same_plan_is_written_the_same_byte_for_byte(plan: BillPlan) -> None:
    assert add_request(plan, "d1.1", NEWEST) == add_request(replace(plan), "d1.1", NEWEST)


@pytest.mark.parametrize(
    "plan",
    [
        replace(BILL, total=Money(Decimal("1199.94"), "USD")),
        replace(BILL, total=Money(Decimal("1199.95"), "EUR")),
        replace(BILL, lines=()),
        replace(BILL, memo="INV-20931"),
        replace(BILL, tag=""),
        replace(BILL, external_guid=""),
        replace(BILL, external_guid="7f3a9c1e-0000-4000-8000-00000000002a"),
        a_plan(a_line("-5.00")),
        CREDIT,
    ],
    ids=[
        "sum",
        "currency",
        "no lines",
        "no tag in memo",
        "no tag",
        "no guid",
        "guid without braces",
        "below zero",
        "kind",
    ],
)
def test_a_plan_that_breaks_a_promise_is_not_sent(plan: BillPlan) -> None:
    with pytest.raises(Defect):
        bill_add(plan, "d1.1", NEWEST)


def test_a_vendor_credit_has_neither_due_date_nor_terms() -> None:
    with pytest.raises(Defect):
        vendor_credit_add(replace(CREDIT, due_date=date(2026, 9, 1)), "d1.1", NEWEST)


def test_a_memo_that_is_too_long_loses_words_but_not_its_tag() -> None:
    # One such character unfolds to eighteen, so that a memo within its length grows beyond what QuickBooks holds.
    plan = a_plan(memo=f"INV-1 {'ﷺ' * 990} {TAG}")
    written = etree.fromstring(bill_add(plan, "d1.1", NEWEST))
    memo = written.findtext("BillAdd/Memo") or ""
    assert len(memo) <= 4095
    assert memo.startswith("INV-1 ")
    assert memo.endswith(TAG)
    assert any("cut" in sentence for sentence in text_changes(plan))


def test_texts_that_cannot_be_kept_are_reported() -> None:
    plan = a_plan(a_line("1.00", memo="東京"), ref_number="№ 7", memo=f"№ 7 {TAG}")
    changes = text_changes(plan)
    assert any("The number № 7 is entered as No 7." in sentence for sentence in changes)
    assert any("memo of line 1" in sentence for sentence in changes)
    assert text_changes(BILL) == ()


@given(any_text.filter(bool))
def test_a_number_fits_quickbooks_and_stays_as_it_is_once_it_does(number: str) -> None:
    wire = wire_ref_number(number)
    assert len(wire) <= 20
    assert wire_ref_number(wire) == wire


def test_long_numbers_with_the_same_beginning_stay_apart_after_unfolding() -> None:
    first, second = "㎏" * 15 + "A", "㎏" * 15 + "B"
    assert wire_ref_number(first) != wire_ref_number(second)

"""What Bill an invoice becomes, or every reason at once why it cannot become one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from core_builders import (
    EAST,
    JOB,
    NET30,
    RENT,
    TRAVEL,
    VENDOR,
    books,
    codes,
    decide,
    invoice,
    planned,
    refused,
    row,
    total_of,
    usd,
)

from ml_connector.core.books import IGNORE, BookEntry, ListId, ListKind
from ml_connector.core.faults import REGISTER, Faults
from ml_connector.core.identity import document_guid, external_guid, memo_tag
from ml_connector.core.invoice import CodingRow
from ml_connector.core.records import TxnKind


def test_an_approved_invoice_becomes_a_bill_over_the_same_amount() -> None:
    plan = planned(invoice(row("80.00"), row("20.00", "6200", index=2)))
    assert plan.kind is TxnKind.BILL
    assert plan.vendor == VENDOR
    assert plan.total == usd("100.00")
    assert [(line.account, line.amount) for line in plan.lines] == [(RENT, usd("80.00")), (TRAVEL, usd("20.00"))]
    assert (plan.books_version, plan.mapping_version) == (7, 3)


def test_a_credit_note_becomes_a_vendor_credit_with_a_positive_total_and_without_a_due_date() -> None:
    plan = planned(invoice(row("-80.00"), row("-20.00", index=2), payment_term_code="N30"))
    assert plan.kind is TxnKind.VENDOR_CREDIT
    assert plan.total == usd("100.00")
    assert [line.amount for line in plan.lines] == [usd("80.00"), usd("20.00")]
    assert (plan.due_date, plan.terms) == (None, None)


def test_a_deduction_stays_a_negative_line_of_a_bill_and_of_a_vendor_credit() -> None:
    assert [str(line.amount) for line in planned(invoice(row("120.00"), row("-20.00", index=2))).lines] == [
        "120.00 USD",
        "-20.00 USD",
    ]
    assert [str(line.amount) for line in planned(invoice(row("-120.00"), row("20.00", index=2))).lines] == [
        "120.00 USD",
        "-20.00 USD",
    ]


def test_a_bill_carries_the_names_by_which_it_is_recognised() -> None:
    plan = planned(invoice(invoice_number="  A  very long invoice number 4711 ", description="March"))
    guid = document_guid("US01", invoice().invoice_id)
    assert plan.external_guid == external_guid(guid)
    assert plan.tag == memo_tag(guid)
    assert plan.memo == f"A very long invoice number 4711 March {plan.tag}"
    assert len(plan.ref_number) == 20


def test_a_long_description_never_pushes_our_tag_out_of_the_memo() -> None:
    plan = planned(invoice(description="x" * 5000, order_numbers=("PO1", "PO2")))
    assert plan.memo.startswith("INV-1 PO PO1, PO2 xxx")
    assert plan.memo.endswith(" " + plan.tag)
    assert len(plan.memo) <= 4095


@pytest.mark.parametrize(
    "charged",
    [
        row("107.00", net=usd("1.00"), tax=usd("1.00")),
        row(None, net=usd("100.00"), tax=usd("7.00")),
        row(None, net=usd("107.00")),
    ],
    ids=["gross", "net and tax", "net alone"],
)
def test_a_row_charges_its_gross_total_or_net_and_tax_together(charged: CodingRow) -> None:
    assert planned(invoice(charged, total="107.00")).lines[0].amount == usd("107.00")


def test_an_uncoded_row_of_zero_is_left_out_and_a_coded_one_is_kept() -> None:
    assert len(planned(invoice(row("100.00"), row("0.00", "", index=2))).lines) == 1
    assert len(planned(invoice(row("100.00"), row("0.00", index=2))).lines) == 2


def test_cost_center_and_project_become_class_and_job() -> None:
    line = planned(invoice(row(cost_center_code="EAST", project_code="P7"))).lines[0]
    assert (line.class_, line.customer) == (EAST, JOB)


def test_a_line_says_what_its_row_says_or_else_what_the_invoice_says() -> None:
    lines = planned(invoice(row("1"), row("1", index=2, comment="own words"), description="March")).lines
    assert [line.memo for line in lines] == ["March", "own words"]


def test_the_voucher_date_comes_before_the_invoice_date() -> None:
    assert planned(invoice(voucher_date=date(2024, 4, 2))).txn_date == date(2024, 4, 2)
    assert planned(invoice()).txn_date == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"supplier_code": "V999"}, "MLC-VENDOR-01"),
        ({"supplier_code": ""}, "MLC-VENDOR-02"),
        ({"invoice_number": "  "}, "MLC-NUMBER-01"),
        ({"invoice_date": None}, "MLC-DATE-01"),
        ({"payment_block": True}, "MLC-BLOCK-01"),
        ({"payment_term_code": "N99", "due_date": None}, "MLC-TERMS-01"),
        ({"gross": usd("100.01")}, "MLC-TOTAL-01"),
        ({"rows": ()}, "MLC-TOTAL-04"),
        ({"gross": usd("100.00", "CAD"), "rows": (row(gross=usd("100.00", "CAD")),)}, "MLC-CURRENCY-01"),
        ({"rows": (row(account="9999"),)}, "MLC-ACCOUNT-01"),
        ({"rows": (row(account=""),)}, "MLC-ACCOUNT-02"),
        ({"rows": (row(account="2000"),)}, "MLC-ACCOUNT-04"),
        ({"rows": (row(cost_center_code="WEST"),)}, "MLC-CLASS-01"),
        ({"rows": (row(project_code="P8"),)}, "MLC-JOB-01"),
        ({"rows": (row(gross=None),)}, "MLC-TOTAL-02"),
        ({"rows": (row("0"),), "gross": usd("0")}, "MLC-TOTAL-03"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_thing_wrong_is_one_fault(broken: dict[str, object], code: str) -> None:
    assert refused(replace(invoice(), **broken)) == [code]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("entry", "code"),
    [(VENDOR, "MLC-VENDOR-03"), (RENT, "MLC-ACCOUNT-03"), (EAST, "MLC-CLASS-02"), (JOB, "MLC-JOB-02")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_inactive_entry_is_never_used(entry: BookEntry, code: str) -> None:
    wanted = invoice(row(cost_center_code="EAST", project_code="P7"))
    assert refused(wanted, books(replace(entry, active=False))) == [code]


def test_inactive_terms_are_left_out_where_there_is_a_due_date() -> None:
    assert planned(invoice(payment_term_code="N30")).terms == NET30
    known = books(replace(NET30, active=False))
    assert planned(invoice(payment_term_code="N30"), known).terms is None
    assert refused(invoice(payment_term_code="N30", due_date=None), known) == ["MLC-TERMS-01"]


def test_terms_never_hold_up_a_credit_note() -> None:
    assert planned(invoice(row("-5"), payment_term_code="N99", due_date=None)).terms is None


@pytest.mark.parametrize("account_type", ["AccountsPayable", "AccountsReceivable", "NonPosting"])
def test_a_line_is_never_charged_to_an_account_that_cannot_carry_it(account_type: str) -> None:
    assert refused(invoice(), books(replace(RENT, account_type=account_type))) == ["MLC-ACCOUNT-04"]


def test_a_bill_is_in_its_vendors_currency_or_it_is_not_posted() -> None:
    canadian = books(replace(VENDOR, currency="CAD"))
    assert refused(invoice(), canadian) == ["MLC-CURRENCY-01"]
    in_cad = invoice(row(gross=usd("5", "CAD")), gross=usd("5", "CAD"))
    assert planned(in_cad, canadian).total == usd("5", "CAD")


def test_without_multiple_currencies_only_the_home_currency_is_posted_whatever_the_vendor_says() -> None:
    in_cad = invoice(row(gross=usd("5", "CAD")), gross=usd("5", "CAD"))
    for vendor in (VENDOR, replace(VENDOR, currency="CAD")):
        assert refused(in_cad, books(vendor, multicurrency=False)) == ["MLC-CURRENCY-02"]
    assert planned(invoice(), books(multicurrency=False)).total == usd("100.00")


def test_a_vendor_without_a_currency_has_the_home_currency() -> None:
    in_cad = invoice(row(gross=usd("5", "CAD")), gross=usd("5", "CAD"))
    assert planned(in_cad, books(home_currency="CAD")).total == usd("5", "CAD")


def test_a_foreign_account_takes_lines_in_its_own_currency_only() -> None:
    abroad = replace(RENT, currency="EUR")
    assert refused(invoice(), books(abroad)) == ["MLC-ACCOUNT-05"]
    in_eur = invoice(row(gross=usd("5", "EUR")), gross=usd("5", "EUR"))
    assert planned(in_eur, books(abroad, replace(VENDOR, currency="EUR"))).lines[0].account == abroad


def test_nothing_is_posted_on_or_before_the_closing_date() -> None:
    assert refused(invoice(), books(closing_date=date(2024, 3, 1))) == ["MLC-DATE-02"]
    assert planned(invoice(), books(closing_date=date(2024, 2, 29)))


def test_a_cost_center_needs_class_tracking_unless_it_is_mapped_to_nothing() -> None:
    wanted = invoice(row(cost_center_code="EAST"))
    untracked = books(class_tracking=False)
    assert refused(wanted, untracked) == ["MLC-CLASS-03"]
    assert planned(wanted, untracked, {(ListKind.CLASS, "EAST"): IGNORE}).lines[0].class_ is None


def test_a_payment_block_is_posted_only_where_the_firm_wants_it_and_is_marked() -> None:
    plan = planned(invoice(payment_block=True), post_payment_blocked=True)
    assert plan.memo == f"INV-1 PAYMENT BLOCKED {plan.tag}"


def test_what_a_person_mapped_comes_before_our_own_codes() -> None:
    plan = planned(invoice(), books(), {(ListKind.ACCOUNT, "6100"): TRAVEL.list_id})
    assert plan.lines[0].account == TRAVEL


@pytest.mark.parametrize("target", ["", "gone-1", VENDOR.list_id], ids=["nothing", "a deleted entry", "another list"])
def test_a_mapping_that_leads_nowhere_is_a_fault_and_no_guess(target: str) -> None:
    assert refused(invoice(), books(), {(ListKind.ACCOUNT, "6100"): ListId(target)}) == ["MLC-CODE-01"]


@pytest.mark.parametrize("amount", ["10000000000000.00", "-10000000000000.00", "9999999999999999.99"])
def test_an_amount_beyond_quickbooks_is_a_fault_for_row_and_total(amount: str) -> None:
    assert refused(invoice(row(amount), row(amount, index=2), total=amount)) == ["MLC-TOTAL-05"] * 3
    parts = invoice(row(None, net=usd(amount), tax=usd(amount)), total="1.00")
    assert refused(parts) == ["MLC-TOTAL-05"]


def test_the_largest_amount_that_quickbooks_holds_is_planned() -> None:
    assert planned(invoice(row("9999999999999.99"))).total == usd("9999999999999.99")


def test_every_reason_is_told_at_once() -> None:
    broken = invoice(
        row(None, "9999", index=1, cost_center_code="WEST", project_code="P8"),
        row("1.00", "", index=2, cost_center_code="NORTH", project_code="P9"),
        row("20000000000000.00", "2000", index=3),
        total="5.00",
        supplier_code="V999",
        invoice_number="",
        invoice_date=None,
        due_date=None,
        payment_term_code="N99",
        payment_block=True,
    )
    decided = decide(broken)
    assert isinstance(decided, Faults)
    assert [(fault.code, fault.at) for fault in decided.items] == [
        ("MLC-VENDOR-01", "supplier"),
        ("MLC-DATE-01", ""),
        ("MLC-TOTAL-02", "1"),
        ("MLC-ACCOUNT-01", "1"),
        ("MLC-CLASS-01", "1"),
        ("MLC-JOB-01", "1"),
        ("MLC-ACCOUNT-02", "2"),
        ("MLC-CLASS-01", "2"),
        ("MLC-JOB-01", "2"),
        ("MLC-TOTAL-05", "Row 3"),
        ("MLC-ACCOUNT-04", "3"),
        ("MLC-TERMS-01", ""),
        ("MLC-NUMBER-01", ""),
        ("MLC-BLOCK-01", ""),
    ]


def test_the_same_fault_in_two_rows_is_told_for_each_row() -> None:
    decided = decide(invoice(row("1", "9999"), row("2", "9999", index=2)))
    assert codes(decided) == ["MLC-ACCOUNT-01", "MLC-ACCOUNT-01"]


def test_every_fault_of_planning_reads_as_a_sentence_with_its_values() -> None:
    decided = decide(invoice(row("1", "9999"), total="2.00", supplier_code="V999"))
    assert isinstance(decided, Faults)
    assert [fault.says for fault in decided.items] == [
        "QuickBooks has no vendor for supplier code V999 (Acme Supplies Inc.).",
        "Row 1: QuickBooks has no account for code 9999.",
        "The coding rows add up to 1.00 USD, but the invoice total is 2.00 USD.",
    ]
    assert all(REGISTER[fault.code] is fault.text for fault in decided.items)


def test_planning_again_on_the_same_books_gives_the_same_plan() -> None:
    assert planned(invoice()) == planned(invoice())
    assert total_of(line.amount for line in planned(invoice()).lines) == Decimal("100.00")

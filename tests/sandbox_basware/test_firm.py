"""The firm both worlds agree on, and the invoices its suppliers sent."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import pytest

from ml_connector.sandbox.basware.seed_invoices import SeedInvoice, firm_invoices, simple_invoices
from ml_connector.sandbox.firm import Firm, build_firm


@pytest.fixture(scope="module", params=[1, 2, 99])
def firm(request: pytest.FixtureRequest) -> Firm:
    return build_firm(request.param)


def test_a_seed_describes_one_firm() -> None:
    assert build_firm(3) == build_firm(3)
    assert build_firm(3) != build_firm(4)
    assert firm_invoices(build_firm(3), 3) == firm_invoices(build_firm(3), 3)


def test_the_lists_have_the_promised_sizes(firm: Firm) -> None:
    jobs = [customer for customer in firm.customers if customer.parent_list_id]
    assert (len(firm.vendors), len(firm.accounts), len(firm.classes)) == (260, 110, 14)
    assert (len(firm.customers) - len(jobs), len(jobs), len(firm.terms)) == (90, 180, 11)


def test_names_fit_quickbooks_and_share_one_namespace(firm: Firm) -> None:
    assert max(len(vendor.name) for vendor in firm.vendors) <= 41
    for short_named in (firm.accounts, firm.classes, firm.terms):
        assert max(len(entry.name) for entry in short_named) <= 31
    assert max(len(customer.name) for customer in firm.customers) <= 41
    assert max(len(account.account_number) for account in firm.accounts) <= 7
    people = [v.name.casefold() for v in firm.vendors]
    people += [c.name.casefold() for c in firm.customers if not c.parent_list_id]
    assert len(set(people)) == len(people)
    for entries in (firm.accounts, firm.classes, firm.customers):
        full = [entry.full_name.casefold() for entry in entries]
        assert len(set(full)) == len(full)


def test_list_ids_look_like_quickbooks_and_are_unique(firm: Firm) -> None:
    ids = [e.list_id for lst in (firm.vendors, firm.accounts, firm.classes, firm.customers, firm.terms) for e in lst]
    assert all(re.fullmatch(r"80000[0-9A-F]{3}-1[67]\d{8}", list_id) for list_id in ids)
    assert len(set(ids)) == len(ids)


def test_parents_come_before_their_children(firm: Firm) -> None:
    for entries in (firm.accounts, firm.classes, firm.customers):
        seen: dict[str, str] = {"": ""}
        for entry in entries:
            prefix = seen[entry.parent_list_id]
            assert entry.full_name == (f"{prefix}:{entry.name}" if prefix else entry.name)
            seen[entry.list_id] = entry.full_name


def test_an_account_code_is_its_number_only_where_that_is_unique(firm: Firm) -> None:
    codes = [firm.account_code(account) for account in firm.accounts]
    assert len(set(codes)) == len(codes)
    twice = [a for a in firm.accounts if a.account_number == "7800"]
    assert [firm.account_code(a) for a in twice] == [a.list_id for a in twice]


@pytest.fixture(scope="module")
def invoices(firm: Firm) -> list[SeedInvoice]:
    return firm_invoices(firm, firm.seed)


def test_every_story_is_told_once_or_more(invoices: list[SeedInvoice]) -> None:
    kinds = Counter(invoice.kind for invoice in invoices)
    assert sum(kinds.values()) == 48
    assert kinds["plain"] == 19
    assert (kinds["hand-typed"], kinds["credit-note"], kinds["retention"]) == (3, 3, 3)


def test_rows_add_up_except_in_the_one_story_about_it(invoices: list[SeedInvoice]) -> None:
    for invoice in invoices:
        rows = invoice.document["codingRows"]
        total = sum(Decimal(str(row["grossTotal"])) for row in rows)
        gross = Decimal(str(invoice.document["grossSum"])).quantize(Decimal("0.01"))
        assert (total == gross) is (invoice.kind != "rows-do-not-add-up"), invoice.kind


def test_codes_are_the_firms_own_except_where_the_story_says_so(firm: Firm, invoices: list[SeedInvoice]) -> None:
    accounts = {firm.account_code(account) for account in firm.accounts if account.is_active}
    classes = {entry.list_id for entry in firm.classes if entry.is_active}
    jobs = {customer.list_id for customer in firm.customers if customer.is_active}
    vendors = {vendor.list_id: vendor for vendor in firm.vendors if vendor.is_active}
    for invoice in invoices:
        document, rows = invoice.document, invoice.document["codingRows"]
        strange = {
            "unknown-account": {row["accountCode"] for row in rows} - accounts,
            "unknown-cost-center": {row.get("costCenterCode", "") for row in rows} - classes - {""},
            "job": {row.get("projectCode", "") for row in rows} - jobs - {""},
            "supplier": {document["supplierCode"]} - set(vendors),
        }
        found = {name for name, codes in strange.items() if codes}
        expected = {"no-supplier": {"supplier"}, "unknown-supplier": {"supplier"}}.get(
            invoice.kind, {invoice.kind} if invoice.kind in strange else set()
        )
        assert found == expected, invoice.kind
        vendor = vendors.get(document["supplierCode"])
        assert vendor is None or (vendor.currency == document["currencyCode"]) is (invoice.kind != "other-currency")


def test_only_one_invoice_falls_into_the_closed_period(firm: Firm, invoices: list[SeedInvoice]) -> None:
    closed = [i.kind for i in invoices if i.document["voucherDate"][:10] <= firm.closing_date.isoformat()]
    assert closed == ["closed-period"]


def test_hand_typed_bills_are_the_same_papers(firm: Firm, invoices: list[SeedInvoice]) -> None:
    sent = {i.document["invoiceNumber"]: i.document for i in invoices if i.kind == "hand-typed"}
    amounts = [(bill.amount, Decimal(str(sent[bill.ref_number]["grossSum"]))) for bill in firm.hand_typed_bills]
    assert [typed == gross for typed, gross in amounts] == [True, True, False]
    assert {bill.vendor_list_id for bill in firm.hand_typed_bills} == {d["supplierCode"] for d in sent.values()}


def test_long_numbers_are_as_troublesome_as_promised(invoices: list[SeedInvoice]) -> None:
    numbers = [i.document["invoiceNumber"] for i in invoices]
    first, second = (i.document["invoiceNumber"] for i in invoices if i.kind == "same-first-30")
    assert first[:30] == second[:30] and first != second
    assert any(len(number) > 20 for number in numbers)
    one, other = (i.document for i in invoices if i.kind == "same-number")
    assert one["invoiceNumber"] == other["invoiceNumber"] and one["supplierCode"] != other["supplierCode"]


def test_simple_invoices_have_the_asked_number_of_lines(firm: Firm) -> None:
    invoices = simple_invoices(firm, 20, lines=7)
    assert [len(invoice["codingRows"]) for invoice in invoices] == [7] * 20
    assert all(invoice["grossSum"] > 0 for invoice in invoices)

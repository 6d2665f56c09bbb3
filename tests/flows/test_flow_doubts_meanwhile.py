"""While the outcome of a write is not known, people go on working in QuickBooks: whatever they do, one Bill or a question."""

from __future__ import annotations

import re

import pytest

from bare_caller import BareCaller
from desks import Approved
from world import World

pytestmark = pytest.mark.both_databases


def _lost_after_saving(world: World, **invoice: object) -> Approved:
    """An invoice whose Bill was saved, whose answer was lost, and whose message set QuickBooks does not remember."""
    approved = world.basware.approves(**invoice)
    world.fetches()
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.polls()
    return approved


def test_a_user_who_gave_the_bill_another_number_meanwhile_hides_nothing(world: World) -> None:
    invoice = world.basware.approves(number="A-1")
    world.fetches()
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.polls()
    (bill,) = world.quickbooks.bills()
    world.quickbooks.screen.edit_bill(bill["txn_id"], ref_number="A-1 (checked)")
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.basware.sees(invoice)["voucherNumber1"] == bill["txn_id"]


def test_a_bill_whose_amount_a_user_changed_meanwhile_is_a_question(world: World) -> None:
    invoice = world.basware.approves(gross="50.00")
    world.fetches()
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.polls()
    (bill,) = world.quickbooks.bills()
    world.quickbooks.screen.edit_bill(
        bill["txn_id"], lines=[{"account": bill["lines"][0]["account_id"], "amount": "55"}]
    )
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.connector.state(invoice) == "blocked"
    assert world.basware.heard_about(invoice) == []


def test_a_look_alike_without_our_mark_is_a_question_while_the_outcome_is_unknown(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    invoice = world.basware.approves(gross="75.00", number="B-7", vendor=vendor)
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    world.quickbooks.screen.type_bill(
        vendor=vendor.list_id,
        ref_number="B-7",
        txn_date="2026-11-10",
        lines=[{"account": "Job Costs:Materials:Lumber", "amount": "75"}],
    )
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["75.00"]
    assert world.connector.faults(invoice) == ["MLC-DUP-04"]


def test_a_bill_whose_vendor_a_user_changed_meanwhile_is_not_entered_again(world: World) -> None:
    one, other = [vendor for vendor in world.firm.vendors if vendor.currency == "USD"][:2]
    invoice = _lost_after_saving(world, vendor=one)
    (bill,) = world.quickbooks.bills()
    world.quickbooks.screen.edit_bill(bill["txn_id"], vendor=other.list_id)
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.connector.faults(invoice) == ["MLC-DUP-01"]


def test_a_bill_whose_number_and_date_a_user_changed_meanwhile_is_not_entered_again(world: World) -> None:
    invoice = _lost_after_saving(world, number="A-1")
    (bill,) = world.quickbooks.bills()
    world.quickbooks.screen.edit_bill(bill["txn_id"], ref_number="A-1 ok", txn_date="2026-11-11")
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_vendor_that_was_merged_away_meanwhile_leaves_a_way_out(world: World) -> None:
    one, other = [vendor for vendor in world.firm.vendors if vendor.currency == "USD"][:2]
    invoice = _lost_after_saving(world, vendor=one)
    world.quickbooks.screen.merge("Vendor", one.list_id, other.list_id)
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.connector.state(invoice) == "blocked"


def test_a_bill_that_a_person_linked_to_another_invoice_meanwhile_stops_nothing(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    world.basware.approves(number="U-1", vendor=vendor)
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    (bill,) = world.quickbooks.bills()
    twin = world.basware.approves(number="U-1", vendor=vendor)
    world.fetches()

    def proves_nothing(request: str, answer: str) -> str:
        if "oldMessageSetID" in request:
            return answer[: len(answer) // 2]
        if ".vendor." in request:
            return re.sub(r'statusCode="\d+"', 'statusCode="1010"', answer, count=1)
        return answer

    BareCaller(world).session(proves_nothing)
    world.connector.links(twin, bill["txn_id"])
    world.works()
    BareCaller(world).session(proves_nothing)
    other = world.basware.approves()
    world.run_until_idle()
    assert world.connector.state(other) == "confirmed"
    assert len(world.quickbooks.bills()) == 2

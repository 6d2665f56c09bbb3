"""What people do to our Bills in QuickBooks after they were entered is noticed, and nothing else is."""

from __future__ import annotations

import pytest

from desks import Approved
from ml_connector.flows.story import state_words
from world import World

pytestmark = pytest.mark.both_databases

LUMBER = "Job Costs:Materials:Lumber"


@pytest.fixture
def entered(world: World) -> Approved:
    invoice = world.basware.approves(gross="1000.00")
    world.run_until_idle()
    world.passes(3600)
    return invoice


def _edit(world: World, invoice: Approved, **changes: object) -> None:
    world.quickbooks.screen.edit_bill(world.quickbooks.txn_id(invoice), **changes)  # type: ignore[arg-type]


def _rest(world: World) -> None:
    world.passes(60)
    world.run_until_idle()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"txn_date": "2026-11-12"}, "date 2026-11-10 -> 2026-11-12"),
        ({"lines": [{"account": LUMBER, "amount": "999.00"}]}, "amount 1000.00 -> 999.00"),
        ({"lines": [{"account": LUMBER, "amount": "600.00"}, {"account": LUMBER, "amount": "400.00"}]}, "was added"),
        ({"lines": [{"account": "Old Fax Line", "amount": "1000.00"}]}, "line 1 account"),
        ({"lines": [{"account": LUMBER, "amount": "1000.00", "class": "Yard"}]}, "line 1 class none -> Yard"),
        ({"lines": [{"account": LUMBER, "amount": "1000.00", "customer": "Alder Brewing Co.:Reroof"}]}, "line 1 job"),
    ],
    ids=["date", "amount", "split", "account", "class", "job"],
)
def test_an_edited_bill_is_a_question_that_says_what_was_and_what_is(
    world: World, entered: Approved, changes: dict[str, object], said: str
) -> None:
    _edit(world, entered, **changes)
    _rest(world)
    assert world.connector.faults(entered) == ["MLC-CHANGED-05"]
    assert said in world.connector.says(entered)
    assert state_words(world.connector.document(entered)) == "Edited in QuickBooks"


def test_another_number_or_vendor_is_noticed_too(world: World, entered: Approved) -> None:
    txn_id = world.quickbooks.txn_id(entered)
    other = next(v for v in world.firm.vendors if v.name != "Q" and v.currency == "USD")
    world.quickbooks.screen.edit_bill(txn_id, ref_number="X-1", vendor=other.list_id)
    _rest(world)
    says = world.connector.says(entered)
    assert f"number {entered.number} -> X-1" in says
    assert f"vendor Q -> {other.name}" in says


@pytest.mark.parametrize("how", [{}, {"amount": "10.00"}, {"by": "credit_card"}, {"discount_percent": "2"}], ids=str)
def test_a_payment_is_no_edit(world: World, entered: Approved, how: dict[str, str]) -> None:
    world.quickbooks.pays(entered, **how)
    _rest(world)
    assert world.connector.faults(entered) == []
    assert world.connector.state(entered) in {"paid", "confirmed"}


def test_a_payment_that_is_voided_and_a_memo_that_is_changed_are_no_edits(world: World, entered: Approved) -> None:
    (payment,) = world.quickbooks.pays(entered)
    _rest(world)
    world.quickbooks.screen.void(payment)
    world.passes(60)
    _edit(world, entered, memo=world.quickbooks.documents_for(entered)[0]["memo"] + " seen")
    _rest(world)
    assert world.connector.faults(entered) == []
    assert world.connector.state(entered) == "confirmed"


def test_nothing_is_asked_twice_about_bills_that_nobody_touched(world: World, entered: Approved) -> None:
    world.basware.approves_many(5)
    world.run_until_idle()
    world.quickbooks.records()
    _rest(world)
    assert world.quickbooks.received('requestID="judge.') == []


@pytest.mark.parametrize("taken_away", ["void", "delete"])
def test_a_bill_that_is_voided_or_deleted_is_gone(world: World, entered: Approved, taken_away: str) -> None:
    getattr(world.quickbooks.screen, taken_away)(world.quickbooks.txn_id(entered))
    _rest(world)
    assert world.connector.faults(entered) == ["MLC-CHANGED-03"]
    assert taken_away in world.connector.says(entered)


def test_what_is_put_right_is_no_question_any_more(world: World, entered: Approved) -> None:
    (payment,) = world.quickbooks.pays(entered)
    _rest(world)
    assert payment and world.connector.state(entered) == "paid"
    _edit(world, entered, txn_date="2026-11-12")
    _rest(world)
    assert world.connector.state(entered) == "changed"
    world.passes(60)
    _edit(world, entered, txn_date="2026-11-10")
    _rest(world)
    assert world.connector.faults(entered) == []
    assert world.connector.state(entered) == "paid"
    assert world.basware.paid(entered) == "1000.00"


def test_what_a_person_accepts_is_what_later_edits_are_compared_with(world: World, entered: Approved) -> None:
    txn_id = world.quickbooks.txn_id(entered)
    _edit(world, entered, lines=[{"account": LUMBER, "amount": "990.00"}])
    _rest(world)
    world.connector.links(entered, txn_id)
    _rest(world)
    assert (world.connector.state(entered), world.connector.faults(entered)) == ("confirmed", [])
    world.passes(60)
    _edit(world, entered, memo="looked at")
    _rest(world)
    assert world.connector.faults(entered) == []
    world.passes(60)
    _edit(world, entered, lines=[{"account": LUMBER, "amount": "980.00"}])
    _rest(world)
    assert "amount 990.00 -> 980.00" in world.connector.says(entered)


def test_a_vendor_that_is_merged_into_another_is_no_edit_and_said_so(world: World, entered: Approved) -> None:
    other = next(v for v in world.firm.vendors if v.name != "Q" and v.currency == "USD")
    world.quickbooks.screen.merge("Vendor", "Q", other.list_id)
    _rest(world)
    _rest(world)
    assert world.connector.faults(entered) == []
    merged = [chapter.words for chapter in world.connector.story(entered) if chapter.event == "merged"]
    assert merged == [f"Merged in QuickBooks, not edited: vendor Q -> {other.name}."]
    assert world.connector.document(entered).vendor_list_id == other.list_id


def test_an_account_that_is_merged_is_no_edit_even_when_the_bill_is_saved_with_it(
    world: World, entered: Approved
) -> None:
    parents = {account.parent_list_id for account in world.firm.accounts}
    target = next(
        account
        for account in world.firm.accounts
        if account.account_type == "CostOfGoodsSold" and account.full_name != LUMBER and account.list_id not in parents
    )
    world.quickbooks.screen.merge("Account", LUMBER, target.full_name)
    world.passes(60)
    world.quickbooks.pays(entered, amount="10.00")
    _rest(world)
    _rest(world)
    assert world.connector.faults(entered) == []
    assert "merged" in [chapter.event for chapter in world.connector.story(entered)]
    assert world.basware.paid(entered) == "10.00"


def test_a_bill_settled_by_a_credit_alone_is_a_question_and_ends_when_a_person_says_so(
    world: World, entered: Approved
) -> None:
    world.basware.approves(gross="-1000.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.quickbooks.pays(entered, apply_credits=True)
    _rest(world)
    assert world.connector.faults(entered) == ["MLC-PAID-01"]
    assert world.basware.paid(entered) == "0.00"
    world.connector.links(entered, world.quickbooks.txn_id(entered))
    _rest(world)
    world.passes(60)
    _edit(world, entered, memo="looked at")
    _rest(world)
    assert world.connector.faults(entered) == []
    assert world.connector.state(entered) == "confirmed"


def test_a_credit_and_money_together_are_no_question(world: World, entered: Approved) -> None:
    world.basware.approves(gross="-100.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.quickbooks.pays(entered, apply_credits=True)
    _rest(world)
    assert world.connector.faults(entered) == []
    assert world.basware.paid(entered) == "900.00"


def test_an_edited_vendor_credit_is_noticed(world: World) -> None:
    credit = world.basware.approves(gross="-80.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.passes(3600)
    world.quickbooks.screen.edit_bill(world.quickbooks.txn_id(credit), lines=[{"account": LUMBER, "amount": "70"}])
    _rest(world)
    assert world.connector.faults(credit) == ["MLC-CHANGED-05"]


def test_a_bill_typed_in_by_hand_and_linked_is_watched_from_then_on(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    txn_id = world.quickbooks.screen.type_bill(
        vendor="Q", ref_number="B-7", txn_date="2026-11-10", lines=[{"account": LUMBER, "amount": "75"}]
    )
    invoice = world.basware.approves(gross="75.00", number="B-7", vendor=vendor)
    world.run_until_idle()
    assert world.connector.document(invoice).linked
    world.passes(60)
    world.quickbooks.pays(invoice, amount="5.00")
    _rest(world)
    assert world.connector.faults(invoice) == []
    world.passes(60)
    world.quickbooks.screen.edit_bill(txn_id, txn_date="2026-11-13")
    _rest(world)
    assert "date 2026-11-10 -> 2026-11-13" in world.connector.says(invoice)


def test_an_edit_that_was_read_by_a_session_that_ended_early_is_noticed_the_next_day(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.passes(3600)
    world.quickbooks.screen.edit_bill(world.quickbooks.txn_id(invoice), lines=[{"account": LUMBER, "amount": "99.00"}])
    world.quickbooks.records()
    (application,) = world.outside.workstation.applications.values()
    session = application.connector.session()
    while not any("VendorCreditQueryRq" in message.request for message in world.quickbooks.received("drift.")):
        next(session)
    session.close()
    world.passes(86400)
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    assert "99.00" in world.connector.says(invoice)

"""Every state in which a person must act has a way out that the connector names, and none of them enters a Bill twice."""

from __future__ import annotations

from typing import Any

import pytest

from desks import Approved
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.story import why
from world import World

pytestmark = pytest.mark.both_databases

_RESPONSES = "*/transferResponses"


def _types(world: World, amount: str = "120.00", *, vendor: str = "Q", number: str = "BY-HAND") -> str:
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": amount}
    vendor_id = world.firm.vendor_named(vendor).list_id
    return world.quickbooks.screen.type_bill(vendor=vendor_id, ref_number=number, lines=[line])


def _txn_ids(world: World) -> list[str]:
    return [bill["txn_id"] for bill in world.quickbooks.bills()]


def _gone(world: World, how: str = "delete") -> Approved:
    """An invoice whose Bill was deleted or voided, and that Basware sent again."""
    invoice = world.basware.approves()
    world.run_until_idle()
    getattr(world.quickbooks.screen, how)(world.quickbooks.txn_id(invoice))
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-03"]
    return invoice


def _gone_unasked(world: World) -> Approved:
    """An invoice whose Bill was deleted, and of which Basware wants to hear nothing."""
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.screen.delete(world.quickbooks.txn_id(invoice))
    world.passes(86400)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-03"]
    return invoice


def _sent_again(world: World, invoice: Approved, gross: float, **changes: Any) -> None:
    rows = [dict(invoice.document["codingRows"][0]) | {"grossTotal": gross, "netTotal": gross}]
    world.basware.transfers_again(invoice, grossSum=gross, netSum=gross, codingRows=rows, **changes)


def _changed(world: World) -> Approved:
    """An invoice that Basware sent again with another amount."""
    invoice = world.basware.approves()
    world.run_until_idle()
    _sent_again(world, invoice, 150.0)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-01"]
    return invoice


def _next_step(world: World, invoice: Approved) -> str:
    return why(world.connector.document(invoice), world.clock.now()).next_step


# Changed after posting: linked to another Bill.


def test_the_bill_that_stands_for_a_deleted_one_is_linked_and_its_payments_are_told(world: World) -> None:
    invoice = _gone(world)
    instead = _types(world)
    said = world.connector.links(invoice, instead)
    assert instead in said and "next session" in said
    assert world.basware.heard_about(invoice) == ["success"]
    world.run_until_idle()
    responses = world.basware.sees(invoice)["transferResponses"]
    assert [response["voucherNumber1"] for response in responses][1:] == [instead]
    world.quickbooks.screen.pay_bills(bills=[instead])
    world.run_until_idle()
    assert (world.basware.status(invoice), world.basware.paid(invoice)) == ("Paid", "120.00")
    assert _txn_ids(world) == [instead]


def test_a_changed_invoice_is_linked_to_the_bill_that_has_its_new_amount(world: World) -> None:
    invoice = _changed(world)
    first = world.quickbooks.txn_id(invoice)
    world.quickbooks.screen.delete(first)
    instead = _types(world, "150.00")
    world.connector.links(invoice, instead)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success", "success"]
    world.quickbooks.screen.pay_bills(bills=[instead])
    world.run_until_idle()
    assert world.basware.status(invoice) == "Paid"


@pytest.mark.parametrize(
    ("amount", "vendor", "because"),
    [
        ("99.00", "Q", "its amount is 99.00 instead of 120.00"),
        ("120.00", "Zylstra Electric", "it belongs to another vendor"),
        ("", "", "it is not in QuickBooks"),
    ],
)
def test_a_link_to_what_is_not_the_invoice_is_refused_with_the_reason(
    world: World, amount: str, vendor: str, because: str
) -> None:
    invoice = _gone(world)
    named = _types(world, amount, vendor=vendor) if amount else "7777-1"
    world.connector.links(invoice, named)
    world.run_until_idle()
    assert because in world.connector.says(invoice)
    assert world.connector.faults(invoice) == ["MLC-LINK-02", "MLC-CHANGED-03"]
    assert world.basware.heard_about(invoice) == ["success"]
    world.connector.links(invoice, _types(world))
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success", "success"]
    assert world.connector.faults(invoice) == []


@pytest.mark.parametrize(("how", "because"), [("delete", "it is not in QuickBooks"), ("void", "it is void")])
def test_a_bill_that_is_gone_is_not_confirmed_as_it_stands(world: World, how: str, because: str) -> None:
    invoice = _gone(world, how)
    world.connector.links(invoice, world.connector.document(invoice).txn_id)
    world.run_until_idle()
    assert because in world.connector.says(invoice)
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_bill_of_another_invoice_is_not_linked_a_second_time(world: World) -> None:
    invoice, other = _gone(world), world.basware.approves()
    world.run_until_idle()
    world.connector.links(invoice, world.quickbooks.txn_id(other))
    world.run_until_idle()
    assert "MLC-DUP-02" in world.connector.faults(invoice)
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_link_that_quickbooks_was_not_asked_for_yet_is_named(world: World) -> None:
    invoice = _gone(world)
    instead = _types(world)
    world.connector.links(invoice, instead)
    assert f"A person named {instead}" in world.connector.says(invoice)
    assert _next_step(world, invoice) == "QuickBooks is asked for it in the next session of the Web Connector."
    assert instead in world.connector.retries(invoice)


def test_an_invoice_that_comes_again_is_not_confirmed_by_itself_while_a_person_must_decide(world: World) -> None:
    invoice = _changed(world)
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    assert world.basware.heard_about(invoice) == ["success"]


# Changed after posting: given up, skipped, tried again.


def test_giving_up_on_a_changed_invoice_tells_basware_and_says_that_its_bill_stays(world: World) -> None:
    invoice = _changed(world)
    bill = world.quickbooks.txn_id(invoice)
    assert bill in world.connector.gives_up(invoice, "The first amount was right.")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success", "failure"]
    words = world.basware.sees(invoice)["transferResponses"][1]["responseMessage"]
    assert "The first amount was right." in words
    assert "Not entered in QuickBooks" not in words
    assert _txn_ids(world) == [bill]


def test_an_invoice_that_was_given_up_finds_its_bill_again_when_it_comes_back(world: World) -> None:
    invoice = _changed(world)
    bill = world.quickbooks.txn_id(invoice)
    world.connector.gives_up(invoice, "The first amount was right.")
    world.run_until_idle()
    _sent_again(world, invoice, 120.0, invoiceNumber="ANOTHER-1")
    world.run_until_idle()
    assert _txn_ids(world) == [bill]
    assert world.basware.heard_about(invoice) == ["success", "failure", "success"]
    assert world.basware.sees(invoice)["transferResponses"][2]["voucherNumber1"] == bill


def test_an_invoice_that_was_given_up_and_comes_back_otherwise_is_a_question_and_no_second_bill(world: World) -> None:
    invoice = _changed(world)
    bill = world.quickbooks.txn_id(invoice)
    world.quickbooks.screen.edit_bill(bill, memo="a person wrote over it")
    world.connector.gives_up(invoice, "The first amount was right.")
    world.run_until_idle()
    _sent_again(world, invoice, 150.0, invoiceNumber="ANOTHER-1")
    world.run_until_idle()
    assert _txn_ids(world) == [bill]
    assert world.connector.faults(invoice) == ["MLC-DUP-01"]
    assert bill in world.connector.says(invoice)


@pytest.mark.parametrize("how", ["delete", "void"])
def test_an_invoice_whose_bill_is_gone_is_entered_anew_after_it_was_given_up_and_sent_again(
    world: World, how: str
) -> None:
    invoice = _gone(world, how)
    world.connector.gives_up(invoice, "Entered too early.")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success", "failure"]
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    if how == "void":  # that it is void may mean that it should be: a person decides
        assert world.connector.faults(invoice) == ["MLC-DUP-01"]
        world.connector.retries(invoice, post_new=True)
        world.run_until_idle()
    assert [amount for amount in world.quickbooks.amounts_billed_for(invoice) if amount != "0.00"] == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success", "failure", "success"]
    assert world.basware.status(invoice) == "Transferred"


def test_payments_of_a_bill_that_was_found_again_are_told_again(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    _sent_again(world, invoice, 150.0)
    world.run_until_idle()
    world.connector.gives_up(invoice, "The first amount was right.")
    world.run_until_idle()
    _sent_again(world, invoice, 120.0)
    world.run_until_idle()
    assert (world.basware.status(invoice), world.basware.paid(invoice)) == ("Paid", "120.00")


def test_giving_up_where_basware_counts_the_invoice_as_transferred_is_seen_and_can_be_ended(world: World) -> None:
    invoice = _gone_unasked(world)
    world.connector.gives_up(invoice, "The goods went back.")
    world.run_until_idle()
    assert "MLC-BW-01" in world.connector.faults(invoice)
    assert "it stands at Transferred there" in world.connector.says(invoice)
    assert "ml-connector skip" in _next_step(world, invoice)
    world.connector.skips(invoice, "Basware cannot take it back.")
    world.run_until_idle()
    assert "MLC-BW-01" not in world.connector.faults(invoice)
    assert (world.connector.state(invoice), world.basware.status(invoice)) == ("skipped", "Transferred")


def test_a_changed_invoice_can_be_skipped_and_brought_back_without_a_second_bill(world: World) -> None:
    invoice = _gone_unasked(world)
    world.connector.skips(invoice, "The goods went back, and Basware knows.")
    world.run_until_idle()
    assert _txn_ids(world) == []
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    assert world.basware.status(invoice) == "Paid"


@pytest.mark.parametrize("make", [_gone, _changed], ids=["gone", "changed"])
def test_retry_never_enters_a_changed_invoice_again(world: World, make: Any) -> None:
    invoice = make(world)
    before = _txn_ids(world)
    if make is _gone:
        with pytest.raises(NeedsOperator, match=r"ml-connector link .*ml-connector give-up .*ml-connector skip"):
            world.connector.retries(invoice)
    else:
        assert "compared" in world.connector.retries(invoice)
    with pytest.raises(NeedsOperator, match="not entered again"):
        world.connector.retries(invoice, post_new=True)
    world.run_until_idle()
    assert _txn_ids(world) == before


def test_a_document_that_needs_nobody_can_be_neither_given_up_nor_skipped_nor_tried_again(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    with pytest.raises(NeedsOperator, match="cannot be given up: it is confirmed"):
        world.connector.gives_up(invoice, "a test")
    with pytest.raises(NeedsOperator, match="cannot be skipped: it is confirmed"):
        world.connector.skips(invoice, "a test")
    with pytest.raises(NeedsOperator, match="there is nothing to try again"):
        world.connector.retries(invoice)


def test_an_invoice_that_basware_does_not_know_any_more_can_be_skipped(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.basware_answers("POST", _RESPONSES, 404, times=0)
    world.basware_answers("GET", f"*/{invoice.id}", 404, times=0)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-02"]
    assert "ml-connector skip" in _next_step(world, invoice)
    world.connector.skips(invoice, "It was removed in Basware; the Bill is right.")
    world.transport.scripted.clear()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == []
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


# Blocked in planning: linked to a Bill that was typed in by hand.


def _blocked(world: World, **invoice: Any) -> Approved:
    made = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}], **invoice)
    world.run_until_idle()
    assert world.connector.state(made) == "blocked"
    return made


def test_an_invoice_that_cannot_be_planned_is_linked_to_the_bill_that_a_person_typed(world: World) -> None:
    invoice, bill = _blocked(world), _types(world)
    world.connector.links(invoice, bill)
    world.works()
    assert world.connector.says(invoice).startswith(f"A person named {bill}")
    world.run_until_idle()
    assert [r["voucherNumber1"] for r in world.basware.sees(invoice)["transferResponses"]] == [bill]
    assert _txn_ids(world) == [bill]
    world.quickbooks.screen.pay_bills(bills=[bill])
    world.run_until_idle()
    assert world.basware.status(invoice) == "Paid"


def test_a_credit_note_that_cannot_be_planned_is_linked_to_a_vendor_credit(world: World) -> None:
    invoice = world.basware.approves(gross="-50.00", lines=[{"gross": "-50.00", "account": "9999-OLD"}])
    world.run_until_idle()
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "50.00"}
    vendor = world.firm.vendor_named("Q").list_id
    credit = world.quickbooks.screen.type_vendor_credit(vendor=vendor, ref_number="CR", lines=[line])
    world.connector.links(invoice, _types(world, "50.00"))
    world.run_until_idle()
    assert "it is a Bill and not a VendorCredit" in world.connector.says(invoice)
    world.connector.links(invoice, credit)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


@pytest.mark.parametrize(
    ("amount", "vendor", "because"),
    [
        ("99.00", "Q", "its amount is 99.00 instead of 120.00"),
        ("120.00", "Zylstra Electric", "it belongs to another vendor"),
        ("", "", "it is not in QuickBooks"),
    ],
)
def test_a_blocked_invoice_is_not_linked_to_what_differs_and_keeps_its_reasons(
    world: World, amount: str, vendor: str, because: str
) -> None:
    invoice = _blocked(world)
    world.connector.links(invoice, _types(world, amount, vendor=vendor) if amount else "7777-1")
    world.run_until_idle()
    assert because in world.connector.says(invoice)
    assert world.connector.faults(invoice) == ["MLC-LINK-02", "MLC-ACCOUNT-01"]
    assert world.basware.heard_about(invoice) == []
    world.connector.maps("account", "9999-OLD", "6110")
    world.run_until_idle()
    assert not any(bill["memo"].endswith("]") for bill in world.quickbooks.bills()), "a person named another one"
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_invoice_of_an_unknown_supplier_is_linked_by_its_amount(world: World) -> None:
    invoice = world.basware.approves(supplierCode="NOBODY")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-VENDOR-01"]
    world.connector.links(invoice, _types(world, "99.00"))
    world.run_until_idle()
    assert world.connector.faults(invoice)[0] == "MLC-LINK-02"
    bill = _types(world)
    world.connector.links(invoice, bill)
    world.run_until_idle()
    assert [r["voucherNumber1"] for r in world.basware.sees(invoice)["transferResponses"]] == [bill]


def test_an_amount_in_another_currency_is_another_amount(world: World) -> None:
    invoice = world.basware.approves(currencyCode="EUR")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CURRENCY-01"]
    world.connector.links(invoice, _types(world))
    world.run_until_idle()
    assert "its currency is USD instead of EUR" in world.connector.says(invoice)
    assert world.basware.heard_about(invoice) == []


def test_an_invoice_that_cannot_be_read_is_not_linked(world: World) -> None:
    invoice = world.basware.approves(currencyCode="")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-READ-01"]
    world.connector.links(invoice, _types(world))
    world.run_until_idle()
    assert "cannot be compared" in world.connector.says(invoice)
    assert world.basware.heard_about(invoice) == []


def test_an_invoice_that_waits_for_quickbooks_is_linked_instead_of_entered(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    bill = _types(world)
    world.connector.links(invoice, bill)
    world.run_until_idle()
    assert _txn_ids(world) == [bill]
    assert world.basware.heard_about(invoice) == ["success"]


# Basware does not wait for the invoice: it is asked again before anything is entered.


def _stands_at(world: World, invoice: Approved, status: str) -> None:
    """Let a person at Basware take an invoice elsewhere."""
    tenant = world.outside.basware
    with tenant.lock:
        tenant.invoices._changed(tenant.invoices.get(invoice.id), status, tenant.now(), "by a person")


def _taken_away(world: World, status: str = "TransferFailed") -> Approved:
    invoice = world.basware.approves()
    world.happens("POST", "*/acknowledge", lambda: _stands_at(world, invoice, status))
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-03"]
    return invoice


@pytest.mark.parametrize("skipped", [False, True], ids=["blocked", "skipped"])
def test_retry_enters_nothing_that_basware_still_does_not_wait_for(world: World, skipped: bool) -> None:
    invoice = _taken_away(world)
    if skipped:
        world.connector.skips(invoice, "Removed, I think.")
    assert "Basware is asked again" in world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.bills() == []
    assert world.connector.faults(invoice) == ["MLC-BW-03"]
    assert "it stands at TransferFailed there" in world.connector.says(invoice)


def test_retry_says_where_the_invoice_stands_in_basware_now(world: World) -> None:
    invoice = _taken_away(world)
    _stands_at(world, invoice, "Removed")
    world.connector.retries(invoice)
    world.run_until_idle()
    assert "it stands at Removed there" in world.connector.says(invoice)
    assert world.quickbooks.bills() == []


@pytest.mark.parametrize("status", ["TransferInProgress", "WaitingForTransfer"])
def test_retry_enters_what_basware_waits_for_after_all(world: World, status: str) -> None:
    invoice = _taken_away(world)
    _stands_at(world, invoice, "TransferInProgress")
    if status == "WaitingForTransfer":
        world.basware.transfers_again(invoice)
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_retry_of_an_invoice_that_basware_did_not_know_asks_for_it_again(world: World) -> None:
    invoice = world.basware.approves()
    world.happens("POST", "*/acknowledge", lambda: _stands_at(world, invoice, "Removed"))
    world.basware_answers("POST", "*/acknowledge", 404, times=2)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-02"]
    world.connector.retries(invoice)
    world.run_until_idle()
    assert (world.connector.faults(invoice), world.quickbooks.bills()) == (["MLC-BW-02"], [])
    _stands_at(world, invoice, "TransferInProgress")
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_retry_of_an_answer_that_basware_did_not_take_looks_first_whether_it_has_it(world: World) -> None:
    invoice = world.basware.approves()
    world.basware_answers("POST", _RESPONSES, 405)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-01"]
    _stands_at(world, invoice, "Transferred")
    sent = world.transport.count("POST", _RESPONSES)
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.transport.count("POST", _RESPONSES) == sent
    assert (world.connector.state(invoice), world.connector.faults(invoice)) == ("confirmed", [])

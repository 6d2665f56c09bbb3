"""Basware hears of every transfer exactly once, whatever is lost on the way; and what comes again is never entered twice."""

from __future__ import annotations

import pytest

from desks import Approved
from ml_connector.store import duties
from world import World

pytestmark = pytest.mark.both_databases

_RESPONSES = "*/transferResponses"


@pytest.mark.parametrize(
    "kind", ["error-after", "connection-lost", "error-before", "connection-lost-before", "throttle"]
)
def test_a_lost_answer_of_basware_never_makes_two_successes(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.basware.suffers(kind, times=3, path=_RESPONSES)
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 3


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_that_dies_while_it_tells_basware_tells_it_once(world: World, after: bool) -> None:
    invoices = world.basware.approves_many(3)
    world.connector.dies("POST", _RESPONSES, after=after)
    world.run_until_idle()
    assert world.kills == 1
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 3
    assert [len(world.quickbooks.documents_for(invoice)) for invoice in invoices] == [1, 1, 1]


def test_giving_up_tells_basware_why_and_enters_nothing(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.connector.gives_up(invoice, "The account was closed last year.")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["failure"]
    assert "The account was closed last year." in world.basware.sees(invoice)["transferResponses"][0]["responseMessage"]
    assert world.basware.status(invoice) == "TransferFailed"
    assert world.connector.state(invoice) == "returned"
    assert world.quickbooks.bills() == []


def test_an_invoice_that_was_given_up_comes_back_corrected_and_is_posted(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.connector.gives_up(invoice, "Wrong account.")
    world.run_until_idle()
    rows = [dict(invoice.document["codingRows"][0]) | {"accountCode": "6110"}]
    world.basware.transfers_again(invoice, codingRows=rows)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["failure", "success"]
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


@pytest.mark.parametrize("lost", [False, True], ids=["before Basware is told", "after Basware was told unheard"])
def test_a_correction_of_an_invoice_that_is_being_given_up_is_taken(world: World, lost: bool) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "NOPE"}])
    world.run_until_idle()
    world.connector.gives_up(invoice, "The account does not exist.")
    if lost:
        world.basware.suffers("error-after", path=_RESPONSES)
        world.works()
    account = world.firm.account_code(world.firm.account_numbered("6110"))
    row = dict(invoice.document["codingRows"][0], accountCode=account)
    world.basware.transfers_again(invoice, codingRows=[row])
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == (["failure", "success"] if lost else ["success"])
    assert world.basware.status(invoice) == "Transferred"


def test_an_invoice_that_was_given_up_twice_is_told_twice(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    for _ in range(2):
        world.connector.gives_up(invoice, "Wrong account.")
        world.run_until_idle()
        world.basware.transfers_again(invoice)
        world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["failure", "failure"]
    assert world.connector.state(invoice) == "blocked"


def test_a_skipped_invoice_is_left_alone_until_somebody_brings_it_back(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.connector.skips(invoice, "Paid by card already.")
    world.connector.maps("account", "9999-OLD", "6110")
    world.run_until_idle()
    assert world.quickbooks.bills() == []
    assert world.basware.heard_about(invoice) == []
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_answer_that_basware_refuses_comes_to_a_person_with_its_words(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    # Somebody at Basware fails the transfer by hand meanwhile: no answer is awaited any more.
    store = world.outside.basware.invoices
    store.transfer_response(
        invoice.id,
        {
            "externalCode": "by hand",
            "success": False,
            "responseMessage": "withdrawn",
            "transferDate": "2026-11-23",
            "paymentBlock": False,
        },
        world.outside.basware.now(),
        400,
    )
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-01"]
    assert world.connector.says(invoice)
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["failure"]


def test_an_invoice_that_comes_again_unchanged_is_confirmed_again_and_never_entered_again(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success", "success"]
    assert world.connector.state(invoice) == "confirmed"
    codes = {response["externalCode"] for response in world.basware.sees(invoice)["transferResponses"]}
    assert len(codes) == 2


def test_a_paid_invoice_that_comes_again_is_confirmed_and_told_as_paid_still(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    assert world.basware.status(invoice) == "Paid"
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success", "success"]
    assert world.basware.status(invoice) == "Paid"


def test_an_invoice_that_comes_again_changed_is_left_to_a_person(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    rows = [dict(invoice.document["codingRows"][0]) | {"grossTotal": 150.0, "netTotal": 150.0}]
    world.basware.transfers_again(invoice, grossSum=150.0, netSum=150.0, codingRows=rows)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.connector.state(invoice) == "changed"
    assert world.connector.faults(invoice) == ["MLC-CHANGED-01"]


def test_a_person_confirms_a_changed_invoice_after_correcting_the_bill(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    rows = [dict(invoice.document["codingRows"][0]) | {"grossTotal": 150.0, "netTotal": 150.0}]
    world.basware.transfers_again(invoice, grossSum=150.0, netSum=150.0, codingRows=rows)
    world.run_until_idle()
    (bill,) = world.quickbooks.bills()
    line = {"account": bill["lines"][0]["account_id"], "amount": "150.00"}
    world.quickbooks.screen.edit_bill(bill["txn_id"], lines=[line])
    world.connector.links(invoice, bill["txn_id"])
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success", "success"]
    assert world.connector.state(invoice) == "confirmed"
    assert world.quickbooks.amounts_billed_for(invoice) == ["150.00"]


def test_a_confirmed_change_is_paid_in_full_only_when_the_new_amount_is(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    rows = [dict(invoice.document["codingRows"][0]) | {"grossTotal": 150.0, "netTotal": 150.0}]
    world.basware.transfers_again(invoice, grossSum=150.0, netSum=150.0, codingRows=rows)
    world.run_until_idle()
    (bill,) = world.quickbooks.bills()
    line = {"account": bill["lines"][0]["account_id"], "amount": "150.00"}
    world.quickbooks.screen.edit_bill(bill["txn_id"], lines=[line])
    world.connector.links(invoice, bill["txn_id"])
    world.run_until_idle()
    world.quickbooks.pays(invoice, amount="120.00")
    world.run_until_idle()
    assert world.basware.status(invoice) == "Transferred"
    assert world.connector.state(invoice) == "confirmed"
    assert world.connector.document(invoice).gross_cents == 15000


def test_a_change_that_a_person_confirmed_is_no_change_when_it_comes_again(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.basware.transfers_again(invoice, dueDate="2027-01-31T00:00:00")
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    world.connector.links(invoice, world.quickbooks.txn_id(invoice))
    world.run_until_idle()
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.connector.state(invoice) == "confirmed"
    assert world.basware.heard_about(invoice) == ["success"] * 3


def test_an_invoice_that_comes_again_while_its_outcome_is_unknown_is_entered_once(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert set(world.basware.heard_about(invoice)) == {"success"}
    assert world.basware.status(invoice) == "Transferred"


def test_an_invoice_that_comes_again_before_it_was_entered_is_entered_as_it_is_now(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    rows = [dict(invoice.document["codingRows"][0]) | {"grossTotal": 150.0, "netTotal": 150.0}]
    world.basware.transfers_again(invoice, grossSum=150.0, netSum=150.0, codingRows=rows)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["150.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_basware_is_asked_to_wait_as_long_as_it_says(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.basware.suffers("throttle", path=_RESPONSES, seconds=300)
    world.polls()
    world.works()
    sent = world.transport.count("POST", _RESPONSES)
    world.passes(200)
    world.works()
    assert world.transport.count("POST", _RESPONSES) == sent
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_invoice_that_comes_again_while_the_outcome_of_our_answer_is_unknown_is_answered_again(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.basware.suffers("connection-lost", path=_RESPONSES)
    world.polls()
    world.works()
    assert (world.basware.status(invoice), world.connector.state(invoice)) == ("Transferred", "posted")
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.basware.status(invoice) == "Transferred"
    assert world.basware.heard_about(invoice) == ["success", "success"]
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def _a_day_later(world: World) -> None:
    world.passes(86400)
    world.run_until_idle()


def test_an_answer_that_basware_took_and_forgot_is_given_again(world: World) -> None:
    invoice = world.basware.approves()
    world.basware.suffers("response-dropped", path=_RESPONSES)
    world.run_until_idle()
    assert (world.basware.status(invoice), world.connector.state(invoice)) == ("TransferInProgress", "confirmed")
    _a_day_later(world)
    assert world.basware.status(invoice) == "Transferred"
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def test_a_failure_that_basware_took_and_forgot_is_told_again(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.basware.suffers("response-dropped", path=_RESPONSES)
    world.connector.gives_up(invoice, "The account was closed last year.")
    world.run_until_idle()
    assert (world.basware.status(invoice), world.connector.state(invoice)) == ("TransferInProgress", "returned")
    _a_day_later(world)
    assert world.basware.status(invoice) == "TransferFailed"
    assert "The account was closed last year." in world.basware.sees(invoice)["transferResponses"][0]["responseMessage"]


def test_a_failure_after_a_success_counts_only_when_basware_shows_it(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.screen.delete(world.quickbooks.txn_id(invoice))
    world.passes(3600)
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    world.basware.suffers("response-dropped", path=_RESPONSES)
    world.connector.gives_up(invoice, "It was entered by mistake.")
    world.works()
    assert world.connector.state(invoice) == "given_up"
    world.passes(3600)
    world.works()
    assert world.basware.status(invoice) == "Transferred"
    assert "MLC-BW-01" in str(world.connector.document(invoice).answer_fault), "a person is told that Basware refuses"


def test_an_answer_that_basware_took_just_now_is_not_given_again(world: World) -> None:
    invoice = world.basware.approves()
    world.basware.suffers("response-dropped", path=_RESPONSES)
    world.run_until_idle()
    sent = world.transport.count("POST", _RESPONSES)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.SWEEP)
    world.works()
    assert world.transport.count("POST", _RESPONSES) == sent
    assert world.connector.state(invoice) == "confirmed"


def test_an_invoice_whose_answer_fails_does_not_hold_up_the_others(world: World) -> None:
    invoices = world.basware.approves_many(4)
    world.basware_answers("POST", f"*/{invoices[0].id}/transferResponses", 500, times=0)
    world.fetches()
    world.polls()
    world.works()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [[], ["success"], ["success"], ["success"]]


@pytest.mark.parametrize("how", ["delete", "void"])
def test_an_invoice_that_comes_again_is_not_confirmed_under_a_bill_that_is_gone(world: World, how: str) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    getattr(world.quickbooks.screen, how)(world.quickbooks.txn_id(invoice))
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.connector.faults(invoice) == ["MLC-CHANGED-03"]


def test_a_bill_that_is_deleted_in_quickbooks_is_noticed(world: World) -> None:
    invoice, other = world.basware.approves(), world.basware.approves()
    world.run_until_idle()
    world.quickbooks.screen.delete(world.quickbooks.txn_id(invoice))
    world.passes(86400)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-03"]
    assert world.connector.state(other) == "confirmed"


def test_a_correction_that_somebody_else_acknowledged_is_found_by_the_sweep(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-ACCOUNT-01"]
    corrected = world.basware.an_invoice("75.50", number=invoice.number)
    world.basware.transfers_again(invoice, **{name: corrected[name] for name in ("codingRows", "grossSum", "netSum")})
    world.basware.tenant.invoices.acknowledge(invoice.id, world.basware.tenant.now())
    _a_day_later(world)
    assert world.quickbooks.amounts_billed_for(invoice) == ["75.50"]
    assert world.basware.status(invoice) == "Transferred"


def _is_corrected(world: World, invoice: Approved, *, taken_by_another: bool) -> None:
    row = dict(invoice.document["codingRows"][0], netTotal=200.0, grossTotal=200.0)
    world.basware.transfers_again(invoice, grossSum=200.0, netSum=200.0, codingRows=[row])
    if taken_by_another:
        world.basware.tenant.invoices.acknowledge(invoice.id, world.basware.tenant.now())


_TAKEN_BY_ANOTHER = pytest.mark.parametrize("taken_by_another", [False, True], ids=["offered", "taken by another"])


@_TAKEN_BY_ANOTHER
def test_a_correction_that_comes_before_basware_was_told_is_not_confirmed_away(
    world: World, taken_by_another: bool
) -> None:
    invoice = world.basware.approves(gross="120.00")
    world.fetches()
    world.polls()  # QuickBooks has it, and Basware is to be told at once; the next look for invoices is not due yet
    _is_corrected(world, invoice, taken_by_another=taken_by_another)
    world.works()
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    assert world.basware.heard_about(invoice) == []


@_TAKEN_BY_ANOTHER
def test_while_invoices_cannot_be_fetched_a_corrected_one_is_not_confirmed_away(
    world: World, taken_by_another: bool
) -> None:
    invoice = world.basware.approves(gross="120.00")
    unchanged = world.basware.approves(gross="70.00")
    world.fetches()
    world.polls()
    _is_corrected(world, invoice, taken_by_another=taken_by_another)
    world.basware.suffers("error-before", times=3, path="*/accountingDocuments", method="GET")
    world.works()
    assert world.basware.heard_about(invoice) == []
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    assert world.basware.heard_about(invoice) == []
    assert world.basware.heard_about(unchanged) == ["success"]


def test_one_invoice_that_cannot_be_read_before_it_is_answered_holds_up_no_other(world: World) -> None:
    refused = world.basware.approves(gross="120.00")
    other = world.basware.approves(gross="70.00")
    world.fetches()
    world.polls()
    world.basware_answers("GET", "*/accountingDocuments", 500)  # what is offered cannot be looked at
    world.basware_answers("GET", f"*/{refused.id}", 400)
    world.works()
    assert world.basware.heard_about(refused) == []
    assert world.basware.heard_about(other) == ["success"]
    assert world.connector.document(refused).answer_fault["code"] == "MLC-BW-01"
    world.connector.retries(refused)
    world.run_until_idle()
    assert world.basware.heard_about(refused) == ["success"]


@pytest.mark.parametrize("held_up", [False, True], ids=["stored", "held up"])
def test_a_correction_that_was_acknowledged_unseen_is_what_is_entered(world: World, held_up: bool) -> None:
    account = {"account": "9999-OLD"} if held_up else {}
    invoice = world.basware.approves(lines=[{"gross": "120.00", **account}])
    if held_up:
        world.run_until_idle()
        assert world.connector.state(invoice) == "blocked"
        world.basware.transfers_again(invoice)
    world.connector.dies("POST", "*/acknowledge", after=False)
    world.passes(600)
    world.works()
    assert world.kills == 1
    correct = world.basware.an_invoice("99.00", lines=[{"gross": "99.00"}])
    world.basware.transfers_again(invoice, grossSum=correct["grossSum"], codingRows=correct["codingRows"])
    world.basware.tenant.invoices.acknowledge(invoice.id, world.basware.tenant.now())
    world.passes(600)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["99.00"], world.connector.says(invoice)
    assert world.basware.heard_about(invoice) == ["success"]

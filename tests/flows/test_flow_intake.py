"""Invoices come in whole: stored before they are acknowledged, none lost, none taken twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desks import Approved
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.store import duties
from ml_connector.store.models import Document
from world import World

pytestmark = pytest.mark.both_databases

_ACKNOWLEDGE = "/v1/accountingDocuments/*/acknowledge"


def test_an_empty_list_is_no_failure(world: World) -> None:
    world.fetches()
    assert world.connector.duty("invoices").last_error == ""
    assert Document.objects.count() == 0


def test_the_pages_come_from_another_host_without_our_token(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    assert world.transport.count("GET", "/_presigned/*") > 0
    assert world.connector.state(invoice) == "planned"


def test_more_invoices_than_a_page_holds_all_come(database: object) -> None:
    world = World(1, settings={"page_size": 7}, switches=Switches(short_page_chance=0.5))
    world.run_until_idle()
    invoices = world.basware.approves_many(40)
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 40


@pytest.mark.parametrize("kind", ["presigned-expired", "presigned-error", "token-revoked", "throttle", "unavailable"])
def test_a_fetch_that_fails_half_way_is_made_again_and_loses_nothing(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.basware.suffers(kind, times=2)
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 3


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_that_dies_between_storing_and_acknowledging_takes_the_invoice_once(
    world: World, after: bool
) -> None:
    invoices = world.basware.approves_many(3)
    world.connector.dies("POST", _ACKNOWLEDGE, after=after)
    world.run_until_idle()
    assert world.kills == 1
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 3
    assert [len(world.quickbooks.documents_for(invoice)) for invoice in invoices] == [1, 1, 1]


def test_an_acknowledgement_that_basware_took_before_counts_as_taken(world: World) -> None:
    invoice = world.basware.approves()
    world.basware.suffers("error-after", path=_ACKNOWLEDGE)
    world.run_until_idle()
    assert world.basware.sees(invoice)["acknowledged"] == 1
    assert world.basware.sees(invoice)["refusedAcknowledges"] == 1
    assert world.basware.heard_about(invoice) == ["success"]


def test_nothing_is_posted_before_it_is_acknowledged(world: World) -> None:
    invoice = world.basware.approves()
    world.basware.suffers("error-before", path=_ACKNOWLEDGE)
    world.fetches()
    assert world.connector.state(invoice) == "received"
    world.polls()
    assert world.quickbooks.bills() == []
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_invoice_that_was_acknowledged_but_is_unknown_here_is_found_by_the_sweep(world: World) -> None:
    lost = world.basware.approves(world.basware.an_invoice() | {"processingStatus": "TransferInProgress"})
    world.run_until_idle()
    assert not Document.objects.filter(invoice_id=lost.id).exists()
    world.passes(86400)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(lost) == ["120.00"]
    assert world.basware.heard_about(lost) == ["success"]


def test_the_sweep_leaves_alone_what_is_known(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.passes(86400)
    world.run_until_idle()
    assert Document.objects.count() == 1
    assert world.connector.state(invoice) == "blocked"


def test_invoices_of_other_companies_are_not_touched(world: World) -> None:
    other = world.basware.approves(companyCode="US20")
    world.run_until_idle()
    assert world.basware.status(other) == "WaitingForTransfer"
    assert not Document.objects.filter(invoice_id=other.id).exists()


def test_the_bytes_of_an_invoice_are_kept_as_they_came(world: World) -> None:
    invoice = world.basware.approves(description="Größe 40 mm – œuvre")
    world.fetches()
    raw = bytes(world.connector.document(invoice).raw)
    assert "Größe 40 mm – œuvre".encode() in raw or b"\\u00f6" in raw


def test_an_invoice_with_fields_nobody_knows_is_posted_all_the_same(world: World) -> None:
    invoice = world.basware.approves(somethingNew={"a": [1, 2]})
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_while_basware_cannot_be_reached_work_with_quickbooks_goes_on(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.transport.unreachable = True
    for _ in range(3):
        world.passes(60)
        world.works()
        world.polls()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.connector.duty("invoices").failures > 0
    world.transport.unreachable = False
    world.passes(3600)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_correction_that_comes_while_the_outcome_is_unknown_is_not_confirmed_away(world: World) -> None:
    invoice = world.basware.approves(gross="120.00")
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    row = dict(invoice.document["codingRows"][0], netTotal=200.0, grossTotal=200.0)
    world.basware.transfers_again(invoice, grossSum=200.0, netSum=200.0, codingRows=[row])
    world.fetches()  # seen, and put off
    world.passes(10)
    world.polls()  # QuickBooks has it, over 120.00
    world.works()  # the answer is due at once, the next look for invoices is not
    world.run_until_idle()
    assert world.connector.state(invoice) == "changed"
    assert world.basware.heard_about(invoice) == []


def test_what_a_person_said_of_look_alikes_does_not_outlive_the_content(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    for number in ("K-1", "K-2"):
        line = {"account": world.firm.account_numbered("6110").list_id, "amount": "99"}
        world.quickbooks.screen.type_bill(vendor=vendor.list_id, ref_number=number, txn_date="2026-11-01", lines=[line])
    invoice = world.basware.approves(number="K-1", vendor=vendor)
    world.run_until_idle()
    world.connector.retries(invoice, post_new=True)
    world.works()
    world.basware.transfers_again(invoice, invoiceNumber="K-2")
    world.run_until_idle()
    assert len([bill for bill in world.quickbooks.bills(ours=False) if bill["ref_number"] == "K-2"]) == 1


def _changes_status(world: World, invoice: Approved, status: str) -> None:
    """Let a person at Basware take an invoice elsewhere."""
    tenant = world.outside.basware
    with tenant.lock:
        tenant.invoices._changed(tenant.invoices.get(invoice.id), status, tenant.now(), "by a person")


@pytest.mark.parametrize("status", ["Removed", "TransferFailed", "Transferred", "SomethingNew"])
def test_an_invoice_that_is_taken_away_before_it_is_acknowledged_becomes_no_bill(world: World, status: str) -> None:
    invoice = world.basware.approves()
    world.happens("POST", _ACKNOWLEDGE, lambda: _changes_status(world, invoice, status))
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == []
    assert world.connector.faults(invoice) == ["MLC-BW-03"]
    assert status in world.connector.says(invoice)


def test_an_invoice_that_was_taken_away_and_is_transferred_again_is_posted(world: World) -> None:
    invoice = world.basware.approves()
    world.happens("POST", _ACKNOWLEDGE, lambda: _changes_status(world, invoice, "Removed"))
    world.run_until_idle()
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def test_an_acknowledgement_refused_although_the_invoice_waits_is_made_again(world: World) -> None:
    invoice = world.basware.approves()
    world.basware_answers("POST", _ACKNOWLEDGE, 405)
    world.fetches()
    assert world.connector.state(invoice) == "received"
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def _lists(world: World, *documents: dict[str, object], status: int = 200, times: int = 1, **headers: str) -> None:
    world.basware_answers(
        "GET", "/v1/accountingDocuments", status, {"accountingDocuments": documents}, times=times, **headers
    )


def test_a_list_that_lags_behind_makes_no_bill_of_an_invoice_that_was_given_up(world: World) -> None:
    invoice = world.basware.approves(supplierCode="NOBODY")
    world.run_until_idle()
    world.connector.gives_up(invoice, "The supplier is not known.")
    world.run_until_idle()
    lumber = world.firm.vendor_named("Q").list_id
    stale = dict(invoice.document) | {"supplierCode": lumber, "processingStatus": "WaitingForTransfer"}
    _lists(world, stale)
    world.run_until_idle()
    assert world.quickbooks.bills() == []
    assert world.basware.status(invoice) == "TransferFailed"


def test_an_invoice_that_says_itself_that_it_is_elsewhere_is_not_taken_from_the_list(world: World) -> None:
    _lists(world, world.basware.an_invoice() | {"processingStatus": "Transferred"})
    world.fetches()
    assert Document.objects.count() == 0
    assert world.connector.duty("invoices").last_error == ""


def test_an_invoice_of_a_company_that_was_not_asked_for_is_reported_and_not_taken_in(world: World) -> None:
    ours = world.basware.approves()
    other = world.basware.an_invoice() | {"companyCode": "US20"}
    _lists(world, dict(ours.document), other)
    world.fetches()
    assert list(Document.objects.values_list("invoice_id", flat=True)) == [ours.id]
    assert world.connector.state(ours) == "planned"
    assert "US20" in world.connector.duty("invoices").last_error


def test_an_invoice_without_an_id_is_reported(world: World) -> None:
    _lists(world, {"companyCode": world.firm.company_code, "grossSum": 1})
    world.fetches()
    assert "without an invoiceId" in world.connector.duty("invoices").last_error


def test_a_list_that_never_ends_is_left_and_what_it_held_is_taken_in(world: World) -> None:
    invoice = world.basware.approves()
    _lists(world, dict(invoice.document), times=20, **{"x-amz-meta-continuationtoken": "the same"})
    world.fetches()
    assert world.transport.count("GET", "/v1/accountingDocuments") < 10
    assert world.connector.state(invoice) == "planned"
    assert "does not come to an end" in world.connector.duty("invoices").last_error


def test_an_invoice_that_is_listed_twice_is_taken_in_once_by_the_sweep(world: World) -> None:
    document = world.basware.an_invoice() | {"processingStatus": "TransferInProgress"}
    _lists(world, document, document)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.SWEEP)
    world.works()
    assert world.connector.duty("sweep").last_error == ""
    assert Document.objects.count() == 1


@pytest.mark.parametrize("status", [500, 409])
def test_an_invoice_that_cannot_be_acknowledged_does_not_hold_up_the_others(world: World, status: int) -> None:
    invoices = world.basware.approves_many(4)
    world.basware_answers("POST", f"*/{invoices[0].id}/acknowledge", status, times=0)
    world.fetches()
    assert [world.connector.state(invoice) for invoice in invoices] == ["received", "planned", "planned", "planned"]
    assert world.connector.duty("invoices").last_error
    asked = world.transport.count("POST", f"*/{invoices[0].id}/acknowledge")
    world.fetches()
    assert world.transport.count("POST", f"*/{invoices[0].id}/acknowledge") == asked


def test_a_throttled_acknowledgement_stops_the_round(world: World) -> None:
    invoices = world.basware.approves_many(4)
    world.basware_answers("POST", _ACKNOWLEDGE, 429)
    world.fetches()
    assert world.transport.count("POST", _ACKNOWLEDGE) == 1
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 4


def test_a_throttled_fetch_that_names_no_wait_is_made_again_after_half_a_minute_at_the_earliest(
    database: object,
) -> None:
    world = World(1, settings={"retry_base_s": 5})
    world.run_until_idle()
    world.basware_answers("GET", "/v1/accountingDocuments", 429, times=0)
    world.fetches()
    asked = world.transport.count("GET", "/v1/accountingDocuments")
    world.passes(29)
    world.works()
    assert world.transport.count("GET", "/v1/accountingDocuments") == asked
    world.passes(2)
    world.works()
    assert world.transport.count("GET", "/v1/accountingDocuments") == asked + 1


def test_a_basware_that_throttles_every_few_calls_is_not_left_alone_for_longer_and_longer(
    database: object,
) -> None:
    world = World(1, settings={"invoice_poll_s": 5})
    world.run_until_idle()
    invoices = world.basware.approves_many(20)
    world.basware.suffers("throttle", times=None, path=_ACKNOWLEDGE, probability=0.5, seconds=1.0)
    world.fetches()
    began = world.clock.now()
    while any(world.connector.state(invoice) == "received" for invoice in invoices):
        world.passes(1)
        world.works()
    assert world.clock.now() - began < timedelta(minutes=10)

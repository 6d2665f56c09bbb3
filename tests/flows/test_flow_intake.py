"""Invoices come in whole: stored before they are acknowledged, none lost, none taken twice."""

from __future__ import annotations

import pytest

from ml_connector.sandbox.basware.switches import Switches
from ml_connector.store.models import Document
from world import World

pytestmark = pytest.mark.both_databases

_ACKNOWLEDGE = "*/acknowledge"


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

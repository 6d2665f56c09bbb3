"""A dry run shows what would be posted, and writes nothing anywhere: judged by the two outside systems."""

from __future__ import annotations

import pytest

from desks import Approved
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, dry_run
from ml_connector.flows.standing import standing
from ml_connector.store import duties, trials
from ml_connector.store.models import Connection, ListEntry, Trial
from world import PASSWORD, World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def world(database: object) -> World:
    made = World(1, dry_run=True)
    made.quickbooks.records()
    return made


def _runs(world: World, rounds: int = 3) -> None:
    """Let everybody do what they do, for several rounds in which everything is due."""
    for _ in range(rounds):
        duties.wake_all(world.connection.pk, world.clock.now())
        world.works()
        world.polls()
        world.works()
        world.passes(90)


def _verdict(world: World, invoice: Approved) -> str:
    return Trial.objects.get(document=world.connector.document(invoice)).verdict


def _wrote(world: World) -> list[str]:
    """Return everything that was written to either system, by their own account and by what went over the wire."""
    to_basware = [f"{method} {path}" for method, path in world.transport.sent if method != "GET"]
    asked = [message.request for message in world.quickbooks.received()]
    assert asked, "QuickBooks was never asked"
    changes = ("AddRq", "ModRq", "DelRq", "VoidRq")
    return [call for call in to_basware if call != "POST /v1/tokens"] + [
        text for text in asked if any(change in text for change in changes)
    ]


def test_a_dry_run_writes_nothing_to_quickbooks_and_nothing_to_basware(world: World) -> None:
    before = world.quickbooks.bills(ours=False), world.quickbooks.credits()
    invoices = world.basware.approves_many(3)
    stuck = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    _runs(world)
    assert ListEntry.objects.filter(kind="vendor").exists(), "the lists are read"
    assert _wrote(world) == []
    assert (world.quickbooks.bills(ours=False), world.quickbooks.credits()) == before
    for invoice in (*invoices, stuck):
        assert world.basware.status(invoice) == "WaitingForTransfer"
        assert world.basware.heard_about(invoice) == []
    for api in ("vendors", "accounts", "costCenters", "projects", "paymentTerms"):
        assert world.basware.knows(api) == {}
    assert [_verdict(world, invoice) for invoice in invoices] == ["post"] * 3
    assert _verdict(world, stuck) == "held"
    assert dry_run.counts(world.connector.row()) == {"post": 3, "held": 1}
    assert standing(world.connector.row(), world.clock.now()).state == "Dry run"


def test_what_people_do_in_a_dry_run_is_not_told_to_basware_either(world: World) -> None:
    invoice = world.basware.approves()
    _runs(world)
    with pytest.raises(NeedsOperator, match="dry run"):
        connections.subscribe(world.surroundings, world.connector.row(), "https://connector.example", "a test")
    assert "dry run" in world.connector.says(invoice)
    assert _wrote(world) == []


def test_a_client_of_basware_that_was_made_earlier_writes_nothing_either(world: World) -> None:
    invoice = world.basware.approves()
    Connection.objects.update(dry_run=False)
    client = world.surroundings.basware(world.connector.row())
    dry_run.begin(world.surroundings, world.connector.row(), "a test")
    with pytest.raises(NeedsOperator, match="dry run"):
        client.acknowledge(invoice.id)  # type: ignore[arg-type]
    assert world.basware.status(invoice) == "WaitingForTransfer"


def test_what_quickbooks_has_already_would_be_linked_and_a_second_invoice_of_a_number_is_a_question(
    world: World,
) -> None:
    typed, twice = world.basware.approves(number="TYPED-1"), world.basware.approves(number="TWICE")
    again = world.basware.approves(number="twice")
    vendor, account = world.firm.vendor_named("Q"), world.firm.account_numbered("6110")
    line = {"account": account.list_id, "amount": "120.00"}
    world.quickbooks.screen.type_bill(vendor=vendor.list_id, ref_number="TYPED-1", txn_date="2026-11-10", lines=[line])
    _runs(world)
    assert [_verdict(world, invoice) for invoice in (typed, twice, again)] == ["link", "post", "held"]
    held = Trial.objects.get(document=world.connector.document(again))
    assert [fault["code"] for fault in held.faults] == ["MLC-DUP-02"]


def test_a_mapping_or_a_correction_is_tried_at_once(world: World) -> None:
    stuck = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    _runs(world)
    world.connector.maps("account", "9999-OLD", "6110")
    _runs(world, 2)
    assert _verdict(world, stuck) == "post"
    world.basware.transfers_again(stuck, grossSum=130.0)
    _runs(world, 2)
    assert _verdict(world, stuck) == "held"


def test_what_a_dry_run_would_post_is_what_is_posted_after_it(world: World) -> None:
    invoices = world.basware.approves_many(3)
    _runs(world)
    would = {d.pk: d.request_xml for d in map(trials.dressed, trials.of(world.connection.pk, "post"))}
    assert len(would) == 3
    with pytest.raises(NeedsOperator, match="not 'Another'"):
        dry_run.go_live(world.surroundings, world.connector.row(), "Another", "a test")
    assert _wrote(world) == []
    dry_run.go_live(world.surroundings, world.connector.row(), world.connector.row().company_name, "a test")
    world.run_until_idle()
    sent = "".join(message.request for message in world.quickbooks.received("BillAddRq"))
    for invoice in invoices:
        assert world.basware.heard_about(invoice) == ["success"]
        assert would[world.connector.document(invoice).pk] in sent
    assert not Trial.objects.exists()
    assert world.audit_chain_holds()


def test_a_live_connection_can_be_put_back_into_a_dry_run(world: World) -> None:
    _runs(world)
    dry_run.go_live(world.surroundings, world.connector.row(), world.connector.row().company_name, "a test")
    first = world.basware.approves(number="FIRST")
    world.run_until_idle()
    dry_run.begin(world.surroundings, world.connector.row(), "a test")
    told, bills = len(world.transport.bodies), world.quickbooks.bills()
    world.quickbooks.pays(first)
    second = world.basware.approves(number="SECOND")
    _runs(world)
    assert world.basware.status(second) == "WaitingForTransfer"
    assert [path for _, path, _ in world.transport.bodies[told:] if path != "/v1/tokens"] == []
    assert len(world.quickbooks.bills()) == len(bills)
    assert _verdict(world, second) == "post"
    assert PASSWORD not in "".join(message.request for message in world.quickbooks.received())

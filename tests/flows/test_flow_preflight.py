"""Pre-flight: what QuickBooks would refuse is held before QuickBooks is asked, with the reason and who must act, and goes on
by itself when the list or the preference is as it must be."""

from __future__ import annotations

from datetime import date

import pytest

from desks import Approved
from ml_connector.flows.story import Why, why
from ml_connector.store import duties
from world import World

pytestmark = pytest.mark.both_databases


def _why(world: World, invoice: Approved) -> Why:
    return why(world.connector.document(invoice), world.clock.now())


def _asked_about(world: World, invoice: Approved) -> list[str]:
    """Return the messages in which QuickBooks heard of an invoice."""
    return [message.request for message in world.quickbooks.received(invoice.number)]


def _lists_change(world: World) -> None:
    """Let QuickBooks' stamps move on, so that what changes now is seen as a change."""
    world.passes(120)


def test_a_period_that_is_closed_after_planning_is_seen_before_anything_is_asked(world: World) -> None:
    world.quickbooks.records()
    invoice = world.basware.approves(day=date(2026, 11, 10))
    world.fetches()
    assert world.connector.state(invoice) == "planned"
    world.quickbooks.screen.set_closing_date("2026-11-15")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-DATE-02"]
    assert _asked_about(world, invoice) == []
    answer = _why(world, invoice)
    assert (answer.owner, "2026-11-15" in answer.cause) == ("controller", True)
    world.quickbooks.screen.set_closing_date("2026-10-31")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_class_tracking_that_is_turned_off_after_planning_is_seen_before_anything_is_asked(world: World) -> None:
    world.quickbooks.records()
    division = world.firm.class_named("Overhead").list_id
    coded = world.basware.approves(lines=[{"gross": "120.00", "division": division}])
    plain = world.basware.approves()
    world.fetches()
    world.quickbooks.screen.set_class_tracking(False)
    world.run_until_idle()
    assert world.connector.faults(coded) == ["MLC-CLASS-03"]
    assert _asked_about(world, coded) == []
    assert _why(world, coded).owner == "controller"
    assert world.basware.heard_about(plain) == ["success"]
    world.quickbooks.screen.set_class_tracking(True)
    world.run_until_idle()
    assert world.basware.heard_about(coded) == ["success"]


def test_an_invoice_in_another_currency_waits_until_the_file_holds_several(database: object) -> None:
    world = World(1)
    world.quickbooks.screen.set_multicurrency(False)
    world.run_until_idle()
    world.quickbooks.records()
    abroad = world.firm.vendor_named("Béton Façade Ltée")
    invoice = world.basware.approves(vendor=abroad)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CURRENCY-02"]
    assert _asked_about(world, invoice) == []
    answer = _why(world, invoice)
    assert (answer.owner, answer.next_try) == ("controller", None)
    assert "multiple currencies are off" in answer.cause
    _lists_change(world)
    world.quickbooks.screen.set_multicurrency(True)
    world.quickbooks.screen.set_active("Vendor", abroad.list_id, True)  # somebody saves the vendor, now with a currency
    world.run_until_idle()
    assert [row["currency"] for row in world.quickbooks.documents_for(invoice)] == ["CAD"]
    assert world.basware.heard_about(invoice) == ["success"]


@pytest.mark.parametrize(
    ("kind", "code"), [("Vendor", "MLC-VENDOR-03"), ("Account", "MLC-ACCOUNT-03"), ("Class", "MLC-CLASS-02")]
)
def test_an_entry_made_inactive_holds_an_invoice_until_it_is_active_again(world: World, kind: str, code: str) -> None:
    division = world.firm.class_named("Overhead").list_id
    entry = {
        "Vendor": world.firm.vendor_named("Q").list_id,
        "Account": world.firm.account_numbered("6120").list_id,
        "Class": division,
    }[kind]
    world.quickbooks.records()
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "6120", "division": division}])
    world.fetches()
    assert world.connector.state(invoice) == "planned"
    _lists_change(world)
    world.quickbooks.screen.set_active(kind, entry, False)
    world.run_until_idle()
    assert world.connector.faults(invoice) == [code]
    assert _asked_about(world, invoice) == []
    assert _why(world, invoice).owner == "AP clerk"
    _lists_change(world)
    world.quickbooks.screen.set_active(kind, entry, True)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


@pytest.mark.parametrize("account_type", ["AccountsPayable", "AccountsReceivable", "NonPosting"])
def test_an_account_that_a_bill_line_cannot_post_to_is_named_with_its_type(world: World, account_type: str) -> None:
    _lists_change(world)
    account = world.quickbooks.screen.add_account("Not for Bills", account_type=account_type, number="9990")
    world.run_until_idle()
    world.connector.maps("account", "NOT-FOR-BILLS", account)
    world.quickbooks.records()
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "NOT-FOR-BILLS"}])
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-ACCOUNT-04"]
    assert account_type in world.connector.says(invoice)
    assert _asked_about(world, invoice) == []
    world.connector.maps("account", "NOT-FOR-BILLS", "6110")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_reference_that_changed_since_the_lists_were_read_is_explained_by_reading_them_again(
    database: object,
) -> None:
    world = World(1, settings={"list_read_s": 86400})
    world.run_until_idle()
    account = world.firm.account_numbered("6120").list_id
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "6120"}])
    world.fetches()
    world.passes(120)
    assert not duties.is_due(world.connection.pk, duties.LISTS, world.clock.now())
    world.quickbooks.screen.set_active("Account", account, False)
    world.polls()
    assert world.connector.faults(invoice) == ["MLC-QB-01"]
    world.polls()
    world.works()
    assert world.connector.faults(invoice) == ["MLC-ACCOUNT-03"]
    _lists_change(world)
    world.quickbooks.screen.set_active("Account", account, True)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_refused_reference_is_not_sent_again_because_some_other_entry_changed(database: object) -> None:
    world = World(1, settings={"list_read_s": 86400})
    world.run_until_idle()
    invoice = world.basware.approves()
    vendor = world.firm.vendor_named("Q").list_id
    world.fetches()
    world.quickbooks.screen.set_active("Vendor", vendor, False)
    world.quickbooks.suffers("modal_dialog", only="VendorQueryRq")
    world.polls()
    assert world.connector.faults(invoice) == ["MLC-QB-01"]
    # It is active again before the lists are read: nothing tells what was wrong, so a person decides.
    world.quickbooks.screen.set_active("Vendor", vendor, True)
    world.quickbooks.records()
    for name in ("One More Inc.", "Another One Inc."):
        _lists_change(world)
        world.quickbooks.screen.add_vendor(name)
        world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-QB-01"]
    assert _asked_about(world, invoice) == []
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]

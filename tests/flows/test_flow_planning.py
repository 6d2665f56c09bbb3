"""What cannot be posted waits with every reason at once, and goes on by itself when the reasons are gone."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import mappings
from ml_connector.flows.story import why
from world import World

pytestmark = pytest.mark.both_databases


def test_every_reason_is_told_at_once(world: World) -> None:
    lines = [{"gross": "60.00", "account": "9999-OLD"}, {"gross": "50.00", "division": "DIV-77", "job": "NO-JOB"}]
    invoice = world.basware.approves(gross="120.00", lines=lines, supplierCode="V-00417")
    world.run_until_idle()
    assert {"MLC-VENDOR-01", "MLC-ACCOUNT-01", "MLC-CLASS-01", "MLC-JOB-01", "MLC-TOTAL-01"} <= set(
        world.connector.faults(invoice)
    )
    assert world.quickbooks.bills() == []
    assert world.basware.heard_about(invoice) == []
    assert "9999-OLD" in world.connector.says(invoice) and "DIV-77" in world.connector.says(invoice)


def test_a_mapping_releases_what_waits_for_it_by_itself(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-ACCOUNT-01"]
    world.connector.maps("account", "9999-OLD", "6120")
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["lines"][0]["account"] == world.firm.account_numbered("6120").full_name
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_new_vendor_in_quickbooks_and_a_mapping_release_an_invoice(world: World) -> None:
    invoice = world.basware.approves(supplierCode="V-00417", supplierName="Nova Survey Inc.")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-VENDOR-01"]
    world.passes(60)
    list_id = world.quickbooks.screen.add_vendor("Nova Survey Inc.")
    world.run_until_idle()
    world.connector.maps("vendor", "V-00417", "Nova Survey Inc.")
    world.run_until_idle()
    (bill,) = [row for row in world.quickbooks.bills() if row["vendor_id"] == list_id]
    assert bill["amount"] == "120.00"
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_account_made_active_again_releases_an_invoice_without_anybody_asking(world: World) -> None:
    account = world.firm.account_numbered("6120").list_id
    world.quickbooks.screen.set_active("Account", account, False)
    world.run_until_idle()
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "6120"}])
    world.run_until_idle()
    assert world.connector.state(invoice) == "blocked"
    world.passes(60)
    world.quickbooks.screen.set_active("Account", account, True)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_code_may_be_left_out_where_quickbooks_needs_none(world: World) -> None:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "division": "DIV-77"}])
    world.run_until_idle()
    world.connector.maps("class", "DIV-77", "IGNORE")
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["lines"][0]["class"] == ""


def test_an_account_cannot_be_left_out(world: World) -> None:
    with pytest.raises(NeedsOperator, match="cannot be left out"):
        world.connector.maps("account", "9999-OLD", "IGNORE")


def test_decisions_travel_through_a_spreadsheet_and_back(world: World) -> None:
    invoice = world.basware.approves(
        lines=[{"gross": "60.00", "account": "9999-OLD"}, {"gross": "60.00", "division": "DIV-77"}]
    )
    world.run_until_idle()
    text = mappings.to_csv(world.connector.row())
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["kind"], row["code"], row["target"]) for row in rows} == {
        ("account", "9999-OLD", ""),
        ("class", "DIV-77", ""),
    }
    filled = [row | {"target": "6110" if row["kind"] == "account" else "IGNORE"} for row in rows]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(filled)
    assert mappings.from_csv(world.surroundings, world.connector.row(), out.getvalue(), "a clerk") == 2
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    again = mappings.to_csv(world.connector.row())
    mappings.from_csv(world.surroundings, world.connector.row(), again, "a clerk")
    assert mappings.to_csv(world.connector.row()) == again


def test_a_spreadsheet_with_one_wrong_line_changes_nothing(world: World) -> None:
    text = "kind,code,target\naccount,9999-OLD,6110\naccount,9998-OLD,no such account\n"
    with pytest.raises(NeedsOperator):
        mappings.from_csv(world.surroundings, world.connector.row(), text, "a clerk")
    assert mappings.rules(world.connector.row()) == []


def test_a_moved_closing_date_releases_what_lay_in_the_closed_period(world: World) -> None:
    invoice = world.basware.approves(day=date(2026, 8, 20))
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-DATE-02"]
    world.quickbooks.screen.set_closing_date("2026-07-31")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_invoice_blocked_for_payment_waits_unless_the_setting_says_otherwise(database: object) -> None:
    world = World(1)
    invoice = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BLOCK-01"]
    from ml_connector.flows import connections

    connections.change(world.surroundings, world.connector.row(), "a clerk", settings={"post_payment_blocked": "yes"})
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def test_without_class_tracking_classes_are_left_out_or_asked_about_but_nothing_is_guessed(database: object) -> None:
    world = World(1)
    world.quickbooks.screen.set_class_tracking(False)
    division = world.firm.class_named("Overhead")
    invoice = world.basware.approves(lines=[{"gross": "120.00", "division": division.list_id}])
    plain = world.basware.approves(gross="30.00")
    world.run_until_idle()
    assert world.basware.heard_about(plain) == ["success"]
    if world.connector.state(invoice) == "blocked":
        assert world.connector.faults(invoice)[0].startswith("MLC-CLASS")
        world.quickbooks.screen.set_class_tracking(True)
        world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_an_invoice_in_a_currency_that_is_not_the_vendors_waits(world: World) -> None:
    invoice = world.basware.approves(currencyCode="CAD")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CURRENCY-01"]


def test_a_foreign_vendor_is_billed_in_his_currency(world: World) -> None:
    vendor = world.firm.vendor_named("Béton Façade Ltée")
    invoice = world.basware.approves(vendor=vendor, exchangeRateCompany=0.72815, currencyCodeCompany="USD")
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert (bill["amount"], bill["currency"]) == ("120.00", "CAD")


def test_without_multiple_currencies_the_home_currency_is_posted_and_others_wait(database: object) -> None:
    from dataclasses import replace

    from ml_connector.sandbox.world import small_firm

    firm = small_firm(1)
    home = [entry for entry in firm.currencies if entry.code == "USD"]
    single = replace(
        firm,
        currencies=tuple(home),
        vendors=tuple(replace(v, currency="USD") for v in firm.vendors),
        accounts=tuple(replace(a, currency="USD") for a in firm.accounts if "CAD" not in a.name),
    )
    world = World(1, firm=single)
    plain = world.basware.approves(vendor=single.vendor_named("Q"))
    foreign = world.basware.approves(vendor=single.vendor_named("Q"), currencyCode="CAD")
    world.run_until_idle()
    assert world.basware.heard_about(plain) == ["success"]
    assert world.connector.faults(foreign) == ["MLC-CURRENCY-02"]


def test_before_the_lists_were_read_nothing_is_said_to_be_missing(database: object) -> None:
    world = World(1)
    invoice = world.basware.approves()
    world.works()
    assert world.connector.state(invoice) == "accepted"
    told = why(world.connector.document(invoice), world.clock.now())
    assert "have not been read yet" in told.cause
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]

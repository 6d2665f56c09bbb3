"""The month's close: three columns to the cent, what makes a difference, and the signature."""

from __future__ import annotations

import csv
import io
import re

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.flows import month_close, reconciliation
from ml_connector.store.chain import verify
from world import World

pytestmark = pytest.mark.both_databases

NOVEMBER = "2026-11"
_PAGE = f"/console/reconciliation?month={NOVEMBER}"
LUMBER = "Job Costs:Materials:Lumber"


@pytest.fixture
def controller(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CONTROLLER)


def _sums(world: World, period: str = NOVEMBER) -> list[tuple[str, int, int, int]]:
    found = reconciliation.month(world.connector.row(), period)
    return [(total.currency, total.basware, total.connector, total.quickbooks) for total in found.totals]


def _causes(world: World, period: str = NOVEMBER) -> dict[str, str]:
    listed = reconciliation.causes(world.connector.row(), period, world.clock.now())
    return {cause.document.invoice_number: f"{cause.words} {cause.next_step}" for cause in listed.causes}


def _edits(world: World, invoice: Approved, **changes: object) -> None:
    world.passes(3600)
    world.quickbooks.screen.edit_bill(world.quickbooks.txn_id(invoice), **changes)  # type: ignore[arg-type]
    world.passes(60)
    world.run_until_idle()


def test_what_was_entered_and_left_alone_agrees_to_the_cent(world: World, controller: Visitor) -> None:
    invoices = [world.basware.approves(gross="1000.01"), world.basware.approves(gross="-20.00")]
    world.run_until_idle()
    in_quickbooks = [amount for invoice in invoices for amount in world.quickbooks.amounts_billed_for(invoice)]
    assert in_quickbooks == ["1000.01", "20.00"]  # the second is a credit
    assert _sums(world) == [("USD", 98001, 98001, 98001)]
    assert _causes(world) == {}
    text = controller.get(_PAGE).text
    assert "Agree to the cent" in text and text.count("980.01") >= 3 and "badge bad" not in text


def test_what_is_not_entered_differs_from_basware_and_says_what_to_do(world: World, controller: Visitor) -> None:
    stuck = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    assert _sums(world) == [("USD", 12000, 0, 0)]
    assert "We did not enter it." in _causes(world)[stuck.number]
    text = controller.get(_PAGE).text
    assert "120.00 not entered" in re.sub(r"<[^>]+>", "", text)
    listed = re.search(r'href="(/console/reconciliation/documents\?[^"]+vendor=[^"]+)"', text)
    assert listed is not None and stuck.number in controller.get(listed[1].replace("&amp;", "&")).text


def test_a_bill_that_is_edited_voided_or_deleted_drifts_until_it_is_put_right(world: World) -> None:
    edited, voided, deleted = (world.basware.approves(gross=gross) for gross in ("100.00", "10.00", "1.00"))
    world.run_until_idle()
    assert _sums(world) == [("USD", 11100, 11100, 11100)]
    world.passes(60)
    world.quickbooks.screen.void(world.quickbooks.txn_id(voided))
    world.quickbooks.screen.delete(world.quickbooks.txn_id(deleted))
    _edits(world, edited, lines=[{"account": LUMBER, "amount": "99.00"}])
    assert _sums(world) == [("USD", 11100, 11100, 9900)]
    drift = reconciliation.drift(world.connector.row(), NOVEMBER, world.clock.now())
    assert {cause.document.invoice_number for cause in drift} == {edited.number, voided.number, deleted.number}
    assert all(cause.next_step for cause in drift)
    assert "QuickBooks holds 99.00 USD" in _causes(world)[edited.number]
    _edits(world, edited, lines=[{"account": LUMBER, "amount": "100.00"}])
    assert _sums(world) == [("USD", 11100, 11100, 10000)]


def test_a_bill_that_is_moved_to_another_month_differs_in_both(world: World) -> None:
    moved = world.basware.approves(gross="50.00")
    world.run_until_idle()
    _edits(world, moved, txn_date="2026-12-01")
    assert _sums(world) == [("USD", 5000, 5000, 0)]
    assert _sums(world, "2026-12") == [("USD", 0, 0, 5000)]
    assert list(_causes(world)) == list(_causes(world, "2026-12")) == [moved.number]


def test_a_correction_in_basware_shows_before_its_bill_follows(world: World) -> None:
    invoice = world.basware.approves(gross="80.00")
    world.run_until_idle()
    world.basware.transfers_again(invoice, grossSum=90.0, netSum=90.0, codingRows=[
        {**row, "grossTotal": 90.0, "netTotal": 90.0} for row in invoice.document["codingRows"]
    ])  # fmt: skip
    world.run_until_idle()
    assert _sums(world) == [("USD", 9000, 8000, 8000)]
    assert "Basware now offers 90.00 USD; we entered 80.00 USD." in _causes(world)[invoice.number]


def test_what_went_back_to_basware_counts_no_more(world: World) -> None:
    invoice = world.basware.approves(gross="5.00", paymentBlock=True)
    world.run_until_idle()
    assert _sums(world) == [("USD", 500, 0, 0)]
    world.connector.gives_up(invoice, "not ours")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["failure"]
    assert _sums(world) == [("USD", 0, 0, 0)] and _causes(world) == {}


def test_a_controller_signs_what_was_seen_and_later_changes_are_shown(world: World, controller: Visitor) -> None:
    invoice = world.basware.approves(gross="100.00")
    world.run_until_idle()
    address = f"/console/reconciliation/sign?month={NOVEMBER}"
    seen = re.search(r'name="seen" value="(\w+)"', controller.get(address).text)
    assert seen is not None
    assert controller.send(address, remark="Closed.", seen=seen[1]).status == 409  # the box was not ticked
    assert controller.send(address, remark="Closed.", seen=seen[1], confirmed="on").status == 302
    assert "As it was signed" in controller.get(_PAGE).text
    _edits(world, invoice, lines=[{"account": LUMBER, "amount": "99.00"}])
    text = controller.get(_PAGE).text
    assert "Changed since" in text and re.search(r"<del[^>]*>.*100\.00</del>.*<ins[^>]*>.*99\.00</ins>", text)
    assert (
        controller.send(address, remark="Corrected.", seen=seen[1], confirmed="on").status == 409
    )  # other figures now
    row = world.connector.row()
    month_close.sign(world.surroundings, row, NOVEMBER, "The cent is right.", "max")
    signed = month_close.signature(reconciliation.month(row, NOVEMBER))
    assert signed is not None and not signed.changes and len(signed.earlier) == 1
    assert signed.row.figures["totals"][0]["quickbooks"] == "99.00"
    assert not verify(world.connector.row()).breaks


def test_a_difference_is_signed_with_a_remark_alone(world: World) -> None:
    world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    row = world.connector.row()
    with pytest.raises(NeedsOperator, match="Say in the remark"):
        month_close.sign(world.surroundings, row, NOVEMBER, " ", "max")
    with pytest.raises(NeedsOperator, match="nothing to sign"):
        month_close.sign(world.surroundings, row, "2025-01", "empty", "max")
    month_close.sign(world.surroundings, row, NOVEMBER, "Waits for its account.", "max")


def test_a_clerk_may_look_and_not_sign(world: World) -> None:
    world.basware.approves()
    world.run_until_idle()
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    assert "/console/reconciliation/sign" not in clerk.get(_PAGE).text
    assert clerk.get(f"/console/reconciliation/sign?month={NOVEMBER}").status == 403


def test_the_close_sheet_is_a_file_and_a_page_to_print(world: World, controller: Visitor) -> None:
    world.basware.approves(gross="100.00")
    stuck = world.basware.approves(number="=1+1", lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    answer = controller.get(f"/console/reconciliation/sheet.csv?month={NOVEMBER}")
    assert f"close-main-{NOVEMBER}.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert ["USD", "", "Total", "2", "220.00", "100.00", "100.00", "120.00", "0.00"] in rows
    assert any(row[2:3] == ["'=1+1"] for row in rows)  # no spreadsheet takes it for a formula
    assert stuck.number in controller.get(f"/console/reconciliation/sheet?month={NOVEMBER}").text


def test_a_month_that_is_none_is_refused_and_one_without_invoices_teaches(world: World, controller: Visitor) -> None:
    assert controller.get("/console/reconciliation?month=november").status == 400
    assert controller.get("/console/reconciliation?month=2026-11&connection=nobody").status == 400
    assert "Nothing counts in" in controller.get("/console/reconciliation?month=2026-02").text

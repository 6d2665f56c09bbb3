"""An invoice that comes again with other content: its Bill is compared, and changed where that is wanted and safe."""

from __future__ import annotations

from typing import Any

import pytest

from desks import Approved
from ml_connector.store.models import MessageSet
from world import World

pytestmark = pytest.mark.both_databases

LUMBER = "Job Costs:Materials:Lumber"


def _world(how: str) -> World:
    return World(1, settings={"changed_invoices": how})


@pytest.fixture
def modifying(database: object) -> World:
    return _world("modify")


def _entered(world: World, **invoice: Any) -> Approved:
    approved = world.basware.approves(**({"gross": "1000.00"} | invoice))
    world.run_until_idle()
    world.passes(3600)
    return approved


def _rows(world: World, *amounts: str, **more: Any) -> dict[str, Any]:
    total = sum(float(amount) for amount in amounts)
    written = world.basware.an_invoice(gross=f"{total:.2f}", lines=[{"gross": amount, **more} for amount in amounts])
    return {name: written[name] for name in ("grossSum", "netSum", "codingRows")}


def _bill(world: World, invoice: Approved) -> dict[str, Any]:
    (row,) = world.quickbooks.documents_for(invoice)
    return row


def test_by_default_a_person_is_asked_and_told_what_differs(database: object) -> None:
    world = World(1)
    invoice = _entered(world)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-01"]
    assert "amount 1000.00 -> 900.00" in world.connector.says(invoice)
    assert _bill(world, invoice)["amount"] == "1000.00"


def test_a_change_that_changes_nothing_in_the_bill_is_no_question(database: object) -> None:
    world = World(1)
    invoice = _entered(world)
    world.basware.transfers_again(invoice, invoiceTypeCode="INV2", referencePerson="somebody else")
    world.run_until_idle()
    assert world.connector.state(invoice) == "confirmed"


def test_another_due_date_alone_is_a_question(database: object) -> None:
    world = World(1)
    invoice = _entered(world)
    world.basware.transfers_again(invoice, dueDate="2027-01-31T00:00:00")
    world.run_until_idle()
    assert "due date 2026-12-10 -> 2027-01-31" in world.connector.says(invoice)


@pytest.mark.parametrize("amounts", [("900.00",), ("600.00", "400.00"), ("1.00", "2.00", "3.00")], ids=str)
def test_a_bill_follows_its_invoice(modifying: World, amounts: tuple[str, ...]) -> None:
    world = modifying
    invoice = _entered(world)
    before = _bill(world, invoice)
    world.basware.transfers_again(invoice, **_rows(world, *amounts), dueDate="2027-01-31T00:00:00")
    world.run_until_idle()
    after = _bill(world, invoice)
    assert [line["amount"] for line in after["lines"]] == list(amounts)
    assert (after["txn_id"], after["due_date"]) == (before["txn_id"], "2027-01-31")
    assert after["external_guid"] == before["external_guid"] and before["memo"] in after["memo"]
    assert world.connector.state(invoice) == "confirmed"
    assert world.basware.status(invoice) == "Transferred"
    world.passes(600)
    world.run_until_idle()
    assert world.connector.faults(invoice) == []  # it is no drift


def test_lines_lose_a_class_and_a_job_that_the_invoice_has_no_more(modifying: World) -> None:
    world = modifying
    division = next(c for c in world.firm.classes if c.is_active)
    first = _rows(world, "500.00", "500.00", division=division.list_id)
    invoice = _entered(world, **first)
    assert {line["class"] for line in _bill(world, invoice)["lines"]} != {""}
    world.basware.transfers_again(invoice, **_rows(world, "500.00", "500.00"))
    world.run_until_idle()
    assert [(line["class"], line["amount"]) for line in _bill(world, invoice)["lines"]] == [("", "500.00")] * 2


def test_a_vendor_credit_follows_its_credit_note(modifying: World) -> None:
    world = modifying
    invoice = _entered(world, gross="-80.00", invoiceTypeCode="CRN")
    world.basware.transfers_again(invoice, **_rows(world, "-70.00"))
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["70.00"]
    assert world.connector.state(invoice) == "confirmed"


def _pay(world: World, invoice: Approved) -> None:
    world.quickbooks.pays(invoice, amount="10.00")


def _close(world: World, invoice: Approved) -> None:
    world.quickbooks.screen.set_closing_date("2026-11-15")


def _edit(world: World, invoice: Approved) -> None:
    world.quickbooks.screen.edit_bill(world.quickbooks.txn_id(invoice), txn_date="2026-11-20")


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [(_pay, "payments or credits are applied"), (_close, "closing date"), (_edit, "edited in QuickBooks meanwhile")],
    ids=["paid", "closed", "edited"],
)
def test_a_bill_that_is_paid_closed_or_edited_is_not_changed_but_a_question(
    modifying: World, meanwhile: Any, why: str
) -> None:
    world = modifying
    invoice = _entered(world)
    meanwhile(world, invoice)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.run_until_idle()
    assert "MLC-CHANGED-01" in world.connector.faults(invoice)
    assert why in world.connector.says(invoice)
    assert _bill(world, invoice)["amount"] == "1000.00"


def test_another_vendor_is_a_question(modifying: World) -> None:
    world = modifying
    invoice = _entered(world)
    other = next(v for v in world.firm.vendors if v.name != "Q" and v.currency == "USD")
    world.basware.transfers_again(invoice, supplierCode=other.list_id)
    world.run_until_idle()
    assert f"vendor Q -> {other.name}" in world.connector.says(invoice)
    assert _bill(world, invoice)["vendor"] == "Q"


@pytest.mark.parametrize("misfortune", ["loses_answer_to", "loses_request"])
def test_a_lost_answer_to_a_change_is_asked_for_by_reading_the_bill(modifying: World, misfortune: str) -> None:
    world = modifying
    invoice = _entered(world)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.fetches()
    getattr(world.quickbooks, misfortune)("BillModRq")
    world.polls()
    assert world.connector.state(invoice) == "modifying"
    changes = MessageSet.objects.filter(text__contains="BillModRq")
    assert changes.count() == 1
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["900.00"]
    assert world.connector.state(invoice) == "confirmed"
    assert changes.count() == (1 if misfortune == "loses_answer_to" else 2)
    assert world.quickbooks.duplicates() == []


@pytest.mark.parametrize(
    "kind", ["hresult_after_save", "hresult_after_save_unrecorded", "internal_error_saved", "lock_3175"]
)
def test_whatever_goes_wrong_with_a_change_the_bill_ends_as_the_invoice_says(modifying: World, kind: str) -> None:
    world = modifying
    invoice = _entered(world)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.fetches()
    world.quickbooks.suffers(kind, only="BillModRq")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["900.00"]
    assert world.connector.state(invoice) == "confirmed"


def test_a_payment_between_reading_and_changing_is_never_overwritten(modifying: World) -> None:
    world = modifying
    invoice = _entered(world)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.fetches()
    world.quickbooks.loses_request("BillModRq")
    world.polls()
    world.quickbooks.pays(invoice, amount="100.00")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-CHANGED-01"]
    assert _bill(world, invoice)["amount"] == "1000.00"


def test_a_person_who_corrects_the_bill_confirms_it_as_before(modifying: World) -> None:
    world = modifying
    invoice = _entered(world)
    _pay(world, invoice)
    world.basware.transfers_again(invoice, **_rows(world, "900.00"))
    world.run_until_idle()
    txn_id = world.quickbooks.txn_id(invoice)
    world.quickbooks.screen.edit_bill(txn_id, lines=[{"account": LUMBER, "amount": "900.00"}])
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.connector.state(invoice) == "confirmed"
    assert world.basware.paid(invoice) == "10.00"

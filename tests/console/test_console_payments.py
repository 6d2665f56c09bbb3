"""Payments: every part a row, what was taken back stays, and each question has a verb."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.roles import Role
from ml_connector.flows import payment_list
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def clerk(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CLERK)


@pytest.fixture
def entered(world: World) -> Approved:
    invoice = world.basware.approves(gross="1000.00")
    world.run_until_idle()
    world.passes(3600)
    return invoice


def _rests(world: World) -> None:
    world.passes(60)
    world.run_until_idle()


def _rows(view: str = payment_list.ALL, text: str = "") -> list[tuple[str, int, str]]:
    found = payment_list.find(view, "", text).rows
    return [(row.document.invoice_number, row.amount_cents, row.state) for row in found]


def test_each_part_of_a_partly_paid_bill_is_a_row_and_basware_knows_the_sum(
    world: World, clerk: Visitor, entered: Approved
) -> None:
    assert "No payments yet" in clerk.get("/console/payments").text
    for amount in ("300.00", "200.00"):
        world.quickbooks.pays(entered, amount=amount)
        _rests(world)
    assert world.basware.paid(entered) == "500.00"
    assert sorted(_rows()) == [(entered.number, 20000, payment_list.TOLD), (entered.number, 30000, payment_list.TOLD)]
    text = clerk.get("/console/payments").text
    assert text.count(f">{entered.number}</a>") == 2 and "300.00 USD" in text and "200.00 USD" in text


def test_a_payment_that_basware_shows_is_known(world: World, entered: Approved) -> None:
    world.quickbooks.pays(entered)
    _rests(world)
    world.passes(26 * 3600)  # a day in which it is looked up
    world.run_until_idle()
    assert _rows() == [(entered.number, 100000, payment_list.CONFIRMED)]
    assert world.basware.paid(entered) == "1000.00"


def test_a_voided_payment_stays_listed_and_basware_hears_of_it(world: World, clerk: Visitor, entered: Approved) -> None:
    (payment,) = world.quickbooks.pays(entered)
    _rests(world)
    assert world.basware.paid(entered) == "1000.00"
    world.quickbooks.screen.void(payment)
    _rests(world)
    assert world.basware.paid(entered) == "0.00"
    assert _rows() == [] and _rows(payment_list.REVERSED) == [(entered.number, 100000, payment_list.TAKEN_BACK)]
    text = clerk.get("/console/payments?view=reversed").text
    assert re.search(r"<del>.*1,000\.00 USD.*</del>", text) and "Basware was told that it was taken back" in text
    assert _rows(text=entered.number) == [(entered.number, 100000, payment_list.TAKEN_BACK)]


def test_a_bill_settled_by_a_credit_alone_is_a_question_with_a_verb(
    world: World, clerk: Visitor, entered: Approved
) -> None:
    credit = world.basware.approves(gross="-1000.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.quickbooks.pays(entered, apply_credits=True)
    _rests(world)
    assert world.connector.faults(entered) == ["MLC-PAID-01"]
    text = clerk.get("/console/payments?view=questions").text
    assert f">{entered.number}</a>" in text and f">{credit.number}</a>" not in text
    assert "Open it" in text and "<strong>Next:</strong>" in text


def test_payments_wait_where_basware_does_not_answer_and_can_be_told_at_once(
    world: World, clerk: Visitor, entered: Approved
) -> None:
    world.quickbooks.pays(entered, amount="10.00")
    world.transport.unreachable = True
    world.passes(60)
    world.polls()
    world.works()
    assert _rows(payment_list.WAITING) == [(entered.number, 1000, payment_list.DUE)]
    number = world.connector.document(entered).pk
    assert f"/console/documents/{number}/retry" in clerk.get("/console/payments?view=waiting").text
    world.transport.unreachable = False
    assert clerk.send(f"/console/documents/{number}/retry").status == 302
    _rests(world)
    assert world.basware.paid(entered) == "10.00"
    assert "Basware knows every payment" in clerk.get("/console/payments?view=waiting").text


def test_payments_of_other_bills_are_not_shown_and_a_view_that_is_none_is_refused(
    world: World, clerk: Visitor, entered: Approved
) -> None:
    assert clerk.get("/console/payments?view=nope").status == 400
    assert clerk.get("/console/payments?connection=nobody").status == 400
    assert "No payment of INV-0" in clerk.get("/console/payments?q=INV-0").text

"""An answer that Basware refuses for good is seen by whoever must act, and by nobody any more once Basware took it."""

from __future__ import annotations

import pytest

from desks import Approved
from ml_connector.flows.by_state import in_states
from ml_connector.flows.standing import standings
from ml_connector.flows.story import Why, summary, why
from ml_connector.store.models import Document
from world import World

pytestmark = pytest.mark.both_databases

_TRANSFERS, _PAYMENTS = "*/transferResponses", "*/paymentResponses"
_CLOSED = {"errors": [{"code": "X-1", "message": "the period is closed"}]}


def _why(world: World, invoice: Approved) -> Why:
    return why(world.connector.document(invoice), world.clock.now())


def _listed(state: str) -> list[str]:
    return [document.invoice_number for document in in_states(Document.objects.order_by("pk"), [state], 10)]


def _confirmed(world: World) -> Approved:
    invoice = world.basware.approves()
    world.run_until_idle()
    return invoice


def _refused_transfer(world: World) -> Approved:
    invoice = world.basware.approves()
    world.basware_answers("POST", _TRANSFERS, 400, _CLOSED)
    world.run_until_idle()
    return invoice


def _refused_payment(world: World) -> Approved:
    invoice = _confirmed(world)
    world.quickbooks.pays(invoice, amount="20.00")
    world.basware_answers("POST", _PAYMENTS, 400, _CLOSED)
    world.run_until_idle()
    return invoice


def _refused_second_payment(world: World) -> Approved:
    invoice = _confirmed(world)
    (payment,) = world.quickbooks.pays(invoice)
    world.run_until_idle()
    world.quickbooks.screen.void(payment)
    world.basware_answers("POST", _PAYMENTS, 400, _CLOSED)
    world.run_until_idle()
    return invoice


def _refused_failure(world: World) -> Approved:
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    world.connector.gives_up(invoice, "The account was closed last year.")
    world.basware_answers("POST", _TRANSFERS, 400, _CLOSED)
    world.run_until_idle()
    return invoice


_REFUSALS = {
    "posted": _refused_transfer,
    "confirmed": _refused_payment,
    "paid": _refused_second_payment,
    "given_up": _refused_failure,
}


@pytest.mark.parametrize("state", _REFUSALS)
def test_a_refused_answer_is_seen_everywhere_with_who_must_act_and_how(world: World, state: str) -> None:
    good = _confirmed(world)
    invoice = _REFUSALS[state](world)
    assert world.connector.state(invoice) == state
    answer = _why(world, invoice)
    assert answer.state == "Not taken by Basware"
    assert "the period is closed" in answer.cause
    assert (answer.owner, answer.next_try) == ("AP clerk", world.connector.document(invoice).due_at)
    assert "retry" in answer.next_step
    assert "MLC-BW-01" in [fault["code"] for fault in summary(world.connector.document(invoice))["faults"]]
    assert _listed("Not taken by Basware") == _listed("not-taken-by-basware") == [invoice.number]
    (standing,) = standings(world.clock.now())
    assert (standing.state, standing.waiting, standing.blocked) == ("Needs attention", 0, 1)
    assert any("'Not taken by Basware'" in problem for problem in standing.problems)
    assert _why(world, good).state == "Confirmed"


@pytest.mark.parametrize("state", _REFUSALS)
def test_a_refused_answer_is_forgotten_when_basware_takes_it(world: World, state: str) -> None:
    invoice = _REFUSALS[state](world)
    world.connector.retries(invoice)
    world.run_until_idle()
    assert (world.basware.status(invoice), world.basware.paid(invoice)) == {
        "posted": ("Transferred", "0.00"),
        "confirmed": ("Transferred", "20.00"),
        "paid": ("Transferred", "0.00"),
        "given_up": ("TransferFailed", "0.00"),
    }[state]
    assert "closed" not in _why(world, invoice).cause.replace("was closed last year", "")
    assert "MLC-BW-01" not in world.connector.faults(invoice)
    assert (standings(world.clock.now())[0].state, standings(world.clock.now())[0].blocked) == ("Working", 0)


def test_a_refused_failure_is_told_later_with_the_reasons_that_planning_found(world: World) -> None:
    invoice = _refused_failure(world)
    assert world.connector.faults(invoice) == ["MLC-ACCOUNT-01", "MLC-BW-01"]
    world.connector.retries(invoice)
    world.run_until_idle()
    (told,) = world.basware.sees(invoice)["transferResponses"]
    assert "no account for code 9999-OLD" in told["responseMessage"]
    assert "period" not in told["responseMessage"]


def test_a_refused_answer_is_forgotten_when_basware_sends_the_invoice_again(world: World) -> None:
    invoice = _refused_payment(world)
    world.basware.transfers_again(invoice)
    world.run_until_idle()
    assert world.basware.paid(invoice) == "20.00"
    assert world.connector.faults(invoice) == []


def test_a_payment_that_is_changed_back_before_basware_took_it_leaves_no_refusal(world: World) -> None:
    invoice = _confirmed(world)
    world.basware_answers("POST", _PAYMENTS, 400, _CLOSED, times=0)
    (payment,) = world.quickbooks.pays(invoice, amount="20.00")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-BW-01"]
    world.transport.scripted.clear()
    world.quickbooks.screen.delete(payment)
    world.run_until_idle()
    assert world.basware.paid(invoice) == "0.00"
    assert world.connector.faults(invoice) == []


def test_payments_that_basware_does_not_know_of_yet_are_named(world: World) -> None:
    invoice = _confirmed(world)
    world.quickbooks.pays(invoice)
    world.reads_payments()
    world.transport.unreachable = True
    world.works()
    assert "payments changed" in _why(world, invoice).cause
    assert "No connection to Basware" in _why(world, invoice).cause

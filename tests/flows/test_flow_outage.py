"""One side is away: it is probed and not hammered, the other side's work goes on, and everything goes on soon after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desks import Approved
from ml_connector.flows.standing import standings
from ml_connector.store import duties
from world import World

pytestmark = pytest.mark.both_databases

_LONGEST_S = 900


def _runs(world: World, seconds: int, *, step_s: int = 5) -> None:
    """Let time pass in small steps, with the engine at work and the Web Connector calling every five minutes."""
    for second in range(0, seconds, step_s):
        world.passes(step_s)
        world.works()
        if second % 300 == 0:
            world.polls()


def _an_outage_with_all_kinds_of_work(world: World) -> tuple[list[Approved], list[Approved]]:
    """Invoices that are taken over already, invoices that Basware offers, an answer and list entries to be sent."""
    taken = world.basware.approves_many(5)
    world.fetches()
    world.passes(120)
    world.quickbooks.screen.add_vendor("One More Inc.")
    offered = world.basware.approves_many(3)
    return taken, offered


def test_while_basware_is_away_it_is_called_once_per_wait_and_quickbooks_is_worked_with(world: World) -> None:
    taken, _ = _an_outage_with_all_kinds_of_work(world)
    for method in ("GET", "POST", "PUT", "PATCH"):
        world.basware_answers(method, "*", 503, times=0)
    before = len(world.transport.sent)
    _runs(world, 3600, step_s=20)
    calls = world.transport.sent[before:]
    # Waits double up to 15 minutes; with full jitter a few more than the shortest possible number.
    assert 4 <= len(calls) <= 25, calls
    assert [world.quickbooks.amounts_billed_for(invoice) for invoice in taken] == [
        [f"{100 + n}.{n:02d}"] for n in range(5)
    ]
    assert all(world.connector.state(invoice) == "posted" for invoice in taken)
    (standing,) = standings(world.clock.now())
    assert standing.state == "Needs attention"
    assert [p for p in standing.problems if p.startswith("Basware has not answered since")]


def test_after_an_outage_everything_goes_on_within_one_wait(world: World) -> None:
    taken, offered = _an_outage_with_all_kinds_of_work(world)
    world.transport.unreachable = True
    _runs(world, 7200, step_s=60)
    probe_at = world.connector.row().outage_probe_at
    assert probe_at is not None
    world.transport.unreachable = False
    ended = world.clock.now()
    assert probe_at - ended <= timedelta(seconds=_LONGEST_S)
    _runs(world, _LONGEST_S + 60, step_s=20)
    assert all(world.basware.heard_about(invoice) == ["success"] for invoice in taken)
    assert all(world.basware.status(invoice) != "WaitingForTransfer" for invoice in offered)
    assert world.connector.row().outage_failures == 0
    assert standings(world.clock.now())[0].state == "Working"
    world.run_until_idle()
    assert all(world.basware.heard_about(invoice) == ["success"] for invoice in offered)


def test_what_one_address_refuses_is_no_outage(world: World) -> None:
    """Lists that Basware cannot take at the moment hold up no invoice."""
    world.passes(120)
    world.quickbooks.screen.add_vendor("One More Inc.")
    world.basware_answers("POST", "/v1/vendors", 500, times=0)
    invoices = world.basware.approves_many(3)
    _runs(world, 600, step_s=20)
    assert all(world.basware.heard_about(invoice) == ["success"] for invoice in invoices)
    assert world.connector.row().outage_failures == 0


def test_a_wait_that_basware_asks_for_is_kept_by_every_call(world: World) -> None:
    world.basware.approves_many(2)
    world.basware_answers("GET", "/v1/accountingDocuments", 429, times=1, **{"Retry-After": "300"})
    world.passes(61)
    world.works()
    before = len(world.transport.sent)
    _runs(world, 290)
    assert world.transport.sent[before:] == []
    _runs(world, 30)
    assert len(world.transport.sent) > before


def test_a_wait_longer_than_a_quarter_of_an_hour_holds_only_the_work_that_was_asked_to_wait(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.polls()
    world.basware_answers("GET", "/v1/accountingDocuments", 429, times=1, **{"Retry-After": "86400"})
    world.passes(61)
    world.works()
    assert world.basware.heard_about(invoice) == []
    _runs(world, _LONGEST_S + 60, step_s=20)
    assert world.basware.heard_about(invoice) == ["success"]
    due = world.connector.duty(duties.INVOICES).due_at
    assert due - world.clock.now() > timedelta(hours=23)


def test_a_person_who_asks_does_not_wait_for_the_next_probe(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.polls()
    world.transport.unreachable = True
    _runs(world, 3600, step_s=60)
    world.transport.unreachable = False
    world.connector.retries(invoice)
    world.works()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_quickbooks_that_is_away_stops_nothing_on_basware_s_side(world: World) -> None:
    told = world.basware.approves()
    world.fetches()
    world.polls()
    world.quickbooks.screen.quit()
    offered = world.basware.approves_many(3)
    _runs(world, 600)
    assert world.basware.heard_about(told) == ["success"]
    assert all(world.basware.status(invoice) == "TransferInProgress" for invoice in offered)
    assert all(world.connector.state(invoice) == "planned" for invoice in offered)


def test_an_outage_survives_a_restart_of_the_connector(world: World) -> None:
    world.transport.unreachable = True
    _runs(world, 1800, step_s=60)
    failures = world.connector.row().outage_failures
    assert failures > 2
    world.restart_connector()
    world.works()
    assert world.connector.row().outage_failures == failures

"""Answers that Basware waits for have a deadline, and nobody learns of it only when it has passed. So it is with the silence
of the Web Connector."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections
from ml_connector.flows.standing import Standing, standings
from ml_connector.flows.story import summary
from ml_connector.store import duties
from world import World

pytestmark = pytest.mark.both_databases

_DAY_S = 86_400


def _standing(world: World) -> Standing:
    return standings(world.clock.now())[0]


def _late(world: World) -> list[str]:
    return [problem for problem in _standing(world).problems if "near the deadline" in problem]


def _looks(world: World) -> None:
    """Let the engine look at once for what should be said aloud."""
    duties.wake_all(world.connection.pk, world.clock.now(), duties.WATCH)
    world.works()


def test_an_invoice_without_an_answer_is_said_aloud_before_its_deadline(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    invoice = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    document = world.connector.document(invoice)
    assert document.acknowledged_at is not None
    deadline = document.acknowledged_at + timedelta(days=2)
    assert summary(document)["deadline"] == deadline.isoformat()
    assert _standing(world).first_deadline == deadline.isoformat(timespec="seconds")
    world.passes(_DAY_S - 60 - (world.clock.now() - document.acknowledged_at).total_seconds())
    world.polls()
    _looks(world)
    assert _late(world) == []
    assert "answers to Basware are late" not in caplog.text
    world.passes(61)
    _looks(world)
    (problem,) = _late(world)
    assert document.invoice_number in problem and f"ml-connector why {document.pk}" in problem
    assert "answers to Basware are late" in caplog.text
    world.passes(_DAY_S)
    assert "1 of them past it" in _late(world)[0]


def test_an_answered_invoice_has_no_deadline_and_a_new_transfer_has_a_new_one(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    assert summary(world.connector.document(invoice))["deadline"] is None
    assert (_standing(world).unanswered, _standing(world).first_deadline) == (0, None)
    world.passes(3 * _DAY_S)
    world.basware.transfers_again(invoice, grossSum=130.0)
    world.run_until_idle()
    document = world.connector.document(invoice)
    assert (document.state, document.acknowledged_at) == ("changed", document.acknowledged_at)
    assert document.acknowledged_at is not None
    assert summary(document)["deadline"] == (document.acknowledged_at + timedelta(days=2)).isoformat()
    assert _standing(world).unanswered == 1


def test_the_window_and_the_margin_are_settings(world: World) -> None:
    world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    world.passes(3600)
    assert _late(world) == []
    changes = {"answer_deadline_s": 7200, "deadline_alert_s": 5000}
    connections.change(world.surroundings, world.connector.row(), "an admin", settings=changes)
    assert len(_late(world)) == 1


def test_an_invoice_that_a_person_skipped_or_gave_up_alarms_nobody(world: World) -> None:
    skipped, given_up = (world.basware.approves(paymentBlock=True) for _ in range(2))
    world.run_until_idle()
    world.connector.skips(skipped, "paid by card")
    world.connector.gives_up(given_up, "not ours")
    world.run_until_idle()
    world.passes(3 * _DAY_S)
    assert _late(world) == []


def test_invoices_taken_in_by_the_sweep_have_a_deadline_too(world: World) -> None:
    invoice = world.basware.approves()
    tenant = world.outside.basware
    with tenant.lock:
        tenant.invoices._changed(tenant.invoices.get(invoice.id), "TransferInProgress", tenant.now(), "a lost database")
    duties.wake_all(world.connection.pk, world.clock.now(), duties.SWEEP)
    world.works()
    assert summary(world.connector.document(invoice))["deadline"] is not None


def test_a_web_connector_that_stops_calling_is_said_aloud_and_told_apart_from_one_that_fails(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    success = world.connector.row().last_success_at
    world.quickbooks.screen.close_file()
    for _ in range(3):
        world.passes(60)
        world.polls()
    standing = _standing(world)
    assert standing.missed_polls == 0
    assert (standing.last_poll_at or "") > (standing.last_success_at or "")
    assert success is not None and standing.last_success_at == success.isoformat(timespec="seconds")
    assert "without a company file" in standing.last_session_note
    world.passes(600)
    _looks(world)
    standing = _standing(world)
    assert standing.missed_polls == 9
    (problem,) = [p for p in standing.problems if "has missed 9 polls" in p]
    assert "usually calls every 60 seconds" in problem or "usually calls every 1 minute" in problem
    assert "Auto-Run" in problem
    assert "the Web Connector does not call" in caplog.text


def test_a_slower_schedule_is_learned_and_alarms_nobody(world: World) -> None:
    for _ in range(16):
        world.passes(3600)
        world.polls()
    world.passes(5000)
    standing = _standing(world)
    assert (standing.missed_polls, standing.problems) == (0, ())


def test_a_time_zone_that_there_is_not_is_refused(world: World) -> None:
    for name in ("Mars/Olympus", "../etc/passwd", " "):
        with pytest.raises(NeedsOperator, match="There is no time zone"):
            connections.change(world.surroundings, world.connector.row(), "an admin", settings={"time_zone": name})
    assert world.connector.row().settings.get("time_zone") is None

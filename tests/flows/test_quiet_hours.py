"""In quiet hours QuickBooks is read, and given nothing to write."""

from __future__ import annotations

import pytest

from ml_connector.flows.standing import standing
from world import World

pytestmark = pytest.mark.both_databases


def test_in_quiet_hours_nothing_is_written_to_quickbooks_and_it_is_said_until_when(database: object) -> None:
    world = World(1, settings={"quiet_hours": "10:00-12:00", "time_zone": "America/New_York"})  # it is 11:00 there
    world.quickbooks.records()
    invoice = world.basware.approves()
    for _ in range(3):
        world.works()
        world.polls()
        world.works()
        world.passes(90)
    assert world.connector.state(invoice) == "planned"
    assert world.quickbooks.bills() == [] and world.quickbooks.received("AddRq") == []
    assert world.quickbooks.received("VendorQueryRq"), "reading goes on"
    assert "quiet hour" in world.connector.says(invoice) and "12:00 EST" in world.connector.says(invoice)
    assert standing(world.connector.row(), world.clock.now()).state == "Quiet hours"
    world.passes(3600)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert standing(world.connector.row(), world.clock.now()).state == "Working"


def test_quiet_hours_change_nothing_at_other_times(database: object) -> None:
    world = World(1, settings={"quiet_hours": "22:00-06:00", "time_zone": "America/New_York"})
    invoice = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]

"""A company file that was put back to an older copy: the console shows what is lost, and takes the decision."""

from __future__ import annotations

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.roles import Role
from restored_file import an_invoice_that_a_restored_file_lost
from world import World

pytestmark = pytest.mark.both_databases

_PLACE = "/console/connections/main/restored"


@pytest.fixture
def lost(world: World) -> Approved:
    invoice = an_invoice_that_a_restored_file_lost(world)
    assert world.connector.row().stop_reason
    return invoice


def test_a_controller_has_what_was_lost_entered_again(world: World, lost: Approved) -> None:
    controller = Visitor(world).comes_in_as(Role.CONTROLLER)
    assert f'href="{_PLACE}"' in controller.get("/console/connections/main/health").text
    page = controller.get(_PLACE).text
    assert lost.number in page and "Enter them again" in page and "ml-connector connection" not in page
    refused = controller.send(_PLACE, decision="repost", typed="7")
    assert refused.status == 409 and "Type 1" in refused.text and world.connector.row().stop_reason
    assert controller.send(_PLACE, decision="repost", typed="1").location.endswith("/main/health")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(lost) == ["200.00"] and world.connector.state(lost) == "confirmed"
    assert "Nothing is to be decided" in controller.get(_PLACE).text


def test_it_goes_on_without_and_each_stays_a_question(world: World, lost: Approved) -> None:
    admin = Visitor(world).comes_in_as(Role.ADMIN)
    admin.send(_PLACE, decision="go-on", typed="1")
    world.run_until_idle()
    assert world.connector.row().stop_reason == "" and world.quickbooks.documents_for(lost) == []
    assert world.connector.faults(lost) == ["MLC-CHANGED-04"]
    assert Visitor(world).comes_in_as(Role.CLERK).get(_PLACE).status == 403

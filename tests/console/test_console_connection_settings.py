"""One connection's health and settings, as an admin asks for them."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from ml_connector.core.roles import Role
from ml_connector.flows.surroundings import settings_of
from ml_connector.store.models import AuditEntry
from world import PASSWORD, World

pytestmark = pytest.mark.both_databases

_SETTINGS = "/console/connections/main/settings"
_HEALTH = "/console/connections/main/health"


@pytest.fixture
def admin(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.ADMIN)


def test_a_setting_is_changed_and_the_change_is_kept_with_the_person_who_made_it(world: World, admin: Visitor) -> None:
    text = admin.get(_SETTINGS).text
    form = dict(re.findall(r'<input id="s-(\w+)" name="\w+" value="([^"]*)"', text))
    answer = admin.send(_SETTINGS, **form | {"burst_s": "7", "quiet_hours": "22:00-06:00"})
    assert answer.status == 302
    found = settings_of(world.connector.row())
    assert (found.burst_s, found.quiet_hours) == (7, "22:00-06:00")
    entry = AuditEntry.objects.order_by("-pk").first()
    assert entry is not None and entry.actor.endswith("(console)")
    assert entry.words == "Changed: burst_s from 10 to 7, quiet_hours from '' to '22:00-06:00'."


def test_a_value_out_of_range_is_said_and_what_was_typed_stays(world: World, admin: Visitor) -> None:
    answer = admin.send(_SETTINGS, burst_s="5000", answer_s="9")
    assert answer.status == 400 and "whole number from 1 to 110" in answer.text and 'value="5000"' in answer.text
    assert settings_of(world.connector.row()).answer_s == 60


def test_a_connection_is_paused_with_a_reason_and_goes_on(world: World, admin: Visitor) -> None:
    admin.send("/console/connections/main/pause", _SETTINGS, reason="closing the books")
    invoice = world.basware.approves()
    world.works()
    assert "closing the books" in admin.get(_SETTINGS).text
    assert world.basware.status(invoice) == "WaitingForTransfer"
    admin.send("/console/connections/main/pause", _SETTINGS, resume="yes")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_new_password_is_taken_beside_the_earlier_one_until_it_was_used(world: World, admin: Visitor) -> None:
    answer = admin.send("/console/connections/main/password", _SETTINGS, back="settings")
    found = re.search(r'class="secret">([^<]+)<', answer.text)
    assert found is not None and f'href="{_SETTINGS}"' in answer.text
    assert "has not used it yet" in admin.get(_SETTINGS).text
    assert world.polls().result == "completed", "the machine has the earlier one still"
    world.outside.workstation.add_application(admin.get("/console/connections/main/qwc").text, found[1])
    world.polls()
    text = admin.get(_SETTINGS).text
    assert "has not used it yet" not in text and PASSWORD not in text and found[1] not in text


def test_a_secret_of_basware_is_replaced_and_tested_at_once(world: World, admin: Visitor) -> None:
    assert admin.send("/console/connections/main/secret", _SETTINGS, client_secret=" ").status == 409
    answer = admin.send("/console/connections/main/secret", _SETTINGS, client_secret="another")
    assert answer.location == f"{_HEALTH}?test=now"
    for _ in range(3):
        admin.send("/console/connections/main/check", _HEALTH, back="health")
    text = admin.get(_HEALTH).text
    assert "does not accept the client id or client secret" in text and "another" not in text
    assert "another" not in "".join(AuditEntry.objects.values_list("words", flat=True))


def test_everybody_sees_the_health_of_both_sides(world: World) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    text = clerk.get(_HEALTH).text
    row = world.connector.row()
    for shown in (
        row.company_name,
        row.product,
        row.qbxml_version,
        row.web_connector_version,
        "Answers",
        "as it should",
    ):
        assert shown and shown in text, shown
    assert "console/connections/main/check" not in text, "only an admin tests"
    world.quickbooks.suffers("modal_dialog")
    world.passes(90)
    world.polls()
    assert "A dialog is open in QuickBooks" in clerk.get(_HEALTH).text
    assert clerk.get(_SETTINGS).status == 403


def test_a_live_connection_goes_back_to_a_dry_run_after_a_page_that_says_what_it_means(
    world: World, admin: Visitor
) -> None:
    assert "nothing is written" in admin.get("/console/connections/main/dry-run").text
    assert not world.connector.row().dry_run
    admin.send("/console/connections/main/dry-run")
    assert world.connector.row().dry_run

"""The way from an empty installation to the first Bill, asked for in the process."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from desks import OWN_URL
from ml_connector.core.roles import Role
from ml_connector.flows import people
from ml_connector.flows.onboarding import next_stage, stages
from ml_connector.store import duties
from ml_connector.store.models import Connection, ListEntry, SignInLink, User
from world import World

pytestmark = pytest.mark.both_databases

_PASSWORD = "four plain words together"


@pytest.fixture
def world(database: object) -> World:
    return World(1, dry_run=True)


@pytest.fixture
def admin(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.ADMIN)


def _settle(world: World, rounds: int = 2) -> None:
    for _ in range(rounds):
        duties.wake_all(world.connection.pk, world.clock.now())
        world.works()
        world.polls()
        world.works()
        world.passes(90)


def test_the_setup_link_makes_one_admin_and_no_second(world: World) -> None:
    token = people.make_setup_link(world.surroundings).open()
    visitor, other = Visitor(world), Visitor(world)
    page = f"/console/setup/{token}"
    assert visitor.send(page, name="ada", full_name="Ada", password="short", again="short").status == 400
    assert visitor.send(page, name="ada", full_name="Ada", password=_PASSWORD, again="another").status == 400
    assert not User.objects.exists()
    answer = visitor.send(page, name="Ada", full_name="Ada", password=_PASSWORD, again=_PASSWORD)
    assert (answer.status, answer.location) == (302, "/console/onboarding")
    assert visitor.get("/console/onboarding").status == 200
    assert (User.objects.get().name, User.objects.get().role) == ("ada", "admin")
    assert other.get(page).status == 410 and not SignInLink.objects.exists()
    assert other.send(page, "/console/sign-in", name="eve", password=_PASSWORD, again=_PASSWORD).status == 410
    assert User.objects.count() == 1


def test_a_setup_link_is_too_old_after_an_hour_and_an_earlier_one_does_not_work(world: World) -> None:
    first = people.make_setup_link(world.surroundings).open()
    second = people.make_setup_link(world.surroundings).open()
    assert Visitor(world).get(f"/console/setup/{first}").status == 410
    assert Visitor(world).get(f"/console/setup/{second}").status == 200
    world.passes(3700)
    assert Visitor(world).get(f"/console/setup/{second}").status == 410


def test_a_connection_is_made_in_dry_run_and_what_cannot_work_is_said_beside_the_form(admin: Visitor) -> None:
    form = {
        "name": "second", "codes": "US10", "base_url": "https://api.basware.example", "client_id": "sandbox-client",
        "client_secret": "sandbox-secret", "zone": "America/New_York", "token_url": "",
    }  # fmt: skip
    answer = admin.send("/console/onboarding", **form)
    assert answer.status == 400 and "belongs to connection main already" in answer.text
    assert 'value="second"' in answer.text and "sandbox-secret" not in answer.text
    answer = admin.send("/console/onboarding", **form | {"codes": "US20, US21"})
    assert answer.location == "/console/onboarding/second/basware?test=now"
    assert Connection.objects.get(name="second").dry_run


def test_basware_is_tested_step_by_step_and_a_failure_says_who_must_do_what(world: World, admin: Visitor) -> None:
    page = "/console/onboarding/main/basware"

    def steps() -> list[str]:
        return re.findall(r'<span class="badge \w+">(Right|Wrong|Trying now|Not tried)</span>', admin.get(page).text)

    assert steps() == ["Not tried"] * 5
    world.transport.unreachable = True
    admin.send("/console/connections/main/check", page)
    admin.send("/console/connections/main/check", page)
    assert steps() == ["Right", "Wrong", "Not tried", "Not tried", "Not tried"]
    text = admin.get(page).text
    assert "does not answer on port 443" in text and "ask whoever runs the network" in text
    world.transport.unreachable = False
    admin.send("/console/connections/main/check", page, anew="yes")
    assert steps() == ["Right", "Trying now", "Not tried", "Not tried", "Not tried"]
    for _ in range(4):
        admin.send("/console/connections/main/check", page)
    assert steps() == ["Right"] * 5
    assert admin.send(page, base_url="https://api.basware.example", client_secret="wrong").status == 302
    assert steps() == ["Not tried"] * 5, "an earlier test says nothing about another secret"


def test_the_password_is_shown_once_and_is_the_one_that_lets_the_web_connector_in(world: World, admin: Visitor) -> None:
    page = "/console/onboarding/main/quickbooks"
    assert "Waiting for the first call" in admin.get(page).text
    world.polls()
    answer = admin.send("/console/connections/main/password", page)
    found = re.search(r'id="secret" class="secret">([^<]+)<', answer.text)
    assert found is not None and found[1] not in admin.get(page).text
    qwc = admin.get("/console/connections/main/qwc")
    assert qwc.headers["Content-Disposition"] == 'attachment; filename="main.qwc"'
    assert f"{OWN_URL}/qbwc/main" in qwc.text and found[1] not in qwc.text
    world.outside.workstation.add_application(qwc.text, found[1])
    world.polls()
    assert "QuickBooks answers" in admin.get(page).text


def test_a_wrong_password_is_said_while_the_page_waits(world: World, admin: Visitor) -> None:
    admin.send("/console/connections/main/password", "/console/onboarding/main/quickbooks")
    world.polls()
    assert "with a wrong password" in admin.get("/console/onboarding/main/quickbooks").text


def test_each_stage_is_done_when_what_it_is_about_holds(world: World, admin: Visitor) -> None:
    def done() -> list[str]:
        return [stage.key for stage in stages(world.surroundings, world.connector.row()) if stage.done]

    assert done() == []
    page = "/console/onboarding/main"
    assert admin.get(page).location == f"{page}/basware"
    for _ in range(5):
        admin.send("/console/connections/main/check", f"{page}/basware")
    stuck = world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    fine = world.basware.approves(number="FINE-1")
    _settle(world)
    assert done() == ["basware", "quickbooks", "lists"]
    assert admin.get(page).location == f"{page}/company"
    admin.send(f"{page}/company", answer="yes")
    assert "9999-OLD" in admin.get(f"{page}/mapping").text
    assert admin.send(f"{page}/mapping", kind="account", code="9999-OLD", target="no such account").status == 400
    admin.send(f"{page}/mapping", kind="account", code="9999-OLD", target="6110")
    _settle(world)
    assert done() == ["basware", "quickbooks", "company", "lists", "mapping"]
    text = admin.get(f"{page}/trial").text
    assert "FINE-1" in text and text.count("Agrees to the cent") == 2
    assert admin.send("/console/connections/main/live", company="Another").status == 400
    assert world.quickbooks.bills() == []
    admin.send("/console/connections/main/live", company=world.connector.row().company_name)
    world.run_until_idle()
    assert world.basware.heard_about(stuck) == world.basware.heard_about(fine) == ["success"]
    assert next_stage(stages(world.surroundings, world.connector.row())) == "live"


def test_the_wrong_company_file_is_parted_from_and_the_next_one_is_taken(world: World, admin: Visitor) -> None:
    _settle(world)
    name = world.connector.row().company_name
    assert ListEntry.objects.exists()
    admin.send("/console/onboarding/main/company", answer="no")
    row = world.connector.row()
    assert (row.company_name, row.company_path, ListEntry.objects.count()) == ("", "", 0)
    assert "No company file has answered yet" in admin.get("/console/onboarding/main/company").text
    _settle(world)
    assert world.connector.row().company_name == name and ListEntry.objects.exists()
    assert world.audit_chain_holds()


def test_what_was_written_to_cannot_be_parted_from(world: World, admin: Visitor) -> None:
    world.basware.approves()
    _settle(world)
    admin.send("/console/connections/main/live", company=world.connector.row().company_name)
    world.run_until_idle()
    Connection.objects.update(dry_run=True)
    answer = admin.send("/console/onboarding/main/company", answer="no")
    assert answer.status == 400 and "cannot part from it" in answer.text


def test_everybody_sees_the_dry_run_and_only_an_admin_goes_live(world: World) -> None:
    world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    _settle(world)
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    text = clerk.get("/console/connections/main/trial?only=held").text
    assert "Would be held" in text and "ml-connector" not in text.split("<main", 1)[1]
    assert clerk.get("/console/connections/main/live").status == 403
    assert clerk.send("/console/connections/main/trial/again", "/console/connections/main/trial").status == 302

"""Alerts, as people set them up: each for oneself, with a test that shows that they arrive."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from visitor import Answer, Visitor

from ml_connector.core.errors import TryAgain
from ml_connector.core.roles import Role
from ml_connector.flows import alert_matters
from ml_connector.flows.alert_ways import AlertWays
from ml_connector.messaging.mail import Letter
from ml_connector.store.models import AlertMessage, AlertRule, User
from world import World

pytestmark = pytest.mark.both_databases

_FORM = {
    "name": "mine", "channel": "email", "address": "", "connection": "", "least_amount": "0", "least_hours": "0",
    "remind_hours": "24", "tells_end": "on", "cadence": "at_once", "daily_at": "07:30", "quiet_hours": "",
    "kinds": "held_up",
}  # fmt: skip


class Mailer:
    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.silent = False

    def send(self, letter: Letter) -> None:
        if self.silent:
            raise TryAgain("The mail server does not answer.")
        self.letters.append(letter)


@pytest.fixture
def mailer(world: World, tmp_path: Path) -> Mailer:
    made = Mailer()
    world.surroundings.ways = AlertWays(
        own_url="https://connector.example", home=tmp_path, mailer=made, ask=lambda *call: (204, b"")
    )
    return made


def _comes(world: World, role: Role) -> Visitor:
    visitor = Visitor(world).comes_in_as(role)
    User.objects.filter(role=role).update(email=f"{role}@acme.example")
    return visitor


def _makes(visitor: Visitor, **changes: str) -> Answer:
    return visitor.send("/console/alerts/new", **_FORM | changes)


def test_a_rule_is_offered_as_the_role_needs_it_and_tested_at_once(world: World, mailer: Mailer) -> None:
    clerk = _comes(world, Role.CLERK)
    form = clerk.get("/console/alerts/new").text
    assert set(re.findall(r'value="(\w+)" checked', form)) == {"held_up", "deadline"} and "Webhook" not in form
    answer = _makes(clerk)
    rule = AlertRule.objects.get()
    assert answer.location == f"/console/alerts/{rule.pk}"
    clerk.send(f"/console/alerts/{rule.pk}/test", f"/console/alerts/{rule.pk}")
    assert [letter.to for letter in mailer.letters] == ["clerk@acme.example"]
    page = clerk.get(f"/console/alerts/{rule.pk}").text
    assert "The test was taken by the mail server" in page and "Taken" in page


def test_a_rule_is_changed_turned_off_and_removed(world: World, mailer: Mailer) -> None:
    clerk = _comes(world, Role.CLERK)
    _makes(clerk)
    rule = AlertRule.objects.get()
    place = f"/console/alerts/{rule.pk}"
    clerk.send(place, **_FORM | {"name": "nightly", "cadence": "daily", "daily_at": "18:05"})
    assert "at 18:05" in clerk.get("/console/alerts").text and "nightly" in clerk.get("/console/alerts").text
    clerk.send(f"{place}/turn", place, on="no")
    assert not AlertRule.objects.get().is_on
    clerk.send(f"{place}/remove", place)
    assert not AlertRule.objects.exists() and "Nobody is told of anything yet" in clerk.get("/console/alerts").text


def test_what_cannot_be_kept_is_said_and_what_was_typed_stays(world: World, mailer: Mailer) -> None:
    clerk = _comes(world, Role.CLERK)
    answer = _makes(clerk, name="my own words", quiet_hours="at night")
    assert answer.status == 400 and "22:00-06:00" in answer.text and "my own words" in answer.text
    assert "Traceback" not in answer.text and not AlertRule.objects.exists()


def test_a_webhook_is_made_by_an_admin_and_its_secret_is_shown_once(world: World, mailer: Mailer) -> None:
    admin = _comes(world, Role.ADMIN)
    answer = _makes(admin, channel="webhook", address="https://alerts.example.com/hook")
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.text)
    assert answer.status == 200 and found is not None
    rule = AlertRule.objects.get()
    assert "whsec_" not in admin.get(f"/console/alerts/{rule.pk}").text
    again = admin.send(f"/console/alerts/{rule.pk}/secret", f"/console/alerts/{rule.pk}")
    assert "whsec_" in again.text and found[0] not in again.text
    inside = _makes(admin, name="inside", channel="chat", address="https://169.254.169.254/latest")
    assert inside.status == 400 and "inside of a network" in inside.text
    assert _makes(_comes(world, Role.CLERK), channel="chat", address="https://chat.example.com").status == 400


def test_rules_and_messages_of_others_are_seen_by_admins_alone(world: World, mailer: Mailer) -> None:
    clerk = _comes(world, Role.CLERK)
    _makes(clerk, name="the clerk's own")
    rule = AlertRule.objects.get()
    clerk.send(f"/console/alerts/{rule.pk}/test", f"/console/alerts/{rule.pk}")
    message = AlertMessage.objects.get()
    other = _comes(world, Role.CONTROLLER)
    for path in (f"/console/alerts/{rule.pk}", f"/console/alerts/messages/{message.pk}"):
        assert other.get(path).status == 409 and "somebody else" in other.get(path).text
    assert "the clerk&#x27;s own" not in other.get("/console/alerts").text
    admin = _comes(world, Role.ADMIN)
    assert "the clerk&#x27;s own" in admin.get("/console/alerts").text
    assert admin.get(f"/console/alerts/messages/{message.pk}").status == 200


def test_a_message_that_nobody_took_has_a_verb_beside_it_and_stands_on_the_first_page(
    world: World, mailer: Mailer
) -> None:
    admin = _comes(world, Role.ADMIN)
    _makes(admin)
    rule = AlertRule.objects.get()
    mailer.silent = True
    admin.send(f"/console/alerts/{rule.pk}/test", f"/console/alerts/{rule.pk}")
    message = AlertMessage.objects.get()
    assert "does not answer" in admin.get("/console/alerts").text
    assert "1 alert reached nobody" in admin.get("/console/").text
    mailer.silent = False
    place = f"/console/alerts/messages/{message.pk}"
    admin.send(f"{place}/again", place)
    assert "Taken" in admin.get(place).text and len(mailer.letters) == 1
    assert "reached nobody" not in admin.get("/console/").text


def test_what_holds_now_stands_on_the_page_with_a_way_to_mend_it(world: World, mailer: Mailer) -> None:
    clerk = _comes(world, Role.CLERK)
    assert "All is as it should be" in clerk.get("/console/alerts").text
    world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    alert_matters.look(world.connector.row(), world.clock.now())
    page = clerk.get("/console/alerts").text
    assert "1 invoice" in page and 'href="/console/inbox/MLC-BLOCK-01?connection=main"' in page
    assert clerk.get("/console/inbox/MLC-BLOCK-01?connection=main").status == 200


def test_what_only_an_admin_mends_is_shown_to_admins_alone(world: World, mailer: Mailer, tmp_path: Path) -> None:
    alert_matters.look_at_installation(world.surroundings, tmp_path, world.clock.now())
    assert "Latest backup" in _comes(world, Role.ADMIN).get("/console/alerts").text
    assert "Latest backup" not in _comes(world, Role.CLERK).get("/console/alerts").text


def test_an_admin_gives_somebody_an_address(world: World, mailer: Mailer) -> None:
    admin = _comes(world, Role.ADMIN)
    Visitor(world).comes_in_as(Role.CLERK)
    clerk = User.objects.get(role="clerk")
    admin.send(f"/console/users/{clerk.pk}/email", f"/console/users/{clerk.pk}", email="zoe@acme.example")
    assert User.objects.get(pk=clerk.pk).email == "zoe@acme.example"
    wrong = admin.send(f"/console/users/{clerk.pk}/email", f"/console/users/{clerk.pk}", email="zoe at acme")
    assert wrong.status == 409 and "is no e-mail address" in wrong.text

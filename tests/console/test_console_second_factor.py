"""A second factor: set up, asked for, used once, and taken away."""

from __future__ import annotations

import re

import pyotp
import pytest
from visitor import Answer, Visitor

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.flows import people, second_factor
from ml_connector.store.models import AccessEntry, Credential, RecoveryCode, User
from world import World

pytestmark = pytest.mark.both_databases

_PASSWORD = "four plain words together"
_SET_UP = "/console/account/second-factor/set-up"
_PAGE = "/console/account/second-factor"


class App:
    """The app on the telephone."""

    def __init__(self, world: World, text: str) -> None:
        self._world = world
        self._codes = pyotp.TOTP(text.replace(" ", ""))

    def code(self) -> str:
        return self._codes.at(self._world.clock.now())

    def next_code(self) -> str:
        self._world.passes(30)
        return self.code()


class Somebody:
    """A person with a browser, a password and, once it is set up, a telephone and a sheet of paper."""

    def __init__(self, world: World, name: str = "zoe", role: Role = Role.CLERK) -> None:
        self.world = world
        self.user, _ = people.add(world.surroundings, name, role, "a test")
        people.set_password(world.surroundings, self.user, Secret(_PASSWORD), "a test")
        self.browser = Visitor(world)

    def gives_password(self, browser: Visitor | None = None) -> Answer:
        return (browser or self.browser).send(
            "/console/sign-in", name=self.user.name, password=_PASSWORD, next="/console/documents"
        )

    def gives_code(self, asked: Answer, code: str, browser: Visitor | None = None) -> Answer:
        half = re.search(r'name="half_way" value="([^"]+)"', asked.text)
        assert half is not None, asked.text
        return (browser or self.browser).send(
            "/console/sign-in/code", "/console/sign-in", half_way=half[1], code=code, next="/console/documents"
        )

    def sets_up(self) -> None:
        if self.browser.get("/console/account").status != 200:
            self.gives_password()
        shown = self.browser.send(_SET_UP, _PAGE)
        text = re.search(r"<pre><code>([A-Z2-7 ]+)</code></pre>", shown.text)
        assert text is not None, shown.text
        self.app = App(self.world, text[1])
        answer = self.browser.send(_SET_UP, _PAGE, code=self.app.code())
        assert answer.status == 200, answer.text
        self.paper = re.findall(r"<li><code>([A-Z2-7-]{19})</code>", answer.text)
        self.world.passes(30)


def test_a_code_is_asked_for_once_it_is_set_up_and_each_works_once(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    fresh = Visitor(world)
    asked = zoe.gives_password(fresh)
    assert "Your code" in asked.text and fresh.get("/console/documents").status == 302
    code = zoe.app.code()
    assert zoe.gives_code(asked, "000000" if code != "000000" else "111111", fresh).status == 403
    let_in = zoe.gives_code(asked, f"{code[:3]} {code[3:]}", fresh)
    assert (let_in.status, let_in.location) == (302, "/console/documents")
    assert fresh.get("/console/documents").status == 200
    thief = Visitor(world)
    assert zoe.gives_code(zoe.gives_password(thief), code, thief).status == 403
    assert zoe.gives_code(zoe.gives_password(thief), zoe.app.next_code(), thief).status == 302


def test_a_recovery_code_works_once_and_the_database_holds_its_hash_alone(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    assert len(set(zoe.paper)) == 10 == RecoveryCode.objects.count()
    kept = " ".join(RecoveryCode.objects.values_list("code_sha256", flat=True))
    assert not any(code in kept or code.replace("-", "") in kept for code in zoe.paper)
    fresh = Visitor(world)
    assert zoe.gives_code(zoe.gives_password(fresh), zoe.paper[3].lower(), fresh).status == 302
    assert "9 recovery codes left" in fresh.get(_PAGE).text
    again = Visitor(world)
    assert zoe.gives_code(zoe.gives_password(again), zoe.paper[3], again).status == 403
    made = fresh.send("/console/account/second-factor/codes", code=zoe.app.next_code())
    assert len(re.findall(r"<li><code>", made.text)) == 10
    assert zoe.gives_code(zoe.gives_password(again), zoe.paper[4], again).status == 403


def test_the_secret_of_the_app_is_sealed_and_opens_for_its_person_only(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    row = Credential.objects.get(connection=None)
    opened = world.surroundings.vault.open(None, row.name)
    assert opened is not None and opened.open().encode() not in bytes(row.sealed)
    boris = Somebody(world, "boris")
    boris.sets_up()
    swapped = Credential.objects.exclude(pk=row.pk).get(connection=None)
    Credential.objects.filter(pk=swapped.pk).update(sealed=row.sealed)
    with pytest.raises(NeedsOperator, match="does not open"):
        world.surroundings.vault.open(None, swapped.name)


def test_nothing_is_asked_for_until_a_first_code_came_back(world: World) -> None:
    zoe = Somebody(world)
    zoe.gives_password()
    shown = zoe.browser.send(_SET_UP, _PAGE)
    assert "<svg" in shown.text and " style=" not in shown.text
    wrong = zoe.browser.send(_SET_UP, _PAGE, code="12")
    assert wrong.status == 400 and "does not fit" in wrong.text
    assert zoe.gives_password(Visitor(world)).status == 302


def test_setting_it_up_ends_the_sessions_that_were_begun_without_it(world: World) -> None:
    zoe = Somebody(world)
    elsewhere = Visitor(world)
    zoe.gives_password(elsewhere)
    zoe.sets_up()
    assert elsewhere.get("/console/documents").status == 302
    assert zoe.browser.get("/console/documents").status == 200


def test_a_sign_in_link_asks_for_the_code_as_well(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    link = people.make_link(world.surroundings, zoe.user, "a test")
    fresh = Visitor(world)
    asked = fresh.send(f"/console/sign-in/{link.open()}")
    assert "Your code" in asked.text and fresh.get("/console/documents").status == 302
    assert zoe.gives_code(asked, zoe.app.code(), fresh).status == 302
    assert fresh.get("/console/documents").status == 200


def test_the_first_step_holds_for_ten_minutes_and_for_the_password_it_was_made_with(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    fresh = Visitor(world)
    asked = zoe.gives_password(fresh)
    world.passes(601)
    late = zoe.gives_code(asked, zoe.app.code(), fresh)
    assert late.location.startswith("/console/sign-in")
    asked = zoe.gives_password(fresh)
    zoe.user.refresh_from_db()
    people.set_password(world.surroundings, zoe.user, Secret(_PASSWORD + "!"), "a test")
    assert zoe.gives_code(asked, zoe.app.next_code(), fresh).location.startswith("/console/sign-in")
    forged = fresh.send("/console/sign-in/code", "/console/sign-in", half_way="1:2:3", code=zoe.app.next_code())
    assert forged.location.startswith("/console/sign-in")


def test_guessing_at_codes_is_stopped_and_guessing_at_passwords_does_not_stop_a_code(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    fresh = Visitor(world)
    for n in range(10):
        assert people.sign_in(world.surroundings, "zoe", "wrong", f"192.0.2.{n}") is None
    with pytest.raises(NeedsOperator, match="Too many attempts"):
        people.sign_in(world.surroundings, "zoe", _PASSWORD, "192.0.2.200")
    link = people.make_link(world.surroundings, zoe.user, "a test")
    asked = fresh.send(f"/console/sign-in/{link.open()}")
    for _ in range(9):
        assert second_factor.sign_in(world.surroundings, _now(zoe.user), "wrong", "192.0.2.99") is False
    assert zoe.gives_code(asked, zoe.app.code(), fresh).status == 302  # the tenth
    world.passes(16 * 60)
    for n in range(10):
        second_factor.sign_in(world.surroundings, _now(zoe.user), "wrong", f"198.51.100.{n}")
    with pytest.raises(NeedsOperator, match="Too many attempts"):
        second_factor.sign_in(world.surroundings, _now(zoe.user), zoe.app.next_code(), "203.0.113.1")


def test_a_role_that_must_have_one_sees_nothing_else_until_it_is_set_up(world: World) -> None:
    world.surroundings.second_factor_roles = frozenset({Role.ADMIN})
    boss, zoe = Somebody(world, "boss", Role.ADMIN), Somebody(world)
    boss.gives_password()
    zoe.gives_password()
    assert zoe.browser.get("/console/documents").status == 200
    for path in ("/console/", "/console/documents", "/console/inbox", "/console/onboarding"):
        answer = boss.browser.get(path)
        assert (answer.status, answer.location) == (302, _PAGE), path
    assert "must have a second factor" in boss.browser.get(_PAGE).text
    boss.sets_up()
    assert boss.browser.get("/console/documents").status == 200
    refused = boss.browser.send("/console/account/second-factor/off", code=boss.app.code())
    assert refused.status == 400 and "must have a second factor" in refused.text


def test_it_is_turned_off_with_a_code_and_not_without(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    assert zoe.browser.send("/console/account/second-factor/off", code="wrong").status == 400
    assert zoe.browser.send("/console/account/second-factor/off", code=zoe.app.code()).status == 302
    assert zoe.gives_password(Visitor(world)).status == 302
    assert not RecoveryCode.objects.exists() and not Credential.objects.filter(connection=None).exists()


def test_an_admin_resets_it_and_the_person_begins_anew(world: World) -> None:
    zoe = Somebody(world)
    zoe.sets_up()
    admin = Visitor(world).comes_in_as(Role.ADMIN)
    place = f"/console/users/{zoe.user.pk}"
    assert "Take the second factor away" in admin.get(place).text
    admin.send(f"{place}/second-factor", place)
    assert "Take the second factor away" not in admin.get(place).text
    assert zoe.browser.get("/console/documents").status == 302
    assert zoe.gives_password().status == 302 and zoe.browser.get("/console/documents").status == 200
    with pytest.raises(NeedsOperator, match="has no second factor"):
        second_factor.reset(world.surroundings, _now(zoe.user), "an admin")
    zoe.sets_up()
    events = list(AccessEntry.objects.filter(name="zoe").order_by("pk").values_list("event", "actor"))
    assert ("second_factor_set", "zoe (console)") in events and any(
        event == "second_factor_reset" and actor.endswith("(console)") for event, actor in events
    )


def _now(user: User) -> User:
    return User.objects.get(pk=user.pk)

"""Who comes in, who does not, and what every answer carries."""

from __future__ import annotations

import pytest
from django.urls import resolve
from visitor import Visitor

from desks import OWN_URL
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.flows import people
from ml_connector.store.models import AccessEntry, ConsoleSession, User
from ml_connector.web.console.guard import CONTENT_SECURITY_POLICY
from ml_connector.web.console.screens import SCREENS, Screen
from ml_connector.web.console.settings import fit_address
from world import World

pytestmark = pytest.mark.both_databases

_PASSWORD = "four plain words together"


def _with_password(world: World, name: str = "zoe", role: Role = Role.CLERK) -> User:
    user, _ = people.add(world.surroundings, name, role, "a test")
    people.set_password(world.surroundings, user, Secret(_PASSWORD), "a test")
    return user


_PLACES = {
    "<int:number>": "1",
    "<int:exchange>": "1",
    "<int:view>": "1",
    "<int:replay_no>": "1",
    "<slug:outcome>": "goes",
    "<int:version>": "1",
    "<slug:cause>": "MLC-READ-01",
    "<slug:key>": "x",
    "<slug:name>": "main",
    "<slug:stage>": "basware",
    "<slug:kind>": "vendor",
    "<slug:list_id>": "80000001-1",
    "<slug:token>": "x",
    "<int:user>": "1",
    "<path:rest>": "nowhere/at-all",
    "<str:digest>/<str:name>": "0/none.css",
}


def _address(screen: Screen) -> str:
    path = screen.path
    for place, example in _PLACES.items():
        path = path.replace(place, example)
    return f"/console/{path}"


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_screen_lets_in_exactly_the_roles_of_its_row(role: Role | None, world: World) -> None:
    world.basware.approves()
    world.run_until_idle()
    visitor = Visitor(world)
    if role is not None:
        visitor.comes_in_as(role)
    assert len({screen.name for screen in SCREENS}) == len(SCREENS)
    for screen in SCREENS:
        address = _address(screen)
        assert resolve(address).url_name == screen.name
        for method in screen.methods:
            if screen.name in {"sign-out", "look"}:
                continue
            answer = visitor.ask(method, address) if method == "GET" else visitor.send(address, _page_with_form(screen))
            allowed = screen.roles is None or role in screen.roles
            sent_away = answer.status == 302 and answer.location.startswith("/console/sign-in")
            told_to_sign_in = sent_away and screen.roles is not None  # the second step begins at the first
            forbidden = answer.status == 403 and "Your role does not include this" in answer.text
            refused = told_to_sign_in if role is None else forbidden
            assert refused != allowed, f"{role} {method} {address}: {answer.status}"


def _page_with_form(screen: Screen) -> str:
    return "/console/sign-in/none-of-ours"  # every page has the form that switches the look


@pytest.mark.parametrize("screen", [s for s in SCREENS if "POST" in s.methods], ids=lambda screen: screen.name)
def test_no_form_is_taken_without_its_key(screen: Screen, world: World) -> None:
    visitor = Visitor(world).comes_in_as(Role.ADMIN)
    answer = visitor.ask("POST", _address(screen), {"reason": "forged"})
    assert answer.status == 403 and "Nothing was done" in answer.text


def test_a_form_from_another_origin_is_refused(world: World) -> None:
    visitor = Visitor(world).comes_in_as(Role.ADMIN)
    answer = visitor.ask("POST", "/console/sign-out", {}, HTTP_ORIGIN="https://evil.example")
    assert answer.status == 403


def test_every_answer_forbids_framing_foreign_content_and_keeping(world: World) -> None:
    visitor = Visitor(world).comes_in_as(Role.AUDITOR)
    for path in ("/console/documents", "/console/nowhere", "/console/documents/999", "/console/connections"):
        answer = visitor.get(path)
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "unsafe" not in CONTENT_SECURITY_POLICY and "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script>" not in answer.text and " style=" not in answer.text and " onclick" not in answer.text


def test_cookies_are_for_the_console_alone_and_out_of_reach_of_scripts(world: World) -> None:
    fit_address(OWN_URL)
    try:
        _, token = people.add(world.surroundings, "zoe", "clerk", "a test")
        visitor = Visitor(world)
        visitor.get("/console/sign-in")
        found = visitor.send(f"/console/sign-in/{token.open()}").cookies
        session, form = (next(c for c in found if c.startswith(name)) for name in ("mlc_session", "mlc_csrf"))
        for cookie in (session, form):
            assert {"HttpOnly", "Secure", "Path=/console"} <= set(cookie.split("; ")), cookie
        assert "SameSite=Lax" in session and "SameSite=Strict" in form
        assert visitor.get("/console/documents").headers["Strict-Transport-Security"]
    finally:
        fit_address("http://localhost")


def test_the_endpoints_of_the_programs_set_no_cookie_and_start_no_session(world: World) -> None:
    visitor = Visitor(world)
    for path in ("/health", "/support", "/qbwc/main"):
        assert visitor.get(path).cookies == []
    assert not ConsoleSession.objects.exists()


def test_a_password_lets_in_and_a_wrong_one_does_not(world: World) -> None:
    _with_password(world)
    visitor = Visitor(world)
    assert visitor.send("/console/sign-in", name="zoe", password="wrong").status == 403
    assert visitor.get("/console/documents").status == 302
    answer = visitor.send("/console/sign-in", name="Zoe ", password=_PASSWORD, next="/console/connections")
    assert (answer.status, answer.location) == (302, "/console/connections")
    assert visitor.get("/console/documents").status == 200


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(next_: str, world: World) -> None:
    _with_password(world)
    answer = Visitor(world).send("/console/sign-in", name="zoe", password=_PASSWORD, next=next_)
    assert answer.location == "/console/"


def test_guessing_is_stopped_by_name_and_by_address_and_ends_with_time(world: World) -> None:
    _with_password(world)
    for n in range(10):
        assert people.sign_in(world.surroundings, "zoe", "wrong", f"192.0.2.{n}") is None
    with pytest.raises(NeedsOperator, match="Too many attempts"):
        people.sign_in(world.surroundings, "zoe", _PASSWORD, "192.0.2.200")
    for n in range(30):
        assert people.sign_in(world.surroundings, f"nobody{n}", "wrong", "198.51.100.1") is None
    with pytest.raises(NeedsOperator, match="Too many attempts"):
        people.sign_in(world.surroundings, "somebody", "wrong", "198.51.100.1")
    world.passes(16 * 60)
    assert people.sign_in(world.surroundings, "zoe", _PASSWORD, "192.0.2.200") is not None


def test_a_link_works_once_and_not_after_an_hour(world: World) -> None:
    user, token = people.add(world.surroundings, "zoe", "clerk", "a test")
    assert Visitor(world).get(f"/console/sign-in/{token.open()}").status == 200  # looking does not use it up
    assert Visitor(world).send(f"/console/sign-in/{token.open()}").status == 302
    assert Visitor(world).send(f"/console/sign-in/{token.open()}").status == 410
    late = people.make_link(world.surroundings, user, "a test")
    world.passes(3601)
    assert Visitor(world).send(f"/console/sign-in/{late.open()}").status == 410


def test_signing_in_gives_the_session_a_new_key(world: World) -> None:
    _with_password(world)
    visitor = Visitor(world)
    visitor.cookies["mlc_session"] = "chosen-by-somebody-else-0123456789"
    visitor.send("/console/sign-in", name="zoe", password=_PASSWORD)
    assert visitor.cookies["mlc_session"] != "chosen-by-somebody-else-0123456789"
    kept = ConsoleSession.objects.get().session_key
    assert kept != visitor.cookies["mlc_session"]  # the database holds its hash alone


def test_sessions_end_when_they_are_ended_the_password_changes_or_the_user_is_disabled(world: World) -> None:
    user = _with_password(world)
    people.add(world.surroundings, "boss", "admin", "a test")

    def signed_in() -> Visitor:
        visitor = Visitor(world)
        visitor.send("/console/sign-in", name="zoe", password=_PASSWORD)
        assert visitor.get("/console/documents").status == 200
        return visitor

    one, two = signed_in(), signed_in()
    other = ConsoleSession.objects.order_by("begun_at").first()
    assert other is not None
    assert two.send(f"/console/account/sessions/{other.session_key}/end", "/console/account").status == 302
    assert one.get("/console/documents").status == 302 and two.get("/console/documents").status == 200
    people.set_password(world.surroundings, user, Secret(_PASSWORD + "!"), "a test")
    assert two.get("/console/documents").status == 302
    people.set_password(world.surroundings, user, Secret(_PASSWORD), "a test")
    three = signed_in()
    people.set_active(world.surroundings, user, False, "a test")
    assert three.get("/console/documents").status == 302
    assert people.sign_in(world.surroundings, "zoe", _PASSWORD, "192.0.2.9") is None


def test_a_role_that_changes_holds_from_the_next_page_on(world: World) -> None:
    invoice = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    number = world.connector.document(invoice).pk
    user = _with_password(world)
    visitor = Visitor(world)
    visitor.send("/console/sign-in", name="zoe", password=_PASSWORD)
    assert visitor.get(f"/console/documents/{number}/skip").status == 200
    people.set_role(world.surroundings, user, "auditor", "a test")
    assert visitor.get(f"/console/documents/{number}/skip").status == 403


def test_the_last_admin_cannot_be_taken_away(world: World) -> None:
    user = _with_password(world, "boss", Role.ADMIN)
    with pytest.raises(NeedsOperator, match="only admin"):
        people.set_active(world.surroundings, user, False, "a test")
    with pytest.raises(NeedsOperator, match="only admin"):
        people.set_role(world.surroundings, user, "clerk", "a test")


def test_what_is_done_about_people_is_kept_with_who_did_it(world: World) -> None:
    user = _with_password(world)
    people.sign_in(world.surroundings, "zoe", _PASSWORD, "192.0.2.9")
    events = list(AccessEntry.objects.order_by("pk").values_list("event", "name", "actor"))
    assert events == [
        ("user_added", user.name, "a test"), ("password_set", user.name, "a test"), ("signed_in", user.name, user.name)
    ]  # fmt: skip

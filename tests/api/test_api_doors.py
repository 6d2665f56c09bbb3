"""The API is for whoever may use the screen that an endpoint follows, with a token that is taken and has the scope."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from program import Program, description

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.core.scopes import Scope
from ml_connector.flows import api_tokens, people
from ml_connector.store.models import AccessEntry, ApiToken
from ml_connector.web.console.screens import ROLES_OF, SCREENS
from world import World

pytestmark = pytest.mark.both_databases

#: Screens that only a browser needs, and why no program does.
_BROWSER_ONLY = {
    "static": "files of pages",
    "nowhere": "no address",
    "look": "light or dark",
    "sign-in": "a program shows a token", "sign-in-code": "a program shows a token",
    "sign-in-link": "a program shows a token", "setup": "a program shows a token",
    "company-sign-in": "a program shows a token", "company-answer": "a program shows a token",
    "sign-out": "a token is revoked", "end-session": "it has no session",
    "password": "only who knows the old one changes it",
    "second-factor": "it is in a person's hand", "second-factor-set-up": "it is in a person's hand",
    "recovery-codes": "it is in a person's hand", "second-factor-off": "it is in a person's hand",
}  # fmt: skip

_EXAMPLES = {
    "connection": "main", "name": "main", "kind": "vendor", "list_id": "80000001-1", "outcome": "goes", "key": "x",
    "cause": "MLC-READ-01",
}  # fmt: skip


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
    ]


def _address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: _EXAMPLES.get(found[1], "999"), path.removeprefix("/api/v1/"))


def test_whatever_the_console_does_a_program_can_do() -> None:
    followed = {name for _, _, operation in _operations() for name in operation["x-follows"]}
    names = {screen.name for screen in SCREENS}
    assert followed <= names
    assert names - followed == set(_BROWSER_ONLY)


@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_endpoint_lets_in_exactly_the_roles_of_the_screens_it_follows(role: Role | None, world: World) -> None:
    program = Program(world, role)
    for method, path, operation in _operations():
        told = program.asks(method, _address(path), {} if method != "GET" else None)
        allowed = role is not None and all(
            (roles := ROLES_OF[name]) is None or role in roles for name in operation["x-follows"]
        )
        if role is None:
            assert told.status == 401 and told.headers["www-authenticate"] == "Bearer", (method, path)
        else:
            assert (told.status == 403) != allowed, (method, path, told.status, told.body[:200])
        assert told.status < 500 and told.status != 405, (method, path, told.status, told.body[:300])


@pytest.mark.parametrize("scope", list(Scope), ids=str)
def test_a_token_does_nothing_beyond_its_scope(scope: Scope, world: World) -> None:
    program = Program(world, Role.ADMIN, scope)
    for method, path, operation in _operations():
        if operation["x-scope"] != scope.value:
            told = program.asks(method, _address(path), {} if method != "GET" else None)
            assert told.status == 403 and f"scope {operation['x-scope']}" in told.error, (method, path, told.status)


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_refuses() -> None:
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(names) == len(set(names))
    for method, path, operation in _operations():
        assert operation["description"].endswith("."), path
        assert operation["x-scope"] in set(Scope) and operation["security"] == [{"Token": []}], path
        assert set(operation["responses"]) == {"200", "default"}, path
        assert "content" in operation["responses"]["200"], (method, path)


def test_the_description_refers_to_nothing_that_it_does_not_hold(world: World) -> None:
    told = Program(world, None).asks("GET", "openapi.json")
    assert told.status == 200 and told.value == description()
    known = set(told.value["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", told.body.decode())) == known
    assert told.value["openapi"].startswith("3.1") and told.value["info"]["title"] == "ml-connector"


def test_a_token_that_was_revoked_or_has_ended_or_is_made_up_is_not_taken(world: World) -> None:
    program = Program(world, Role.CLERK)
    assert program.gets("me")["token"] == "nightly"
    kept = program.text
    for text in ("", "mlc_", "mlc_" + "A" * 43, kept[:-1], kept + "A", kept.upper()):
        program.text = text
        assert program.asks("GET", "me").status == 401, text
    program.text = kept
    world.passes(api_tokens.USUAL_DAYS * 86_400 + 1)
    assert program.asks("GET", "me").status == 401
    again = Program(world, Role.CLERK)
    api_tokens.revoke(world.surroundings, ApiToken.objects.get(user=again.user), "a test")
    assert again.asks("GET", "me").status == 401


def test_who_is_let_in_no_more_has_no_program_that_is(world: World) -> None:
    program = Program(world, Role.CLERK)
    assert program.user is not None
    people.set_active(world.surroundings, program.user, False, "a test")
    assert program.asks("GET", "me").status == 401


def test_another_role_holds_from_the_next_call_on(world: World) -> None:
    program = Program(world, Role.CLERK)
    assert program.asks("GET", "users").status == 403
    assert program.user is not None
    people.set_role(world.surroundings, program.user, "admin", "a test")
    assert program.asks("GET", "users").status == 200


def test_only_the_hash_of_a_token_is_kept_and_its_use_is_noted(world: World) -> None:
    program = Program(world, Role.CLERK)
    program.gets("me")
    row = ApiToken.objects.get()
    assert row.used_at == world.clock.now()
    kept = json.dumps({field.name: str(getattr(row, field.name)) for field in ApiToken._meta.fields})
    assert program.text not in kept and program.text[12:] not in kept
    assert AccessEntry.objects.get(event="api_token_made").words.startswith("API token 'nightly' of")


def test_a_token_makes_no_token_that_can_do_more(world: World) -> None:
    program = Program(world, Role.ADMIN, Scope.PEOPLE, Scope.READ)
    refused = program.asks("POST", "tokens", {"name": "more", "scopes": ["work"]})
    assert refused.status == 409 and "cannot do more" in refused.error
    made = program.does("POST", "tokens", {"name": "less", "scopes": ["read"], "days": 3})
    assert made["token"].startswith("mlc_") and made["scopes"] == ["read"]
    assert [one["name"] for one in program.gets("tokens")] == ["less", "nightly"]
    program.does("DELETE", f"tokens/{made['number']}")
    assert [one["name"] for one in program.gets("tokens")] == ["nightly"]


@pytest.mark.parametrize(
    ("name", "scopes", "days", "words"),
    [("", ["read"], 1, "a name"), ("x (y)", ["read"], 1, "without parentheses"), ("x", [], 1, "at least one scope"),
     ("x", ["all"], 1, "no scope"), ("x", ["read"], 0, "1 to 730"), ("x", ["read"], 731, "1 to 730")],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused_in_one_sentence(
    world: World, name: str, scopes: list[str], days: int, words: str
) -> None:
    user, _ = people.add(world.surroundings, "zoe", Role.CLERK, "a test")
    with pytest.raises(NeedsOperator, match=words):
        api_tokens.make(world.surroundings, user, name, scopes, "a test", days=days)


def test_a_call_that_cannot_be_understood_is_answered_in_one_sentence(world: World) -> None:
    program = Program(world, Role.CONTROLLER)
    call = world.connector.is_called
    headers = {"Authorization": f"Bearer {program.text}", "Content-Type": "application/json"}
    broken = call("POST", "/api/v1/replays", headers, b"{nope")
    assert broken.status == 400 and json.loads(broken.body) == {"error": "The body is not readable as JSON."}
    wrong = program.asks("POST", "documents/1/skip", {"reason": 7})
    assert wrong.status == 422 and wrong.error.startswith("reason: ") and "pydantic" not in wrong.error
    assert program.asks("GET", "documents", before="x").status == 422
    assert program.asks("GET", "documents/99").status == 409
    assert program.asks("GET", "documents/999999999999999999999").status in {404, 409}
    nowhere = call("GET", "/api/v1/none/of/ours", headers, b"")
    assert nowhere.status == 404
    large = call("POST", "/api/v1/replays", headers, b" " * 2_000_001)
    assert large.status == 413 and "Content-Length" in json.loads(large.body)["error"]
    unknown = program.asks("GET", "documents", connection="none-of-ours")
    assert unknown.status == 409 and unknown.error == "There is no connection 'none-of-ours'."
    for told in (broken, nowhere, large):
        assert b"Traceback" not in told.body and told.headers.get("cache-control", "no-store") == "no-store"


def test_a_cookie_of_the_console_opens_nothing_here_and_a_token_opens_no_page(world: World) -> None:
    program = Program(world, Role.ADMIN)
    call = world.connector.is_called
    assert call("GET", "/console/users", {"Authorization": f"Bearer {program.text}"}).status == 302

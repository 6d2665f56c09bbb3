"""Tokens, as a person makes them for programs: shown once, narrowed, and taken no more from one moment to the next."""

from __future__ import annotations

import json
import re

import pytest
from visitor import Visitor

from ml_connector.core.roles import Role
from ml_connector.store.models import ApiToken, User
from world import World

pytestmark = pytest.mark.both_databases


def _asks(world: World, text: str, path: str) -> tuple[int, dict[str, object]]:
    answer = world.connector.is_called("GET", f"/api/v1/{path}", {"Authorization": f"Bearer {text}"})
    return answer.status, json.loads(answer.body)


def _made(visitor: Visitor, name: str = "nightly") -> str:
    answer = visitor.send("/console/account/tokens", name=name, days="30", scopes="read")
    found = re.search(r"mlc_[\w-]{43}", answer.text)
    assert answer.status == 200 and found is not None, answer.text
    return found[0]


def test_a_token_is_shown_once_works_and_is_revoked(world: World) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    text = _made(clerk)
    assert _asks(world, text, "me")[1]["role"] == "clerk"
    page = clerk.get("/console/account/tokens").text
    assert "nightly" in page and text not in page and text[:8] in page
    row = ApiToken.objects.get()
    clerk.send(f"/console/account/tokens/{row.pk}/revoke", "/console/account/tokens")
    assert _asks(world, text, "me")[0] == 401 and "is taken no more" in clerk.get("/console/account/tokens").text
    assert "nightly" not in clerk.get("/console/account/tokens").text


def test_what_cannot_be_a_token_is_said_beside_the_form(world: World) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    for form, words in (
        ({"name": "x", "days": "ever", "scopes": "read"}, "whole number"),
        ({"name": "x", "days": "1000", "scopes": "read"}, "1 to 730"),
        ({"name": "x", "days": "30"}, "at least one scope"),
    ):
        answer = clerk.send("/console/account/tokens", **form)
        assert answer.status == 400 and words in answer.text, answer.text
    _made(clerk)
    again = clerk.send("/console/account/tokens", name="nightly", days="30", scopes="read")
    assert again.status == 400 and "already" in again.text


def test_a_token_of_somebody_else_is_revoked_by_admins_alone(world: World) -> None:
    clerk, other = Visitor(world).comes_in_as(Role.CLERK), Visitor(world).comes_in_as(Role.CONTROLLER)
    text = _made(clerk)
    row, user = ApiToken.objects.get(), User.objects.get(role="clerk")
    refused = other.send(f"/console/account/tokens/{row.pk}/revoke", "/console/account/tokens")
    assert refused.status == 409 and _asks(world, text, "me")[0] == 200
    admin = Visitor(world).comes_in_as(Role.ADMIN)
    assert "nightly" in admin.get(f"/console/users/{user.pk}").text
    admin.send(f"/console/users/{user.pk}/tokens/{row.pk}/revoke", f"/console/users/{user.pk}")
    assert _asks(world, text, "me")[0] == 401

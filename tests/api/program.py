"""A program that uses the API: shows a token, sends JSON, and holds every answer against the description."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jsonschema import Draft202012Validator

from ml_connector.core.roles import Role
from ml_connector.core.scopes import Scope
from ml_connector.flows import api_tokens, people
from ml_connector.store.models import User
from world import World


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI description as programs read it: without Python's own types."""
    from ml_connector.web.api.addresses import api

    told: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))
    return told


@dataclass(frozen=True)
class Told:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        assert list(self.value) == ["error"], self.value
        return str(self.value["error"])


class Program:
    """Calls the API for one person."""

    def __init__(self, world: World, role: Role | None, *scopes: Scope) -> None:
        self.world = world
        self.user: User | None = None
        self.text = ""
        if role is not None:
            name = f"{role}-{User.objects.count()}"
            self.user, _ = people.add(world.surroundings, name, role, "a test", email=f"{name}@acme.example")
            _, secret = api_tokens.make(world.surroundings, self.user, "nightly", scopes or tuple(Scope), "a test")
            self.text = secret.open()

    def asks(self, method: str, path: str, body: object = None, **query: object) -> Told:
        """Make one call; whatever succeeds is held against the description."""
        sent = json.dumps(body).encode() if body is not None else b""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(sent))}
        if self.text:
            headers["Authorization"] = f"Bearer {self.text}"
        address = f"/api/v1/{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        answer = self.world.connector.is_called(method, address, headers, sent)
        told = Told(answer.status, dict(answer.headers), answer.body)
        _hold_against_description(method, path, told)
        return told

    def gets(self, path: str, **query: object) -> Any:
        told = self.asks("GET", path, **query)
        assert told.status == 200, (path, told.body[:500])
        return told.value

    def does(self, method: str, path: str, body: object = None) -> Any:
        told = self.asks(method, path, body if body is not None else {})
        assert told.status == 200, (path, told.body[:500])
        return told.value


def _hold_against_description(method: str, path: str, told: Told) -> None:
    if not told.headers.get("content-type", "").startswith("application/json"):
        return
    operation = _operation(method.lower(), path)
    if operation is None:
        return
    answers = operation["responses"]
    said = answers["200"] if told.status == 200 else answers["default"]
    if "content" in said:
        schema = said["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**schema, "components": description()["components"]})
        problems = [error.message for error in validator.iter_errors(told.value)]
        assert problems == [], (method, path, problems)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    asked = path.strip("/").split("/")
    # A name that is written out goes before one that stands for any.
    for known in sorted(description()["paths"], key=lambda known: known.count("{")):
        parts = known.removeprefix("/api/v1/").split("/")
        fits = len(parts) == len(asked) and all(p[:1] == "{" or p == a for p, a in zip(parts, asked, strict=True))
        if fits and method in description()["paths"][known]:
            found: dict[str, Any] = description()["paths"][known][method]
            return found
    return None

"""The installation, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Schema


class Fact(Schema):
    """One thing that is looked at."""

    title: str
    value: str
    note: str
    ok: bool
    do: str


class Chain(Schema):
    """What is known of one connection's audit chain."""

    connection: str
    entries: int
    checked_at: str | None
    breaks: list[str]
    stale: bool


class System(Schema):
    """How the installation stands."""

    facts: list[Fact]
    chains: list[Chain]

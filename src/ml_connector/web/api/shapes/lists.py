"""Lists, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema


class AList(Schema):
    """One list as a whole."""

    kind: str
    entries: int
    standing: dict[str, int]
    read_at: str | None
    sent_at: str | None
    problem: str
    complete: str


class Entry(Schema):
    """One entry of a list."""

    kind: str
    list_id: str
    code: str
    name: str
    active: bool
    standing: str
    since: str | None
    says: str


class Entries(Schema):
    """Entries of one list."""

    entries: list[Entry]
    after: str | None = Field(description="The ListID after which the next page begins.")
    more: bool = Field(description="More fit than are shown; say more of the name.")


class SideField(Schema):
    """One field of an entry in both systems."""

    field: str
    quickbooks: str
    basware: str
    differs: bool


class Happened(Schema):
    """One thing that happened to an entry."""

    at: str | None
    what: str
    words: str
    actor: str


class EntryDetails(Entry):
    """Everything about one entry."""

    next: str
    fields: list[SideField]
    sent_at: str | None
    request_id: str
    history: list[Happened]
    mappings: list[str]
    documents: list[int]


class OfKind(Schema):
    """Which list; empty: all of them."""

    kind: str = ""


class Resent(Schema):
    """How many entries are sent again."""

    resent: int

"""The audit trail, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema

from ml_connector.web.api.shapes.common import Exchange


class AuditEntry(Schema):
    """One entry of the audit trail."""

    id: int
    seq: int
    at: str
    actor: str
    document: int | None
    event: str
    from_state: str
    to_state: str
    words: str
    exchange_sha256: str
    hash: str


class AuditPage(Schema):
    """A page of entries, the newest first."""

    connection: str
    entries: list[AuditEntry]
    before: int | None


class AuditEntryFull(AuditEntry):
    """One entry with what was said to another system, secrets masked."""

    exchange: Exchange | None


class AuditExport(Schema):
    """Which part of the trail, and how it is written."""

    connection: str = ""
    q: str = ""
    actor: str = ""
    event: str = ""
    since: str = ""
    until: str = ""
    form: str = Field("jsonl", description="jsonl or csv.")
    full: bool = Field(False, description="With the exact bytes of every exchange; jsonl only.")


class Check(Schema):
    """How far the chain is verified."""

    number: int
    connection: str
    entries: int
    checked: int
    ended: bool
    ok: bool | None = Field(description="Null until it has ended.")
    words: str
    breaks: list[str]

"""Connections, as the OpenAPI description tells it."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema

from ml_connector.web.api.shapes.common import Document, Fault, Money, Sides


class Standing(Schema):
    """One connection at a glance."""

    name: str
    company_name: str
    state: str
    paused: bool
    dry_run: bool
    pause_reason: str
    last_poll_at: str | None
    last_success_at: str | None
    last_session_note: str
    company_path: str
    next_poll_at: str | None
    missed_polls: int
    earlier_password_until: str | None
    unanswered: int
    first_deadline: str | None
    waiting: int
    oldest_waiting_at: str | None
    blocked: int
    problems: list[str]


class DutyState(Schema):
    """One kind of work, and when it is next due."""

    due_at: str
    last_ok_at: str | None
    failures: int
    last_error: str


class Connection(Standing):
    """One connection with everything about it, secrets apart."""

    base_url: str
    token_url: str
    company_codes: list[str]
    web_connector_user: str
    owner_id: str
    file_id: str
    product: str
    qbxml_version: str
    documents: dict[str, int]
    settings: dict[str, Any]
    duties: dict[str, DutyState]


class ConnectionIn(Schema):
    """A new connection; it begins in dry run."""

    name: str
    base_url: str
    token_url: str = ""
    company_codes: list[str]
    client_id: str
    client_secret: str
    settings: dict[str, Any] = {}


class ConnectionMade(Schema):
    """A new connection, and the Web Connector's password, which is shown this once."""

    name: str
    web_connector_user: str
    password: str


class ConnectionChange(Schema):
    """What is named is changed, and nothing else."""

    base_url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    settings: dict[str, Any] = {}


class Changed(Schema):
    """What was changed."""

    changed: list[str]


class OptionalReason(Schema):
    """Why; shown to whoever wonders."""

    reason: str = ""


class Lost(Schema):
    """What a company file that was put back to an older copy lost."""

    stopped: str = Field(description="Why nothing is written to QuickBooks; empty if it is.")
    searching: bool
    documents: list[Document]


class AfterRestore(Schema):
    """What is done about it."""

    repost: bool = Field(description="Enter them again; else each stays a question of its own.")
    documents: int = Field(description="How many documents are lost, to confirm it.")


class Step(Schema):
    """One step of the check of Basware."""

    name: str
    title: str
    ok: bool
    sentence: str
    do: str
    milliseconds: int


class Steps(Schema):
    """The latest check of Basware."""

    ok: bool
    steps: list[Step]
    left: list[str]


class NewPassword(Schema):
    """A new password of the Web Connector, shown this once."""

    web_connector_user: str
    password: str
    earlier_until: str


class Stage(Schema):
    """One stage of the setup."""

    key: str
    title: str
    done: bool


class Onboarding(Schema):
    """The way from nothing to the first Bill."""

    stages: list[Stage]
    next: str
    waits_for: str = Field(description="What the Web Connector is waited for with; empty if it called.")


class RightCompany(Schema):
    """Whether the company file that answered is the right one."""

    right: bool


class Verdict(Schema):
    """The invoices of one verdict of a dry run."""

    verdict: str
    words: str
    says: str
    documents: int
    sums: list[Money]


class TriedDocument(Document):
    """One invoice of a dry run, and what would become of it."""

    verdict: str
    would_link_to: str
    held_by: list[Fault]
    sides: Sides


class Trial(Schema):
    """A dry run: what would become of each invoice."""

    verdicts: list[Verdict]
    documents: list[TriedDocument]
    after: int | None


class GoLive(Schema):
    """End the dry run."""

    company: str = Field(description="Name of the company file, typed to confirm.")

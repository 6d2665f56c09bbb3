"""The error inbox and replays, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema

from ml_connector.web.api.shapes.common import Document, Money


class Group(Schema):
    """The documents that one cause holds up."""

    cause: str
    words: str
    says: str
    do: str
    owner: str
    heals_itself: bool
    documents: int
    assigned: int
    sums: list[Money]
    oldest_at: str | None


class Inbox(Schema):
    """The error inbox by cause."""

    counts: dict[str, int]
    groups: list[Group]


class Held(Document):
    """A document of the inbox, and what is the matter with it."""

    says: str


class OpenedGroup(Schema):
    """One cause with a page of its documents."""

    group: Group
    documents: list[Held]
    newer: int | None
    older: int | None


class Solved(Schema):
    """A document that left the inbox."""

    id: int
    invoice_number: str
    supplier_name: str
    was: str
    state_words: str
    resolved_at: str | None


class SolvedPage(Schema):
    """What left the inbox, the latest first."""

    documents: list[Solved]
    before: str = Field(description="Where the next page begins; empty if there is none.")


class Choice(Schema):
    """Which documents, and what is to be done to them."""

    act: str = Field("retry", description="retry, skip, give-up, assign or note.")
    numbers: list[int] = Field([], description="These; empty: all of the error inbox that fit the rest.")
    cause: str = ""
    connection: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    waits_kind: str = ""
    waits_code: str = ""


class Part(Schema):
    """Documents of a plan to which the same happens, for the same reason."""

    outcome: str
    code: str
    words: str
    says: str
    runs: bool
    documents: int
    sums: list[Money]


class LeftOut(Schema):
    """A document that a run left out."""

    id: int
    why: str


class Replay(Schema):
    """A plan, and what became of it."""

    id: int
    act: str
    stage: str
    made_by: str
    made_at: str
    documents: int
    would_run: int = Field(description="Documents it would work on; name this number to run it.")
    more: bool
    needs_second_person: bool
    parts: list[Part]
    left_out: list[LeftOut]


class ReplayDone(Replay):
    """A plan after it was run or decided."""

    said: str


class Replays(Schema):
    """A page of replays, the latest first."""

    replays: list[Replay]
    before: int | None


class PartDocuments(Schema):
    """The documents of one part of a plan."""

    documents: list[Document]
    after: int | None


class Run(Schema):
    """Carry a plan out."""

    documents: int = Field(description="How many documents the plan works on, to confirm it.")
    words: str = Field("", description="The reason, the note, or the person to assign to.")


class Decision(Schema):
    """Approve or refuse what another person wants."""

    approve: bool

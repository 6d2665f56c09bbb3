"""Documents, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema

from ml_connector.web.api.shapes.common import Document, Sides


class Documents(Schema):
    """A page of documents, the newest first."""

    documents: list[Document]
    newer: int | None = Field(description="There are newer ones: ask with `after`.")
    older: int | None = Field(description="There are older ones: ask with `before`.")


class Why(Schema):
    """Why it is where it is, who must act, what happens next and when."""

    state: str
    cause: str
    owner: str
    next_step: str
    next_try: str | None
    deadline: str | None
    overdue: bool
    waiting_since: str
    acknowledged_at: str | None
    time_zone: str


class Chapter(Schema):
    """One thing that happened."""

    seq: int
    at: str
    actor: str
    event: str
    words: str
    from_state: str
    to_state: str
    exchange: int | None = Field(description="Number of what was said to another system.")
    request_id: str


class Story(Document):
    """A document with everything that is known of it."""

    why: Why
    story: list[Chapter]
    sides: Sides
    acts: list[str] = Field(description="What a person can do about it now.")


class Done(Schema):
    """A document after something was done about it."""

    id: int
    state: str
    said: str


class Retry(Schema):
    """Try a document again."""

    post_new: bool = Field(False, description="Look-alikes in QuickBooks are other invoices: enter a new document.")


class Link(Schema):
    """Name the document in QuickBooks that an invoice is."""

    txn_id: str


class Reason(Schema):
    """Why something is done."""

    reason: str


class Assign(Schema):
    """Give a document to somebody."""

    person: str = Field("", description="Name of a user; empty: nobody.")


class Note(Schema):
    """Write something into the story."""

    words: str


class ViewIn(Schema):
    """Filters of the work list, kept under a name."""

    name: str
    q: str = ""
    state: list[str] = []
    connection: str = ""
    vendor: str = ""
    since: str = ""
    until: str = ""
    fault: str = ""


class View(Schema):
    """A saved view."""

    number: int
    name: str
    query: str


class Need(Schema):
    """Something that needs a person."""

    words: str
    says: str
    verb: str
    urgent: bool
    address: str


class Total(Schema):
    """A daily view with its count."""

    name: str
    states: list[str]
    count: int


class Series(Schema):
    """Named counts of a chart."""

    name: str
    counts: list[int]


class Chart(Schema):
    """Figures, and the sentence that says the same."""

    title: str
    labels: list[str]
    series: list[Series]
    says: str
    unit: str


class Overview(Schema):
    """The first page."""

    needs: list[Need]
    totals: list[Total]
    charts: list[Chart]

"""What several endpoints answer with, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema


class Said(Schema):
    """What was done."""

    said: str


class Money(Schema):
    """An amount in one currency."""

    currency: str
    amount: str
    documents: int | None = None


class Fault(Schema):
    """What is the matter with a document."""

    code: str
    says: str
    do: str


class Document(Schema):
    """One Basware invoice on its way into QuickBooks."""

    id: int
    connection: str
    invoice_id: str
    invoice_number: str
    invoice_date: str
    supplier_code: str
    supplier_name: str
    currency: str
    gross: str = Field(description="A credit note is negative.")
    kind: str = Field(description="Bill or VendorCredit; empty until it is planned.")
    ref_number: str
    state: str
    state_words: str = Field(description="The state as people read it.")
    txn_id: str
    txn_number: str
    linked: bool
    paid: str
    discount: str
    faults: list[Fault]
    reason: str
    remark: str
    received_at: str
    acknowledged_at: str | None
    posted_at: str | None
    confirmed_at: str | None
    due_at: str | None
    deadline: str | None = Field(description="Until when Basware waits for an answer.")


class Pair(Schema):
    """One field on both sides."""

    field: str
    basware: str
    quickbooks: str


class LinePair(Schema):
    """One coding row, and the expense line it becomes."""

    basware_coding: str
    basware_amount: str | None
    quickbooks_account: str
    quickbooks_amount: str | None
    quickbooks_note: str


class Sides(Schema):
    """Basware and QuickBooks side by side."""

    fields: list[Pair]
    lines: list[LinePair]
    basware_total: str | None
    quickbooks_total: str | None
    agrees: bool
    unreadable: str


class Exchange(Schema):
    """What was said to another system, secrets masked."""

    at: str
    system: str
    what: str
    status: str
    request_id: str
    request: str
    response: str


class OfConnection(Schema):
    """Which connection."""

    connection: str = ""

"""Payments and months, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Field, Schema


class Payment(Schema):
    """A payment of a Bill, and how far Basware knows it."""

    document: int
    invoice_number: str
    supplier_name: str
    bill_txn_id: str
    payment_txn_id: str
    method: str
    number: str
    paid_on: str
    paid: str
    discount: str
    currency: str
    state: str
    says: str
    next: str


class Payments(Schema):
    """A page of payments, the latest first."""

    payments: list[Payment]
    before: int | None


class Sums(Schema):
    """Three columns in one currency."""

    currency: str
    documents: int
    differing: int
    basware: str
    connector: str
    quickbooks: str


class SupplierSums(Sums):
    """Three columns of one supplier."""

    code: str
    name: str


class Month(Schema):
    """A month: Basware, connector and QuickBooks, to the cent."""

    connection: str
    company: str
    period: str
    agrees: bool
    unread: int
    asked_for_saved_at: str | None
    asked_for_deleted_at: str | None
    totals: list[Sums]
    suppliers: list[SupplierSums]
    digest: str = Field(description="Names these figures; give it back to sign exactly them.")
    signed_by: str | None
    signed_at: str | None
    changed_since: int | None = Field(description="Suppliers whose figures changed since it was signed.")


class Cause(Schema):
    """A document that makes a difference."""

    id: int
    invoice_number: str
    supplier_name: str
    state_words: str
    says: str
    do: str


class Causes(Schema):
    """Documents that make a difference."""

    documents: list[Cause]
    after: int | None


class Sign(Schema):
    """Sign a month."""

    month: str = Field(description="As 2026-03.")
    digest: str = Field(description="Of the figures that were looked at.")
    remark: str = Field("", description="For auditors; needed where the columns do not agree.")
    connection: str = ""


class Signed(Schema):
    """A signature."""

    month: str
    signed_by: str
    digest: str

"""The approved invoice, normalised: what Basware said, in our words, without a decision taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import NewType

from ml_connector.core.money import Money

InvoiceId = NewType("InvoiceId", str)  # Basware `invoiceId`, 1 to 36 characters, opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingRow:
    """One line of the coding that was approved."""

    external_code: str  #: Basware's key of the row
    index: int  #: Basware `rowIndex`; gaps are normal
    account_code: str  #: empty if the row is not coded
    cost_center_code: str = ""  #: becomes the QuickBooks class
    project_code: str = ""  #: becomes the QuickBooks customer:job
    gross: Money | None = None  #: `grossTotal`; None where Basware left it out
    net: Money | None = None  #: `netTotal`
    tax: Money | None = None  #: `taxSum`
    comment: str = ""  #: `lastComment`, at most 1000 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """One accounting document as Basware offered it for transfer."""

    invoice_id: InvoiceId
    company_code: str  #: selects the company file
    supplier_code: str  #: may be empty
    supplier_name: str
    invoice_number: str  #: the supplier's number, at most 100 characters; may be empty
    gross: Money  #: `grossSum`; negative for a credit note
    invoice_date: date | None
    voucher_date: date | None  #: drives the accounting period where it is set
    due_date: date | None
    payment_term_code: str = ""
    payment_method: str = ""
    payment_block: bool = False
    description: str = ""
    reference_number: str = ""
    order_numbers: tuple[str, ...] = ()
    processing_status: str = ""  #: Basware's word, unknown words allowed
    last_updated: str = ""  #: Basware's stamp, raw
    rows: tuple[CodingRow, ...] = ()

    @property
    def is_credit_note(self) -> bool:
        """A negative total makes it a credit note; Basware has no other mark that can be relied on."""
        return self.gross.amount < 0


def content_digest(invoice: Invoice) -> str:
    """Return the SHA-256 of what an invoice says, apart from its status and stamps: equal for a transfer repeated as it was.

    The payment method is left out: our own payment response writes it into the invoice, and no Bill rests on it.
    Source: P2P API, paymentResponses, note 3.
    """
    said = replace(invoice, processing_status="", last_updated="", payment_method="")
    return hashlib.sha256(repr(said).encode()).hexdigest()

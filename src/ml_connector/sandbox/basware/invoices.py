"""The invoices of the tenant: their status machine, what the ERP said about them, and what a page of them holds.

    WaitingForTransfer --acknowledge--> TransferInProgress --transferResponse--> Transferred --paymentResponse--> Paid
          ^  `------------------transferResponse------------------^    `--> TransferFailed
          `----------------------- a person retransfers ---------------------------'
    WaitingForPrebook --acknowledge--> PrebookInProgress --prebookResponse--> Prebooked | PrebookFailed

Sources: P2P API, accountingDocuments (acknowledge notes 1 and 2, transferResponses notes 1 to 4, paymentResponses notes
1 to 5); the arrows not in words there are read from the names of the statuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ml_connector.sandbox.basware.answers import Refusal, dump, refusal, stamp, to_the_millisecond
from ml_connector.sandbox.basware.schema import Record, names

STATUSES = names(
    "WaitingForPrebook PrebookInProgress Prebooked PrebookFailed WaitingForTransfer TransferInProgress Transferred"
    " TransferFailed WaitingForPrebookCancelation PrebookCancelationInProgress PrebookCanceled PrebookCancelFailed"
    " WaitingToBeRemoved Removed RemoveFailed WaitingToBeReturned Returned ReturnFailed WaitingToBeCompleted"
    " CompletionInProgress Completed CompletionFailed Paid New WaitingForEnrichmentTransfer"
    " EnrichmentTransferInProgress EnrichmentTransferred EnrichmentTransferFailed InDocumentFilter"
    " DocumentFilterReleased"
)

_ACKNOWLEDGED = {"WaitingForTransfer": "TransferInProgress", "WaitingForPrebook": "PrebookInProgress"}
_AWAITS_TRANSFER = frozenset({"WaitingForTransfer", "TransferInProgress"})
_AWAITS_PREBOOK = frozenset({"WaitingForPrebook", "PrebookInProgress"})
_IN_LEDGER = frozenset({"Transferred", "Paid"})

#: Fields of the invoice that a payment response sets or, by leaving them out, clears (paymentResponses, note 3).
_PAYMENT_FIELDS = {
    "paymentTermCode": "paymentTermCode",
    "paymentMethod": "paymentMethod",
    "paymentMessage": "paymentMessage",
    "paymentReversalDocument": "paymentRevelsalDocument",
}

_NO_CENTS = 10**15  # a double of this size has no cents
_RESPONSES_KEPT = 100  # newest of each kind, notes 4 and 5


@dataclass(slots=True, kw_only=True)
class StoredInvoice:
    """One invoice with everything Basware knows about it."""

    invoice_id: str
    document: dict[str, Any]  #: wire fields, without status, stamps and responses
    status: str
    last_updated: datetime
    change: int  #: position in the order of changes, unique in the tenant
    attachments: list[dict[str, Any]] = field(default_factory=list)  #: shown only once in the ledger
    acknowledged: int = 0  #: how often successfully
    refused_acknowledges: int = 0
    prebook_responses: list[dict[str, Any]] = field(default_factory=list)
    transfer_responses: list[dict[str, Any]] = field(default_factory=list)
    payment_responses: list[dict[str, Any]] = field(default_factory=list)
    response_codes: set[str] = field(default_factory=set)  #: every externalCode ever used in a response of this invoice
    payment: dict[str, Any] = field(default_factory=dict)  #: what P2P shows of the payment now
    history: list[tuple[str, str]] = field(default_factory=list)  #: stamp and event, for the outside view
    encoded: bytes | None = None  #: the wire form, until something changes

    def wire(self) -> dict[str, Any]:
        """Return the invoice as the API shows it; null properties are left out."""
        shown = {
            **self.document,
            "invoiceId": self.invoice_id,
            "processingStatus": self.status,
            "lastUpdated": stamp(self.last_updated),
            "prebookResponses": self.prebook_responses or None,
            "transferResponses": self.transfer_responses or None,
            "paymentResponses": self.payment_responses or None,
            "attachments": self.attachments if self.status in _IN_LEDGER and self.attachments else None,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def encode(self) -> bytes:
        """Return the wire form as JSON."""
        if self.encoded is None:
            self.encoded = dump(self.wire())
        return self.encoded

    @property
    def row_count(self) -> int:
        """Return how many coding rows it has."""
        return len(self.document.get("codingRows") or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """What a list call asks for."""

    status: str = ""  #: empty means any
    company_code: str = ""  #: empty means any
    updated_after: datetime | None = None
    mode: str = "Standard"  #: p2pProcessingMode; the modes never mix

    def admits(self, invoice: StoredInvoice) -> bool:
        """Tell whether an invoice belongs into the list."""
        return (
            (not self.status or invoice.status == self.status)
            and (not self.company_code or invoice.document["companyCode"] == self.company_code)
            and (self.updated_after is None or invoice.last_updated > self.updated_after)
            and invoice.document.get("p2pProcessingMode", "Standard") == self.mode
        )


class InvoiceStore:
    """All invoices of the tenant, indexed by status in the order of their last change. Not locked; the tenant is."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredInvoice] = {}
        self._by_status: dict[str, dict[str, StoredInvoice]] = {}
        self._change = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, invoice_id: str) -> bool:
        return invoice_id in self._by_id

    def __iter__(self) -> Iterator[StoredInvoice]:
        return iter(self._by_id.values())

    def get(self, invoice_id: str) -> StoredInvoice:
        """Return an invoice. Raises: Refusal 404, without a body, as documented."""
        try:
            return self._by_id[invoice_id]
        except KeyError:
            raise Refusal(status=404) from None

    def add(self, document: dict[str, Any], now: datetime) -> StoredInvoice:
        """Take in an invoice that P2P offers, `processingStatus` as given or WaitingForTransfer.

        Raises: ValueError if the invoiceId is missing or taken, a required field is missing, or the status is unknown.
        """
        document = dict(document)
        for name in ("invoiceId", "companyCode", "supplierCode", "currencyCode", "paymentBlock"):
            if name not in document:
                raise ValueError(f"An invoice needs {name}.")
        invoice_id = document.pop("invoiceId")
        if invoice_id in self._by_id:
            raise ValueError(f"There is an invoice {invoice_id} already.")
        status = document.pop("processingStatus", "WaitingForTransfer")
        if status not in STATUSES:
            raise ValueError(f"{status} is not a processing status.")
        document.pop("lastUpdated", None)
        attachments = document.pop("attachments", None) or []
        document.setdefault("p2pProcessingMode", "Standard")
        invoice = StoredInvoice(
            invoice_id=invoice_id,
            document=document,
            status=status,
            last_updated=to_the_millisecond(now),
            change=0,
            attachments=attachments,
        )
        self._by_id[invoice_id] = invoice
        self._changed(invoice, status, now, f"offered as {status}")
        return invoice

    def acknowledge(self, invoice_id: str, now: datetime) -> StoredInvoice:
        """Take the acknowledgement of one transfer.

        Raises: Refusal 405 whenever the invoice does not wait for it, in particular the second time (note 2).
        """
        invoice = self.get(invoice_id)
        following = _ACKNOWLEDGED.get(invoice.status)
        if following is None:
            invoice.refused_acknowledges += 1
            raise Refusal(status=405)
        invoice.acknowledged += 1
        self._changed(invoice, following, now, "acknowledged")
        return invoice

    def transfer_response(
        self, invoice_id: str, body: dict[str, Any], now: datetime, late_status: int
    ) -> StoredInvoice:
        """Take the ERP's verdict on a transfer.

        Raises: Refusal 400 for a repeated externalCode; `late_status` when no verdict is awaited (note 1). A verdict on
        an invoice whose transfer failed is awaited only after a person transferred it again.
        """
        invoice = self.get(invoice_id)
        self._new_code(invoice, body, status=400)
        if invoice.status not in _AWAITS_TRANSFER:
            message = f"Transfer response is not allowed for an invoice with status {invoice.status}"
            raise refusal(
                late_status, "METHOD_NOT_ALLOWED", message, type_="BUSINESS", external_code=body["externalCode"]
            )
        self._keep(invoice.transfer_responses, invoice, body, "transferDate")
        if body["success"]:
            self._vouchers(invoice, body)
        self._changed(
            invoice, "Transferred" if body["success"] else "TransferFailed", now, f"told: {body['responseMessage']}"
        )
        return invoice

    def prebook_response(self, invoice_id: str, body: dict[str, Any], now: datetime) -> StoredInvoice:
        """Take the ERP's verdict on a prebooking. Raises: Refusal 409 (repeated externalCode), 400 without a body."""
        invoice = self.get(invoice_id)
        self._new_code(invoice, body, status=409)
        if invoice.status not in _AWAITS_PREBOOK:
            raise Refusal(status=400)
        self._keep(invoice.prebook_responses, invoice, body, "prebookDate")
        if body["success"]:
            self._vouchers(invoice, body)
        self._changed(
            invoice, "Prebooked" if body["success"] else "PrebookFailed", now, f"told: {body['responseMessage']}"
        )
        return invoice

    def payment_response(
        self, invoice_id: str, body: dict[str, Any], now: datetime, *, paid_on_first: bool
    ) -> StoredInvoice:
        """Take word of a payment; what is not in it is cleared on the invoice (note 3).

        Paid is reached when `paidTotal` and `cashDiscount` together cover `grossSum`, and left again when a later word
        says less. Raises: Refusal 409 (repeated externalCode), 400 without a body (not in the ledger).
        """
        invoice = self.get(invoice_id)
        self._new_code(invoice, body, status=409)
        if invoice.status not in _IN_LEDGER:
            raise Refusal(status=400)
        self._keep(invoice.payment_responses, invoice, body, "paymentDate")
        if not body["success"]:
            self._changed(invoice, invoice.status, now, "told of a payment that failed")
            return invoice
        for sent, shown in _PAYMENT_FIELDS.items():
            invoice.document[shown] = body.get(sent) or None
        invoice.document["paymentBlock"] = body["paymentBlock"]
        # An empty payment date becomes the current date (note 4).
        invoice.payment = {
            **{name: value for name, value in body.items() if name not in ("externalCode", "success")},
            "paymentDate": body.get("paymentDate") or stamp(now)[:10],
        }
        paid = paid_on_first or _covers(invoice.document.get("grossSum"), body)
        amount = body.get("paidTotal") or 0
        self._changed(invoice, "Paid" if paid else "Transferred", now, f"told: paid {amount} in total")
        return invoice

    def retransfer(self, invoice_id: str, changes: dict[str, Any], now: datetime) -> StoredInvoice:
        """Do what a person does in P2P: correct an invoice and transfer it once more under the same invoiceId.

        `changes` are wire fields to set; null removes one. Raises: Refusal 404, ValueError for a field not his to edit.
        """
        invoice = self.get(invoice_id)
        for name in changes:
            if name in ("invoiceId", "processingStatus", "lastUpdated", "attachments") or name.endswith("Responses"):
                raise ValueError(f"{name} cannot be edited.")
        for name, value in changes.items():
            if value is None:
                invoice.document.pop(name, None)
            else:
                invoice.document[name] = value
        self._changed(invoice, "WaitingForTransfer", now, "transferred again" + (", edited" if changes else ""))
        return invoice

    def after(self, wanted: InvoiceFilter, change: int) -> Iterator[StoredInvoice]:
        """Yield the invoices of a list in the order of their changes, those changed after a given position only."""
        if wanted.status:
            candidates = iter(self._by_status.get(wanted.status, {}).values())
        else:
            candidates = iter(sorted(self._by_id.values(), key=lambda invoice: invoice.change))
        return (invoice for invoice in candidates if invoice.change > change and wanted.admits(invoice))

    def _changed(self, invoice: StoredInvoice, status: str, now: datetime, event: str) -> None:
        """Set the status and note the change; the only place where a status is written."""
        self._by_status.get(invoice.status, {}).pop(invoice.invoice_id, None)
        self._change += 1
        invoice.change = self._change
        invoice.status = status
        invoice.last_updated = to_the_millisecond(now)
        invoice.encoded = None
        invoice.history.append((stamp(now), event))
        self._by_status.setdefault(status, {})[invoice.invoice_id] = invoice

    @staticmethod
    def _new_code(invoice: StoredInvoice, body: dict[str, Any], *, status: int) -> None:
        code = body["externalCode"]
        if code in invoice.response_codes:
            message = f"A response with externalCode {code} exists already"
            raise refusal(status, "CONFLICT_IN_POST", message, type_="BUSINESS", external_code=code)

    @staticmethod
    def _keep(kept: list[dict[str, Any]], invoice: StoredInvoice, body: dict[str, Any], date_field: str) -> None:
        invoice.response_codes.add(body["externalCode"])
        stored = {name: value for name, value in body.items() if value is not None}
        if len(stored.get(date_field, "")) == len("2026-11-05"):
            stored[date_field] += "T00:00:00"
        kept.append(stored)
        del kept[:-_RESPONSES_KEPT]

    @staticmethod
    def _vouchers(invoice: StoredInvoice, body: dict[str, Any]) -> None:
        for name in ("voucherNumber1", "voucherNumber2"):
            if body.get(name):
                invoice.document[name] = body[name]
        invoice.document["paymentBlock"] = body["paymentBlock"]


def _covers(gross: float | None, body: dict[str, Any]) -> bool:
    # The sample numbers of the P2P API (1136.8 paid, 23.2 discount, 1160 gross) show that paidTotal excludes discount.
    due = _cents(gross)
    settled = _cents(body.get("paidTotal")) + _cents(body.get("cashDiscount"))
    return settled <= due if due < 0 else settled >= due


def _cents(value: float | None) -> Decimal:
    amount = Decimal(str(value or 0))
    return amount if abs(amount) >= _NO_CENTS else amount.quantize(Decimal("0.01"))


def faulty_response(schema: Record, body: object) -> Refusal | None:
    """Return the refusal of a response body that does not match its schema, or None."""
    faults = list(schema.faults(body))
    if not faults:
        return None
    code = body.get("externalCode", "") if isinstance(body, dict) else ""
    return refusal(
        400, "SCHEMA_VALIDATION_ERROR", "; ".join(faults), external_code=code if isinstance(code, str) else ""
    )

"""The calls under `/v1/accountingDocuments` (P2P API, accountingDocuments)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from ml_connector.sandbox.basware.answers import Answer, Refusal, bad_parameter, dump, json_answer, stamp
from ml_connector.sandbox.basware.entities import PAYMENT_RESPONSE, PREBOOK_RESPONSE, TRANSFER_RESPONSE
from ml_connector.sandbox.basware.invoices import STATUSES, InvoiceFilter, StoredInvoice, faulty_response
from ml_connector.sandbox.basware.request_statuses import Entry, Item
from ml_connector.sandbox.basware.schema import Record
from ml_connector.sandbox.basware.wsgi import CONTINUATION_HEADER, Call

if TYPE_CHECKING:
    from ml_connector.sandbox.basware.tenant import BaswareTenant

#: A one-page document, for whoever opens an attachment.
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)

_LEDGER_STATUS = {"Transferred": "ReadyForPayment", "Paid": "Paid", "Removed": "Rejected", "Returned": "Rejected"}


class InvoiceCalls:
    """Handlers of the invoice calls; each runs under the tenant's lock and may raise Refusal."""

    def __init__(self, tenant: BaswareTenant, presigned_base_url: str) -> None:
        self._tenant = tenant
        self._presigned_base_url = presigned_base_url.rstrip("/")

    def list_page(self, call: Call) -> Answer:
        """GET /v1/accountingDocuments: 302 to a page, 404 when there is nothing."""
        call.only("ProcessingStatus", "pageSize", "companyCode", "lastUpdated", "p2pProcessingMode")
        status = call.query.get("ProcessingStatus", "")
        if status and status not in STATUSES:
            raise bad_parameter(f"ProcessingStatus {status} is not known")
        mode = call.query.get("p2pProcessingMode") or "Standard"
        if mode not in ("Standard", "InvoiceEnrichment"):
            raise bad_parameter(f"p2pProcessingMode {mode} is not known")
        wanted = InvoiceFilter(
            status=status,
            company_code=call.query.get("companyCode", ""),
            updated_after=call.moment("lastUpdated"),
            mode=mode,
        )
        switches, dice = self._tenant.switches, self._tenant.dice
        size = call.page_size(100)
        if size > 1 and dice.random() < switches.short_page_chance:
            size = dice.randint(1, size - 1)
        page: list[StoredInvoice] = []
        rows, more = 0, False
        for invoice in self._tenant.invoices.after(wanted, call.position()):
            if len(page) == size or (page and rows + invoice.row_count > switches.rows_per_page):
                more = True
                break
            page.append(invoice)
            rows += invoice.row_count
        if not page:
            raise Refusal(status=404)
        return self._redirect(self._body(page), call.now, call.token(page[-1].change) if more else "")

    def one(self, call: Call) -> Answer:
        """GET /v1/accountingDocuments/{invoiceId}: 302 to a page of one."""
        call.only()
        return self._redirect(self._body([self._tenant.invoices.get(call.parts["invoiceId"])]), call.now, "")

    def acknowledge(self, call: Call) -> Answer:
        """POST .../acknowledge."""
        call.only()
        self._tenant.invoices.acknowledge(call.parts["invoiceId"], call.now)
        return json_answer("Acknowledged successfully")

    def transfer_response(self, call: Call) -> Answer:
        """POST .../transferResponses."""

        def take(invoice_id: str, body: dict[str, Any]) -> object:
            late = self._tenant.switches.late_transfer_status
            return self._tenant.invoices.transfer_response(invoice_id, body, call.now, late)

        return self._response(call, TRANSFER_RESPONSE, "TransferResponse", take)

    def prebook_response(self, call: Call) -> Answer:
        """POST .../prebookResponses; a faulty body is refused without words, as documented."""

        def take(invoice_id: str, body: dict[str, Any]) -> object:
            return self._tenant.invoices.prebook_response(invoice_id, body, call.now)

        return self._response(call, PREBOOK_RESPONSE, "PrebookResponse", take)

    def payment_response(self, call: Call) -> Answer:
        """POST .../paymentResponses; a faulty body is refused without words, as documented."""

        def take(invoice_id: str, body: dict[str, Any]) -> object:
            paid_on_first = self._tenant.switches.paid_on_first_payment
            return self._tenant.invoices.payment_response(invoice_id, body, call.now, paid_on_first=paid_on_first)

        return self._response(call, PAYMENT_RESPONSE, "PaymentResponse", take)

    def search_status(self, call: Call) -> Answer:
        """GET /v1/accountingDocuments/status: a bare array; nothing until Basware has enabled it for the tenant."""
        call.only("companyCode", "invoiceNumber", "invoiceDate", "grossSum", "pageSize")
        company, number = call.required("companyCode"), call.required("invoiceNumber")
        call.required("invoiceDate")
        day = call.moment("invoiceDate")
        gross = _amount(call.query.get("grossSum", ""))
        found = []
        for invoice in self._tenant.invoices if self._tenant.switches.status_search_enabled else ():
            document = invoice.document
            if (document["companyCode"], document.get("invoiceNumber")) != (company, number):
                continue
            if day is None or (document.get("invoiceDate") or "")[:10] != f"{day:%Y-%m-%d}":
                continue
            if gross is not None and _amount(str(document.get("grossSum", ""))) != gross:
                continue
            found.append(
                {
                    "invoiceId": invoice.invoice_id,
                    "status": _LEDGER_STATUS.get(invoice.status, "InApprovalProcess"),
                    "processingStatus": invoice.status,
                    "disputeInfo": {"isDisputed": False},
                    "lastUpdated": stamp(invoice.last_updated),
                }
            )
        if not found:
            raise Refusal(status=404)
        return json_answer(found[: call.page_size(500)])

    def attachment(self, call: Call) -> Answer:
        """GET .../attachments/{code}: 302 to the file, once the invoice is in the ledger."""
        call.only()
        invoice = self._tenant.invoices.get(call.parts["invoiceId"])
        shown = invoice.wire().get("attachments") or ()
        if call.parts["attachmentExternalCode"] not in {entry["externalCode"] for entry in shown}:
            raise Refusal(status=404)
        return self._redirect_to(Answer(status=200, body=_PDF, content_type="application/pdf"), call.now, ())

    # ---- shared steps

    def _response(
        self, call: Call, schema: Record, entity_type: str, take: Callable[[str, dict[str, Any]], object]
    ) -> Answer:
        call.only()
        invoice_id = call.parts["invoiceId"]
        self._tenant.invoices.get(invoice_id)
        body = call.json()
        faults = faulty_response(schema, body)
        if faults is not None:
            # Only the transfer call documents a body for its 400.
            raise faults if schema is TRANSFER_RESPONSE else Refusal(status=400)
        work = _drop
        if not self._tenant.faults.strikes("response-dropped", "POST", call.path):
            take(invoice_id, body)
            work = _succeed
        item = Item(external_code=body["externalCode"], parent_external_code=invoice_id)
        self._tenant.open_status(
            call.request_id, entity_type, "v1", "POST", call.client_id, [item], work, path=call.path
        )
        return Answer(status=200, body=dump(body))

    def _body(self, page: list[StoredInvoice]) -> bytes:
        chance, dice = self._tenant.switches.unknown_field_chance, self._tenant.dice
        parts = []
        for invoice in page:
            encoded = invoice.encode()
            if chance and dice.random() < chance:
                # New properties may appear at any time (P2P API, general notes); nobody may stumble over one.
                encoded = encoded[:-1] + b',"sustainabilityScore":{"scale":"A-E","value":"B"}}'
            parts.append(encoded)
        return b'{"accountingDocuments":[' + b",".join(parts) + b"]}"

    def _redirect(self, body: bytes, now: datetime, token: str) -> Answer:
        headers = ((CONTINUATION_HEADER, token),) if token else ()
        # The content type of a stored object says nothing about what is in it.
        return self._redirect_to(
            Answer(status=200, body=body, content_type="binary/octet-stream", headers=headers), now, headers
        )

    def _redirect_to(self, stored: Answer, now: datetime, headers: tuple[tuple[str, str], ...]) -> Answer:
        switches = self._tenant.switches
        location = self._presigned_base_url + self._tenant.presigned.put(stored, now, switches.presigned_lifetime_s)
        shown = () if switches.token_on_final_only else headers
        return Answer(status=302, headers=(("Location", location), *shown))


def _succeed(entry: Entry) -> None:
    for item in entry.items:
        item.status = "Success"


def _drop(entry: Entry) -> None:
    for item in entry.items:
        item.fail("Error", "Request timed-out", category="Technical")


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        return Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise bad_parameter("grossSum is not a number") from None

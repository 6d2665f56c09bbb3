"""Intake: approved invoices from Basware are stored raw, and only then acknowledged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml_connector.basware.client import Acknowledged, Acknowledgement, BaswareClient, InvoicePage
from ml_connector.basware.read import read_invoice
from ml_connector.basware.wire import RawInvoice, Unreadable
from ml_connector.core.faults import Fault
from ml_connector.core.invoice import InvoiceId, content_digest
from ml_connector.core.states import Event, State, can
from ml_connector.flows.surroundings import Surroundings, company_codes
from ml_connector.store import documents, duties
from ml_connector.store.chain import Entry, ExchangeRef, Ledger, writing
from ml_connector.store.documents import Hop, NewDocument
from ml_connector.store.models import Connection, Document

_WAITING = "WaitingForTransfer"
_IN_PROGRESS = "TransferInProgress"
_ACKNOWLEDGED_PER_COMMIT = 50


def fetch(surroundings: Surroundings, connection: Connection) -> int:
    """Read every page of invoices that wait for transfer, store them, and acknowledge what is stored; return how many are
    new or came again."""
    taken = 0
    client = surroundings.basware(connection)
    for company in company_codes(connection):
        # Nothing is acknowledged before the last page: an acknowledged invoice leaves the list and would move the pages.
        for page in _pages(client, _WAITING, company):
            taken += _store(surroundings, connection, page)
    acknowledge(surroundings, connection)
    return taken


def sweep(surroundings: Surroundings, connection: Connection) -> int:
    """Look for invoices that are acknowledged in Basware but unknown here, and take them in; return how many.

    They would be lost otherwise: Basware offers them no more, and fails them some day without a word.
    """
    taken = 0
    client = surroundings.basware(connection)
    for company in company_codes(connection):
        for page in _pages(client, _IN_PROGRESS, company):
            known = documents.known(connection.pk, [raw.invoice_id for raw in page.invoices])
            missing = [raw for raw in page.invoices if raw.invoice_id not in known]
            if missing:
                with writing(connection.pk, surroundings.clock()) as ledger:
                    documents.receive(ledger, [_new(raw) for raw in missing], ledger.keep(page.exchange))
                taken += len(missing)
    acknowledge(surroundings, connection)
    return taken


def _pages(client: BaswareClient, status: str, company: str) -> Iterator[InvoicePage]:
    continuation = ""
    while True:
        page = client.invoice_page(status, company, continuation)
        yield page
        continuation = page.continuation
        if not continuation:
            return


def _new(raw: RawInvoice) -> NewDocument:
    return NewDocument(invoice_id=raw.invoice_id, company_code=raw.company_code, raw=raw.raw)


def _store(surroundings: Surroundings, connection: Connection, page: InvoicePage) -> int:
    """Store one page in one transaction."""
    if not page.invoices:
        return 0
    with writing(connection.pk, surroundings.clock()) as ledger:
        offered = {raw.invoice_id: raw for raw in page.invoices}
        known = documents.known(connection.pk, offered)
        again = [known[key] for key in offered if key in known]
        new = [_new(raw) for key, raw in offered.items() if key not in known]
        returned = [document for document in again if _comes_again(document, offered[InvoiceId(document.invoice_id)])]
        if not new and not returned:
            return 0
        exchange = ledger.keep(page.exchange)
        documents.receive(ledger, new, exchange)
        for document in returned:
            _offered_again(ledger, document, offered[InvoiceId(document.invoice_id)], exchange)
        return len(new) + len(returned)


def _comes_again(document: Document, raw: RawInvoice) -> bool:
    """A document that is stored but not acknowledged yet is still offered, and one whose Bill is under way waits until
    its outcome is known."""
    if document.acknowledged_at is None:
        return document.raw_sha256 != documents.bytes_sha256(raw.raw) and document.state == State.RECEIVED
    return document.state not in {State.SENT, State.IN_DOUBT}


def _offered_again(ledger: Ledger, document: Document, raw: RawInvoice, exchange: ExchangeRef) -> None:
    content = {"raw": raw.raw, "raw_sha256": documents.bytes_sha256(raw.raw)}
    if document.state == State.RECEIVED:
        documents.change(document, **content)
        return
    reoffer: dict[str, object] = {"acknowledged_at": None, "due_at": None, "reason": ""}
    changed = _content_of(raw.raw) != _content_of(bytes(document.raw))
    event = Event.OFFERED_CHANGED if changed else Event.OFFERED_AGAIN
    if document.state == State.POSTED and not changed:
        # Its answer is still to be given. Under a name of its own, because the earlier transfer may have been answered
        # without our knowing, and that answer does not count for this one.
        fresh = {"response_no": document.response_no + 1, "answer_tries": 0, "due_at": None}
        documents.change(document, acknowledged_at=None, **fresh)
        return
    if not can(State(document.state), event):
        return
    if document.txn_id:
        words = "Basware offers it again; it is in QuickBooks already."
        if changed:
            detail = "compare the two and correct the one in QuickBooks where they differ"
            fault = Fault(code="MLC-CHANGED-01", value=f"{document.kind} {document.txn_id}", detail=detail)
            reoffer["faults"] = documents.faults_as_json([fault])
            words = fault.says
        reoffer |= _to_be_told_anew(document)
    else:
        words = "Basware offers it again; it is planned anew."
        reoffer |= {"plan_no": document.plan_no + 1, "faults": [], "request_xml": "", "plan_basis": "", "tries": 0}
    hop = Hop(document=document, event=event, words=words, changes=reoffer | content, exchange=exchange)
    documents.hop_all(ledger, [hop])


def _to_be_told_anew(document: Document) -> dict[str, object]:
    """Return what changes when a transfer must be answered once more: under a new name, and what is paid after it,
    because the new transfer puts the invoice back to unpaid in Basware."""
    anew: dict[str, object] = {"response_no": document.response_no + 1, "answer_tries": 0}
    if document.payment_content or document.payment_tried:
        anew |= {"payment_content": "", "payment_due": True}
        anew |= {"payment_tried": "", "payment_no": document.payment_no + 1}
    return anew


def _content_of(raw: bytes) -> str:
    """Name what an invoice says; one that cannot be read is named by its bytes."""
    try:
        return content_digest(read_invoice(raw))
    except Unreadable:
        return documents.bytes_sha256(raw)


def acknowledge(surroundings: Surroundings, connection: Connection) -> int:
    """Acknowledge what is stored. A crash in between does no harm: the second acknowledgement is answered with 405, which
    says that the first one won."""
    client = surroundings.basware(connection)
    done = 0
    while True:
        batch = documents.to_acknowledge(connection.pk, _ACKNOWLEDGED_PER_COMMIT)
        answers: list[tuple[Document, Acknowledgement]] = []
        try:
            for document in batch:
                answers.append((document, client.acknowledge(InvoiceId(document.invoice_id))))
        finally:
            # What was acknowledged before a failure is kept.
            if answers:
                _note_acknowledged(surroundings, connection, answers)
        done += len(answers)
        if len(batch) < _ACKNOWLEDGED_PER_COMMIT:
            return done


def _note_acknowledged(
    surroundings: Surroundings, connection: Connection, answers: Sequence[tuple[Document, Acknowledgement]]
) -> None:
    with writing(connection.pk, surroundings.clock()) as ledger:
        refs = ledger.keep_all([answer.exchange for _, answer in answers])
        hops: list[Hop] = []
        for (document, answer), ref in zip(answers, refs, strict=True):
            words = _ACKNOWLEDGED_WORDS[answer.outcome]
            if document.state == State.RECEIVED:
                changes = {"acknowledged_at": ledger.now}
                hops.append(
                    Hop(document=document, event=Event.ACKNOWLEDGED, words=words, changes=changes, exchange=ref)
                )
            else:
                documents.change(document, acknowledged_at=ledger.now)
                ledger.note(Entry(event="acknowledged", words=words, document_id=document.pk, exchange=ref))
        documents.hop_all(ledger, hops)
        gone = [d for d, answer in answers if answer.outcome is Acknowledged.GONE and d.state == State.ACCEPTED]
        fault = Fault(code="MLC-BW-02")
        faults = documents.faults_as_json([fault])
        documents.hop_all(
            ledger,
            [Hop(document=d, event=Event.FOUND_FAULTS, words=fault.says, changes={"faults": faults}) for d in gone],
        )
        duties.wake(connection.pk, ledger.now, duties.PLANNING)


_ACKNOWLEDGED_WORDS = {
    Acknowledged.DONE: "Acknowledged; Basware no longer offers it.",
    Acknowledged.ALREADY: "Acknowledged earlier; Basware no longer offers it.",
    Acknowledged.GONE: "Basware does not know this invoice any more, so it could not be acknowledged.",
}

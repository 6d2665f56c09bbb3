"""Bills that should be in QuickBooks: asked for before Basware is told of them once more, and noticed when they are deleted;
and Bills that a person named for what cannot be planned or was changed.

A Bill may be gone after it was confirmed: somebody deleted or voided it, or an older backup of the company file was
restored.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.core.books import TxnId
from ml_connector.core.drift import held_as_json, held_by
from ml_connector.core.faults import Fault
from ml_connector.core.invoice import Invoice
from ml_connector.core.matching import Match, Verdict
from ml_connector.core.records import LedgerTxn, TxnKind
from ml_connector.core.states import Event, State
from ml_connector.flows.lookups import KINDS, Unproven, candidates, found_hop
from ml_connector.flows.planning import about_invoice, read, vendor_of
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.render import message_set
from ml_connector.store import documents, duties, reckoning
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import ExchangeRef, Ledger
from ml_connector.store.documents import Hop
from ml_connector.store.lists import currency_of_vendor
from ml_connector.store.models import Document

_PER_QUESTION = 100
_COUNTED = 10_000  # more than this many count as this many


class Checks:
    """Asks for the Bills of invoices that Basware offers again, before it is told that they are in QuickBooks, and for those
    that a person named."""

    name = "checks"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """Some wait to be asked for in this session."""
        return not visit.notes.get("stop") and bool(documents.ids_to_check(visit.connection.pk, 1))

    def remaining(self, visit: Visit) -> int:
        """Documents that wait."""
        return len(documents.ids_to_check(visit.connection.pk, _COUNTED))

    def ask(self, visit: Visit) -> str | None:
        """Ask for the next ones by TxnID."""
        waiting = documents.to_check(visit.connection.pk, documents.ids_to_check(visit.connection.pk, _PER_QUESTION))
        if not waiting:
            return None
        visit.notes["asked"] = [document.pk for document in waiting]
        asked = []
        lines = any(document.state != State.POSTED for document in waiting)  # what is confirmed is kept as it stands
        for kind in KINDS:
            # What a person named may be of the wrong kind.
            ids = [TxnId(d.wanted_txn_id) for d in waiting if d.kind == kind or d.state != State.POSTED]
            if ids:
                asked.append(
                    requests.txn_query_by_txn_ids(kind, ids, f"check.{visit.serial}.{kind}", visit.version, lines=lines)
                )
        return message_set(asked, version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Let Basware be told of those that are there; the others come to a person."""
        found = candidates(answer) if answer.failure is None else None
        if found is None or isinstance(found, Unproven):
            visit.notes["stop"] = True
            return
        there = {txn.txn_id: txn for txns in found.values() for txn in txns}
        waiting = documents.to_check(visit.connection.pk, visit.notes.pop("asked", []))
        hops: list[Hop] = []
        claimed: dict[str, Document] = {}
        for document in waiting:
            txn = there.get(TxnId(document.wanted_txn_id))
            if document.state != State.POSTED:
                hops.append(_named_hop(visit, document, txn, answer.exchange, claimed))
            elif words := _what_is_wrong(document, txn):
                hops.append(vanished(document, words, answer.exchange, txn))
            else:
                documents.change(document, wanted_txn_id="")
        documents.hop_all(visit.ledger, hops)
        duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)


def note_deleted(ledger: Ledger, gone: Sequence[TxnId], exchange: ExchangeRef) -> int:
    """Take note of deleted Bills and VendorCredits; return how many were of documents of ours."""
    reckoning.note_gone(ledger, gone)
    states = [State.POSTED, State.CONFIRMED, State.PAID]
    ours = documents.of(ledger.connection.pk).filter(txn_id__in=list(gone), state__in=states)
    hops = [vanished(document, "it was deleted there", exchange) for document in ours.defer("raw", "request_xml")]
    documents.hop_all(ledger, hops)
    return len(hops)


def _named_hop(
    visit: Visit, document: Document, found: LedgerTxn | None, exchange: ExchangeRef, claimed: dict[str, Document]
) -> Hop:
    """Return the step of a document for which a person named a Bill: linked to it, or told why not."""
    invoice = read(document)
    if found is None:
        words = "it is not in QuickBooks"
    elif isinstance(invoice, Fault):
        words = "the invoice cannot be read, so that the two cannot be compared"
    else:
        words = _differences(visit, document, invoice, found)
        if not words:
            hop = found_hop(visit, document, Match(verdict=Verdict.LINKABLE, found=found), exchange, claimed)
            if hop.event is Event.LINKED:
                about = about_invoice(invoice)
                hop.changes |= about | {
                    "posted_cents": about["gross_cents"],
                    "kind": found.kind.value,
                    "vendor_list_id": found.vendor,
                    "ref_number": found.ref_number[:20],
                    "txn_date": found.txn_date.isoformat(),
                    "payment_due": found.kind is TxnKind.BILL,
                    "held": held_as_json(held_by(found)) | {"by_credit": found.is_paid},
                }
            return hop
    fault = Fault(code="MLC-LINK-02", value=document.wanted_txn_id, detail=words)
    before = [earlier for earlier in documents.faults_of(document) if earlier.code != fault.code]
    changes: dict[str, object] = {"faults": documents.faults_as_json([fault, *before]), "wanted_txn_id": ""}
    return Hop(document=document, event=Event.FOUND_FAULTS, words=fault.says, exchange=exchange, changes=changes)


def _differences(visit: Visit, document: Document, invoice: Invoice, found: LedgerTxn) -> str:
    total = abs(invoice.gross.amount)
    if document.wanted_txn_id == document.txn_id:
        # The person saw how it differs, and confirms it as it stands.
        return "it is void" if total and not found.amount else ""
    kind = TxnKind.VENDOR_CREDIT if invoice.is_credit_note else TxnKind.BILL
    if found.kind is not kind:
        return f"it is a {found.kind} and not a {kind}"
    vendor = vendor_of(visit.connection, invoice)
    if vendor and found.vendor != vendor:
        return "it belongs to another vendor"
    currency = currency_of_vendor(visit.connection, found.vendor)
    if currency and currency != invoice.gross.currency:
        return f"its currency is {currency} instead of {invoice.gross.currency}"
    return "" if found.amount == total else f"its amount is {found.amount:.2f} instead of {total:.2f}"


def _what_is_wrong(document: Document, found: LedgerTxn | None) -> str:
    if found is None:
        return "it is not there any more"
    sent = abs(from_cents(document.gross_cents))
    return "" if found.amount == sent else f"its amount there is {found.amount:.2f} instead of {sent:.2f}"


def vanished(document: Document, words: str, exchange: ExchangeRef, txn: LedgerTxn | None = None) -> Hop:
    """Return the step of a document that QuickBooks no longer has, or no longer with its amount; `txn` is what it has."""
    fault = Fault(code="MLC-CHANGED-03", value=f"{document.kind} {document.txn_id}", detail=words)
    changes: dict[str, object] = {
        "faults": documents.faults_as_json([fault]),
        "due_at": None,
        "wanted_txn_id": "",
        "payment_due": False,
        "answer_fault": None,
    }
    changes |= reckoning.as_said(txn) if txn else reckoning.NOT_IN_BOOKS
    return Hop(document=document, event=Event.VANISHED, words=fault.says, exchange=exchange, changes=changes)

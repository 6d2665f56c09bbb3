"""Looking documents up in QuickBooks: the questions, what the answers hold, and the step of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.core.books import ListId, TxnId
from ml_connector.core.faults import Fault
from ml_connector.core.identity import document_guid, external_guid, memo_tag
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.matching import Match, Sought, Verdict, describe
from ml_connector.core.records import LedgerTxn, TxnKind
from ml_connector.core.states import Event
from ml_connector.flows.settling import posted_columns
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import ResponseHead, UnreadableAnswer, UnreadableRecord
from ml_connector.quickbooks.statuses import Fate, classify_status
from ml_connector.store import documents
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import ExchangeRef
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document
from ml_connector.store.reckoning import as_entered

KINDS = (TxnKind.BILL, TxnKind.VENDOR_CREDIT)

#: An answer to a question for TxnIDs or numbers that can be believed, also where some of them are not there.
LOOKUP_WORKED = frozenset({Fate.OK, Fate.WARNED, Fate.EMPTY, Fate.INCOMPLETE})

#: A vendor that was merged or deleted meanwhile; its Bills are found by their numbers, under whatever vendor they are now.
_GONE = frozenset({3120, 3140})


def by_vendor(serial: int, kind: TxnKind, day: str) -> str:
    """Name a lookup by vendor and date."""
    return f"look.{serial}.{kind}.vendor.{day}"


def is_by_vendor(request: str) -> bool:
    """Tell whether a lookup was by vendor and date."""
    return ".vendor." in request


def sought(document: Document, *, in_doubt: bool = False) -> Sought:
    """Return what is looked for in QuickBooks, from the plan that stands in the row."""
    guid = document_guid(document.company_code, InvoiceId(document.invoice_id))
    return Sought(
        vendor=ListId(document.vendor_list_id),
        ref_number=document.ref_number,
        txn_date=document.txn_date,
        invoice_date=document.invoice_date,
        total=abs(from_cents(document.gross_cents)),
        external_guid=external_guid(guid),
        tag=memo_tag(guid),
        wanted_txn_id=document.wanted_txn_id,
        earlier_txn_id=document.txn_id,
        post_new=document.post_new,
        in_doubt=in_doubt,
    )


def lookups(visit: Visit, waiting: Sequence[Document]) -> list[str]:
    """Return the queries that find these documents if they are there: by number, and by TxnID where a person named
    one or it had one earlier."""
    asked = []
    for kind in KINDS:
        of_kind = [document for document in waiting if document.kind == kind]
        numbers = [document.ref_number for document in of_kind]
        named = [
            TxnId(txn_id) for document in of_kind for txn_id in (document.wanted_txn_id, document.txn_id) if txn_id
        ]
        if numbers:
            asked.append(
                requests.txn_query_by_ref_numbers(kind, numbers, f"look.{visit.serial}.{kind}.number", visit.version)
            )
        if named:
            asked.append(requests.txn_query_by_txn_ids(kind, named, f"look.{visit.serial}.{kind}.id", visit.version))
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A lookup that proves nothing: neither that a document is there nor that it is not."""

    words: str  #: why
    one_to_blame: bool  #: it may be one document's fault, so each is looked up by itself


def candidates(answer: Answer) -> dict[str, list[LedgerTxn]] | Unproven:
    """Return what the lookups found, by kind."""
    found: dict[str, dict[str, LedgerTxn]] = {}
    try:
        for part in answer.parts():
            if isinstance(part, ResponseHead):
                judged = classify_status(part.status_code, part.message)
                gone = part.status_code in _GONE and is_by_vendor(part.request_id)
                if judged.fate not in LOOKUP_WORKED and not gone:
                    return Unproven(words=f"{judged.says} {judged.do} ({part.status_code})", one_to_blame=False)
            elif isinstance(part, LedgerTxn):
                found.setdefault(part.kind, {})[part.txn_id] = part
    except UnreadableRecord as error:
        return Unproven(words=str(error), one_to_blame=True)
    except UnreadableAnswer as error:
        return Unproven(words=str(error), one_to_blame=False)
    return {kind: list(by_id.values()) for kind, by_id in found.items()}


def found_hop(
    visit: Visit, document: Document, judged: Match, exchange: ExchangeRef, claimed: dict[str, Document]
) -> Hop:
    """Return the step of a document that QuickBooks has, or may have.

    `claimed` holds, by TxnID, the documents of the same answer that were found before this one; it is added to.
    """
    found = judged.found
    if judged.fault is None and found is not None:
        # Two invoices of one answer may both look like one Bill; the rows know only of those that were found earlier.
        other = claimed.get(found.txn_id) or (
            documents.of(visit.connection.pk).filter(txn_id=found.txn_id).exclude(pk=document.pk).first()
        )
        if other is not None:
            detail = f"invoice {other.invoice_number} of {other.invoice_date}"
            judged = Match(
                verdict=Verdict.QUESTION,
                fault=Fault(code="MLC-DUP-02", value=describe(found), detail=detail),
            )
    if judged.fault is not None or found is None:
        faults = [judged.fault] if judged.fault else []
        return Hop(
            document=document,
            event=Event.FOUND_FAULTS,
            words=" ".join(fault.says for fault in faults),
            exchange=exchange,
            changes={
                "faults": documents.faults_as_json(faults),
                "plan_no": document.plan_no + 1,
                "due_at": None,
                "wanted_txn_id": "",
            },
        )
    claimed[found.txn_id] = document
    ours = judged.verdict is Verdict.OURS
    words = (
        "QuickBooks has it already, under our own mark." if ours else "QuickBooks has it already; linked, not doubled."
    )
    return Hop(
        document=document,
        event=Event.FOUND if ours else Event.LINKED,
        words=words,
        exchange=exchange,
        changes=posted_columns(visit.ledger)
        | {
            "txn_id": found.txn_id,
            "txn_number": found.txn_number[:20],
            "edit_sequence": found.edit_sequence[:16],
            "linked": not ours,
            "payment_due": document.kind == TxnKind.BILL,
        }
        | as_entered(document, found),
    )

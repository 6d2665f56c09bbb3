"""What QuickBooks' answer to a set of writes means for each document in it: added, refused, or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from ml_connector.core.faults import Fault
from ml_connector.core.identity import document_of
from ml_connector.core.records import LedgerTxn, TxnKind
from ml_connector.core.retry import retry_delay_s
from ml_connector.core.states import Event, State
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.quickbooks.answers import Part, Recovered, ResponseHead
from ml_connector.quickbooks.statuses import Fate, Status, classify_status
from ml_connector.store import documents, duties
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import ExchangeRef, Ledger
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document, MessageSet
from ml_connector.store.reckoning import as_entered

_APPLIED = frozenset({Fate.OK, Fate.WARNED})
_NOT_APPLIED = frozenset({Fate.RETRY, Fate.STALE, Fate.PERMANENT, Fate.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """QuickBooks' reply to one BillAdd or VendorCreditAdd."""

    head: ResponseHead
    txn: LedgerTxn | None = None  #: what it entered
    recovered: Recovered | None = None  #: what it recalls having entered


def replies(parts: Iterable[Part]) -> dict[tuple[int, int], Reply]:
    """Group the parts of an answer by request: document and plan number. Replies to other requests are left out."""
    found: dict[tuple[int, int], Reply] = {}
    current: tuple[int, int] | None = None
    for part in parts:
        if isinstance(part, ResponseHead):
            current = document_of(part.request_id)
            if current is not None:
                found[current] = Reply(head=part)
        elif current is not None and isinstance(part, LedgerTxn | Recovered):
            reply = found[current]
            found[current] = Reply(
                head=reply.head,
                txn=part if isinstance(part, LedgerTxn) else reply.txn,
                recovered=part if isinstance(part, Recovered) else reply.recovered,
            )
    return found


def settle(
    surroundings: Surroundings,
    ledger: Ledger,
    waiting: Sequence[Document],
    answered: dict[tuple[int, int], Reply],
    exchange: ExchangeRef,
) -> list[Document]:
    """Advance every document that the answer speaks of; return those whose outcome stays unknown."""
    hops: list[Hop] = []
    unknown: list[Document] = []
    told = [txn_id for reply in answered.values() if (txn_id := _txn_id(reply))]
    taken = dict(documents.of(ledger.connection.pk).filter(txn_id__in=told).values_list("txn_id", "invoice_number"))
    for document in waiting:
        reply = answered.get((document.pk, document.plan_no))
        hop = _hop(surroundings, ledger, document, reply, exchange) if reply else None
        if hop is not None and hop.event is Event.ADDED and hop.changes["txn_id"] in taken:
            hop = _named_for_another(document, str(hop.changes["txn_id"]), taken, exchange)
        if hop is None:
            unknown.append(document)
        else:
            hops.append(hop)
    documents.hop_all(ledger, hops)
    documents.hop_all(ledger, [hop for document in waiting if (hop := _differs(document, answered, exchange))])
    if any(hop.event is Event.ADDED for hop in hops):
        duties.wake(ledger.connection.pk, ledger.now, duties.ANSWERS)
    if any(hop.event is Event.REFUSED for hop in hops):
        duties.wake(ledger.connection.pk, ledger.now, duties.PLANNING)
    if any(documents.points_nowhere(hop.changes.get("faults") or ()) for hop in hops):
        # The lists changed since they were read. Read again, they say what is wrong with which entry.
        duties.wake(ledger.connection.pk, ledger.now, duties.LISTS)
    return unknown


def _txn_id(reply: Reply) -> str:
    return reply.txn.txn_id if reply.txn else reply.recovered.txn_id if reply.recovered else ""


def _named_for_another(document: Document, txn_id: str, taken: dict[str, str], exchange: ExchangeRef) -> Hop:
    """Its Bill was linked to another invoice while its own outcome was unknown: a person must sort the two out."""
    detail = f"invoice {taken[txn_id]}"
    fault = Fault(code="MLC-DUP-02", value=f"{document.kind} {document.ref_number} (TxnID {txn_id})", detail=detail)
    changes: dict[str, object] = {
        "faults": documents.faults_as_json([fault]),
        "plan_no": document.plan_no + 1,
        "due_at": None,
        "message_set": None,
    }
    return Hop(document=document, event=Event.REFUSED, words=fault.says, exchange=exchange, changes=changes)


def _hop(
    surroundings: Surroundings, ledger: Ledger, document: Document, reply: Reply, exchange: ExchangeRef
) -> Hop | None:
    """Return the step a reply leads to, or None if the reply leaves the outcome unknown."""
    head = reply.head
    txn_id = _txn_id(reply)
    judged = classify_status(head.status_code, head.message, write=True)
    if judged.fate in _APPLIED and txn_id:
        warning = _in_quickbooks_words(judged, head) if judged.fate is Fate.WARNED else ""
        return _added(ledger, document, reply, warning, exchange)
    if judged.fate not in _NOT_APPLIED or txn_id:
        return None
    words = _in_quickbooks_words(judged, head)
    return refusal(surroundings, ledger, document, judged.fate, str(head.status_code), words, exchange)


def _in_quickbooks_words(judged: Status, head: ResponseHead) -> str:
    return f"{judged.says} QuickBooks' words: {head.message}" if head.message else judged.says


def _added(ledger: Ledger, document: Document, reply: Reply, warning: str, exchange: ExchangeRef) -> Hop:
    txn, recovered = reply.txn, reply.recovered
    # While nobody knew its TxnID, it may have been paid.
    may_be_paid = document.state == State.IN_DOUBT and document.kind == TxnKind.BILL
    words = f"QuickBooks entered it as {document.kind} {document.ref_number}. {warning}".strip()
    return Hop(
        document=document,
        event=Event.ADDED,
        words=words,
        exchange=exchange,
        changes=posted_columns(ledger)
        | {
            "txn_id": _txn_id(reply),
            "txn_number": (txn.txn_number if txn else recovered.txn_number if recovered else "")[:20],
            "edit_sequence": (txn.edit_sequence if txn else recovered.edit_sequence if recovered else "")[:16],
        }
        | as_entered(document, txn)
        | ({"remark": warning[:500]} if warning else {})
        | ({"payment_due": True} if may_be_paid else {}),
    )


def _differs(document: Document, answered: dict[tuple[int, int], Reply], exchange: ExchangeRef) -> Hop | None:
    """Return the step of a document that was entered with another amount than it was sent with: Basware is not told before
    a person has looked."""
    reply = answered.get((document.pk, document.plan_no))
    if document.state != State.POSTED or reply is None or reply.txn is None:
        return None
    there, sent = reply.txn.amount, abs(from_cents(document.gross_cents))
    if there == sent:
        return None
    detail = f"its amount there is {there:.2f} instead of {sent:.2f}"
    fault = Fault(code="MLC-CHANGED-02", value=f"{document.kind} {reply.txn.txn_id}", detail=detail)
    changes: dict[str, object] = {"faults": documents.faults_as_json([fault])}
    return Hop(document=document, event=Event.DIFFERS, words=fault.says, exchange=exchange, changes=changes)


def posted_columns(ledger: Ledger) -> dict[str, object]:
    """Return what changes in a row when QuickBooks has the document."""
    return {
        "posted_at": ledger.now,
        "faults": [],
        "tries": 0,
        "alone": False,
        "due_at": None,
        "wanted_txn_id": "",
        "absent_in": 0,
        "request_xml": "",
    }


def refusal(
    surroundings: Surroundings,
    ledger: Ledger,
    document: Document,
    fate: Fate,
    code: str,
    words: str,
    exchange: ExchangeRef | None,
) -> Hop:
    """Return the step of a document that QuickBooks certainly did not take.

    A corrected or repeated attempt gets a new plan number, so that QuickBooks' memory of the refused one is not mistaken
    for an answer to the new one.
    """
    settings = settings_of(ledger.connection)
    tries = document.tries + 1
    due_at = None
    if fate is Fate.RETRY and tries < settings.retry_limit:
        fault = Fault(code="MLC-QB-02", value=code, detail=words)
        wait_s = retry_delay_s(tries, surroundings.dice(), base_s=settings.retry_base_s)
        due_at = ledger.now + timedelta(seconds=wait_s)
    elif fate is Fate.RETRY:
        fault = Fault(code="MLC-QB-05", value=str(tries), detail=words)
    elif fate is Fate.OPERATOR:
        fault = Fault(code="MLC-QB-03", value=code, detail=words)
    else:
        fault = Fault(code="MLC-QB-01", value=code, detail=words)
    return Hop(
        document=document,
        event=Event.REFUSED,
        words=fault.says,
        exchange=exchange,
        changes={
            "faults": documents.faults_as_json([fault]),
            "plan_no": document.plan_no + 1,
            "tries": tries,
            "due_at": due_at,
            "message_set": None,
        },
    )


def answer_lost(ledger: Ledger, sets: Sequence[MessageSet], why: str, *, answered: bool = False) -> int:
    """Note that the answers to these sets will not come, or (`answered`) came and leave something open: their documents
    are in doubt until QuickBooks was asked."""
    if not sets:
        return 0
    waiting = documents.of(ledger.connection.pk).filter(message_set__in=sets, state=State.SENT)
    hops = [
        Hop(document=document, event=Event.ANSWER_LOST, words=why, changes={"absent_in": 0})
        for document in waiting.defer("raw", "request_xml")
    ]
    documents.hop_all(ledger, hops)
    MessageSet.objects.filter(pk__in=[s.pk for s in sets]).update(fate=MessageSet.Fate.LOST, answered=answered)
    return len(hops)


def close_if_settled(ledger: Ledger, message_set: MessageSet) -> bool:
    """Close a set once none of its documents is in doubt or awaited any more."""
    open_states = [State.SENT, State.IN_DOUBT]
    if documents.of(ledger.connection.pk).filter(message_set=message_set, state__in=open_states).exists():
        return False
    message_set.fate = (
        MessageSet.Fate.ANSWERED if message_set.fate == MessageSet.Fate.SENT else MessageSet.Fate.RESOLVED
    )
    message_set.settled_at = ledger.now
    message_set.save(update_fields=["fate", "settled_at"])
    return True

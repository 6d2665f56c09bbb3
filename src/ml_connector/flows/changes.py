"""Changed invoices: Basware offers an invoice again with other content, and its Bill is in QuickBooks already.

The Bill is read with its lines and compared with what the invoice would become now. What differs is shown. Where the
connection says so (`changed_invoices` is `modify`) and it is safe, the Bill is changed: one BillMod or VendorCreditMod in
a message set of its own, whose text is committed before it leaves, with the EditSequence that was just read.

A change cannot be made twice: QuickBooks refuses one with an EditSequence that is out of date. So an unknown outcome is
answered by the Bill itself. It is what the invoice says, and the change was made; or it is what it was, and it was not;
or a person was there meanwhile, and decides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.core.books import TxnId
from ml_connector.core.drift import Difference, Held, differences, held_as_json, held_by, planned
from ml_connector.core.faults import Fault
from ml_connector.core.identity import message_set_id, request_id
from ml_connector.core.plan_values import BillPlan
from ml_connector.core.records import LedgerTxn, TxnKind
from ml_connector.core.states import Event, State
from ml_connector.flows.checks import vanished
from ml_connector.flows.drift import sent_for, was_held
from ml_connector.flows.lookups import KINDS, Unproven, candidates
from ml_connector.flows.planning import about_invoice, plan_one, read
from ml_connector.flows.settling import Reply, answer_lost, close_if_settled, replies
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import UnreadableAnswer, UnreadableRecord, read_answer
from ml_connector.quickbooks.failures import UNREADABLE, WRONG_VERSION
from ml_connector.quickbooks.limits import WireLimit
from ml_connector.quickbooks.posting import mod_request, wire_ref_number
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.statuses import Fate, classify_status
from ml_connector.store import documents, duties, held, lists, reckoning
from ml_connector.store.chain import ExchangeRef
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document, MessageSet

CODE = "MLC-CHANGED-01"
_PER_QUESTION = 20
_TRIES_MAX = 3  # changes handed over that were not made, before a person must look


class Changes:
    """Compares the Bills of changed invoices, and changes those that may be changed."""

    name = "changes"
    writes = True

    def has_work(self, visit: Visit) -> bool:
        """A Bill is to be compared or changed in this session."""
        if visit.notes.get("stop"):
            return False
        return bool(visit.notes.get("ready")) or bool(self._waiting(visit, 1))

    def remaining(self, visit: Visit) -> int:
        """Documents that wait."""
        return len(self._waiting(visit, 100))

    def ask(self, visit: Visit) -> str | None:
        """Hand over the next change; else read the next Bills."""
        while ready := visit.notes.get("ready"):
            visit.notes["ready"] = ready[1:]
            text = _hand_over(visit, ready[0])
            if text is not None:
                return text
        waiting = self._waiting(visit, _PER_QUESTION)
        if not waiting:
            return None
        visit.notes["reading"] = [document.pk for document in waiting]
        asked = []
        for kind in KINDS:
            ids = [TxnId(document.txn_id) for document in waiting if document.kind == kind]
            if ids:
                name = f"compare.{visit.serial}.{kind}"
                asked.append(requests.txn_query_by_txn_ids(kind, ids, name, visit.version, lines=True, links=True))
        return message_set(asked, version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Take the answer to a change or to a reading."""
        modifying = visit.notes.pop("modifying", None)
        if modifying:
            number, row = modifying
            _take_change(visit, number, MessageSet.objects.get(pk=row), answer)
            return
        numbers = visit.notes.pop("reading", [])
        found = candidates(answer) if answer.failure is None else None
        if found is None or isinstance(found, Unproven):
            visit.notes["stop"] = True
            return
        there = {txn.txn_id: txn for txns in found.values() for txn in txns}
        waiting = list(documents.of(visit.connection.pk).filter(pk__in=numbers, compare_due=True).order_by("pk"))
        sent = sent_for(waiting)
        names = _Names(visit)
        for document in waiting:
            hop = _compared(visit, document, there.get(TxnId(document.txn_id)), was_held(document, sent), names, answer)
            if hop is not None:
                documents.hop_all(visit.ledger, [hop])
        # What is left as it is was looked at in this session.
        visit.notes["seen"] = [*visit.notes.get("seen", []), *numbers]
        duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)

    def _waiting(self, visit: Visit, limit: int) -> list[Document]:
        return documents.to_compare(visit.connection.pk, visit.notes.get("seen", []), limit)


@dataclass(slots=True)
class _Names:
    """Names of list entries, for sentences."""

    visit: Visit

    def differences(self, was: Held, now: Held) -> list[Difference]:
        """Return what differs, with names."""
        ids = {was.vendor, now.vendor}
        for line in (*(was.lines or ()), *(now.lines or ())):
            ids |= {line.account, line.class_, line.customer}
        found = held.names_of(self.visit.connection, ids - {""})
        return differences(was, now, lambda list_id: found.get(list_id, list_id) or "none")


# Comparing.


def _compared(
    visit: Visit, document: Document, txn: LedgerTxn | None, was: Held, names: _Names, answer: Answer
) -> Hop | None:
    """Return the step of a document whose Bill was read; None if a change of it is to be handed over now."""
    unknown = document.state == State.MODIFYING
    if txn is None or not txn.amount:
        words = "it is not there any more" if txn is None else "it was voided there"
        hop = vanished(document, words, answer.exchange, txn)
        hop.changes["compare_due"] = False
        return hop
    plan = plan_one(visit.connection, document)
    if not isinstance(plan, BillPlan):
        return _question(document, ["it cannot be planned as it is now"], answer.exchange, plan)
    wanted, now = planned(plan, wire_ref_number(plan.ref_number)), held_by(txn)
    found = [difference.words for difference in names.differences(now, wanted)]
    if plan.kind is not txn.kind:
        found.insert(0, f"kind {txn.kind} -> {plan.kind}")
    if plan.due_date is not None and txn.due_date not in {None, plan.due_date}:
        found.append(f"due date {txn.due_date} -> {plan.due_date}")
    if not found:
        return _agrees(document, txn, answer.exchange, changed=unknown)
    edited = [difference.words for difference in names.differences(was, now)]
    if unknown and not edited:
        if document.tries >= _TRIES_MAX:
            return _question(document, [*found, f"a change was tried {document.tries} times in vain"], answer.exchange)
        words = "QuickBooks did not make the change; the Bill is as it was."
        documents.hop_all(
            visit.ledger, [Hop(document=document, event=Event.NOT_THERE, words=words, exchange=answer.exchange)]
        )
    reason = _why_not(visit, document, plan, txn, edited)
    if reason:
        return _question(document, [*found, reason], answer.exchange)
    try:
        text = mod_request(plan, txn, request_id(document.pk, document.plan_no + 1), visit.version)
    except WireLimit as error:
        return _question(document, [*found, str(error)], answer.exchange)
    documents.change(
        document,
        request_xml=text,
        edit_sequence=txn.edit_sequence[:16],
        plan_no=document.plan_no + 1,
        held=document.held or held_as_json(was if was.lines is not None else now),
    )
    visit.notes["ready"] = [*visit.notes.get("ready", []), document.pk]
    return None


def _why_not(visit: Visit, document: Document, plan: BillPlan, txn: LedgerTxn, edited: Sequence[str]) -> str:
    """Return why the Bill is not changed by itself; empty if it may be."""
    if visit.settings.changed_invoices != "modify":
        return "changes are left to people on this connection"
    if plan.kind is not txn.kind:
        return "a Bill cannot become a VendorCredit, nor the other way round"
    if plan.vendor.list_id != txn.vendor:
        return "another vendor is for a person to decide"
    if edited:
        return f"it was edited in QuickBooks meanwhile ({'; '.join(edited)})"
    if txn.links or txn.is_paid or (txn.open_amount is not None and txn.open_amount != txn.amount):
        return "payments or credits are applied to it"
    closing = lists.preferences_of(visit.connection).closing_date
    if closing is not None and min(txn.txn_date, plan.txn_date) <= closing:
        return f"it lies in the period that is closed up to {closing}"
    return "it has lines of items, which the connector does not know" if txn.has_items else ""


def _agrees(document: Document, txn: LedgerTxn, exchange: ExchangeRef, *, changed: bool) -> Hop:
    words = (
        "QuickBooks changed it as the invoice says now." if changed else "QuickBooks has it as the invoice says now."
    )
    return Hop(
        document=document,
        event=Event.MODIFIED if changed else Event.FOUND,
        words=words,
        exchange=exchange,
        changes=_posted(document, txn),
    )


def _posted(document: Document, txn: LedgerTxn) -> dict[str, object]:
    about = _about(document)
    invoice_cents = about.get("gross_cents")
    entered = reckoning.as_entered(document, txn, invoice_cents if isinstance(invoice_cents, int) else None)
    return (
        about
        | entered
        | {
            "held": held_as_json(held_by(txn)),
            "edit_sequence": txn.edit_sequence[:16],
            "ref_number": txn.ref_number[:20],
            "txn_date": txn.txn_date.isoformat(),
            "faults": [],
            "tries": 0,
            "due_at": None,
            "compare_due": False,
            "request_xml": "",
            "wanted_txn_id": "",
            "payment_due": txn.kind is TxnKind.BILL,
        }
    )


def _about(document: Document) -> dict[str, object]:
    reading = read(document)
    return {} if isinstance(reading, Fault) else about_invoice(reading)


def _question(
    document: Document, words: Sequence[str], exchange: ExchangeRef | None, more: Sequence[Fault] = ()
) -> Hop:
    fault = Fault(code=CODE, value=f"{document.kind} {document.txn_id}", detail="; ".join(words))
    faults = [fault, *more]
    changes: dict[str, object] = {
        "faults": documents.faults_as_json(faults),
        "compare_due": False,
        "request_xml": "",
        "due_at": None,
    }
    says = " ".join(each.says for each in faults)
    return Hop(document=document, event=Event.FOUND_FAULTS, words=says, exchange=exchange, changes=changes)


# Changing.


def _hand_over(visit: Visit, number: int) -> str | None:
    document = documents.of(visit.connection.pk).filter(pk=number, compare_due=True, state=State.CHANGED).first()
    if document is None or not document.request_xml:
        return None
    name = request_id(document.pk, document.plan_no)
    digest = hashlib.sha256(document.request_xml.encode()).digest()
    set_id = message_set_id(visit.connection.file_id, (name,), digest)
    text = message_set([document.request_xml], version=visit.version, new_id=set_id)
    row = MessageSet.objects.create(connection=visit.connection, set_id=set_id, text=text, sent_at=visit.now)
    words = f"A change was handed to the Web Connector in message set {set_id}."
    changes: dict[str, object] = {"tries": document.tries + 1}
    documents.hop_all(
        visit.ledger, [Hop(document=document, event=Event.CHANGE_HANDED_OVER, words=words, changes=changes)]
    )
    visit.notes["modifying"] = [document.pk, row.pk]
    return text


def _take_change(visit: Visit, number: int, row: MessageSet, answer: Answer) -> None:
    document = documents.of(visit.connection.pk).get(pk=number)
    if document.state != State.MODIFYING:
        return
    if answer.failure is not None:
        words = f"{answer.failure.says} {answer.failure.words}".strip()
        if answer.failure.hresult in {UNREADABLE, WRONG_VERSION}:
            documents.hop_all(visit.ledger, [_question(document, [words], answer.exchange)])
            close_if_settled(visit.ledger, row)
        else:
            _lost(visit, document, row, words)
        return
    try:
        reply = replies(read_answer(answer.text)).get((document.pk, document.plan_no))
    except (UnreadableAnswer, UnreadableRecord) as error:
        _lost(visit, document, row, f"QuickBooks' answer could not be read: {error}")
        return
    hop = _settled(visit, document, reply, answer) if reply is not None else None
    if hop is None:
        _lost(visit, document, row, "QuickBooks' answer leaves open whether the change was made.")
        return
    documents.hop_all(visit.ledger, [hop])
    close_if_settled(visit.ledger, row)
    duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)


def _lost(visit: Visit, document: Document, row: MessageSet, words: str) -> None:
    answer_lost(visit.ledger, [row], words, answered=True)
    documents.hop_all(visit.ledger, [Hop(document=document, event=Event.ANSWER_LOST, words=words)])


def _settled(visit: Visit, document: Document, reply: Reply, answer: Answer) -> Hop | None:
    """Return the step that the reply to a change leads to, or None if it leaves the outcome unknown."""
    head = reply.head
    judged = classify_status(head.status_code, head.message, write=True)
    if judged.fate in {Fate.OK, Fate.WARNED}:
        # It is believed where it shows what was wanted; else the Bill is read.
        plan = plan_one(visit.connection, document)
        if reply.txn is None or not isinstance(plan, BillPlan):
            return None
        wanted = planned(plan, wire_ref_number(plan.ref_number))
        if differences(held_by(reply.txn), wanted, str):
            return None
        return _agrees(document, reply.txn, answer.exchange, changed=True)
    words = f"{judged.says} ({head.status_code}: {head.message})"
    again = (judged.fate is Fate.STALE and document.tries < 2) or (
        judged.fate is Fate.RETRY and document.tries < visit.settings.retry_limit
    )
    if again:
        if judged.fate is Fate.STALE:  # read again at once; what is locked has time until the next session
            visit.notes["seen"] = [seen for seen in visit.notes.get("seen", []) if seen != document.pk]
        return Hop(document=document, event=Event.REFUSED, words=words, exchange=answer.exchange)
    if judged.fate in {Fate.STALE, Fate.RETRY, Fate.PERMANENT, Fate.OPERATOR}:
        return _question(document, [f"QuickBooks did not change it: {words}"], answer.exchange)
    return None

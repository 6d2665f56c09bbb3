"""Is the company file older than what we know of it? Asked at the beginning of every session, before anything is written.

A backup may have been restored (QuickBooks says when, CompanyActivityRet), or an older copy of the file put in its place
in Windows, which QuickBooks does not notice: then the latest Bills of ours are not there, and nobody deleted them. Either
way every TxnID that we know is asked for, in batches. If any is gone, nothing is written to this file until a person
decides: what went into the wrong file is worse than what waits.

A file that was condensed lost old, settled Bills by intention. Source: qbxmlops130, CompanyActivityRet; QuickBooks
answers to a TxnID that is gone with status 500.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ml_connector.core.books import TxnId
from ml_connector.core.faults import Fault
from ml_connector.core.records import CompanyActivity, DeletedTxn, LedgerTxn, Payment, TxnKind
from ml_connector.core.states import Event, State
from ml_connector.flows.checks import note_deleted
from ml_connector.flows.local_time import quiet_end
from ml_connector.flows.lookups import KINDS, LOOKUP_WORKED, Unproven, candidates
from ml_connector.flows.reading import trouble_with
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import Part, ResponseHead, UnreadableAnswer, UnreadableRecord
from ml_connector.quickbooks.failures import UNREADABLE
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.statuses import classify_status
from ml_connector.store import documents, duties, known, payments, reckoning, sessions
from ml_connector.store.chain import Entry, ExchangeRef
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document

_PER_QUESTION = 200
_KEPT_BY_QUICKBOOKS = timedelta(days=91)  # of deletions, and a day for clocks
_PAYMENT_KINDS = (TxnKind.BILL_PAYMENT_CHECK, TxnKind.BILL_PAYMENT_CREDIT_CARD)


class Restored:
    """Looks whether the file is as new as what we know; if not, looks for everything we know."""

    name = "restored"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """It was not looked at in this session, or what we know is being looked for."""
        return not visit.notes.get("done")

    def remaining(self, visit: Visit) -> int:
        """Questions still to come, about."""
        if visit.connection.searched_up_to is None:
            return 1
        return 1 + known.in_quickbooks(visit.connection, visit.connection.searched_up_to).count() // _PER_QUESTION

    def ask(self, visit: Visit) -> str | None:
        """Ask the next question."""
        stage = visit.notes.setdefault("stage", "look")
        asked = {"look": _look, "deleted": _deleted, "search": _search, "payments": _payments}[stage](visit)
        if not asked:
            _finish(visit)
            return None
        return message_set(asked, version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Take the answer; a file that could not be judged gets nothing written in this session."""
        if answer.failure is not None:
            # Only a question that it cannot read leaves its session whole; in any other case all is asked anew.
            if answer.failure.hresult == UNREADABLE:
                _leave(visit, f"{answer.failure.says} ({answer.failure.hresult})")
            return
        try:
            parts = list(answer.parts())
        except (UnreadableAnswer, UnreadableRecord) as error:
            _leave(visit, str(error))
            return
        stage = visit.notes["stage"]
        if stage == "look":
            _take_look(visit, answer, parts)
        elif stage == "deleted":
            _take_deleted(visit, answer, parts)
        elif stage == "search":
            _take_search(visit, answer)
        else:
            _take_payments(visit, answer, parts)


def may_write(visit: Visit) -> bool:
    """Tell whether anything may be written in this session: it is no dry run and no quiet hour, the file was judged,
    and nobody has to decide first."""
    if visit.connection.dry_run or quiet_end(visit.connection, visit.now) is not None:
        return False
    notes = visit.session.work.get("notes", {}).get(Restored.name, {})
    return bool(notes.get("done")) and not notes.get("left") and not visit.connection.stop_reason


# Looking.


def _look(visit: Visit) -> list[str]:
    latest = known.latest(visit.connection)
    visit.notes["latest"] = [document.txn_id for document in latest]
    asked = [requests.company_activity_query(f"activity.{visit.serial}", visit.version)]
    for kind in KINDS:
        ids = [TxnId(document.txn_id) for document in latest if document.kind == kind]
        if ids:
            name = f"latest.{visit.serial}.{kind}"
            asked.append(requests.txn_query_by_txn_ids(kind, ids, name, visit.version))
    return asked


def _take_look(visit: Visit, answer: Answer, parts: Sequence[Part]) -> None:
    activity = next((part for part in parts if isinstance(part, CompanyActivity)), CompanyActivity())
    # Where QuickBooks does not say when it was restored, the latest Bills alone must tell.
    if trouble := _trouble([part for part in parts if not _is_activity(part)]):
        _leave(visit, trouble)
        return
    there = {part.txn_id for part in parts if isinstance(part, LedgerTxn)}
    missing = [txn_id for txn_id in visit.notes.pop("latest", []) if txn_id not in there]
    connection = visit.connection
    first = not connection.last_restore and not connection.last_condense
    reasons = []
    restored = bool(activity.last_restore) and connection.last_restore not in {"", activity.last_restore}
    if restored:
        reasons.append(f"a backup was restored (QuickBooks' time {activity.last_restore})")
    condensed = bool(activity.last_condense) and connection.last_condense not in {"", activity.last_condense}
    if condensed:
        reasons.append(f"the file was condensed (QuickBooks' time {activity.last_condense})")
    if missing:
        reasons.append(f"it does not have our latest document any more (TxnID {missing[0]})")
    visit.notes |= {"activity": [activity.last_restore, activity.last_condense], "missing": missing}
    visit.notes |= {"condensed": condensed and not restored, "reasons": reasons}
    if reasons or connection.searched_up_to is not None:
        visit.notes["stage"] = "deleted"
        return
    if first:
        _settle(visit)
    visit.notes["done"] = True


def _is_activity(part: Part) -> bool:
    return isinstance(part, ResponseHead) and part.request_id.startswith("activity.")


def _trouble(parts: Sequence[Part]) -> str:
    """Return why an answer to questions for TxnIDs proves nothing; empty if it does."""
    for part in parts:
        if isinstance(part, ResponseHead):
            judged = classify_status(part.status_code, part.message)
            if judged.fate not in LOOKUP_WORKED:
                return f"{judged.says} ({part.status_code}: {part.message})"
    return ""


def _deleted(visit: Visit) -> list[str]:
    since = (visit.now - _KEPT_BY_QUICKBOOKS).replace(tzinfo=None, microsecond=0)
    return [requests.txn_deleted_query(KINDS, f"gone.{visit.serial}", visit.version, since=since)]


def _take_deleted(visit: Visit, answer: Answer, parts: Sequence[Part]) -> None:
    """What people deleted is no sign of an older file; it is told apart before anything is looked for."""
    head = next((part for part in parts if isinstance(part, ResponseHead)), None)
    trouble = trouble_with(head, "The deletions")
    if trouble is not None and not trouble.others_can_be_read:
        _leave(visit, trouble.sentence)
        return
    deleted = [part.txn_id for part in parts if isinstance(part, DeletedTxn)]
    if deleted:
        note_deleted(visit.ledger, deleted, answer.exchange)
    connection = visit.connection
    missing = set(visit.notes.pop("missing", []))
    only_missing = len(visit.notes["reasons"]) == 1 and bool(missing)
    if connection.searched_up_to is None and only_missing and missing <= set(deleted):
        visit.notes["done"] = True
        return
    if connection.searched_up_to is None:
        why = " and ".join(visit.notes["reasons"])
        words = f"The company file may be older than what the connector knows: {why}. Nothing is written to it while"
        _stop(visit, f"{words} every document that was entered is looked for.", answer.exchange)
        connection.searched_up_to = 0
        connection.save(update_fields=["searched_up_to"])
        sessions.read_lists_anew(connection)
        duties.wake(connection.pk, visit.now, duties.LISTS)
    visit.notes["stage"] = "search"


# Looking for everything.


def _search(visit: Visit) -> list[str]:
    after = visit.connection.searched_up_to or 0
    batch = list(known.in_quickbooks(visit.connection, after)[:_PER_QUESTION])
    if not batch:
        visit.notes["stage"] = "payments"
        return _payments(visit)
    visit.notes["batch"] = [document.pk for document in batch]
    asked = []
    for kind in KINDS:
        ids = [TxnId(document.txn_id) for document in batch if document.kind == kind]
        if ids:
            asked.append(requests.txn_query_by_txn_ids(kind, ids, f"search.{visit.serial}.{kind}", visit.version))
    return asked


def _take_search(visit: Visit, answer: Answer) -> None:
    found = candidates(answer)
    if isinstance(found, Unproven):
        _leave(visit, found.words)
        return
    there = {txn.txn_id: txn for txns in found.values() for txn in txns}
    numbers = visit.notes.pop("batch", [])
    rows = documents.of(visit.connection.pk).filter(pk__in=numbers).defer("raw", "request_xml").order_by("pk")
    hops: list[Hop] = []
    for document in rows:
        lost = any(fault.code == known.LOST for fault in documents.faults_of(document))
        if txn := there.get(TxnId(document.txn_id)):
            if lost and document.state == State.CHANGED:
                words = "QuickBooks has it again."
                changes: dict[str, object] = {"faults": [], "due_at": None} | reckoning.as_said(txn)
                hops.append(
                    Hop(document=document, event=Event.FOUND, words=words, changes=changes, exchange=answer.exchange)
                )
        elif visit.notes.get("condensed") and document.state == State.PAID:
            words = "Gone from QuickBooks since the company file was condensed; it was paid before."
            visit.ledger.note(Entry(event="condensed", words=words, document_id=document.pk, exchange=answer.exchange))
        elif not lost and document.state in {*known.ENTERED, State.MODIFYING}:
            hops.append(_lost(document, answer.exchange))
    documents.hop_all(visit.ledger, hops)
    visit.connection.searched_up_to = max(numbers, default=0)
    visit.connection.save(update_fields=["searched_up_to"])


def _lost(document: Document, exchange: ExchangeRef) -> Hop:
    fault = Fault(code=known.LOST, value=f"{document.kind} {document.txn_id}")
    changes: dict[str, object] = {
        "faults": documents.faults_as_json([fault]),
        "due_at": None,
        "wanted_txn_id": "",
        "compare_due": False,
        "answer_fault": None,
    } | dict(reckoning.NOT_IN_BOOKS)
    return Hop(document=document, event=Event.RESTORED, words=fault.says, exchange=exchange, changes=changes)


def _payments(visit: Visit) -> list[str]:
    """Payments that such a file lost are deleted nowhere; each one that we know is asked for."""
    batch = payments.known(visit.connection.pk, visit.notes.get("after_payment", ""), _PER_QUESTION)
    visit.notes["batch"] = [txn_id for txn_id, _ in batch]
    asked = []
    for kind in _PAYMENT_KINDS:
        ids = [TxnId(txn_id) for txn_id, of_kind in batch if of_kind == kind]
        if ids:
            asked.append(requests.payment_query(kind, f"paid.{visit.serial}.{kind}", visit.version, txn_ids=ids))
    return asked


def _take_payments(visit: Visit, answer: Answer, parts: Sequence[Part]) -> None:
    if trouble := _trouble(parts):
        _leave(visit, trouble)
        return
    found = [part for part in parts if isinstance(part, Payment)]
    numbers = visit.notes.pop("batch", [])
    gone = [TxnId(txn_id) for txn_id in numbers if txn_id not in {payment.txn_id for payment in found}]
    if not visit.notes.get("condensed") and payments.replace_shares(visit.connection, found, gone, visit.now):
        words = f"{len(gone)} payments are not in the company file any more."
        visit.ledger.note(Entry(event="payments_read", words=words, exchange=answer.exchange))
        duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)
    visit.notes["after_payment"] = max(numbers, default="")


# The end of it.


def _finish(visit: Visit) -> None:
    """Everything was looked for: go on by itself if nothing is gone, and wait for a person if anything is."""
    connection = visit.connection
    lost = known.with_fault(connection, known.LOST).count()
    connection.searched_up_to = None
    connection.save(update_fields=["searched_up_to"])
    _settle(visit)
    visit.notes["done"] = True
    if not lost:
        connection.stop_reason = ""
        connection.save(update_fields=["stop_reason"])
        words = "Every document that was entered is in the company file; writing goes on."
        visit.ledger.note(Entry(event="writing_goes_on", words=words))
        return
    what = "1 document that was entered is" if lost == 1 else f"{lost} documents that were entered are"
    why = " and ".join(visit.notes.get("reasons", [])) or "documents that were entered are gone"
    words = (
        f"The company file is older than what the connector knows: {why}. {what} not in it. Nothing is written to it"
    )
    _stop(visit, f"{words} until a person decides: ml-connector connection restored {connection.name}.", None)


def _settle(visit: Visit) -> None:
    restored, condensed = visit.notes.get("activity", ["", ""])
    visit.connection.last_restore, visit.connection.last_condense = restored[:40], condensed[:40]
    visit.connection.save(update_fields=["last_restore", "last_condense"])


def _stop(visit: Visit, sentence: str, exchange: ExchangeRef | None) -> None:
    visit.connection.stop_reason = sentence[:500]
    visit.connection.save(update_fields=["stop_reason"])
    visit.ledger.note(Entry(event="writing_stopped", words=sentence, exchange=exchange))


def _leave(visit: Visit, words: str) -> None:
    """The file could not be judged: nothing is written in this session, and it is asked again in the next one."""
    visit.notes |= {"done": True, "left": True}
    sentence = f"It is not known whether the company file is an older one, so nothing is written to it: {words}"
    visit.session.last_error = sentence[:500]

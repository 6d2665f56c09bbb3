"""Drift: Bills and VendorCredits of ours that people edited, voided or merged to another vendor or account in QuickBooks.

What was saved since the last reading is read with its lines. A document whose EditSequence is the one we know was not
touched. One that was touched is compared with what was entered, because a payment or a credit counts as a save too. What
differs is read once more, together with the vendors and accounts it pointed to: one that is gone was merged into another,
which is said and is no question.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ml_connector.core.books import ListId, ListKind, TxnId
from ml_connector.core.drift import Held, differences, held_as_json, held_by, held_from_json, merges, with_merged
from ml_connector.core.faults import Fault
from ml_connector.core.identity import request_id
from ml_connector.core.records import LedgerTxn, ListRecord, TxnKind
from ml_connector.core.states import Event, State
from ml_connector.flows.checks import vanished
from ml_connector.flows.lookups import KINDS, LOOKUP_WORKED
from ml_connector.flows.reading import Reading, end, finish_all, leave_out, note_unreadable, trouble_with
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import ResponseHead, UnreadableAnswer, UnreadableRecord
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.sent import sent_in
from ml_connector.quickbooks.statuses import classify_status
from ml_connector.store import documents, duties, held, lists, payments
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import Entry
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document
from ml_connector.store.reckoning import as_said

EDITED, BY_CREDIT = "MLC-CHANGED-05", "MLC-PAID-01"
_OPEN = (EDITED, BY_CREDIT)
_PER_QUESTION = 50
_MONEY = (TxnKind.BILL_PAYMENT_CHECK, TxnKind.BILL_PAYMENT_CREDIT_CARD)


class Drift:
    """Notices what became of our Bills after they were entered."""

    name = "drift"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """A reading is under way, or due."""
        if visit.notes.get("done"):
            return False
        return "step" in visit.notes or duties.is_due(visit.connection.pk, duties.DRIFT, visit.now)

    def remaining(self, visit: Visit) -> int:
        """Transactions still to come, as far as QuickBooks said."""
        return Reading(visit, "").left + len(visit.notes.get("suspects", []))

    def ask(self, visit: Visit) -> str | None:
        """Ask for the next page of what was saved, and then once more for what differs."""
        step = visit.notes.setdefault("step", KINDS[0].value)
        if step == "judge":
            return _ask_to_judge(visit)
        reading = Reading(visit, f"drift.{step}")
        since = reading.since() or (visit.connection.created_at - timedelta(days=1)).replace(tzinfo=None, microsecond=0)
        page = reading.page(visit.settings.txn_page)
        name = f"drift.{visit.serial}.{step}"
        query = requests.txn_query_modified_since(TxnKind(step), since, name, visit.version, lines=True, page=page)
        return message_set([query], version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Compare what came."""
        take = _judge if visit.notes["step"] == "judge" else _take_page
        problem = answer.failure.says if answer.failure else take(visit, answer)
        if problem:
            end(visit, duties.DRIFT, visit.settings.drift_read_s, problem)


def _take_page(visit: Visit, answer: Answer) -> str:
    step = visit.notes["step"]
    reading = Reading(visit, f"drift.{step}")
    saved: dict[str, LedgerTxn] = {}
    head = None
    unreadable: list[UnreadableRecord] = []
    try:
        for part in answer.parts(unreadable.append):
            if isinstance(part, ResponseHead):
                head = part
            elif isinstance(part, LedgerTxn):
                saved[part.txn_id] = part
                reading.saw(part.time_modified)
    except UnreadableAnswer as error:
        return str(error)
    note_unreadable(visit, unreadable, answer)
    trouble = trouble_with(head, f"What was saved of {step}")
    if trouble is not None:
        if not trouble.others_can_be_read:
            return trouble.sentence
        leave_out(visit, trouble)
        _next_step(visit, step)
        return ""
    assert head is not None
    visit.notes.setdefault("suspects", []).extend(_suspects(visit, saved))
    if reading.more(head.iterator_id, head.iterator_remaining):
        return ""
    reading.set_aside()
    _next_step(visit, step)
    return ""


def _next_step(visit: Visit, step: str) -> None:
    following = KINDS.index(TxnKind(step)) + 1
    if following < len(KINDS):
        visit.notes["step"] = KINDS[following].value
        return
    visit.notes["step"] = "judge"
    merged = held.merged_away(visit.connection)
    if merged:
        visit.notes["suspects"] += held.charged_to(visit.connection, merged)
        visit.notes["merged"] = [entry.pk for entry in merged]
    if not visit.notes["suspects"]:
        _end_well(visit)


def _end_well(visit: Visit) -> None:
    """Everything that was read is judged."""
    finish_all(visit)
    held.followed(visit.notes.pop("merged", []))
    end(visit, duties.DRIFT, visit.settings.drift_read_s, "")


def _suspects(visit: Visit, saved: dict[str, LedgerTxn]) -> list[str]:
    """Return the TxnIDs of ours that are not what they were. Of the others the new EditSequence is kept."""
    touched = [
        document
        for document in held.compared(visit.connection, saved, _OPEN)
        if document.state == State.CHANGED or document.edit_sequence != saved[document.txn_id].edit_sequence
    ]
    texts = sent_for(touched)
    found: list[str] = []
    for document in touched:
        txn = saved[document.txn_id]
        was = was_held(document, texts)
        if (
            document.state == State.CHANGED
            or differences(was, held_by(txn), str)
            or _settled_without_money(visit, document, txn)
        ):
            found.append(document.txn_id)
        else:
            _keep(visit, document, txn, was)
    return found


def _keep(visit: Visit, document: Document, txn: LedgerTxn, was: Held) -> None:
    changes = {"edit_sequence": txn.edit_sequence[:16], "books_said_at": visit.now} | as_said(txn)
    if was.lines is None:
        # Typed in by a person: from here on it is known what it is.
        changes["held"] = held_as_json(held_by(txn))
    documents.change(document, **changes)


def _settled_without_money(visit: Visit, document: Document, txn: LedgerTxn) -> bool:
    if txn.kind is not TxnKind.BILL or not txn.is_paid or not txn.amount:
        return False
    if document.held and document.held.get("by_credit"):
        return False  # a person knows
    return not any(share.amount for share in payments.applied_to(visit.connection.pk, [txn.txn_id]).get(txn.txn_id, []))


def sent_for(rows: Sequence[Document]) -> dict[str, Held]:
    """Return what was entered, by request id, of documents that went in a message set."""
    needed = [row for row in rows if not row.held]
    found: dict[str, Held] = {}
    for text in held.texts_of(needed).values():
        found |= sent_in(text)
    return found


def was_held(document: Document, sent: dict[str, Held]) -> Held:
    """Return what the Bill is to be: as a person accepted it, or as it was entered, or, of one that was typed in by hand,
    what had to agree when it was linked."""
    if document.held:
        return held_from_json(document.held)
    entered = sent.get(request_id(document.pk, document.plan_no))
    if entered is not None and not document.linked:
        return entered
    return Held(vendor=document.vendor_list_id, amount=abs(from_cents(document.gross_cents)))


# Once more, and for good.


def _ask_to_judge(visit: Visit) -> str | None:
    suspects: list[str] = visit.notes.get("suspects", [])
    while suspects:
        batch = suspects[:_PER_QUESTION]
        rows = held.compared(visit.connection, batch, _OPEN)
        if rows:
            break
        suspects = visit.notes["suspects"] = suspects[_PER_QUESTION:]
    else:
        _end_well(visit)
        return None
    visit.notes["batch"] = batch
    sent = sent_for(rows)
    vendors: set[str] = set()
    accounts: set[str] = set()
    for row in rows:
        was = was_held(row, sent)
        vendors.add(was.vendor)
        accounts |= {line.account for line in was.lines or ()}
    visit.notes["entries"] = sorted((vendors | accounts) - {""})
    name = f"judge.{visit.serial}"
    asked = []
    for kind in KINDS:
        ids = [TxnId(row.txn_id) for row in rows if row.kind == kind]
        if ids:
            asked.append(
                requests.txn_query_by_txn_ids(kind, ids, f"{name}.{kind}", visit.version, lines=True, links=True)
            )
    asked.append(requests.vendors_by_ids([ListId(x) for x in sorted(vendors - {""})], f"{name}.vendors", visit.version))
    if accounts:
        ids_of_accounts = [ListId(x) for x in sorted(accounts)]
        asked.append(requests.accounts_by_ids(ids_of_accounts, f"{name}.accounts", visit.version))
    return message_set(asked, version=visit.version)


def _judge(visit: Visit, answer: Answer) -> str:
    there: dict[str, LedgerTxn] = {}
    entries: set[str] = set()
    try:
        for part in answer.parts():
            if isinstance(part, ResponseHead):
                judged = classify_status(part.status_code, part.message)
                if judged.fate not in LOOKUP_WORKED:
                    return f"{judged.says} ({part.status_code}: {part.message})"
            elif isinstance(part, LedgerTxn):
                there[part.txn_id] = part
            elif isinstance(part, ListRecord):
                entries.add(part.list_id)
    except (UnreadableAnswer, UnreadableRecord) as error:
        return str(error)
    batch: list[str] = visit.notes.pop("batch", [])
    gone = set(visit.notes.pop("entries", [])) - entries
    visit.notes["suspects"] = visit.notes["suspects"][len(batch) :]
    rows = held.compared(visit.connection, batch, _OPEN)
    sent = sent_for(rows)
    hops: list[Hop] = []
    for row in rows:
        txn = there.get(row.txn_id)
        if txn is not None:  # else it was deleted, which the deletions tell
            hops += _judge_one(visit, answer, row, txn, was_held(row, sent), gone)
    documents.hop_all(visit.ledger, hops)
    if hops:
        duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)
    if not visit.notes["suspects"]:
        _end_well(visit)
    return ""


def _judge_one(visit: Visit, answer: Answer, row: Document, txn: LedgerTxn, was: Held, gone: set[str]) -> list[Hop]:
    now = held_by(txn)
    if was.amount and not txn.amount:
        return [vanished(row, "it was voided there", answer.exchange, txn)]
    ids = {was.vendor, now.vendor}
    ids |= {x for line in (*(was.lines or ()), *(now.lines or ())) for x in (line.account, line.class_, line.customer)}
    names = held.names_of(visit.connection, ids - {""})

    def named(list_id: str) -> str:
        return names.get(list_id, list_id) or "none"

    found = differences(was, now, named)
    merged = [difference for difference in found if difference.gone and difference.gone in gone]
    if merged:
        was = with_merged(was, gone, now)
        words = "; ".join(difference.words for difference in merged)
        visit.ledger.note(
            Entry(
                event="merged",
                words=f"Merged in QuickBooks, not edited: {words}.",
                document_id=row.pk,
                exchange=answer.exchange,
            )
        )
        documents.change(row, held=held_as_json(was), vendor_list_id=was.vendor)
        into = merges(found, gone)
        lists.note_merged(visit.connection, ListKind.VENDOR, into, visit.now)
        lists.note_merged(visit.connection, ListKind.ACCOUNT, into, visit.now)
        found = differences(was, now, named)
    kept: dict[str, Any] = {"edit_sequence": txn.edit_sequence[:16], "due_at": None} | as_said(txn)
    named_as = f"{row.kind} {row.txn_id}"
    if found:
        fault = Fault(code=EDITED, value=named_as, detail="; ".join(difference.words for difference in found))
    elif txn.is_paid and txn.amount and _by_credit_alone(txn) and not (row.held or {}).get("by_credit"):
        set_off = ", ".join(str(link.txn_id) for link in txn.links if link.txn_type == TxnKind.VENDOR_CREDIT)
        fault = Fault(code=BY_CREDIT, value=named_as, detail=set_off or "no VendorCredit is named")
    else:
        if row.state != State.CHANGED:
            _keep(visit, row, txn, was)
            return []
        words = "It is in QuickBooks as it was entered."
        changes = kept | {"faults": [], "payment_due": row.kind == TxnKind.BILL}
        return [Hop(document=row, event=Event.FOUND, words=words, changes=changes, exchange=answer.exchange)]
    written = documents.faults_as_json([fault])
    if row.state == State.CHANGED and row.faults == written:
        return []
    return [
        Hop(
            document=row,
            event=Event.DIFFERS,
            words=fault.says,
            changes=kept | {"faults": written},
            exchange=answer.exchange,
        )
    ]


def _by_credit_alone(txn: LedgerTxn) -> bool:
    return txn.kind is TxnKind.BILL and not any(link.txn_type in _MONEY and link.amount for link in txn.links)

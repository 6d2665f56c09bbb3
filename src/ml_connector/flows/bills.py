"""Bills and vendor credits: looked up first, then added, many with one message set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from ml_connector.core.faults import Fault
from ml_connector.core.identity import message_set_id, request_id
from ml_connector.core.matching import Match, Verdict, match
from ml_connector.core.states import Event, State
from ml_connector.flows.lookups import Unproven, candidates, found_hop, lookups, sought
from ml_connector.flows.planning import replan_if_stale
from ml_connector.flows.settling import answer_lost, close_if_settled, refusal, replies, settle
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks.answers import UnreadableAnswer, UnreadableRecord, read_answer
from ml_connector.quickbooks.failures import UNREADABLE, WRONG_VERSION
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.statuses import Fate
from ml_connector.store import documents, duties
from ml_connector.store.cents import from_cents
from ml_connector.store.chain import ExchangeRef
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document, MessageSet

#: States in which an earlier document of the same vendor and number stands in the way of a later one.
_TAKEN = (State.PLANNED, State.SENT, State.IN_DOUBT, State.POSTED, State.CONFIRMED, State.PAID, State.CHANGED)


#: Seconds per Bill until the first set was measured; about what is known of QuickBooks.
_UNMEASURED_S = 0.5


class Bills:
    """First asks QuickBooks which of the waiting documents it has, then adds the others."""

    name = "bills"
    writes = True

    def has_work(self, visit: Visit) -> bool:
        """Something was looked up and is ready to be added, or something still waits to be looked up."""
        if visit.notes.get("stop"):
            return False
        return bool(visit.notes.get("ready")) or bool(self._waiting(visit, 1))

    def remaining(self, visit: Visit) -> int:
        """Documents that wait."""
        return documents.of(visit.connection.pk).filter(state=State.PLANNED).count()

    def ask(self, visit: Visit) -> str | None:
        """Add what was looked up; else look up what waits."""
        if visit.notes.get("ready"):
            text = self._ask_to_add(visit)
            if text is not None:
                return text
        return self._ask_whether_there(visit)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Take the answer to a lookup or to an addition."""
        adding = visit.notes.pop("adding", None)
        if adding:
            take_write_answer(visit, MessageSet.objects.get(pk=adding), answer)
        else:
            self._take_looked_up(visit, answer)

    # Looking up.

    def _waiting(self, visit: Visit, limit: int) -> list[Document]:
        return documents.to_post(visit.connection.pk, limit, after=visit.notes.get("after", 0))

    def _ask_whether_there(self, visit: Visit) -> str | None:
        while waiting := self._waiting(visit, visit.settings.bills_per_check):
            waiting = _together(waiting)
            visit.notes["after"] = waiting[-1].pk
            waiting = replan_if_stale(visit.ledger, waiting)
            if waiting:
                visit.notes["looking"] = [document.pk for document in waiting]
                return message_set(lookups(visit, waiting), version=visit.version)
        return None

    def _take_looked_up(self, visit: Visit, answer: Answer) -> None:
        looked_up = _still_waiting(visit, visit.notes.pop("looking", []), documents.TO_LOOK_UP)
        if answer.failure is not None:
            if answer.failure.hresult == UNREADABLE:
                _unreadable_lookup(visit, looked_up, f"{answer.failure.says} {answer.failure.words}".strip(), answer)
            else:
                visit.notes["stop"] = True
            return
        found = candidates(answer)
        if isinstance(found, Unproven):
            visit.session.last_error = f"It is not known which invoices QuickBooks has already: {found.words}"[:500]
            if found.one_to_blame:
                _unreadable_lookup(visit, looked_up, found.words, answer)
            else:
                visit.notes["stop"] = True
            return
        hops: list[Hop] = []
        ready: list[list[Any]] = []
        taken = _taken(visit, looked_up)
        claimed: dict[str, Document] = {}
        for document in looked_up:
            judged = match(sought(document), found.get(document.kind, ()))
            if judged.verdict is Verdict.ABSENT and not document.post_new:
                judged = _on_its_way(document, taken) or judged
            if judged.verdict is Verdict.ABSENT:
                ready.append([document.pk, _looked_for(document)])
                continue
            hops.append(found_hop(visit, document, judged, answer.exchange, claimed))
        documents.hop_all(visit.ledger, hops)
        if hops:
            duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)
        visit.notes["ready"] = ready

    # Adding.

    def _ask_to_add(self, visit: Visit) -> str | None:
        ready: list[list[Any]] = visit.notes["ready"]
        size = self._set_size(visit)
        looked_for = dict(ready[:size])
        batch = _still_waiting(visit, list(looked_for), documents.TO_ADD)
        visit.notes["ready"] = ready[size:]
        lonely = [document for document in batch if document.alone]
        if lonely and len(batch) > 1:
            batch = [document for document in batch if not document.alone] or lonely[:1]
            kept = {document.pk for document in batch}
            visit.notes["ready"] += [[d.pk, looked_for[d.pk]] for d in lonely if d.pk not in kept]
        # What was planned anew since, or offered with other content, was not looked up as it now is: it is, next time.
        batch = [d for d in replan_if_stale(visit.ledger, batch) if _looked_for(d) == looked_for[d.pk]]
        if not batch:
            return self._ask_to_add(visit) if visit.notes["ready"] else None
        names = tuple(request_id(document.pk, document.plan_no) for document in batch)
        texts = [document.request_xml for document in batch]
        digest = hashlib.sha256("".join(texts).encode()).digest()
        set_id = message_set_id(visit.connection.file_id, names, digest)
        text = message_set(texts, version=visit.version, new_id=set_id)
        row = MessageSet.objects.create(connection=visit.connection, set_id=set_id, text=text, sent_at=visit.now)
        words = f"Handed to the Web Connector in message set {set_id}."
        documents.hop_all(
            visit.ledger,
            [
                Hop(document=document, event=Event.HANDED_OVER, words=words, changes={"message_set_id": row.pk})
                for document in batch
            ],
        )
        visit.notes["adding"] = row.pk
        return text

    def _set_size(self, visit: Visit) -> int:
        seconds = visit.connection.seconds_per_bill or _UNMEASURED_S
        return max(1, min(visit.settings.bills_per_set, int(visit.settings.burst_s / seconds)))


def take_write_answer(visit: Visit, row: MessageSet, answer: Answer) -> None:
    """Take the answer to a set of writes; what it leaves open is in doubt from now on."""
    waiting = documents.awaited(visit.connection.pk, row.pk)
    failure = answer.failure
    if failure is not None:
        words = f"{failure.says} {failure.words}".strip()
        if failure.hresult == WRONG_VERSION and row.fate == MessageSet.Fate.SENT:
            _spoken_too_new(visit, row, waiting, words, answer.exchange)
        elif failure.hresult == UNREADABLE and row.fate == MessageSet.Fate.SENT:
            _unreadable_set(visit, row, waiting, words, answer.exchange)
        else:
            answer_lost(visit.ledger, [row], f"{failure.says} ({failure.hresult}: {failure.words})", answered=True)
        return
    try:
        answered = replies(read_answer(answer.text))
    except (UnreadableAnswer, UnreadableRecord) as error:
        answer_lost(visit.ledger, [row], f"QuickBooks' answer could not be read: {error}", answered=True)
        return
    _learn_speed(visit, len(waiting))
    unknown = settle(visit.surroundings, visit.ledger, waiting, answered, answer.exchange)
    if unknown and row.fate == MessageSet.Fate.SENT:
        answer_lost(visit.ledger, [row], "QuickBooks' answer leaves open whether it was entered.", answered=True)
        row.refresh_from_db()
    close_if_settled(visit.ledger, row)


def _spoken_too_new(
    visit: Visit, row: MessageSet, waiting: Sequence[Document], words: str, exchange: ExchangeRef
) -> None:
    """QuickBooks was replaced by an older one after the set was written. It is written anew in the next session."""
    hops = [
        refusal(visit.surroundings, visit.ledger, document, Fate.RETRY, WRONG_VERSION, words, exchange)
        for document in waiting
    ]
    documents.hop_all(visit.ledger, hops)
    duties.wake(visit.connection.pk, visit.now, duties.PLANNING)
    close_if_settled(visit.ledger, row)


def _unreadable_set(
    visit: Visit, row: MessageSet, waiting: Sequence[Document], words: str, exchange: ExchangeRef
) -> None:
    """QuickBooks read nothing of the set. One of its documents is to blame: each is sent by itself next time."""
    hops = []
    for document in waiting:
        if len(waiting) == 1:
            hop = refusal(visit.surroundings, visit.ledger, document, Fate.PERMANENT, UNREADABLE, words, exchange)
            hop.changes["faults"] = documents.faults_as_json([Fault(code="MLC-QB-04", detail=words)])
        else:
            hop = refusal(visit.surroundings, visit.ledger, document, Fate.RETRY, UNREADABLE, words, exchange)
            hop.changes |= {"alone": True, "tries": document.tries}
            hop.changes["due_at"] = visit.now
        hops.append(hop)
    documents.hop_all(visit.ledger, hops)
    duties.wake(visit.connection.pk, visit.now, duties.PLANNING)
    close_if_settled(visit.ledger, row)


def _together(waiting: Sequence[Document]) -> list[Document]:
    """Return the first of these that may be looked up with one message: one that goes alone, or all before the first such."""
    if waiting[0].alone:
        return [waiting[0]]
    return list(takewhile(lambda document: not document.alone, waiting))


def _unreadable_lookup(visit: Visit, looked_up: Sequence[Document], words: str, answer: Answer) -> None:
    """QuickBooks could not read a lookup, or we could not read what it found. One document is to blame: each is looked up
    by itself until it is known."""
    if len(looked_up) > 1:
        documents.of(visit.connection.pk).filter(pk__in=[document.pk for document in looked_up]).update(alone=True)
        visit.notes["after"] = looked_up[0].pk - 1
        return
    fault = Fault(code="MLC-QB-04", detail=words)
    changes = {"faults": documents.faults_as_json([fault]), "due_at": None}
    documents.hop_all(
        visit.ledger,
        [
            Hop(document=d, event=Event.FOUND_FAULTS, words=fault.says, exchange=answer.exchange, changes=dict(changes))
            for d in looked_up
        ],
    )


def _learn_speed(visit: Visit, bills: int) -> None:
    """Smooth the measured seconds per Bill, so that a set keeps QuickBooks busy for the configured time at most."""
    if visit.session.asked_at is None or not bills:
        return
    measured = max((visit.now - visit.session.asked_at).total_seconds() / bills, 0.001)
    before = visit.connection.seconds_per_bill
    visit.connection.seconds_per_bill = round(measured if not before else 0.7 * before + 0.3 * measured, 4)
    visit.connection.save(update_fields=["seconds_per_bill"])


def _looked_for(document: Document) -> str:
    """Name what a lookup was for: an invoice that has another vendor, number, date or amount since is another question."""
    return "|".join(
        (
            str(document.plan_no),
            document.kind,
            document.vendor_list_id,
            document.ref_number,
            document.txn_date,
            document.invoice_date,
            str(document.gross_cents),
            document.wanted_txn_id,
        )
    )


def _still_waiting(visit: Visit, ids: Sequence[int], columns: Sequence[str]) -> list[Document]:
    return documents.still_planned(visit.connection.pk, ids, columns)


_Number = tuple[str, str, str]  # vendor, kind and number


def _taken(visit: Visit, looked_up: Sequence[Document]) -> dict[_Number, list[Document]]:
    """Return the documents that hold the same numbers."""
    rows = documents.of(visit.connection.pk).filter(
        ref_number__in={document.ref_number for document in looked_up}, state__in=_TAKEN
    )
    found: dict[_Number, list[Document]] = {}
    for row in rows.only(*_TO_NAME):
        found.setdefault(_number_of(row), []).append(row)
    return found


_TO_NAME = (
    "vendor_list_id", "kind", "ref_number", "txn_date", "gross_cents", "txn_id", "invoice_number", "invoice_date",
)  # fmt: skip


def _number_of(document: Document) -> _Number:
    return document.vendor_list_id, document.kind, document.ref_number.casefold()


def _on_its_way(document: Document, taken: dict[_Number, list[Document]]) -> Match | None:
    """A supplier who sends an invoice twice gets two Basware invoices with one number; the later one is a question."""
    for other in taken.get(_number_of(document), ()):
        if other.pk < document.pk:
            amount = abs(from_cents(other.gross_cents))
            known_as = f"TxnID {other.txn_id}" if other.txn_id else "on its way, no TxnID yet"
            value = f"{other.kind} {other.ref_number} of {other.txn_date} over {amount:.2f} ({known_as})"
            detail = f"invoice {other.invoice_number} of {other.invoice_date}"
            fault = Fault(code="MLC-DUP-02", value=value, detail=detail)
            return Match(verdict=Verdict.QUESTION, fault=fault)
    return None

"""Doubts: writes whose answer was lost. QuickBooks is asked, in this order, and before any new write:

1. its own memory of the message set (`oldMessageSetID` equal to `newMessageSetID`);
2. lookups by number, and by vendor and date, accepted only under our own mark with equal vendor and amount;
3. after two negative answers in two sessions, the very same text is sent again under the very same id, so that
   QuickBooks itself would refuse to enter it twice if it knows better.

What cannot be found out in this way, or is absent after several sends, comes to a person.

Source of the protocol: Intuit's error recovery samples; docs/reference/quickbooks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from ml_connector.core.books import ListId
from ml_connector.core.faults import Fault
from ml_connector.core.identity import request_id
from ml_connector.core.matching import Verdict, match
from ml_connector.core.states import Event, State
from ml_connector.flows.bills import take_write_answer
from ml_connector.flows.lookups import KINDS, Unproven, by_vendor, candidates, found_hop, lookups, sought
from ml_connector.flows.settling import close_if_settled, replies, settle
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import (
    Part,
    SetHead,
    UnreadableAnswer,
    UnreadableRecord,
    questions_of,
    read_answer,
)
from ml_connector.quickbooks.failures import UNREADABLE
from ml_connector.quickbooks.render import message_set, status_check
from ml_connector.quickbooks.statuses import SetFate, classify_message_set
from ml_connector.store import documents, duties, sessions
from ml_connector.store.documents import Hop
from ml_connector.store.models import Document, MessageSet

_SENDS_MAX = 3  # of one document, before a person must look why QuickBooks never has it
_SESSIONS_MAX = 10  # in which QuickBooks does not say what became of one set, before a person must look
#: Stamps of QuickBooks are local, and clocks differ: whatever was saved after a set left has a later stamp than this.
_SAVED_SINCE = timedelta(hours=24)


class Doubts:
    """Resolves every lost message set before anything new is written."""

    name = "doubts"
    writes = True

    def has_work(self, visit: Visit) -> bool:
        """A lost set has not been asked after in this session, or is being asked after now."""
        return "set" in visit.notes or self._next(visit) is not None

    def remaining(self, visit: Visit) -> int:
        """Documents in doubt."""
        return documents.of(visit.connection.pk).filter(state=State.IN_DOUBT).count()

    def ask(self, visit: Visit) -> str | None:
        """Ask after the set at hand, or begin with the next one."""
        notes = visit.notes
        if "set" not in notes:
            row = self._next(visit)
            if row is None:
                return None
            notes |= {"set": row.pk, "stage": "memory"}
            return status_check(row.set_id, visit.version)
        row = MessageSet.objects.get(pk=notes["set"])
        if notes["stage"] == "again":
            return self._send_again(visit, row)
        notes["stage"] = "lookup"
        return message_set(_wide_lookups(visit, row, _in_doubt(visit, row)), version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Take QuickBooks' word on the set at hand."""
        row = MessageSet.objects.get(pk=visit.notes["set"])
        stage = visit.notes["stage"]
        if stage == "again":
            self._finish(visit, row)
            take_write_answer(visit, row, answer)
        elif answer.failure is not None:
            if stage == "memory" and answer.failure.hresult == UNREADABLE:
                # It cannot be asked this way. What it remembers is not known, so this id is not used again.
                visit.notes |= {"stage": "lookup", "remembered": True}
            elif answer.failure.hresult == UNREADABLE:
                self._leave(visit, row, f"{answer.failure.says} ({answer.failure.hresult})", answer)
            else:
                self._finish(visit, row)  # QuickBooks itself was out of reach, which says nothing of this set
        elif stage == "memory":
            self._take_memory(visit, row, answer)
        else:
            self._take_lookup(visit, row, answer)

    def _next(self, visit: Visit) -> MessageSet | None:
        asked = visit.notes.get("asked", [])
        for row in sessions.lost(visit.connection.pk):
            if row.pk not in asked and not close_if_settled(visit.ledger, row):
                return row
        return None

    def _finish(self, visit: Visit, row: MessageSet) -> None:
        """Leave the set for this session."""
        visit.notes["asked"] = [*visit.notes.get("asked", []), row.pk]
        for key in ("set", "stage", "remembered"):
            visit.notes.pop(key, None)

    def _leave(self, visit: Visit, row: MessageSet, words: str, answer: Answer) -> None:
        """Leave a set that QuickBooks did not say enough of; after many such sessions it comes to a person."""
        row.asked += 1
        row.save(update_fields=["asked"])
        if row.asked >= _SESSIONS_MAX:
            fault = Fault(code="MLC-QB-06", value=str(row.asked), detail=words)
            _to_a_person(visit, _in_doubt(visit, row), fault, answer)
            close_if_settled(visit.ledger, row)
        self._finish(visit, row)

    def _take_memory(self, visit: Visit, row: MessageSet, answer: Answer) -> None:
        try:
            parts = list(read_answer(answer.text))
        except (UnreadableAnswer, UnreadableRecord):
            parts = []
        recalled = _names(row, parts)
        answered = replies(parts) if recalled else {}
        settle(visit.surroundings, visit.ledger, _in_doubt(visit, row), answered, answer.exchange)
        if recalled:
            row.answered = True
            row.save(update_fields=["answered"])
        if close_if_settled(visit.ledger, row):
            self._finish(visit, row)
            return
        # QuickBooks remembers the set but says nothing of some documents, or its memory disagrees with ours: then the
        # same text is not sent again under this id.
        visit.notes["remembered"] = _fate(parts) is not SetFate.NO_RECORD
        visit.notes["stage"] = "lookup"

    def _take_lookup(self, visit: Visit, row: MessageSet, answer: Answer) -> None:
        found = candidates(answer)
        if isinstance(found, Unproven):
            visit.session.last_error = f"The outcome of an earlier attempt is still unknown: {found.words}"[:500]
            self._leave(visit, row, found.words, answer)
            return
        hops: list[Hop] = []
        absent: list[Document] = []
        claimed: dict[str, Document] = {}
        waiting = _in_doubt(visit, row)
        for document in waiting:
            judged = match(sought(document, in_doubt=True), found.get(document.kind, ()))
            if judged.verdict is Verdict.ABSENT:
                absent.append(document)
            else:
                hops.append(found_hop(visit, document, judged, answer.exchange, claimed))
        documents.hop_all(visit.ledger, hops)
        if hops:
            duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)
        twice = [document for document in absent if document.absent_in not in (0, visit.session.pk)]
        for document in absent:
            if document.absent_in == 0:
                documents.change(document, absent_in=visit.session.pk)
        if (
            twice
            and _holds_only(row, twice)
            and not visit.notes.get("remembered")
            and all(d.tries < _SENDS_MAX - 1 for d in twice)
        ):
            visit.notes["stage"] = "again"
            return
        # Under another id QuickBooks would not recognise it: nobody may still hold it, or has held it for too long.
        held = not row.answered and (visit.now - row.sent_at).total_seconds() <= visit.settings.session_expires_s
        passed = _passed(visit, row) if held else None
        _release(visit, [d for d in twice if passed is None or d.pk < passed], answer)
        close_if_settled(visit.ledger, row)
        self._finish(visit, row)

    def _send_again(self, visit: Visit, row: MessageSet) -> str:
        """The set as it was, byte for byte: had it been applied after all, QuickBooks would answer from its memory."""
        waiting = _in_doubt(visit, row)
        documents.hop_all(
            visit.ledger,
            [
                Hop(
                    document=d,
                    event=Event.NOT_THERE,
                    words="QuickBooks was asked twice and does not have it.",
                    changes={"tries": d.tries + 1},
                )
                for d in waiting
            ],
        )
        words = f"Handed to the Web Connector again, unchanged, in message set {row.set_id}."
        documents.hop_all(visit.ledger, [Hop(document=d, event=Event.HANDED_OVER, words=words) for d in waiting])
        row.fate, row.sent_at, row.answered = MessageSet.Fate.SENT, visit.now, False
        row.save(update_fields=["fate", "sent_at", "answered"])
        return row.text


def _fate(parts: Sequence[Part]) -> SetFate:
    """Return what QuickBooks says of the whole set."""
    head = next((part for part in parts if isinstance(part, SetHead)), None)
    return classify_message_set(head.message_set_status_code) if head else SetFate.UNKNOWN


def _names(row: MessageSet, parts: Sequence[Part]) -> bool:
    """The answer is QuickBooks' memory of this very set."""
    names = {part.new_message_set_id for part in parts if isinstance(part, SetHead)}
    return _fate(parts) is SetFate.ANSWERED and names <= {"", row.set_id}


def _in_doubt(visit: Visit, row: MessageSet) -> list[Document]:
    rows = documents.of(visit.connection.pk).filter(message_set=row, state=State.IN_DOUBT)
    return list(rows.defer("raw").order_by("pk"))


def _holds_only(row: MessageSet, waiting: Sequence[Document]) -> bool:
    """Tell whether the set, as it was sent, enters nothing but these: what QuickBooks refused of it may have been entered in
    another set since, and QuickBooks may have forgotten this one."""
    return {name for _, name in questions_of(row.text)} == {request_id(d.pk, d.plan_no) for d in waiting}


def _passed(visit: Visit, row: MessageSet) -> int:
    """Return the last document of the set that QuickBooks has. A set is worked through in its order: whatever stands
    before that one had its turn."""
    there = documents.of(visit.connection.pk).filter(message_set=row).exclude(txn_id="")
    return there.order_by("-pk").values_list("pk", flat=True).first() or 0


def _wide_lookups(visit: Visit, row: MessageSet, waiting: Sequence[Document]) -> list[str]:
    """By number, by vendor and date, and whatever was saved since: a user may have changed all of them, but our mark would
    still be there."""
    asked = lookups(visit, waiting)
    for kind in KINDS:
        days: dict[str, set[str]] = {}
        for document in waiting:
            if document.kind == kind:
                days.setdefault(document.txn_date, set()).add(document.vendor_list_id)
        for day, vendors in sorted(days.items()):
            on = date.fromisoformat(day)
            vendor_ids = [ListId(vendor) for vendor in sorted(vendors)]
            name = by_vendor(visit.serial, kind, day)
            asked.append(requests.txn_query_by_vendor_and_dates(kind, vendor_ids, on, on, name, visit.version))
        if days:
            since = (row.sent_at - _SAVED_SINCE).replace(tzinfo=None, microsecond=0)
            name = f"look.{visit.serial}.{kind}.since"
            asked.append(requests.txn_query_modified_since(kind, since, name, visit.version, page=None))
    return asked


def _to_a_person(visit: Visit, waiting: Sequence[Document], fault: Fault, answer: Answer) -> None:
    changes = {"faults": documents.faults_as_json([fault]), "due_at": None, "absent_in": 0, "message_set_id": None}
    hops = [
        Hop(
            document=document,
            event=Event.FOUND_FAULTS,
            words=fault.says,
            exchange=answer.exchange,
            changes=changes | {"plan_no": document.plan_no + 1, "tries": 0},
        )
        for document in waiting
    ]
    documents.hop_all(visit.ledger, hops)


def _release(visit: Visit, twice: Sequence[Document], answer: Answer) -> None:
    """Let documents be sent anew, in another set and under a new plan number: QuickBooks remembers the answer to the old
    one, and would give it again."""
    tired = [document for document in twice if document.tries >= _SENDS_MAX - 1]
    fault = Fault(code="MLC-QB-05", value=str(_SENDS_MAX), detail="QuickBooks gave no answer, and does not have it")
    _to_a_person(visit, tired, fault, answer)
    words = "QuickBooks was asked twice and does not have it; it is sent anew."
    documents.hop_all(
        visit.ledger,
        [
            Hop(
                document=document,
                event=Event.NOT_THERE,
                words=words,
                exchange=answer.exchange,
                changes={
                    "message_set_id": None,
                    "absent_in": 0,
                    "plan_no": document.plan_no + 1,
                    "plan_basis": "",
                    "tries": document.tries + 1,
                },
            )
            for document in twice
            if document not in tired
        ],
    )

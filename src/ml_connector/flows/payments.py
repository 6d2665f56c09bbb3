"""Payments from QuickBooks: checks and credit card payments of Bills, changed, voided and deleted ones included."""

from __future__ import annotations

from datetime import timedelta

from ml_connector.core.books import TxnId
from ml_connector.core.records import DeletedTxn, Payment, TxnKind
from ml_connector.flows.checks import note_deleted
from ml_connector.flows.lookups import KINDS
from ml_connector.flows.reading import Reading, end, leave_out, note_unreadable, trouble_with
from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.answers import ResponseHead, UnreadableAnswer, UnreadableRecord
from ml_connector.quickbooks.render import message_set
from ml_connector.store import duties, payments
from ml_connector.store.chain import Entry

_KINDS = (TxnKind.BILL_PAYMENT_CHECK, TxnKind.BILL_PAYMENT_CREDIT_CARD)
_DELETED = "deleted"
_STEPS = (*(kind.value for kind in _KINDS), _DELETED)

#: How far back the first reading goes: QuickBooks remembers deletions for about 90 days, and a Bill that was typed in by
#: hand before the connector came may have been paid since.
_FIRST_READING = timedelta(days=90)


class Payments:
    """Reads what was paid since the last time, and what was deleted."""

    name = "payments"
    writes = False

    def has_work(self, visit: Visit) -> bool:
        """A reading is under way, or due."""
        if visit.notes.get("done"):
            return False
        return "step" in visit.notes or duties.is_due(visit.connection.pk, duties.PAYMENTS, visit.now)

    def remaining(self, visit: Visit) -> int:
        """Payments still to come, as far as QuickBooks said."""
        return Reading(visit, "").left

    def ask(self, visit: Visit) -> str | None:
        """Ask for the next page."""
        step = visit.notes.setdefault("step", _STEPS[0])
        reading = Reading(visit, f"payments.{step}")
        since = reading.since() or (visit.connection.created_at - _FIRST_READING).replace(tzinfo=None, microsecond=0)
        name = f"payments.{visit.serial}.{step}"
        if step == _DELETED:
            request = requests.txn_deleted_query((*_KINDS, *KINDS), name, visit.version, since=since)
        else:
            request = requests.payment_query(
                TxnKind(step),
                name,
                visit.version,
                modified_since=since,
                page=reading.page(visit.settings.txn_page),
            )
        return message_set([request], version=visit.version)

    def take(self, visit: Visit, answer: Answer) -> None:
        """Store what came, and mark our documents whose payments changed."""
        problem = answer.failure.says if answer.failure else self._take_payments(visit, answer)
        if problem:
            self._end(visit, problem)

    def _take_payments(self, visit: Visit, answer: Answer) -> str:
        step = visit.notes["step"]
        reading = Reading(visit, f"payments.{step}")
        found: list[Payment] = []
        gone: list[TxnId] = []
        bills_gone: list[TxnId] = []
        head = None
        unreadable: list[UnreadableRecord] = []
        try:
            for part in answer.parts(unreadable.append):
                if isinstance(part, ResponseHead):
                    head = part
                elif isinstance(part, Payment):
                    found.append(part)
                    reading.saw(part.time_modified)
                elif isinstance(part, DeletedTxn):
                    (bills_gone if part.kind in KINDS else gone).append(part.txn_id)
                    reading.saw(part.time_deleted)
        except UnreadableAnswer as error:
            return str(error)
        note_unreadable(visit, unreadable, answer)
        trouble = trouble_with(head, f"The {step} payments")
        if trouble is not None:
            if not trouble.others_can_be_read:
                return trouble.sentence
            leave_out(visit, trouble)
            self._next_step(visit, step)
            return ""
        assert head is not None
        if bills_gone:
            note_deleted(visit.ledger, bills_gone, answer.exchange)
        changed = payments.replace_shares(visit.connection, found, gone, visit.now)
        if changed:
            words = f"Payments of {changed} documents changed in QuickBooks."
            visit.ledger.note(Entry(event="payments_read", words=words, exchange=answer.exchange))
            duties.wake(visit.connection.pk, visit.now, duties.ANSWERS)
        if reading.more(head.iterator_id, head.iterator_remaining):
            return ""
        reading.finish()
        self._next_step(visit, step)
        return ""

    def _next_step(self, visit: Visit, step: str) -> None:
        following = _STEPS.index(step) + 1
        if following < len(_STEPS):
            visit.notes["step"] = _STEPS[following]
        else:
            self._end(visit, "")

    def _end(self, visit: Visit, problem: str) -> None:
        end(visit, duties.PAYMENTS, visit.settings.payment_read_s, problem)

"""Documents: how they enter, how they change state, and the questions asked of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import models
from django.db.models import QuerySet

from ml_connector.core.errors import Defect
from ml_connector.core.faults import Fault
from ml_connector.core.states import Event, State, advance
from ml_connector.store import missing, reckoning
from ml_connector.store.bulk import insert
from ml_connector.store.chain import Entry, ExchangeRef, Ledger
from ml_connector.store.models import Document
from ml_connector.store.rows import Question, moment, places

# Columns each kind of work reads. A row has many, and reading them all costs more than the work itself.
TO_LOOK_UP = (
    "connection_id", "state", "plan_no", "plan_basis", "alone", "kind", "vendor_list_id", "ref_number", "txn_date",
    "invoice_date", "gross_cents", "company_code", "invoice_id", "wanted_txn_id", "post_new", "txn_id",
)  # fmt: skip
TO_ADD = (*TO_LOOK_UP, "request_xml")
TO_SETTLE = (
    "connection_id", "state", "plan_no", "kind", "ref_number", "txn_date", "gross_cents", "tries", "message_set_id",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Hop:
    """One document's step: what happened, what else changes in its row, and the sentence for the audit trail."""

    document: Document
    event: Event
    words: str = ""
    changes: dict[str, Any] = field(default_factory=dict)
    exchange: ExchangeRef | None = None


def hop_all(ledger: Ledger, hops: Sequence[Hop]) -> None:
    """Carry out many steps in the ledger's transaction: new state, changed columns, one audit entry each.

    Raises:
        Defect: a step that the transition table does not know, or a document that is no longer in the state it was
            read in. Nothing is written then.
    """
    statements: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    no_longer: list[int] = []
    held_up: list[tuple[int, Document]] = []
    for hop in hops:
        document = hop.document
        before = State(document.state)
        after = advance(before, hop.event)
        changes = hop.changes | {"state": after.value, "changed_at": ledger.now}
        if "faults" in changes:
            changes["fault_code"] = _first_code(changes["faults"])
        if _leaves_the_inbox(document, after, changes):
            changes["resolved_at"] = ledger.now
        changes |= reckoning.following(document, before, after, changes, ledger.now)
        names = tuple(changes)
        statements.setdefault(names, []).append(
            (*(_column_value(ledger, name, changes[name]) for name in names), document.pk, before.value)
        )
        for name, value in changes.items():
            setattr(document, name, value)
        if before is State.BLOCKED and (after is not State.BLOCKED or "faults" in changes):
            no_longer.append(document.pk)
        if after is State.BLOCKED and "faults" in changes:
            held_up.append((ledger.connection.pk, document))
        ledger.note(
            Entry(
                event=hop.event.value,
                words=hop.words,
                document_id=document.pk,
                from_state=before.value,
                to_state=after.value,
                exchange=hop.exchange,
            )
        )
    with database.cursor() as cursor:
        for names, rows in statements.items():
            columns = ", ".join(f"{_COLUMNS[name]} = %s" for name in names)
            if "resolved_at" in names:
                columns += ", resolved_cause = cause"  # what it was until now
            cursor.executemany(f"UPDATE store_document SET {columns} WHERE id = %s AND state = %s", rows)  # noqa: S608
            if cursor.rowcount != len(rows):
                raise Defect("a document changed its state while it was being worked on")
    if no_longer or held_up:
        missing.keep(no_longer, held_up)


#: A document in these states is in the error inbox; the generated column `cause` says the same.
HELD_UP = frozenset({State.BLOCKED, State.CHANGED, State.IN_DOUBT})


def _leaves_the_inbox(document: Document, after: State, changes: Mapping[str, Any]) -> bool:
    """Tell whether a step takes a document out of the error inbox. Where an answer was refused, the column was read."""
    refused = document.__dict__.get("answer_fault")
    was_in = document.state in HELD_UP or refused is not None
    return was_in and after not in HELD_UP and changes.get("answer_fault", refused) is None


_FIELDS = {f.name: f for f in Document._meta.concrete_fields} | {f.attname: f for f in Document._meta.concrete_fields}
_COLUMNS = {name: field_.column for name, field_ in _FIELDS.items()}
_CONVERTED = frozenset(
    name
    for name, field_ in _FIELDS.items()
    if isinstance(field_, models.DateTimeField | models.JSONField | models.BinaryField | models.ForeignKey)
)


def _column_value(ledger: Ledger, name: str, value: Any) -> Any:
    """Return a value as its column takes it; text and numbers go as they are."""
    if value is None or name not in _CONVERTED:
        return value
    if value is ledger.now:
        return ledger.now_column
    if name == "faults" and not value:
        return ledger.no_faults
    return _FIELDS[name].get_db_prep_save(value, database)


def change(document: Document, **changes: Any) -> None:
    """Change columns that are not the state."""
    if "state" in changes:
        raise Defect("the state changes in hop_all only")
    if "faults" in changes:
        changes["fault_code"] = _first_code(changes["faults"])
    changes |= reckoning.counted_in(changes)
    for name, value in changes.items():
        setattr(document, name, value)
    document.save(update_fields=list(changes))


def _first_code(faults: Sequence[Mapping[str, str]]) -> str:
    return faults[0]["code"] if faults else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """An invoice that was offered and is not known yet."""

    invoice_id: str
    company_code: str
    payment_block: bool
    raw: bytes


def bytes_sha256(raw: bytes) -> str:
    """Return the SHA-256 of the bytes Basware sent."""
    return hashlib.sha256(raw).hexdigest()


def receive(ledger: Ledger, offered: Sequence[NewDocument], exchange: ExchangeRef) -> list[int]:
    """Store invoices raw, before anything is understood or acknowledged; return the numbers they were given."""
    connection_id = ledger.connection.pk
    insert(
        Document,
        [
            {
                "connection_id": connection_id,
                "invoice_id": new.invoice_id,
                "company_code": new.company_code,
                "state": State.RECEIVED.value,
                "payment_block": new.payment_block,
                "raw": new.raw,
                "raw_sha256": bytes_sha256(new.raw),
                "received_at": ledger.now_column,
                "changed_at": ledger.now_column,
            }
            for new in offered
        ],
    )
    invoice_ids = [new.invoice_id for new in offered]
    numbers = list(of(connection_id).filter(invoice_id__in=invoice_ids).order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        ledger.note(
            Entry(
                event="received",
                words="Basware offers it for transfer; stored as it came.",
                document_id=number,
                to_state=State.RECEIVED.value,
                exchange=exchange,
            )
        )
    return numbers


def known(connection_id: int, invoice_ids: Iterable[str]) -> dict[str, Document]:
    """Return the documents among these invoices that are known already, by invoice id."""
    return {row.invoice_id: row for row in _KNOWN.rows(connection_id, list(invoice_ids))}


_KNOWN = Question(Document, "WHERE connection_id = %s AND invoice_id IN %s")


def of(connection_id: int) -> QuerySet[Document]:
    """Return the documents of one connection."""
    return Document.objects.filter(connection_id=connection_id)


_TO_ACKNOWLEDGE = Question(
    Document,
    "WHERE connection_id = %s AND acknowledged_at IS NULL AND (due_at IS NULL OR due_at <= %s)"
    " AND state NOT IN ('sent', 'in_doubt', 'modifying') ORDER BY id LIMIT %s",
    ("connection_id", "state", "invoice_id", "due_at", "answer_tries"),
)


def to_acknowledge(connection_id: int, now: datetime, limit: int, but: Collection[int] = ()) -> list[Document]:
    """Return documents that Basware has not taken our acknowledgement for, those left out that failed a moment ago."""
    rows = _TO_ACKNOWLEDGE.rows(connection_id, moment(now), limit + len(but))
    return [row for row in rows if row.pk not in but][:limit]


#: Faults that planning found: they may go away when a list or the mapping changes. All others wait for a person or a time.
PLANNING_CODES = (
    "MLC-READ", "MLC-VENDOR", "MLC-ACCOUNT", "MLC-CLASS", "MLC-JOB", "MLC-TERMS", "MLC-CODE", "MLC-TOTAL", "MLC-DATE",
    "MLC-CURRENCY", "MLC-NUMBER", "MLC-BLOCK",
)  # fmt: skip


def may_heal_by_planning(faults: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether planning again can clear every one of these faults."""
    return all(fault["code"].startswith(PLANNING_CODES) for fault in faults)


def points_nowhere(faults: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether QuickBooks refused a reference: the lists that it was planned on may have changed since they were read.
    Source: docs/reference/quickbooks.md, status codes."""
    return bool(faults) and all(fault["code"] == "MLC-QB-01" and fault["value"] == "3140" for fault in faults)


_TO_PLAN = Question(
    Document,
    "WHERE connection_id = %s AND (state = 'accepted' OR (state = 'blocked' AND (plan_basis <> %s OR due_at <= %s)))"
    " ORDER BY id LIMIT %s",
    ("connection_id", "state", "raw", "plan_no", "plan_basis", "faults", "due_at"),
)


def to_plan(connection_id: int, basis: str, now: datetime, limit: int) -> list[Document]:
    """Return documents to be planned: the new ones, the blocked ones whose lists or mapping changed, and those whose time
    has come."""
    return _TO_PLAN.rows(connection_id, basis, moment(now), limit)


_TO_POST = Question(
    Document,
    "WHERE connection_id = %s AND state = 'planned' AND id > %s AND acknowledged_at IS NOT NULL ORDER BY id LIMIT %s",
    TO_LOOK_UP,
)


def to_post(connection_id: int, limit: int, after: int = 0) -> list[Document]:
    """Return documents that wait for QuickBooks, oldest first."""
    return _TO_POST.rows(connection_id, after, limit)


_ANSWERED = (
    "connection_id", "state", "invoice_id", "kind", "txn_id", "txn_number", "linked", "reason", "faults",
    "payment_block", "response_no", "answer_tries", "answer_fault",
)  # fmt: skip
_TO_ANSWER = Question(
    Document,
    "WHERE connection_id = %s AND state = %s AND id > %s AND (due_at IS NULL OR due_at <= %s)"
    " AND acknowledged_at IS NOT NULL AND wanted_txn_id = '' ORDER BY id LIMIT %s",
    _ANSWERED,
)


_TO_CHECK = Question(
    Document,
    "WHERE connection_id = %s AND wanted_txn_id > '' AND state IN ('posted', 'blocked', 'changed') ORDER BY id LIMIT %s",
    ("id",),
)


def ids_to_check(connection_id: int, limit: int) -> list[int]:
    """Return documents whose Bill is to be asked for by TxnID: Basware offers them again and is to be told once more, or
    a person named a Bill for what cannot be planned, or was changed."""
    return [row.pk for row in _TO_CHECK.rows(connection_id, limit)]


def to_check(connection_id: int, ids: Sequence[int]) -> list[Document]:
    """Return those of these documents whose Bill is still to be asked for."""
    states = [State.POSTED, State.BLOCKED, State.CHANGED]
    rows = of(connection_id).filter(pk__in=ids, state__in=states, wanted_txn_id__gt="")
    return list(rows.defer("raw", "request_xml").order_by("pk"))


_TO_COMPARE = Question(
    Document,
    "WHERE connection_id = %s AND compare_due AND acknowledged_at IS NOT NULL AND state IN ('changed', 'modifying')"
    " ORDER BY id LIMIT %s",
    ("kind", "txn_id"),
)


def to_compare(connection_id: int, but: Collection[int], limit: int) -> list[Document]:
    """Return documents whose Bill is to be compared with what the invoice says now, and those of which it is not known
    whether a change was made, oldest first."""
    rows = _TO_COMPARE.rows(connection_id, limit + len(but))
    return [row for row in rows if row.pk not in but][:limit]


def to_answer(connection_id: int, now: datetime, limit: int, after: int = 0) -> list[Document]:
    """Return documents whose transfer Basware waits to hear of, oldest first."""
    found: list[Document] = []
    for state in (State.POSTED, State.GIVEN_UP):  # each one is a walk along an index; both at once would be a sort
        found += _TO_ANSWER.rows(connection_id, state.value, after, moment(now), limit)
    return sorted(found, key=lambda document: document.pk)[:limit]


def still_to_answer(connection_id: int, ids: Sequence[int]) -> list[Document]:
    """Return those of these documents whose transfer Basware still waits to hear of, oldest first."""
    if not ids:
        return []
    question = _STILL_TO_ANSWER.get(len(ids))
    if question is None:
        condition = (
            "WHERE connection_id = %s AND state IN ('posted', 'given_up') AND acknowledged_at IS NOT NULL"
            f" AND wanted_txn_id = '' AND id IN ({places(len(ids))}) ORDER BY id"
        )
        question = _STILL_TO_ANSWER[len(ids)] = Question(Document, condition, _ANSWERED)
    return question.rows(connection_id, *ids)


_STILL_TO_ANSWER: dict[int, Question[Document]] = {}


_TO_REPORT_PAYMENT = Question(
    Document,
    "WHERE connection_id = %s AND payment_due AND id > %s AND (due_at IS NULL OR due_at <= %s)"
    " AND state IN ('confirmed', 'paid') ORDER BY id LIMIT %s",
)


def to_report_payment(connection_id: int, now: datetime, limit: int, after: int = 0) -> list[Document]:
    """Return documents whose payments changed since Basware was last told."""
    return _TO_REPORT_PAYMENT.rows(connection_id, after, moment(now), limit)


_PAYMENT_TO_CHECK = Question(
    Document,
    "WHERE connection_id = %s AND payment_told_at <= %s AND id > %s AND NOT payment_due AND payment_tried = ''"
    " AND state IN ('confirmed', 'paid') ORDER BY id LIMIT %s",
    ("connection_id", "state", "invoice_id", "payment_no", "payment_content", "due_at"),
)


def payments_to_check(connection_id: int, before: datetime, limit: int, after: int = 0) -> list[Document]:
    """Return documents whose payments Basware was last told of before a moment, and was not seen to show since."""
    return _PAYMENT_TO_CHECK.rows(connection_id, moment(before), after, limit)


_STILL_PLANNED: dict[tuple[Sequence[str], int], Question[Document]] = {}


def still_planned(connection_id: int, numbers: Sequence[int], columns: Sequence[str]) -> list[Document]:
    """Return those of these documents that wait for QuickBooks, oldest first."""
    if not numbers:
        return []
    question = _STILL_PLANNED.get((columns, len(numbers)))
    if question is None:
        condition = f"WHERE connection_id = %s AND state = 'planned' AND id IN ({places(len(numbers))}) ORDER BY id"
        question = _STILL_PLANNED[columns, len(numbers)] = Question(Document, condition, columns)
    return question.rows(connection_id, *numbers)


_AWAITED = Question(
    Document,
    "WHERE connection_id = %s AND message_set_id = %s AND state IN ('sent', 'in_doubt') ORDER BY id",
    TO_SETTLE,
)


def awaited(connection_id: int, message_set: int) -> list[Document]:
    """Return the documents of a set whose outcome is not known yet."""
    return _AWAITED.rows(connection_id, message_set)


def faults_as_json(faults: Sequence[Fault]) -> list[dict[str, str]]:
    """Write faults for a row."""
    return [asdict(fault) for fault in faults]


def faults_of(document: Document) -> list[Fault]:
    """Read the faults of a row."""
    return [Fault(**fault) for fault in document.faults]


def answer_fault_of(document: Document) -> Fault | None:
    """Read why Basware refused the answer that is still to be given, if it did."""
    return Fault(**document.answer_fault) if document.answer_fault else None


def refusal_ended(document: Document, now: datetime) -> dict[str, Any]:
    """Return the columns of a document whose answer Basware no longer refuses."""
    fault = document.answer_fault
    out = {"resolved_at": now, "resolved_cause": fault["code"]} if fault else {}
    return {"answer_fault": None, **out}


def with_refused_answer(connection_id: int) -> QuerySet[Document]:
    """Return documents of which Basware refused the answer."""
    return of(connection_id).filter(answer_fault__isnull=False)

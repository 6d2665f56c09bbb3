"""The error inbox: what is held up, grouped by cause, with whom it is, and what was resolved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.core.causes import Cause, cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import Owner
from ml_connector.core.states import State
from ml_connector.flows import connections
from ml_connector.flows.story import state_words
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import documents, inbox
from ml_connector.store.cents import from_cents
from ml_connector.store.inbox import Heap, Whose
from ml_connector.store.missing import KIND_OF_FAULT
from ml_connector.store.models import Document

OPEN, ASSIGNED, MINE, RESOLVED = "open", "assigned", "mine", "resolved"
_RESOLVED_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What documents of one currency come to."""

    currency: str  #: empty where the invoices could not be read
    count: int
    amount: Decimal  #: credit notes count as negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The documents that one cause holds up."""

    cause: Cause
    count: int
    assigned: int  #: of them, with somebody
    sums: Sequence[Sum]  #: by currency
    oldest_at: datetime | None  #: when the oldest of them was received

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "cause": self.cause.code,
            "words": self.cause.words,
            "says": self.cause.says,
            "do": self.cause.do,
            "owner": self.cause.owner.value,
            "heals_itself": self.cause.heals_itself,
            "documents": self.count,
            "assigned": self.assigned,
            "sums": [{"currency": s.currency, "documents": s.count, "amount": f"{s.amount:.2f}"} for s in self.sums],
            "oldest_at": self.oldest_at.isoformat() if self.oldest_at else None,
        }


def groups(connection: str = "", *, view: str = OPEN, person: str = "") -> Sequence[Group]:
    """Return the inbox by cause: what needs a person first, and the larger group before the smaller one.

    Raises:
        NeedsOperator: there is no such connection.
    """
    by_cause: dict[str, list[Heap]] = {}
    for heap in inbox.heaps(whose(connection, view=view, person=person)):
        by_cause.setdefault(heap.cause, []).append(heap)
    oldest = inbox.received_at([min(heap.first for heap in heaps) for heaps in by_cause.values()])
    found = [_group(code, heaps, oldest) for code, heaps in by_cause.items()]
    return sorted(found, key=lambda group: (not needs_person(group.cause), -group.count, group.cause.code))


def needs_person(cause: Cause) -> bool:
    """Tell whether somebody must act, and it does not go on by itself."""
    return cause.owner is not Owner.NOBODY and not cause.heals_itself


def _group(code: str, heaps: Sequence[Heap], oldest: Mapping[int, datetime]) -> Group:
    return Group(
        cause=cause_of(code),
        count=sum(heap.count for heap in heaps),
        assigned=sum(heap.count for heap in heaps if heap.assigned_to),
        sums=_sums(heaps),
        oldest_at=oldest.get(min(heap.first for heap in heaps)),
    )


def _sums(heaps: Sequence[Heap]) -> Sequence[Sum]:
    currencies = sorted({heap.currency for heap in heaps})
    return [
        Sum(
            currency=currency,
            count=sum(heap.count for heap in heaps if heap.currency == currency),
            amount=from_cents(sum(heap.cents for heap in heaps if heap.currency == currency)),
        )
        for currency in currencies
    ]


def counts(connection: str, person: str) -> Mapping[str, int]:
    """Return how many documents each view has; what was resolved is not counted, because it grows for ever."""
    found = inbox.heaps(whose(connection))
    return {
        OPEN: sum(heap.count for heap in found),
        ASSIGNED: sum(heap.count for heap in found if heap.assigned_to),
        MINE: sum(heap.count for heap in found if heap.assigned_to == person),
    }


def whose(connection: str = "", *, view: str = OPEN, person: str = "") -> Whose:
    """Return which documents a view means.

    Raises:
        NeedsOperator: there is no such connection.
    """
    of = connections.named(connection).pk if connection else None
    if view == MINE:
        return Whose(connection=of, assigned_to=person)
    return Whose(connection=of, assigned=True if view == ASSIGNED else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A document of a group."""

    document: Document
    says: str  #: what is the matter with this one
    zone: ZoneInfo  #: of its company
    codes: Sequence[tuple[str, str]]  #: kind and code of what is not mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One group, with one page of its documents."""

    group: Group
    lines: Sequence[Line]
    newer: int | None
    older: int | None


def opened(code: str, of: Whose, *, before: int | None = None, after: int | None = None) -> Opened | None:
    """Return a group and one page of its documents, the newest first; None if it has none."""
    heaps = [heap for heap in inbox.heaps(of) if heap.cause == code]
    if not heaps:
        return None
    first = min(heap.first for heap in heaps)
    found = inbox.page(code, of, before=before, after=after)
    return Opened(
        group=_group(code, heaps, inbox.received_at([first])),
        lines=[
            Line(document=row, says=_says(row), zone=zone_of(row.connection), codes=missing_codes(row))
            for row in found.documents
        ],
        newer=found.newer,
        older=found.older,
    )


def missing_codes(document: Document) -> Sequence[tuple[str, str]]:
    """Return kind and code of everything that must be mapped before a document can go on."""
    if document.state != State.BLOCKED:
        return ()
    return list(
        dict.fromkeys(
            (kind.value, fault["value"])
            for fault in document.faults
            if (kind := KIND_OF_FAULT.get(fault["code"])) is not None
        )
    )


def _says(document: Document) -> str:
    refused = documents.answer_fault_of(document)
    return refused.says if refused else " ".join(fault.says for fault in documents.faults_of(document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A document that left the inbox."""

    document: Document
    was: Cause
    words: str  #: its state now
    zone: ZoneInfo


def resolved(connection: str = "", before: str = "") -> tuple[Sequence[Solved], str]:
    """Return what left the inbox, the latest first, and where the next page begins; empty if there is none.

    Raises:
        NeedsOperator: there is no such connection, or the place is none.
    """
    of = connections.named(connection).pk if connection else None
    found = inbox.resolved(of, _place(before), _RESOLVED_PAGE + 1)
    shown = found[:_RESOLVED_PAGE]
    last = shown[-1] if len(found) > _RESOLVED_PAGE else None
    solved = [
        Solved(document=row, was=cause_of(row.resolved_cause), words=state_words(row), zone=zone_of(row.connection))
        for row in shown
    ]
    return solved, f"{last.resolved_at.isoformat()}~{last.pk}" if last and last.resolved_at else ""


def _place(text: str) -> tuple[datetime, int] | None:
    if not text:
        return None
    moment, _, number = text.partition("~")
    try:
        place = datetime.fromisoformat(moment), int(number)
    except ValueError:
        raise NeedsOperator("This page of the list is no longer there; begin with the first one.") from None
    if place[0].tzinfo is None:
        raise NeedsOperator("This page of the list is no longer there; begin with the first one.")
    return place

"""The error inbox's questions: sums by cause, one page of a group, and what was resolved.

A document is in the inbox while its column `cause` says something; the database works it out from state and faults. The
questions name the columns that it is made of, because those stand in an index that holds the inbox alone and everything
that is added up; rows are read for one page only. Conditions of partial indexes are written out, because SQLite does not
look into parameters for them, and `+id` keeps it from walking along the numbers of all documents instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.core.states import State
from ml_connector.store import rows
from ml_connector.store.models import Document
from ml_connector.store.work_list import Page, of_numbers

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """The documents of one cause, currency and assigned person, added up."""

    cause: str
    currency: str  #: empty where the invoice could not be read
    assigned_to: str  #: empty: nobody
    count: int
    cents: int
    first: int  #: number of the oldest


#: What is held up by its state, and what is in the inbox because Basware refused the answer about it.
_HELD = "state IN ('blocked', 'changed', 'in_doubt')"
_REFUSED = f"answer_fault IS NOT NULL AND NOT ({_HELD})"
REFUSED_CAUSE = "MLC-BW-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Which documents of the inbox are meant."""

    connection: int | None = None  #: None: of all
    assigned: bool | None = None  #: to anybody; None: whether or not
    assigned_to: str = ""  #: to this person; empty: to whomever

    def condition(self) -> tuple[str, list[Any]]:
        """Return the condition as SQL, and its values."""
        text = ""
        values: list[Any] = []
        if self.connection is not None:
            text += " AND connection_id = %s"
            values.append(self.connection)
        if self.assigned is not None:
            text += " AND NOT (assigned_to = '')" if self.assigned else " AND assigned_to = ''"
        if self.assigned_to:
            text += " AND assigned_to = %s"
            values.append(self.assigned_to)
        return text, values


def of_cause(cause: str) -> tuple[str, list[Any]]:
    """Return the condition that a document is in the inbox for a cause, as SQL, and its values."""
    if cause == REFUSED_CAUSE:
        return _REFUSED, []
    if cause == State.IN_DOUBT:
        return f"{_HELD} AND state = 'in_doubt'", []
    if cause in {State.BLOCKED, State.CHANGED}:
        return f"{_HELD} AND state = %s AND fault_code = ''", [cause]
    return f"{_HELD} AND fault_code = %s AND NOT (state = 'in_doubt')", [cause]


def of_any_cause() -> Sequence[str]:
    """Return the conditions of which a document of the inbox fulfils exactly one, as SQL."""
    return (_HELD, _REFUSED)


_WHY = "CASE WHEN state = 'in_doubt' OR fault_code = '' THEN state ELSE fault_code END"


def heaps(whose: Whose) -> list[Heap]:
    """Add the inbox up."""
    condition, values = whose.condition()
    found = []
    for why, there in ((_WHY, _HELD), (f"'{REFUSED_CAUSE}'", _REFUSED)):
        text = (
            f"SELECT {why} AS why, currency, assigned_to, COUNT(*), SUM(gross_cents), MIN(id) FROM store_document"  # noqa: S608
            f" WHERE {there}{condition} GROUP BY why, currency, assigned_to"
        )
        found += rows.values(text, *values)
    return [
        Heap(cause=cause, currency=currency, assigned_to=person, count=count, cents=int(cents), first=first)
        for cause, currency, person, count, cents, first in found
    ]


def received_at(numbers: Sequence[int]) -> dict[int, datetime]:
    """Return when documents were received."""
    return dict(Document.objects.filter(pk__in=numbers).values_list("pk", "received_at"))


def numbers_of(
    cause: str, whose: Whose, limit: int, *, before: int | None = None, after: int | None = None
) -> list[int]:
    """Return documents of a cause, the newest first: those older than `before`, or newer than `after`, or the newest."""
    condition, values = whose.condition()
    there, named = of_cause(cause)
    values = [*named, *values]
    text = f"SELECT id FROM store_document WHERE {there}{condition}"  # noqa: S608  # names of ours
    number = after if after is not None else before
    if number is not None:
        text += " AND +id > %s" if after is not None else " AND +id < %s"
        values.append(number)
    text += f" ORDER BY +id{'' if after is not None else ' DESC'} LIMIT %s"
    found = [pk for (pk,) in rows.values(text, *values, limit)]
    return sorted(found, reverse=True)


def page(cause: str, whose: Whose, *, before: int | None = None, after: int | None = None) -> Page:
    """Return one page of a group, the newest first."""
    found = numbers_of(cause, whose, _PAGE + 1, before=before, after=after)
    if after is not None:
        shown, more_newer = found[-_PAGE:], len(found) > _PAGE
        more_older = bool(shown) and bool(numbers_of(cause, whose, 1, before=shown[-1]))
    else:
        shown, more_newer, more_older = found[:_PAGE], before is not None, len(found) > _PAGE
    return Page(
        documents=of_numbers(shown),
        newer=shown[0] if shown and more_newer else None,
        older=shown[-1] if shown and more_older else None,
    )


def resolved(connection: int | None, before: tuple[datetime, int] | None, limit: int) -> list[Document]:
    """Return what left the inbox, the latest first: before a time and number, or the latest of all."""
    text = "SELECT id FROM store_document WHERE resolved_at IS NOT NULL AND cause = ''"
    values: list[Any] = []
    if connection is not None:
        text += " AND connection_id = %s"
        values.append(connection)
    if before is not None:
        text += " AND (resolved_at, id) < (%s, %s)"
        values += [rows.moment(before[0]), before[1]]
    found = [pk for (pk,) in rows.values(f"{text} ORDER BY resolved_at DESC, id DESC LIMIT %s", *values, limit)]
    places = {number: position for position, number in enumerate(found)}
    return sorted(of_numbers(found), key=lambda document: places[document.pk])

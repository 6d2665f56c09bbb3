"""The error inbox's questions: sums by cause, one page of a group, and what was resolved.

A document is in the inbox while its column `cause` says something; the database works it out from state and faults.
Sums are taken from an index that holds everything they need, rows are read for one page only. Conditions that name a
partial index are written out, because SQLite does not look into parameters for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Which documents of the inbox are meant."""

    connections: Sequence[int] | None = None  #: None: of all
    assigned: bool | None = None  #: to anybody; None: whether or not
    assigned_to: str = ""  #: to this person; empty: to whomever

    def condition(self) -> tuple[str, list[Any]]:
        """Return the condition as SQL, and its values."""
        text = "NOT (cause = '')"
        values: list[Any] = []
        if self.connections is not None:
            text += f" AND connection_id IN ({rows.places(len(self.connections)) or 'NULL'})"
            values += list(self.connections)
        if self.assigned is not None:
            text += " AND NOT (assigned_to = '')" if self.assigned else " AND assigned_to = ''"
        if self.assigned_to:
            text += " AND assigned_to = %s"
            values.append(self.assigned_to)
        return text, values


def heaps(whose: Whose) -> list[Heap]:
    """Add the inbox up."""
    condition, values = whose.condition()
    text = (
        "SELECT cause, currency, assigned_to, COUNT(*), SUM(gross_cents), MIN(id) FROM store_document"  # noqa: S608
        f" WHERE {condition} GROUP BY cause, currency, assigned_to"
    )
    return [
        Heap(cause=cause, currency=currency, assigned_to=person, count=count, cents=int(cents), first=first)
        for cause, currency, person, count, cents, first in rows.values(text, *values)
    ]


def received_at(numbers: Sequence[int]) -> dict[int, datetime]:
    """Return when documents were received."""
    return dict(Document.objects.filter(pk__in=numbers).values_list("pk", "received_at"))


def numbers_of(
    cause: str, whose: Whose, limit: int, *, before: int | None = None, after: int | None = None
) -> list[int]:
    """Return documents of a cause, the newest first: those older than `before`, or newer than `after`, or the newest."""
    condition, values = whose.condition()
    edge, order = ("id > %s", "id") if after is not None else ("id < %s", "id DESC")
    number = after if after is not None else before
    text = f"SELECT id FROM store_document WHERE {condition} AND cause = %s"  # noqa: S608  # names of ours
    if number is not None:
        text += f" AND {edge}"
        values = [*values, cause, number]
    else:
        values = [*values, cause]
    found = [pk for (pk,) in rows.values(f"{text} ORDER BY {order} LIMIT %s", *values, limit)]
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


def resolved(connections: Sequence[int] | None, before: tuple[datetime, int] | None, limit: int) -> list[Document]:
    """Return what left the inbox, the latest first: before a time and number, or the latest of all."""
    text = "SELECT id FROM store_document WHERE cause = '' AND resolved_at IS NOT NULL"
    values: list[Any] = []
    if connections is not None:
        text += f" AND connection_id IN ({rows.places(len(connections)) or 'NULL'})"
        values += list(connections)
    if before is not None:
        text += " AND (resolved_at, id) < (%s, %s)"
        values += [rows.moment(before[0]), before[1]]
    found = [pk for (pk,) in rows.values(f"{text} ORDER BY resolved_at DESC, id DESC LIMIT %s", *values, limit)]
    places = {number: position for position, number in enumerate(found)}
    return sorted(of_numbers(found), key=lambda document: places[document.pk])

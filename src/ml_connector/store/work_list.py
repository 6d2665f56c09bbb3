"""The work list's questions: one page of documents, and the documents that a number stands for.

Every question is answered from an index, numbers first and rows afterwards: a row holds the whole invoice, and a walk over
the rows themselves would read all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from ml_connector.core.states import State
from ml_connector.store import audit_search, rows
from ml_connector.store.models import Connection, Document

_SUPPLIERS = 500  # that a text may stand for; who means more should say more


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A piece of the list, newest first."""

    documents: list[Document]
    newer: int | None  #: there are newer ones: those after this number
    older: int | None  #: there are older ones: those before this number


def page(found: QuerySet[Document], *, before: int | None = None, after: int | None = None, size: int = 50) -> Page:
    """Return the page before (older than) or after (newer than) a number; without either, the newest."""
    numbers = found.values_list("pk", flat=True)
    if after is not None:
        ascending = list(numbers.filter(pk__gt=after).order_by("pk")[: size + 1])
        wanted, more_newer = sorted(ascending[:size], reverse=True), len(ascending) > size
        more_older = bool(wanted) and numbers.filter(pk__lt=wanted[-1]).exists()
    else:
        descending = list((numbers.filter(pk__lt=before) if before else numbers).order_by("-pk")[: size + 1])
        wanted, more_older = descending[:size], len(descending) > size
        more_newer = before is not None
    return Page(
        documents=of_numbers(wanted),
        newer=wanted[0] if wanted and more_newer else None,
        older=wanted[-1] if wanted and more_older else None,
    )


def of_numbers(numbers: Sequence[int]) -> list[Document]:
    """Return these documents, newest first, without what is large in them."""
    found = Document.objects.filter(pk__in=numbers).select_related("connection").defer("raw", "request_xml")
    return sorted(found, key=lambda document: -document.pk)


def all_of(connections: Sequence[Connection]) -> QuerySet[Document]:
    """Return the documents of these connections; they are named one by one, because indexes begin with the connection."""
    return Document.objects.filter(connection__in=[connection.pk for connection in connections])


def of_supplier(found: QuerySet[Document], text: str) -> QuerySet[Document]:
    """Keep what comes from suppliers with this code, or this text in their name."""
    named = Document.objects.filter(Q(supplier_code=text) | Q(supplier_name__icontains=text))
    codes = set(named.order_by("supplier_code").values_list("supplier_code", flat=True).distinct()[:_SUPPLIERS])
    uncoded = Q(supplier_code="", supplier_name__icontains=text) if "" in codes else Q(pk__in=[])
    return found.filter(Q(supplier_code__in=codes - {""}) | uncoded)


def received_between(found: QuerySet[Document], since: datetime | None, until: datetime | None) -> QuerySet[Document]:
    """Keep what was received in a span of time; `until` itself is not in it. Numbers rise with the time of receipt."""
    for moment, side in ((since, "gte"), (until, "lt")):
        if moment is None:
            continue
        first = Document.objects.filter(received_at__gte=moment).order_by("received_at", "pk").values_list("pk")[:1]
        number = next((pk for (pk,) in first), None)
        if number is not None:
            found = found.filter(**{f"pk__{side}": number})
        elif side == "gte":
            return found.none()
    return found


_NUMBERED = """
    SELECT id FROM store_document WHERE connection_id IN ({places}) AND invoice_number = %s
    UNION SELECT id FROM store_document WHERE connection_id IN ({places}) AND ref_number = %s
    UNION SELECT id FROM store_document WHERE connection_id IN ({places}) AND invoice_id = %s
    UNION SELECT id FROM store_document WHERE connection_id IN ({places}) AND txn_id = %s AND NOT (txn_id = '')
"""


def numbered(connections: Sequence[Connection], text: str, limit: int = 51) -> list[int]:
    """Return the numbers of documents that a text names: our number, the invoice's number or id, RefNumber, TxnID, or the
    request id of a call that was made about them."""
    owners = [connection.pk for connection in connections]
    if not owners or not text:
        return []
    each: list[int | str] = [*owners, text]
    sql = _NUMBERED.format(places=rows.places(len(owners)))
    found = {number for (number,) in rows.values(sql, *each, *each, *each, *each)}
    found |= audit_search.of_request(owners, text)
    if text.isdigit() and len(text) < 10:
        found |= set(all_of(connections).filter(pk=int(text)).values_list("pk", flat=True))
    return sorted(found, reverse=True)[:limit]


def counts(connections: Sequence[Connection]) -> dict[str, int]:
    """Count documents by state."""
    counted = all_of(connections).values("state").annotate(count=Count("pk"))
    return {row["state"]: row["count"] for row in counted}


def oldest_in(connection_id: int, states: Sequence[State]) -> datetime | None:
    """Return when the oldest document that is in one of the states was received."""
    owned = Document.objects.filter(connection=connection_id)
    found = [owned.filter(state=state).aggregate(first=Min("pk"))["first"] for state in states]
    first = min((number for number in found if number is not None), default=None)
    return None if first is None else Document.objects.values_list("received_at", flat=True).get(pk=first)

"""Questions of replays: which documents are meant, and the plans that were made. Numbers first, rows for one plan only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from ml_connector.store import inbox, work_list
from ml_connector.store.inbox import Whose
from ml_connector.store.models import Connection, Document, Replay

_PAGE = 20


def existing(numbers: Collection[int], limit: int) -> list[int]:
    """Return those of these numbers that documents have, the oldest first."""
    return list(Document.objects.filter(pk__in=list(numbers)[:limit]).order_by("pk").values_list("pk", flat=True))


def in_inbox(cause: str, whose: Whose) -> QuerySet[Document]:
    """Return the documents of the error inbox, of one cause or of all."""
    condition, values = whose.condition()
    there, named = inbox.of_cause(cause) if cause else ("", [])
    texts = [there] if cause else inbox.of_any_cause()
    text = " UNION ALL ".join(f"SELECT id FROM store_document WHERE {one}{condition}" for one in texts)  # noqa: S608
    return Document.objects.filter(pk__in=RawSQL(text, [*named, *values * len(texts)]))  # noqa: S611


def narrowed(
    found: QuerySet[Document],
    connections: Sequence[Connection],
    *,
    q: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> list[int]:
    """Return the numbers of those that were received in a span of time and bear a number, or come from a supplier."""
    found = work_list.received_between(found, since, until)
    if q:
        by_number = found.filter(pk__in=work_list.numbered(connections, q))
        found = by_number if by_number.exists() else work_list.of_supplier(found, q)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def with_invoices(numbers: Sequence[int]) -> list[Document]:
    """Return documents with what Basware sent, the oldest first."""
    found = Document.objects.filter(pk__in=numbers).select_related("connection").defer("request_xml")
    return list(found.order_by("pk"))


def as_they_are(numbers: Sequence[int]) -> dict[int, Document]:
    """Return documents by number, without what is large in them."""
    found = Document.objects.filter(pk__in=numbers).select_related("connection").defer("raw", "request_xml")
    return {document.pk: document for document in found}


def where_now(numbers: Sequence[int]) -> dict[tuple[str, str], int]:
    """Count documents by state and cause."""
    counted: dict[tuple[str, str], int] = {}
    for kind in Document.objects.filter(pk__in=numbers).values_list("state", "cause"):
        counted[kind] = counted.get(kind, 0) + 1
    return counted


def forget_unrun(before: datetime) -> None:
    """Forget plans that nobody ran."""
    Replay.objects.filter(stage=Replay.Stage.PLANNED, made_at__lt=before).delete()


def page(before: int | None) -> tuple[list[Replay], int | None]:
    """Return one page of what was run or is to be approved, the latest first, and where the next page begins."""
    found = Replay.objects.exclude(stage=Replay.Stage.PLANNED).order_by("-pk")
    listed = list((found.filter(pk__lt=before) if before else found)[: _PAGE + 1])
    return listed[:_PAGE], listed[_PAGE - 1].pk if len(listed) > _PAGE else None

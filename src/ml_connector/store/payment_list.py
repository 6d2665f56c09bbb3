"""Payments of Bills of ours, page by page: as QuickBooks holds them, taken back, or waiting for Basware to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Max, QuerySet

from ml_connector.core.states import State
from ml_connector.store import rows
from ml_connector.store.models import Connection, Document, PaymentShare
from ml_connector.store.reversals import Reversal

WALK = 20_000  # payments looked through for one page; those of other Bills than ours are passed over
_TOLD_OF = (State.CONFIRMED, State.PAID)  # states in which Basware is told of payments

_OURS = """
    SELECT s.id, d.id FROM store_paymentshare s
    JOIN store_document d ON d.connection_id = s.connection_id AND d.txn_id = s.bill_txn_id AND NOT (d.txn_id = '')
    WHERE s.connection_id IN ({places}) AND s.id < %s AND s.id >= %s ORDER BY s.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePage:
    """Payments with the documents whose Bills they pay, the latest first."""

    shares: list[tuple[PaymentShare, Document]]
    before: int | None  #: there may be older ones: those before this number


def shares(connections: Sequence[Connection], before: int | None = None, size: int = 50) -> SharePage:
    """Return payments of Bills of ours, those that QuickBooks spoke of last first."""
    owners = [connection.pk for connection in connections]
    if not owners:
        return SharePage(shares=[], before=None)
    high = before if before is not None else (PaymentShare.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    floor = max(high - WALK, 0)
    text = _OURS.format(places=rows.places(len(owners)))
    found = [(int(share), int(document)) for share, document in rows.values(text, *owners, high, floor, size + 1)]
    more = found[size - 1][0] if len(found) > size else floor if floor else None
    return SharePage(shares=_with_documents(found[:size]), before=more)


def shares_of(documents: Sequence[Document]) -> list[tuple[PaymentShare, Document]]:
    """Return the payments of some documents, the latest first."""
    bills = {(document.connection_id, document.txn_id): document for document in documents if document.txn_id}
    wanted = PaymentShare.objects.filter(bill_txn_id__in=[bill for _, bill in bills])
    wanted = wanted.filter(connection__in={connection for connection, _ in bills})
    found = [(row, bills.get((row.connection_id, row.bill_txn_id))) for row in wanted.order_by("-pk")[:500]]
    return [(row, document) for row, document in found if document is not None]


def _with_documents(numbers: Sequence[tuple[int, int]]) -> list[tuple[PaymentShare, Document]]:
    by_number = PaymentShare.objects.in_bulk([share for share, _ in numbers])
    documents = of_numbers({document for _, document in numbers})
    return [(by_number[share], documents[document]) for share, document in numbers if share in by_number]


def of_numbers(numbers: set[int]) -> dict[int, Document]:
    """Return documents by number, without what is large in them."""
    found = Document.objects.filter(pk__in=numbers).select_related("connection").defer("raw", "request_xml")
    return {document.pk: document for document in found}


def waiting(connections: Sequence[Connection]) -> list[QuerySet[Document]]:
    """Return documents of whose payments Basware is still to be told."""
    return [_light(connections).filter(payment_due=True, state__in=_TOLD_OF, answer_fault__isnull=True)]


def questions(connections: Sequence[Connection]) -> list[QuerySet[Document]]:
    """Return documents about whose payments a person must decide: those of which Basware refused the word, and those whose
    Bill a credit alone settled. Each kind has an index of its own, and no document is of both."""
    refused = _light(connections).filter(answer_fault__isnull=False, state__in=_TOLD_OF)
    by_credit = _light(connections).filter(state=State.CHANGED, fault_code="MLC-PAID-01")
    return [refused, by_credit]


def count_of(kinds: Sequence[QuerySet[Document]]) -> int:
    """Count documents of several kinds."""
    return sum(kind.count() for kind in kinds)


def _light(connections: Sequence[Connection]) -> QuerySet[Document]:
    owned = Document.objects.filter(connection__in=[connection.pk for connection in connections])
    return owned.select_related("connection").defer("raw", "request_xml")


def page_of(
    kinds: Sequence[QuerySet[Document]], before: int | None, size: int = 50
) -> tuple[list[Document], int | None]:
    """Return a page of documents of several kinds, newest first, and before which number there are more."""
    wanted: list[Document] = []
    for kind in kinds:
        wanted += (kind.filter(pk__lt=before) if before else kind).order_by("-pk")[: size + 1]
    wanted.sort(key=lambda document: -document.pk)
    return wanted[:size], wanted[size - 1].pk if len(wanted) > size else None


def reversals(
    connections: Sequence[Connection], before: int | None, size: int = 50
) -> tuple[list[Reversal], int | None]:
    """Return payments that were taken back, the latest first, and before which number there are more."""
    found = Reversal.objects.filter(connection__in=[connection.pk for connection in connections])
    if before:
        found = found.filter(pk__lt=before)
    found = found.select_related("document", "document__connection").defer("document__raw", "document__request_xml")
    wanted = list(found.order_by("-pk")[: size + 1])
    return wanted[:size], wanted[size - 1].pk if len(wanted) > size else None


def reversals_of(documents: Sequence[Document]) -> list[Reversal]:
    """Return what was taken back of some documents, the latest first."""
    found = Reversal.objects.filter(document__in=[document.pk for document in documents])
    found = found.select_related("document", "document__connection").defer("document__raw", "document__request_xml")
    return list(found.order_by("-pk")[:500])

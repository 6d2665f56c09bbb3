"""A month's sums and the documents behind them, answered from the index of what is reconciled."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Max, Min, Q, QuerySet

from ml_connector.core.books import ListKind
from ml_connector.core.states import State
from ml_connector.store import rows
from ml_connector.store.models import Connection, Document, ListEntry
from ml_connector.store.signoffs import SignOff
from ml_connector.store.work_list import of_numbers

#: Faults that say what people did to Bills of ours in QuickBooks: gone, lost, edited, settled by a credit.
DRIFT_CODES = ("MLC-CHANGED-02", "MLC-CHANGED-03", "MLC-CHANGED-04", "MLC-CHANGED-05", "MLC-PAID-01")

#: States of documents that may not have been read: they count in no month.
_PERHAPS_UNREAD = (State.ACCEPTED, State.BLOCKED, State.SKIPPED, State.GIVEN_UP)

_DIFFERS = (
    "(basware_cents <> posted_cents OR posted_cents <> books_cents OR (books_period <> period AND books_period > ''))"
)
_MOVED = "connection_id = %s AND books_period = %s AND books_period > '' AND NOT (books_period = (period))"
_IN_MONTH = f"""
    SELECT currency, supplier_code, COUNT(*), SUM(basware_cents), SUM(posted_cents),
           SUM(CASE WHEN books_period = period THEN books_cents ELSE 0 END), SUM(CASE WHEN {_DIFFERS} THEN 1 ELSE 0 END)
    FROM store_document WHERE connection_id = %s AND period = %s GROUP BY currency, supplier_code
"""  # noqa: S608  # text of ours
_MOVED_IN = f"""
    SELECT currency, supplier_code, COUNT(*), SUM(books_cents) FROM store_document WHERE {_MOVED}
    GROUP BY currency, supplier_code
"""  # noqa: S608
_DIFFERING = f"""
    SELECT id FROM store_document WHERE connection_id = %s AND period = %s AND {{narrower}} {_DIFFERS} AND +id > %s
    ORDER BY +id LIMIT %s
"""  # noqa: S608
_DIFFERING_MOVED_IN = f"SELECT id FROM store_document WHERE {_MOVED} AND {{narrower}} +id > %s ORDER BY +id LIMIT %s"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSum:
    """What one supplier's invoices of a month add up to in one currency."""

    currency: str
    supplier_code: str
    documents: int
    basware_cents: int
    posted_cents: int
    books_cents: int
    differing: int  #: documents that are not the same in all three


def sums(connection_id: int, period: str) -> list[VendorSum]:
    """Add up a month by currency and supplier."""
    found = {
        (currency, code): [int(value) for value in values]
        for currency, code, *values in rows.values(_IN_MONTH, connection_id, period)
    }
    # Bills that were given a date of this month in QuickBooks; their invoices count in another one.
    for currency, code, count, books in rows.values(_MOVED_IN, connection_id, period):
        into = found.setdefault((currency, code), [0, 0, 0, 0, 0])
        into[3] += int(books)
        into[4] += int(count)
    return [
        VendorSum(
            currency=currency,
            supplier_code=code,
            documents=values[0],
            basware_cents=values[1],
            posted_cents=values[2],
            books_cents=values[3],
            differing=values[4],
        )
        for (currency, code), values in found.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """Documents, oldest first."""

    documents: list[Document]
    more_after: int | None  #: there are more: those after this number


def differing(
    connection_id: int,
    period: str,
    *,
    currency: str = "",
    supplier_code: str | None = None,
    after: int = 0,
    size: int = 50,
) -> DocumentPage:
    """Return documents that are not the same in all three columns of a month."""
    narrower, more = "", []
    for column, value in (("currency", currency or None), ("supplier_code", supplier_code)):
        if value is not None:
            narrower += f"{column} = %s AND "
            more.append(value)
    numbers: set[int] = set()
    for question in (_DIFFERING, _DIFFERING_MOVED_IN):
        found = rows.values(question.format(narrower=narrower), connection_id, period, *more, after, size + 1)
        numbers |= {number for (number,) in found}
    wanted = sorted(numbers)[: size + 1]
    shown = wanted[:size]
    return DocumentPage(
        documents=list(reversed(of_numbers(shown))), more_after=shown[-1] if len(wanted) > size else None
    )


def first_and_last(connection_id: int) -> tuple[str, str]:
    """Return the first and the last month in which documents count; empty without any."""
    counted = Document.objects.filter(connection_id=connection_id, period__gt="")
    found = counted.aggregate(first=Min("period")), counted.aggregate(last=Max("period"))
    return found[0]["first"] or "", found[1]["last"] or ""


def unread(connection_id: int) -> QuerySet[Document]:
    """Return documents that Basware handed over and that could not be read: they count in no month."""
    return Document.objects.filter(connection_id=connection_id, state__in=_PERHAPS_UNREAD, period="")


def drifted(connection_id: int, period: str, limit: int) -> list[Document]:
    """Return documents of a month whose Bills people changed in QuickBooks, and about which nobody decided yet."""
    changed = Document.objects.filter(connection_id=connection_id, state=State.CHANGED, fault_code__in=DRIFT_CODES)
    here = changed.filter(Q(period=period) | Q(books_period=period))
    return list(reversed(of_numbers(list(here.order_by("pk").values_list("pk", flat=True)[:limit]))))


def vendor_names(connection_id: int, codes: Collection[str]) -> dict[str, str]:
    """Return suppliers' names by code: QuickBooks' where it has the vendor, else Basware's."""
    known = ListEntry.objects.filter(connection_id=connection_id, kind=ListKind.VENDOR, code__in=list(codes))
    names = dict(known.values_list("code", "full_name"))
    for code in set(codes) - set(names) - {""}:
        named = Document.objects.filter(supplier_code=code).order_by("-supplier_name")
        names[code] = next(iter(named.values_list("supplier_name", flat=True)[:1]), "") or code
    return names


def sign_offs(connection_id: int, period: str) -> list[SignOff]:
    """Return who signed a month, the latest first."""
    return list(SignOff.objects.filter(connection_id=connection_id, period=period).order_by("-pk"))


def latest_sign_offs(connection: Connection, periods: Iterable[str]) -> dict[str, SignOff]:
    """Return the latest signature of each month, without its figures."""
    found = SignOff.objects.filter(connection=connection, period__in=list(periods)).defer("figures").order_by("pk")
    return {row.period: row for row in found}

"""Questions about dry runs: what is still to be tried, what came of it, and one page of that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models import Sum as Sum_

from ml_connector.core.states import State
from ml_connector.store import rows
from ml_connector.store.models import Document, Trial

Verdict = Trial.Verdict

_COLUMNS = ("kind", "vendor_list_id", "ref_number", "txn_date", "request_xml", "txn_id", "faults")


def is_dry_run(connection_id: int) -> bool:
    """Tell whether a connection writes nothing, as its row says at this moment."""
    return bool(rows.values("SELECT dry_run FROM store_connection WHERE id = %s", connection_id)[0][0])


def to_try(connection_id: int, basis: str, after: int, limit: int) -> list[Document]:
    """Return invoices whose trial is missing, or rests on other lists or another content than there are now."""
    current = Trial.objects.filter(document=OuterRef("pk"), basis=basis, raw_sha256=OuterRef("raw_sha256"))
    found = Document.objects.filter(connection=connection_id, state=State.RECEIVED, pk__gt=after)
    return list(found.filter(~Exists(current)).order_by("pk")[:limit])


def store(trials: Sequence[Trial]) -> None:
    """Keep trials in the place of earlier ones of the same invoices."""
    Trial.objects.bulk_create(
        trials,
        update_conflicts=True,
        unique_fields=["document"],
        update_fields=["verdict", "basis", "raw_sha256", "currency", "gross_cents", *_COLUMNS],
    )


def to_look_up(connection_id: int, after: int, limit: int) -> list[Document]:
    """Return invoices that QuickBooks is still to be asked for, as they would be if they had been planned."""
    found = of(connection_id, Verdict.UNLOOKED).filter(document__gt=after)
    trials = found.select_related("document").defer("document__raw").order_by("document")[:limit]
    return [dressed(trial) for trial in trials]


def still_to_look_up(connection_id: int, numbers: Collection[int]) -> list[Document]:
    """Return those of these invoices that QuickBooks is still to be asked for."""
    found = of(connection_id, Verdict.UNLOOKED).filter(document__in=list(numbers))
    return [dressed(trial) for trial in found.select_related("document").defer("document__raw").order_by("document")]


def numbered(connection_id: int, ref_numbers: Collection[str]) -> list[Trial]:
    """Return the trials that would take one of these numbers, oldest first."""
    found = Trial.objects.filter(connection=connection_id, ref_number__in=list(ref_numbers))
    return list(found.exclude(verdict=Verdict.HELD).select_related("document").order_by("document"))


def dressed(trial: Trial) -> Document:
    """Return the invoice as it would be if it had been planned; not to be saved."""
    document = trial.document
    for name in _COLUMNS:
        setattr(document, name, getattr(trial, name))
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """How many invoices have one verdict, and what they come to in one currency."""

    verdict: str
    currency: str
    count: int
    gross_cents: int


def sums(connection_id: int) -> list[Sum]:
    """Add up the trials of a connection."""
    found = Trial.objects.filter(connection=connection_id).values("verdict", "currency")
    return [
        Sum(verdict=row["verdict"], currency=row["currency"], count=row["count"], gross_cents=row["total"])
        for row in found.annotate(count=Count("pk"), total=Sum_("gross_cents")).order_by("verdict", "currency")
    ]


def of(connection_id: int, verdict: str) -> QuerySet[Trial]:
    """Return the trials with one verdict."""
    return Trial.objects.filter(connection=connection_id, verdict=verdict)


def look_up_again(connection_id: int) -> int:
    """Have QuickBooks asked again for every invoice that it was asked for; return how many."""
    found = Trial.objects.filter(connection=connection_id).exclude(request_xml="")
    return found.update(verdict=Verdict.UNLOOKED, txn_id="", faults=[])


def forget(connection_id: int) -> None:
    """Forget what was tried: from now on it is done."""
    Trial.objects.filter(connection=connection_id).delete()

"""Deadlines: an acknowledged invoice that is not answered in time becomes `Transfer Failed` in Basware, without a word.

Basware documents neither the window nor a warning, so both are settings. The clock starts with our acknowledgement, and
stops when Basware took an answer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from ml_connector.core.states import State
from ml_connector.flows.local_time import local, until
from ml_connector.flows.surroundings import settings_of
from ml_connector.store import documents
from ml_connector.store.models import Connection, Document

#: States in which Basware waits, unless it was answered since. Skipped documents are not among them: a person decided that
#: Basware is not told.
_UNANSWERED = (State.ACCEPTED, State.PLANNED, State.BLOCKED, State.SENT, State.IN_DOUBT, State.CHANGED)
_TO_BE_TOLD = (State.POSTED, State.GIVEN_UP)
_NOT_WAITED_FOR = ("MLC-BW-02", "MLC-BW-03")  # Basware itself said so


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The invoices of one connection that Basware waits to hear of."""

    count: int
    earliest: datetime | None  #: the first deadline; None without invoices
    near: int  #: invoices whose deadline is near, those past it among them
    past: int  #: invoices past their deadline
    first: Document | None  #: the invoice with the first deadline, its bytes left out


def deadline(document: Document) -> datetime | None:
    """Return until when Basware waits for the answer about a document; None if it does not wait."""
    if document.acknowledged_at is None or not _is_awaited(document):
        return None
    return document.acknowledged_at + timedelta(seconds=settings_of(document.connection).answer_deadline_s)


def _is_awaited(document: Document) -> bool:
    if document.state in _TO_BE_TOLD:
        return True
    if document.state not in _UNANSWERED or document.acknowledged_at is None:
        return False
    if document.state == State.BLOCKED and document.faults and document.faults[0]["code"] in _NOT_WAITED_FOR:
        return False
    return document.confirmed_at is None or document.confirmed_at <= document.acknowledged_at


def _awaited(connection: Connection) -> QuerySet[Document]:
    not_answered = Q(confirmed_at=None) | Q(confirmed_at__lte=F("acknowledged_at"))
    # The states are named once more by themselves, so that they are found in their index.
    rows = documents.of(connection.pk).filter(state__in=(*_UNANSWERED, *_TO_BE_TOLD), acknowledged_at__isnull=False)
    rows = rows.exclude(state=State.BLOCKED, fault_code__in=_NOT_WAITED_FOR)
    return rows.filter(Q(state__in=_TO_BE_TOLD) | (Q(state__in=_UNANSWERED) & not_answered))


def unanswered(connection: Connection, now: datetime) -> Unanswered:
    """Count what Basware waits to hear of, and what is late."""
    settings = settings_of(connection)
    window = timedelta(seconds=settings.answer_deadline_s)
    alert = window - timedelta(seconds=settings.deadline_alert_s)
    rows = _awaited(connection)
    first = rows.order_by("acknowledged_at", "pk").defer("raw", "request_xml").first()
    if first is None or first.acknowledged_at is None:
        return Unanswered(count=0, earliest=None, near=0, past=0, first=None)
    counts = rows.aggregate(
        count=Count("pk"),
        near=Count("pk", filter=Q(acknowledged_at__lte=now - alert)),
        past=Count("pk", filter=Q(acknowledged_at__lte=now - window)),
    )
    return Unanswered(earliest=first.acknowledged_at + window, first=first, **counts)


def warning(connection: Connection, found: Unanswered, now: datetime) -> str:
    """Say in one sentence that answers are late or nearly so; empty if they are not."""
    if not found.near or found.first is None or found.earliest is None:
        return ""
    what = "1 invoice" if found.near == 1 else f"{found.near} invoices"
    verb = "waits" if found.near == 1 else "wait"
    past = f", {found.past} of them past it" if found.past else ""
    return (
        f"{what} {verb} for an answer to Basware near the deadline{past}; the first is invoice"
        f" {found.first.invoice_number or found.first.invoice_id}, due {local(connection, found.earliest)}"
        f" ({until(found.earliest, now)}). ml-connector why {found.first.pk} says what holds it up; give up on what cannot be"
        " posted in time, so that Basware is told."
    )

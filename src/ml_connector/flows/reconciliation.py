"""The month's close: what Basware handed over, what we entered, and what QuickBooks says it holds, to the cent.

- **Basware**: invoices that were approved and acknowledged, with the amount that Basware last offered.
- **Connector**: what we entered, or linked to a Bill that a person had typed in.
- **QuickBooks**: what QuickBooks last said of each Bill. What people save there later is read again and again; so a Bill
  that was not spoken of since is what it was, as of the last reading.

An invoice counts in the month of its Bill's date; a Bill that was given another date in QuickBooks counts there in its new
month, and so makes a difference in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import State
from ml_connector.flows.story import state_words, why
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import duties, months
from ml_connector.store.cents import from_cents
from ml_connector.store.models import Connection, Document, Duty

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_MONTHS_OFFERED = 36
DRIFT_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Three columns that should be the same; whole cents."""

    currency: str
    supplier_code: str = ""  #: empty in a total, and for invoices without a code
    supplier_name: str = ""
    documents: int = 0
    basware: int = 0
    connector: int = 0
    quickbooks: int = 0
    differing: int = 0  #: documents that are not the same in all three

    @property
    def to_enter(self) -> int:
        """What Basware handed over and we did not enter."""
        return self.basware - self.connector

    @property
    def drift(self) -> int:
        """What we entered and QuickBooks no longer holds."""
        return self.connector - self.quickbooks

    @property
    def agrees(self) -> bool:
        """All three are the same to the cent, document by document."""
        return not (self.to_enter or self.drift or self.differing)

    def plus(self, other: Sums) -> Sums:
        """Add two sums of one currency."""
        return replace(
            self,
            documents=self.documents + other.documents,
            basware=self.basware + other.basware,
            connector=self.connector + other.connector,
            quickbooks=self.quickbooks + other.quickbooks,
            differing=self.differing + other.differing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When QuickBooks was last asked what became of our Bills; None if it never was."""

    saved_at: datetime | None  #: for Bills that people saved
    deleted_at: datetime | None  #: for Bills that people deleted
    troubles: tuple[str, ...]  #: why it could not be asked since

    @property
    def complete(self) -> bool:
        """Both questions were answered, and nothing stands in the way of asking again."""
        return self.saved_at is not None and self.deleted_at is not None and not self.troubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month of one connection."""

    connection: Connection
    period: str  #: as 2026-03
    suppliers: Sequence[Sums]  #: those that differ first, then by name
    totals: Sequence[Sums]  #: one for each currency
    unread: int  #: invoices that Basware handed over and nobody could read: they count in no month
    asked: Asked

    @property
    def agrees(self) -> bool:
        """Nothing differs, and nothing is left out."""
        return all(total.agrees for total in self.totals) and not self.unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One document that makes a difference, and what can be done about it."""

    document: Document
    state: str
    words: str  #: what differs
    next_step: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.document.pk,
            "invoice_number": self.document.invoice_number,
            "supplier_name": self.document.supplier_name,
            "state_words": self.state,
            "says": self.words,
            "do": self.next_step,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """A page of them, oldest first."""

    causes: Sequence[Cause]
    more_after: int | None


def month_named(text: str) -> str:
    """Return a month as it is written.

    Raises:
        NeedsOperator: it is none.
    """
    if not _MONTH.fullmatch(text):
        raise NeedsOperator(f"{text!r} is no month; write it as 2026-03.")
    return text


def month_words(period: str) -> str:
    """Write a month for people."""
    return f"{date.fromisoformat(period + '-01'):%B %Y}"


def offered_months(connection: Connection, now: datetime) -> list[str]:
    """Return the months that can be looked at, the latest first: from the first that counts to this one."""
    this = f"{now.astimezone(zone_of(connection)):%Y-%m}"
    first, last = months.first_and_last(connection.pk)
    found: list[str] = []
    period = max(this, last)
    while len(found) < _MONTHS_OFFERED and period >= (first or this):
        found.append(period)
        year, number = int(period[:4]), int(period[5:])
        period = f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"
    return found


def month(connection: Connection, period: str) -> Month:
    """Add up one month of one connection."""
    counted = [found for found in months.sums(connection.pk, month_named(period)) if found.documents or found.differing]
    names = months.vendor_names(connection.pk, {found.supplier_code for found in counted})
    suppliers = [
        Sums(
            currency=found.currency,
            supplier_code=found.supplier_code,
            supplier_name=names.get(found.supplier_code, "") or "without a supplier code",
            documents=found.documents,
            basware=found.basware_cents,
            connector=found.posted_cents,
            quickbooks=found.books_cents,
            differing=found.differing,
        )
        for found in counted
    ]
    totals: dict[str, Sums] = {}
    for one in suppliers:
        totals[one.currency] = totals.get(one.currency, Sums(currency=one.currency)).plus(one)
    return Month(
        connection=connection,
        period=period,
        suppliers=sorted(suppliers, key=lambda one: (one.agrees, one.supplier_name.lower(), one.currency)),
        totals=sorted(totals.values(), key=lambda total: -total.documents),
        unread=months.unread(connection.pk).count(),
        asked=_asked(connection),
    )


def _asked(connection: Connection) -> Asked:
    names = (duties.DRIFT, duties.PAYMENTS)
    found = {duty.name: duty for duty in Duty.objects.filter(connection=connection, name__in=names)}
    troubles = dict.fromkeys(duty.last_error for duty in found.values() if duty.last_error)
    at = {name: found[name].last_ok_at if name in found else None for name in names}
    return Asked(saved_at=at[duties.DRIFT], deleted_at=at[duties.PAYMENTS], troubles=tuple(troubles))


def causes(
    connection: Connection,
    period: str,
    now: datetime,
    *,
    currency: str = "",
    supplier_code: str | None = None,
    after: int = 0,
    size: int = 50,
) -> Causes:
    """Return the documents that make a month's difference, each with what differs and the next step."""
    page = months.differing(
        connection.pk, month_named(period), currency=currency, supplier_code=supplier_code, after=after, size=size
    )
    return Causes(causes=_causes(page.documents, period, now), more_after=page.more_after)


def drift(connection: Connection, period: str, now: datetime) -> Sequence[Cause]:
    """Return the month's documents whose Bills people changed in QuickBooks and about which nobody decided yet: one more
    than `DRIFT_SHOWN` if there are more."""
    return _causes(months.drifted(connection.pk, month_named(period), DRIFT_SHOWN + 1), period, now)


def _causes(documents: Iterable[Document], period: str, now: datetime) -> list[Cause]:
    found = []
    for document in documents:
        answer = why(document, now)
        words = " ".join(_what_differs(document, period))
        found.append(
            Cause(
                document=document,
                state=state_words(document),
                words=words,
                next_step=_next_step(document, answer.next_step),
            )
        )
    return found


def _what_differs(document: Document, period: str) -> list[str]:
    """Say what is not the same about a document, in sentences."""
    basware, posted, books = document.basware_cents, document.posted_cents, document.books_cents
    words = []
    if not posted and basware and not document.txn_id:
        words.append("We did not enter it.")
    elif basware != posted and posted and basware:
        words.append(f"Basware now offers {_money(basware, document)}; we entered {_money(posted, document)}.")
    elif not basware and books:
        words.append(f"Basware was told that it failed, but QuickBooks still holds {_money(books, document)}.")
    if posted and not books:
        words.append(f"We entered {_money(posted, document)}; QuickBooks has it no more, or void.")
    elif posted and books != posted:
        words.append(f"We entered {_money(posted, document)}; QuickBooks holds {_money(books, document)}.")
    if document.books_period and document.books_period != document.period:
        here, there = document.period, document.books_period
        words.append(f"It counts in {here}, but its Bill is dated in {there}.")
    if not words:
        words.append("Its amounts agree; what was changed is told in its story.")
    if document.state == State.SKIPPED:
        words.append(f"Skipped: {document.reason}")
    return words


def _money(cents: int, document: Document) -> str:
    return f"{from_cents(cents):,.2f} {document.currency}".rstrip()


def _next_step(document: Document, usual: str) -> str:
    """Return what can be done; `usual` is what the document's own page says."""
    state = State(document.state)
    if state is State.RETURNED and document.books_cents:
        return f"Delete {document.kind} {document.txn_id} in QuickBooks, if it must not be paid."
    if state is State.SKIPPED:
        return "Try it again, or give it up so that Basware knows; else sign with a remark."
    if state in {State.CONFIRMED, State.PAID, State.POSTED}:
        return "A person left it as it is. Correct it in QuickBooks, or sign with a remark."
    return usual


def as_values(found: Month) -> dict[str, Any]:
    """Return a month as plain values, for scripts and for what is signed."""
    return {
        "connection": found.connection.name,
        "company": found.connection.company_name,
        "period": found.period,
        "agrees": found.agrees,
        "unread": found.unread,
        "asked_for_saved_at": _written(found.asked.saved_at),
        "asked_for_deleted_at": _written(found.asked.deleted_at),
        "totals": [_values(total) for total in found.totals],
        "suppliers": [_values(one) | {"code": one.supplier_code, "name": one.supplier_name} for one in found.suppliers],
    }


def _values(sums: Sums) -> dict[str, Any]:
    amounts = {"basware": sums.basware, "connector": sums.connector, "quickbooks": sums.quickbooks}
    written = {name: f"{from_cents(cents):.2f}" for name, cents in amounts.items()}
    return {"currency": sums.currency, "documents": sums.documents, "differing": sums.differing} | written


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


#: For the page: what each column is made of.
COLUMNS: Mapping[str, str] = {
    "Basware": "Invoices that were approved and that we acknowledged, with the amount that Basware last offered. What went"
    " back to Basware as failed is not among them.",
    "Connector": "What we entered in QuickBooks, or linked to a Bill that a person had typed in.",
    "QuickBooks": "What QuickBooks last said of each Bill. It is asked again and again what was saved and what was deleted;"
    " a Bill of which it said nothing since is as it was at the last reading.",
}

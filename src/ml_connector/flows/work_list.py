"""The work list: what a person asks for, and one page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import REGISTER
from ml_connector.core.states import State
from ml_connector.flows.by_state import named_states
from ml_connector.flows.story import state_words
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import work_list as questions
from ml_connector.store.models import Connection, Document, SavedView, User

UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for; each field is a parameter of the page's address."""

    q: str = ""  #: any number
    state: tuple[str, ...] = ()  #: states by their values or words
    connection: str = ""  #: its name
    vendor: str = ""  #: code, or a part of the name
    since: str = ""  #: first day received, as 2026-03-31
    until: str = ""  #: last day received
    fault: str = ""  #: code of the first fault

    def as_query(self) -> list[tuple[str, str]]:
        """Return the parameters that are set, in the order of the fields."""
        pairs = [("q", self.q), *(("state", words) for words in self.state), ("connection", self.connection)]
        pairs += [("vendor", self.vendor), ("since", self.since), ("until", self.until), ("fault", self.fault)]
        return [(name, value) for name, value in pairs if value]

    @property
    def narrows(self) -> bool:
        """Tell whether anything is asked for."""
        return self != Filters()


def read_filters(given: Mapping[str, str], states: Sequence[str]) -> Filters:
    """Read the parameters of an address."""
    names = ("q", "connection", "vendor", "since", "until", "fault")
    values: dict[str, Any] = {name: " ".join(given.get(name, "").split())[:100] for name in names}
    return replace(Filters(), **values, state=tuple(words for words in states if words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A document in the list."""

    document: Document
    words: str  #: its state
    zone: ZoneInfo  #: of its company


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of the list."""

    lines: Sequence[Line]
    newer: int | None
    older: int | None
    zone: ZoneInfo  #: in which days are meant


def find(filters: Filters, *, before: int | None = None, after: int | None = None) -> Listed:
    """Return one page of what is asked for, newest first.

    Raises:
        NeedsOperator: a filter that cannot be understood; the sentence says which.
    """
    connections = _connections(filters.connection)
    zone = zone_of(connections[0]) if len(connections) == 1 else UTC
    found = questions.all_of(connections)
    if filters.q:
        found = found.filter(pk__in=questions.numbered(connections, filters.q))
    if filters.state:
        found = found.filter(named_states(filters.state))
    if filters.fault:
        if filters.fault not in REGISTER:
            raise NeedsOperator(f"There is no fault code {filters.fault!r}; the page of a document shows its own.")
        found = found.filter(fault_code=filters.fault)
    since, until = day(filters.since, zone), day(filters.until, zone)
    found = questions.received_between(found, since, until + timedelta(days=1) if until else None)
    if filters.vendor:
        found = questions.of_supplier(found, filters.vendor)
    page = questions.page(found, before=before, after=after)
    return Listed(lines=_lines(page.documents), newer=page.newer, older=page.older, zone=zone)


def the_only_one(text: str) -> int | None:
    """Return the document that a number stands for, if it stands for exactly one."""
    found = questions.numbered(list(Connection.objects.only("pk")), text, 2)
    return found[0] if len(found) == 1 else None


def _lines(documents: Sequence[Document]) -> list[Line]:
    return [Line(document=row, words=state_words(row), zone=zone_of(row.connection)) for row in documents]


def _connections(name: str) -> list[Connection]:
    rows = Connection.objects.order_by("name")
    found = list(rows.filter(name=name) if name else rows)
    if name and not found:
        raise NeedsOperator(f"There is no connection {name!r}.")
    return found


def day(text: str, zone: ZoneInfo) -> datetime | None:
    """Return when a day begins in a zone; None if no day is named.

    Raises:
        NeedsOperator: it is no day.
    """
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError:
        raise NeedsOperator(f"{text!r} is no day; write it as 2026-03-31.") from None


def save_view(user: User, name: str, filters: Filters) -> SavedView:
    """Keep filters under a name of one's own; the same name again takes its place.

    Raises:
        NeedsOperator: there is no name, or no filter.
    """
    plain, query = " ".join(name.split())[:60], urlencode(filters.as_query())[:500]
    if not plain or not query:
        raise NeedsOperator("A saved view needs a name and at least one filter; choose filters first.")
    return SavedView.objects.update_or_create(user=user, name=plain, defaults={"query": query})[0]


def saved_views(user: User) -> Sequence[SavedView]:
    """Return a person's own views, by name."""
    return list(SavedView.objects.filter(user=user).order_by("name")[:50])


def forget_view(user: User, number: int) -> None:
    """Forget a view of one's own."""
    SavedView.objects.filter(user=user, pk=number).delete()


#: What people look at every day, in the order in which it needs them.
VIEWS: Mapping[str, tuple[State, ...]] = {
    "Needs a person": (State.BLOCKED, State.CHANGED),
    "Checking outcome": (State.IN_DOUBT,),
    "Waiting for QuickBooks": (State.PLANNED, State.SENT),
    "Coming in": (State.RECEIVED, State.ACCEPTED),
    "Telling Basware": (State.POSTED, State.GIVEN_UP),
    "Done": (State.CONFIRMED, State.PAID),
    "Taken out": (State.SKIPPED, State.RETURNED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A named piece of the list, and how many documents are in it."""

    name: str
    states: tuple[State, ...]
    count: int


def views(connection: str = "") -> Sequence[View]:
    """Return the daily views with their counts."""
    counted = questions.counts(_connections(connection))
    return [
        View(name=name, states=states, count=sum(counted.get(state.value, 0) for state in states))
        for name, states in VIEWS.items()
    ]

"""What a person looks for in the audit trail: filters of an address, and what they find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import Event
from ml_connector.flows.connections import named
from ml_connector.flows.surroundings import zone_of
from ml_connector.flows.work_list import day
from ml_connector.store import audit_search, work_list
from ml_connector.store.audit_search import Found, Wanted
from ml_connector.store.models import Connection

#: What happens besides the steps of documents.
_OTHER_EVENTS = (
    "note", "retried", "link_named", "replay", "month_signed", "audit_exported", "audit_verified", "mapping", "connection",
    "paused", "resumed", "dry_run", "live", "company_file", "list_read", "list_sent", "list_outcome", "list_refused",
    "payments_read", "merged", "writing_stopped", "writing_goes_on", "answer_failed", "acknowledge_failed", "late_answer",
    "unreadable_record", "subscription", "list_resent", "list_reread",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is asked for; each field is a parameter of the page's address."""

    connection: str = ""
    q: str = ""  #: any number of a document
    actor: str = ""
    event: str = ""
    since: str = ""  #: first day, as 2026-03-31
    until: str = ""  #: last day

    def as_query(self) -> list[tuple[str, str]]:
        """Return the parameters that are set."""
        return [(name, value) for name, value in asdict(self).items() if value]

    @property
    def narrows(self) -> bool:
        """Tell whether anything but the connection is asked for."""
        return bool(self.q or self.actor or self.event or self.since or self.until)


def read_filters(given: Mapping[str, str]) -> Filters:
    """Read the parameters of an address or a form."""
    values: dict[str, Any] = {name: " ".join(given.get(name, "").split())[:100] for name in asdict(Filters())}
    return Filters(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A connection, and what is wanted of its trail."""

    connection: Connection
    wanted: Wanted


def understood(filters: Filters) -> Asked | None:
    """Find out what is meant. Without a connection it is that of the document, or the first one; None: there is none.

    Raises:
        NeedsOperator: a filter that cannot be understood, or a number that stands for no document.
    """
    everywhere = list(Connection.objects.order_by("name"))
    if not everywhere:
        return None
    chosen = [named(filters.connection)] if filters.connection else everywhere
    numbers: list[int] | None = None
    connection = chosen[0]
    if filters.q:
        numbers = work_list.numbered(chosen, filters.q)
        documents = work_list.of_numbers(numbers)
        if not documents:
            raise NeedsOperator(f"No document has the number {filters.q!r}, and no call about one has this request id.")
        connection = documents[0].connection
    zone = zone_of(connection)
    since, until = day(filters.since, zone), day(filters.until, zone)
    wanted = Wanted(
        connection_id=connection.pk,
        since=since,
        until=until + timedelta(days=1) if until else None,
        documents=numbers,
        actor=filters.actor,
        event=filters.event.lower().replace(" ", "_"),
    )
    return Asked(connection=connection, wanted=wanted)


def find(asked: Asked, before: int | None = None) -> Found:
    """Return a page of entries, newest first."""
    return audit_search.find(asked.wanted, before=before)


def events() -> Sequence[str]:
    """Return the names of what can happen, as the trail holds them."""
    return sorted({*(event.value for event in Event), *_OTHER_EVENTS})

"""What people look at of QuickBooks' lists: each list as a whole, its entries, and one entry with what happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import STANDINGS, WORDS, EntryStanding
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.list_sides import Sides, sides
from ml_connector.store import duties, entry_events, list_pages, list_progress, list_waiting, mapping
from ml_connector.store.list_pages import Mark
from ml_connector.store.models import Connection, Document, Duty, EntryEvent, ListEntry, ListProgress, MappingRule

#: What each list is called: in QuickBooks, in Basware, and one entry of it. In the order in which people look at them.
LIST_WORDS: Mapping[ListKind, tuple[str, str, str]] = {
    ListKind.VENDOR: ("Vendors", "suppliers", "vendor"),
    ListKind.ACCOUNT: ("Accounts", "accounts", "account"),
    ListKind.CLASS: ("Classes", "cost centers", "class"),
    ListKind.CUSTOMER: ("Customers and jobs", "projects", "customer or job"),
    ListKind.TERMS: ("Terms", "payment terms", "terms"),
}
_PAGE = 50
_SHOWN = 20
_HISTORY = 100
_SENDABLE = frozenset(STANDINGS) - {EntryStanding.NEW, EntryStanding.CHANGED, EntryStanding.SENT}


def read_list(text: str) -> ListKind:
    """Return the list that a word names.

    Raises:
        NeedsOperator: there is no such list.
    """
    try:
        return ListKind(text)
    except ValueError:
        raise NeedsOperator(f"There is no list {text!r}; the lists are: {', '.join(LIST_WORDS)}.") from None


def read_standing(text: str) -> EntryStanding | None:
    """Return how entries are to stand, by a word; None for an empty one, which means all.

    Raises:
        NeedsOperator: entries never stand so.
    """
    try:
        return EntryStanding(text) if text else None
    except ValueError:
        raise NeedsOperator(f"Entries never stand {text!r}; they stand: {', '.join(STANDINGS)}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class AList:
    """One list as a whole."""

    kind: ListKind
    words: str  #: its name in QuickBooks
    in_basware: str  #: what its entries are there
    counts: Mapping[EntryStanding, int]
    progress: ListProgress | None  #: None: nothing was done with it yet
    whole: str  #: what the latest reading of all of it says about its number; empty: it says nothing

    @property
    def entries(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    def count(self, standing: EntryStanding) -> int:
        """How many stand so."""
        return self.counts.get(standing, 0)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        progress = self.progress
        return {
            "kind": self.kind.value,
            "entries": self.entries,
            **{standing.value: self.count(standing) for standing in STANDINGS},
            "read_at": _written(progress.read_at if progress else None),
            "sent_at": _written(progress.sent_at if progress else None),
            "problem": progress.read_problem if progress else "",
            "complete": self.whole,
        }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All lists of a connection."""

    lists: Sequence[AList]
    reading: Duty | None  #: when the lists are read next, and why they could not be
    sending: Duty | None  #: likewise, of sending them to Basware
    asking: Duty | None  #: likewise, of asking what became of them

    @property
    def refused(self) -> int:
        """How many entries Basware refused."""
        return sum(one.count(EntryStanding.REFUSED) for one in self.lists)


def overview(connection: Connection) -> Overview:
    """Return all lists of a connection."""
    counts, progress = list_pages.counts(connection.pk), list_progress.of(connection.pk)
    names = (duties.LISTS, duties.PUBLICATION, duties.IMPORTS)
    found = {duty.name: duty for duty in Duty.objects.filter(connection=connection, name__in=names)}
    return Overview(
        lists=[
            AList(
                kind=kind,
                words=words[0],
                in_basware=words[1],
                counts=counts.get(kind.value, {}),
                progress=progress.get(kind.value),
                whole=_whole(progress.get(kind.value)),
            )
            for kind, words in LIST_WORDS.items()
        ],
        reading=found.get(duties.LISTS),
        sending=found.get(duties.PUBLICATION),
        asking=found.get(duties.IMPORTS),
    )


def _whole(progress: ListProgress | None) -> str:
    if progress is None or progress.whole_at is None:
        return ""
    seen, kept = progress.whole_seen, progress.whole_kept
    if seen == kept:
        return f"complete: {seen}"
    if kept < seen:
        return f"QuickBooks had {seen}, and {seen - kept} of them could not be read"
    return f"QuickBooks had {seen}, and {kept - seen} more are kept here that it no longer names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry, and what there is to say about it."""

    entry: ListEntry
    standing: str  #: in words
    says: str  #: why it stands so: Basware's own words, or what it was merged into
    sendable: bool  #: it can be sent again

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        entry = self.entry
        return {
            "kind": entry.kind,
            "list_id": entry.list_id,
            "code": entry.code,
            "name": entry.full_name,
            "active": entry.active,
            "standing": entry.standing,
            "since": _written(entry.stands_since),
            "says": self.says,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries of one list, or what was found."""

    rows: Sequence[Row]
    after: Mark | None  #: there are more: those after this one
    more: bool  #: there are more that fit, and the text must say more to find them


def entries(connection: Connection, kind: ListKind, standing: EntryStanding | None, after: Mark | None = None) -> Page:
    """Return a page of a list by name: of all entries those first that need somebody."""
    found = list_pages.page(connection.pk, kind, standing, after, _PAGE + 1)
    shown = found[:_PAGE]
    last = shown[-1] if len(found) > _PAGE else None
    mark = Mark(standing=EntryStanding(last.standing), name=last.full_name, entry=last.pk) if last else None
    return Page(rows=_rows(connection, shown), after=mark, more=False)


def mark_of(connection: Connection, kind: ListKind, list_id: str) -> Mark:
    """Return the place of an entry in its list, as it stands now.

    Raises:
        NeedsOperator: there is no such entry.
    """
    entry = ListEntry.objects.filter(connection=connection, kind=kind, list_id=list_id).defer("record").first()
    if entry is None:
        raise NeedsOperator(f"There is no {kind} {list_id!r}.")
    return Mark(standing=EntryStanding(entry.standing), name=entry.full_name, entry=entry.pk)


def search(connection: Connection, kind: ListKind | None, text: str) -> Page:
    """Return entries with this ListID, number or code, or with this text in their name."""
    kinds = [kind] if kind else list(LIST_WORDS)
    found = list_pages.search(connection.pk, kinds, text, _PAGE + 1)
    return Page(rows=_rows(connection, found[:_PAGE]), after=None, more=len(found) > _PAGE)


def _rows(connection: Connection, found: Sequence[ListEntry]) -> list[Row]:
    into = mapping.names_of(connection.pk, [entry.merged_into for entry in found if entry.merged_into])
    return [_row(connection, entry, into) for entry in found]


def _row(connection: Connection, entry: ListEntry, into: Mapping[str, str]) -> Row:
    standing = EntryStanding(entry.standing)
    says = entry.complaint if standing in {EntryStanding.REFUSED, EntryStanding.NEW, EntryStanding.CHANGED} else ""
    if entry.merged_into:
        merged = f"Merged into {into.get(entry.merged_into, entry.merged_into)}."
        says = f"{merged} {says}".strip()
    elif entry.deleted and standing is not EntryStanding.DELETED:
        says = f"It is gone from QuickBooks. {says}".strip()
    elif not entry.active and standing is not EntryStanding.INACTIVE:
        says = f"It is inactive in QuickBooks. {says}".strip()
    return Row(
        entry=entry, standing=WORDS[standing][0], says=says,
        sendable=standing in _SENDABLE and not connection.dry_run,
    )  # fmt: skip


# One entry.


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One thing that happened to an entry."""

    at: datetime
    title: str
    words: str  #: what changed, or Basware's own words
    actor: str  #: who wanted it; empty: it came by itself
    sent_at: datetime | None  #: when what is answered here was sent
    tone: str  #: of its mark: good, bad, wait or out


_CHAPTERS = {
    EntryEvent.Event.CHANGED: ("Changed in QuickBooks", "wait"),
    EntryEvent.Event.BACK: ("In QuickBooks again", "wait"),
    EntryEvent.Event.GONE: ("Gone from QuickBooks: deleted, or merged", "out"),
    EntryEvent.Event.MERGED: ("Merged", "out"),
    EntryEvent.Event.ACCEPTED: ("Basware has it", "good"),
    EntryEvent.Event.REFUSED: ("Refused", "bad"),
    EntryEvent.Event.AGAIN: ("No verdict; sent again by itself", "wait"),
    EntryEvent.Event.WANTED: ("To be sent again", "wait"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """Everything about one entry."""

    row: Row
    explains: str  #: what its standing means
    do: str  #: the next step; empty: there is none
    sides: Sides
    chapters: Sequence[Chapter]  #: the latest first
    rules: Sequence[MappingRule]  #: mappings that name it
    held_up: Sequence[Document]  #: the latest documents that wait for it
    held_up_count: int
    into: ListEntry | None  #: the entry it was merged into

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return self.row.as_dict() | {
            "next": self.do,
            "fields": [
                {"field": f.label, "quickbooks": f.quickbooks, "basware": f.basware, "differs": f.differs}
                for f in self.sides.fields
            ],
            "sent_at": _written(self.sides.sent_at),
            "request_id": self.sides.request_id,
            "history": [
                {"at": _written(c.at), "what": c.title, "words": c.words, "actor": c.actor} for c in self.chapters
            ],
            "mappings": [rule.code for rule in self.rules],
            "documents": [document.pk for document in self.held_up],
        }


def details(connection: Connection, kind: ListKind, list_id: str) -> Details | None:
    """Return everything about one entry; None if there is none."""
    rows = ListEntry.objects.filter(connection=connection, kind=kind, list_id=list_id)
    entry = rows.select_related("import_request__exchange").first()
    if entry is None:
        return None
    into = ListEntry.objects.filter(connection=connection, kind=kind, list_id=entry.merged_into or "-").first()
    row = _row(connection, entry, {into.list_id: into.full_name} if into else {})
    held = list_waiting.held_up(entry)
    shown = sides(connection, entry)
    return Details(
        row=row,
        explains=WORDS[EntryStanding(entry.standing)][1],
        do=_next_step(connection, entry, shown),
        sides=shown,
        chapters=_chapters(entry),
        rules=list_waiting.rules(entry, _SHOWN),
        held_up=held[:_SHOWN],
        held_up_count=len(held),
        into=into,
    )


def _next_step(connection: Connection, entry: ListEntry, shown: Sides) -> str:
    standing = EntryStanding(entry.standing)
    if standing is EntryStanding.REFUSED and shown.unwritable:
        return "Change it in QuickBooks so that it fits; it is read and sent again by itself."
    if standing is EntryStanding.REFUSED:
        return (
            "Where the cause is in QuickBooks, change it there: it is read and sent again by itself. Where it is in Basware"
            " or in the settings, mend it, and send it again."
        )
    if standing in {EntryStanding.NEW, EntryStanding.CHANGED} and connection.dry_run:
        return "Nothing is sent in the dry run; it is sent when the connection goes live."
    if standing in {EntryStanding.NEW, EntryStanding.CHANGED} and connection.paused:
        return "The connection is paused; it is sent when it goes on."
    if entry.merged_into:
        return "Map its code to the entry that it is part of now, where invoices still carry it."
    if standing is EntryStanding.DELETED:
        return "If invoices still carry its code, map that to the entry that stands for it now."
    return ""


def _chapters(entry: ListEntry) -> list[Chapter]:
    found = []
    request = entry.import_request
    if entry.standing == EntryStanding.SENT and request is not None:
        words = "Basware has not said yet what became of it."
        found.append(Chapter(at=request.sent_at, title="Sent", words=words, actor="", sent_at=None, tone="wait"))
    for event in entry_events.of(entry.pk, _HISTORY):
        title, tone = _CHAPTERS[EntryEvent.Event(event.event)]
        found.append(
            Chapter(
                at=event.at, title=title, words=event.words, actor=event.actor, tone=tone,
                sent_at=event.sent.at if event.sent else None,
            )
        )  # fmt: skip
    if entry.first_read_at is not None:
        title = "Read from QuickBooks for the first time"
        found.append(Chapter(at=entry.first_read_at, title=title, words="", actor="", sent_at=None, tone="wait"))
    return found

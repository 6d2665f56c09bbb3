"""What happened to entries of lists, written many at once and read one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database

from ml_connector.core.books import ListKind
from ml_connector.store import rows
from ml_connector.store.models import EntryEvent, Exchange

Event = EntryEvent.Event


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an entry, before it is written."""

    entry: int
    event: Event
    words: str = ""
    sent: int | None = None  #: exchange in which it was sent
    said: int | None = None  #: exchange in which Basware said what became of it


_INSERT = """
    INSERT INTO store_entryevent (entry_id, at, event, actor, words, sent_id, said_id) VALUES (%s, %s, %s, '', %s, %s, %s)
"""


def write(events: Sequence[Happened], now: datetime) -> None:
    """Write events, in the transaction that makes them true."""
    if not events:
        return
    at = rows.moment(now)
    with database.cursor() as cursor:
        cursor.executemany(
            _INSERT, [(e.entry, at, e.event.value, e.words[:500], e.sent, e.said) for e in events]
        )  # fmt: skip


def wanted(connection_id: int, kinds: Sequence[ListKind], standing: str, actor: str, now: datetime) -> None:
    """Note that a person wants entries sent again: those of some lists that stand so, or all of them if `standing` is empty."""
    text = (
        "INSERT INTO store_entryevent (entry_id, at, event, actor, words, sent_id, said_id)"  # noqa: S608
        " SELECT id, %s, %s, %s, complaint, NULL, NULL FROM store_listentry"
        f" WHERE connection_id = %s AND kind IN ({rows.places(len(kinds))})"
    )
    values = [rows.moment(now), Event.WANTED.value, actor[:80], connection_id, *(kind.value for kind in kinds)]
    if standing:
        text, values = f"{text} AND standing = %s", [*values, standing]
    rows.execute(text, *values)


def wanted_one(entry: int, words: str, actor: str, now: datetime) -> None:
    """Note that a person wants one entry sent again; `words`: what Basware had said of it."""
    EntryEvent.objects.create(entry_id=entry, at=now, event=Event.WANTED, actor=actor[:80], words=words)


def of(entry: int, limit: int) -> list[EntryEvent]:
    """Return what happened to an entry, the latest first, with when it was sent."""
    found = EntryEvent.objects.filter(entry=entry).select_related("sent")
    return list(found.defer("sent__request", "sent__response").order_by("-pk")[:limit])


def last_sent(entry: int) -> Exchange | None:
    """Return the exchange in which an entry was last sent, of those that Basware has answered."""
    event = EntryEvent.objects.filter(entry=entry, sent__isnull=False).select_related("sent").order_by("-pk").first()
    return event.sent if event else None

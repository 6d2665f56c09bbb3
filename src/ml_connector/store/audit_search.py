"""Questions to the audit trail of one connection, answered from an index or from a bounded walk back in time.

Six entries are written for every invoice, all of a few kinds and by the connector itself. What is asked for that is rare
(what a person did, what happened seldom) has an index of its own that holds the rare entries alone. All else is found by
walking back, at most `WALK` entries at once; who wants to look further back says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from ml_connector.store import rows
from ml_connector.store.models import ROUTINE_EVENTS, SYSTEM_ACTORS, AuditEntry, Connection

WALK = 20_000  # entries looked through for one page
_DISORDER = timedelta(hours=1)  # by which a clock that was put back may have written entries out of the order of time
_TOGETHER = timedelta(hours=1)  # within which an exchange and the entry that rests on it are written


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for; empty fields ask for everything."""

    connection_id: int
    since: datetime | None = None
    until: datetime | None = None  #: not itself
    documents: Sequence[int] | None = None
    actor: str = ""
    event: str = ""

    @property
    def whole(self) -> bool:
        """Nothing is left out between the first and the last entry."""
        return self.documents is None and not self.actor and not self.event


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of entries, newest first."""

    entries: list[AuditEntry]
    before: int | None  #: there may be older ones: those before this entry
    walked_to: datetime | None  #: the walk ended here although the page is not full


def find(wanted: Wanted, *, before: int | None = None, size: int = 50, walk: int = WALK) -> Found:
    """Return the newest entries before an entry (by its number in the chain)."""
    low, high = _bounds(wanted)
    if before is not None:
        high = min(high, before - 1)
    if high < low:
        return Found(entries=[], before=None, walked_to=None)
    if wanted.documents is not None:
        numbers = _of_documents(wanted, low, high)[: size + 1]
        floor = low
    else:
        floor = low if _is_rare(wanted) else max(low, high - walk + 1)
        numbers = _numbers(wanted, floor, high, size + 1)
    entries = _entries(wanted.connection_id, numbers[:size])
    if len(numbers) > size:
        return Found(entries=entries, before=numbers[size - 1], walked_to=None)
    if floor > low:
        reached = AuditEntry.objects.filter(connection_id=wanted.connection_id, seq=floor).values_list("at", flat=True)
        return Found(entries=entries, before=floor, walked_to=reached.first())
    return Found(entries=entries, before=None, walked_to=None)


def in_order(wanted: Wanted, *, upto: int, full: bool, portion: int = 500) -> Iterator[AuditEntry]:
    """Return every wanted entry up to an entry, oldest first, with its exchange; read in portions, so that no memory
    holds them all. Without `full` the bodies of exchanges are not read."""
    low, high = _bounds(wanted)
    high = min(high, upto)
    if wanted.documents is not None:
        numbers = sorted(_of_documents(wanted, low, high))
        portions: Iterator[list[int]] = (numbers[n : n + portion] for n in range(0, len(numbers), portion))
    else:
        portions = _portions(wanted, low, high, portion)
    for numbers in portions:
        yield from reversed(_entries(wanted.connection_id, numbers, full=full))


def _portions(wanted: Wanted, low: int, high: int, portion: int) -> Iterator[list[int]]:
    step = portion if wanted.whole else WALK
    while low <= high:
        numbers = _numbers(wanted, low, min(low + step - 1, high), step)
        for n in range(len(numbers), 0, -portion):  # from the oldest on
            yield numbers[max(n - portion, 0) : n]
        low += step


def hash_before(connection_id: int, seq: int) -> str:
    """Return the hash of the entry before an entry; 64 zeros before the first."""
    found = AuditEntry.objects.filter(connection_id=connection_id, seq=seq - 1).values_list("hash", flat=True)
    return found.first() or "0" * 64


def hashes_before(connection_id: int, numbers: Sequence[int]) -> dict[int, str]:
    """Return the hash of the entry before each of these entries."""
    earlier = AuditEntry.objects.filter(connection_id=connection_id, seq__in=[number - 1 for number in numbers])
    found = {seq + 1: sha for seq, sha in earlier.values_list("seq", "hash")}
    return found | ({1: "0" * 64} if 1 in numbers else {})


def people(connection_id: int) -> list[str]:
    """Return the people who did something on a connection."""
    text = f"SELECT DISTINCT actor FROM store_auditentry WHERE connection_id = %s AND {_BY_PEOPLE} ORDER BY actor"  # noqa: S608
    return [actor for (actor,) in rows.values(text, connection_id)]


def of_request(owners: Sequence[int], request_id: str) -> set[int]:
    """Return the documents about which a call was made that the other system calls by this id."""
    if not request_id:
        return set()
    # Said in the words of the index, or it is not used.
    text = "SELECT id, connection_id, at FROM store_exchange WHERE request_id = %s AND NOT (request_id = '') LIMIT 50"
    found: set[int] = set()
    for pk, connection_id, written in rows.values(text, request_id):
        if connection_id not in owners:
            continue
        at = rows.moment_of(written)
        near = AuditEntry.objects.filter(connection=connection_id, at__gte=at, at__lte=at + _TOGETHER, exchange=pk)
        found |= set(near.exclude(document=None).values_list("document", flat=True))
    return found


def chain_end(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last entry, as the connection's row holds them now."""
    return Connection.objects.values_list("chain_seq", "chain_hash").get(pk=connection.pk)


_BY_PEOPLE = f"NOT (actor IN ({', '.join(repr(actor) for actor in SYSTEM_ACTORS)}))"
_SELDOM = f"NOT (event IN ({', '.join(repr(event) for event in ROUTINE_EVENTS)}))"


def _is_rare(wanted: Wanted) -> bool:
    by_person = wanted.actor and wanted.actor not in SYSTEM_ACTORS
    return bool(by_person or (wanted.event and wanted.event not in ROUTINE_EVENTS))


def _numbers(wanted: Wanted, low: int, high: int, limit: int) -> list[int]:
    """Return numbers of entries in the chain, newest first."""
    conditions, values = ["connection_id = %s", "seq >= %s", "seq <= %s"], [wanted.connection_id, low, high]
    more: list[Any] = []
    if wanted.actor:
        conditions.append("actor = %s")
        more.append(wanted.actor)
        if wanted.actor not in SYSTEM_ACTORS:
            conditions.append(_BY_PEOPLE)  # said in the words of the index, or it is not used
    if wanted.event:
        conditions.append("event = %s")
        more.append(wanted.event)
        if wanted.event not in ROUTINE_EVENTS and (not wanted.actor or wanted.actor in SYSTEM_ACTORS):
            conditions.append(_SELDOM)
    for moment, sign in ((wanted.since, ">="), (wanted.until, "<")):
        if moment is not None:
            conditions.append(f"at {sign} %s")
            more.append(rows.moment(moment))
    text = f"SELECT seq FROM store_auditentry WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT %s"  # noqa: S608
    return [seq for (seq,) in rows.values(text, *values, *more, limit)]


def _of_documents(wanted: Wanted, low: int, high: int) -> list[int]:
    """Return numbers of the entries of some documents, newest first: a document has few."""
    found = AuditEntry.objects.filter(document__in=wanted.documents or [])
    if wanted.actor:
        found = found.filter(actor=wanted.actor)
    if wanted.event:
        found = found.filter(event=wanted.event)
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    owned = found.values_list("connection", "seq")
    return sorted((seq for owner, seq in owned if owner == wanted.connection_id and low <= seq <= high), reverse=True)


def _bounds(wanted: Wanted) -> tuple[int, int]:
    """Return between which entries the wanted time lies."""
    of_connection = AuditEntry.objects.filter(connection_id=wanted.connection_id)
    last = of_connection.aggregate(last=Max("seq"))["last"] or 0
    low, high = 1, last
    if wanted.since is not None:
        later = of_connection.filter(at__gte=wanted.since - _DISORDER).order_by("at", "seq")
        low = next(iter(later.values_list("seq", flat=True)[:1]), last + 1)
    if wanted.until is not None:
        later = of_connection.filter(at__gte=wanted.until + _DISORDER).order_by("at", "seq")
        high = next(iter(later.values_list("seq", flat=True)[:1]), last + 1) - 1
    return low, high


def _entries(connection_id: int, numbers: Sequence[int], *, full: bool = False) -> list[AuditEntry]:
    """Return entries, newest first."""
    found = AuditEntry.objects.filter(connection_id=connection_id, seq__in=numbers)
    found = found.select_related("exchange", "document").defer("document__raw", "document__request_xml")
    if not full:
        found = found.defer("exchange__request", "exchange__response", "document__raw", "document__request_xml")
    return sorted(found, key=lambda entry: -entry.seq)

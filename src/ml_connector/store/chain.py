"""The audit chain: every entry carries the hash of the one before, per connection.

A changed, removed, inserted or reordered entry breaks the chain; a cut tail does not agree with the head that the
connection's row holds, and with the head that was exported earlier. The exact bytes of every exchange are covered,
because an entry holds the exchange's SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.db import connection as database
from django.db import transaction

from ml_connector.core.exchange import Exchange as WireExchange
from ml_connector.core.states import State
from ml_connector.store import day_figures, rows
from ml_connector.store.bulk import insert
from ml_connector.store.models import AuditEntry, Connection, Document, Exchange

_FAULTS = Document._meta.get_field("faults")
_INSERT = """
    INSERT INTO store_auditentry (connection_id, seq, at, actor, document_id, event, from_state, to_state, words,
                                  exchange_id, exchange_sha256, hash)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class ExchangeRef:
    """A stored exchange."""

    pk: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened, before it is chained."""

    event: str
    words: str = ""  #: one sentence for people
    document_id: int | None = None
    from_state: str = ""
    to_state: str = ""
    exchange: ExchangeRef | None = None


class Ledger:
    """One open transaction on one connection: the only way to write audit entries.

    Whoever holds it holds the lock on the connection's row, so entries of one connection are in one order.
    """

    def __init__(self, row: Connection, now: datetime, actor: str) -> None:
        self.connection = row
        self.now = now
        self.actor = actor
        self._pending: list[tuple[Any, ...]] = []
        self._figures: Counter[str] = Counter()
        self._now_text = _stamp(now)
        self._now_column = database.ops.adapt_datetimefield_value(now)

    def note(self, entry: Entry) -> None:
        """Chain one entry."""
        row = self.connection
        seq = row.chain_seq + 1
        exchange = entry.exchange
        sha = exchange.sha256 if exchange else ""
        row.chain_hash = entry_hash(
            row.chain_hash, row.pk, seq, self._now_text, self.actor, entry.document_id, entry.event, entry.from_state,
            entry.to_state, entry.words, sha,
        )  # fmt: skip
        row.chain_seq = seq
        if entry.to_state and (figure := day_figures.figure_of(entry.event, entry.from_state, entry.to_state)):
            self._figures[figure] += 1
        self._pending.append(
            (
                row.pk, seq, self._now_column, self.actor, entry.document_id, entry.event, entry.from_state,
                entry.to_state, entry.words, exchange.pk if exchange else None, sha, row.chain_hash,
            )
        )  # fmt: skip

    def keep(self, exchange: WireExchange) -> ExchangeRef:
        """Store the exact bytes of an exchange."""
        return self.keep_all([exchange])[0]

    def keep_all(self, exchanges: Sequence[WireExchange]) -> list[ExchangeRef]:
        """Store many exchanges at once, in order."""
        if not exchanges:
            return []
        hashes = [exchange_hash(exchange) for exchange in exchanges]
        owner = self.connection.pk
        last = rows.values("SELECT MAX(id) FROM store_exchange WHERE connection_id = %s", owner)[0][0] or 0
        insert(
            Exchange,
            [
                {
                    "connection_id": self.connection.pk,
                    "at": self._now_column,
                    "system": exchange.system,
                    "what": exchange.what[:300],
                    "status": exchange.status[:40],
                    "request_id": exchange.request_id[:80],
                    "request": exchange.request,
                    "response": exchange.response,
                    "sha256": sha,
                }
                for exchange, sha in zip(exchanges, hashes, strict=True)
            ],
        )
        # Whoever holds the ledger holds the connection, so these are ours, in the order they were written.
        ids = rows.values("SELECT id FROM store_exchange WHERE connection_id = %s AND id > %s ORDER BY id", owner, last)
        return [ExchangeRef(pk, sha) for (pk,), sha in zip(ids, hashes, strict=True)]

    @cached_property
    def no_faults(self) -> Any:
        """An empty list as a JSON column takes it."""
        return _FAULTS.get_db_prep_save([], database)

    @property
    def now_column(self) -> Any:
        """The ledger's time as a column takes it."""
        return self._now_column

    def close(self) -> None:
        """Write the entries and the new head of the chain; called once, when the transaction is about to commit."""
        if not self._pending:
            return
        with database.cursor() as cursor:
            cursor.executemany(_INSERT, self._pending)
        self._pending.clear()
        row = self.connection
        if self._figures:
            day_figures.add(row.pk, row.settings, self.now, self._figures)
        text = "UPDATE store_connection SET chain_seq = %s, chain_hash = %s WHERE id = %s"
        rows.execute(text, row.chain_seq, row.chain_hash, row.pk)


_HELD = rows.Question(Connection, "WHERE id = %s", lock=True)


@contextmanager
def writing(connection_id: int, now: datetime, actor: str = "connector") -> Iterator[Ledger]:
    """One transaction on one connection: everything inside is committed together, audit entries included, or not at all."""
    with transaction.atomic():
        row = _HELD.row(connection_id)
        if row is None:
            raise Connection.DoesNotExist(f"There is no connection {connection_id}.")
        ledger = Ledger(row, now, actor)
        yield ledger
        ledger.close()


_json = json.JSONEncoder(separators=(",", ":")).encode


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def entry_hash(
    previous: str,
    connection_id: int,
    seq: int,
    at: str,
    actor: str,
    document_id: int | None,
    event: str,
    from_state: str,
    to_state: str,
    words: str,
    exchange_sha256: str,
) -> str:
    """Return the SHA-256 over the previous hash and every field of an entry, written as one JSON list.

    `at` is the time in UTC as ISO 8601 writes it.
    """
    # Put together by hand, because this is done for every entry; states and hashes hold nothing that JSON would escape.
    document = "null" if document_id is None else document_id
    fields = (
        f'["{previous}",{connection_id},{seq},"{at}",{_json(actor)},{document},{_json(event)},"{from_state}","{to_state}",'
        f'{_json(words)},"{exchange_sha256}"]'
    )
    return hashlib.sha256(fields.encode()).hexdigest()


def exchange_hash(exchange: WireExchange | Exchange) -> str:
    """Return the SHA-256 over what was said in an exchange: a JSON line of its heading, then both bodies."""
    request, response = bytes(exchange.request), bytes(exchange.response)
    heading = (
        f"[{_json(exchange.system)},{_json(exchange.what[:300])},{_json(exchange.status[:40])},"
        f"{_json(exchange.request_id[:80])},{len(request)},{len(response)}]"
    )
    digest = hashlib.sha256(heading.encode())
    digest.update(request)
    digest.update(response)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a verification found."""

    entries: int
    head: str  #: hash of the last entry
    breaks: tuple[str, ...]  #: one sentence for each place where the chain does not hold


def verify(connection: Connection) -> Verdict:
    """Walk the chain of one connection from its first entry, and every exchange it points to."""
    entries = AuditEntry.objects.filter(connection=connection).order_by("seq").select_related("exchange")
    piece = _walk(entries.iterator(chunk_size=500), Piece(checked=0, hash=NO_HASH))
    breaks = [*piece.breaks, *the_end(piece, connection.chain_seq, connection.chain_hash)]
    return Verdict(entries=piece.entries, head=piece.hash, breaks=tuple(breaks))


#: What stands for the hash of the entry before the first.
NO_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """How far a walk along the chain has come."""

    checked: int  #: the last entry that was looked at; 0: none
    hash: str  #: of that entry
    entries: int = 0  #: that this piece looked at
    breaks: tuple[str, ...] = ()  #: where this piece does not hold


def verify_piece(connection_id: int, before: Piece, upto: int, limit: int) -> Piece:
    """Walk on from where the piece before ended, over at most `limit` entries and not beyond `upto`."""
    entries = AuditEntry.objects.filter(connection=connection_id, seq__gt=before.checked, seq__lte=upto)
    return _walk(entries.order_by("seq").select_related("exchange")[:limit], before)


def the_end(piece: Piece, seq: int, head: str) -> list[str]:
    """Return what is wrong with the end of a chain that was walked to its last entry, in sentences."""
    if (piece.checked, piece.hash) == (seq, head):
        return []
    return [f"The chain ends at entry {piece.checked}, but entry {seq} was written."]


def _walk(entries: Iterable[AuditEntry], before: Piece) -> Piece:
    breaks: list[str] = []
    previous, expected, count = before.hash, before.checked + 1, 0
    for entry in entries:
        count += 1
        if entry.seq != expected:
            breaks.append(f"Entry {expected} is missing; the next one is {entry.seq}.")
        computed = entry_hash(
            previous, entry.connection_id, entry.seq, _stamp(entry.at), entry.actor, entry.document_id, entry.event,
            entry.from_state, entry.to_state, entry.words, entry.exchange_sha256,
        )  # fmt: skip
        if computed != entry.hash:
            breaks.append(f"Entry {entry.seq} was changed, or an entry before it was.")
        if (exchange_hash(entry.exchange) if entry.exchange else "") != entry.exchange_sha256:
            breaks.append(f"The exchange that entry {entry.seq} rests on was changed or taken away.")
        if entry.to_state and entry.to_state not in set(State):
            breaks.append(f"Entry {entry.seq} names the state {entry.to_state!r}, which does not exist.")
        previous, expected = entry.hash, entry.seq + 1
    return Piece(checked=expected - 1, hash=previous, entries=count, breaks=tuple(breaks))

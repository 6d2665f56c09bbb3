"""Lists to Basware: only what changed, in batches it takes, each followed up until Basware has said what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.publishing import ROUTES, Posted, RecordsRefused, batches
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.errors import NeedsOperator, TryAgain
from ml_connector.flows.list_bodies import accepted_terms, body_of, by_external_code, publication_of
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.flows.verdicts import again
from ml_connector.store import duties, entry_events, list_progress, lists
from ml_connector.store.chain import Entry, writing
from ml_connector.store.entry_events import Happened
from ml_connector.store.models import Connection, ImportRequest, ListEntry

#: Terms before vendors, because a vendor's terms must be known in P2P; the rest in any order.
_ORDER = (ListKind.TERMS, ListKind.ACCOUNT, ListKind.CLASS, ListKind.CUSTOMER, ListKind.VENDOR)

_STATE = ListEntry.Publication
_EVENT = entry_events.Event
_SPLITS_LIMIT = 40  # of one refused batch: enough to find four culprits in the largest one


@dataclass(slots=True)
class _Written:
    """An entry as it will be sent."""

    entry: ListEntry
    body: bytes
    digest: str


def publish(surroundings: Surroundings, connection: Connection) -> int:
    """Send every list entry that is due; return how many were sent.

    Raises:
        TryAgain: Basware cannot be reached; what was sent before is noted.
        NeedsOperator: Basware does not let us.
    """
    if connection.dry_run:
        return 0
    client = surroundings.basware(connection)
    sent = 0
    for kind in _ORDER if lists.any_to_publish(connection.pk) else ():
        after = 0
        while due := lists.to_publish(connection.pk, kind, after, ROUTES[kind].batch):
            after = due[-1].pk
            ready = _without_waiting_terms(connection, due) if kind is ListKind.VENDOR else due
            written = _write(surroundings, connection, kind, ready)
            for bodies in batches(kind, [w.body for w in written]):
                batch, written = written[: len(bodies)], written[len(bodies) :]
                _send(surroundings, connection, client, kind, batch)
                sent += len(batch)
    return sent


def _without_waiting_terms(connection: Connection, due: Sequence[ListEntry]) -> list[ListEntry]:
    """Leave out vendors whose terms Basware is still to accept for the first time; they come with a later round."""
    wanted = {terms for entry in due if (terms := entry.record.get("terms", ""))}
    unknown = ListEntry.objects.filter(
        connection=connection, kind=ListKind.TERMS, list_id__in=wanted, ever_accepted=False
    )
    waiting = set(unknown.filter(publication__in=[_STATE.DUE, _STATE.SENT]).values_list("list_id", flat=True))
    return [entry for entry in due if entry.record.get("terms", "") not in waiting]


def _write(
    surroundings: Surroundings, connection: Connection, kind: ListKind, due: Sequence[ListEntry]
) -> list[_Written]:
    """Write the bodies. What Basware has already in these very words is not sent; what cannot be written is refused."""
    terms = accepted_terms(connection, due) if kind is ListKind.VENDOR else {}
    publication = publication_of(connection)
    written: list[_Written] = []
    unchanged: list[ListEntry] = []
    for entry in due:
        record = lists.record_from_json(entry.record)
        try:
            body = body_of(connection, publication, record, entry, terms)
        except (WireLimit, NeedsOperator) as error:
            _refuse(surroundings, connection, entry, str(error))
            continue
        digest = hashlib.sha256(body).hexdigest()
        if digest == entry.published_digest and entry.sends == 0 and entry.import_request_id is None:
            unchanged.append(entry)
            continue
        written.append(_Written(entry, body, digest))
    if unchanged:
        now = surroundings.clock()
        with writing(connection.pk, now):
            same = [entry.pk for entry in _still_the_same(unchanged)]
            ListEntry.objects.filter(pk__in=same).update(publication=_STATE.ACCEPTED, stands_since=now)
            words = "Basware has it in these very words, so it was not sent."
            entry_events.write([Happened(pk, _EVENT.ACCEPTED, words) for pk in same], now)
    return written


def _still_the_same(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the entries that QuickBooks has not changed, and nobody asked to send again, since they were read here.

    Called inside the transaction that notes what became of them; the others stay due.
    """
    columns = ("pk", "record", "active", "currency", "touch")
    rows = ListEntry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list(*columns)
    now = {pk: found for pk, *found in rows}
    return [e for e in entries if now.get(e.pk) == [e.record, e.active, e.currency, e.touch]]


def _refuse(surroundings: Surroundings, connection: Connection, entry: ListEntry, words: str) -> None:
    now = surroundings.clock()
    with writing(connection.pk, now) as ledger:
        if not _still_the_same([entry]):
            return
        entry.publication, entry.complaint, entry.stands_since = _STATE.REFUSED, words[:500], now
        entry.save(update_fields=["publication", "complaint", "stands_since"])
        entry_events.write([Happened(entry.pk, _EVENT.REFUSED, words)], now)
        ledger.note(Entry(event="list_refused", words=f"{entry.kind} {entry.full_name}: {words}"))


def _send(
    surroundings: Surroundings,
    connection: Connection,
    client: BaswareClient,
    kind: ListKind,
    batch: Sequence[_Written],
    splits: int = _SPLITS_LIMIT,
) -> int:
    """Send one batch. A refused one that names nobody is halved until the one to blame is found, as long as `splits` last;
    returns how many are left."""
    try:
        posted = client.post_records(kind, [w.body for w in batch])
    except RecordsRefused as refused:
        named = _named(connection, batch, refused)
        if named or len(batch) == 1 or splits < 1:
            _note_refused(surroundings, connection, kind, batch, refused, named or [w.entry for w in batch])
            return splits
        middle = len(batch) // 2
        left = _send(surroundings, connection, client, kind, batch[:middle], splits - 1)
        return _send(surroundings, connection, client, kind, batch[middle:], left)
    except TryAgain as trouble:
        if trouble.applied is None:
            # Basware may have stored the records without handing them on, and would drop the same words as unchanged.
            ListEntry.objects.filter(pk__in=[w.entry.pk for w in batch]).update(touch=F("touch") + 1)
        raise
    _note_sent(surroundings, connection, kind, batch, posted)
    return splits


def _note_sent(
    surroundings: Surroundings, connection: Connection, kind: ListKind, batch: Sequence[_Written], posted: Posted
) -> None:
    now = surroundings.clock()
    with writing(connection.pk, now) as ledger:
        ref = ledger.keep(posted.exchange)
        ledger.note(Entry(event="list_sent", words=f"{len(batch)} {kind} records sent to Basware.", exchange=ref))
        first_look = now + timedelta(seconds=settings_of(connection).request_status_s)
        request = ImportRequest.objects.create(
            connection=connection, kind=kind, request_id=posted.request_id, exchange_id=ref.pk, sent_at=now,
            next_check_at=first_look,
        )  # fmt: skip
        list_progress.was_sent(connection.pk, kind, now)
        same = {entry.pk for entry in _still_the_same([w.entry for w in batch])}
        for w in batch:
            w.entry.published_digest = w.digest
            w.entry.import_request = request
            if w.entry.pk in same:
                w.entry.publication = _STATE.SENT
                w.entry.stands_since = now
                w.entry.sends += 1
                w.entry.complaint = ""
        # What was changed meanwhile is due still, so that its row keeps what the reading wrote.
        both = ["published_digest", "import_request_id"]
        sent = [w.entry for w in batch if w.entry.pk in same]
        lists.save_columns(sent, "publication", "sends", "complaint", "stands_since", *both)
        lists.save_columns([w.entry for w in batch if w.entry.pk not in same], *both)
        duties.wake_at(connection.pk, duties.IMPORTS, first_look)


def _named(connection: Connection, batch: Sequence[_Written], refused: RecordsRefused) -> list[ListEntry]:
    by_code = by_external_code(connection, [w.entry for w in batch])
    return [by_code[code] for code in by_code if code in refused.external_codes]


def _note_refused(
    surroundings: Surroundings,
    connection: Connection,
    kind: ListKind,
    batch: Sequence[_Written],
    refused: RecordsRefused,
    to_blame: Sequence[ListEntry],
) -> None:
    """Nothing of the batch counts as stored. The records to blame are refused; the others are due still."""
    words = {error.external_code: error.message for error in refused.errors if error.external_code}
    # A conflict passes by: somebody else is at the same record just now.
    conflict = refused.exchange is not None and refused.exchange.status == "409"
    now = surroundings.clock()
    with writing(connection.pk, now) as ledger:
        ref = ledger.keep(refused.exchange) if refused.exchange else None
        sentence = f"Basware refused a batch of {len(batch)} {kind} records: {refused.words}"
        ledger.note(Entry(event="list_refused", words=sentence, exchange=ref))
        blamed = _still_the_same(to_blame)
        publication = publication_of(connection)
        events = []
        for entry in blamed:
            complaint = words.get(publication.external_code(ListId(entry.list_id)), refused.words)[:500]
            entry.stands_since = now
            if conflict:
                entry.sends += 1
                again(entry, complaint)
            else:
                entry.publication, entry.complaint = _STATE.REFUSED, complaint
            event = _EVENT.REFUSED if entry.publication == _STATE.REFUSED else _EVENT.AGAIN
            about = ref.pk if ref else None
            events.append(Happened(entry.pk, event, complaint, about, about))
        lists.save_columns(blamed, "publication", "complaint", "sends", "touch", "stands_since")
        entry_events.write(events, now)

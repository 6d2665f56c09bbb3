"""Lists to Basware: only what changed, in batches it takes, each followed up until Basware has said what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import F

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.publishing import ROUTES, ItemOutcome, Posted, RecordsRefused, RequestOutcome, batches
from ml_connector.basware.write_lists import (
    ListPublication,
    account_body,
    cost_center_body,
    payment_term_body,
    project_body,
    vendor_body,
)
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.records import ListRecord
from ml_connector.flows.surroundings import Surroundings, company_codes, settings_of
from ml_connector.flows.troubles import Troubles
from ml_connector.store import duties, lists
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import Connection, ImportRequest, ListEntry

#: Terms before vendors, because a vendor's terms must be known in P2P; the rest in any order.
_ORDER = (ListKind.TERMS, ListKind.ACCOUNT, ListKind.CLASS, ListKind.CUSTOMER, ListKind.VENDOR)

_STATE = ListEntry.Publication
_SENDS_LIMIT = 5  # sends of one content without acceptance, before a person must look
_SPLITS_LIMIT = 40  # of one refused batch: enough to find four culprits in the largest one
_SILENT_AFTER = timedelta(hours=4)  # P2P says within minutes what became of a record
_ACKNOWLEDGED_AT_ONCE = 100
_OPEN, _SETTLED = "open", "settled"


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
        while due := _due(connection, kind, after):
            after = due[-1].pk
            ready = _without_waiting_terms(connection, due) if kind is ListKind.VENDOR else due
            written = _write(surroundings, connection, kind, ready)
            for bodies in batches(kind, [w.body for w in written]):
                batch, written = written[: len(bodies)], written[len(bodies) :]
                _send(surroundings, connection, client, kind, batch)
                sent += len(batch)
    return sent


def _due(connection: Connection, kind: ListKind, after: int) -> list[ListEntry]:
    rows = ListEntry.objects.filter(connection=connection, kind=kind, publication=_STATE.DUE, pk__gt=after)
    return list(rows.order_by("pk")[: ROUTES[kind].batch])


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
    accepted_terms = _accepted_terms(connection, due) if kind is ListKind.VENDOR else {}
    publication = _publication(connection)
    written: list[_Written] = []
    unchanged: list[ListEntry] = []
    for entry in due:
        record = lists.record_from_json(entry.record)
        try:
            body = _body(connection, publication, record, entry, accepted_terms)
        except (WireLimit, NeedsOperator) as error:
            _refuse(surroundings, connection, entry, str(error))
            continue
        digest = hashlib.sha256(body).hexdigest()
        if digest == entry.published_digest and entry.sends == 0 and entry.import_request_id is None:
            unchanged.append(entry)
            continue
        written.append(_Written(entry, body, digest))
    if unchanged:
        with writing(connection.pk, surroundings.clock()):
            same = [entry.pk for entry in _still_the_same(unchanged)]
            ListEntry.objects.filter(pk__in=same).update(publication=_STATE.ACCEPTED)
    return written


def _still_the_same(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the entries that QuickBooks has not changed, and nobody asked to send again, since they were read here.

    Called inside the transaction that notes what became of them; the others stay due.
    """
    columns = ("pk", "record", "active", "currency", "touch")
    rows = ListEntry.objects.filter(pk__in=[entry.pk for entry in entries]).values_list(*columns)
    now = {pk: found for pk, *found in rows}
    return [e for e in entries if now.get(e.pk) == [e.record, e.active, e.currency, e.touch]]


def _accepted_terms(connection: Connection, due: Sequence[ListEntry]) -> dict[str, str]:
    wanted = {terms for entry in due if (terms := entry.record.get("terms", ""))}
    rows = ListEntry.objects.filter(connection=connection, kind=ListKind.TERMS, list_id__in=wanted, ever_accepted=True)
    return dict(rows.values_list("list_id", "code"))


def _publication(connection: Connection) -> ListPublication:
    settings = settings_of(connection)
    return ListPublication(
        company_codes=company_codes(connection), source_system=settings.source_system, language=settings.language
    )


def _body(
    connection: Connection,
    publication: ListPublication,
    record: ListRecord,
    entry: ListEntry,
    terms: dict[str, str],
) -> bytes:
    kind = record.kind
    if entry.touch:
        publication = replace(publication, touch=entry.touch)
    if kind is ListKind.VENDOR:
        currency = entry.currency or connection.preferences.get("home_currency", "")
        return vendor_body(record, publication, entry.code, term_code=terms.get(record.terms, ""), currency=currency)
    if kind is ListKind.ACCOUNT:
        return account_body(record, publication, entry.code)
    if kind is ListKind.CLASS:
        return cost_center_body(record, publication, entry.code)
    if kind is ListKind.CUSTOMER:
        return project_body(record, publication, entry.code)
    return payment_term_body(record, publication, entry.code)


def _refuse(surroundings: Surroundings, connection: Connection, entry: ListEntry, words: str) -> None:
    with writing(connection.pk, surroundings.clock()) as ledger:
        if not _still_the_same([entry]):
            return
        entry.publication, entry.complaint = _STATE.REFUSED, words[:500]
        entry.save(update_fields=["publication", "complaint"])
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
            connection=connection, kind=kind, request_id=posted.request_id, sent_at=now, next_check_at=first_look
        )
        same = {entry.pk for entry in _still_the_same([w.entry for w in batch])}
        for w in batch:
            w.entry.published_digest = w.digest
            w.entry.import_request = request
            if w.entry.pk in same:
                w.entry.publication = _STATE.SENT
                w.entry.sends += 1
                w.entry.complaint = ""
        # What was changed meanwhile is due still, so that its row keeps what the reading wrote.
        both = ["published_digest", "import_request_id"]
        lists.save_columns([w.entry for w in batch if w.entry.pk in same], "publication", "sends", "complaint", *both)
        lists.save_columns([w.entry for w in batch if w.entry.pk not in same], *both)
        duties.wake_at(connection.pk, duties.IMPORTS, first_look)


def _named(connection: Connection, batch: Sequence[_Written], refused: RecordsRefused) -> list[ListEntry]:
    by_code = _by_external_code(connection, [w.entry for w in batch])
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
    with writing(connection.pk, surroundings.clock()) as ledger:
        ref = ledger.keep(refused.exchange) if refused.exchange else None
        sentence = f"Basware refused a batch of {len(batch)} {kind} records: {refused.words}"
        ledger.note(Entry(event="list_refused", words=sentence, exchange=ref))
        blamed = _still_the_same(to_blame)
        publication = _publication(connection)
        for entry in blamed:
            complaint = words.get(publication.external_code(ListId(entry.list_id)), refused.words)[:500]
            if conflict:
                entry.sends += 1
                _again(entry, complaint)
            else:
                entry.publication, entry.complaint = _STATE.REFUSED, complaint
        lists.save_columns(blamed, "publication", "complaint", "sends", "touch")


def _by_external_code(connection: Connection, entries: Sequence[ListEntry]) -> dict[str, ListEntry]:
    publication = _publication(connection)
    return {publication.external_code(ListId(entry.list_id)): entry for entry in entries}


# What became of them.


def follow_up(surroundings: Surroundings, connection: Connection) -> float:
    """Ask Basware what became of the records it was sent; return the seconds until the next question is due.

    Raises:
        TryAgain: Basware did not answer every question; what it answered is noted.
        NeedsOperator: Basware does not let us, or has said nothing for hours.
    """
    client = surroundings.basware(connection)
    now = surroundings.clock()
    open_requests = ImportRequest.objects.filter(connection=connection, next_check_at__lte=now).order_by("pk")
    troubles = Troubles()
    silent = 0
    try:
        for request in list(open_requests):
            try:
                outcome = client.request_status(request.request_id) if request.request_id else None
                troubles.went_well()
            except (TryAgain, Refused) as trouble:
                outcome = None
                if troubles.note(trouble):
                    break
            silent += _take_outcome(surroundings, connection, request, outcome)
    finally:
        _acknowledge_settled(connection, client)
    troubles.raise_worst()
    if silent:
        hours = int(_SILENT_AFTER.total_seconds() // 3600)
        raise NeedsOperator(
            f"Basware has said nothing for {hours} hours about {silent} list records it took; they are sent again."
        )
    following = (
        ImportRequest.objects.filter(connection=connection)
        .exclude(next_check_at=None)
        .order_by("next_check_at")
        .values_list("next_check_at", flat=True)
        .first()
    )
    if following is None:
        return 86400.0
    return max((following - surroundings.clock()).total_seconds(), 0.5)


def _acknowledge_settled(connection: Connection, client: BaswareClient) -> None:
    """Tell Basware that what it said is known here, so that it no longer lists it."""
    settled = ImportRequest.objects.filter(connection=connection, next_check_at=None, outcome=_SETTLED)
    ids = list(settled.order_by("pk").values_list("request_id", flat=True)[:_ACKNOWLEDGED_AT_ONCE])
    if ids and not connection.dry_run:
        client.acknowledge_request_status(ids)
        settled.filter(request_id__in=ids).update(outcome="acknowledged")


def _take_outcome(
    surroundings: Surroundings, connection: Connection, request: ImportRequest, outcome: RequestOutcome | None
) -> int:
    """Note what Basware said of one request; return how many records it has kept silent about for too long."""
    now = surroundings.clock()
    items = outcome.items if outcome is not None else {}
    final = outcome is not None and outcome.final
    # Without an id there is nothing to ask for.
    silent = not final and (not request.request_id or now - request.sent_at >= _SILENT_AFTER)
    with writing(connection.pk, now) as ledger:
        entries = lists.awaiting_verdict(request.pk)
        new_to_basware = [entry for entry in entries if not entry.ever_accepted]
        heard: list[ListEntry] = []
        unheard: list[ListEntry] = []
        for code, entry in _by_external_code(connection, entries).items():
            if code in items and _apply(entry, items[code]):
                heard.append(entry)
            elif silent or (final and code not in items):
                _again(entry, "Basware's outcome says nothing of this record.")
                unheard.append(entry)
        changed = heard + unheard
        lists.save_columns(changed, "publication", "complaint", "touch", "sends", "import_request_id", "ever_accepted")
        if request.kind == ListKind.TERMS:
            _vendors_of(connection, [entry for entry in new_to_basware if entry.ever_accepted])
        left = len(entries) - len(changed)
        request.checks += 1
        request.outcome = _OPEN if left else _SETTLED if final else "silent"
        wait_s = settings_of(connection).request_status_s * 2 ** min(request.checks, 5)
        request.next_check_at = now + timedelta(seconds=wait_s) if left else None
        request.save(update_fields=["checks", "outcome", "next_check_at"])
        if changed:
            ref = ledger.keep(outcome.exchange) if outcome else None
            ledger.note(Entry(event="list_outcome", words=_summary(request.kind, changed), exchange=ref))
        duties.wake(connection.pk, now, duties.PUBLICATION)
    return len(unheard) if silent and request.request_id else 0


def _vendors_of(connection: Connection, terms: Sequence[ListEntry]) -> None:
    """Have vendors sent again that went without their terms, because P2P did not know these yet."""
    if not terms:
        return
    vendors = ListEntry.objects.filter(connection=connection, kind=ListKind.VENDOR)
    theirs = vendors.filter(record__terms__in=[entry.list_id for entry in terms])
    theirs.filter(publication__in=[_STATE.ACCEPTED, _STATE.SENT]).update(publication=_STATE.DUE)


def _apply(entry: ListEntry, outcome: ItemOutcome) -> bool:
    """Take P2P's verdict on one record; False while there is none."""
    if outcome.status == "InProgress":
        return False
    words = " ".join(error.message for error in outcome.errors)[:500]
    technical = any(error.category == "Technical" for error in outcome.errors)
    if outcome.status in {"Success", "Warning"}:
        entry.publication, entry.complaint, entry.sends = _STATE.ACCEPTED, words, 0
        entry.import_request, entry.ever_accepted = None, True
    elif outcome.status == "NotProcessed":
        _dropped(entry)
    elif outcome.status in {"RecordExpired", "Unpublished"} or technical:
        _again(entry, words or f"Basware answered {outcome.status}.")
    else:
        entry.publication, entry.complaint = _STATE.REFUSED, words or f"Basware answered {outcome.status}."
    return True


def _dropped(entry: ListEntry) -> None:
    """Basware dropped the record as unchanged. If this was our first word of it, P2P may never have seen it, so it is
    sent again with a harmless field changed."""
    if entry.sends > 1 or entry.touch:
        entry.publication, entry.sends, entry.import_request = _STATE.ACCEPTED, 0, None
        entry.ever_accepted = True
    else:
        _again(entry, "Basware dropped it as unchanged.")


def _again(entry: ListEntry, words: str) -> None:
    entry.touch += 1
    entry.complaint = words
    entry.publication = _STATE.DUE if entry.sends < _SENDS_LIMIT else _STATE.REFUSED


def _summary(kind: str, changed: Sequence[ListEntry]) -> str:
    counts: dict[str, int] = {}
    for entry in changed:
        counts[entry.publication] = counts.get(entry.publication, 0) + 1
    words = ", ".join(f"{count} {_SUMMARY_WORDS[state]}" for state, count in sorted(counts.items()))
    return f"Basware on {len(changed)} {kind} records: {words}."


_SUMMARY_WORDS: dict[str, str] = {
    _STATE.ACCEPTED.value: "accepted",
    _STATE.DUE.value: "to be sent again",
    _STATE.REFUSED.value: "refused",
}


def resend(
    surroundings: Surroundings, connection: Connection, kind: ListKind | None = None, *, all_of_it: bool = False
) -> int:
    """Send refused entries again, or everything, with a harmless field changed so that Basware does not drop it."""
    rows = ListEntry.objects.filter(connection=connection)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if not all_of_it:
        rows = rows.filter(publication=_STATE.REFUSED)
    count = rows.update(publication=_STATE.DUE, touch=F("touch") + 1, sends=0, complaint="")
    duties.wake_all(connection.pk, surroundings.clock(), duties.PUBLICATION)
    return count

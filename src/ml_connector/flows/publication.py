"""Lists to Basware: only what changed, in batches it takes, each followed up until Basware has said what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.publishing import ROUTES, ItemOutcome, RecordsRefused, batches
from ml_connector.basware.write_lists import (
    ListPublication,
    account_body,
    cost_center_body,
    payment_term_body,
    project_body,
    vendor_body,
)
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.errors import NeedsOperator, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.records import ListRecord
from ml_connector.flows.surroundings import Surroundings, company_codes, settings_of
from ml_connector.store import duties, lists
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import Connection, ImportRequest, ListEntry

#: Terms before vendors, because a vendor's terms must be known in P2P; the rest in any order.
_ORDER = (ListKind.TERMS, ListKind.ACCOUNT, ListKind.CLASS, ListKind.CUSTOMER, ListKind.VENDOR)

_STATE = ListEntry.Publication
_SENDS_LIMIT = 5  # sends of one content without acceptance, before a person must look


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
    client = surroundings.basware(connection)
    sent = 0
    for kind in _ORDER:
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
    """Leave out vendors whose terms Basware has not accepted yet; they come with the next round."""
    wanted = {terms for entry in due if (terms := entry.record.get("terms", ""))}
    waiting = set(
        ListEntry.objects.filter(
            connection=connection, kind=ListKind.TERMS, list_id__in=wanted, publication__in=[_STATE.DUE, _STATE.SENT]
        ).values_list("list_id", flat=True)
    )
    return [entry for entry in due if entry.record.get("terms", "") not in waiting]


def _write(
    surroundings: Surroundings, connection: Connection, kind: ListKind, due: Sequence[ListEntry]
) -> list[_Written]:
    """Write the bodies. What Basware has already in these very words is not sent; what cannot be written is refused."""
    accepted_terms = _accepted_terms(connection, due) if kind is ListKind.VENDOR else {}
    written: list[_Written] = []
    unchanged: list[int] = []
    for entry in due:
        record = lists.record_from_json(entry.record)
        try:
            body = _body(connection, kind, record, entry, accepted_terms)
        except (WireLimit, NeedsOperator) as error:
            _refuse(surroundings, connection, entry, str(error))
            continue
        digest = hashlib.sha256(body).hexdigest()
        if digest == entry.published_digest and entry.sends == 0 and entry.import_request_id is None:
            unchanged.append(entry.pk)
            continue
        written.append(_Written(entry, body, digest))
    ListEntry.objects.filter(pk__in=unchanged).update(publication=_STATE.ACCEPTED)
    return written


def _accepted_terms(connection: Connection, due: Sequence[ListEntry]) -> dict[str, str]:
    wanted = {terms for entry in due if (terms := entry.record.get("terms", ""))}
    rows = ListEntry.objects.filter(
        connection=connection, kind=ListKind.TERMS, list_id__in=wanted, publication=_STATE.ACCEPTED
    )
    return dict(rows.values_list("list_id", "code"))


def _body(connection: Connection, kind: ListKind, record: ListRecord, entry: ListEntry, terms: dict[str, str]) -> bytes:
    settings = settings_of(connection)
    publication = ListPublication(
        company_codes=company_codes(connection),
        source_system=settings.source_system,
        language=settings.language,
        touch=entry.touch,
    )
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
        entry.publication, entry.complaint = _STATE.REFUSED, words[:500]
        entry.save(update_fields=["publication", "complaint"])
        ledger.note(Entry(event="list_refused", words=f"{entry.kind} {entry.full_name}: {words}"))


def _send(
    surroundings: Surroundings, connection: Connection, client: BaswareClient, kind: ListKind, batch: Sequence[_Written]
) -> None:
    bodies = [w.body for w in batch]
    try:
        posted = client.post_records(kind, bodies)
    except RecordsRefused as refused:
        _note_refused(surroundings, connection, kind, batch, refused)
        return
    except TryAgain as trouble:
        if trouble.applied is None:
            # Basware may have stored the records without handing them on, and would drop the same words as unchanged.
            ListEntry.objects.filter(pk__in=[w.entry.pk for w in batch]).update(touch=F("touch") + 1)
        raise
    now = surroundings.clock()
    with writing(connection.pk, now) as ledger:
        ref = ledger.keep(posted.exchange)
        ledger.note(Entry(event="list_sent", words=f"{len(batch)} {kind} records sent to Basware.", exchange=ref))
        first_look = now + timedelta(seconds=settings_of(connection).request_status_s)
        request = ImportRequest.objects.create(
            connection=connection, kind=kind, request_id=posted.request_id, sent_at=now, next_check_at=first_look
        )
        for w in batch:
            w.entry.publication = _STATE.SENT
            w.entry.published_digest = w.digest
            w.entry.import_request = request
            w.entry.sends += 1
            w.entry.complaint = ""
        ListEntry.objects.bulk_create(
            [w.entry for w in batch],
            update_conflicts=True,
            unique_fields=["connection", "kind", "list_id"],
            update_fields=["publication", "published_digest", "import_request", "sends", "complaint"],
        )
        duties.wake_at(connection.pk, duties.IMPORTS, first_look)


def _note_refused(
    surroundings: Surroundings,
    connection: Connection,
    kind: ListKind,
    batch: Sequence[_Written],
    refused: RecordsRefused,
) -> None:
    """Nothing of the batch counts as stored. The records named are refused; the others are due still."""
    by_code = _by_external_code(connection, [w.entry for w in batch])
    words = {error.external_code: error.message for error in refused.errors if error.external_code}
    named = [by_code[code] for code in words if code in by_code]
    with writing(connection.pk, surroundings.clock()) as ledger:
        ref = ledger.keep(refused.exchange) if refused.exchange else None
        sentence = f"Basware refused a batch of {len(batch)} {kind} records: {refused.words}"
        ledger.note(Entry(event="list_refused", words=sentence, exchange=ref))
        for entry in named or [w.entry for w in batch]:
            code = _external_code(connection, entry)
            entry.publication = _STATE.REFUSED
            entry.complaint = words.get(code, refused.words)[:500]
            entry.save(update_fields=["publication", "complaint"])


def _external_code(connection: Connection, entry: ListEntry) -> str:
    return ListPublication(company_codes=company_codes(connection)).external_code(ListId(entry.list_id))


def _by_external_code(connection: Connection, entries: Sequence[ListEntry]) -> dict[str, ListEntry]:
    publication = ListPublication(company_codes=company_codes(connection))
    return {publication.external_code(ListId(entry.list_id)): entry for entry in entries}


# What became of them.


def follow_up(surroundings: Surroundings, connection: Connection) -> float:
    """Ask Basware what became of the records it was sent; return the seconds until the next question is due.

    Raises:
        TryAgain: Basware cannot be reached.
        NeedsOperator: Basware does not let us.
    """
    client = surroundings.basware(connection)
    now = surroundings.clock()
    open_requests = ImportRequest.objects.filter(connection=connection, next_check_at__lte=now).order_by("pk")
    settled: list[str] = []
    for request in list(open_requests):
        outcome = client.request_status(request.request_id) if request.request_id else None
        items = outcome.items if outcome is not None else {}
        final = outcome is not None and outcome.final
        _take_outcome(surroundings, connection, request, items, final, outcome.exchange if outcome else None)
        if final:
            settled.append(request.request_id)
    if settled:
        client.acknowledge_request_status(settled)
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


def _take_outcome(
    surroundings: Surroundings,
    connection: Connection,
    request: ImportRequest,
    items: dict[str, ItemOutcome],
    final: bool,
    exchange: Exchange | None,
) -> None:
    now = surroundings.clock()
    with writing(connection.pk, now) as ledger:
        entries = list(ListEntry.objects.filter(import_request=request, publication=_STATE.SENT))
        by_code = _by_external_code(connection, entries)
        changed = [
            entry
            for code, entry in by_code.items()
            if (code in items and _apply(entry, items[code])) or (final and code not in items and _unheard(entry))
        ]
        ListEntry.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["connection", "kind", "list_id"],
            update_fields=["publication", "complaint", "touch", "sends", "import_request"],
        )
        left = len(entries) - len(changed)
        request.checks += 1
        request.outcome = "settled" if not left else "open"
        settings = settings_of(connection)
        wait_s = settings.request_status_s * 2 ** min(request.checks, 5)
        request.next_check_at = now + timedelta(seconds=wait_s) if left else None
        request.save(update_fields=["checks", "outcome", "next_check_at"])
        if changed:
            ref = ledger.keep(exchange) if exchange else None
            ledger.note(Entry(event="list_outcome", words=_summary(request.kind, changed), exchange=ref))
        duties.wake(connection.pk, now, duties.PUBLICATION)


def _apply(entry: ListEntry, outcome: ItemOutcome) -> bool:
    """Take P2P's verdict on one record; False while there is none."""
    if outcome.status == "InProgress":
        return False
    words = " ".join(error.message for error in outcome.errors)[:500]
    technical = any(error.category == "Technical" for error in outcome.errors)
    if outcome.status in {"Success", "Warning"}:
        entry.publication, entry.complaint, entry.sends = _STATE.ACCEPTED, words, 0
        entry.import_request = None
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
    else:
        _again(entry, "Basware dropped it as unchanged.")


def _unheard(entry: ListEntry) -> bool:
    """The request is settled, but says nothing of this record."""
    _again(entry, "Basware's outcome says nothing of this record.")
    return True


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

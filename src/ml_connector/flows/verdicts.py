"""What became of the list records that Basware was sent: asked for until it has said so of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.publishing import ItemOutcome, RequestOutcome
from ml_connector.core.books import ListKind
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.flows.list_bodies import by_external_code
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.flows.troubles import Troubles
from ml_connector.store import duties, entry_events, lists
from ml_connector.store.chain import Entry, writing
from ml_connector.store.entry_events import Happened
from ml_connector.store.models import Connection, ImportRequest, ListEntry

_STATE = ListEntry.Publication
_EVENT = entry_events.Event
_SENDS_LIMIT = 5  # sends of one content without acceptance, before a person must look
_SILENT_AFTER = timedelta(hours=4)  # P2P says within minutes what became of a record
_ACKNOWLEDGED_AT_ONCE = 100
_OPEN, _SETTLED = "open", "settled"


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
        for code, entry in by_external_code(connection, entries).items():
            if code in items and _apply(entry, items[code]):
                heard.append(entry)
            elif silent or (final and code not in items):
                again(entry, "Basware's outcome says nothing of this record.")
                unheard.append(entry)
        changed = heard + unheard
        for entry in changed:
            entry.stands_since = now
        columns = ("publication", "complaint", "touch", "sends", "import_request_id", "ever_accepted", "stands_since")
        lists.save_columns(changed, *columns)
        if request.kind == ListKind.TERMS:
            _vendors_of(connection, [entry for entry in new_to_basware if entry.ever_accepted], now)
        left = len(entries) - len(changed)
        request.checks += 1
        request.outcome = _OPEN if left else _SETTLED if final else "silent"
        wait_s = settings_of(connection).request_status_s * 2 ** min(request.checks, 5)
        request.next_check_at = now + timedelta(seconds=wait_s) if left else None
        request.save(update_fields=["checks", "outcome", "next_check_at"])
        if changed:
            ref = ledger.keep(outcome.exchange) if outcome else None
            said = ref.pk if ref else None
            events = [
                Happened(entry.pk, _EVENTS[entry.publication], entry.complaint, request.exchange_id, said)
                for entry in changed
            ]
            entry_events.write(events, now)
            ledger.note(Entry(event="list_outcome", words=_summary(request.kind, changed), exchange=ref))
        duties.wake(connection.pk, now, duties.PUBLICATION)
    return len(unheard) if silent and request.request_id else 0


def _vendors_of(connection: Connection, terms: Sequence[ListEntry], now: datetime) -> None:
    """Have vendors sent again that went without their terms, because P2P did not know these yet."""
    if not terms:
        return
    vendors = ListEntry.objects.filter(connection=connection, kind=ListKind.VENDOR)
    theirs = vendors.filter(record__terms__in=[entry.list_id for entry in terms])
    theirs.filter(publication__in=[_STATE.ACCEPTED, _STATE.SENT]).update(publication=_STATE.DUE, stands_since=now)


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
        again(entry, words or f"Basware answered {outcome.status}.")
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
        again(entry, "Basware dropped it as unchanged.")


def again(entry: ListEntry, words: str) -> None:
    """Have an entry sent again by itself, for a reason, unless that was tried often enough."""
    entry.touch += 1
    entry.complaint = words
    entry.publication = _STATE.DUE if entry.sends < _SENDS_LIMIT else _STATE.REFUSED


def _summary(kind: str, changed: Sequence[ListEntry]) -> str:
    counts: dict[str, int] = {}
    for entry in changed:
        counts[entry.publication] = counts.get(entry.publication, 0) + 1
    words = ", ".join(f"{count} {_SUMMARY_WORDS[state]}" for state, count in sorted(counts.items()))
    return f"Basware on {len(changed)} {kind} records: {words}."


_EVENTS: dict[str, entry_events.Event] = {
    _STATE.ACCEPTED.value: _EVENT.ACCEPTED,
    _STATE.DUE.value: _EVENT.AGAIN,
    _STATE.REFUSED.value: _EVENT.REFUSED,
}
_SUMMARY_WORDS: dict[str, str] = {
    _STATE.ACCEPTED.value: "accepted",
    _STATE.DUE.value: "to be sent again",
    _STATE.REFUSED.value: "refused",
}

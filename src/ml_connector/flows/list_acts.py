"""What a person can do about QuickBooks' lists: have entries sent to Basware again, and lists read as a whole."""

from __future__ import annotations

from django.db.models import F

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import EntryStanding
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties, entry_events, sessions
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import Connection, ListEntry

_SENT_AGAIN = {"publication": ListEntry.Publication.DUE, "sends": 0, "complaint": ""}


def send_again(surroundings: Surroundings, connection: Connection, kind: ListKind, list_id: str, actor: str) -> str:
    """Have one entry sent to Basware again, changed harmlessly so that it is not dropped; return what will happen.

    Raises:
        NeedsOperator: there is no such entry, or it is to be sent or on its way as it is.
    """
    now = surroundings.clock()
    with writing(connection.pk, now, actor) as ledger:
        _may_send(ledger.connection)
        entry = ListEntry.objects.filter(connection=connection, kind=kind, list_id=list_id).defer("record").first()
        if entry is None:
            raise NeedsOperator(f"There is no {kind} {list_id!r}.")
        if entry.standing in {EntryStanding.NEW, EntryStanding.CHANGED}:
            raise NeedsOperator(f"{entry.full_name} is sent with the next round as it is.")
        if entry.standing == EntryStanding.SENT:
            raise NeedsOperator(f"{entry.full_name} is on its way; Basware has not said yet what became of it.")
        words = entry.complaint
        rows = ListEntry.objects.filter(pk=entry.pk)
        rows.update(**_SENT_AGAIN, touch=F("touch") + 1, stands_since=now)
        entry_events.wanted_one(entry.pk, words, actor, now)
        ledger.note(Entry(event="list_resent", words=f"{kind} {entry.full_name} is to be sent to Basware again."))
        duties.wake_all(connection.pk, now, duties.PUBLICATION)
    return f"{entry.full_name} is sent to Basware again."


def resend(
    surroundings: Surroundings,
    connection: Connection,
    kind: ListKind | None = None,
    *,
    all_of_it: bool = False,
    actor: str,
) -> int:
    """Send refused entries again, or everything, with a harmless field changed so that Basware does not drop it.

    Raises:
        NeedsOperator: the connection is in dry run.
    """
    now = surroundings.clock()
    kinds = [kind] if kind else list(ListKind)
    standing = "" if all_of_it else EntryStanding.REFUSED.value
    with writing(connection.pk, now, actor) as ledger:
        _may_send(ledger.connection)
        entry_events.wanted(connection.pk, kinds, standing, actor, now)
        rows = ListEntry.objects.filter(connection=connection, kind__in=kinds)
        if standing:
            rows = rows.filter(standing=standing)
        count = rows.update(**_SENT_AGAIN, touch=F("touch") + 1, stands_since=now)
        if count:
            what = "all" if all_of_it else "refused"
            words = f"{count} {what} entries of {f'the {kind} list' if kind else 'the lists'} are to be sent to Basware again."
            ledger.note(Entry(event="list_resent", words=words))
        duties.wake_all(connection.pk, now, duties.PUBLICATION)
    return count


def _may_send(connection: Connection) -> None:
    if connection.dry_run:
        raise NeedsOperator("The connection is in dry run: nothing is sent to Basware until it goes live.")


def read_anew(surroundings: Surroundings, connection: Connection, kind: ListKind | None, actor: str) -> str:
    """Have a list, or all of them, read from QuickBooks as a whole in the next session; return what will happen."""
    now = surroundings.clock()
    what = f"The {kind} list is" if kind else "All lists are"
    words = f"{what} to be read from QuickBooks as a whole."
    with writing(connection.pk, now, actor) as ledger:
        sessions.read_lists_anew(connection, kind)
        duties.wake_all(connection.pk, now, duties.LISTS)
        ledger.note(Entry(event="list_reread", words=words))
    return f"{what} read from QuickBooks as a whole in the next session of the Web Connector."

"""What was entered for a document, or accepted since: what QuickBooks' Bill is compared with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ml_connector.core.books import ListKind
from ml_connector.store import documents
from ml_connector.store.known import ENTERED
from ml_connector.store.models import Connection, Document, ListEntry, MessageSet
from ml_connector.store.rows import Question


def compared(connection: Connection, txn_ids: Collection[str], open_codes: Collection[str]) -> list[Document]:
    """Return the documents whose Bills are to be what they were: those in QuickBooks, and those that are a question
    because of one of `open_codes`."""
    return _COMPARED.rows(connection.pk, list(txn_ids), list(open_codes)) if txn_ids else []


_COMPARED = Question(
    Document,
    "WHERE connection_id = %s AND txn_id IN %s"
    " AND (state IN ('posted', 'confirmed', 'paid') OR (state = 'changed' AND fault_code IN %s)) ORDER BY id",
    but=("raw", "request_xml"),
)


def texts_of(rows: Sequence[Document]) -> dict[int, str]:
    """Return the message sets in which documents were entered, by their number."""
    numbers = {row.message_set_id for row in rows if row.message_set_id is not None}
    return dict(MessageSet.objects.filter(pk__in=numbers).values_list("pk", "text"))


def names_of(connection: Connection, list_ids: Collection[str]) -> dict[str, str]:
    """Return the names of list entries by ListID, as far as they are known."""
    rows = ListEntry.objects.filter(connection=connection, list_id__in=list(list_ids))
    return dict(rows.values_list("list_id", "full_name"))


def merged_away(connection: Connection) -> list[ListEntry]:
    """Return vendors and accounts that are gone and whose documents were not looked at since."""
    kinds = [ListKind.VENDOR, ListKind.ACCOUNT]
    return list(ListEntry.objects.filter(connection=connection, deleted=True, followed=False, kind__in=kinds)[:20])


def charged_to(connection: Connection, entries: Sequence[ListEntry]) -> list[str]:
    """Return the TxnIDs of documents that were entered with one of these vendors or accounts."""
    vendors = [entry.list_id for entry in entries if entry.kind == ListKind.VENDOR]
    rows = documents.of(connection.pk).filter(state__in=ENTERED)
    found = set(rows.filter(vendor_list_id__in=vendors).values_list("txn_id", flat=True))
    for entry in entries:
        if entry.kind == ListKind.ACCOUNT:
            sets = MessageSet.objects.filter(
                connection=connection, text__contains=f"<AccountRef><ListID>{entry.list_id}</ListID>"
            )
            found |= set(rows.filter(message_set__in=sets.values("pk")).values_list("txn_id", flat=True))
    return sorted(found)


def followed(entries: Sequence[int]) -> None:
    """Note that the documents of merged entries, given by their numbers, were looked at."""
    ListEntry.objects.filter(pk__in=entries).update(followed=True)

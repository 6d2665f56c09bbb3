"""What we know QuickBooks to have: the documents that were entered, by TxnID."""

from __future__ import annotations

from django.db.models import QuerySet

from ml_connector.core.states import State
from ml_connector.store import documents
from ml_connector.store.models import Connection, Document
from ml_connector.store.rows import Question

#: States of documents whose Bill is in QuickBooks, as far as we know.
ENTERED = frozenset({State.POSTED, State.CONFIRMED, State.PAID})

#: The fault of documents that an older company file lost.
LOST = "MLC-CHANGED-04"

_LATEST = Question(
    Document,
    "WHERE connection_id = %s AND state IN ('posted', 'confirmed', 'paid') AND txn_id <> '' AND message_set_id IN"
    " (SELECT id FROM store_messageset WHERE connection_id = %s ORDER BY id DESC LIMIT 5)"
    " ORDER BY message_set_id DESC, id DESC LIMIT 3",
    ("kind", "txn_id"),
)


def latest(connection: Connection) -> list[Document]:
    """Return the documents that were entered last and are in QuickBooks: an older company file does not have them."""
    return _LATEST.rows(connection.pk, connection.pk)


def in_quickbooks(connection: Connection, after: int = 0) -> QuerySet[Document]:
    """Return the documents with a TxnID that are posted or later, those that are a question among them, oldest first."""
    states = [*ENTERED, State.CHANGED, State.MODIFYING]
    rows = documents.of(connection.pk).filter(state__in=states, pk__gt=after).exclude(txn_id="")
    return rows.defer("raw", "request_xml").order_by("pk")


def with_fault(connection: Connection, code: str) -> QuerySet[Document]:
    """Return the changed documents whose first fault has a code, oldest first."""
    rows = documents.of(connection.pk).filter(state=State.CHANGED, faults__0__code=code)
    return rows.defer("request_xml").order_by("pk")

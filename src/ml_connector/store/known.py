"""What we know QuickBooks to have: the documents that were entered, by TxnID."""

from __future__ import annotations

from django.db.models import QuerySet

from ml_connector.core.states import State
from ml_connector.store import documents
from ml_connector.store.models import Connection, Document, MessageSet

#: States of documents whose Bill is in QuickBooks, as far as we know.
ENTERED = frozenset({State.POSTED, State.CONFIRMED, State.PAID})

#: The fault of documents that an older company file lost.
LOST = "MLC-CHANGED-04"

_LATEST = 3
_SETS = 5  # message sets among which the latest are looked for


def latest(connection: Connection) -> list[Document]:
    """Return the documents that were entered last and are in QuickBooks: an older company file does not have them."""
    sets = list(MessageSet.objects.filter(connection=connection).order_by("-pk").values_list("pk", flat=True)[:_SETS])
    rows = documents.of(connection.pk).filter(message_set__in=sets, state__in=ENTERED).exclude(txn_id="")
    return list(rows.only("kind", "txn_id").order_by("-message_set", "-pk")[:_LATEST])


def in_quickbooks(connection: Connection, after: int = 0) -> QuerySet[Document]:
    """Return the documents with a TxnID that are posted or later, those that are a question among them, oldest first."""
    states = [*ENTERED, State.CHANGED, State.MODIFYING]
    rows = documents.of(connection.pk).filter(state__in=states, pk__gt=after).exclude(txn_id="")
    return rows.defer("raw", "request_xml").order_by("pk")


def with_fault(connection: Connection, code: str) -> QuerySet[Document]:
    """Return the changed documents whose first fault has a code, oldest first."""
    rows = documents.of(connection.pk).filter(state=State.CHANGED, faults__0__code=code)
    return rows.defer("request_xml").order_by("pk")

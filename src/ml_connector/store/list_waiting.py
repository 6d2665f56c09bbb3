"""What hangs on an entry of a list: mappings that name it, and documents that it holds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.core.books import ListKind
from ml_connector.store import documents, rows
from ml_connector.store.models import Document, ListEntry, MappingRule

#: Faults of a document that name an entry as their value: it is inactive, or cannot be posted to.
OF_AN_ENTRY: Mapping[ListKind, tuple[str, ...]] = {
    ListKind.VENDOR: ("MLC-VENDOR-03",),
    ListKind.ACCOUNT: ("MLC-ACCOUNT-03", "MLC-ACCOUNT-04", "MLC-ACCOUNT-05"),
    ListKind.CLASS: ("MLC-CLASS-02",),
    ListKind.CUSTOMER: ("MLC-JOB-02",),
    ListKind.TERMS: (),
}
_LOOKED_THROUGH = 1000


def rules(entry: ListEntry, limit: int) -> list[MappingRule]:
    """Return the mappings that name an entry, by code."""
    found = MappingRule.objects.filter(connection=entry.connection_id, kind=entry.kind, list_id=entry.list_id)
    return list(found.order_by("code")[:limit])


_HELD = rows.Question(
    Document,
    f"WHERE connection_id = %s AND fault_code IN ({rows.places(3)}) AND state = 'blocked' ORDER BY id DESC LIMIT %s",
    ("connection_id", "invoice_number", "supplier_name", "currency", "gross_cents", "faults"),
)


def held_up(entry: ListEntry) -> Sequence[Document]:
    """Return documents that wait for an entry, the latest first, among the latest thousand with such a fault."""
    codes = OF_AN_ENTRY[ListKind(entry.kind)]
    if not codes:
        return []
    found = _HELD.rows(entry.connection_id, *(codes * 3)[:3], _LOOKED_THROUGH)
    return [
        document
        for document in found
        if any(fault.code in codes and fault.value == entry.full_name for fault in documents.faults_of(document))
    ]

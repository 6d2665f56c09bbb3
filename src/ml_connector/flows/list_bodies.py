"""Entries of lists as Basware is sent them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ml_connector.basware.write_lists import (
    ListPublication,
    account_body,
    cost_center_body,
    payment_term_body,
    project_body,
    vendor_body,
)
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.records import ListRecord
from ml_connector.flows.surroundings import company_codes, settings_of
from ml_connector.store.models import Connection, ListEntry


def accepted_terms(connection: Connection, due: Sequence[ListEntry]) -> dict[str, str]:
    """Return the codes of the terms of vendors that Basware knows, by their ListIDs."""
    wanted = {terms for entry in due if (terms := entry.record.get("terms", ""))}
    rows = ListEntry.objects.filter(connection=connection, kind=ListKind.TERMS, list_id__in=wanted, ever_accepted=True)
    return dict(rows.values_list("list_id", "code"))


def publication_of(connection: Connection) -> ListPublication:
    """Return how a connection's lists are published.

    Raises:
        NeedsOperator: it has no company code, or one that does not fit.
    """
    settings = settings_of(connection)
    return ListPublication(
        company_codes=company_codes(connection), source_system=settings.source_system, language=settings.language
    )


def body_of(
    connection: Connection,
    publication: ListPublication,
    record: ListRecord,
    entry: ListEntry,
    terms: dict[str, str],
) -> bytes:
    """Write one entry.

    Raises:
        WireLimit: Basware cannot hold it.
        NeedsOperator: it lacks what Basware wants.
    """
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


def by_external_code(connection: Connection, entries: Sequence[ListEntry]) -> dict[str, ListEntry]:
    """Return entries by the key of their records in Basware."""
    publication = publication_of(connection)
    return {publication.external_code(ListId(entry.list_id)): entry for entry in entries}

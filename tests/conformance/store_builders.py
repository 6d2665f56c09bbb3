"""Rows that are in order; a test names only what its story is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection as database

from ml_connector.core.books import ListId, ListKind
from ml_connector.core.exchange import Exchange as WireExchange
from ml_connector.core.records import ListRecord
from ml_connector.core.states import State
from ml_connector.store.models import Connection, Document

T0 = datetime(2024, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
_GUARDED = ("store_auditentry", "store_exchange")


def later(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def a_connection(name: str = "main", **changes: Any) -> Connection:
    fields: dict[str, Any] = {
        "name": name,
        "created_at": T0,
        "base_url": "https://basware.example",
        "token_url": "https://basware.example/token",
        "qb_user": f"qb-{name}",
        "owner_id": "{5d3a7c41-96b2-4e0f-8a1d-27c4b8e6f310}",
        "file_id": f"file-{name}",
    }
    return Connection.objects.create(**(fields | changes))


def reread(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def a_document(
    connection: Connection, invoice_id: str = "i-1", state: State | str = State.RECEIVED, **changes: Any
) -> Document:
    fields: dict[str, Any] = {
        "connection": connection,
        "invoice_id": invoice_id,
        "company_code": "US01",
        "state": str(state),
        "raw": b"{}",
        "raw_sha256": "0" * 64,
        "received_at": T0,
        "changed_at": T0,
    }
    return Document.objects.create(**(fields | changes))


def an_exchange(response: bytes = b"answer", **changes: Any) -> WireExchange:
    fields: dict[str, Any] = {
        "system": "basware",
        "what": "GET /v1/accountingDocuments",
        "request": b"question",
        "response": response,
        "status": "200",
        "request_id": "r-1",
    }
    return WireExchange(**(fields | changes))


def a_record(list_id: str, kind: ListKind = ListKind.ACCOUNT, **changes: Any) -> ListRecord:
    fields: dict[str, Any] = {
        "kind": kind,
        "list_id": ListId(list_id),
        "edit_sequence": "1",
        "time_modified": "2024-03-01T12:00:00",
        "name": f"Name {list_id}",
        "full_name": f"Parent:Name {list_id}",
    }
    return ListRecord(**(fields | changes))


@contextmanager
def unguarded() -> Iterator[None]:
    """Switch the append-only triggers off, as somebody who owns the database can."""
    tables = {table: _triggers_of(table) for table in _GUARDED}
    with database.cursor() as cursor:
        for table, triggers in tables.items():
            if database.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for name in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        with database.cursor() as cursor:
            for table, triggers in tables.items():
                if database.vendor == "postgresql":
                    cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                for text in triggers.values():
                    cursor.execute(text)


def _triggers_of(table: str) -> dict[str, str]:
    """Return SQLite's triggers of a table with their texts; PostgreSQL can switch its own off as they stand."""
    if database.vendor == "postgresql":
        return {}
    with database.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        return dict(cursor.fetchall())

"""The audit trail as a file that can be read, and checked, without us."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from ml_connector.store.models import AuditEntry, Connection


def write_export(connection: Connection, path: Path, *, full: bool) -> tuple[int, str]:
    """Write one JSON object a line: the head of the chain first, then every entry. Return their number and the head.

    `docs/reference/audit.md` says how each hash is computed. Entries written while this runs are left out.
    """
    last = connection.chain_seq
    with path.open("w", encoding="utf-8") as out:
        _line(
            out,
            {
                "connection": connection.name,
                "connection_id": connection.pk,
                "entries": last,
                "head": connection.chain_hash,
            },
        )
        rows = (
            AuditEntry.objects.filter(connection=connection, seq__lte=last).order_by("seq").select_related("exchange")
        )
        if not full:
            rows = rows.defer("exchange__request", "exchange__response")
        count = 0
        for row in rows.iterator(chunk_size=200):
            count += 1
            _line(out, entry_as_values(row, full))
    return count, connection.chain_hash


def entry_as_values(row: AuditEntry, full: bool) -> dict[str, Any]:
    """Return an entry as plain values; with `full` the exact bytes of its exchange, in base64."""
    written: dict[str, Any] = {
        "seq": row.seq,
        "at": row.at.isoformat(),
        "actor": row.actor,
        "document": row.document_id,
        "event": row.event,
        "from_state": row.from_state,
        "to_state": row.to_state,
        "words": row.words,
        "exchange_sha256": row.exchange_sha256,
        "hash": row.hash,
    }
    if row.exchange is not None:
        exchange = row.exchange
        written["exchange"] = {
            "system": exchange.system,
            "what": exchange.what,
            "status": exchange.status,
            "request_id": exchange.request_id,
        }
        if full:
            written["exchange"]["request"] = base64.b64encode(bytes(exchange.request)).decode("ascii")
            written["exchange"]["response"] = base64.b64encode(bytes(exchange.response)).decode("ascii")
    return written


def _line(out: Any, value: dict[str, Any]) -> None:
    out.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")

"""A part of the audit trail as a file that can be checked without us: a ZIP with the entries and a manifest.

`docs/reference/audit.md` describes both, and `audit_verifier.py` checks them. The file is made while it is handed out, so
that no memory holds it; the audit trail tells who took what.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.audit_export import entry_as_values
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import audit_search
from ml_connector.store.audit_search import Wanted, chain_end
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import AuditEntry, Connection

FORMATS = ("jsonl", "csv")
FORMAT_NAME = "ml-connector audit export 1"
_PORTION = 500
_COLUMNS = (
    "seq", "at", "actor", "document", "event", "from_state", "to_state", "words", "exchange_sha256", "hash", "previous",
    "system", "what", "status", "request_id",
)  # fmt: skip
#: A cell that begins with one of these is a formula to a spreadsheet; an apostrophe before it makes it a text.
_NEEDS_APOSTROPHE = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be exported, and how."""

    wanted: Wanted
    form: str  #: one of FORMATS
    full: bool  #: with the exact bytes of every exchange; jsonl only
    asked: Mapping[str, str]  #: the filters, as the person gave them, for the manifest


def export(surroundings: Surroundings, connection: Connection, order: Order, actor: str) -> Iterator[bytes]:
    """Return the ZIP, piece by piece. Entries written from now on are not in it, but for the one that tells of it.

    Raises:
        NeedsOperator: there is no such form.
    """
    if order.form not in FORMATS:
        raise NeedsOperator(f"There is no form {order.form!r}; the forms are: {', '.join(FORMATS)}.")
    if order.full and order.form != "jsonl":
        raise NeedsOperator("The exact bytes of exchanges go into jsonl only.")
    asked = ", ".join(f"{name} {value}" for name, value in order.asked.items() if value) or "everything"
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        how = f"{order.form}, {'with' if order.full else 'without'} the bytes of exchanges"
        ledger.note(Entry(event="audit_exported", words=f"The audit trail was exported ({how}): {asked}."))
    return _packed(connection, order, actor, surroundings.clock().isoformat(timespec="seconds"))


def _packed(connection: Connection, order: Order, actor: str, made_at: str) -> Iterator[bytes]:
    last, head = chain_end(connection)
    name = f"entries.{order.form}"
    sink = _Sink()
    digest = hashlib.sha256()
    count, first, latest = 0, 0, 0
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open(name, "w", force_zip64=True) as out:
            for text, numbers in _texts(order, last):
                if numbers:
                    first, latest, count = first or numbers[0], numbers[-1], count + len(numbers)
                data = text.encode()
                digest.update(data)
                out.write(data)
                if sink.waiting > 65_536:
                    yield sink.taken()
        manifest = {
            "format": FORMAT_NAME,
            "connection": connection.name,
            "connection_id": connection.pk,
            "file": name,
            "sha256": digest.hexdigest(),
            "entries": count,
            "first": first,
            "last": latest,
            "contiguous": order.wanted.whole and count == (latest - first + 1 if count else 0),
            "asked_for": dict(order.asked),
            "chain_entries": last,
            "chain_head": head,
            "made_at": made_at,
            "made_by": actor,
        }
        packed.writestr("manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    yield sink.taken()


def _texts(order: Order, last: int) -> Iterator[tuple[str, list[int]]]:
    """Return the file's text in portions, each with the numbers of its entries."""
    if order.form == "csv":
        yield _csv_text([list(_COLUMNS)]), []
    found = audit_search.in_order(order.wanted, upto=last, full=order.full)
    while portion := list(islice(found, _PORTION)):
        numbers = [entry.seq for entry in portion]
        previous = audit_search.hashes_before(order.wanted.connection_id, numbers)
        values = [entry_as_values(entry, order.full) | {"previous": previous.get(entry.seq, "")} for entry in portion]
        yield _text(values, portion, order.form), numbers


def _text(values: list[dict[str, Any]], portion: list[AuditEntry], form: str) -> str:
    if form == "csv":
        return _csv_text([[_cell(one | one.get("exchange", {}), name) for name in _COLUMNS] for one in values])
    return "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in values)


def _csv_text(lines: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _cell(values: Mapping[str, Any], name: str) -> str:
    text = "" if values.get(name) is None else str(values[name])
    return f"'{text}" if text.startswith(_NEEDS_APOSTROPHE) else text


class _Sink(io.RawIOBase):
    """Takes what the ZIP writes and hands it on; nothing of it is looked at again."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, data: Any) -> int:
        """Take a piece."""
        self._parts.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def taken(self) -> bytes:
        """Return what came since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        self.waiting = 0
        return found

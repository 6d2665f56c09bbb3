#!/usr/bin/env python3
"""Checks an export of ml-connector's audit trail. Needs Python 3.9 or later, and nothing of the connector.

    python audit_verifier.py EXPORT [--head HASH]

EXPORT is a ZIP from the console, or a file that `ml-connector audit export` wrote. Checked is: the file is the one that
the manifest names; every entry has the hash that follows from its content and from the entry before it; no entry is
missing between the first and the last, unless the export is a selection; every exchange whose bytes are there has the
hash that its entry holds. `--head` is a head of the chain that you noted earlier: it must stand in the export.

Exit status: 0 it holds; 1 it does not; 2 it cannot be read. How hashes are made: docs/reference/audit.md.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FIELDS = ("actor", "document", "event", "from_state", "to_state", "words", "exchange_sha256")
HEADING = ("system", "what", "status", "request_id")
FORMAT = "ml-connector audit export 1"
NO_HASH = "0" * 64


class Wrong(Exception):
    """The export does not hold; the words say where."""


def sha(*parts: bytes) -> str:
    """Return the SHA-256 of parts that follow each other."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def listed(*values: Any) -> bytes:
    """Write values as the JSON list that is hashed."""
    return json.dumps(values, separators=(",", ":")).encode()


def from_csv(row: dict[str, str]) -> dict[str, Any]:
    """Read one row; an apostrophe before a text keeps spreadsheets from taking it for a formula."""
    entry: dict[str, Any] = {name: text[1:] if text.startswith("'") else text for name, text in row.items()}
    entry["seq"] = int(entry["seq"])
    entry["document"] = int(entry["document"]) if entry["document"] else None
    return entry


class Hashing(io.RawIOBase):
    """Reads on, and hashes what was read."""

    def __init__(self, source: Any) -> None:
        self.source, self.digest = source, hashlib.sha256()

    def readable(self) -> bool:
        """It is read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        data = self.source.read(len(buffer))
        self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)


def check_entries(
    connection_id: int, entries: Iterable[dict[str, Any]], contiguous: bool, noted: str
) -> tuple[int, int, int, str, bool]:
    """Check every entry; return count, first and last number, the last hash, and whether the noted head was met."""
    count, first, last, met = 0, 0, 0, False
    previous: str | None = None
    for entry in entries:
        seq = entry["seq"]
        before = entry.get("previous", previous or NO_HASH)
        if previous is not None and seq == last + 1 and before != previous:
            raise Wrong(f"Entry {seq} does not follow upon entry {last}: one of them was changed.")
        if previous is not None and seq <= last:
            raise Wrong(f"Entry {seq} stands after entry {last}.")
        if contiguous and previous is not None and seq != last + 1:
            raise Wrong(f"Entry {last + 1} is missing; the next one is {seq}.")
        own = [entry[name] for name in FIELDS]
        if sha(listed(before, connection_id, seq, entry["at"], *own)) != entry["hash"]:
            raise Wrong(f"Entry {seq} was changed, or an entry before it was.")
        check_exchange(seq, entry)
        count, first, last, previous = count + 1, first or seq, seq, entry["hash"]
        met = met or noted in (entry["hash"], before)
    return count, first, last, previous or NO_HASH, met


def check_exchange(seq: int, entry: dict[str, Any]) -> None:
    """Check the bytes of an exchange against the hash that its entry holds, if they are there."""
    exchange = entry.get("exchange") or {}
    if "request" not in exchange:
        return
    request, response = (base64.b64decode(exchange[part]) for part in ("request", "response"))
    heading = [exchange[part] for part in HEADING]
    if sha(listed(*heading, len(request), len(response)), request, response) != entry["exchange_sha256"]:
        raise Wrong(f"The exchange of entry {seq} was changed.")


def check_zip(path: Path, noted: str) -> tuple[str, bool]:
    """Check an export of the console; return what holds, and whether the noted head was met."""
    with zipfile.ZipFile(path) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        if manifest.get("format") != FORMAT:
            raise Wrong(f"This is no {FORMAT}.")
        with packed.open(manifest["file"]) as source:
            hashing = Hashing(source)
            text = io.TextIOWrapper(io.BufferedReader(hashing), encoding="utf-8", newline="")
            if manifest["file"].endswith(".csv"):
                csv.field_size_limit(2**31 - 1)
                entries = (from_csv(row) for row in csv.DictReader(text))
            else:
                entries = (json.loads(line) for line in text)
            result = check_entries(manifest["connection_id"], entries, manifest["contiguous"], noted)
            if hashing.digest.hexdigest() != manifest["sha256"]:
                raise Wrong(f"{manifest['file']} is not the file that the manifest names.")
    count, first, last, head, met = result
    if (count, first, last) != (manifest["entries"], manifest["first"], manifest["last"]):
        raise Wrong(f"The manifest names {manifest['entries']} entries, {manifest['first']} to {manifest['last']}.")
    if last and last == manifest["chain_entries"] and head != manifest["chain_head"]:
        raise Wrong("The last entry is not the head of the chain that the manifest names.")
    kind = "without a gap" if manifest["contiguous"] else "a selection; what lies between them is not proved"
    return f"{count} entries of {manifest['connection']} hold, {first} to {last}, {kind}; last hash {head}.", met


def check_lines(path: Path, noted: str) -> tuple[str, bool]:
    """Check an export of the command."""
    with path.open(encoding="utf-8") as source:
        head = json.loads(next(source))
        count, _, _, previous, met = check_entries(head["connection_id"], map(json.loads, source), True, noted)
    if (count, previous) != (head["entries"], head["head"]):
        raise Wrong("The chain does not end at its head.")
    return f"{count} entries of {head['connection']} hold, from the first; head {previous}.", met


def main(arguments: list[str]) -> int:
    """Check the file that is named; return the exit status."""
    noted = ""
    if len(arguments) == 3 and arguments[1] == "--head":
        noted = arguments[2].strip().lower()
    elif len(arguments) != 1:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    try:
        path = Path(arguments[0])
        words, met = (check_zip if zipfile.is_zipfile(path) else check_lines)(path, noted)
        if noted and not met:
            raise Wrong("The head that you noted does not stand in this export.")
    except Wrong as wrong:
        print(f"DOES NOT HOLD: {wrong}")
        return 1
    except (OSError, ValueError, KeyError, StopIteration, zipfile.BadZipFile) as trouble:
        print(f"This cannot be read as an export: {type(trouble).__name__} {trouble}".strip(), file=sys.stderr)
        return 2
    print(f"HOLDS: {words}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

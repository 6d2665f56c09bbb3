"""Entries of lists to be looked at: counted by how they stand, found, and page by page, from an index over as many as there
are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import STANDINGS, EntryStanding
from ml_connector.store import rows
from ml_connector.store.models import ListEntry

_COLUMNS = (
    "connection_id", "kind", "list_id", "code", "full_name", "active", "deleted", "merged_into", "complaint", "stands_since",
    "standing", "ever_accepted", "import_request_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a page of a list ends: at this entry."""

    standing: EntryStanding
    name: str
    entry: int


def counts(connection_id: int) -> dict[str, dict[EntryStanding, int]]:
    """Count the entries by kind and by how they stand; what is not there is left out."""
    text = "SELECT kind, standing, COUNT(*) FROM store_listentry WHERE connection_id = %s GROUP BY kind, standing"
    found: dict[str, dict[EntryStanding, int]] = {}
    for kind, standing, count in rows.values(text, connection_id):
        found.setdefault(kind, {})[EntryStanding(standing)] = count
    return found


_FIRST = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND standing = %s ORDER BY full_name, id LIMIT %s",
    _COLUMNS,
)
_AFTER = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND standing = %s AND (full_name, id) > (%s, %s)"
    " ORDER BY full_name, id LIMIT %s",
    _COLUMNS,
)


def page(
    connection_id: int, kind: ListKind, standing: EntryStanding | None, after: Mark | None, limit: int
) -> list[ListEntry]:
    """Return entries of a list by name: those that stand so, or all of them, those first that need somebody."""
    wanted = [standing] if standing else list(STANDINGS)
    if after is not None:
        wanted = wanted[wanted.index(after.standing) :] if after.standing in wanted else []
    found: list[ListEntry] = []
    for one in wanted:
        left = limit - len(found)
        if left < 1:
            break
        if after is not None and one is after.standing:
            found += _AFTER.rows(connection_id, kind.value, one.value, after.name, after.entry, left)
        else:
            found += _FIRST.rows(connection_id, kind.value, one.value, left)
    return found


_NAMED = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND (list_id = %s OR code = %s) ORDER BY full_name, id LIMIT %s",
    _COLUMNS,
)
#: The same escape in both databases; a name is looked for in small letters, because only one of them tells letters apart.
_WITH = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND LOWER(full_name) LIKE %s ESCAPE '!' ORDER BY full_name, id LIMIT %s",
    _COLUMNS,
)


def search(connection_id: int, kinds: Sequence[ListKind], text: str, limit: int) -> list[ListEntry]:
    """Return entries with this ListID or code; if there are none, those with this text in their name."""
    found = [entry for kind in kinds for entry in _NAMED.rows(connection_id, kind.value, text, text, limit)]
    if not found:
        plain = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
        found = [entry for kind in kinds for entry in _WITH.rows(connection_id, kind.value, f"%{plain}%", limit)]
    return found[:limit]


def count_refused(connection_id: int) -> int:
    """Count the entries that Basware refused, of all lists."""
    return ListEntry.objects.filter(
        connection_id=connection_id, kind__in=list(ListKind), standing=EntryStanding.REFUSED
    ).count()


def refused(connection_id: int, limit: int) -> list[ListEntry]:
    """Return entries that Basware refused, list by list, by name."""
    return [
        entry
        for kind in sorted(ListKind)
        for entry in _FIRST.rows(connection_id, kind.value, EntryStanding.REFUSED.value, limit)
    ][:limit]

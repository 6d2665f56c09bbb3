"""Each list as a whole: when it was last read and sent, and what went wrong."""

from __future__ import annotations

from datetime import datetime

from ml_connector.core.books import ListKind
from ml_connector.store import rows
from ml_connector.store.models import ListProgress


def of(connection_id: int) -> dict[str, ListProgress]:
    """Return what is known of the lists of a connection, by kind; a list that was never read is left out."""
    return {row.kind: row for row in ListProgress.objects.filter(connection=connection_id)}


def was_read(connection_id: int, kind: ListKind, now: datetime, *, whole: int | None) -> None:
    """Note that a reading of a list came to its end. `whole`: entries that QuickBooks has, if it was read from the first
    to the last; else None."""
    _note(connection_id, kind, "read_at = %s, read_problem = ''", rows.moment(now))
    if whole is not None:
        kept = "SELECT COUNT(*) FROM store_listentry WHERE connection_id = %s AND kind = %s AND NOT deleted"
        ((count,),) = rows.values(kept, connection_id, kind.value)
        _note(
            connection_id, kind, "whole_at = %s, whole_seen = %s, whole_kept = %s", rows.moment(now), whole, count
        )  # fmt: skip


def was_not_read(connection_id: int, kind: ListKind, problem: str) -> None:
    """Note why a list could not be read."""
    _note(connection_id, kind, "read_problem = %s", problem[:500])


def was_sent(connection_id: int, kind: ListKind, now: datetime) -> None:
    """Note that Basware took in a batch."""
    _note(connection_id, kind, "sent_at = %s", rows.moment(now))


def _note(connection_id: int, kind: ListKind, changes: str, *values: object) -> None:
    rows.execute(
        "INSERT INTO store_listprogress (connection_id, kind, read_problem, whole_seen, whole_kept)"
        " VALUES (%s, %s, '', 0, 0) ON CONFLICT (connection_id, kind) DO NOTHING",
        connection_id, kind.value,
    )  # fmt: skip
    text = f"UPDATE store_listprogress SET {changes} WHERE connection_id = %s AND kind = %s"  # noqa: S608  # columns of ours
    rows.execute(text, *values, connection_id, kind.value)

"""The database itself: its version, its schema, its size, and a copy of it."""

from __future__ import annotations

import platform
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

from ml_connector.core.errors import NeedsOperator
from ml_connector.store import rows
from ml_connector.store.models import DataKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrations:
    """How far the schema is."""

    latest: str  #: the latest step of ours that was made
    missing: tuple[str, ...]  #: steps that are still to be made


def migrations() -> Migrations:
    """Return how far the schema is."""
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    ours = sorted(name for app, name in executor.loader.applied_migrations if app == "store")
    return Migrations(latest=ours[-1] if ours else "none", missing=tuple(str(step) for step, _ in plan))


def python_version() -> str:
    """Return the version of Python that runs."""
    return platform.python_version()


def database_version() -> str:
    """Return the version of the database."""
    if database.vendor == "sqlite":
        return sqlite3.sqlite_version
    return str(rows.values("SHOW server_version")[0][0]).split(" ")[0]


def size_bytes() -> int:
    """Return how large the database is; 0 if it does not say."""
    if database.vendor == "sqlite":
        pages, size = rows.values("PRAGMA page_count")[0][0], rows.values("PRAGMA page_size")[0][0]
        return int(pages) * int(size)
    return int(rows.values("SELECT pg_database_size(current_database())")[0][0])


def keys_in_rows() -> set[str]:
    """Return the ids of the master keys under which data keys are sealed."""
    return set(DataKey.objects.order_by().values_list("master_key_id", flat=True).distinct())


def copy_sqlite(out: Path) -> None:
    """Copy the database into a new file, as of one moment, while others write to it.

    Raises:
        NeedsOperator: the file cannot be written, or the copy is not whole.
    """
    database.ensure_connection()
    try:
        with sqlite3.connect(out) as target:
            database.connection.backup(target, pages=1000)
            sound = target.execute("PRAGMA quick_check").fetchone()[0]
        target.close()
    except (sqlite3.Error, OSError) as error:
        raise NeedsOperator(f"{out} cannot be written: {error}.") from None
    if sound != "ok":
        raise NeedsOperator(f"The copy in {out} is not whole ({sound}); take it again, and look after the disk.")

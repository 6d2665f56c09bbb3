"""How the installation itself stands: its database, backups, keys, the audit chain, and whether work is done in time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from django.db import connection as database

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import audit_check
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties, system
from ml_connector.store.models import Backup, Connection

_OLD_BACKUP = timedelta(days=2)
_OLD_CHECK = timedelta(days=32)
_LAG = timedelta(minutes=5)
_FULL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is looked at."""

    title: str
    value: str
    note: str = ""
    ok: bool = True
    do: str = ""  #: what to do where it is not as it should be


def facts(surroundings: Surroundings, home: Path) -> Sequence[Fact]:
    """Return what there is to know about the installation, in the order in which a person would ask."""
    now = surroundings.clock()
    return [
        Fact(title="Version", value=version("ml-connector"), note=f"Python {system.python_version()}"),
        _database(),
        _queue(now),
        _disk(home),
        _backup(now),
        _key(surroundings),
    ]


def _database() -> Fact:
    found = system.migrations()
    return Fact(
        title="Database",
        value=f"{database.display_name} {system.database_version()}",
        note=f"schema {found.latest}" + (f", {system.size_bytes() / 1e6:,.0f} MB" if system.size_bytes() else ""),
        ok=not found.missing,
        do=f"Bring it up to date: ml-connector init ({len(found.missing)} steps are missing)." if found.missing else "",
    )


def _queue(now: datetime) -> Fact:
    first = duties.oldest_due(now)
    lag = now - first if first else timedelta()
    return Fact(
        title="Work in time",
        value="nothing waits" if lag < timedelta(seconds=5) else f"{int(lag.total_seconds())} seconds behind",
        note="the engine looks for due work all the time",
        ok=lag < _LAG,
        do=""
        if lag < _LAG
        else "See that ml-connector serve runs, and what its log says; a slow Basware holds up only its own connection.",
    )


def _disk(home: Path) -> Fact:
    usage = shutil.disk_usage(home if home.exists() else Path.cwd())
    full = usage.used / usage.total if usage.total else 0.0
    return Fact(
        title="Disk of the home",
        value=f"{usage.free / 1e9:,.1f} GB free",
        note=f"{full:.0%} used, {home}",
        ok=full < _FULL,
        do="" if full < _FULL else "Make room: a full disk stops everything, and nothing is lost by it.",
    )


def _backup(now: datetime) -> Fact:
    latest = Backup.objects.order_by("-pk").first()
    if latest is None:
        return Fact(title="Latest backup", value="none known", ok=False, do=_BACK_UP)
    fresh = now - latest.at < _OLD_BACKUP
    return Fact(
        title="Latest backup",
        value=f"{latest.at:%Y-%m-%d %H:%M} UTC",
        note=f"{latest.place}, by {latest.actor}",
        ok=fresh,
        do="" if fresh else _BACK_UP,
    )


_BACK_UP = (
    "Take one every night: ml-connector backup --out FILE. If another program takes it, let it say so: ml-connector backup"
    " --noted WHERE."
)


def _key(surroundings: Surroundings) -> Fact:
    in_use, others = surroundings.vault.key_id, system.keys_in_rows()
    foreign = sorted(others - {in_use})
    return Fact(
        title="Master key",
        value=in_use,
        note="opens the credentials of every connection" if not foreign else f"some need key {', '.join(foreign)}",
        ok=not foreign,
        do="Give the earlier key, or finish the rotation: ml-connector keys rotate." if foreign else "",
    )


# Backups.


def back_up(surroundings: Surroundings, out: Path, actor: str) -> Backup:
    """Copy the database to a file while it is in use, and note it.

    Raises:
        NeedsOperator: the database is PostgreSQL, which has programs of its own for this, or the file exists already.
    """
    if database.vendor != "sqlite":
        raise NeedsOperator("PostgreSQL is backed up with pg_dump; note it then: ml-connector backup --noted WHERE.")
    if out.exists():
        raise NeedsOperator(f"{out} exists already; name another file, so that no backup is written over.")
    system.copy_sqlite(out)
    return note_backup(surroundings, str(out.resolve()), actor, out.stat().st_size)


def note_backup(surroundings: Surroundings, place: str, actor: str, size_bytes: int | None = None) -> Backup:
    """Note that a backup was taken.

    Raises:
        NeedsOperator: nobody says where it is.
    """
    if not place.strip():
        raise NeedsOperator("Say where the backup is.")
    return Backup.objects.create(
        at=surroundings.clock(), actor=actor[:80], place=place.strip()[:500], size_bytes=size_bytes
    )


# The audit chain.


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What is known of one connection's audit chain."""

    name: str
    entries: int
    checked_at: datetime | None  #: when a check last came to its end
    breaks: Sequence[str]  #: sentences, the first ones
    stale: bool  #: the latest check is old, or there was none


def chains(now: datetime) -> Sequence[Chain]:
    """Return what is known of every chain, by connection; those to be looked at first."""
    checked = audit_check.latest_ended()
    found = []
    for row in Connection.objects.only("name", "chain_seq").order_by("name"):
        check = checked.get(row.pk)
        at = check.ended_at if check else None
        stale = at is None or now - at > _OLD_CHECK
        breaks = check.breaks if check else []
        found.append(Chain(name=row.name, entries=row.chain_seq, checked_at=at, breaks=breaks, stale=stale))
    return sorted(found, key=lambda chain: (not chain.breaks, not chain.stale, chain.name))

"""Many seeds on all cores, and the table at the end."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign.result import Result

#: A seed, and the side of a point at which the connector surely dies, or an empty text.
Life = tuple[int, str]

_SEEDS_PER_POINT = 3
_database: list[Any] = []


def open_database() -> None:
    """Set Django up in this process, on the engine of the campaign and in memory if the machine has a place for that."""
    if _database:
        return
    if Path("/dev/shm").is_dir() and "TMPDIR" not in os.environ:
        tempfile.tempdir = "/dev/shm"
    import databases

    made = databases.SqliteDatabase()
    from django.db import connections

    connections.settings["default"]["ENGINE"] = "campaign.sqlite"
    options = connections.settings["default"]["OPTIONS"]
    options["init_command"] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    del connections["default"]  # what was made of the settings before
    _database.append(made)


def close_database() -> None:
    """Remove what this process wrote."""
    for made in _database:
        made.drop()
    _database.clear()


def live_one(seed: int, aim: str = "") -> Result:
    """Live through one seed on a database of its own. Whatever the connector raises is a problem of the seed."""
    open_database()
    _database[0].empty()
    from campaign.life import live
    from campaign.sqlite.base import watch

    try:
        return live(seed, aim)
    except Exception as error:
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return Result(
            seed=seed, problems=[f"wrong: {type(error).__name__} at {where}: {error}"],
            events=traceback.format_exc().splitlines()[-30:],
        )  # fmt: skip
    finally:
        watch(None)


@dataclass(slots=True)
class Tally:
    """Everything that the seeds came to."""

    seeds: int = 0  #: lives
    again: int = 0  #: of these, lived once more
    invoices: int = 0
    bills: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    deeds: Counter[str] = field(default_factory=Counter)
    visited: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)  #: problems by kind
    failed: list[tuple[int, list[str]]] = field(default_factory=list)
    passed_in: dict[str, list[int]] = field(default_factory=dict)  #: point -> some of the seeds that passed it

    def take(self, result: Result) -> None:
        for point in result.visited:
            seeds = self.passed_in.setdefault(point, [])
            if len(seeds) < _SEEDS_PER_POINT:
                seeds.append(result.seed)
        self.seeds += 1
        self.invoices += result.invoices
        self.bills += result.bills
        self.seconds += result.seconds
        for name in ("faults", "deeds", "visited", "hit", "ends"):
            getattr(self, name).update(getattr(result, name))
        if result.problems:
            self.failed.append((result.seed, result.problems))
            self.kinds.update(problem.split(":", 1)[0] for problem in result.problems)

    def never_hit(self) -> list[str]:
        """Return the sides of points that were passed and at which the process never died."""
        return sorted(
            f"{side} {point}"
            for point in self.visited
            for side in ("before", "after")
            if not self.hit[f"{side} {point}"]
        )

    def aims(self) -> list[Life]:
        """Return lives in which the process will die at a side at which it never did: those that passed the point."""
        return [(seed, side) for side in self.never_hit() for seed in self.passed_in.get(side.split(" ", 1)[1], [])]


def lives(given: Sequence[Life], workers: int) -> Iterator[Result]:
    """Live through seeds, `workers` at a time, in any order."""
    if workers <= 1:
        try:
            for life in given:
                yield live_one(*life)
        finally:
            close_database()
        return
    context = multiprocessing.get_context("spawn")
    folder = tempfile.mkdtemp(prefix="ml-connector-campaign-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    try:
        with context.Pool(workers, initializer=_begin, initargs=(folder,), maxtasksperchild=None) as pool:
            yield from pool.imap_unordered(_live_lean, given, chunksize=1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begin(folder: str) -> None:
    tempfile.tempdir = folder
    os.environ["TMPDIR"] = folder
    open_database()


def _live_lean(life: Life) -> Result:
    result = live_one(*life)
    if not result.problems:
        result.events = []
    return result


def now_s() -> float:
    """Return the machine's own time."""
    return time.monotonic()

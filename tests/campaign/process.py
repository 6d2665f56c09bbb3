"""The connector's process: the points at which it can die, and whether it does.

A point is a commit, named by the flow that makes it, or a call to Basware; each is passed twice, before and after. Dying
there means: what was not committed is gone, nothing more is written, everything in memory is gone, and whoever waited
for an answer gets none.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

from django.db import OperationalError

from campaign.points import AROUND, SOURCE
from world_wire import ProcessKilled

_ROOMS = ("flows", "engine", "web", "cli")

#: One transaction in the source that is several steps of the flow: what tells them apart.
_TOLD_APART: dict[str, Callable[[FrameType], str]] = {
    "answers._batches": lambda frame: str(frame.f_locals["note"].__name__),
    "run._run_one": lambda frame: str(frame.f_locals["duty"].name),
}


class Process:
    """Watches the commits of the running connector."""

    def __init__(self, dice: random.Random, note: Callable[[str], None], *, first: float, further: float) -> None:
        """`first` and `further` are the chances to die on either side of a point that is passed for the first time, or
        again."""
        self.visited: Counter[str] = Counter()
        self.hit: Counter[str] = Counter()  #: point and side
        self.deaths = 0
        self.mortal = False  #: whether it may die now
        self.broken_disk = 0.0  #: the chance that the database refuses a commit
        self.failures = 0  #: commits that it refused
        self.dead = False
        self.aim = ""  #: a side of a point at which it surely dies, once
        self._dice = dice
        self._note = note
        self._chances = (first, further)
        self._point = ""

    # What the database tells.

    def before_statement(self) -> None:
        """Nothing is read or written by a process that has ended."""
        if self.dead:
            raise ProcessKilled("the process has ended")

    def before_commit(self) -> None:
        """A commit is about to be made."""
        self.before_statement()
        if not self.mortal:
            return
        self._point = _name_of_commit()
        if not self._point:
            return  # the campaign itself writes
        self.passes(self._point, "before")
        if self.broken_disk and self._dice.random() < self.broken_disk:
            self.failures += 1
            self._note(f"the database fails at {self._point}")
            raise OperationalError("disk I/O error")

    def after_commit(self) -> None:
        """A commit was made."""
        if self.mortal and self._point:
            self.passes(self._point, "after")

    # Points.

    def passes(self, point: str, side: str) -> None:
        """Pass one side of a point, or die there.

        Raises: ProcessKilled.
        """
        if not self.mortal:
            return
        if side == "before":
            self.visited[point] += 1
        first, further = self._chances
        # A side that is rarely reached is worth more.
        chance = first if not self.hit[f"{side} {point}"] and self.visited[point] <= 2 else further
        aimed_at = self.aim == f"{side} {point}"
        if self._dice.random() < chance or aimed_at:
            self.aim = "" if aimed_at else self.aim
            self.dies(point, side)

    def dies(self, point: str, side: str) -> None:
        """End here. Raises: ProcessKilled."""
        self.hit[f"{side} {point}"] += 1
        self.deaths += 1
        self.dead = True
        self._note(f"the connector dies {side} {point}")
        raise ProcessKilled(f"{side} {point}")

    def begins(self) -> None:
        """Another process begins."""
        self.dead = False


def _name_of_commit() -> str:
    frame: FrameType | None = sys._getframe(2)
    errand = ""
    store = ""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(str(SOURCE)):
            room, _, module = path[len(str(SOURCE)) + 1 :].removesuffix(".py").partition("/")
            function = frame.f_code.co_qualname
            if room == "store" and not store and module != "rows":
                store = f"{module}.{function}"
            if room in _ROOMS:
                if function == "_OpenCall.__exit__":
                    session = frame.f_locals["self"].session
                    errand = str(session.work.get("errand") or "") if session.work else ""
                if function not in AROUND:
                    name = f"{module.replace('/', '.')}.{function}"
                    tell = _TOLD_APART.get(name)
                    parts = [name, tell(frame) if tell else "", errand, "" if store == "chain.writing" else store]
                    return " ".join(part for part in parts if part)
        frame = frame.f_back
    return ""

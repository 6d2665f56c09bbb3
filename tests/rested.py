"""A world at rest, made once in a process and copied for every story that begins with one."""

from __future__ import annotations

import copy
import copyreg
import threading
from typing import TYPE_CHECKING, Any

from databases import Database

if TYPE_CHECKING:  # it names rows
    from world import World

_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_kept: list[World] = []

# A copy of a lock is a new one: nobody holds it.
copyreg.pickle(_LOCK, lambda lock: (threading.Lock, ()))
copyreg.pickle(_RLOCK, lambda lock: (threading.RLock, ()))


def a_rested_world(database: Database) -> World:
    """Return a world in which the lists have travelled; the database, which is empty, then holds its rows.

    It is as if the connector had been started anew: nothing stands in its memory.
    """
    from world import World

    if not _kept:
        made = World(1)
        made.run_until_idle()
        database.keep()
        _kept.append(made)
    else:
        database.bring_back()
    first = _kept[0]
    # Nobody changes a firm; the vault only holds keys; the other surroundings are made anew.
    shared: dict[int, Any] = {id(one): one for one in (first.firm, first.surroundings, first.surroundings.vault)}
    again = copy.deepcopy(first, shared)
    again.restart_connector()
    return again

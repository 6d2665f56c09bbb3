"""SQLite compares letters beyond A to Z as they are written; people who look for `müller` mean `MÜLLER` as well.

PostgreSQL knows that. For SQLite its `LIKE` is given a function that does, in every connection that is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.backends.signals import connection_created


def know_all_letters() -> None:
    """Have every SQLite connection that is opened from now on compare all letters."""
    connection_created.connect(_opened, dispatch_uid="sqlite letters")


def _opened(connection: Any, **_: object) -> None:
    if connection.vendor == "sqlite":
        for count in (2, 3):
            connection.connection.create_function("like", count, like, deterministic=True)


def like(pattern: object, text: object, escape: str = "") -> bool | None:
    """Tell whether a text fits a pattern of `LIKE`, whatever the case of its letters; None if one of them is NULL."""
    if pattern is None or text is None:
        return None
    return _fits(str(pattern), escape)(str(text).lower())


@lru_cache(maxsize=256)
def _fits(pattern: str, escape: str) -> Callable[[str], bool]:
    """Return what tells whether a text in small letters fits a pattern."""
    parts: list[tuple[str, bool]] = []  # each mark, and whether it stands for others
    marks = iter(pattern.lower())
    for mark in marks:
        parts.append((next(marks, ""), False) if mark == escape else (mark, mark in "%_"))
    inner = parts[1:-1]
    if len(parts) > 1 and parts[0] == parts[-1] == ("%", True) and not any(stands for _, stands in inner):
        wanted = "".join(mark for mark, _ in inner)  # what people look for, nearly always
        return lambda text: wanted in text
    written = "".join({"%": ".*", "_": "."}[mark] if stands else re.escape(mark) for mark, stands in parts)
    whole = re.compile(written, re.DOTALL)
    return lambda text: whole.fullmatch(text) is not None

"""SQLite that tells a watcher of every commit, before and after it. Django takes it by name, as any other engine.

A statement outside of a transaction is a commit of its own. The watcher may raise: before a commit the transaction is
rolled back, as if the process had ended there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from django.db.backends.sqlite3 import base

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


class Watcher(Protocol):
    """Whoever wants to know."""

    def before_commit(self) -> None:
        """A commit is about to be made."""

    def after_commit(self) -> None:
        """The commit was made."""

    def before_statement(self) -> None:
        """A statement is about to be carried out."""


_watchers: list[Watcher] = []


def watch(watcher: Watcher | None) -> None:
    """Tell this watcher from now on, or nobody."""
    _watchers[:] = [watcher] if watcher is not None else []


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to SQLite, with a seam at its commits."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.execute_wrappers.append(self._execute)

    def _commit(self) -> None:
        if not _watchers:
            super()._commit()
            return
        try:
            _watchers[0].before_commit()
        except BaseException:
            self._rollback()
            raise
        super()._commit()
        _watchers[0].after_commit()

    def _execute(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not _watchers:
            return execute(sql, params, many, context)
        watcher = _watchers[0]
        watcher.before_statement()
        if self.in_atomic_block or not _WRITES.match(sql):
            return execute(sql, params, many, context)
        watcher.before_commit()
        result = execute(sql, params, many, context)
        watcher.after_commit()
        return result

"""What a token of the HTTP API may be used for. A person's role is the upper limit; a scope only narrows it."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as ReadOnlyDict
from enum import StrEnum

from ml_connector.core.errors import NeedsOperator


class Scope(StrEnum):
    """Each endpoint needs one."""

    READ = "read"
    WORK = "work"
    MAP = "map"
    LISTS = "lists"
    BOOKS = "books"
    AUDIT = "audit"
    CONNECTIONS = "connections"
    PEOPLE = "people"
    ALERTS = "alerts"


SCOPE_WORDS: ReadOnlyDict[Scope, str] = {
    Scope.READ: "Look at documents, the inbox, lists, payments, months and connections",
    Scope.WORK: "Act on documents, one or many",
    Scope.MAP: "Decide what Basware's codes mean, and approve it",
    Scope.LISTS: "Have lists read and sent once more",
    Scope.BOOKS: "Sign months",
    Scope.AUDIT: "Search the audit trail, take it along, and have it verified",
    Scope.CONNECTIONS: "Make, change, pause and test connections",
    Scope.PEOPLE: "Let people in, and change what they may do",
    Scope.ALERTS: "Change who is told of what",
}


def scopes_named(texts: Iterable[str]) -> frozenset[Scope]:
    """Read scopes.

    Raises:
        NeedsOperator: there is no such scope, or none is named.
    """
    found = set()
    for text in texts:
        try:
            found.add(Scope(text.strip().lower()))
        except ValueError:
            raise NeedsOperator(f"There is no scope {text!r}; the scopes are: {', '.join(Scope)}.") from None
    if not found:
        raise NeedsOperator(f"Name at least one scope: {', '.join(Scope)}.")
    return frozenset(found)

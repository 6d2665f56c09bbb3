"""How long a text may be in Basware, and what happens to one that is longer: ids are refused, prose is cut."""

from __future__ import annotations

from ml_connector.core.errors import NeedsOperator


class WireLimit(NeedsOperator):
    """A value does not fit a field of Basware and must not be cut. `field` is Basware's name of it."""

    def __init__(self, field: str, value: str, limit: str) -> None:
        super().__init__(f"{field} {value!r} does not fit Basware's limit of {limit}.")
        self.field, self.value, self.limit = field, value, limit


def code(field: str, value: str, most: int, *, least: int = 1) -> str:
    """Return a code unchanged: codes and ids are never cut, because a cut one means something else.

    Raises:
        WireLimit: shorter or longer than Basware takes, or holds characters that cannot be seen.
    """
    if not least <= len(value) <= most or not value.isprintable():
        raise WireLimit(field, value, f"{least} to {most} printable characters")
    return value


def prose(text: str, most: int) -> str:
    """Return a text on one line, only characters that can be seen, cut to `most` with `...` at its end."""
    seen = text if text.isprintable() else "".join(mark if mark.isprintable() else " " for mark in text)
    line = " ".join(seen.split())
    return line if len(line) <= most else line[: most - 3].rstrip() + "..."


def tail(text: str, most: int) -> str:
    """Return a text like `prose`, but keep its end: the last level of a name says most."""
    line = prose(text, len(text))
    return line if len(line) <= most else "..." + line[-(most - 3) :].lstrip()

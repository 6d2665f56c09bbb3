"""Where two people are needed, the second one is another person, whatever way each of them came."""

from __future__ import annotations


def person_of(actor: str) -> str:
    """Return the person behind an actor: `zoe (console)` and `zoe (command line)` are one."""
    return actor.partition(" (")[0].strip().lower()


def is_one_of(actor: str, *others: str) -> bool:
    """Tell whether an actor is one of these people."""
    return person_of(actor) in {person_of(other) for other in others if other}

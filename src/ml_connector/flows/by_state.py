"""Documents by state, named by its value or by the words that people read."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import REGISTER
from ml_connector.core.states import WORDS, State
from ml_connector.flows.story import NOT_TAKEN, PARTLY_PAID
from ml_connector.store.models import Document

#: Words that name a part of the documents of some states.
_PARTS: dict[str, set[State]] = {text.words: {State.BLOCKED, State.CHANGED} for text in REGISTER.values()} | {
    PARTLY_PAID: {State.CONFIRMED},
    NOT_TAKEN: {State.POSTED, State.CONFIRMED, State.PAID, State.GIVEN_UP},
}


def in_states(rows: QuerySet[Document], names: Sequence[str], limit: int) -> list[Document]:
    """Return the first documents that are in one of the states; without names, in any.

    Raises:
        NeedsOperator: there is no such state; the sentence lists those that there are.
    """
    return list(rows.filter(named_states(names))[:limit])


def named_states(names: Sequence[str]) -> Q:
    """Return the condition that a document is in one of the states; without names, none.

    Raises:
        NeedsOperator: there is no such state; the sentence lists those that there are.
    """
    if not names:
        return Q()
    whole, parts = _read(names)
    condition = Q(state__in=whole)
    for words in parts:
        condition |= _part(words)
    return condition


def _part(words: str) -> Q:
    """Return the condition under which `state_words` says these words."""
    if words == NOT_TAKEN:
        return Q(state__in=_PARTS[NOT_TAKEN], answer_fault__isnull=False)
    if words == PARTLY_PAID:
        return Q(state=State.CONFIRMED, answer_fault__isnull=True) & ~Q(paid_cents=0)
    codes = [code for code, text in REGISTER.items() if text.words == words]
    return Q(state=State.BLOCKED, answer_fault__isnull=True, fault_code__in=codes)


def block_words() -> Sequence[str]:
    """Return the words for the kinds of block, in the order of the register."""
    return list(dict.fromkeys(text.words for text in REGISTER.values()))


def _read(names: Sequence[str]) -> tuple[set[State], set[str]]:
    whole: set[State] = set()
    parts: set[str] = set()
    by_name = {_plain(state.value): state for state in State} | {_plain(WORDS[state]): state for state in State}
    by_words = {_plain(words): words for words in _PARTS}
    for name in names:
        plain = _plain(name)
        if plain not in by_name and plain not in by_words:
            known = ", ".join([*(state.value for state in State), *sorted(set(_PARTS) - {WORDS[State.BLOCKED]})])
            raise NeedsOperator(f"There is no state {name!r}; the states are: {known}.")
        if plain in by_name:
            whole.add(by_name[plain])
        if plain in by_words and plain != _plain(State.BLOCKED.value):
            parts.add(by_words[plain])
    return whole, parts


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").lower().split())

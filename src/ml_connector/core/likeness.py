"""Which entries a code may mean: equal codes and names first, then names that are alike, each with a score.

Names are compared by their words, without the forms of companies; only entries that share a word, or the beginning of one,
are compared at all, so that thousands of entries cost little more than the reading of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_LEAST = 55  # a lower score helps nobody
_COMPARED = 25  # entries compared letter by letter, those that share the rarest words
_STEM = 4  # letters by which misspelt words still meet
_FORMS = frozenset(
    {"inc", "llc", "ltd", "co", "corp", "corporation", "company", "gmbh", "ag", "lp", "llp", "plc", "the", "and", "of"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One entry that a code may mean."""

    list_id: str
    code: str
    name: str
    score: int  #: 0 to 100; 100: equal
    why: str  #: in two words


class Likeness:
    """Entries of one list, prepared for many codes."""

    def __init__(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """`entries` are ListID, code and full name."""
        self._entries = list(entries)
        self._holders: dict[str, list[int]] = {}
        for position, (_, code, name) in enumerate(self._entries):
            for key in _keys(f"{code} {name}"):
                self._holders.setdefault(key, []).append(position)

    def suggest(self, code: str, name: str = "", most: int = 5) -> Sequence[Suggestion]:
        """Return the entries that a code, called by a name in Basware, may mean: the best first."""
        found = [self._judged(position, code, name) for position in self._near(f"{code} {name}")]
        good = [suggestion for suggestion in found if suggestion.score >= _LEAST]
        return sorted(good, key=lambda s: (-s.score, s.name))[:most]

    def _near(self, text: str) -> list[int]:
        weights: dict[int, float] = {}
        for key in _keys(text):
            holders = self._holders.get(key, ())
            for position in holders:
                weights[position] = weights.get(position, 0.0) + 1.0 / len(holders)
        return sorted(weights, key=lambda position: -weights[position])[:_COMPARED]

    def _judged(self, position: int, code: str, name: str) -> Suggestion:
        list_id, entry_code, full_name = self._entries[position]
        own = full_name.rpartition(":")[2]
        if _plain(code) in {_plain(entry_code), _plain(own), _plain(full_name)}:
            score, why = 100, "equal code"
        elif name and _plain(name) in {_plain(own), _plain(full_name)}:
            score, why = 100, "equal name"
        else:
            by_name = max(_alike(name, own), _alike(name, full_name)) if name else 0
            by_code = max(_alike(code, entry_code), _alike(code, own))
            score, why = (by_name, "name alike") if by_name >= by_code else (by_code, "code alike")
            score = min(score, 99)
        return Suggestion(list_id=list_id, code=entry_code, name=full_name, score=score, why=why)


def _words(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return [word for word in words if word not in _FORMS] or words


def _keys(text: str) -> set[str]:
    words = _words(text)
    return {*words, *(f"{word[:_STEM]}~" for word in words if len(word) > _STEM)}


def _plain(text: str) -> str:
    return "".join(_words(text))


def _alike(one: str, other: str) -> int:
    first, second = " ".join(sorted(_words(one))), " ".join(sorted(_words(other)))
    if not first or not second:
        return 0
    return round(100 * SequenceMatcher(None, first, second, autojunk=False).ratio())

"""A small language for request bodies, and the check that finds every fault in one of them.

The tables themselves are in `entities.py`. A checker yields sentences such as `accountCode: maximum length is 25`; it
never changes or stores anything. Undocumented properties are refused, as the API declares its inputs closed
(P2P API, additionalProperties false on every entity).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

#: Bare dates are accepted where a date-time is documented; zero to seven digits of a second's fraction; `Z`, an offset
#: or neither. (RFC 3339; P2P API, examples of validFrom and transferDate.)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,7}))?(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)


class Checker(Protocol):
    """Anything that can say what is wrong with a value."""

    @property
    def nullable(self) -> bool:
        """Tell whether null stands for an absent value."""

    def faults(self, value: Any, at: str) -> Iterator[str]:
        """Yield one sentence for each fault of the value found at a path."""


def read_moment(text: str) -> datetime | None:
    """Read a date or date-time; without an offset it counts as UTC. None if it is neither."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, hours, minutes, seconds, fraction, zone = match.groups()
    try:
        start = date.fromisoformat(day)
    except ValueError:
        return None
    offset = timedelta(0)
    if zone and zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * (-1 if zone[0] == "-" else 1)
    moment = datetime(
        start.year,
        start.month,
        start.day,
        int(hours or 0),
        int(minutes or 0),
        int(seconds or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    try:
        return moment - offset
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A string with bounds on its length, perhaps an enumeration or a pattern for the whole of it."""

    longest: int | None = None  #: characters
    shortest: int = 0  #: characters
    one_of: frozenset[str] = frozenset()  #: empty means any
    pattern: str = ""  #: empty means any
    nullable: bool = True

    def faults(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{at}: must be a string"
            return
        if len(value) < self.shortest:
            yield f"{at}: minimum length is {self.shortest}"
        if self.longest is not None and len(value) > self.longest:
            yield f"{at}: maximum length is {self.longest}"
        if self.one_of and value not in self.one_of:
            yield f"{at}: value is not one of {', '.join(sorted(self.one_of))}"
        if self.pattern and re.fullmatch(self.pattern, value) is None:
            yield f"{at}: value does not match the pattern"


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    nullable: bool = True

    def faults(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, bool):
            yield f"{at}: must be true or false"


@dataclass(frozen=True, slots=True)
class Number:
    """A number, perhaps whole, perhaps bounded, perhaps one of a few."""

    low: float | None = None
    high: float | None = None
    whole: bool = False
    one_of: frozenset[int] = frozenset()
    nullable: bool = True

    def faults(self, value: Any, at: str) -> Iterator[str]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield f"{at}: must be a number"
        elif abs(value) > sys.float_info.max:  # numbers are doubles
            yield f"{at}: value is out of range"
        elif self.whole and not isinstance(value, int):
            yield f"{at}: must be a whole number"
        elif (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            yield f"{at}: value is out of range"
        elif self.one_of and value not in self.one_of:
            yield f"{at}: value is not one of {', '.join(str(each) for each in sorted(self.one_of))}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date-time; a bare date will do."""

    nullable: bool = True

    def faults(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str) or read_moment(value) is None:
            yield f"{at}: must be a date or date-time"


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of one kind of value."""

    item: Checker
    nullable: bool = True

    def faults(self, value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{at}: must be an array"
            return
        for position, element in enumerate(value):
            if element is None:
                yield f"{at}[{position}]: must not be null"
            else:
                yield from self.item.faults(element, f"{at}[{position}]")


@dataclass(frozen=True, slots=True)
class Record:
    """An object with documented properties and no others."""

    fields: Mapping[str, Checker]
    required: frozenset[str] = frozenset()
    nullable: bool = False

    def faults(self, value: Any, at: str = "") -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{at or 'body'}: must be an object"
            return
        prefix = f"{at}." if at else ""
        # Sorted, so that the same body is always refused in the same words.
        for name in sorted(self.required):
            if value.get(name) is None:
                yield f"{prefix}{name}: field required"
        for name, element in value.items():
            checker = self.fields.get(name)
            if checker is None:
                yield f"{prefix}{name}: property is not allowed"
            elif element is None:
                if not checker.nullable and name not in self.required:
                    yield f"{prefix}{name}: must not be null"
            else:
                yield from checker.faults(element, f"{prefix}{name}")


def names(text: str) -> frozenset[str]:
    """Return the words of a line of text, as an enumeration."""
    return frozenset(text.split())


def record(required: str, fields: Mapping[str, Checker]) -> Record:
    """Return a record whose required properties are named in one line of text."""
    return Record(fields, names(required))

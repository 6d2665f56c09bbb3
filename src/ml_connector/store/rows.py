"""Rows of the questions that are asked all the time: SQL written once, and only the columns that are wanted.

Django builds the text of a query anew each time, which costs several times what the database needs to answer it, and
fills an object field by field. What comes out here is the same kind of object, read through the same converters; a column
that was not asked for is fetched when somebody looks at it. Conditions are written for both databases. See docs/adr.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection as database
from django.db import models
from django.db.models.base import ModelState
from django.db.models.expressions import Col

Row = TypeVar("Row", bound=models.Model)

_Converter = Callable[[Any], Any]


class Question(Generic[Row]):
    """One question: which rows of a model, and which of their columns (all of them if none is named)."""

    def __init__(
        self,
        model: type[Row],
        condition: str,
        columns: Sequence[str] = (),
        *,
        but: Collection[str] = (),
        lock: bool = False,
    ) -> None:
        """`condition` is all that follows the table's name, with `%s` for every value, and `IN %s` for several; `but`
        leaves out columns; `lock` holds the rows."""
        self._model = model
        self._condition = condition
        self._lock = lock
        fields = [field for field in model._meta.concrete_fields if not columns or _is_wanted(field, columns)]
        fields = [field for field in fields if field.name not in but]
        self._fields = fields
        self._names = tuple(field.attname for field in fields)
        self._made: dict[str, tuple[str, tuple[tuple[str, _Converter], ...]]] = {}

    def rows(self, *values: Any) -> list[Row]:
        """Return all rows. A value may be a list: one of it is to be met, and none by an empty one."""
        text, converters = self._made.get(database.vendor) or self._make()
        if any(isinstance(value, list) for value in values):
            text, values = _spread(text, values)
        with database.cursor() as cursor:
            cursor.execute(text, values)
            found = cursor.fetchall()
        alias = database.alias if found else ""
        return [self._row(row, converters, alias) for row in found]

    def row(self, *values: Any) -> Row | None:
        """Return the first row, or None."""
        found = self.rows(*values)
        return found[0] if found else None

    def _make(self) -> tuple[str, tuple[tuple[str, _Converter], ...]]:
        table = self._model._meta.db_table
        # With its table: SQLite takes a bare quoted name that no column has for a text.
        names = ", ".join(f'"{table}"."{field.column}"' for field in self._fields)
        text = f'SELECT {names} FROM "{table}" {self._condition}'  # noqa: S608  # names of ours
        if self._lock and database.features.has_select_for_update:
            text += " FOR UPDATE"
        converters = tuple(
            (field.attname, converter) for field in self._fields if (converter := _converter(field)) is not None
        )
        self._made[database.vendor] = text, converters
        return text, converters

    def _row(self, values: Sequence[Any], converters: Sequence[tuple[str, _Converter]], alias: str) -> Row:
        made = self._model.__new__(self._model)
        held = dict(zip(self._names, values, strict=True))
        for name, converter in converters:
            value = held[name]
            if value is not None:
                held[name] = converter(value)
        state = ModelState()
        state.adding = False
        state.db = alias
        held["_state"] = state
        made.__dict__ = held
        return made


def _spread(text: str, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Give every value of a list a place of its own."""
    pieces = text.split("%s")
    written = pieces[0]
    single: list[Any] = []
    for value, piece in zip(values, pieces[1:], strict=True):
        if isinstance(value, list):
            written += f"({places(len(value)) or 'NULL'}){piece}"
            single += value
        else:
            written += f"%s{piece}"
            single.append(value)
    return written, tuple(single)


def _is_wanted(field: Any, columns: Sequence[str]) -> bool:
    return bool(field.primary_key or field.name in columns or field.attname in columns)


def _converter(field: Any) -> _Converter | None:
    """Return what makes the field's value of what this database hands out; None where that is the value itself."""
    column = field.get_col(field.model._meta.db_table)
    steps = [*database.ops.get_db_converters(column), *field.get_db_converters(database)]
    if not steps:
        return None

    def convert(value: Any) -> Any:
        for step in steps:
            value = step(value, column, database)
        return value

    return convert


def execute(text: str, *values: Any) -> int:
    """Carry out one statement; return how many rows it changed."""
    with database.cursor() as cursor:
        cursor.execute(text, values)
        return int(cursor.rowcount)


def values(text: str, *given: Any) -> list[tuple[Any, ...]]:
    """Return plain rows, as the database hands them out."""
    with database.cursor() as cursor:
        cursor.execute(text, given)
        return cursor.fetchall()  # type: ignore[no-any-return]


def places(count: int) -> str:
    """Return the places of a list of values, for `IN (...)`."""
    return ", ".join(["%s"] * count)


def moment(when: datetime | None) -> Any:
    """Return a time as a column of this database takes it."""
    return None if when is None else _moment(database.vendor, when)


@lru_cache(maxsize=256)
def _moment(vendor: str, when: datetime) -> Any:
    return database.ops.adapt_datetimefield_value(when)


def moment_of(value: Any) -> datetime:
    """Return the time that a column holds, read with `values`."""
    for step in (*database.ops.get_db_converters(_SOME_TIME), *_SOME_TIME.output_field.get_db_converters(database)):
        value = step(value, _SOME_TIME, database)
    return value  # type: ignore[no-any-return]


_SOME_TIME = Col("", models.DateTimeField())

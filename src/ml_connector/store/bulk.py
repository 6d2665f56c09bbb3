"""Many new rows at once, without an object for each: a fifth of the cost of building them through the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection as database
from django.db import models


def insert(model: type[models.Model], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given by column; columns that a row leaves out take the model's default.

    All rows name the same columns. Values are as the database takes them: bytes, text, numbers; times from `moment`.
    """
    if not rows:
        return
    blank = model()
    columns = {
        str(field.column): field.get_db_prep_save(getattr(blank, field.attname), database)
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated)
    }
    names = ", ".join(columns)
    places = ", ".join(["%s"] * len(columns))
    defaults = list(columns.items())
    with database.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({places})",  # noqa: S608  # names of ours
            [tuple(row.get(name, default) for name, default in defaults) for row in rows],
        )

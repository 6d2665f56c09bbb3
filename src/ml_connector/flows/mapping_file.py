"""A file of mappings, as spreadsheet programs write it: read whole, or refused with the lines that are wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ml_connector.core.errors import NeedsOperator

COLUMNS = ("kind", "code", "target", "target_name")
_NEEDED = COLUMNS[:3]
_SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line that names a target."""

    line: int  #: its first line in the file, counted from 1
    kind: str
    code: str
    target: str


def read_rows(text: str) -> Sequence[Row]:
    """Read the rows that name a target. Columns are separated by comma, semicolon or tab, as the first line has it.

    Raises:
        NeedsOperator: it is no such file, or a line cannot be understood; the sentence names the lines.
    """
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise NeedsOperator(f"Line {line}: there is a byte of zero, which no text has; save the file as CSV UTF-8.")
    lines = _lines(text)
    _, names = next(lines, (1, []))
    places = _places(names)
    problems: list[str] = []
    found: list[Row] = []
    for line, cells in lines:
        if len(cells) > len(names):
            problems.append(f"Line {line}: there are {len(cells)} fields, but the first line has {len(names)} columns.")
            continue
        kind, code, target = (cells[place].strip() if place < len(cells) else "" for place in places)
        if target:
            found.append(Row(line=line, kind=kind, code=code, target=target))
    if problems:
        raise NeedsOperator(" ".join(problems))
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of every line that is not empty, with its number."""
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(_SEPARATORS, key=head.count), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise NeedsOperator(
                f"Line {line}: a quotation mark is not closed, or stands inside of a field; double it there."
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _places(names: Sequence[str]) -> list[int]:
    columns = [name.strip().lower() for name in names]
    doubled = sorted({name for name in columns if name in COLUMNS and columns.count(name) > 1})
    if doubled:
        raise NeedsOperator(f"Line 1: the column {doubled[0]} is there more than once; keep one of them.")
    if not set(_NEEDED) <= set(columns):
        raise NeedsOperator(f"The file needs a first line with the columns {', '.join(_NEEDED)}.")
    return [columns.index(name) for name in _NEEDED]

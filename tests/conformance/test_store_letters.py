"""Whoever looks for a name finds it whatever the case of its letters, in every alphabet and on both databases."""

from __future__ import annotations

import pytest
from django.db import connection as database
from store_builders import T0, a_connection, a_record

from ml_connector.core.books import ListKind
from ml_connector.store import list_pages, lists

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("M\u00dcLLER & S\u00d6HNE", "m\u00fcller"), ("\u0141\u00f3d\u017a Steel", "\u0142\u00d3D\u0179"),
        ("\u0414\u043e\u043c", "\u0414\u041e\u041c"), ("\u00c9lan Vital", "\u00e9LAN"), ("Acme", "ACM"),
        ("100% Paint_Co", "100% paint_"),
    ],
)  # fmt: skip
def test_a_name_is_found_whatever_the_case_of_its_letters(database: object, name: str, asked: str) -> None:
    connection = a_connection()
    records = [a_record("1-1", ListKind.VENDOR, full_name=name), a_record("2-2", ListKind.VENDOR, full_name="Other")]
    lists.store_records(connection, records, {}, T0)
    found = list_pages.search(connection.pk, [ListKind.VENDOR], asked, 10)
    assert [entry.full_name for entry in found] == [name]


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("Anna", "a%", True), ("Anna", "%n", False), ("Anna", "a__a", True), ("Anna", "a_a", False), ("", "%", True),
        ("a%c", "a!%c", True), ("abc", "a!%c", False), ("a\nb", "a%b", True), ("[x]", "%[x]%", True), ("ab", "%%", True),
        ("a_b", "%!_%", True), ("ab", "%!_%", False), (None, "%", None),
    ],
)  # fmt: skip
def test_patterns_mean_the_same_on_both_databases(text: str | None, pattern: str, fits: bool | None) -> None:
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("SELECT CAST(%s AS text) ILIKE %s ESCAPE '!'", [text, pattern])
        else:
            cursor.execute("SELECT %s LIKE %s ESCAPE '!'", [text, pattern])
        (found,) = cursor.fetchone() or ()
    assert found == fits

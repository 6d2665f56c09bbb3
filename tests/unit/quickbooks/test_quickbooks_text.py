"""Text reduced to what QuickBooks keeps, and written as pure ASCII XML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from quickbooks_builders import any_text

from ml_connector.quickbooks.text import CleanText, ascii_xml, clean


@pytest.mark.parametrize(
    ("written", "kept", "replaced"),
    [
        ("Northwind", "Northwind", False),
        ("“Décor” – lobby…", '"Décor" - lobby...', False),
        ("De\u0301cor", "Décor", False),
        ("50 µm ½ € ™", "50 µm ½ € ™", False),
        ("ﬁne Ⅳ １２", "fine IV 12", False),
        ("Łódź 東京", "?ód? ??", True),
        ("a\x00b\x1fc", "abc", False),
        ("zero\u200bwidth", "zerowidth", False),
        ("  outer blanks  ", "outer blanks", False),
        ("one\r\ntwo\rthree", "one\ntwo\nthree", False),
        ("half \ud800", "half ?", True),
    ],
)
def test_text_keeps_what_quickbooks_can_hold(written: str, kept: str, replaced: bool) -> None:
    cleaned = clean(written, 100)
    assert (cleaned.text, cleaned.replaced, cleaned.cut) == (kept, replaced, False)


def test_a_name_is_one_line() -> None:
    assert clean("Northwind \r\n\t Traders", 41, one_line=True).text == "Northwind Traders"


def test_what_is_too_long_is_cut_and_said_so() -> None:
    assert clean("1234 5678", 5) == CleanText(text="1234", cut=True)


@given(any_text, st.booleans())
def test_cleaning_clean_text_changes_nothing(text: str, one_line: bool) -> None:
    once = clean(text, 200, one_line=one_line)
    twice = clean(once.text, 200, one_line=one_line)
    assert twice.text == once.text
    assert not twice.replaced
    assert not twice.cut


@given(any_text, st.integers(min_value=1, max_value=30))
def test_clean_text_fits_windows_1252_and_the_limit(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    cleaned.text.encode("cp1252")
    assert len(cleaned.text) <= limit


@given(any_text)
def test_any_text_becomes_ascii_xml_that_reads_back_as_the_cleaned_text(text: str) -> None:
    cleaned = clean(text, 1000).text
    written = f'<a b="{ascii_xml(cleaned)}">{ascii_xml(cleaned)}</a>'
    assert written.isascii()
    read = etree.fromstring(written.encode("ascii"))
    assert (read.text or "") == cleaned
    assert read.get("b") == cleaned


@given(any_text)
def test_text_that_was_not_cleaned_still_becomes_well_formed(text: str) -> None:
    etree.fromstring(f"<a>{ascii_xml(text)}</a>".encode("ascii"))


def test_a_carriage_return_survives_the_envelope() -> None:
    assert etree.fromstring("<a>" + ascii_xml("x\r\ny") + "</a>").text == "x\r\ny"

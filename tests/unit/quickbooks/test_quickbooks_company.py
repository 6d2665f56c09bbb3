"""The company file, the version and the clock that answer in the first call of a session."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from quickbooks_builders import golden_text

from ml_connector.core.records import CompanyFile
from ml_connector.quickbooks.company import CompanyUnknown, read_company
from ml_connector.quickbooks.hardened import UnreadableAnswer
from ml_connector.quickbooks.stamps import ask_since, naive_local, newest
from ml_connector.quickbooks.versions import NEWEST, Version, VersionTooOld, negotiate

OWNER = "{6F0C1D0E-3B0A-4A55-9D33-2C8B7F5A1001}"


def test_a_company_file_is_known_by_our_own_mark_in_it() -> None:
    assert read_company(golden_text("answer_first_call.xml"), OWNER) == CompanyFile(
        company_name="Cascade Décor, Inc.",
        file_ids=("{0d7b8c52-77a1-4e0e-9f40-6d1f0e9c2002}",),
        product="QuickBooks Enterprise Solutions: Manufacturing and Wholesale 24.0",
        supported_versions=("1.0", "8.0", "13.0", "16.0"),
        country="US",
        class_tracking=True,
        multicurrency=True,
        home_currency_name="US Dollar",
        closing_date=date(2025, 12, 31),
        account_numbers=True,
    )


def test_marks_of_other_owners_are_not_ours() -> None:
    company = read_company(golden_text("answer_first_call.xml"), "{00000000-0000-4000-8000-000000000000}")
    assert company.file_ids == ()


@pytest.mark.parametrize("what", ["Host", "Company", "Preferences"])
def test_a_company_file_that_does_not_describe_itself_is_not_written_to(what: str) -> None:
    text = golden_text("answer_first_call.xml")
    with pytest.raises(CompanyUnknown, match=rf"describe its {what.lower()} \(status 0"):
        read_company(text.replace(f"{what}Ret>", "OtherRet>"), OWNER)
    with pytest.raises(CompanyUnknown, match="nothing"):
        read_company(text.replace(f"{what}QueryRs", "OtherRs"), OWNER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2025-12-31", "soon"),
        ("2025-12-31", "2025-13-31"),
        ("<IsUsingClassTracking>true", "<IsUsingClassTracking>maybe"),
        ("</QBXML>", ""),
        ("<QBXML>", "<!DOCTYPE x><QBXML>"),
    ],
)
def test_a_description_that_cannot_be_read_is_refused(old: str, new: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_company(golden_text("answer_first_call.xml").replace(old, new), OWNER)


@pytest.mark.parametrize(
    ("major", "minor", "supported", "spoken"),
    [
        (16, 0, (), "13.0"),
        ("13", "0", (), "13.0"),
        (10, 0, (), "10.0"),
        (16, 0, ("1.0", "8.0", "13.0", "16.0"), "13.0"),
        (16, 0, ("8.0", "9.0", "CA3.0"), "9.0"),
        (0, 0, ("12.0",), "12.0"),
        (8, 0, (), "8.0"),
    ],
)
def test_the_newest_common_version_is_spoken(major: int, minor: int, supported: tuple[str, ...], spoken: str) -> None:
    assert str(negotiate(major, minor, supported)) == spoken


@pytest.mark.parametrize(
    ("major", "minor", "supported", "says"),
    [
        (7, 0, (), "too old to post"),
        (16, 0, ("6.0", "7.0"), "qbXML 7.0"),
        ("", "", (), "did not say"),
        (0, 0, (), "did not"),
    ],
)
def test_a_version_that_cannot_carry_a_bill_is_refused_with_the_next_step(
    major: int, minor: int, supported: tuple[str, ...], says: str
) -> None:
    with pytest.raises(VersionTooOld, match=says):
        negotiate(major, minor, supported)


def test_what_older_versions_lose_is_said() -> None:
    assert NEWEST.losses == ()
    assert len(Version(10, 0).losses) == 1
    assert len(Version(8, 0).losses) == 2
    assert Version(9, 0).has_external_guid
    assert not Version(8, 0).has_external_guid


def test_stamps_are_compared_by_the_clock_they_show_and_sent_back_without_offset() -> None:
    stamps = ["2026-08-20T10:11:12-06:00", "", "2026-08-20T10:11:13-07:00", "2026-08-19"]
    assert newest(stamps) == "2026-08-20T10:11:13-07:00"
    assert newest([]) == ""
    assert ask_since(newest(stamps)) == datetime.fromisoformat("2026-08-20T10:01:13")
    assert ask_since("") is None
    assert naive_local("2026-08-20") == datetime.fromisoformat("2026-08-20")
    assert naive_local("2026-08-20T10:11") == datetime.fromisoformat("2026-08-20T10:11")
    with pytest.raises(ValueError, match="not a date-time"):
        naive_local("yesterday")

"""Status codes, HRESULTs and the Web Connector's codes: judged, never guessed."""

from __future__ import annotations

import pytest

from ml_connector.quickbooks.failures import (
    HRESULTS,
    WEB_CONNECTOR_CODES,
    classify_hresult,
    explain_web_connector,
    hresult_number,
)
from ml_connector.quickbooks.statuses import (
    BY_WORDS,
    STATUSES,
    Fate,
    SetFate,
    classify_message_set,
    classify_status,
    explain,
)

DOCUMENTED = (
    0, 1, 500, 501, 510, 530, 531, 550, 560, 570, 1000, 1010, 1030, 1060, 3000, 3010, 3020, 3030, 3031, 3035, 3040,
    3070, 3100, 3120, 3140, 3150, 3160, 3170, 3171, 3175, 3176, 3180, 3200, 3210, 3220, 3231, 3250, 3260, 3261, 3262,
    3263, 3264, 3270, 3290, 3301, 3390, 3500,
)  # fmt: skip


def test_every_documented_status_is_in_the_table() -> None:
    assert sorted(STATUSES.keys() | BY_WORDS.keys()) == sorted(DOCUMENTED)


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (0, Fate.OK),
        (1, Fate.EMPTY),
        (500, Fate.INCOMPLETE),
        (530, Fate.WARNED),
        (550, Fate.WARNED),
        (1000, Fate.UNKNOWN),
        (1010, Fate.RETRY),
        (3040, Fate.PERMANENT),
        (3100, Fate.PERMANENT),
        (3140, Fate.PERMANENT),
        (3171, Fate.OPERATOR),
        (3175, Fate.RETRY),
        (3200, Fate.STALE),
        (3231, Fate.RETRY),
        (3250, Fate.OPERATOR),
        (3264, Fate.OPERATOR),
        (9100, Fate.PERMANENT),
        (9199, Fate.PERMANENT),
        (4711, Fate.UNKNOWN),
        (2, Fate.UNKNOWN),
    ],
)
def test_a_status_has_the_fate_of_its_code(code: int, fate: Fate) -> None:
    status = classify_status(code, "words")
    assert (status.fate, status.words) == (fate, "words")
    assert status.says
    assert status.do


@pytest.mark.parametrize("code", [3170, 3180])
@pytest.mark.parametrize(
    ("words", "fate"),
    [
        ("The list has been modified by another user.", Fate.RETRY),
        ("The internals could not be locked. They are in use by another user.", Fate.RETRY),
        ("QuickBooks failed to acquire the lock for this object.", Fate.RETRY),
        ("List element is in use.", Fate.RETRY),
        ("There was an error when saving a Bill. The credit limit is exceeded.", Fate.PERMANENT),
        ("The reference number is in use.", Fate.PERMANENT),
        ("", Fate.PERMANENT),
    ],
)
def test_the_words_decide_where_the_code_does_not(code: int, words: str, fate: Fate) -> None:
    assert classify_status(code, words).fate is fate


@pytest.mark.parametrize("code", [501, 510, 570])
def test_a_warning_that_leaves_a_write_open_is_unknown_for_writes_alone(code: int) -> None:
    assert classify_status(code, "").fate is Fate.PERMANENT
    assert classify_status(code, "", write=True).fate is Fate.UNKNOWN


def test_a_status_is_explained_with_quickbooks_own_words_and_the_next_step() -> None:
    text = explain(3140, 'There is an invalid reference to QuickBooks Class "8-1"\nin the Bill.')
    assert 'QuickBooks says: "There is an invalid reference to QuickBooks Class "8-1" in the Bill."' in text
    assert text.endswith("then retry.")
    assert explain(0, "Status OK") == "QuickBooks did it."


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (None, SetFate.ANSWERED),
        (0, SetFate.ANSWERED),
        (600, SetFate.NO_RECORD),
        (9001, SetFate.OTHER_CONTENT),
        (9002, SetFate.NO_RECORD),
        (9004, SetFate.BAD_NAME),
        (9005, SetFate.NOT_KEPT),
        (9999, SetFate.UNKNOWN),
    ],
)
def test_a_message_sets_status_is_judged_apart(code: int | None, fate: SetFate) -> None:
    assert classify_message_set(code) is fate


@pytest.mark.parametrize("text", ["0x8004041C", "0x8004041c", "8004041C", "-2147220452", " 0x8004041C ", "2147746844"])
def test_an_hresult_is_read_in_every_form_it_comes_in(text: str) -> None:
    assert hresult_number(text) == 0x8004041C


def test_only_an_error_of_parsing_or_version_proves_that_a_write_was_not_applied() -> None:
    for number in HRESULTS:
        failure = classify_hresult(f"0x{number:08X}", "words", write_in_flight=True)
        if number in {0x80040400, 0x80040423}:
            assert (failure.fate, failure.applied) == (Fate.PERMANENT, False)
        else:
            assert (failure.fate, failure.applied) == (Fate.UNKNOWN, None)
    for odd in ("", "0x12345678", "nonsense", "0x1234567890"):
        assert classify_hresult(odd, "", write_in_flight=True).fate is Fate.UNKNOWN


def test_without_a_write_the_code_says_who_must_act() -> None:
    assert classify_hresult("0x80040414", "", write_in_flight=False).fate is Fate.RETRY
    assert classify_hresult("0x8004041A", "", write_in_flight=False).fate is Fate.OPERATOR
    assert classify_hresult("0x80040402", "", write_in_flight=False).fate is Fate.UNKNOWN
    assert classify_hresult("0x8004041c", "", write_in_flight=False).hresult == "0x8004041C"


def test_every_documented_hresult_and_code_has_a_sentence_and_a_step() -> None:
    assert set(HRESULTS) == {
        *(0x80040400 + low for low in (0, 1, 2, 6, 8, 9, 0x0A, 0x0D, 0x10, 0x14, 0x16, 0x17, 0x18, 0x1A, 0x1B, 0x1C)),
        *(0x80040400 + low for low in (0x1D, 0x1E, 0x20, 0x21, 0x22, 0x23, 0x24, 0x27, 0x2A, 0x2C)),
        0x80040154,
        0x80010105,
    }
    for text in HRESULTS.values():
        assert text.says.endswith(".")
        assert text.do.endswith(".")
    for code in (*range(1000, 1016), *range(1022, 1032), 1034, 1035, 1036, 1037, 1039, *range(1040, 1047), 1048):
        assert code in WEB_CONNECTOR_CODES
        assert explain_web_connector(code).endswith(".")
    assert "not documented" in explain_web_connector(1999)

"""A connection's settings: each with a range and a reason; what is out of range is refused in a sentence."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.retry import LEAST_S, retry_delay_s
from ml_connector.core.settings import ConnectionSettings

ALL = fields(ConnectionSettings)
NUMBERS = [field for field in ALL if isinstance(field.default, int) and not isinstance(field.default, bool)]


def named(field: Field[Any]) -> str:
    return field.name


@pytest.mark.parametrize("field", ALL, ids=named)
def test_every_setting_has_a_reason(field: Field[Any]) -> None:
    assert field.metadata["why"].endswith(".")


@pytest.mark.parametrize("field", NUMBERS, ids=named)
def test_every_number_keeps_to_its_range(field: Field[Any]) -> None:
    low, high = field.metadata["low"], field.metadata["high"]
    assert low <= field.default <= high
    for allowed in (low, high):
        assert getattr(ConnectionSettings().changed({field.name: allowed}), field.name) == allowed
    for outside in (low - 1, high + 1, -1, 10**30):
        with pytest.raises(NeedsOperator, match=f"{field.name} is a whole number from {low} to {high}"):
            ConnectionSettings().changed({field.name: outside})


@pytest.mark.parametrize("field", NUMBERS, ids=named)
@pytest.mark.parametrize("nonsense", ["", "five", "1.5", 1.5, True, None, "1e3"])
def test_what_is_no_whole_number_is_refused(field: Field[Any], nonsense: object) -> None:
    with pytest.raises(NeedsOperator, match="whole number"):
        ConnectionSettings().changed({field.name: nonsense})


@pytest.mark.parametrize("field", NUMBERS, ids=named)
def test_every_interval_can_be_set_down_to_one_second(field: Field[Any]) -> None:
    if field.name.endswith("_s") and field.name not in {"session_expires_s", "overlap_s"}:
        assert field.metadata["low"] == 1


def test_a_setting_may_be_written_as_text_and_with_dashes() -> None:
    changed = ConnectionSettings().changed({"invoice-poll-s": "30", "post-payment-blocked": "yes", "language": "de-DE"})
    assert (changed.invoice_poll_s, changed.post_payment_blocked, changed.language) == (30, True, "de-DE")


@pytest.mark.parametrize(
    ("word", "meaning"), [("on", True), ("TRUE", True), ("1", True), ("off", False), ("No", False), ("0", False)]
)
def test_yes_and_no_have_several_words(word: str, meaning: bool) -> None:
    assert ConnectionSettings().changed({"post_payment_blocked": word}).post_payment_blocked is meaning


def test_yes_or_no_is_not_guessed_at() -> None:
    with pytest.raises(NeedsOperator, match="yes or no"):
        ConnectionSettings().changed({"post_payment_blocked": "maybe"})


@pytest.mark.parametrize("field", [field for field in ALL if "words" in field.metadata], ids=named)
def test_every_choice_takes_its_words_and_nothing_else(field: Field[Any]) -> None:
    for allowed in field.metadata["words"]:
        assert getattr(ConnectionSettings().changed({field.name: allowed}), field.name) == allowed
    for outside in ("", "maybe", field.default.upper()):
        with pytest.raises(NeedsOperator, match=rf"^{field.name} is .* or .*, not .*\.$"):
            ConnectionSettings().changed({field.name: outside})


@pytest.mark.parametrize("field", [field for field in ALL if "least" in field.metadata], ids=named)
def test_every_text_keeps_to_what_basware_takes(field: Field[Any]) -> None:
    least, most = field.metadata["least"], field.metadata["most"]
    for allowed in ("x" * least, "x" * most, "é" * most):
        assert getattr(ConnectionSettings().changed({field.name: allowed}), field.name) == allowed
    for outside in ("x" * (most + 1), "x" * (least - 1) if least else "x\n", "a\tb", "\u200b" * least or "\u200b"):
        with pytest.raises(
            NeedsOperator, match=rf"^{field.name} has {least} to {most} printable characters, not .*\.$"
        ):
            ConnectionSettings().changed({field.name: outside})


def test_an_unknown_setting_is_refused_with_the_names_of_the_known_ones() -> None:
    with pytest.raises(NeedsOperator, match=r"no setting 'speed'.*answer_s, .*web_connector_every_s"):
        ConnectionSettings().changed({"speed": 1})


def test_a_refused_change_changes_nothing() -> None:
    before = ConnectionSettings()
    with pytest.raises(NeedsOperator):
        before.changed({"page_size": 5, "sweep_s": 0})
    assert before == ConnectionSettings()


def test_settings_written_to_a_row_read_back_the_same() -> None:
    changed = ConnectionSettings().changed({"page_size": 5, "post_payment_blocked": True})
    assert ConnectionSettings().changed(changed.as_dict()) == changed


# Bases that the settings allow, as far as they lie below the longest wait.
BASES = st.floats(0.1, 900.0)
JITTERS = st.floats(0, 1)


@given(failures=st.integers(1, 10**6), jitter=JITTERS, base_s=BASES)
def test_a_wait_grows_and_spreads_but_never_without_end(failures: int, jitter: float, base_s: float) -> None:
    wait = retry_delay_s(failures, jitter, base_s=base_s)
    ceiling = min(900.0, base_s * 2.0 ** min(failures - 1, 30))
    assert min(ceiling, LEAST_S) <= wait <= ceiling
    assert wait == pytest.approx(max(ceiling * jitter, min(ceiling, LEAST_S)))
    assert 0 < wait <= 900.0


@given(failures=st.integers(1, 100), jitter=JITTERS, base_s=BASES, asked=st.floats(0, 10**6))
def test_a_wait_that_was_asked_for_is_never_cut_short(
    failures: int, jitter: float, base_s: float, asked: float
) -> None:
    wait = retry_delay_s(failures, jitter, base_s=base_s, retry_after_s=asked)
    assert wait == max(asked, retry_delay_s(failures, jitter, base_s=base_s))


@given(failures=st.integers(1, 50), jitter=JITTERS, base_s=BASES)
def test_one_more_failure_never_shortens_the_wait(failures: int, jitter: float, base_s: float) -> None:
    sooner, later = (retry_delay_s(n, jitter, base_s=base_s) for n in (failures, failures + 1))
    assert later >= sooner


def test_the_first_wait_is_anything_from_a_second_to_the_base_and_the_longest_can_be_chosen() -> None:
    assert retry_delay_s(1, 0.0, base_s=4.0) == 1.0
    assert retry_delay_s(1, 0.5, base_s=4.0) == 2.0
    assert retry_delay_s(1, 1.0, base_s=4.0) == 4.0
    assert retry_delay_s(50, 1.0, base_s=4.0, cap_s=60.0) == 60.0

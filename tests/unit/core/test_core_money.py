"""Money is exact or it is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from core_builders import usd
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.money import AMOUNT_BOUND, InexactAmount, Money, cents_text, exact_decimal
from ml_connector.store.cents import cents, from_cents

AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("amount", ["0.001", "1.005", "-0.0000001", "9999999999999.999"])
def test_an_amount_finer_than_a_cent_is_refused_and_not_rounded(amount: str) -> None:
    for read in (lambda: usd(amount), lambda: exact_decimal(amount), lambda: cents_text(Decimal(amount))):
        with pytest.raises(InexactAmount):
            read()


@pytest.mark.parametrize("amount", ["1.50", "1.500000", "1.5", "2", "-0.01", "1E+3"])
def test_zeros_after_the_second_decimal_are_no_finer_amount(amount: str) -> None:
    assert usd(amount).amount == Decimal(amount)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_amount(amount: str) -> None:
    for read in (usd, lambda a: cents_text(Decimal(a)), lambda a: cents(Decimal(a))):
        with pytest.raises(InexactAmount):
            read(amount)


@pytest.mark.parametrize(
    "text",
    ["", " ", ".", "-", "+", "1,200.50", "1.200,50", "1e3", "1E3", "0x10", "--1", "1.2.3", "1 000", "١", "²", "NaN"],
)
def test_a_number_written_in_any_other_way_is_refused_rather_than_guessed_at(text: str) -> None:
    with pytest.raises(InexactAmount, match="plain decimal number"):
        exact_decimal(text)


@pytest.mark.parametrize(
    ("text", "amount"), [("1200.50", "1200.50"), (" -3 ", "-3"), ("+7.1", "7.1"), (".5", "0.5"), ("5.", "5")]
)
def test_a_plain_decimal_number_is_read_as_it_stands(text: str, amount: str) -> None:
    assert exact_decimal(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["9" * 17, "-" + "9" * 30, "9" * 5000, "1" + "0" * 16, "9" * 40 + ".001"])
def test_a_figure_with_more_digits_than_can_be_counted_exactly_is_refused(text: str) -> None:
    amount = Decimal(text)
    for read in (
        lambda: exact_decimal(text),
        lambda: Money(amount, "USD"),
        lambda: cents_text(amount),
        lambda: cents(amount),
    ):
        with pytest.raises(InexactAmount):
            read()


def test_the_largest_amount_fits_a_row_of_64_bits() -> None:
    assert cents(AMOUNT_BOUND - Decimal("0.01")) < 2**63


def test_cents_beyond_the_precision_of_decimal_arithmetic_are_still_noticed() -> None:
    with pytest.raises(InexactAmount):
        cents(Decimal("1.0000000000000000000000000000001"))
    with pytest.raises(InexactAmount):
        usd("1.0000000000000000000000000000001")


def test_amounts_of_different_currencies_are_never_added() -> None:
    with pytest.raises(InexactAmount, match="currencies differ"):
        usd("1") + usd("1", "CAD")
    with pytest.raises(InexactAmount, match="currencies differ"):
        usd("1") - usd("1", "CAD")


def test_a_sum_that_leaves_the_exact_range_is_refused() -> None:
    large = usd(AMOUNT_BOUND - 1)
    with pytest.raises(InexactAmount):
        large + large


@given(first=AMOUNTS, second=AMOUNTS)
def test_sums_and_differences_are_exact_to_the_cent(first: Decimal, second: Decimal) -> None:
    a, b = usd(first), usd(second)
    assert cents((a + b).amount) == cents(first) + cents(second)
    assert cents((a - b).amount) == cents(first) - cents(second)
    assert cents((-a).amount) == -cents(first)


@given(amount=AMOUNTS)
def test_what_is_written_with_two_decimals_reads_back_as_the_same_amount(amount: Decimal) -> None:
    text = cents_text(amount)
    assert len(text.partition(".")[2]) == 2
    assert exact_decimal(text) == amount


@given(whole=st.integers(min_value=-(10**17), max_value=10**17))
def test_cents_turn_into_an_amount_and_back(whole: int) -> None:
    assert cents(from_cents(whole)) == whole


@given(amount=st.decimals(allow_nan=True, allow_infinity=True))
def test_no_decimal_whatever_gives_anything_but_an_exact_amount_or_a_refusal(amount: Decimal) -> None:
    try:
        whole = cents(amount)
    except InexactAmount:
        return
    assert Decimal(whole).scaleb(-2) == amount


@given(text=st.text(alphabet="0123456789.+-eE, _", max_size=45))
def test_no_text_whatever_gives_anything_but_an_exact_amount_or_a_refusal(text: str) -> None:
    try:
        amount = exact_decimal(text)
    except InexactAmount:
        return
    assert cents(amount) == amount * 100

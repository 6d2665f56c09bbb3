"""Money: exact or refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_CENT = Decimal("0.01")

#: Amounts are below this. QuickBooks holds less (13 digits before the point), rows count cents in 64 bits, and decimal
#: arithmetic rounds silently from the 29th digit on: below this limit every sum is exact and every amount fits a row.
AMOUNT_BOUND = Decimal(10) ** 16


class InexactAmount(ValueError):
    """The amount cannot be held to the cent. It is not rounded, because a cent lost can never be reconciled."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency, exact to the cent; QuickBooks keeps two decimals whatever the currency.

    Raises:
        InexactAmount: the amount is not finite, is finer than a cent, or reaches `AMOUNT_BOUND`.
    """

    amount: Decimal  #: at most two decimals; signed; below AMOUNT_BOUND
    currency: str  #: ISO 4217 code, upper case

    def __post_init__(self) -> None:
        amount = self.amount
        if amount.same_quantum(_CENT) and -AMOUNT_BOUND < amount < AMOUNT_BOUND:
            return  # two decimals already, as nearly all are: there is nothing to compute
        if not amount.is_finite():
            raise InexactAmount(f"{self.amount} is not an amount")
        if abs(amount) >= AMOUNT_BOUND:
            raise InexactAmount(f"{self.amount} {self.currency} has more digits than an amount")
        if amount != round(amount, 2):
            raise InexactAmount(f"{self.amount} {self.currency} is not exact to the cent")

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"

    def _same_currency(self, other: Money) -> None:
        if other.currency != self.currency:
            raise InexactAmount(f"{other} cannot be added to {self}: the currencies differ")


def exact_decimal(text: str) -> Decimal:
    """Read an amount written with a decimal point, such as `1200.50` or `-3`.

    Raises:
        InexactAmount: not a plain decimal number, finer than a cent, or not below `AMOUNT_BOUND`. Grouping marks and
            exponents are refused rather than guessed at.
    """
    stripped = text.strip()
    body = stripped[1:] if stripped[:1] in {"+", "-"} else stripped
    if not body or not all(c in "0123456789." for c in body) or body.count(".") > 1:
        raise InexactAmount(f"{text!r} is not a plain decimal number")
    try:
        value = Decimal(stripped)
    except InvalidOperation:
        raise InexactAmount(f"{text!r} is not a plain decimal number") from None
    if abs(value) >= AMOUNT_BOUND:
        raise InexactAmount(f"{text!r} has more digits than an amount")
    if value != round(value, 2):
        raise InexactAmount(f"{text!r} is finer than a cent")
    return value


def cents_text(amount: Decimal) -> str:
    """Write an amount with exactly two decimals.

    Raises:
        InexactAmount: the amount is not finite, is finer than a cent, or reaches `AMOUNT_BOUND`.
    """
    if not amount.is_finite() or abs(amount) >= AMOUNT_BOUND:
        raise InexactAmount(f"{amount} is not an amount that can be written")
    quantized = amount.quantize(_CENT)
    if quantized != amount:
        raise InexactAmount(f"{amount} is finer than a cent")
    return f"{quantized:f}"

"""Amounts in rows: whole cents, so that sums are exact in every database."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.core.money import AMOUNT_BOUND, InexactAmount


def cents(amount: Decimal) -> int:
    """Return an amount in cents.

    Raises:
        InexactAmount: it is not finite, is finer than a cent, or reaches `AMOUNT_BOUND`.
    """
    if not amount.is_finite() or abs(amount) >= AMOUNT_BOUND:
        raise InexactAmount(f"{amount} is not an amount that can be kept")
    whole = int(amount * 100)
    if from_cents(whole) != amount:
        raise InexactAmount(f"{amount} is finer than a cent")
    return whole


def from_cents(value: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(value).scaleb(-2)

"""Amounts in rows: whole cents, so that sums are exact in every database."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.core.money import InexactAmount


def cents(amount: Decimal) -> int:
    """Return an amount in cents.

    Raises:
        InexactAmount: it is finer than a cent.
    """
    scaled = amount * 100
    whole = int(scaled)
    if whole != scaled:
        raise InexactAmount(f"{amount} is finer than a cent")
    return whole


def from_cents(value: int) -> Decimal:
    """Return cents as an amount with two decimals."""
    return Decimal(value).scaleb(-2)

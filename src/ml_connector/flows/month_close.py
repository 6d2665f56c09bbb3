"""The month's signature: who answers for which figures, and what was changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.reconciliation import Month, as_values, month, month_words
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import months
from ml_connector.store.chain import Entry, writing
from ml_connector.store.models import Connection
from ml_connector.store.signoffs import SignOff

_REMARK_CHARS = 500
SIGNED, CHANGED = "Signed", "Changed since it was signed"
_AMOUNTS = ("basware", "connector", "quickbooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One supplier's sums that are not what was signed."""

    currency: str
    code: str
    name: str
    signed: Mapping[str, Decimal]  #: by column
    now: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A month that was signed, and what was changed since."""

    row: SignOff
    changes: Sequence[Change]
    earlier: Sequence[SignOff]  #: signatures before this one, the latest first


def signature(found: Month) -> Signature | None:
    """Return who signed a month last, and how it differs from what was signed; None if nobody did."""
    rows = months.sign_offs(found.connection.pk, found.period)
    if not rows:
        return None
    return Signature(row=rows[0], changes=_changes(rows[0].figures, as_values(found)), earlier=rows[1:])


def signature_as_values(signed: Signature | None) -> dict[str, Any]:
    """Return who signed a month, and how many suppliers changed since, as plain values."""
    return {
        "signed_by": signed.row.actor if signed else None,
        "signed_at": signed.row.at.isoformat() if signed else None,
        "changed_since": len(signed.changes) if signed else None,
    }


def changed_months(connection: Connection, periods: Sequence[str]) -> dict[str, str]:
    """Say of each of these months whether it is signed, and whether it was changed since."""
    signed = months.latest_sign_offs(connection, periods)
    said = {}
    for period, row in signed.items():
        differs = _changes(row.figures, as_values(month(connection, period)))
        said[period] = CHANGED if differs else SIGNED
    return said


def _changes(signed: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    before = {(one["currency"], one["code"]): one for one in signed["suppliers"]}
    after = {(one["currency"], one["code"]): one for one in now["suppliers"]}
    found = []
    for key in sorted(before.keys() | after.keys()):
        was, is_now = _amounts(before.get(key)), _amounts(after.get(key))
        if was != is_now:
            name = (after.get(key) or before[key])["name"]
            found.append(Change(currency=key[0], code=key[1], name=name, signed=was, now=is_now))
    return found


def _amounts(one: Mapping[str, Any] | None) -> dict[str, Decimal]:
    return {name: Decimal(one[name]) if one else Decimal(0) for name in _AMOUNTS}


def digest_of(found: Month) -> str:
    """Name the figures of a month. What does not belong to them, such as when QuickBooks was asked, is left out."""
    values = as_values(found)
    return _digest({name: values[name] for name in ("connection", "period", "unread", "totals", "suppliers")})


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign(
    surroundings: Surroundings, connection: Connection, period: str, remark: str, actor: str, *, seen: str = ""
) -> SignOff:
    """Sign a month: its figures are frozen as they stand, under a person's name.

    `seen` is the digest of the figures that the person looked at; without it, those of this moment are meant.

    Raises:
        NeedsOperator: the figures changed since the person looked, there is nothing to sign, or a difference has no remark.
    """
    words = " ".join(remark.split())[:_REMARK_CHARS]
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        found = month(ledger.connection, period)
        if seen and seen != digest_of(found):
            raise NeedsOperator("The figures changed while you looked at them. Look at them again, then sign.")
        if not found.totals and not found.unread:
            raise NeedsOperator(f"Nothing counts in {month_words(period)}; there is nothing to sign.")
        if not found.agrees and not words:
            raise NeedsOperator(
                "The three columns do not agree. Say in the remark why the month is signed all the same."
            )
        row = SignOff.objects.create(
            connection=connection,
            period=period,
            at=ledger.now,
            actor=actor[:80],
            remark=words,
            figures=as_values(found),
            digest=digest_of(found),
        )
        ledger.note(Entry(event="month_signed", words=_in_words(found, row)))
    return row


def _in_words(found: Month, row: SignOff) -> str:
    totals = "; ".join(
        f"{one['currency']} {' / '.join(one[name] for name in _AMOUNTS)}" for one in as_values(found)["totals"]
    )
    agrees = "agrees" if found.agrees else "does not agree"
    remark = f" Remark: {row.remark}" if row.remark else ""
    return (
        f"{month_words(found.period)} was signed by {row.actor}; it {agrees}. Basware / connector / QuickBooks: {totals}."
        f"{remark} SHA-256 of the figures: {row.digest}."
    )

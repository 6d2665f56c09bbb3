"""Is a Bill still what it was? What QuickBooks holds now against what was entered, or accepted since, field by field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.core.plan_values import BillPlan
from ml_connector.core.records import LedgerTxn


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLine:
    """What counts of one expense line."""

    account: str  #: ListID
    amount: Decimal
    customer: str = ""  #: ListID of the customer or job
    class_: str = ""  #: ListID


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What counts of a Bill or VendorCredit; None where it is not known what was entered."""

    vendor: str  #: ListID
    amount: Decimal
    ref_number: str | None = None
    txn_date: str | None = None  #: ISO date
    lines: tuple[HeldLine, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not as it was."""

    words: str  #: what it was and what it is
    gone: str = ""  #: ListID of the vendor or account that it pointed to, where that alone changed
    into: str = ""  #: ListID of the one that it points to now


def held_by(txn: LedgerTxn) -> Held:
    """Return what QuickBooks holds. The transaction is to be read with its lines."""
    return Held(
        vendor=txn.vendor,
        amount=txn.amount,
        ref_number=txn.ref_number,
        txn_date=txn.txn_date.isoformat(),
        lines=tuple(
            HeldLine(account=line.account, amount=line.amount, customer=line.customer, class_=line.class_)
            for line in txn.lines
        ),
    )


def planned(plan: BillPlan, ref_number: str) -> Held:
    """Return what QuickBooks is to hold by a plan; `ref_number` as it will hold it."""
    return Held(
        vendor=plan.vendor.list_id,
        amount=plan.total.amount,
        ref_number=ref_number,
        txn_date=plan.txn_date.isoformat(),
        lines=tuple(
            HeldLine(
                account=line.account.list_id,
                amount=line.amount.amount,
                customer=line.customer.list_id if line.customer else "",
                class_=line.class_.list_id if line.class_ else "",
            )
            for line in plan.lines
        ),
    )


def differences(was: Held, now: Held, named: Callable[[str], str]) -> list[Difference]:
    """Return what differs; `named` gives a list entry's name by its ListID.

    Payments, credits set off, memos and the order of lines make no difference.
    """
    found = []
    if was.vendor != now.vendor:
        words = f"vendor {named(was.vendor)} -> {named(now.vendor)}"
        found.append(Difference(words=words, gone=was.vendor, into=now.vendor))
    if was.txn_date is not None and was.txn_date != now.txn_date:
        found.append(Difference(words=f"date {was.txn_date} -> {now.txn_date}"))
    if was.ref_number is not None and was.ref_number != now.ref_number:
        found.append(Difference(words=f"number {was.ref_number or 'none'} -> {now.ref_number or 'none'}"))
    if was.amount != now.amount:
        found.append(Difference(words=f"amount {was.amount:.2f} -> {now.amount:.2f}"))
    if was.lines is not None and now.lines is not None:
        found += _in_lines(was.lines, now.lines, named)
    return found


def _in_lines(was: Sequence[HeldLine], now: Sequence[HeldLine], named: Callable[[str], str]) -> list[Difference]:
    left, came = list(enumerate(was, start=1)), list(now)
    for place in list(left):
        if place[1] in came:
            came.remove(place[1])
            left.remove(place)
    found: list[Difference] = []
    for (number, old), new in zip(left, came, strict=False):
        if old.account != new.account:
            words = f"line {number} account {named(old.account)} -> {named(new.account)}"
            found.append(Difference(words=words, gone=old.account, into=new.account))
        for what, before, after in (("class", old.class_, new.class_), ("job", old.customer, new.customer)):
            if before != after:
                found.append(Difference(words=f"line {number} {what} {named(before)} -> {named(after)}"))
        if old.amount != new.amount:
            found.append(Difference(words=f"line {number} amount {old.amount:.2f} -> {new.amount:.2f}"))
    for number, old in left[len(came) :]:
        found.append(Difference(words=f"line {number} of {old.amount:.2f} on {named(old.account)} was removed"))
    for new in came[len(left) :]:
        found.append(Difference(words=f"a line of {new.amount:.2f} on {named(new.account)} was added"))
    return found


def with_merged(was: Held, gone: Collection[str], now: Held) -> Held:
    """Return what was entered with entries that were merged into others named as they are now.

    A vendor or account that a Bill uses cannot be deleted in QuickBooks, only merged into another one.
    """
    vendor = now.vendor if was.vendor in gone else was.vendor
    if was.lines is None or now.lines is None or len(was.lines) != len(now.lines):
        return Held(vendor=vendor, amount=was.amount, ref_number=was.ref_number, txn_date=was.txn_date, lines=was.lines)
    lines = tuple(
        HeldLine(account=after.account, amount=old.amount, customer=old.customer, class_=old.class_)
        if old.account in gone
        else old
        for old, after in zip(was.lines, now.lines, strict=True)
    )
    return Held(vendor=vendor, amount=was.amount, ref_number=was.ref_number, txn_date=was.txn_date, lines=lines)


def merges(found: Sequence[Difference], gone: Collection[str]) -> dict[str, str]:
    """Return into which entry each entry that is gone was merged, by ListID, where all that is found says the same."""
    said: dict[str, set[str]] = {}
    for difference in found:
        if difference.gone in gone:
            said.setdefault(difference.gone, set()).add(difference.into)
    return {one: into.pop() for one, into in said.items() if len(into) == 1 and not into & set(gone)}


def held_as_json(held: Held) -> dict[str, Any]:
    """Write it for a row."""
    lines = None if held.lines is None else [[x.account, str(x.amount), x.customer, x.class_] for x in held.lines]
    return {
        "vendor": held.vendor,
        "amount": str(held.amount),
        "ref_number": held.ref_number,
        "txn_date": held.txn_date,
        "lines": lines,
    }


def held_from_json(written: dict[str, Any]) -> Held:
    """Read it from a row."""
    lines = written["lines"]
    return Held(
        vendor=written["vendor"],
        amount=Decimal(written["amount"]),
        ref_number=written["ref_number"],
        txn_date=written["txn_date"],
        lines=None
        if lines is None
        else tuple(
            HeldLine(account=account, amount=Decimal(amount), customer=customer, class_=class_)
            for account, amount, customer, class_ in lines
        ),
    )

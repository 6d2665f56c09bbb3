"""Is this document in QuickBooks already? Decided on what QuickBooks answered, never on what we hope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from ml_connector.core.books import ListId, TxnId
from ml_connector.core.faults import Fault
from ml_connector.core.identity import tags_in
from ml_connector.core.records import LedgerTxn


class Verdict(StrEnum):
    """What the candidates mean."""

    ABSENT = "absent"  #: nothing there that could be it
    OURS = "ours"  #: carries our own tag, same vendor, same amount
    LINKABLE = "linkable"  #: entered by a person: same vendor, number, date and amount
    QUESTION = "question"  #: a person must decide


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The verdict, the transaction it points to, and the fault that puts the question."""

    verdict: Verdict
    found: LedgerTxn | None = None
    fault: Fault | None = None


ABSENT = Match(verdict=Verdict.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for: enough of a plan to recognise its Bill again."""

    vendor: ListId
    ref_number: str
    txn_date: str  #: ISO date
    invoice_date: str  #: ISO date on the supplier's paper, which a person would type; may be empty
    total: Decimal
    external_guid: str
    tag: str
    wanted_txn_id: str = ""  #: a person named this transaction as the right one
    earlier_txn_id: str = ""  #: it was entered as this before a person gave up on it
    post_new: bool = False  #: a person said that look-alikes are other invoices
    in_doubt: bool = False  #: we may have added it ourselves


def match(sought: Sought, candidates: Sequence[LedgerTxn]) -> Match:
    """Judge what QuickBooks holds.

    Our own tag, or the TxnID it had earlier, with equal vendor and amount is proof. Without it, a document typed in by
    hand with the same vendor, number, date and amount is linked, but only if we never tried to add one ourselves;
    everything less is a question. RefNumber is not unique in QuickBooks and so is never proof alone.
    """
    if sought.wanted_txn_id:
        return _wanted(sought, candidates)
    tagged = [txn for txn in candidates if _carries_tag(txn, sought) or txn.txn_id == sought.earlier_txn_id]
    if sought.post_new and sought.total:
        tagged = [txn for txn in tagged if txn.amount]  # one that a person voided may be replaced, if a person says so
    if tagged:
        return _judge_tagged(sought, tagged)
    if sought.post_new:
        return ABSENT
    alike = [txn for txn in candidates if txn.vendor == sought.vendor and _same_number(txn, sought)]
    if not alike:
        return ABSENT
    if len(alike) > 1:
        return _question("MLC-DUP-03", "", ", ".join(describe(txn) for txn in alike))
    only = alike[0]
    if tags_in(only.memo):
        return _question("MLC-DUP-02", describe(only), "its memo carries the mark of the other invoice", only)
    differences = _differences(only, sought)
    if sought.in_doubt:
        return _question("MLC-DUP-04", describe(only), differences or "everything but our mark agrees", only)
    if differences:
        return _question("MLC-DUP-01", describe(only), differences, only)
    return Match(verdict=Verdict.LINKABLE, found=only)


def _wanted(sought: Sought, candidates: Sequence[LedgerTxn]) -> Match:
    for txn in candidates:
        if txn.txn_id == TxnId(sought.wanted_txn_id) and txn.vendor == sought.vendor:
            if sought.total and not txn.amount:
                return _question("MLC-LINK-02", sought.wanted_txn_id, "it is void")
            return Match(verdict=Verdict.LINKABLE, found=txn)
    return _question("MLC-LINK-01", sought.wanted_txn_id, "")


def _carries_tag(txn: LedgerTxn, sought: Sought) -> bool:
    return sought.tag in txn.memo or (
        bool(txn.external_guid) and txn.external_guid.lower() == sought.external_guid.lower()
    )


def _judge_tagged(sought: Sought, tagged: Sequence[LedgerTxn]) -> Match:
    equal = [txn for txn in tagged if txn.vendor == sought.vendor and txn.amount == sought.total]
    if len(equal) == 1:
        return Match(verdict=Verdict.OURS, found=equal[0])
    listed = ", ".join(describe(txn) for txn in tagged)
    if len(equal) > 1 or len(tagged) > 1:
        return _question("MLC-DUP-03", "", listed)
    marked = "it carries our mark" if _carries_tag(tagged[0], sought) else "it was entered for this invoice earlier"
    differences = f"{marked}, but {_differences(tagged[0], sought)}"
    return _question("MLC-DUP-01", describe(tagged[0]), differences, tagged[0])


def _same_number(txn: LedgerTxn, sought: Sought) -> bool:
    return txn.ref_number.strip().casefold() == sought.ref_number.strip().casefold()


def _differences(txn: LedgerTxn, sought: Sought) -> str:
    found = []
    if txn.vendor != sought.vendor:
        found.append("the vendor is another one")
    if txn.amount != sought.total:
        found.append(f"its amount is {txn.amount:.2f} instead of {sought.total:.2f}")
    if txn.txn_date.isoformat() not in {sought.txn_date, sought.invoice_date}:
        found.append(f"its date is {txn.txn_date.isoformat()} instead of {sought.txn_date}")
    return " and ".join(found)


def describe(txn: LedgerTxn) -> str:
    """Name a document in QuickBooks so that a person finds it."""
    return (
        f"{txn.kind} {txn.ref_number or 'without number'} of {txn.txn_date} over {txn.amount:.2f} (TxnID {txn.txn_id})"
    )


def _question(code: str, value: str, detail: str, found: LedgerTxn | None = None) -> Match:
    return Match(verdict=Verdict.QUESTION, found=found, fault=Fault(code=code, value=value, detail=detail))

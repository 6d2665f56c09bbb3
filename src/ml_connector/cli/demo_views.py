"""Do the three agree? Basware's view, QuickBooks' view and ours, each asked of itself, compared to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

_ENDED = frozenset({"confirmed", "paid"})
_WAITING_FOR_A_PERSON = frozenset({"blocked", "changed", "skipped"})


@dataclass(slots=True)
class Row:
    """One invoice in the three views."""

    number: str
    supplier: str
    amount: Decimal
    currency: str
    state: str  #: our words
    txn_id: str
    basware: str  #: Basware's status
    paid: Decimal
    reason: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """All invoices, and everything that does not agree."""

    rows: list[Row]
    problems: list[str]

    @property
    def agree(self) -> bool:
        """Nothing differs anywhere."""
        return not self.problems and not any(row.problems for row in self.rows)


def compare(
    basware: Sequence[dict[str, Any]], bills: Sequence[dict[str, Any]], vendor_credits: Sequence[dict[str, Any]],
    duplicates: Sequence[Any], ours: Sequence[dict[str, Any]],
) -> Comparison:  # fmt: skip
    """Compare the views. `ours` is what `ml-connector documents` says; the others are what the simulators hold."""
    by_txn = {row["txn_id"]: row for row in (*bills, *vendor_credits)}
    by_invoice = {row["invoice_id"]: row for row in ours}
    problems = [f"QuickBooks holds a duplicate: {found}" for found in duplicates]
    rows = [_row(invoice, by_invoice.get(invoice["invoiceId"]), by_txn) for invoice in basware]
    offered = {invoice["invoiceId"] for invoice in basware}
    problems += [
        f"We hold {row['invoice_number']}, which Basware never offered."
        for row in ours
        if row["invoice_id"] not in offered
    ]
    pointed = [row["txn_id"] for row in ours if row["txn_id"]]
    problems += [f"Two invoices point to {txn_id}." for txn_id in set(pointed) if pointed.count(txn_id) > 1]
    marked = {txn_id for txn_id, row in by_txn.items() if "[BW:" in row["memo"]}
    problems += [
        f"QuickBooks holds {txn_id} under our mark, but we do not know of it." for txn_id in marked - set(pointed)
    ]
    return Comparison(rows, problems)


def _row(invoice: dict[str, Any], ours: dict[str, Any] | None, by_txn: dict[str, dict[str, Any]]) -> Row:
    gross = Decimal(str(invoice["grossSum"])).quantize(Decimal("0.01"))
    row = Row(
        number=invoice.get("invoiceNumber", ""),
        supplier=invoice.get("supplierName", ""),
        amount=gross,
        currency=invoice["currencyCode"],
        state=ours["state_words"] if ours else "unknown",
        txn_id=ours["txn_id"] if ours else "",
        basware=invoice["processingStatus"],
        paid=_paid(invoice),
    )
    if ours is None:
        row.problems.append("we do not know it")
        return row
    row.reason = " ".join(fault["says"] for fault in ours["faults"])
    if ours["state"] in _ENDED:
        _check_posted(row, invoice, ours, by_txn.get(ours["txn_id"]))
    elif ours["state"] in _WAITING_FOR_A_PERSON:
        if not row.reason and not ours["reason"]:
            row.problems.append("it waits without a reason")
        if ours["txn_id"] == "" and invoice["processingStatus"] not in {"TransferInProgress"}:
            row.problems.append(f"it waits here, but Basware has it as {invoice['processingStatus']}")
    else:
        row.problems.append(f"it is still under way ({ours['state']})")
    return row


def _check_posted(row: Row, invoice: dict[str, Any], ours: dict[str, Any], txn: dict[str, Any] | None) -> None:
    successes = [r for r in invoice.get("transferResponses", []) if r["success"]]
    if len(successes) != 1:
        row.problems.append(f"Basware heard {len(successes)} successes instead of one")
    elif successes[0].get("voucherNumber1") != ours["txn_id"]:
        row.problems.append("Basware was told another TxnID")
    if txn is None:
        row.problems.append("QuickBooks does not have it")
        return
    if Decimal(txn["amount"]) != abs(row.amount):
        row.problems.append(f"QuickBooks has {txn['amount']}")
    if Decimal(ours["gross"]) != row.amount:
        row.problems.append(f"we have {ours['gross']}")
    if txn["vendor_id"] != invoice["supplierCode"]:
        row.problems.append(f"QuickBooks has it under {txn['vendor']}")
    if not ours["linked"] and _line_amounts(invoice) != sorted(Decimal(line["amount"]) for line in txn["lines"]):
        row.problems.append("its lines in QuickBooks are not the coding rows")
    in_quickbooks = _settled_by_payments(txn)
    if row.amount > 0 and in_quickbooks != row.paid:
        row.problems.append(f"{in_quickbooks} is paid in QuickBooks, but Basware has {row.paid}")
    if row.amount > 0 and Decimal(ours["paid"]) != row.paid:
        row.problems.append(f"we have {ours['paid']} as paid, Basware {row.paid}")


def _line_amounts(invoice: dict[str, Any]) -> list[Decimal]:
    direction = -1 if invoice["grossSum"] < 0 else 1
    return sorted(
        direction * Decimal(str(row["grossTotal"])).quantize(Decimal("0.01")) for row in invoice["codingRows"]
    )


def _settled_by_payments(txn: dict[str, Any]) -> Decimal:
    return sum((Decimal(a["amount"]) for a in txn["applied"] if a["kind"].startswith("BillPayment")), Decimal("0.00"))


def _paid(invoice: dict[str, Any]) -> Decimal:
    value = (invoice.get("payment") or {}).get("paidTotal") or 0
    return Decimal(str(value)).quantize(Decimal("0.01"))

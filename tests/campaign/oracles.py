"""What must hold when everything has come to rest. The outside worlds are asked; our own rows only say what we claim.

`EXPLAINED` is the one place that says which question may rightly stand open, and why.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from campaign.cases import Case, amount
from campaign.people import People
from campaign.storm import StormyWorld
from ml_connector.core.faults import Owner
from ml_connector.core.states import State
from ml_connector.flows.story import why
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.store import documents
from ml_connector.store.models import Document, MessageSet

#: reason -> the faults that it explains; an empty text explains every one.
EXPLAINED: dict[str, tuple[str, ...]] = {
    "number twice": ("MLC-DUP",),
    "typed before": ("MLC-DUP",),
    "typed alike": ("MLC-DUP",),
    "typed meanwhile": ("MLC-DUP",),
    "content changed": ("MLC-CHANGED-01", "MLC-DUP", "MLC-CHANGED-02"),
    "amount edited": ("MLC-DUP", "MLC-CHANGED", "MLC-LINK"),
    "vendor edited": ("MLC-DUP", "MLC-CHANGED", "MLC-LINK"),
    "number edited": ("MLC-DUP", "MLC-CHANGED"),
    "date edited": ("MLC-CHANGED",),
    "removed": ("MLC-CHANGED", "MLC-DUP", "MLC-LINK"),
    "merged": ("MLC-DUP", "MLC-LINK", "MLC-VENDOR-01", "MLC-ACCOUNT-01", "MLC-CODE-01"),
    "backup restored": ("",),
    "set off": ("MLC-PAID-01",),
    "link": ("MLC-LINK", "MLC-DUP", "MLC-CHANGED"),
    "post new": ("MLC-DUP",),
    "skip": ("",),
    "give up": ("",),
}

#: Kinds of invoices that cannot be posted as they are.
_OF_KIND = {"does not add up": ("MLC-TOTAL-01",), "payment block": ("MLC-BLOCK-01",)}

_TRANSIENT = frozenset(
    {State.RECEIVED, State.ACCEPTED, State.PLANNED, State.SENT, State.IN_DOUBT, State.POSTED, State.GIVEN_UP}
)


@dataclass(slots=True)
class Verdict:
    """What one life came to."""

    problems: list[str] = field(
        default_factory=list
    )  #: `duplicate: ...`, `lost: ...`, `stuck: ...`, `wrong: ...`, `guessed: ...`
    ends: Counter[str] = field(default_factory=Counter)  #: invoices by where they ended

    def add(self, kind: str, words: str) -> None:
        self.problems.append(f"{kind}: {words}")


def judge(world: StormyWorld, people: People) -> Verdict:
    """Ask everybody, and compare."""
    verdict = Verdict()
    company = world.outside.company
    there = [*outside_view.bills(company), *outside_view.vendor_credits(company)]
    by_txn = {row["txn_id"]: row for row in there}
    claimed: Counter[str] = Counter()
    for case in people.cases:
        document = people.row_of(case)
        if document is None:
            verdict.add("lost", f"{case.short()} is not known to the connector")
            continue
        verdict.ends[str(document.state)] += 1
        marked = [row for row in there if _is_marked(row, case) and not row["voided"]]
        if len(marked) > 1:
            verdict.add("duplicate", f"{case.short()} is in QuickBooks as {[row['txn_id'] for row in marked]}")
        if document.txn_id and document.state in {State.CONFIRMED, State.PAID}:
            claimed[document.txn_id] += 1
        _judge_state(world, people, case, document, verdict)
        if document.state in {State.CONFIRMED, State.PAID}:
            _judge_settled(world, people, case, document, by_txn.get(document.txn_id), verdict)
        elif marked and document.state in {State.BLOCKED} and not _explained(case, document):
            verdict.add("lost", f"{case.short()} has a Bill in QuickBooks that we do not know of")
    for txn_id, count in claimed.items():
        if count > 1:
            verdict.add("duplicate", f"{count} invoices are confirmed as {txn_id}")
    _judge_look_alikes(people, company, verdict)
    _judge_whole(world, verdict)
    return verdict


def _is_marked(row: dict[str, Any], case: Case) -> bool:
    tag, guid = case.marks()
    return tag in row["memo"] or row["external_guid"].casefold() == guid.casefold()


def _judge_look_alikes(people: People, company: Any, verdict: Verdict) -> None:
    """Two documents with one vendor, number and amount are two only where two invoices, or a person, made them."""
    for found in outside_view.duplicates(company):
        if not found["suspicion"].startswith("same vendor"):
            continue
        vendor, number, _ = found["key"]
        cases = [
            case
            for case in people.cases
            if case.truth.ref_number.casefold() in number and people.now_in(case.truth.vendor) == vendor
        ]
        reasons = {reason for case in cases for reason in case.reasons}
        may_be = {"typed meanwhile", "number twice", "post new", "merged", "backup restored", "vendor edited"}
        if not reasons & may_be:
            verdict.add("duplicate", f"{number} of {vendor}: {found['txn_ids']}")


def _judge_state(world: StormyWorld, people: People, case: Case, document: Document, verdict: Verdict) -> None:
    state = State(document.state)
    if document.answer_fault is not None:
        verdict.add("stuck", f"{case.short()} is {state}: {document.answer_fault}")
    if state in _TRANSIENT:
        verdict.add("stuck", f"{case.short()} is {state}: {why(document, world.clock.now()).cause[:200]}")
    elif state in {State.BLOCKED, State.CHANGED}:
        reason = why(document, world.clock.now())
        faults = documents.faults_of(document)
        if not faults or reason.owner == Owner.NOBODY or not reason.next_step:
            verdict.add("stuck", f"{case.short()} is {state} without a fault, an owner or a next step")
        elif not _explained(case, document):
            codes = [f"{fault.code} {fault.says}" for fault in faults]
            verdict.add("stuck", f"{case.short()} is {state} without anybody's doing: {codes}, {sorted(case.reasons)}")
    elif state is State.SKIPPED and not document.reason:
        verdict.add("stuck", f"{case.short()} was skipped without a reason")
    elif state is State.RETURNED:
        status = world.basware.status(case.invoice)
        if status != "TransferFailed":
            verdict.add("wrong", f"{case.short()} was given up, but Basware has it as {status}")


def _explained(case: Case, document: Document) -> bool:
    allowed = [code for reason in case.reasons for code in EXPLAINED.get(reason, ())]
    allowed += _OF_KIND.get(case.kind, ())
    faults = documents.faults_of(document)
    if faults and faults[0].code in {"MLC-LINK-02", "MLC-CHANGED-01"}:
        # The others are what it was before somebody named a Bill, or why the new content cannot be planned.
        faults = faults[:1]
    return all(any(fault.code.startswith(code) for code in allowed) for fault in faults)


def _judge_settled(
    world: StormyWorld, people: People, case: Case, document: Document, txn: dict[str, Any] | None, verdict: Verdict
) -> None:
    view = world.basware.sees(case.invoice)
    told = [response for response in view.get("transferResponses", []) if response["success"]]
    if view["processingStatus"] not in {"Transferred", "Paid"}:
        verdict.add("wrong", f"{case.short()} is confirmed, but Basware has it as {view['processingStatus']}")
    elif not told or (told[-1].get("voucherNumber1") != document.txn_id and "backup restored" not in case.reasons):
        # A Bill that was entered again after a restored backup has a new TxnID; Basware keeps what it was told first.
        verdict.add("wrong", f"Basware was told another TxnID for {case.short()}")
    if len(told) > case.transfers:
        verdict.add(
            "duplicate", f"Basware heard {len(told)} successes for {case.transfers} transfers of {case.short()}"
        )
    if txn is None or txn["voided"]:
        verdict.add("lost", f"{case.short()} is confirmed, but QuickBooks does not have {document.txn_id}")
        return
    for words in _differences(people, case, document, txn):
        verdict.add("wrong", f"{case.short()} ({document.txn_id}): {words}")
    if case.truth.cents > 0:
        paid = sum((Decimal(a["amount"]) for a in txn["applied"] if a["kind"].startswith("BillPayment")), Decimal(0))
        known = Decimal(str((view.get("payment") or {}).get("paidTotal") or 0)).quantize(Decimal("0.01"))
        if paid != known:
            verdict.add("wrong", f"{paid} is paid for {case.short()} in QuickBooks, but Basware has {known}")


def _differences(people: People, case: Case, document: Document, txn: dict[str, Any]) -> list[str]:
    truth, found = case.truth, []
    same = people.ever_in if people.restored else people.now_in
    # Where the vendor itself was merged away, nobody can tell a Bill that a person moved from one that moved with it. A
    # person who names a Bill has seen how it differs.
    unseen = "vendor edited" not in case.reasons or ("link" not in case.reasons and truth.vendor not in people.moved)
    if same(txn["vendor_id"]) != same(truth.vendor) and unseen:
        found.append(f"its vendor is {txn['vendor']}")
    # And so it is with its amount.
    if Decimal(txn["amount"]) != amount(abs(truth.cents)) and "link" not in case.reasons:
        found.append(f"its amount is {txn['amount']} instead of {amount(abs(truth.cents))}")
    if document.linked:
        return found  # a person typed it; vendor and amount are what counts
    if "number edited" not in case.reasons and txn["ref_number"] != truth.ref_number:
        found.append(f"its number is {txn['ref_number']}")
    if "date edited" not in case.reasons and txn["txn_date"] != truth.txn_date:
        found.append(f"its date is {txn['txn_date']}")
    if "due_date" in txn and txn["due_date"] != truth.due_date:
        found.append(f"it is due {txn['due_date']} instead of {truth.due_date}")
    sign = -1 if truth.cents < 0 else 1
    wanted = sorted((same(ln.account), ln.division, ln.job, sign * ln.cents) for ln in truth.lines)
    there = sorted(
        (same(line["account_id"]), line["class"], line["customer"], int(Decimal(line["amount"]) * 100))
        for line in txn["lines"]
    )
    if wanted != there:
        found.append(f"its lines are {there} instead of {wanted}")
    return found


def _judge_whole(world: StormyWorld, verdict: Verdict) -> None:
    for words in world.front.overheard.broken:
        verdict.add("guessed", words)
    if not world.audit_chain_holds():
        verdict.add("wrong", "the audit chain does not hold")
    for row in MessageSet.objects.filter(fate__in=[MessageSet.Fate.SENT, MessageSet.Fate.LOST]):
        verdict.add("stuck", f"message set {row.pk} is {row.fate}")
    for row in Document.objects.filter(payment_due=True, state__in=[State.CONFIRMED, State.PAID]):
        verdict.add("stuck", f"the payments of {row.invoice_number} were not told")

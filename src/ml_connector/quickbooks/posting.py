"""A plan as the request that enters it: BillAdd and VendorCreditAdd, and what became of its texts on the way."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.core import identity
from ml_connector.core.books import BookEntry
from ml_connector.core.errors import Defect
from ml_connector.core.plan_values import BillPlan, PlanLine
from ml_connector.core.records import LedgerLine, LedgerTxn, TxnKind
from ml_connector.quickbooks import limits, orders
from ml_connector.quickbooks.orders import Group
from ml_connector.quickbooks.render import Value, render_request
from ml_connector.quickbooks.text import CleanText, clean
from ml_connector.quickbooks.versions import Version

# An answer need say no more than what names the transaction and lets it be compared with the plan.
_ANSWER = ("TxnID", "TimeModified", "EditSequence", "TxnNumber", "VendorRef", "TxnDate")


def add_request(plan: BillPlan, request_id: str, version: Version) -> str:
    """Write the BillAdd or VendorCreditAdd of a plan, whichever it is. Raises as `bill_add` does."""
    write = bill_add if plan.kind is TxnKind.BILL else vendor_credit_add
    return write(plan, request_id, version)


def bill_add(plan: BillPlan, request_id: str, version: Version) -> str:
    """Write a plan as BillAddRq.

    Raises:
        WireLimit: a value does not fit QuickBooks.
        Defect: the plan is no Bill, its lines do not add up to its total, or it cannot be told apart afterwards.
    Source: qbxmlops130, BillAdd. The currency is the vendor's; a Bill has none of its own.
    """
    _check(plan, TxnKind.BILL)
    head: dict[str, Value] = {"DueDate": plan.due_date, "TermsRef": _ref(plan.terms)}
    return _add(orders.BILL_ADD, "BillAdd", "AmountDue", plan, head, request_id, version)


def vendor_credit_add(plan: BillPlan, request_id: str, version: Version) -> str:
    """Write a plan as VendorCreditAddRq. Amounts stand in the direction of the credit, so its total is positive.

    Raises as `bill_add` does. Source: qbxmlops130, VendorCreditAdd: it has no DueDate and no TermsRef.
    """
    _check(plan, TxnKind.VENDOR_CREDIT)
    if plan.due_date is not None or plan.terms is not None:
        raise Defect("A VendorCredit has neither a due date nor terms.")
    return _add(orders.VENDOR_CREDIT_ADD, "VendorCreditAdd", "CreditAmount", plan, {}, request_id, version)


def wire_ref_number(ref_number: str) -> str:
    """Return a RefNumber as QuickBooks will hold it: to send, to search for, and to compare with.

    One that grows over 20 characters by unfolding is shortened as `core.identity` shortens long ones, never cut: two
    numbers with the same beginning must stay apart.
    """
    whole = clean(ref_number, len(ref_number) * 20, one_line=True).text
    return whole if len(whole) <= limits.REF_NUMBER_CHARS else identity.ref_number(whole)


def wire_memo(plan: BillPlan) -> CleanText:
    """Return the Memo as it will be sent. Our tag stands last and is never cut: it is how a Bill is recognised."""
    before, tag, after = plan.memo.rpartition(plan.tag) if plan.tag else (plan.memo, "", "")
    kept = clean(before + after, limits.MEMO_CHARS - len(tag) - 1)
    return CleanText(text=f"{kept.text} {tag}".strip(), replaced=kept.replaced, cut=kept.cut)


def text_changes(plan: BillPlan) -> tuple[str, ...]:
    """Say in sentences which texts of a plan QuickBooks cannot keep as they are; for the audit trail."""
    found = []
    if wire_ref_number(plan.ref_number) != plan.ref_number:
        found.append(f"The number {plan.ref_number} is entered as {wire_ref_number(plan.ref_number)}.")
    memos = [("The memo", wire_memo(plan))]
    memos += [(f"The memo of line {n}", _line_memo(line)) for n, line in enumerate(plan.lines, start=1)]
    for what, text in memos:
        if text.replaced:
            found.append(f"{what} has characters that QuickBooks cannot hold; they were replaced by '?'.")
        if text.cut:
            found.append(f"{what} was longer than {limits.MEMO_CHARS} characters and was cut.")
    return tuple(found)


def _check(plan: BillPlan, kind: TxnKind) -> None:
    if plan.kind is not kind:
        raise Defect(f"A plan for a {plan.kind} was to be written as a {kind}.")
    if not plan.lines:
        raise Defect(f"The {kind} has no lines.")
    if any(line.amount.currency != plan.total.currency for line in plan.lines):
        raise Defect(f"The lines of the {kind} are not all in {plan.total.currency}.")
    total = sum((line.amount.amount for line in plan.lines), Decimal(0))
    if total != plan.total.amount:
        raise Defect(f"The lines of the {kind} add up to {total}, but its total is {plan.total.amount}.")
    if total <= 0:
        raise Defect(f"The total of a {kind} must be above zero, but it is {total}.")
    # Without its marks a Bill could be found again only by look-alikes, and one that got lost might be entered twice.
    if not plan.tag or plan.tag not in identity.tags_in(plan.memo):
        raise Defect(f"The memo of the {kind} does not carry its tag.")
    if not plan.external_guid:
        raise Defect(f"The {kind} has no ExternalGUID.")


def _add(
    table: Group, body: str, amount: str, plan: BillPlan, head: dict[str, Value], request_id: str, version: Version
) -> str:
    memo = wire_memo(plan)
    if plan.tag not in identity.tags_in(memo.text):
        raise Defect(f"The memo of the {plan.kind} would lose its tag.")
    document: dict[str, Value] = {
        **head,
        "VendorRef": _ref(plan.vendor),
        "TxnDate": plan.txn_date,
        "RefNumber": wire_ref_number(plan.ref_number),
        "Memo": memo.text,
        "ExternalGUID": plan.external_guid,
        "ExpenseLineAdd": tuple(_line(line) for line in plan.lines),
    }
    marks = ("RefNumber", "Memo", "ExternalGUID") if version.has_external_guid else ("RefNumber", "Memo")
    values: dict[str, Value] = {body: document, "IncludeRetElement": (*_ANSWER, amount, *marks)}
    return render_request(table, request_id, version, values)


def mod_request(plan: BillPlan, there: LedgerTxn, request_id: str, version: Version) -> str:
    """Write the BillMod or VendorCreditMod that makes what QuickBooks holds into the plan. The vendor stays.

    An element that is left out keeps its value, so a line is kept only where nothing of it must be cleared; any other
    one comes as a new line, and lines that are not named disappear. Those that are kept stay in their order.
    Raises as `bill_add` does. Source: qbxmlops130, BillMod; docs/reference/quickbooks.md.
    """
    _check(plan, there.kind)
    is_bill = there.kind is TxnKind.BILL
    head: dict[str, Value] = {"DueDate": plan.due_date, "TermsRef": _ref(plan.terms)} if is_bill else {}
    kept = _kept_lines(plan.lines, there.lines)
    lines = tuple({"TxnLineID": line_id, **_line(line)} for line_id, line in zip(kept, plan.lines, strict=True))
    body: dict[str, Value] = {
        **head,
        "TxnID": there.txn_id,
        "EditSequence": there.edit_sequence,
        "TxnDate": plan.txn_date,
        "RefNumber": wire_ref_number(plan.ref_number),
        "Memo": wire_memo(plan).text,
        "ExpenseLineMod": lines,
    }
    name, table, amount = (
        ("BillMod", orders.BILL_MOD, "AmountDue")
        if is_bill
        else ("VendorCreditMod", orders.VENDOR_CREDIT_MOD, "CreditAmount")
    )
    values: dict[str, Value] = {
        name: body,
        "IncludeRetElement": (*_ANSWER, amount, "RefNumber", "Memo", "ExpenseLineRet"),
    }
    return render_request(table, request_id, version, values)


_NEW_LINE = "-1"


def _kept_lines(wanted: Sequence[PlanLine], there: Sequence[LedgerLine]) -> list[str]:
    """Return for each wanted line the TxnLineID of the line that becomes it, or that of a new line."""
    found: list[str] = []
    after = 0
    for line in wanted:
        customer = line.customer.list_id if line.customer else ""
        class_ = line.class_.list_id if line.class_ else ""
        for place in range(after, len(there)):
            old = there[place]
            same = (old.account, old.customer, old.class_) == (line.account.list_id, customer, class_)
            if same and (line.memo or not old.memo):
                found.append(old.txn_line_id)
                after = place + 1
                break
        else:
            found.append(_NEW_LINE)
    return found


def _line(line: PlanLine) -> dict[str, Value]:
    return {
        "AccountRef": _ref(line.account),
        "Amount": line.amount,
        "Memo": _line_memo(line).text,
        "CustomerRef": _ref(line.customer),
        "ClassRef": _ref(line.class_),
        # Billing a customer is nobody's wish here, and the default depends on a preference. It may stand only on a line
        # with a customer.
        "BillableStatus": "NotBillable" if line.customer else None,
    }


def _line_memo(line: PlanLine) -> CleanText:
    return clean(line.memo, limits.MEMO_CHARS)


def _ref(entry: BookEntry | None) -> dict[str, Value] | None:
    return {"ListID": entry.list_id} if entry else None

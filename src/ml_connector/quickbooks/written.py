"""Reading back what we wrote: the fields of a planned Bill or vendor credit, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.quickbooks.hardened import whole_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLine:
    """One expense line."""

    account_id: str  #: ListID
    amount: str
    memo: str
    class_id: str  #: ListID; empty if it has none
    customer_id: str  #: ListID; empty if it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBill:
    """A BillAdd or VendorCreditAdd as it was, or will be, sent."""

    vendor_id: str  #: ListID
    terms_id: str  #: ListID; empty if it has none
    ref_number: str
    txn_date: str
    due_date: str
    memo: str
    lines: tuple[WrittenLine, ...]


def read_add_request(request_xml: str) -> WrittenBill | None:
    """Read a BillAddRq or VendorCreditAddRq; None if there is none yet."""
    if not request_xml:
        return None
    add = whole_tree(request_xml)[0]

    def text(path: str) -> str:
        return add.findtext(path, "")

    return WrittenBill(
        vendor_id=text("VendorRef/ListID"),
        terms_id=text("TermsRef/ListID"),
        ref_number=text("RefNumber"),
        txn_date=text("TxnDate"),
        due_date=text("DueDate"),
        memo=text("Memo"),
        lines=tuple(
            WrittenLine(
                account_id=line.findtext("AccountRef/ListID", ""),
                amount=line.findtext("Amount", ""),
                memo=line.findtext("Memo", ""),
                class_id=line.findtext("ClassRef/ListID", ""),
                customer_id=line.findtext("CustomerRef/ListID", ""),
            )
            for line in add.findall("ExpenseLineAdd")
        ),
    )

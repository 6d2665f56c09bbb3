"""Reading back what we wrote: the fields of a planned Bill or vendor credit, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.core.identity import document_of
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


def read_add_request(written: str, document_id: int) -> WrittenBill | None:
    """Read the BillAddRq or VendorCreditAddRq of a document, alone or out of a message set; None if it is not there."""
    if not written:
        return None
    requests = whole_tree(written).iter("BillAddRq", "VendorCreditAddRq")
    own = [found for found in requests if (document_of(found.get("requestID", "")) or (0,))[0] == document_id]
    if not own:
        return None
    add = own[-1][0]

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

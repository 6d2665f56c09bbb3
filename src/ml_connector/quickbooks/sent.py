"""What a message set of ours asked QuickBooks to enter, read back from its stored text."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from ml_connector.core.drift import Held, HeldLine
from ml_connector.quickbooks.hardened import whole_tree

_BODIES = {"BillAddRq": "BillAdd", "VendorCreditAddRq": "VendorCreditAdd"}


def sent_in(text: str) -> dict[str, Held]:
    """Return what each BillAdd and VendorCreditAdd of a message set says, by its request id.

    The text is ours, written by `posting`, and so is read without doubts about its form.
    """
    found: dict[str, Held] = {}
    for request in whole_tree(text).iterfind("QBXMLMsgsRq/*"):
        body = request.find(_BODIES.get(str(request.tag), "-"))
        if body is not None:
            found[request.get("requestID", "")] = _held(body)
    return found


def _held(body: etree._Element) -> Held:
    lines = tuple(
        HeldLine(
            account=_list_id(line, "AccountRef"),
            amount=Decimal(line.findtext("Amount") or "0"),
            customer=_list_id(line, "CustomerRef"),
            class_=_list_id(line, "ClassRef"),
        )
        for line in body.iterfind("ExpenseLineAdd")
    )
    return Held(
        vendor=_list_id(body, "VendorRef"),
        amount=sum((line.amount for line in lines), Decimal(0)),
        ref_number=body.findtext("RefNumber") or "",
        txn_date=body.findtext("TxnDate"),
        lines=lines,
    )


def _list_id(element: etree._Element, name: str) -> str:
    return element.findtext(f"{name}/ListID") or ""

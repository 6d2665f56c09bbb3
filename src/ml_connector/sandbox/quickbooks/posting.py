"""Adding and modifying bills and vendor credits, voiding and deleting transactions.

Every request is checked completely before the file changes, so a refused request leaves no trace. Sources:
qbxmlops130 (BillAdd, BillMod, VendorCreditAdd, VendorCreditMod, TxnVoid, TxnDel) and Intuit's status codes.
"""

from decimal import Decimal

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.parsing import Node
from ml_connector.sandbox.quickbooks.records import (
    BILL,
    VENDOR_CREDIT,
    ZERO,
    Bill,
    ExpenseLine,
    LinedTxn,
    Txn,
    Vendor,
    VendorCredit,
)
from ml_connector.sandbox.quickbooks.references import References, due_date
from ml_connector.sandbox.quickbooks.refusals import Refusal, not_found
from ml_connector.sandbox.quickbooks.values import amount, storable, truth

NEW_LINE = "-1"  #: TxnLineID that asks BillMod for a new line


def add_bill(company: CompanyFile, node: Node) -> Bill:
    """BillAdd. Raises Refusal; nothing is saved then."""
    refs = References(company, BILL)
    vendor = _required_vendor(refs, node)
    linked = node.value("LinkToTxnID")
    if linked is not None:
        raise not_found(linked)
    txn_date = node.value("TxnDate") or company.host_clock.today()
    payables = refs.payables_account(node.find("APAccountRef"), vendor.currency_id)
    terms = refs.terms(node.find("TermsRef"))
    bill = Bill(
        entity_id=vendor.list_id,
        ap_account_id=payables.list_id if payables else "",
        txn_date=txn_date,
        due_date=node.value("DueDate") or due_date(txn_date, terms, company.preferences.days_bills_are_due),
        terms_id=terms.list_id if terms else None,
        vendor_address=address(node.find("VendorAddress")) or dict(vendor.address),
        lines=_added_lines(company, refs, node, vendor),
    )
    _fill_header(company, node, bill, vendor)
    _save_new(company, bill, vendor)
    return bill


def add_vendor_credit(company: CompanyFile, node: Node) -> VendorCredit:
    """VendorCreditAdd. Raises Refusal; nothing is saved then."""
    refs = References(company, VENDOR_CREDIT)
    vendor = _required_vendor(refs, node)
    payables = refs.payables_account(node.find("APAccountRef"), vendor.currency_id)
    credit = VendorCredit(
        entity_id=vendor.list_id,
        ap_account_id=payables.list_id if payables else "",
        txn_date=node.value("TxnDate") or company.host_clock.today(),
        lines=_added_lines(company, refs, node, vendor),
    )
    _fill_header(company, node, credit, vendor)
    _save_new(company, credit, vendor)
    return credit


def modify(company: CompanyFile, node: Node, kind: str) -> LinedTxn:
    """BillMod or VendorCreditMod. Raises Refusal; nothing is saved then.

    Elements not sent keep their value. As soon as one expense line is sent, lines not sent disappear.
    """
    txn_id = node.value("TxnID") or ""
    txn = company.ledger.by_kind[kind].get(txn_id)
    if not isinstance(txn, LinedTxn):
        raise not_found(txn_id)
    if node.value("EditSequence") != str(txn.edit_sequence):
        raise Refusal(3200, f'The provided edit sequence "{node.value("EditSequence")}" is out-of-date.')
    refs = References(company, kind)
    old_vendor = company.lists.vendor(txn.entity_id)
    vendor = refs.vendor(node.find("VendorRef")) or old_vendor
    links = company.ledger.links(txn_id)
    if links and vendor is not old_vendor:
        raise Refusal(3180, f"There was an error when saving a {kind}.  It is linked to other transactions.")
    txn_date = node.value("TxnDate") or txn.txn_date
    _refuse_closed(company, txn.txn_date, kind)
    _refuse_closed(company, txn_date, kind)
    lines = _modified_lines(company, refs, node, txn, vendor)
    total = sum([line.amount for line in lines], ZERO)
    taken = txn.total - company.ledger.open_amount(txn)
    _refuse_negative(total, kind)
    if total < taken:
        raise Refusal(3210, f'The amount of the {kind} is less than what was applied to it ("{taken}").')
    payables = refs.payables_account(node.find("APAccountRef"), vendor.currency_id)
    terms = refs.terms(node.find("TermsRef"))
    _refuse_exchange_rate(company, node)

    old_ref, old_entity = txn.ref_number, txn.entity_id
    txn.entity_id = vendor.list_id
    txn.txn_date = txn_date
    txn.lines = lines
    if payables:
        txn.ap_account_id = payables.list_id
    for element, attribute in (("RefNumber", "ref_number"), ("Memo", "memo")):
        text = node.value(element)
        if text is not None:
            setattr(txn, attribute, storable(text))
    rate = node.value("ExchangeRate")
    if rate is not None:
        txn.exchange_rate = Decimal(rate)
    if isinstance(txn, Bill):
        if terms:
            txn.terms_id = terms.list_id
            txn.due_date = due_date(txn_date, terms, company.preferences.days_bills_are_due)
        txn.due_date = node.value("DueDate") or txn.due_date
        txn.vendor_address = address(node.find("VendorAddress")) or txn.vendor_address
    stamp = company.now()
    company.ledger.number_lines(txn, stamp)
    company.ledger.reindex(txn, old_ref=old_ref, old_entity=old_entity)
    company.ledger.touch(txn, stamp)
    return txn


def void(company: CompanyFile, kind: str, txn_id: str) -> Txn:
    """TxnVoid: amounts become zero, the object stays. Raises Refusal 3120 or 3171."""
    txn = _existing(company, kind, txn_id)
    company.ledger.void(txn, company.now())
    return txn


def delete(company: CompanyFile, kind: str, txn_id: str) -> Txn:
    """TxnDel: the object goes and leaves a tombstone. Raises Refusal 3120 or 3171."""
    txn = _existing(company, kind, txn_id)
    company.ledger.delete(txn, company.now())
    return txn


def address(node: Node | None) -> dict[str, str]:
    """The parts of an address element that are not empty."""
    if node is None:
        return {}
    return {part.tag: storable(part.text) for part in node.children if part.text}


def _existing(company: CompanyFile, kind: str, txn_id: str) -> Txn:
    txn = company.ledger.by_kind.get(kind, {}).get(txn_id)
    if txn is None:
        raise not_found(txn_id)
    _refuse_closed(company, txn.txn_date, kind)
    return txn


def _required_vendor(refs: References, node: Node) -> Vendor:
    vendor = refs.vendor(node.find("VendorRef"))
    if vendor is None:
        raise Refusal(3150, 'There is a missing element: "VendorRef".')
    return vendor


def _fill_header(company: CompanyFile, node: Node, txn: LinedTxn, vendor: Vendor) -> None:
    _refuse_exchange_rate(company, node)
    rate = node.value("ExchangeRate")
    currency = company.lists.currency(vendor.currency_id)
    if rate is not None:
        txn.exchange_rate = Decimal(rate)
    elif currency is not None:
        txn.exchange_rate = currency.exchange_rate
    txn.ref_number = storable(node.value("RefNumber") or "")
    txn.memo = storable(node.value("Memo") or "")
    txn.external_guid = node.value("ExternalGUID") or ""


def _save_new(company: CompanyFile, txn: LinedTxn, vendor: Vendor) -> None:
    _refuse_closed(company, txn.txn_date, txn.kind)
    if not txn.lines:
        raise Refusal(3150, 'There is a missing element: "ExpenseLineAdd".')
    _refuse_negative(txn.total, txn.kind)
    if not txn.ap_account_id:
        payables = company.default_payables_account(vendor.currency_id)
        if payables is None:
            raise Refusal(3270, "Missing posting account: there is no accounts payable account.")
        txn.ap_account_id = payables.list_id
    company.ledger.add(txn, company.now())


def _refuse_closed(company: CompanyFile, txn_date: str, kind: str) -> None:
    if company.is_closed(txn_date):
        raise Refusal(
            3171,
            f"An attempt was made to modify a {kind} with a date that is on or before the closing date of the company. "
            " If you are sure you want to make the change, please ask the QuickBooks Administrator to clear the "
            "closing date.",
        )


def _refuse_negative(total: Decimal, kind: str) -> None:
    if total < 0:
        raise Refusal(3210, f'The "amount" field has an invalid value "{total}".  A {kind} cannot be negative.')


def _refuse_exchange_rate(company: CompanyFile, node: Node) -> None:
    rate = node.value("ExchangeRate")
    if rate is None:
        return
    if Decimal(rate) <= 0:
        raise Refusal(3210, f'The "ExchangeRate" field has an invalid value "{rate}".')
    if not company.preferences.multicurrency:
        raise Refusal(3250, "This feature is not enabled or not available in this version of QuickBooks: ExchangeRate.")


def _added_lines(company: CompanyFile, refs: References, node: Node, vendor: Vendor) -> list[ExpenseLine]:
    _refuse_item_lines(node)
    return [_line(company, refs, line, vendor, None) for line in node.children if line.tag == "ExpenseLineAdd"]


def _modified_lines(
    company: CompanyFile, refs: References, node: Node, txn: LinedTxn, vendor: Vendor
) -> list[ExpenseLine]:
    _refuse_item_lines(node)
    sent = node.all("ExpenseLineMod")
    if truth(node.value("ClearExpenseLines")):
        if sent:
            raise Refusal(3210, "Lines cannot be cleared and modified in one request.")
        return []
    if not sent:
        return txn.lines
    known = {line.txn_line_id: (place, line) for place, line in enumerate(txn.lines)}
    lines: list[ExpenseLine] = []
    last_place = -1
    for line_node in sent:
        line_id = line_node.value("TxnLineID")
        if line_id == NEW_LINE:
            lines.append(_line(company, refs, line_node, vendor, None))
            continue
        if line_id not in known:
            raise not_found(line_id or "")
        place, old = known[line_id]
        if place <= last_place:
            raise Refusal(3290, "The lines of the transaction are out of order.")
        last_place = place
        lines.append(_line(company, refs, line_node, vendor, old))
    return lines


def _refuse_item_lines(node: Node) -> None:
    for child in node.children:
        if child.tag.startswith("Item"):
            ref = child.find("ItemRef") or child.find("ItemGroupRef")
            key = (ref.value("ListID") or ref.value("FullName")) if ref else ""
            raise Refusal(3140, f'There is an invalid reference to QuickBooks Item "{key}".  This file has no items.')


def _line(company: CompanyFile, refs: References, node: Node, vendor: Vendor, old: ExpenseLine | None) -> ExpenseLine:
    account = refs.posting_account(node.find("AccountRef"), vendor.currency_id)
    account_id = account.list_id if account else (old.account_id if old else None)
    if account_id is None:
        raise Refusal(3150, 'There is a missing element: "AccountRef".')
    for element in ("SalesRepRef", "DataExt"):
        if node.find(element) is not None:
            raise Refusal(3140, f"There is an invalid reference in {element}: this file defines none.")
    customer = refs.entry(node.find("CustomerRef"), "Customer")
    customer_id = customer.list_id if customer else (old.customer_id if old else None)
    class_id = refs.class_id(node.find("ClassRef")) or (old.class_id if old else None)
    billable = node.value("BillableStatus") or (old.billable_status if old else "")
    if billable == "HasBeenBilled" and (old is None or old.billable_status != "HasBeenBilled"):
        raise Refusal(3210, 'The "BillableStatus" field has an invalid value "HasBeenBilled".')
    if billable == "Billable" and customer_id is None:
        raise Refusal(3180, "A line can be billable only with a customer.")
    text = node.value("Amount")
    memo = node.value("Memo")
    return ExpenseLine(
        txn_line_id=old.txn_line_id if old else "",
        account_id=account_id,
        amount=amount(text) if text is not None else (old.amount if old else ZERO),
        memo=storable(memo) if memo is not None else (old.memo if old else ""),
        customer_id=customer_id,
        class_id=class_id,
        # With a customer and nothing said, the preference decides, and by default it says billable.
        billable_status=billable or ("Billable" if customer_id else ""),
    )

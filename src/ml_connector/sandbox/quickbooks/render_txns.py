"""Writing bills, vendor credits and bill payments as qbXML, in Intuit's element order.

IsPaid, OpenAmount, LinkedTxn and AppliedToTxnRet are derived from the links at the moment of asking. (qbxmlops130:
BillRet, VendorCreditRet, BillPaymentCheckRet, BillPaymentCreditCardRet.)
"""

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.ledger import in_home_currency
from ml_connector.sandbox.quickbooks.records import (
    BILL,
    CHECK_PAYMENT,
    ZERO,
    Bill,
    BillPayment,
    LinedTxn,
    Link,
    Txn,
    VendorCredit,
)
from ml_connector.sandbox.quickbooks.render import (
    Elements,
    address_elements,
    boolean,
    currency_reference,
    leaf,
    nested,
    reference,
    terms_reference,
)
from ml_connector.sandbox.quickbooks.values import money


def txn_elements(company: CompanyFile, txn: Txn, *, lines: bool, links: bool) -> Elements:
    """The elements of a transaction; `lines` is IncludeLineItems, `links` IncludeLinkedTxns."""
    if isinstance(txn, Bill):
        return _bill(company, txn, lines, links)
    if isinstance(txn, VendorCredit):
        return _vendor_credit(company, txn, lines, links)
    assert isinstance(txn, BillPayment)
    return _payment(company, txn, lines)


def _bill(company: CompanyFile, bill: Bill, lines: bool, links: bool) -> Elements:
    vendor = company.lists.vendor(bill.entity_id)
    elements = [*_head(company, bill), *reference(company, "VendorRef", "Vendor", bill.entity_id)]
    # BillRet has the address but, unlike VendorRet, no printed block of it.
    elements += address_elements("VendorAddress", bill.vendor_address)[:1]
    elements += reference(company, "APAccountRef", "Account", bill.ap_account_id)
    elements += [leaf("TxnDate", bill.txn_date), leaf("DueDate", bill.due_date), leaf("AmountDue", money(bill.total))]
    elements += _currency_amount(company, bill, vendor.currency_id, "AmountDueInHomeCurrency")
    elements += _texts(("RefNumber", bill.ref_number))
    elements += terms_reference(company, bill.terms_id)
    elements += _texts(("Memo", bill.memo))
    open_amount = company.ledger.open_amount(bill)
    elements.append(boolean("IsPaid", open_amount == 0))
    elements += _texts(("ExternalGUID", bill.external_guid))
    elements += _linked(company, bill) if links else []
    elements += _expense_lines(company, bill) if lines else []
    elements.append(leaf("OpenAmount", money(open_amount)))
    return elements


def _vendor_credit(company: CompanyFile, credit: VendorCredit, lines: bool, links: bool) -> Elements:
    vendor = company.lists.vendor(credit.entity_id)
    elements = [*_head(company, credit), *reference(company, "VendorRef", "Vendor", credit.entity_id)]
    elements += reference(company, "APAccountRef", "Account", credit.ap_account_id)
    elements += [leaf("TxnDate", credit.txn_date), leaf("CreditAmount", money(credit.total))]
    elements += _currency_amount(company, credit, vendor.currency_id, "CreditAmountInHomeCurrency")
    elements += _texts(("RefNumber", credit.ref_number), ("Memo", credit.memo), ("ExternalGUID", credit.external_guid))
    elements += _linked(company, credit) if links else []
    elements += _expense_lines(company, credit) if lines else []
    elements.append(leaf("OpenAmount", money(company.ledger.open_amount(credit))))
    return elements


def _payment(company: CompanyFile, payment: BillPayment, lines: bool) -> Elements:
    vendor = company.lists.vendor(payment.entity_id)
    account_element = "CreditCardAccountRef" if payment.by_card else "BankAccountRef"
    elements = [*_head(company, payment), *reference(company, "PayeeEntityRef", "Vendor", payment.entity_id)]
    elements += reference(company, "APAccountRef", "Account", payment.ap_account_id)
    elements.append(leaf("TxnDate", payment.txn_date))
    elements += reference(company, account_element, "Account", payment.account_id)
    elements.append(leaf("Amount", money(payment.amount)))
    if company.preferences.multicurrency:
        home = in_home_currency(payment.amount, payment.exchange_rate)
        elements += currency_reference(company, vendor.currency_id)
        elements += [leaf("ExchangeRate", f"{payment.exchange_rate}"), leaf("AmountInHomeCurrency", money(home))]
    elements += _texts(("RefNumber", payment.ref_number), ("Memo", payment.memo))
    if payment.kind == CHECK_PAYMENT:
        elements += address_elements("Address", vendor.address)
        elements.append(boolean("IsToBePrinted", not payment.ref_number))
    elements += _texts(("ExternalGUID", payment.external_guid))
    if lines:
        elements += [_applied(company, payment, link) for link in company.ledger.links(payment.txn_id)]
    return elements


def _head(company: CompanyFile, txn: Txn) -> Elements:
    created, modified = company.printed(txn)
    return [
        ("TxnID", f"<TxnID>{txn.txn_id}</TxnID>"),
        ("TimeCreated", f"<TimeCreated>{created}</TimeCreated>"),
        ("TimeModified", f"<TimeModified>{modified}</TimeModified>"),
        ("EditSequence", f"<EditSequence>{txn.edit_sequence}</EditSequence>"),
        ("TxnNumber", f"<TxnNumber>{txn.txn_number}</TxnNumber>"),
    ]


def _texts(*pairs: tuple[str, str]) -> Elements:
    return [leaf(name, text) for name, text in pairs if text]


def _currency_amount(company: CompanyFile, txn: LinedTxn, currency_id: str | None, element: str) -> Elements:
    if not company.preferences.multicurrency:
        return []
    return [
        *currency_reference(company, currency_id),
        leaf("ExchangeRate", f"{txn.exchange_rate}"),
        leaf(element, money(in_home_currency(txn.total, txn.exchange_rate))),
    ]


def _linked(company: CompanyFile, txn: LinedTxn) -> Elements:
    elements: Elements = []
    for link in company.ledger.links(txn.txn_id):
        other = company.ledger.get(link.other_id if txn.kind == BILL else link.bill_id)
        if other is None:
            continue
        # A linked amount is signed from this transaction's side: what was taken off is negative.
        taken = link.amount + (link.discount if txn.kind == BILL else ZERO)
        elements.append(_linked_txn(other, f"-{money(taken)}" if taken else money(ZERO)))
    return elements


def _linked_txn(other: Txn, amount: str) -> tuple[str, str]:
    inner = [leaf("TxnID", other.txn_id), leaf("TxnType", other.kind), leaf("TxnDate", other.txn_date)]
    inner += _texts(("RefNumber", other.ref_number))
    return nested("LinkedTxn", [*inner, leaf("LinkType", "AMTTYPE"), leaf("Amount", amount)])


def _expense_lines(company: CompanyFile, txn: LinedTxn) -> Elements:
    elements: Elements = []
    for line in txn.lines:
        inner = [("TxnLineID", f"<TxnLineID>{line.txn_line_id}</TxnLineID>")]
        inner += reference(company, "AccountRef", "Account", line.account_id)
        inner.append(leaf("Amount", money(line.amount)))
        inner += _texts(("Memo", line.memo))
        inner += reference(company, "CustomerRef", "Customer", line.customer_id)
        inner += reference(company, "ClassRef", "Class", line.class_id)
        inner += _texts(("BillableStatus", line.billable_status))
        elements.append(nested("ExpenseLineRet", inner))
    return elements


def _applied(company: CompanyFile, payment: BillPayment, link: Link) -> tuple[str, str]:
    bill = company.ledger.get(link.bill_id)
    assert isinstance(bill, Bill)
    inner = [leaf("TxnID", bill.txn_id), leaf("TxnType", BILL), leaf("TxnDate", bill.txn_date)]
    inner += _texts(("RefNumber", bill.ref_number))
    inner.append(leaf("BalanceRemaining", money(company.ledger.open_amount(bill))))
    inner.append(leaf("Amount", money(link.amount)))
    if link.discount:
        inner.append(leaf("DiscountAmount", money(link.discount)))
        inner += reference(company, "DiscountAccountRef", "Account", link.discount_account_id)
    for other_link in company.ledger.links(bill.txn_id):
        if other_link.payment_id == payment.txn_id:
            credit = company.ledger.get(other_link.other_id)
            if credit is not None:
                inner.append(_linked_txn(credit, money(other_link.amount)))
    return nested("AppliedToTxnRet", inner)

"""What an accountant would see in QuickBooks, as plain values: the judge of every test and the content of the pages."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.lists import LIST_TYPES
from ml_connector.sandbox.quickbooks.records import (
    ZERO,
    Account,
    Bill,
    BillPayment,
    Customer,
    LinedTxn,
    ListEntry,
    Tombstone,
    Txn,
    Vendor,
    VendorCredit,
)
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal
from ml_connector.sandbox.quickbooks.values import money

#: A word in square brackets, as integrations put it into a memo to find their own documents again.
_MARK = re.compile(r"\[[^\[\]\s]+\]")

Row = dict[str, Any]  #: JSON values only; amounts are text with two decimals


def bills(company: CompanyFile) -> list[Row]:
    """Every bill with its lines and what was applied to it."""
    rows = []
    for bill in company.ledger.bills():
        row = _lined(company, bill)
        row["due_date"] = bill.due_date
        terms = company.lists.terms(bill.terms_id)
        row["terms"] = terms.name if terms else ""
        row["is_paid"] = company.ledger.open_amount(bill) == 0
        row["applied"] = _applied(company, bill)
        rows.append(row)
    return rows


def vendor_credits(company: CompanyFile) -> list[Row]:
    """Every vendor credit with its lines and what it was applied to."""
    return [_lined(company, credit) | {"applied": _applied(company, credit)} for credit in company.ledger.credits()]


def payments(company: CompanyFile) -> list[Row]:
    """Every bill payment with the bills it pays."""
    return [
        _header(company, payment)
        | {
            "kind": payment.kind,
            "amount": money(payment.amount),
            "account": company.lists.full_name_of("Account", payment.account_id),
            "applied": _applied(company, payment),
        }
        for payment in company.ledger.payments()
    ]


def list_entries(company: CompanyFile, kind: str) -> list[Row]:
    """Every entry of a list. Raises ScreenRefusal for a list that does not exist."""
    if kind not in LIST_TYPES:
        raise ScreenRefusal(f'There is no list "{kind}"; there are {", ".join(LIST_TYPES)}.')
    return [_entry(company, entry) for entry in company.lists.by_id[kind].values()]


def deletions(company: CompanyFile) -> list[Row]:
    """Every tombstone of a transaction or list entry."""
    return [_tombstone(stone) for stone in (*company.ledger.tombstones, *company.lists.tombstones)]


def duplicates(company: CompanyFile) -> list[Row]:
    """Bills, and vendor credits, that look like one document entered twice.

    Three suspicions: the same mark in square brackets in the memo; the same ExternalGUID; the same vendor, RefNumber
    and amount. Voided ones are left out. Each row names the suspicion and the TxnIDs.
    """
    suspicions: list[tuple[str, Callable[[LinedTxn], tuple[str, ...] | None]]] = [
        ("same mark in the memo", lambda txn: tuple(_MARK.findall(txn.memo)) or None),
        ("same ExternalGUID", lambda txn: (txn.external_guid.casefold(),) if txn.external_guid else None),
        (
            "same vendor, RefNumber and amount",
            lambda txn: (txn.entity_id, txn.ref_number.casefold(), money(txn.total)) if txn.ref_number else None,
        ),
    ]
    groups: list[list[LinedTxn]] = [list(company.ledger.bills()), list(company.ledger.credits())]
    rows: list[Row] = []
    for transactions in groups:
        for suspicion, key_of in suspicions:
            rows += [
                {"kind": found[0].kind, "suspicion": suspicion, "key": list(key), "txn_ids": [t.txn_id for t in found]}
                for key, found in _grouped(transactions, key_of).items()
                if len(found) > 1
            ]
    return rows


def summary(company: CompanyFile) -> Row:
    """Counts and totals of the open company file."""
    ledger = company.ledger
    return {
        "company": company.contents.company_name,
        "path": company.path,
        "now": company.now().local,
        "closing_date": company.preferences.closing_date,
        "class_tracking": company.preferences.uses_classes,
        "multicurrency": company.preferences.multicurrency,
        "last_restore": company.contents.last_restore,
        "bills": len(ledger.bills()),
        "vendor_credits": len(ledger.credits()),
        "payments": len(ledger.payments()),
        "lists": {kind: len(entries) for kind, entries in company.lists.by_id.items()},
        "remembered_message_sets": len(company.memory.known_ids()),
    }


def _grouped(
    transactions: Iterable[LinedTxn], key_of: Callable[[LinedTxn], tuple[str, ...] | None]
) -> dict[tuple[str, ...], list[LinedTxn]]:
    found: dict[tuple[str, ...], list[LinedTxn]] = defaultdict(list)
    for txn in transactions:
        key = None if _is_void(txn) else key_of(txn)
        if key is not None:
            found[key].append(txn)
    return found


def _is_void(txn: Txn) -> bool:
    """Voiding marks the memo and takes the amounts; whoever enters amounts again has a valid document with that memo."""
    amount = txn.amount if isinstance(txn, BillPayment) else txn.total if isinstance(txn, LinedTxn) else ZERO
    return txn.memo.startswith("VOID:") and amount == ZERO


def _header(company: CompanyFile, txn: Txn) -> Row:
    vendor = company.lists.vendor(txn.entity_id)
    currency = company.lists.currency(vendor.currency_id) or company.home_currency()
    return {
        "txn_id": txn.txn_id,
        "txn_number": txn.txn_number,
        "vendor": vendor.name,
        "vendor_id": vendor.list_id,
        "currency": currency.code if currency else "",
        "exchange_rate": str(txn.exchange_rate),
        "payables_account": company.lists.full_name_of("Account", txn.ap_account_id),
        "txn_date": txn.txn_date,
        "ref_number": txn.ref_number,
        "memo": txn.memo,
        "external_guid": txn.external_guid,
        "edit_sequence": str(txn.edit_sequence),
        "time_created": txn.created,
        "time_modified": txn.modified,
        "voided": _is_void(txn),
    }


def _lined(company: CompanyFile, txn: Bill | VendorCredit) -> Row:
    names = company.lists.full_name_of
    lines = [
        {
            "account": names("Account", line.account_id),
            "account_id": line.account_id,
            "amount": money(line.amount),
            "memo": line.memo,
            "class": names("Class", line.class_id) if line.class_id else "",
            "customer": names("Customer", line.customer_id) if line.customer_id else "",
            "billable_status": line.billable_status,
        }
        for line in txn.lines
    ]
    open_amount = company.ledger.open_amount(txn)
    return _header(company, txn) | {"amount": money(txn.total), "open_amount": money(open_amount), "lines": lines}


def _applied(company: CompanyFile, txn: Txn) -> list[Row]:
    rows = []
    for link in company.ledger.links(txn.txn_id):
        other = company.ledger.get(link.bill_id if link.other_id == txn.txn_id else link.other_id)
        if other is not None:
            rows.append(
                {
                    "txn_id": other.txn_id,
                    "kind": other.kind,
                    "ref_number": other.ref_number,
                    "txn_date": other.txn_date,
                    "amount": money(link.amount),
                    "discount": money(link.discount),
                }
            )
    return rows


def _entry(company: CompanyFile, entry: ListEntry) -> Row:
    row: Row = {
        "list_id": entry.list_id,
        "name": entry.name,
        "full_name": company.lists.full_name(entry),
        "is_active": entry.is_active,
        "time_modified": entry.modified,
    }
    if isinstance(entry, Account):
        row |= {"account_type": entry.account_type, "account_number": entry.account_number}
    if isinstance(entry, (Vendor, Account, Customer)):
        currency = company.lists.currency(entry.currency_id) or company.home_currency()
        row["currency"] = currency.code if currency else ""
    if isinstance(entry, Vendor):
        row["balance"] = money(company.ledger.balance(entry.list_id))
    return row


def _tombstone(stone: Tombstone) -> Row:
    return {"kind": stone.kind, "id": stone.object_id, "deleted": stone.deleted, "label": stone.label}

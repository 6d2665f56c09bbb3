"""The requests we send, one function each, as qbXML text ready for `render.message_set`.

Entries are referred to by ListID only: names change, ListIDs do not. Lists and transactions are asked for with
`IncludeRetElement`, which cuts an answer to what `core.records` holds. Source of each rule: qbxmlops130, the request of
the same name, and docs/reference/quickbooks.md, query semantics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ml_connector.core.books import ListId, TxnId
from ml_connector.core.errors import Defect
from ml_connector.core.records import TxnKind
from ml_connector.quickbooks import limits, orders
from ml_connector.quickbooks.orders import Group
from ml_connector.quickbooks.render import Value, render_request
from ml_connector.quickbooks.versions import Version

_LIST_STEM = ("ListID", "TimeModified", "EditSequence", "Name", "IsActive")
_VENDOR_FIELDS = (
    *_LIST_STEM, "CompanyName", "VendorAddress", "Phone", "Email", "AccountNumber", "TermsRef", "CurrencyRef",
)  # fmt: skip
_CUSTOMER_FIELDS = (*_LIST_STEM, "FullName", "JobStatus", "JobDesc")
_ACCOUNT_FIELDS = (*_LIST_STEM, "FullName", "AccountType", "AccountNumber", "Desc", "CurrencyRef")
_CLASS_FIELDS = (*_LIST_STEM, "FullName")

_TXN_STEM = ("TxnID", "TimeModified", "EditSequence", "TxnNumber", "VendorRef", "TxnDate")
_TXN_END = ("RefNumber", "Memo", "ExternalGUID")
_PAYMENT_FIELDS = ("TxnID", "TimeModified", "EditSequence", "TxnDate", "Amount", "RefNumber", "AppliedToTxnRet")

_TXN_QUERIES = {TxnKind.BILL: orders.BILL_QUERY, TxnKind.VENDOR_CREDIT: orders.VENDOR_CREDIT_QUERY}
_PAYMENT_QUERIES = {
    TxnKind.BILL_PAYMENT_CHECK: orders.BILL_PAYMENT_CHECK_QUERY,
    TxnKind.BILL_PAYMENT_CREDIT_CARD: orders.BILL_PAYMENT_CREDIT_CARD_QUERY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list or of transactions.

    A page that continues must repeat the filters and the size of the first one. Iterators live in one Web Connector
    session only and may expire when idle; then start again. Source: docs/reference/quickbooks.md, iterators.
    """

    size: int  #: MaxReturned, records
    iterator_id: str = ""  #: as QuickBooks answered it; empty for the first page

    @property
    def attributes(self) -> dict[str, str]:
        """The request's attributes."""
        if self.iterator_id:
            return {"iterator": "Continue", "iteratorID": self.iterator_id}
        return {"iterator": "Start"}


FIRST_LIST_PAGE = Page(size=limits.LIST_PAGE)
FIRST_TXN_PAGE = Page(size=limits.TXN_PAGE)


def vendor_query(
    request_id: str, version: Version, *, page: Page = FIRST_LIST_PAGE, modified_since: datetime | None = None
) -> str:
    """Ask for vendors, active or not, changed since a naive local time; all of them if None."""
    return _list_query(orders.VENDOR_QUERY, _VENDOR_FIELDS, request_id, version, modified_since, page)


def customer_query(
    request_id: str, version: Version, *, page: Page = FIRST_LIST_PAGE, modified_since: datetime | None = None
) -> str:
    """Ask for customers and jobs, active or not, changed since a naive local time; all of them if None."""
    return _list_query(orders.CUSTOMER_QUERY, _CUSTOMER_FIELDS, request_id, version, modified_since, page)


def account_query(request_id: str, version: Version, *, modified_since: datetime | None = None) -> str:
    """Ask for accounts, active or not. This list cannot be read in pages."""
    return _list_query(orders.ACCOUNT_QUERY, _ACCOUNT_FIELDS, request_id, version, modified_since)


def class_query(request_id: str, version: Version, *, modified_since: datetime | None = None) -> str:
    """Ask for classes, active or not. This list cannot be read in pages."""
    return _list_query(orders.CLASS_QUERY, _CLASS_FIELDS, request_id, version, modified_since)


def terms_query(request_id: str, version: Version, *, modified_since: datetime | None = None) -> str:
    """Ask for standard and date-driven terms, active or not, mixed. This list cannot be read in pages."""
    # Both kinds come back whole: their elements differ, and the list is short.
    return _list_query(orders.TERMS_QUERY, (), request_id, version, modified_since)


def currency_query(request_id: str, version: Version) -> str:
    """Ask for all currencies, active or not. This list cannot be read in pages; it holds a few hundred at most."""
    return _list_query(orders.CURRENCY_QUERY, ("ListID", "Name", "CurrencyCode"), request_id, version, None)


def txn_query_by_ref_numbers(
    kind: TxnKind, ref_numbers: Sequence[str], request_id: str, version: Version, *, lines: bool = False
) -> str:
    """Ask for Bills or VendorCredits by number, of any vendor; QuickBooks ignores upper and lower case."""
    _not_empty("RefNumber", ref_numbers)
    return _txn_query(kind, {"RefNumber": _once_each(ref_numbers)}, request_id, version, lines)


def vendors_by_ids(list_ids: Sequence[ListId], request_id: str, version: Version) -> str:
    """Ask for vendors by ListID; status 500 tells that some of them no longer exist."""
    return _by_ids(orders.VENDOR_QUERY, _VENDOR_FIELDS, list_ids, request_id, version)


def accounts_by_ids(list_ids: Sequence[ListId], request_id: str, version: Version) -> str:
    """Ask for accounts by ListID; status 500 tells that some of them no longer exist."""
    return _by_ids(orders.ACCOUNT_QUERY, _ACCOUNT_FIELDS, list_ids, request_id, version)


def _by_ids(
    table: Group, fields: tuple[str, ...], list_ids: Sequence[ListId], request_id: str, version: Version
) -> str:
    _not_empty("ListID", list_ids)
    return render_request(table, request_id, version, {"ListID": _once_each(list_ids), "IncludeRetElement": fields})


def txn_query_by_txn_ids(
    kind: TxnKind,
    txn_ids: Sequence[TxnId],
    request_id: str,
    version: Version,
    *,
    lines: bool = False,
    links: bool = False,
) -> str:
    """Ask for Bills or VendorCredits by TxnID; status 500 tells that some of them no longer exist."""
    _not_empty("TxnID", txn_ids)
    return _txn_query(kind, {"TxnID": _once_each(txn_ids)}, request_id, version, lines, links=links)


def txn_query_by_vendor_and_dates(
    kind: TxnKind,
    vendors: Sequence[ListId],
    first: date,
    last: date,
    request_id: str,
    version: Version,
    *,
    lines: bool = False,
    page: Page | None = None,
) -> str:
    """Ask for Bills or VendorCredits of these vendors dated from `first` to `last`, both included.

    This finds a Bill of ours whose number a user has changed since.
    """
    _not_empty("vendor", vendors)
    filters: dict[str, Value] = {
        "TxnDateRangeFilter": {"FromTxnDate": first, "ToTxnDate": last},
        "EntityFilter": {"ListID": _once_each(vendors)},
    }
    return _txn_query(kind, filters, request_id, version, lines, page)


def txn_query_modified_since(
    kind: TxnKind,
    since: datetime | None,
    request_id: str,
    version: Version,
    *,
    lines: bool = False,
    page: Page | None = FIRST_TXN_PAGE,
) -> str:
    """Ask for Bills or VendorCredits saved, paid, voided or linked since a naive local time; all of them if None."""
    filters: dict[str, Value] = {"ModifiedDateRangeFilter": {"FromModifiedDate": since}} if since else {}
    return _txn_query(kind, filters, request_id, version, lines, page)


def payment_query(
    kind: TxnKind,
    request_id: str,
    version: Version,
    *,
    modified_since: datetime | None = None,
    txn_ids: Sequence[TxnId] = (),
    page: Page | None = None,
) -> str:
    """Ask for bill payments, with what each settles: by TxnID, or changed since a naive local time.

    Without line items QuickBooks would leave out `AppliedToTxnRet`. Source: qbxmlops130, BillPaymentCheckQueryRq.
    """
    if kind not in _PAYMENT_QUERIES:
        raise Defect(f"{kind} is not a payment.")
    if txn_ids and (modified_since is not None or page is not None):
        raise Defect("Payments are asked for by TxnID or by date, not both.")
    values: dict[str, Value] = {
        "TxnID": _once_each(txn_ids),
        "MaxReturned": page.size if page else None,
        "ModifiedDateRangeFilter": {"FromModifiedDate": modified_since} if modified_since else None,
        "IncludeLineItems": True,
        "IncludeRetElement": _PAYMENT_FIELDS,
    }
    return render_request(_PAYMENT_QUERIES[kind], request_id, version, values, page.attributes if page else None)


def txn_deleted_query(
    kinds: Sequence[TxnKind], request_id: str, version: Version, *, since: datetime | None = None
) -> str:
    """Ask which transactions were deleted since a naive local time; QuickBooks knows about 90 days back."""
    values: dict[str, Value] = {
        "TxnDelType": tuple(str(kind) for kind in kinds),
        "DeletedDateRangeFilter": {"FromDeletedDate": since} if since else None,
    }
    return render_request(orders.TXN_DELETED_QUERY, request_id, version, values)


_DELETED_LISTS = ("Account", "Class", "Customer", "DateDrivenTerms", "StandardTerms", "Vendor")


def list_deleted_query(request_id: str, version: Version, *, since: datetime) -> str:
    """Ask which entries of the lists we read were deleted or merged since a naive local time; QuickBooks knows about 90
    days back."""
    values: dict[str, Value] = {"ListDelType": _DELETED_LISTS, "DeletedDateRangeFilter": {"FromDeletedDate": since}}
    return render_request(orders.LIST_DELETED_QUERY, request_id, version, values)


def host_company_preferences(owner_id: str, version: Version, *, prefix: str = "hcp") -> tuple[str, str, str]:
    """Ask who answers: product and versions, company file with our data extensions, preferences.

    The Web Connector asks the same by itself and hands the answer over with the first sendRequestXML.
    """
    return (
        render_request(orders.HOST_QUERY, f"{prefix}.host", version, {}),
        render_request(orders.COMPANY_QUERY, f"{prefix}.company", version, {"OwnerID": owner_id}),
        render_request(orders.PREFERENCES_QUERY, f"{prefix}.preferences", version, {}),
    )


def company_activity_query(request_id: str, version: Version) -> str:
    """Ask when the company file was last restored from a backup and last condensed."""
    return render_request(
        orders.COMPANY_ACTIVITY_QUERY,
        request_id,
        version,
        {"IncludeRetElement": ("LastRestoreTime", "LastCondenseTime")},
    )


def _list_query(
    table: Group,
    fields: tuple[str, ...],
    request_id: str,
    version: Version,
    modified_since: datetime | None,
    page: Page | None = None,
) -> str:
    values: dict[str, Value] = {
        "MaxReturned": page.size if page else None,
        "ActiveStatus": "All",  # the default leaves inactive entries out, and they would look deleted
        "FromModifiedDate": modified_since,
        "IncludeRetElement": fields,
    }
    return render_request(table, request_id, version, values, page.attributes if page else None)


def _txn_query(
    kind: TxnKind,
    filters: dict[str, Value],
    request_id: str,
    version: Version,
    lines: bool,
    page: Page | None = None,
    *,
    links: bool = False,
) -> str:
    if kind not in _TXN_QUERIES:
        raise Defect(f"{kind} is neither a Bill nor a VendorCredit.")
    values: dict[str, Value] = {
        **filters,
        "MaxReturned": page.size if page else None,
        "IncludeLineItems": True if lines else None,
        "IncludeLinkedTxns": True if links else None,
        "IncludeRetElement": txn_fields(kind, version, lines=lines, links=links),
    }
    return render_request(_TXN_QUERIES[kind], request_id, version, values, page.attributes if page else None)


def txn_fields(kind: TxnKind, version: Version, *, lines: bool = False, links: bool = False) -> tuple[str, ...]:
    """Return the elements of a Bill or VendorCredit that are read back."""
    middle = ("AmountDue", "IsPaid", "OpenAmount") if kind is TxnKind.BILL else ("CreditAmount", "OpenAmount")
    end = _TXN_END if version.has_external_guid else _TXN_END[:-1]
    whole = ("LinkedTxn", *(("DueDate",) if kind is TxnKind.BILL else ()), "ItemLineRet", "ItemGroupLineRet")
    return (*_TXN_STEM, *middle, *end, *(whole if links else ()), *(("ExpenseLineRet",) if lines else ()))


def _once_each(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _not_empty(what: str, values: Sequence[str]) -> None:
    # A query without its filter would ask for the whole company file.
    if not values or not all(values):
        raise Defect(f"The query needs at least one {what}, and none of them empty.")

"""The requests we send, as tables: which elements, in which order, how long, since which qbXML version.

QuickBooks reads strictly in order: one misplaced, unknown or too new element refuses the whole message set with
0x80040400. Rendering and checking both go through these tables, so that none of it can be forgotten.
Source of every table: qbxmlops130, the request of the same name; only elements that we send are listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ml_connector.quickbooks import limits
from ml_connector.quickbooks.versions import EXTERNAL_GUID, Version

_FIRST = Version(1, 0)


class Form(StrEnum):
    """What an element's text looks like."""

    TEXT = "text"  #: STRTYPE
    ID = "id"  #: IDTYPE
    GUID = "guid"  #: GUIDTYPE
    AMOUNT = "amount"  #: AMTTYPE
    DATE = "date"  #: DATETYPE
    DATETIME = "datetime"  #: DATETIMETYPE
    BOOL = "bool"  #: BOOLTYPE
    COUNT = "count"  #: INTTYPE, not negative
    WORD = "word"  #: one of a fixed set


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An element with text."""

    name: str
    form: Form
    limit: int = 0  #: characters, for TEXT
    one_line: bool = False  #: for TEXT: no line ends
    words: tuple[str, ...] = ()  #: for WORD
    required: bool = False
    many: bool = False
    since: Version = _FIRST
    droppable: bool = False  #: left out where the version is too old for it; otherwise that is our mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An element with elements inside, in this order."""

    name: str
    parts: tuple[Part, ...]
    attributes: tuple[str, ...] = ()  #: besides requestID, which every request has
    required: bool = False
    many: bool = False
    since: Version = _FIRST
    droppable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """Parts of one branch only; none at all is allowed too."""

    branches: tuple[tuple[Part, ...], ...]


Part: TypeAlias = Leaf | Group | OneOf


def _text(name: str, limit: int, *, one_line: bool = False, many: bool = False) -> Leaf:
    return Leaf(name=name, form=Form.TEXT, limit=limit, one_line=one_line, many=many)


#: All that a reference holds. FullName is allowed as well, but names change and ListIDs do not.
LIST_ID = Leaf(name="ListID", form=Form.ID, required=True)


def _ref(name: str, *, required: bool = False) -> Group:
    return Group(name=name, parts=(LIST_ID,), required=required)


_DATETIME = Form.DATETIME
_LIST_IDS = Leaf(name="ListID", form=Form.ID, many=True)
_TXN_IDS = Leaf(name="TxnID", form=Form.ID, many=True)
RET = _text("IncludeRetElement", limits.RET_ELEMENT_CHARS, one_line=True, many=True)
_OWNER = Leaf(name="OwnerID", form=Form.GUID, many=True)
_MAX = Leaf(name="MaxReturned", form=Form.COUNT)
_ITERATOR = ("iterator", "iteratorID")

_LIST_FILTER: tuple[Part, ...] = (
    _MAX,
    Leaf(name="ActiveStatus", form=Form.WORD, words=("ActiveOnly", "InactiveOnly", "All")),
    Leaf(name="FromModifiedDate", form=_DATETIME),
    Leaf(name="ToModifiedDate", form=_DATETIME),
)


def _list_query(name: str, *, iterates: bool = False) -> Group:
    return Group(
        name=name,
        attributes=_ITERATOR if iterates else (),
        parts=(OneOf(branches=((_LIST_IDS,), _LIST_FILTER)), RET),
    )


_TXN_FILTER: tuple[Part, ...] = (
    _MAX,
    OneOf(
        branches=(
            (
                Group(
                    name="ModifiedDateRangeFilter",
                    parts=(
                        Leaf(name="FromModifiedDate", form=_DATETIME),
                        Leaf(name="ToModifiedDate", form=_DATETIME),
                    ),
                ),
            ),
            (
                Group(
                    name="TxnDateRangeFilter",
                    parts=(Leaf(name="FromTxnDate", form=Form.DATE), Leaf(name="ToTxnDate", form=Form.DATE)),
                ),
            ),
        )
    ),
    Group(name="EntityFilter", parts=(_LIST_IDS,)),
)
_LINES = Leaf(name="IncludeLineItems", form=Form.BOOL)
_LINKS = Leaf(name="IncludeLinkedTxns", form=Form.BOOL)


def _txn_query(name: str, *, links: bool) -> Group:
    numbers = _text("RefNumber", limits.REF_NUMBER_CHARS, one_line=True, many=True)
    return Group(
        name=name,
        attributes=_ITERATOR,
        parts=(
            OneOf(branches=((_TXN_IDS,), (numbers,), _TXN_FILTER)),
            _LINES,
            *((_LINKS,) if links else ()),
            RET,
        ),
    )


_EXPENSE_LINE = Group(
    name="ExpenseLineAdd",
    many=True,
    parts=(
        _ref("AccountRef", required=True),
        Leaf(name="Amount", form=Form.AMOUNT, required=True),
        _text("Memo", limits.MEMO_CHARS),
        _ref("CustomerRef"),
        _ref("ClassRef"),
        Leaf(name="BillableStatus", form=Form.WORD, words=("Billable", "NotBillable", "HasBeenBilled")),
    ),
)
_GUID = Leaf(name="ExternalGUID", form=Form.GUID, since=EXTERNAL_GUID, droppable=True)
_REF_NUMBER = _text("RefNumber", limits.REF_NUMBER_CHARS, one_line=True)

BILL_ADD = Group(
    name="BillAddRq",
    parts=(
        Group(
            name="BillAdd",
            required=True,
            parts=(
                _ref("VendorRef", required=True),
                Leaf(name="TxnDate", form=Form.DATE),
                Leaf(name="DueDate", form=Form.DATE),
                _REF_NUMBER,
                _ref("TermsRef"),
                _text("Memo", limits.MEMO_CHARS),
                _GUID,
                _EXPENSE_LINE,
            ),
        ),
        RET,
    ),
)
# No DueDate and no TermsRef: a VendorCredit has neither.
VENDOR_CREDIT_ADD = Group(
    name="VendorCreditAddRq",
    parts=(
        Group(
            name="VendorCreditAdd",
            required=True,
            parts=(
                _ref("VendorRef", required=True),
                Leaf(name="TxnDate", form=Form.DATE),
                _REF_NUMBER,
                _text("Memo", limits.MEMO_CHARS),
                _GUID,
                _EXPENSE_LINE,
            ),
        ),
        RET,
    ),
)

_EXPENSE_LINE_MOD = Group(
    name="ExpenseLineMod",
    many=True,
    parts=(Leaf(name="TxnLineID", form=Form.ID, required=True), *_EXPENSE_LINE.parts),
)
_EDIT_SEQUENCE = Leaf(name="EditSequence", form=Form.TEXT, limit=limits.EDIT_SEQUENCE_CHARS, required=True)
# Neither can change the ExternalGUID. A change of vendor is left to people, so VendorRef is not here.
BILL_MOD = Group(
    name="BillModRq",
    parts=(
        Group(
            name="BillMod",
            required=True,
            parts=(
                Leaf(name="TxnID", form=Form.ID, required=True),
                _EDIT_SEQUENCE,
                Leaf(name="TxnDate", form=Form.DATE),
                Leaf(name="DueDate", form=Form.DATE),
                _REF_NUMBER,
                _ref("TermsRef"),
                _text("Memo", limits.MEMO_CHARS),
                _EXPENSE_LINE_MOD,
            ),
        ),
        RET,
    ),
)
VENDOR_CREDIT_MOD = Group(  # since v8.0, which is the oldest spoken
    name="VendorCreditModRq",
    parts=(
        Group(
            name="VendorCreditMod",
            required=True,
            parts=(
                Leaf(name="TxnID", form=Form.ID, required=True),
                _EDIT_SEQUENCE,
                Leaf(name="TxnDate", form=Form.DATE),
                _REF_NUMBER,
                _text("Memo", limits.MEMO_CHARS),
                _EXPENSE_LINE_MOD,
            ),
        ),
        RET,
    ),
)

VENDOR_QUERY = _list_query("VendorQueryRq", iterates=True)
CUSTOMER_QUERY = _list_query("CustomerQueryRq", iterates=True)
# These lists cannot be read in pages; an iterator attribute on them refuses the whole set.
ACCOUNT_QUERY = _list_query("AccountQueryRq")
CLASS_QUERY = _list_query("ClassQueryRq")
TERMS_QUERY = _list_query("TermsQueryRq")
CURRENCY_QUERY = _list_query("CurrencyQueryRq")  # since v8.0, which is the oldest spoken

BILL_QUERY = _txn_query("BillQueryRq", links=True)
VENDOR_CREDIT_QUERY = _txn_query("VendorCreditQueryRq", links=True)
BILL_PAYMENT_CHECK_QUERY = _txn_query("BillPaymentCheckQueryRq", links=False)
BILL_PAYMENT_CREDIT_CARD_QUERY = _txn_query("BillPaymentCreditCardQueryRq", links=False)

TXN_DELETED_QUERY = Group(
    name="TxnDeletedQueryRq",
    parts=(
        Leaf(
            name="TxnDelType",
            form=Form.WORD,
            words=("Bill", "VendorCredit", "BillPaymentCheck", "BillPaymentCreditCard"),
            many=True,
            required=True,
        ),
        Group(
            name="DeletedDateRangeFilter",
            parts=(Leaf(name="FromDeletedDate", form=_DATETIME), Leaf(name="ToDeletedDate", form=_DATETIME)),
        ),
    ),
)

LIST_DELETED_QUERY = Group(
    name="ListDeletedQueryRq",
    parts=(
        Leaf(
            name="ListDelType",
            form=Form.WORD,
            words=("Account", "Class", "Customer", "DateDrivenTerms", "StandardTerms", "Vendor"),
            many=True,
            required=True,
        ),
        Group(
            name="DeletedDateRangeFilter",
            parts=(Leaf(name="FromDeletedDate", form=_DATETIME), Leaf(name="ToDeletedDate", form=_DATETIME)),
        ),
    ),
)

HOST_QUERY = Group(name="HostQueryRq", parts=(RET,))
COMPANY_QUERY = Group(name="CompanyQueryRq", parts=(RET, _OWNER))
COMPANY_ACTIVITY_QUERY = Group(name="CompanyActivityQueryRq", parts=(RET,))  # since v6.0
PREFERENCES_QUERY = Group(name="PreferencesQueryRq", parts=(RET,))

#: Every request we send, by name.
REQUESTS: dict[str, Group] = {
    group.name: group
    for group in (
        BILL_ADD, VENDOR_CREDIT_ADD, BILL_MOD, VENDOR_CREDIT_MOD,
        VENDOR_QUERY, CUSTOMER_QUERY, ACCOUNT_QUERY, CLASS_QUERY, TERMS_QUERY, CURRENCY_QUERY,
        BILL_QUERY, VENDOR_CREDIT_QUERY, BILL_PAYMENT_CHECK_QUERY, BILL_PAYMENT_CREDIT_CARD_QUERY,
        TXN_DELETED_QUERY, LIST_DELETED_QUERY, HOST_QUERY, COMPANY_QUERY, COMPANY_ACTIVITY_QUERY, PREFERENCES_QUERY,
    )
}  # fmt: skip

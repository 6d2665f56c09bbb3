"""What a company file holds: list entries, transactions, the links between them, tombstones.

Amounts are `Decimal` with two decimals, dates are `YYYY-MM-DD` text, stamps are host-local wall time (`hostclock`).
Records are mutable because QuickBooks edits them in place; everything that changes one goes through `Lists`, `Ledger`
or `CompanyFile`.
"""

from dataclasses import dataclass, field
from decimal import Decimal

BILL = "Bill"
VENDOR_CREDIT = "VendorCredit"
CHECK_PAYMENT = "BillPaymentCheck"
CARD_PAYMENT = "BillPaymentCreditCard"
PAYMENT_KINDS = (CHECK_PAYMENT, CARD_PAYMENT)

ZERO = Decimal("0.00")


@dataclass(slots=True, kw_only=True)
class Record:
    """Stamps every object has."""

    created: str = ""  #: host-local wall time
    modified: str = ""  #: host-local wall time of the last save
    edit_sequence: int = 0  #: Unix seconds of the last save


@dataclass(slots=True, kw_only=True)
class ListEntry(Record):
    """One entry of a list."""

    list_id: str = ""  #: e.g. `80000003-1446676743`
    name: str  #: own name, without the parents'
    is_active: bool = True
    parent_id: str | None = None  #: ListID one level up, for accounts, classes and customers
    details: dict[str, str] = field(default_factory=dict)  #: plain elements by their qbXML name


@dataclass(slots=True, kw_only=True)
class Vendor(ListEntry):
    """A supplier."""

    address: dict[str, str] = field(default_factory=dict)  #: Addr1, City ... by qbXML name
    terms_id: str | None = None
    class_id: str | None = None
    currency_id: str | None = None  #: None is the home currency
    prefill_account_ids: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Account(ListEntry):
    """A ledger account."""

    account_type: str  #: AccountType enumeration, e.g. `Expense`
    special_type: str | None = None  #: SpecialAccountType, e.g. `AccountsPayable`
    account_number: str = ""  #: at most 7 characters; empty when it has none
    currency_id: str | None = None  #: None is the home currency


@dataclass(slots=True, kw_only=True)
class QbClass(ListEntry):
    """A class (a division, a department)."""


@dataclass(slots=True, kw_only=True)
class Customer(ListEntry):
    """A customer, or a job when it has a parent."""

    terms_id: str | None = None
    currency_id: str | None = None


@dataclass(slots=True, kw_only=True)
class StandardTerms(ListEntry):
    """Terms counted in days from the bill's date."""

    due_days: int = 0
    discount_days: int = 0
    discount_pct: Decimal = Decimal(0)


@dataclass(slots=True, kw_only=True)
class DateDrivenTerms(ListEntry):
    """Terms due on a day of the month."""

    day_of_month_due: int
    due_next_month_days: int = 0  #: bills dated within so many days of the due day move to the next month
    discount_day_of_month: int | None = None
    discount_pct: Decimal = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Currency(ListEntry):
    """A currency of the currency list."""

    code: str  #: ISO 4217
    exchange_rate: Decimal = Decimal(1)  #: home currency units for one unit


@dataclass(slots=True, kw_only=True)
class ExpenseLine:
    """One line of the Expenses tab."""

    txn_line_id: str = ""
    account_id: str
    amount: Decimal
    memo: str = ""
    customer_id: str | None = None
    class_id: str | None = None
    billable_status: str = ""


@dataclass(slots=True, kw_only=True)
class Txn(Record):
    """What every transaction has."""

    txn_id: str = ""  #: e.g. `1CC54C-1785955489`
    txn_number: int = 0  #: counts all transactions of the file
    entity_id: str  #: vendor's ListID
    ap_account_id: str
    txn_date: str  #: `YYYY-MM-DD`
    ref_number: str = ""
    memo: str = ""
    exchange_rate: Decimal = Decimal(1)
    external_guid: str = ""

    @property
    def kind(self) -> str:
        """TxnType, e.g. `Bill`."""
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class LinedTxn(Txn):
    """A transaction whose amount is the sum of its lines."""

    lines: list[ExpenseLine] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """AmountDue or CreditAmount."""
        return sum([line.amount for line in self.lines], ZERO)


@dataclass(slots=True, kw_only=True)
class Bill(LinedTxn):
    """A vendor's bill."""

    due_date: str = ""
    terms_id: str | None = None
    vendor_address: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """TxnType."""
        return BILL


@dataclass(slots=True, kw_only=True)
class VendorCredit(LinedTxn):
    """A vendor's credit note; amounts are positive."""

    @property
    def kind(self) -> str:
        """TxnType."""
        return VENDOR_CREDIT


@dataclass(slots=True, kw_only=True)
class BillPayment(Txn):
    """A cheque or a credit card charge that pays bills."""

    by_card: bool = False
    account_id: str  #: bank account, or credit card account
    amount: Decimal  #: money that left; discounts and credits are not in it

    @property
    def kind(self) -> str:
        """TxnType."""
        return CARD_PAYMENT if self.by_card else CHECK_PAYMENT


@dataclass(slots=True, kw_only=True)
class Link:
    """One application of a payment or a credit to a bill."""

    bill_id: str
    other_id: str  #: TxnID of the payment or the vendor credit
    amount: Decimal  #: positive; what it takes off the bill, discount not included
    discount: Decimal = ZERO
    discount_account_id: str | None = None
    payment_id: str | None = None  #: for a credit: the payment in whose window it was set


@dataclass(slots=True, kw_only=True)
class Tombstone:
    """What remains of a deleted object, for about ninety days."""

    kind: str  #: TxnDelType or ListDelType
    object_id: str
    created: str
    deleted: str  #: host-local wall time
    deleted_epoch: int
    label: str  #: RefNumber or FullName


TOMBSTONE_LIFE_S = 90 * 24 * 3600  #: how long deletions can be asked for (docs.conductor.is, deleted objects)

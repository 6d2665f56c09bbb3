"""What was read from a company file: list records to publish, Bills found, payments made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ml_connector.core.books import NO_ENTRY, ListId, ListKind, TxnId
from ml_connector.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address in QuickBooks' parts; empty where not given."""

    lines: tuple[str, ...] = ()  #: Addr1 to Addr5, up to 41 characters each
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecord:
    """One entry of a QuickBooks list, with the fields that some kinds lack left empty."""

    kind: ListKind
    list_id: ListId
    edit_sequence: str  #: changes with every save, but not more often than once a second
    time_modified: str  #: QuickBooks' local stamp, raw
    name: str  #: the last level of the name
    full_name: str  #: with the parents, separated by colons
    active: bool = True
    account_type: str = ""  #: accounts
    account_number: str = ""  #: accounts; optional, may repeat
    description: str = ""  #: accounts and jobs
    currency_name: str = ""  #: vendors and accounts: FullName of the currency; empty without multicurrency
    company_name: str = ""  #: vendors
    email: str = ""  #: vendors; may hold several addresses
    phone: str = ""  #: vendors
    vendor_account_number: str = ""  #: our account with the vendor
    terms: ListId = NO_ENTRY  #: vendors
    address: Address = Address()
    due_days: int | None = None  #: standard terms: StdDueDays
    discount_days: int | None = None  #: standard terms: StdDiscountDays
    discount_percent: Decimal | None = None  #: terms
    date_driven: bool = False  #: terms that fall on a day of the month
    day_of_month_due: int | None = None  #: date-driven terms
    job_status: str = ""  #: jobs


class TxnKind(StrEnum):
    """QuickBooks transaction types that matter here, as `TxnType` and `TxnDelType` spell them."""

    BILL = "Bill"
    VENDOR_CREDIT = "VendorCredit"
    BILL_PAYMENT_CHECK = "BillPaymentCheck"
    BILL_PAYMENT_CREDIT_CARD = "BillPaymentCreditCard"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One expense line of a Bill or VendorCredit, as QuickBooks holds it."""

    txn_line_id: str
    account: ListId
    amount: Decimal
    memo: str = ""
    customer: ListId = NO_ENTRY
    class_: ListId = NO_ENTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLink:
    """A payment or credit that is applied to a Bill, or a Bill that a credit is applied to."""

    txn_id: TxnId
    txn_type: str
    amount: Decimal  #: negative: what it takes off


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTxn:
    """A Bill or VendorCredit as QuickBooks holds it."""

    kind: TxnKind
    txn_id: TxnId
    txn_number: str  #: QuickBooks' running number, for people; may be empty
    edit_sequence: str
    time_modified: str  #: raw
    vendor: ListId
    txn_date: date
    amount: Decimal  #: AmountDue or CreditAmount, in the vendor's currency
    ref_number: str = ""
    memo: str = ""
    external_guid: str = ""  #: with braces; empty below qbXML 9.0
    is_paid: bool = False
    open_amount: Decimal | None = None
    lines: tuple[LedgerLine, ...] = ()  #: only when they were asked for
    links: tuple[LedgerLink, ...] = ()  #: only when they were asked for
    due_date: date | None = None  #: Bills, only when their links were asked for
    has_items: bool = False  #: it has lines of items as well; only when its links were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedTo:
    """The part of a payment that settles one Bill."""

    txn_id: TxnId
    txn_type: str  #: normally `Bill`
    amount: Decimal  #: money paid
    discount: Decimal = Decimal(0)  #: taken instead of paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A BillPaymentCheck or BillPaymentCreditCard with everything it settles; a voided one has nothing left."""

    kind: TxnKind
    txn_id: TxnId
    edit_sequence: str
    time_modified: str  #: raw
    paid_on: date
    ref_number: str = ""  #: check number, at most 11 characters
    amount: Decimal = Decimal(0)
    applied: tuple[AppliedTo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedTxn:
    """A transaction that somebody deleted in QuickBooks; known for about 90 days."""

    kind: TxnKind
    txn_id: TxnId
    time_deleted: str  #: raw


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedEntry:
    """A list entry that somebody deleted in QuickBooks, or merged into another one; known for about 90 days."""

    list_id: ListId
    time_deleted: str  #: raw


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyFile:
    """Who answered: the first answer of a Web Connector session."""

    company_name: str
    file_ids: tuple[str, ...] = ()  #: values of the `FileID` data extensions under our OwnerID
    product: str = ""
    supported_versions: tuple[str, ...] = ()  #: qbXML versions, such as `13.0`
    country: str = ""
    class_tracking: bool = False
    multicurrency: bool = False
    home_currency_name: str = ""  #: FullName of the home currency; empty without multicurrency
    closing_date: date | None = None
    account_numbers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyActivity:
    """When the company file was last put back to a backup, and last condensed; 1970 stands for never."""

    last_restore: str = ""  #: raw; empty if QuickBooks does not say
    last_condense: str = ""  #: raw; empty if QuickBooks does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsPaid:
    """What has been paid on one Bill, over all its payments."""

    paid: Money
    discount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """One entry of QuickBooks' currency list."""

    name: str  #: such as `Canadian Dollar`; what CurrencyRef calls it
    code: str  #: ISO 4217

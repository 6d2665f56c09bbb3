"""Order, cardinality and types of every request the simulated QuickBooks serves.

One line of notation per content model, read left to right as the order QuickBooks demands:

    Name          exactly once            Name?  at most once
    Name*         any number              Name+  at least once
    Name:type     type of its content     Name@8 exists from qbXML 8.0 on
    (a | b c)?    a choice of sequences, itself with a count

Types in lower case are values (`s41` is a string of at most 41 characters, `id` an IDTYPE, `amt` an AMTTYPE ...; see
`values`), `=Name` is an enumeration, `RefN` a reference whose FullName has at most N characters, anything else another
content model. Source of the orders, lengths and first versions: Intuit's qbxmlops schema files 2.0 to 14.0, for the
edition sold in the United States. Only requests listed here exist; QuickBooks answers any other element with
0x80040400, and so does `parsing`.
"""

import re
from dataclasses import dataclass
from functools import cache

VERSIONS = (1, 1.1, 2, 2.1, 3, 4, 4.1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)  #: qbXML versions of this host

ENUMERATIONS: dict[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "ActiveStatus": "ActiveOnly InactiveOnly All",
        "Match": "StartsWith Contains EndsWith",
        "Operator": "LessThan LessThanEqual Equal GreaterThan GreaterThanEqual",
        "PaidStatus": "All PaidOnly NotPaidOnly",
        "Billable": "Billable NotBillable HasBeenBilled",
        "DateMacro": "All Today ThisWeek ThisWeekToDate ThisMonth ThisMonthToDate ThisYear ThisYearToDate Yesterday "
        "LastMonth LastYear",
        "AccountType": "AccountsPayable AccountsReceivable Bank CostOfGoodsSold CreditCard Equity Expense FixedAsset "
        "Income LongTermLiability NonPosting OtherAsset OtherCurrentAsset OtherCurrentLiability OtherExpense "
        "OtherIncome",
        "TxnVoidType": "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard Charge Check CreditCardCharge "
        "CreditCardCredit CreditMemo Deposit InventoryAdjustment Invoice ItemReceipt JournalEntry SalesReceipt "
        "VendorCredit",
        "TxnDelType": "ARRefundCreditCard Bill BillPaymentCheck BillPaymentCreditCard BuildAssembly Charge Check "
        "CreditCardCharge CreditCardCredit CreditMemo Deposit Estimate InventoryAdjustment Invoice ItemReceipt "
        "JournalEntry PurchaseOrder ReceivePayment SalesOrder SalesReceipt SalesTaxPaymentCheck TimeTracking "
        "TransferInventory VehicleMileage VendorCredit",
        "ListDelType": "Account BillingRate Class Currency Customer CustomerMsg CustomerType DateDrivenTerms Employee "
        "InventorySite ItemDiscount ItemFixedAsset ItemGroup ItemInventory ItemInventoryAssembly ItemNonInventory "
        "ItemOtherCharge ItemPayment ItemSalesTax ItemSalesTaxGroup ItemService ItemSubtotal JobType OtherName "
        "PaymentMethod PayrollItemNonWage PayrollItemWage PriceLevel SalesRep SalesTaxCode ShipMethod StandardTerms "
        "ToDo UnitOfMeasureSet Vehicle Vendor VendorType WorkersCompCode",
        "TxnTypeFilter": "All Bill BillPaymentCheck BillPaymentCreditCard VendorCredit",
    }.items()
}

_ADDRESS = (
    "Addr1?:s41 Addr2?:s41 Addr3?:s41 Addr4?:s41@2 Addr5?:s41@6 City?:s31 State?:s21 PostalCode?:s13 Country?:s31 "
    "Note?:s41@6"
)
_TREE_CHOICE = "(ListID*:id | FullName*:s209 | ListIDWithChildren?:id | FullNameWithChildren?:s209)"
_NAMES = "(NameFilter:NameFilter | NameRangeFilter:NameRangeFilter)?"
_RET_ELEMENTS = "IncludeRetElement*:s50@4"
_OWNERS = "OwnerID*:guid@2"


def _list_filters(full_name: int, extra: str = "") -> str:
    return (
        f"(ListID*:id | FullName*:s{full_name} | MaxReturned?:int ActiveStatus?:=ActiveStatus FromModifiedDate?:dt "
        f"ToModifiedDate?:dt {_NAMES} {extra})"
    )


def _txn_filters(ref_number: int, paid: str = "") -> str:
    return (
        f"(TxnID*:id | RefNumber*:s{ref_number} | RefNumberCaseSensitive*:s{ref_number}@4 | MaxReturned?:int "
        "(ModifiedDateRangeFilter:ModifiedDateRangeFilter | TxnDateRangeFilter:TxnDateRangeFilter)? "
        "EntityFilter?:TreeFilter AccountFilter?:TreeFilter "
        "(RefNumberFilter:RefNumberFilter | RefNumberRangeFilter:RefNumberRangeFilter)? "
        f"CurrencyFilter?:FlatFilter@8 {paid})"
    )


_BILL_LINES_ADD = "ExpenseLineAdd*:ExpenseLineAdd (ItemLineAdd:ItemLineAdd | ItemGroupLineAdd:ItemGroupLineAdd)*"
_BILL_LINES_MOD = (
    "ClearExpenseLines?:bool ExpenseLineMod*:ExpenseLineMod ClearItemLines?:bool "
    "(ItemLineMod:ItemLineMod | ItemGroupLineMod:ItemGroupLineMod)*"
)
_VENDOR_PERSON = (
    "ClassRef?:Ref159@12 CompanyName?:s41 Salutation?:s15 FirstName?:s25 MiddleName?:s5 LastName?:s25 "
    "JobTitle?:s41@12 VendorAddress?:Address ShipAddress?:Address@11 Phone?:s21 AltPhone?:s21 Fax?:s21 Email?:s1023 "
    "Cc?:s1023@12 Contact?:s41 AltContact?:s41 AdditionalContactRef*:AdditionalContactRef@12"
)
_VENDOR_MONEY = (
    "VendorTypeRef?:Ref159 TermsRef?:Ref31 CreditLimit?:amt VendorTaxIdent?:s15 IsVendorEligibleFor1099?:bool"
)

MODELS: dict[str, str] = {
    "Address": _ADDRESS,
    "AdditionalContactRef": "ContactName:s40 ContactValue:s255",
    "NameFilter": "MatchCriterion:=Match Name:s209",
    "NameRangeFilter": "FromName?:s209 ToName?:s209",
    "TotalBalanceFilter": "Operator:=Operator Amount:amt",
    "FlatFilter": "(ListID*:id | FullName*:s209)",
    "TreeFilter": _TREE_CHOICE,
    "ModifiedDateRangeFilter": "FromModifiedDate?:dt ToModifiedDate?:dt",
    "TxnDateRangeFilter": "(FromTxnDate?:date ToTxnDate?:date | DateMacro:=DateMacro)",
    "RefNumberFilter": "MatchCriterion:=Match RefNumber:s20",
    "RefNumberRangeFilter": "FromRefNumber?:s20 ToRefNumber?:s20",
    "DeletedDateRangeFilter": "FromDeletedDate?:dt ToDeletedDate?:dt",
    "IncludeListMetaData": "IncludeMaxCapacity:bool",
    "DataExt": "OwnerID:guid DataExtName:s31 DataExtValue:s4095",
    "LinkToTxn": "TxnID:id TxnLineID:id",
    "ExpenseLineAdd": "AccountRef?:Ref159 Amount?:amt Memo?:s4095 CustomerRef?:Ref209 ClassRef?:Ref159 "
    "BillableStatus?:=Billable@2 SalesRepRef?:Ref5@13 DataExt*:DataExt@13",
    "ItemLineAdd": "ItemRef?:Ref159 InventorySiteRef?:Ref31@10 InventorySiteLocationRef?:Ref31@12 "
    "(SerialNumber:s4095@11 | LotNumber:s40@11)? Desc?:s4095 Quantity?:qty UnitOfMeasure?:s31@7 Cost?:price "
    "Amount?:amt CustomerRef?:Ref209 ClassRef?:Ref159 BillableStatus?:=Billable OverrideItemAccountRef?:Ref159@2 "
    "LinkToTxn?:LinkToTxn@4 SalesRepRef?:Ref5@13 DataExt*:DataExt@13",
    "ItemGroupLineAdd": "ItemGroupRef:Ref31 Quantity?:qty UnitOfMeasure?:s31@7 InventorySiteRef?:Ref31@10 "
    "InventorySiteLocationRef?:Ref31@12 DataExt*:DataExt@13",
    "ExpenseLineMod": "TxnLineID:id AccountRef?:Ref159 Amount?:amt Memo?:s4095 CustomerRef?:Ref209 ClassRef?:Ref159 "
    "BillableStatus?:=Billable SalesRepRef?:Ref5@13",
    "ItemLineMod": "TxnLineID:id ItemRef?:Ref159 InventorySiteRef?:Ref31@10 InventorySiteLocationRef?:Ref31@12 "
    "(SerialNumber:s4095@11 | LotNumber:s40@11)? Desc?:s4095 Quantity?:qty UnitOfMeasure?:s31@7 "
    "OverrideUOMSetRef?:Ref31@7 Cost?:price Amount?:amt CustomerRef?:Ref209 ClassRef?:Ref159 BillableStatus?:=Billable "
    "OverrideItemAccountRef?:Ref159 SalesRepRef?:Ref5@13",
    "ItemGroupLineMod": "TxnLineID:id ItemGroupRef?:Ref31 Quantity?:qty UnitOfMeasure?:s31@7 "
    "OverrideUOMSetRef?:Ref31@7 ItemLineMod*:ItemLineMod",
    "BillAdd": "VendorRef:Ref41 VendorAddress?:Address@13 APAccountRef?:Ref159@2 TxnDate?:date DueDate?:date "
    "RefNumber?:s20 TermsRef?:Ref31 Memo?:s4095 ExchangeRate?:float@8 ExternalGUID?:guid@9 LinkToTxnID*:id@4 "
    + _BILL_LINES_ADD,
    "BillMod": "TxnID:id EditSequence:s16 VendorRef?:Ref41 VendorAddress?:Address@13 APAccountRef?:Ref159 "
    "TxnDate?:date DueDate?:date RefNumber?:s20 TermsRef?:Ref31 Memo?:s4095 ExchangeRate?:float@8 " + _BILL_LINES_MOD,
    "VendorCreditAdd": "VendorRef:Ref41 APAccountRef?:Ref159@2 TxnDate?:date RefNumber?:s20 Memo?:s4095 "
    "ExchangeRate?:float@8 ExternalGUID?:guid@9 " + _BILL_LINES_ADD,
    "VendorCreditMod": "TxnID:id EditSequence:s16 VendorRef?:Ref41 APAccountRef?:Ref159 TxnDate?:date RefNumber?:s20 "
    "Memo?:s4095 ExchangeRate?:float@8 " + _BILL_LINES_MOD,
    "VendorAdd": f"Name:s41 IsActive?:bool {_VENDOR_PERSON} NameOnCheck?:s41 AccountNumber?:s99 Notes?:s4095@3 "
    f"{_VENDOR_MONEY} OpenBalance?:amt OpenBalanceDate?:date BillingRateRef?:Ref31@6 ExternalGUID?:guid@8 "
    "PrefillAccountRef*:Ref159@8 CurrencyRef?:Ref64@8",
    "VendorMod": f"ListID:id EditSequence:s16 Name?:s41 IsActive?:bool {_VENDOR_PERSON} NameOnCheck?:s41 "
    f"AccountNumber?:s99 Notes?:s4095@3 {_VENDOR_MONEY} BillingRateRef?:Ref31@6 PrefillAccountRef*:Ref159@8 "
    "CurrencyRef?:Ref64@8",
}


#: Elements that may carry `defMacro`; `useMacro` stands on none of the elements served here.
DEFINES_MACRO = frozenset({"BillAdd", "ExpenseLineAdd", "VendorCreditAdd"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestModel:
    """What one request element may hold."""

    content: str  #: notation as above
    since: float = 1  #: first qbXML version that knows the request
    iterator: bool = False  #: whether `iterator` and `iteratorID` are allowed (qbXML 5.0 on)
    meta_data: bool = False  #: whether `metaData` is allowed (qbXML 4.0 on)


def _query(content: str, *, since: float = 1, iterator: bool = False) -> RequestModel:
    return RequestModel(content=content, since=since, iterator=iterator, meta_data=True)


def _flat_list(full_name: int, *, since: float = 1) -> RequestModel:
    return _query(f"{_list_filters(full_name)} {_RET_ELEMENTS}", since=since)


_PARTY_EXTRA = "TotalBalanceFilter?:TotalBalanceFilter CurrencyFilter?:FlatFilter@8 ClassFilter?:TreeFilter@12"
_TXN_TAIL = f"IncludeLineItems?:bool IncludeLinkedTxns?:bool@2 {_RET_ELEMENTS} {_OWNERS}"
_PAYMENT_TAIL = f"IncludeLineItems?:bool {_RET_ELEMENTS} {_OWNERS}"

REQUESTS: dict[str, RequestModel] = {
    "HostQueryRq": RequestModel(content=f"IncludeListMetaData?:IncludeListMetaData@6 {_RET_ELEMENTS}"),
    "CompanyQueryRq": RequestModel(content=f"{_RET_ELEMENTS} {_OWNERS}"),
    "CompanyActivityQueryRq": RequestModel(content=_RET_ELEMENTS, since=6),
    "PreferencesQueryRq": RequestModel(content=_RET_ELEMENTS),
    "VendorQueryRq": _query(f"{_list_filters(41, _PARTY_EXTRA)} {_RET_ELEMENTS} {_OWNERS}", iterator=True),
    "CustomerQueryRq": _query(f"{_list_filters(209, _PARTY_EXTRA)} {_RET_ELEMENTS} {_OWNERS}", iterator=True),
    "AccountQueryRq": _query(
        f"{_list_filters(159, 'AccountType*:=AccountType CurrencyFilter?:FlatFilter@8')} {_RET_ELEMENTS} {_OWNERS}"
    ),
    "ClassQueryRq": _flat_list(159),
    "TermsQueryRq": _flat_list(31),
    "StandardTermsQueryRq": _flat_list(31),
    "DateDrivenTermsQueryRq": _flat_list(31),
    "CurrencyQueryRq": _flat_list(64, since=8),
    "VendorAddRq": RequestModel(content=f"VendorAdd:VendorAdd {_RET_ELEMENTS}"),
    "VendorModRq": RequestModel(content=f"VendorMod:VendorMod {_RET_ELEMENTS}", since=3),
    "BillAddRq": RequestModel(content=f"BillAdd:BillAdd {_RET_ELEMENTS}"),
    "BillModRq": RequestModel(content=f"BillMod:BillMod {_RET_ELEMENTS}", since=3),
    "BillQueryRq": _query(f"{_txn_filters(20, 'PaidStatus?:=PaidStatus')} {_TXN_TAIL}", iterator=True),
    "VendorCreditAddRq": RequestModel(content=f"VendorCreditAdd:VendorCreditAdd {_RET_ELEMENTS}"),
    "VendorCreditModRq": RequestModel(content=f"VendorCreditMod:VendorCreditMod {_RET_ELEMENTS}", since=8),
    "VendorCreditQueryRq": _query(f"{_txn_filters(20)} {_TXN_TAIL}", iterator=True),
    "BillPaymentCheckQueryRq": _query(f"{_txn_filters(11)} {_PAYMENT_TAIL}", since=2, iterator=True),
    "BillPaymentCreditCardQueryRq": _query(f"{_txn_filters(11)} {_PAYMENT_TAIL}", since=2, iterator=True),
    "TxnVoidRq": RequestModel(content="TxnVoidType:=TxnVoidType TxnID:id", since=1.1),
    "TxnDelRq": RequestModel(content="TxnDelType:=TxnDelType TxnID:id", since=1.1),
    "TxnDeletedQueryRq": _query(
        f"TxnDelType+:=TxnDelType DeletedDateRangeFilter?:DeletedDateRangeFilter {_RET_ELEMENTS}", since=2
    ),
    "ListDeletedQueryRq": _query(
        f"ListDelType+:=ListDelType DeletedDateRangeFilter?:DeletedDateRangeFilter {_RET_ELEMENTS}", since=2
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentModel:
    """One content model as it stands in one qbXML version."""

    order: re.Pattern[str]  #: matches the children's tags, each followed by a comma
    types: dict[str, str]  #: child tag -> type notation


_PARTICLE = re.compile(r"\s*(?:(\w+)([?*+]?)(?::(=?\w+))?(?:@([\d.]+))?|(\()|(\))([?*+]?)|(\|))\s*")


@cache
def content_model(notation: str, version: float) -> ContentModel:
    """Compile one line of notation for a declared qbXML version: what is newer does not exist in it."""
    types: dict[str, str] = {}
    pattern: list[str] = []
    at = 0
    text = notation.strip()
    while at < len(text):
        found = _PARTICLE.match(text, at)
        if found is None:
            raise ValueError(f"unreadable content model at {text[at : at + 40]!r}")
        at = found.end()
        name, count, kind, since, opening, closing, group_count, bar = found.groups()
        if opening:
            pattern.append("(?:")
        elif closing:
            pattern.append(")" + group_count)
        elif bar:
            pattern.append("|")
        elif since is None or float(since) <= version:
            types[name] = kind or "s4095"
            pattern.append(f"(?:{name},){count}")
    return ContentModel(order=re.compile("".join(pattern)), types=types)


@cache
def aggregate(kind: str, version: float) -> ContentModel | None:
    """The content model a type names, or None when it is a value."""
    if kind in MODELS:
        return content_model(MODELS[kind], version)
    if kind.startswith("Ref") and kind[3:].isdigit():
        return content_model(f"ListID?:id FullName?:s{kind[3:]}", version)
    return None

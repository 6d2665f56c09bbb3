"""The request bodies the tenant accepts, property by property (P2P API 26.06, push API 1.0.0).

Each table names the foreign entity it describes. Lengths are characters. `lastUpdated` may be sent and is ignored: the
API sets it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.sandbox.basware.schema import Checker, Flag, ListOf, Moment, Number, Record, Text, names, record

_CODE36 = Text(36, 1, nullable=False)
_CODE25 = Text(25, 1, nullable=False)
_INT32 = Number(0, 2_147_483_647, whole=True)
_PERCENT = Number(0, 1_000_000_000)
_SIGNED_PERCENT = Number(-1_000_000_000, 1_000_000_000)
_STAMP = Moment(nullable=False)
_NAMES = ListOf(record("language translation", {"translation": Text(2000, 2), "language": Text(10, 2)}), nullable=False)
_COMPANY_CODE = Text(32, 1, nullable=False)
_FLAG = Flag(nullable=False)


def _texts(prefix: str, count: int, longest: int | None) -> dict[str, Checker]:
    return {f"{prefix}{n}": Text(longest) for n in range(1, count + 1)}


def _companies(*, inherit: bool) -> ListOf:
    fields: dict[str, Checker] = {"companyCode": _COMPANY_CODE, "active": _FLAG}
    if inherit:
        return ListOf(record("companyCode active inherit", {**fields, "inherit": _FLAG}), nullable=False)
    return ListOf(record("companyCode active", fields), nullable=False)


TRANSFER_RESPONSE = record(
    "externalCode success responseMessage paymentBlock",
    {
        "externalCode": _CODE36,
        "success": _FLAG,
        "responseMessage": Text(250, 1, nullable=False),
        "sourceSystem": Text(32),
        "voucherNumber1": Text(25),
        "voucherNumber2": Text(25),
        "transferDate": Moment(),
        "paymentBlock": _FLAG,
    },
)

PREBOOK_RESPONSE = record(
    "externalCode success responseMessage paymentBlock",
    {
        **{name: checker for name, checker in TRANSFER_RESPONSE.fields.items() if name != "transferDate"},
        "prebookDate": Moment(),
    },
)

PAYMENT_RESPONSE = record(
    "externalCode success paymentBlock",
    {
        "externalCode": _CODE36,
        "success": _FLAG,
        "responseMessage": Text(250),
        "sourceSystem": Text(32),
        "paymentDate": Moment(),
        "paymentTermCode": Text(25),
        "paymentBlock": _FLAG,
        "paymentMethod": Text(25),
        "paidTotal": Number(),
        "cashDiscount": Number(),
        "checkNumber": Text(25),
        "paymentMessage": Text(100),
        "paymentNumber": Text(250),
        "paymentDocument": Text(250),
        "paymentReversalDocument": Text(250),
    },
)

ACCOUNT = record(
    "externalCode accountCode accountNames companies",
    {
        "externalCode": _CODE36,
        "accountCode": _CODE25,
        "accountNames": _NAMES,
        "taxCode": Text(25),
        **_texts("text", 5, 250),
        "companies": _companies(inherit=True),
        "lastUpdated": _STAMP,
    },
)

COST_CENTER = record(
    "externalCode costCenterCode costCenterNames companies",
    {
        "externalCode": _CODE36,
        "costCenterCode": _CODE25,
        "costCenterNames": _NAMES,
        **_texts("text", 10, 250),
        **{f"date{n}": Moment() for n in range(1, 6)},
        **{f"int{n}": Number(-2_147_483_648, 2_147_483_647, whole=True) for n in range(1, 6)},
        "companies": _companies(inherit=False),
        "lastUpdated": _STAMP,
    },
)

PAYMENT_TERM = record(
    "externalCode paymentTermCode paymentTermNames companies validFrom validTo",
    {
        "externalCode": _CODE36,
        "paymentTermCode": _CODE25,
        "paymentTermNames": _NAMES,
        "sortOrder": _INT32,
        "moveDueDatesTo": Text(pattern="[012]"),
        "dueDateCalc": Number(whole=True, one_of=frozenset({0, 1})),
        "dueDateDays": _INT32,
        "dueDateDays2": _INT32,
        "dueDateEom": Number(0, 12, whole=True),
        "cashDueDateCalc": Number(whole=True, one_of=frozenset({0, 1, 2})),
        "cashDueDateDays": _INT32,
        "cashDueDateDays2": _INT32,
        "cashDueDateEom": Number(0, 12, whole=True),
        "cashDiscount": _PERCENT,
        "validFrom": _STAMP,
        "validTo": _STAMP,
        "companies": _companies(inherit=True),
        "paymentTermDiscountRules": ListOf(
            record(
                "externalCode active",
                {"externalCode": _CODE36, "discountDays": _INT32, "discountPercent": _PERCENT, "active": _FLAG},
            )
        ),
        "lastUpdated": _STAMP,
    },
)

TAX_CODE = record(
    "externalCode taxCode taxCodeNames taxPercentage companies",
    {
        "externalCode": _CODE36,
        "taxCode": _CODE25,
        "taxCodeNames": _NAMES,
        "taxGroup": Text(25),
        "taxPercentage": _SIGNED_PERCENT,
        "taxPercentage2": _SIGNED_PERCENT,
        "additionalData": ListOf(
            record(
                "",
                {
                    "externalCode": Text(32),
                    **{n: Text(25) for n in ("account", "statistical", "transactionType", "country", "condition")},
                    "taxPercent": Number(),
                    "active": Flag(),
                },
            )
        ),
        "companies": _companies(inherit=True),
        "lastUpdated": _STAMP,
    },
)

PROJECT = record(
    "externalCode projectCode projectName validFrom validUntil companies",
    {
        "externalCode": _CODE36,
        "projectCode": _CODE25,
        "projectName": Text(100, 1, nullable=False),
        "description": Text(500),
        "validFrom": _STAMP,
        "validUntil": _STAMP,
        "companies": _companies(inherit=False),
        "lastUpdated": _STAMP,
    },
)

_LIST_CONTENT = names(
    "Plant ProfitCenter BusinessUnit Project ProjectSub Employee Vehicle Customer AccAssignmentCategory Budget Service"
    " BusinessArea PartnerProfitCenter FixedAsset FixedAssetSubCode WorkOrderCode WorkOrderSubCode CommitmentItem"
    " ControllingArea FunctionalArea Network NetworkActivity Tax TaxJurisdiction Dimension1 Dimension2 Dimension3"
    " Dimension4 Dimension5 Dimension6 Dimension7 Dimension8 Dimension9 Dimension10 InternalOrder SalesOrder"
    " SalesOrderSub"
)

GENERIC_LIST = record(
    "externalCode",
    {
        "externalCode": _CODE36,
        **_texts("text_", 25, None),
        **{f"number_{n}": Number() for n in range(1, 16)},
        **{f"dateValue_{n}": Moment() for n in range(1, 16)},
        "companies": ListOf(record("companyCode active", {"companyCode": _COMPANY_CODE, "active": _FLAG})),
        "listContent": Text(one_of=_LIST_CONTENT),
        "lastUpdated": _STAMP,
    },
)

_ADDRESS_PART_KEYS = names(
    "AdditionalField1 AdditionalField2 AdditionalStreetName BlockName BuildingName BuildingNumber CitySubDivisionName"
    " Country Department District Email Floor GlobalLocationNumber InhouseEmail MarkAttention MarkCare Region Room"
    " CoordinateSystemCode PlotIdentification LatitudeDegreesMeasure LatitudeDirectionCode LatitudeMinutesMeasure"
    " LongitudeDegreesMeasure LongitudeDirectionCode LongitudeMinutesMeasure"
)
_ADDRESS_TYPES = names(
    "AdditionalAddress VisitingAddress RemittanceAddress DeliveryAddress PostalAddress RegistrationAddress"
)

_ADDRESS = record(
    "externalCode name",
    {
        "externalCode": _CODE36,
        "name": Text(200, 1, nullable=False),
        "description": Text(200),
        "addressType": Text(one_of=_ADDRESS_TYPES),
        **_texts("addressLine", 3, 200),
        **{
            name: Text(50)
            for name in names(
                "cityName postalZone poBox streetName locality countrySubEntity countrySubEntityDescription"
            )
        },
        "countryId": Text(2, 2),
        "default": Flag(),
        "additionalAddressFields": ListOf(
            record("", {"key": Text(one_of=_ADDRESS_PART_KEYS, nullable=False), "value": Text(200)})
        ),
    },
)

_CONTACT = record(
    "name",
    {
        "name": Text(200, 1, nullable=False),
        **{name: Text(200) for name in ("description", "email", "website")},
        **{name: Text(50) for name in ("telephone", "telefax")},
        "role": Text(one_of=frozenset({"AdditionalContact", "PrimaryContact", "SecondaryContact"}), nullable=False),
    },
)

_FINANCIAL_ACCOUNT = record(
    "",
    {
        "financialInstitution": record(
            "name id schemeId",
            {
                "name": Text(250, nullable=False),
                "id": Text(20, 1, nullable=False),
                "schemeId": _CODE36,
                "branchId": Text(50),
                "branchIdSchemeId": Text(36),
                "countryId": Text(2, 2),
            },
        ),
        "financialAccountIdentifiers": ListOf(
            record(
                "schemeId",
                {
                    "schemeId": _CODE36,
                    **{
                        name: Text(200)
                        for name in names("description accountHolderName accountAdditionalData1 accountAdditionalData2")
                    },
                    "id": Text(50),
                    "currencyCode": Text(3, 3),
                    "default": Flag(),
                    "linkedBbanOrIban": Text(50),
                },
            )
        ),
    },
)

# The order address must be lower case (P2P API, orderEmail); the parts a mail address can have are checked no further.
_ORDER_EMAIL = r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+\.[a-z0-9-]*[a-z0-9]"

_ORDERING = record(
    "",
    {
        "orderingFormat": Text(one_of=frozenset({"UBL", "EHFXML21", "email", "other", "none", "BaswareNetwork"})),
        "orderingMessageLanguage": Text(10),
        "orderingLanguage": Text(25),
        "orderEmail": Text(320, 3, pattern=_ORDER_EMAIL),
        "orderProcessType": Text(50),
        "minimumOrderAllowed": Number(),
        **{
            name: Flag()
            for name in names(
                "isTaxable automaticallyReceiveOnInvoice automaticallyReceiveOnOrder hasActiveCatalog"
                " createOrderAutomatically deliverOrderAutomatically noFreeformItems sendToNetwork"
            )
        },
    },
)

VENDOR = record(
    "externalCode vendorCode name companies",
    {
        "externalCode": _CODE36,
        "vendorCode": _CODE25,
        "vendorParent": Text(),
        "buvid": Text(36),
        "name": Text(250, 1, nullable=False),
        "sourceSystem": Text(36),
        "description": Text(250),
        "lastUpdated": _STAMP,
        "supplierAssignedAccountId": Text(128),
        "eligibleForSourcing": Flag(),
        "vendorClass": Text(100),
        "identifiers": ListOf(
            record(
                "id schemeId",
                {"id": _CODE36, "schemeId": Text(32, 1, nullable=False), "defaultPartyId": Flag()},
            )
        ),
        "addresses": ListOf(_ADDRESS),
        "contacts": ListOf(_CONTACT),
        "deliveryTerm": record(
            "deliveryTermCode",
            {"deliveryTermCode": _CODE25, "deliveryLocation": Text(100), "description": Text(200)},
        ),
        "paymentMeans": ListOf(
            record(
                "paymentMeansCode",
                {
                    "paymentMeansCode": _CODE25,
                    "description": Text(200),
                    "currencyCode": Text(3, 3),
                    "financialAccounts": ListOf(_FINANCIAL_ACCOUNT),
                    "default": Flag(),
                },
            )
        ),
        "paymentTerms": record("paymentTermCode", {"paymentTermCode": _CODE25, "description": Text(200)}),
        "orderingDetails": _ORDERING,
        "processingStatus": record("", {"active": Flag(), "paymentDenied": Flag()}),
        "tags": ListOf(
            record(
                "name value",
                {
                    "name": Text(50, 1, nullable=False),
                    "value": Text(250, 1, nullable=False),
                    "tagGroup": Text(50),
                },
            )
        ),
        "customFields": ListOf(
            record("name value", {"name": _CODE25, "value": Text(250, 1, nullable=False), "groupName": Text(500)})
        ),
        "companies": ListOf(
            record("companyCode", {"companyCode": _COMPANY_CODE, "inheritToChildUnits": Flag()}), nullable=False
        ),
    },
)

REQUEST_IDS = record("requestIds", {"requestIds": ListOf(Text())})

SUBSCRIPTION = record(
    "taskType subscriptionType notificationWebhookURL webhookAuthenticationToken",
    {
        "taskType": Text(
            one_of=names(
                "AccountingDocuments ExportedPurchaseRequisitions ExportedPurchaseOrders RequestStatus"
                " ExportedContracts ExportedContractSpends"
            )
        ),
        "taskSubType": Text(
            one_of=names(
                "WaitingForPrebook WaitingForTransfer WaitingForPrebookCancelation WaitingToBeRemoved"
                " WaitingToBeReturned WaitingToBeCompleted WaitingForExport Error Success All"
            )
        ),
        "subscriptionType": Text(one_of=frozenset({"Webhook"})),
        "notificationWebhookURL": Text(2083, 1, pattern=r"https?://[^\s/]+(/\S*)?"),
        "webhookAuthenticationToken": Text(None, 1),
        "lastUpdated": _STAMP,
        "autoResponder": Record(
            {
                "autoResponseMode": Text(one_of=names("Disabled Success Failed"), nullable=False),
                "autoResponseMessage": Text(nullable=False),
                "fieldUpdateArray": ListOf(record("", {"fieldId": Text(), "updateToValue": Text()})),
            },
            nullable=True,
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataApi:
    """One master data interface."""

    path: str  #: below the base URL, without a leading slash
    scope: str  #: `accounts` in `accounts.read` and `accounts.write`
    entity_type: str  #: name in requestStatus
    list_key: str  #: name of the array in a GET answer
    code_field: str  #: record code, unique in a company; empty where there is none
    schema: Record
    most_records: int = 500  #: in one POST
    default_page: int = 500  #: records in a GET answer unless told otherwise


MASTER_DATA = {
    api.path: api
    for api in (
        MasterDataApi(
            path="v1/accounts", scope="accounts", entity_type="Account", list_key="accounts",
            code_field="accountCode", schema=ACCOUNT,
        ),
        MasterDataApi(
            path="v1/costCenters", scope="costCenters", entity_type="CostCenter", list_key="costCenters",
            code_field="costCenterCode", schema=COST_CENTER,
        ),
        MasterDataApi(
            path="v1/paymentTerms", scope="paymentTerms", entity_type="PaymentTerm", list_key="paymentTerms",
            code_field="paymentTermCode", schema=PAYMENT_TERM,
        ),
        MasterDataApi(
            path="v1/taxCodes", scope="taxCodes", entity_type="TaxCode", list_key="taxCodes",
            code_field="taxCode", schema=TAX_CODE,
        ),
        MasterDataApi(
            path="v2/projects", scope="projects", entity_type="Project", list_key="projects",
            code_field="projectCode", schema=PROJECT,
        ),
        MasterDataApi(
            path="v1/vendors", scope="vendors", entity_type="Vendor", list_key="vendorEntities",
            code_field="vendorCode", schema=VENDOR, most_records=200, default_page=100,
        ),
    )
}  # fmt: skip

#: Usable columns of each generic list: texts, their length, numbers, dates (P2P API, lists, table of list keys).
_COLUMNS: dict[str, tuple[int, int, int, int]] = {
    **{f"ACC_LIST_{n}": (5, 250, 3, 0) for n in range(1, 11)},
    **{f"ACC_LIST_{n}": (5, 50, 3, 0) for n in range(11, 21)},
    **{f"ACC_LIST_{n}": (10, 250, 5, 5) for n in range(21, 31)},
    **{f"ACC_LIST_{n}": (25, 250, 10, 10) for n in range(31, 36)},
    **{f"INV_LIST_{n}": (5, 250, 0, 0) for n in range(1, 11)},
    **{f"INV_LIST_{n}": (10, 250, 5, 5) for n in range(11, 21)},
    **{f"CUST_RESOLVER_{n}": (15, 250, 15, 15) for n in range(1, 6)},
}

for _key in _COLUMNS:
    MASTER_DATA[f"v1/lists/{_key}"] = MasterDataApi(
        path=f"v1/lists/{_key}",
        scope="lists",
        entity_type="GenericList",
        list_key="listItems",
        code_field="",
        schema=GENERIC_LIST,
    )


def list_overflow(list_key: str, entity: dict[str, object]) -> str:
    """Return what does not fit the columns of a generic list, as one sentence, or nothing.

    The schema carries no lengths, so P2P itself finds this out, after the API layer has said yes.
    """
    texts, longest, numbers, dates = _COLUMNS[list_key]
    for name, value in entity.items():
        kind, _, position = name.rpartition("_")
        limit = {"text": texts, "number": numbers, "dateValue": dates}.get(kind)
        if limit is None or value is None:
            continue
        if int(position) > limit:
            return f"Column {name} is not in use in {list_key}"
        if isinstance(value, str) and kind == "text" and len(value) > longest:
            return f"Value of {name} is longer than {longest} characters"
    return ""

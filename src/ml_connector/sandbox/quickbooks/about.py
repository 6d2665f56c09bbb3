"""HostQuery, CompanyQuery, CompanyActivityQuery and PreferencesQuery: the four questions about the place itself.

The Web Connector asks the first, second and fourth at the start of every session and hands the answers on as
strHCPResponse. (qbxmlops130: HostRet, CompanyRet, PreferencesRet, CompanyActivityRet.)
"""

from dataclasses import dataclass

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.render import Elements, address_elements, boolean, leaf, nested, reference
from ml_connector.sandbox.quickbooks.schema import VERSIONS

_NEVER = "1970-01-01T00:00:00"  # what QuickBooks says of a restore or condense that has not happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The installed QuickBooks."""

    name: str = "QuickBooks Enterprise Solutions 24.0"  #: ProductName
    major_version: str = "34"  #: at most 5 characters
    minor_version: str = "0"  #: at most 5 characters
    country: str = "US"
    highest_qbxml: float = 16.0  #: highest supported qbXML version
    multi_user: bool = False  #: QBFileMode

    @property
    def qbxml_version(self) -> tuple[int, int]:
        """Highest qbXML version as (major, minor), as sendRequestXML tells it."""
        major, _, minor = f"{self.highest_qbxml:.1f}".partition(".")
        return int(major), int(minor)


def host_elements(product: Product) -> Elements:
    """HostRet."""
    return [
        leaf("ProductName", product.name),
        leaf("MajorVersion", product.major_version),
        leaf("MinorVersion", product.minor_version),
        leaf("Country", product.country),
        *[
            leaf("SupportedQBXMLVersion", f"{float(version):.1f}")
            for version in VERSIONS
            if version <= product.highest_qbxml
        ],
        boolean("IsAutomaticLogin", False),
        leaf("QBFileMode", "MultiUser" if product.multi_user else "SingleUser"),
    ]


def company_elements(company: CompanyFile, owner_ids: list[str]) -> Elements:
    """CompanyRet, with the data extensions of the asked owners."""
    contents = company.contents
    elements = [
        boolean("IsSampleCompany", False),
        leaf("CompanyName", contents.company_name),
        leaf("LegalCompanyName", contents.company_name),
        *address_elements("Address", contents.address),
        leaf("FirstMonthFiscalYear", "January"),
        leaf("FirstMonthIncomeTaxYear", "January"),
        leaf("CompanyType", "Contractor"),
        leaf("TaxForm", "OtherOrNone"),
        nested("AccountantCopy", [boolean("AccountantCopyExists", False)]),
    ]
    owners = {owner.casefold() for owner in owner_ids}
    for (owner, name), value in sorted(contents.data_exts.items()):
        if owner.casefold() in owners:
            inner = [leaf("OwnerID", owner), leaf("DataExtName", name), leaf("DataExtType", "STR255TYPE")]
            elements.append(nested("DataExtRet", [*inner, leaf("DataExtValue", value)]))
    return elements


def activity_elements(company: CompanyFile) -> Elements:
    """CompanyActivityRet: when a backup was last restored and the file last condensed."""
    printed = company.host_clock.printed
    return [
        leaf("LastRestoreTime", printed(company.contents.last_restore or _NEVER)),
        leaf("LastCondenseTime", printed(company.contents.last_condense or _NEVER)),
    ]


def preferences_elements(company: CompanyFile) -> Elements:
    """PreferencesRet. Warnings about duplicate bill numbers are a preference no request can see."""
    preferences = company.preferences
    accounting = [
        boolean("IsUsingAccountNumbers", preferences.uses_account_numbers),
        boolean("IsRequiringAccounts", True),
        boolean("IsUsingClassTracking", preferences.uses_classes),
        boolean("IsUsingAuditTrail", True),
        boolean("IsAssigningJournalEntryNumbers", True),
    ]
    if preferences.closing_date:
        accounting.append(leaf("ClosingDate", preferences.closing_date))
    currency = [boolean("IsMultiCurrencyOn", preferences.multicurrency)]
    if preferences.multicurrency:
        currency += reference(company, "HomeCurrencyRef", "Currency", preferences.home_currency_id)
    finance = [leaf("AnnualInterestRate", "0"), leaf("MinFinanceCharge", "0.00"), leaf("GracePeriod", "0")]
    purchases = [
        boolean("IsUsingInventory", False),
        leaf("DaysBillsAreDue", str(preferences.days_bills_are_due)),
        boolean("IsAutomaticallyUsingDiscounts", False),
    ]
    reports = [leaf("AgingReportBasis", "AgeFromDueDate"), leaf("SummaryReportBasis", "Accrual")]
    sales = [boolean("IsTrackingReimbursedExpensesAsIncome", False), boolean("IsAutoApplyingPayments", True)]
    jobs = [boolean("IsUsingEstimates", True), boolean("IsUsingProgressInvoicing", True)]
    rights = [boolean("IsAutomaticLoginAllowed", True), boolean("IsPersonalDataAccessAllowed", False)]
    return [
        nested("AccountingPreferences", accounting),
        nested("FinanceChargePreferences", finance),
        nested("JobsAndEstimatesPreferences", jobs),
        nested("MultiCurrencyPreferences", currency),
        nested("PurchasesAndVendorsPreferences", purchases),
        nested("ReportsPreferences", reports),
        nested("SalesAndCustomersPreferences", sales),
        nested("CurrentAppAccessRights", rights),
    ]

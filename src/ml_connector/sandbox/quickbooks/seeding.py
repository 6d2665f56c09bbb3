"""Opening the sandbox firm as a company file."""

from datetime import UTC, date, datetime, timedelta

from ml_connector.sandbox.firm import Firm, FirmAccount, FirmBill, FirmCustomer, FirmTerms, FirmVendor
from ml_connector.sandbox.quickbooks.company_file import DEFAULT_PATH, CompanyFile, FileContents, Preferences
from ml_connector.sandbox.quickbooks.hostclock import HostClock, Stamp
from ml_connector.sandbox.quickbooks.records import (
    Account,
    Bill,
    Currency,
    Customer,
    DateDrivenTerms,
    ExpenseLine,
    ListEntry,
    QbClass,
    StandardTerms,
    Vendor,
)

_SPECIAL = {"AccountsPayable": "AccountsPayable", "AccountsReceivable": "AccountsReceivable"}


def empty_company(host_clock: HostClock, *, path: str = DEFAULT_PATH, name: str = "New Company") -> CompanyFile:
    """A company file with one bank account, one expense account and accounts payable, and nothing else."""
    company = CompanyFile(host_clock, path=path, contents=FileContents(company_name=name))
    company.preferences.uses_account_numbers = False
    stamp = company.now()
    for account_name, account_type in (
        ("Checking", "Bank"),
        ("Credit Card", "CreditCard"),
        ("Accounts Payable", "AccountsPayable"),
        ("Office Supplies", "Expense"),
    ):
        special = _SPECIAL.get(account_type)
        company.lists.add(Account(name=account_name, account_type=account_type, special_type=special), stamp)
    return company


def company_of_firm(firm: Firm, host_clock: HostClock, *, path: str = DEFAULT_PATH) -> CompanyFile:
    """The firm's company file, with the bills a clerk typed from paper."""
    home = next(currency for currency in firm.currencies if currency.code == firm.home_currency)
    preferences = Preferences(
        multicurrency=len(firm.currencies) > 1,
        home_currency_id=home.list_id,
        closing_date=firm.closing_date.isoformat(),
    )
    contents = FileContents(
        company_name=firm.name,
        address={"Addr1": firm.name, "Addr2": "1480 Foundry Way", "City": "Wenatchee", "State": "WA"},
        preferences=preferences,
    )
    company = CompanyFile(host_clock, path=path, contents=contents)
    currency_ids: dict[str, str | None] = {currency.code: currency.list_id for currency in firm.currencies}
    currency_ids[firm.home_currency] = None
    for money in firm.currencies:
        _add(company, Currency(list_id=money.list_id, name=money.name, code=money.code, exchange_rate=money.rate))
    for terms in firm.terms:
        _add(company, _terms(terms))
    for account in firm.accounts:
        _add(company, _account(account, currency_ids))
    for division in firm.classes:
        entry = QbClass(list_id=division.list_id, name=division.name, parent_id=division.parent_list_id or None)
        entry.is_active = division.is_active
        _add(company, entry)
    for customer in firm.customers:
        _add(company, _customer(customer))
    for vendor in firm.vendors:
        _add(company, _vendor(vendor, currency_ids))
    for bill in firm.hand_typed_bills:
        _type_bill(company, bill)
    return company


def add_vendors(company: CompanyFile, count: int) -> None:
    """Add `count` plain vendors, `Supplier 00001` and on; for measuring with long lists."""
    for number in range(1, count + 1):
        name = f"Supplier {number:05d}"
        address = {"Addr1": name, "Addr2": f"{number} Mill Road", "City": "Yakima", "State": "WA"}
        details = {"CompanyName": name, "Phone": "509-555-0100", "AccountNumber": f"A-{number}"}
        company.lists.add(Vendor(name=name, address=address, details=details), company.now())


def _add(company: CompanyFile, entry: ListEntry) -> None:
    # A ListID tells when the entry was made.
    made = datetime.fromtimestamp(int(entry.list_id.partition("-")[2]), tz=UTC)
    company.lists.add(entry, company.host_clock.stamp_of(made))


def _terms(terms: FirmTerms) -> StandardTerms | DateDrivenTerms:
    if terms.is_date_driven:
        return DateDrivenTerms(
            list_id=terms.list_id,
            name=terms.name,
            is_active=terms.is_active,
            day_of_month_due=terms.due_day_of_month,
            due_next_month_days=terms.due_next_month_days,
            discount_day_of_month=terms.discount_day_of_month or None,
            discount_pct=terms.discount_percent,
        )
    return StandardTerms(
        list_id=terms.list_id,
        name=terms.name,
        is_active=terms.is_active,
        due_days=terms.due_days,
        discount_days=terms.discount_days,
        discount_pct=terms.discount_percent,
    )


def _account(account: FirmAccount, currency_ids: dict[str, str | None]) -> Account:
    return Account(
        list_id=account.list_id,
        name=account.name,
        is_active=account.is_active,
        parent_id=account.parent_list_id or None,
        account_type=account.account_type,
        special_type=_SPECIAL.get(account.account_type),
        account_number=account.account_number,
        currency_id=currency_ids[account.currency],
    )


def _customer(customer: FirmCustomer) -> Customer:
    details = {}
    if customer.parent_list_id:
        details["JobStatus"] = customer.job_status
        if customer.job_start:
            details["JobStartDate"] = customer.job_start.isoformat()
        if customer.job_end:
            details["JobEndDate"] = customer.job_end.isoformat()
    else:
        details["CompanyName"] = customer.name
    return Customer(
        list_id=customer.list_id,
        name=customer.name,
        is_active=customer.is_active,
        parent_id=customer.parent_list_id or None,
        details=details,
    )


def _vendor(vendor: FirmVendor, currency_ids: dict[str, str | None]) -> Vendor:
    place = {
        "Addr1": vendor.name,
        "Addr2": vendor.street,
        "City": vendor.city,
        "State": vendor.state,
        "PostalCode": vendor.postal_code,
        "Country": vendor.country,
    }
    details = {
        "CompanyName": vendor.company_name,
        "Phone": vendor.phone,
        "Email": vendor.email,
        "NameOnCheck": vendor.company_name,
        "AccountNumber": vendor.account_number,
    }
    return Vendor(
        list_id=vendor.list_id,
        name=vendor.name,
        is_active=vendor.is_active,
        address={part: text for part, text in place.items() if text},
        terms_id=vendor.terms_list_id or None,
        currency_id=currency_ids[vendor.currency],
        details={element: text for element, text in details.items() if text},
    )


def _type_bill(company: CompanyFile, typed: FirmBill) -> None:
    vendor = company.lists.vendor(typed.vendor_list_id)
    payables = company.default_payables_account(vendor.currency_id)
    bill = Bill(
        entity_id=vendor.list_id,
        ap_account_id=payables.list_id if payables else "",
        txn_date=typed.txn_date.isoformat(),
        due_date=typed.due_date.isoformat(),
        ref_number=typed.ref_number,
        memo=typed.memo,
        vendor_address=dict(vendor.address),
        lines=[
            ExpenseLine(
                account_id=line.account_list_id,
                amount=line.amount,
                memo=line.memo,
                class_id=line.class_list_id or None,
                customer_id=line.customer_list_id or None,
                billable_status="NotBillable" if line.customer_list_id else "",
            )
            for line in typed.lines
        ],
    )
    company.ledger.add(bill, _typed_at(company, typed.txn_date))


def _typed_at(company: CompanyFile, day: date) -> Stamp:
    """Two days after the bill's date at 17:00 UTC, but not in the future."""
    moment = datetime(day.year, day.month, day.day, 17, tzinfo=UTC) + timedelta(days=2)
    return company.host_clock.stamp_of(min(moment, company.host_clock.clock()))

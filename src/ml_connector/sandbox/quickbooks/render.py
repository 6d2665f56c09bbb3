"""Writing list entries as qbXML `...Ret` elements, in Intuit's element order.

A rendered object is a list of (element name, XML) pairs, so that IncludeRetElement can pick among them and elements
newer than the declared version can be left out. Characters outside ASCII become numeric references when the whole
answer is written. (qbxmlops130; quickbooks-php wiki on numeric references.)
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.records import (
    ZERO,
    Account,
    Currency,
    Customer,
    DateDrivenTerms,
    ListEntry,
    QbClass,
    StandardTerms,
    Vendor,
)
from ml_connector.sandbox.quickbooks.values import money
from ml_connector.sandbox.quickbooks.vendor_changes import (
    CONTACT_ELEMENTS,
    PAPER_ELEMENTS,
    PERSON_ELEMENTS,
    TAX_ELEMENTS,
)

Elements = list[tuple[str, str]]

#: First qbXML version of elements that an answer in an older version must not contain.
_SINCE: dict[str, float] = {
    "ClassRef": 12, "JobTitle": 12, "Cc": 12, "ShipAddress": 11, "VendorAddressBlock": 6, "PrefillAccountRef": 8,
    "CurrencyRef": 8, "ExchangeRate": 8, "AmountDueInHomeCurrency": 8, "CreditAmountInHomeCurrency": 8,
    "AmountInHomeCurrency": 8, "VendorAddress": 13, "IsPaid": 2, "LinkedTxn": 2, "SpecialAccountType": 2.1,
    "CashFlowClassification": 2.1, "MultiCurrencyPreferences": 8, "AddressBlock": 6, "AccountantCopy": 8,
    "SubscribedServices": 7, "ItemsAndInventoryPreferences": 11,
}  # fmt: skip
_SINCE_ON_VENDOR = {"VendorAddress": 1.0}
_ALWAYS = ("ListID", "TxnID")  # IncludeRetElement never hides the identity


def escape(text: str) -> str:
    """Text for element content and attributes; non-ASCII is left for `to_ascii`."""
    if "&" in text or "<" in text or ">" in text or '"' in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text


def to_ascii(text: str) -> str:
    """Every character outside ASCII as a decimal reference."""
    return text if text.isascii() else text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def leaf(name: str, text: str) -> tuple[str, str]:
    """One value element."""
    return name, f"<{name}>{escape(text)}</{name}>"


def boolean(name: str, value: bool) -> tuple[str, str]:
    """One BOOLTYPE element."""
    return name, f"<{name}>{'true' if value else 'false'}</{name}>"


def nested(name: str, inner: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """One element of elements."""
    return name, f"<{name}>{''.join([xml for _, xml in inner])}</{name}>"


def assemble(tag: str, elements: Elements, version: float, only: frozenset[str]) -> str:
    """The `...Ret` element, limited to `only` (when not empty) and to what the declared version knows."""
    on_vendor = tag == "VendorRet"
    parts = []
    for name, xml in elements:
        if only and name not in only and name not in _ALWAYS:
            continue
        since = _SINCE.get(name)
        if since is not None and version < (_SINCE_ON_VENDOR.get(name, since) if on_vendor else since):
            continue
        parts.append(xml)
    return f"<{tag}>{''.join(parts)}</{tag}>"


def reference(company: CompanyFile, name: str, kind: str, list_id: str | None) -> Elements:
    """A `...Ref` with ListID and FullName; nothing when there is no such entry."""
    if list_id is None:
        return []
    entry = company.lists.by_id[kind].get(list_id)
    if entry is None:
        return []
    full_name = escape(company.lists.full_name(entry))
    return [(name, f"<{name}><ListID>{list_id}</ListID><FullName>{full_name}</FullName></{name}>")]


def terms_reference(company: CompanyFile, terms_id: str | None) -> Elements:
    """A TermsRef to terms of either kind."""
    terms = company.lists.terms(terms_id)
    if terms is None:
        return []
    return [nested("TermsRef", [leaf("ListID", terms.list_id), leaf("FullName", terms.name)])]


def currency_reference(company: CompanyFile, currency_id: str | None) -> Elements:
    """A CurrencyRef, the home currency when none is set; nothing while multicurrency is off."""
    if not company.preferences.multicurrency:
        return []
    return reference(company, "CurrencyRef", "Currency", currency_id or company.preferences.home_currency_id)


def address_block(lines: dict[str, str]) -> list[str]:
    """An address as it is printed: up to five lines."""
    block = [lines[part] for part in ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5") if lines.get(part)]
    town = " ".join(lines[part] for part in ("State", "PostalCode") if lines.get(part))
    city = ", ".join(part for part in (lines.get("City", ""), town) if part)
    return (block + [part for part in (city, lines.get("Country", "")) if part])[:5]


def address_elements(name: str, lines: dict[str, str]) -> Elements:
    """An address and its printed block; nothing when it is empty."""
    if not lines:
        return []
    order = ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5", "City", "State", "PostalCode", "Country", "Note")
    block = [leaf(f"Addr{number}", line) for number, line in enumerate(address_block(lines), 1)]
    return [
        nested(name, [leaf(part, lines[part]) for part in order if lines.get(part)]),
        nested(name + "Block", block),
    ]


def _details(entry: ListEntry, names: Iterable[str]) -> Elements:
    details = entry.details
    return [leaf(name, details[name]) for name in names if details.get(name)]


def _head(company: CompanyFile, entry: ListEntry) -> Elements:
    created, modified = company.printed(entry)
    return [
        ("ListID", f"<ListID>{entry.list_id}</ListID>"),
        ("TimeCreated", f"<TimeCreated>{created}</TimeCreated>"),
        ("TimeModified", f"<TimeModified>{modified}</TimeModified>"),
        ("EditSequence", f"<EditSequence>{entry.edit_sequence}</EditSequence>"),
        leaf("Name", entry.name),
    ]


def _tree(company: CompanyFile, entry: ListEntry, kind: str) -> Elements:
    return [
        leaf("FullName", company.lists.full_name(entry)),
        boolean("IsActive", entry.is_active),
        *reference(company, "ParentRef", kind, entry.parent_id),
        leaf("Sublevel", str(company.lists.sublevel(entry))),
    ]


def _vendor(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, Vendor)
    elements = _head(company, entry)
    elements.append(boolean("IsActive", entry.is_active))
    elements += reference(company, "ClassRef", "Class", entry.class_id)
    elements += _details(entry, PERSON_ELEMENTS)
    elements += address_elements("VendorAddress", entry.address)
    elements += _details(entry, CONTACT_ELEMENTS)
    elements += _details(entry, PAPER_ELEMENTS)
    elements += terms_reference(company, entry.terms_id)
    elements += _details(entry, TAX_ELEMENTS)
    elements.append(leaf("Balance", money(company.ledger.balance(entry.list_id))))
    elements += _details(entry, ("ExternalGUID",))
    for account_id in entry.prefill_account_ids:
        elements += reference(company, "PrefillAccountRef", "Account", account_id)
    elements += currency_reference(company, entry.currency_id)
    return elements


def _account(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, Account)
    elements = [*_head(company, entry), *_tree(company, entry, "Account"), leaf("AccountType", entry.account_type)]
    if entry.special_type:
        elements.append(leaf("SpecialAccountType", entry.special_type))
    if entry.account_number and company.preferences.uses_account_numbers:
        elements.append(leaf("AccountNumber", entry.account_number))
    elements += _details(entry, ("BankNumber", "Desc"))
    if entry.account_type != "NonPosting":
        elements += [leaf("Balance", money(ZERO)), leaf("TotalBalance", money(ZERO))]
    elements.append(leaf("CashFlowClassification", "None"))
    elements += currency_reference(company, entry.currency_id)
    return elements


def _class(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, QbClass)
    return [*_head(company, entry), *_tree(company, entry, "Class")]


def _customer(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, Customer)
    elements = [*_head(company, entry), *_tree(company, entry, "Customer")]
    elements += _details(entry, ("CompanyName", "Phone", "Email"))
    elements += terms_reference(company, entry.terms_id)
    elements += [leaf("Balance", money(ZERO)), leaf("TotalBalance", money(ZERO))]
    elements += _details(
        entry, ("AccountNumber", "JobStatus", "JobStartDate", "JobProjectedEndDate", "JobEndDate", "JobDesc", "Notes")
    )
    elements += currency_reference(company, entry.currency_id)
    return elements


def _standard_terms(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, StandardTerms)
    elements = [*_head(company, entry), boolean("IsActive", entry.is_active), leaf("StdDueDays", str(entry.due_days))]
    return [
        *elements,
        leaf("StdDiscountDays", str(entry.discount_days)),
        leaf("DiscountPct", _plain(entry.discount_pct)),
    ]


def _date_driven_terms(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, DateDrivenTerms)
    elements = [
        *_head(company, entry),
        boolean("IsActive", entry.is_active),
        leaf("DayOfMonthDue", str(entry.day_of_month_due)),
        leaf("DueNextMonthDays", str(entry.due_next_month_days)),
    ]
    if entry.discount_day_of_month is not None:
        elements.append(leaf("DiscountDayOfMonth", str(entry.discount_day_of_month)))
    return [*elements, leaf("DiscountPct", _plain(entry.discount_pct))]


def _currency(company: CompanyFile, entry: ListEntry) -> Elements:
    assert isinstance(entry, Currency)
    return [
        *_head(company, entry),
        boolean("IsActive", entry.is_active),
        leaf("CurrencyCode", entry.code),
        boolean("IsUserDefinedCurrency", False),
        leaf("ExchangeRate", _plain(entry.exchange_rate)),
    ]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


LIST_RENDERERS: dict[str, Callable[[CompanyFile, ListEntry], Elements]] = {
    "Vendor": _vendor,
    "Account": _account,
    "Class": _class,
    "Customer": _customer,
    "StandardTerms": _standard_terms,
    "DateDrivenTerms": _date_driven_terms,
    "Currency": _currency,
}

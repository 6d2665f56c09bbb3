"""Adding and modifying vendors by request. (qbxmlops130: VendorAdd, VendorMod.)"""

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.parsing import Node
from ml_connector.sandbox.quickbooks.posting import address
from ml_connector.sandbox.quickbooks.records import Vendor
from ml_connector.sandbox.quickbooks.references import References
from ml_connector.sandbox.quickbooks.refusals import Refusal, not_found
from ml_connector.sandbox.quickbooks.values import storable, truth

#: Plain elements of a vendor before and after its references, in the order of VendorRet.
PERSON_ELEMENTS = ("CompanyName", "Salutation", "FirstName", "MiddleName", "LastName", "JobTitle")
CONTACT_ELEMENTS = ("Phone", "AltPhone", "Fax", "Email", "Cc", "Contact", "AltContact")
PAPER_ELEMENTS = ("NameOnCheck", "AccountNumber", "Notes")
TAX_ELEMENTS = ("CreditLimit", "VendorTaxIdent", "IsVendorEligibleFor1099")
_PLAIN = (*PERSON_ELEMENTS, *CONTACT_ELEMENTS, *PAPER_ELEMENTS, *TAX_ELEMENTS, "ExternalGUID")


def add_vendor(company: CompanyFile, node: Node) -> Vendor:
    """VendorAdd. Raises Refusal 3100, 3140, 3210 or 3250; nothing is saved then."""
    vendor = Vendor(name=_checked_name(node.value("Name") or ""))
    vendor.is_active = node.value("IsActive") is None or truth(node.value("IsActive"))
    _fill(company, node, vendor)
    return company.lists.add(vendor, company.now())


def modify_vendor(company: CompanyFile, node: Node) -> Vendor:
    """VendorMod. Raises Refusal 3120, 3200 and as `add_vendor`; nothing is saved then."""
    list_id = node.value("ListID") or ""
    vendor = company.lists.get("Vendor", list_id)
    if not isinstance(vendor, Vendor):
        raise not_found(list_id)
    if node.value("EditSequence") != str(vendor.edit_sequence):
        raise Refusal(3200, f'The provided edit sequence "{node.value("EditSequence")}" is out-of-date.')
    name = node.value("Name")
    if name is not None:
        name = _checked_name(name)
        company.lists.refuse_taken_name("Vendor", name, list_id)
    old_currency = vendor.currency_id
    trial = Vendor(name=name or vendor.name, currency_id=old_currency)
    _fill(company, node, trial)
    if trial.currency_id != old_currency and company.ledger.of_entity(list_id):
        raise Refusal(3170, "The currency of a vendor with transactions cannot be changed.")
    _fill(company, node, vendor)
    if node.value("IsActive") is not None:
        vendor.is_active = truth(node.value("IsActive"))
    stamp = company.now()
    if name is not None and name != vendor.name:
        company.lists.rename(vendor, name, stamp)
    company.lists.touch(vendor, stamp)
    return vendor


def _checked_name(name: str) -> str:
    name = storable(name).strip()
    if not name or ":" in name:
        raise Refusal(3210, f'The "Name" field has an invalid value "{name}".')
    return name


def _fill(company: CompanyFile, node: Node, vendor: Vendor) -> None:
    refs = References(company, "Vendor")
    terms = refs.terms(node.find("TermsRef"))
    class_id = refs.class_id(node.find("ClassRef"))
    if node.find("CurrencyRef") is not None:
        if not company.preferences.multicurrency:
            raise Refusal(3250, "This feature is not enabled or not available: CurrencyRef.")
        currency = refs.entry(node.find("CurrencyRef"), "Currency")
        vendor.currency_id = currency.list_id if currency else None
    prefills = [refs.entry(ref, "Account") for ref in node.all("PrefillAccountRef")]
    if node.find("VendorTypeRef") is not None:
        raise Refusal(3140, "There is an invalid reference to QuickBooks VendorType in the Vendor.  There are none.")
    for element in _PLAIN:
        text = node.value(element)
        if text is not None:
            vendor.details[element] = storable(text)
    if terms:
        vendor.terms_id = terms.list_id
    vendor.class_id = class_id or vendor.class_id
    if prefills:
        vendor.prefill_account_ids = [entry.list_id for entry in prefills if entry]
    if node.find("VendorAddress") is not None:
        vendor.address = address(node.find("VendorAddress"))

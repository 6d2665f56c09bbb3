"""List records -> the JSON Basware takes: one complete record each, because a POST overwrites all of it.

An omitted field is lost on Basware's side, so every field we own is written every time, and none that we do not own.
Source: P2P API, vendors, accounts, costCenters, projects (version 2) and paymentTerms.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.basware.config import COMPANY_CODE_MAX
from ml_connector.basware.limits import WireLimit, code, prose, tail
from ml_connector.core.books import ListId
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.identity import record_code
from ml_connector.core.records import Address, ListRecord

_CODE_MAX = 25  # vendorCode, accountCode, costCenterCode, projectCode, paymentTermCode
_VALID_FROM = "2000-01-01"
_VALID_UNTIL = "2099-12-31"
_EMAIL = re.compile(r"[^\s,;<>@\"]+@[^\s,;<>@\"]+")
_DAYS_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPublication:
    """How one company file is published.

    Raises:
        NeedsOperator: no company code, or one that does not fit; the sentence says which.
    """

    #: Companies in P2P that see the records. The first one begins every `externalCode`, so it must never change.
    company_codes: tuple[str, ...]
    #: Name of the company file, at most 36 characters; comes back on invoices as `supplierSourceSystemId`.
    source_system: str = ""
    #: Language tag of a second name beside the `en-US` one that Basware always wants.
    language: str = "en-US"
    #: How often unchanged records were deliberately sent again; 0 for never. Basware drops a record that equals the one
    #: it has, so a field nobody uses is changed with it. Source: P2P API, general information and FAQ.
    touch: int = 0
    #: Payment means of vendors, at most 25 characters; empty leaves payment means to Basware. Must exist in P2P.
    payment_means_code: str = ""

    def __post_init__(self) -> None:
        if not self.company_codes:
            raise NeedsOperator("No company code is set, so that no list can be published.")
        for company in self.company_codes:
            code("companyCode", company, COMPANY_CODE_MAX)
        code("sourceSystem", self.source_system, 36, least=0)
        code("language", self.language, 10, least=2)
        code("paymentMeansCode", self.payment_means_code, _CODE_MAX, least=0)

    def external_code(self, list_id: ListId) -> str:
        """Return the key of one record, the same for ever, at most 36 characters."""
        return record_code(self.company_codes[0], list_id)


def vendor_body(
    record: ListRecord, publication: ListPublication, vendor_code: str, *, term_code: str = "", currency: str = ""
) -> bytes:
    """Write one vendor. `vendor_code` comes back on invoices as `supplierCode`.

    `term_code` must be known in P2P already, or the vendor is refused later; empty leaves it out. `currency` is the ISO
    code of the vendor's currency and is written only with a payment means. Bank data and payment blocks are not ours
    and not written. An inactive vendor is switched off with `processingStatus`: vendors have no `active` per company.
    """
    body: dict[str, Any] = {
        "externalCode": publication.external_code(record.list_id),
        "vendorCode": code("vendorCode", vendor_code, _CODE_MAX),
        "name": _named(record, prose(record.name, 250), 1),
    }
    if publication.source_system:
        body["sourceSystem"] = publication.source_system
    if publication.touch:
        body["description"] = _stamp(publication.touch)
    if account_number := prose(record.vendor_account_number, 128):
        body["supplierAssignedAccountId"] = account_number
    if term_code:
        body["paymentTerms"] = {"paymentTermCode": code("paymentTermCode", term_code, _CODE_MAX)}
    if address := _address(record, publication):
        body["addresses"] = [address]
    if contact := _contact(record):
        body["contacts"] = [contact]
    if publication.payment_means_code and currency:
        means = {
            "paymentMeansCode": publication.payment_means_code,
            "currencyCode": code("currencyCode", currency, 3, least=3),
        }
        body["paymentMeans"] = [{**means, "default": True}]
    body["processingStatus"] = {"active": record.active}
    body["companies"] = [
        {"companyCode": company, "inheritToChildUnits": False} for company in publication.company_codes
    ]
    return encoded(body)


def account_body(record: ListRecord, publication: ListPublication, account_code: str) -> bytes:
    """Write one ledger account."""
    body: dict[str, Any] = {
        "externalCode": publication.external_code(record.list_id),
        "accountCode": code("accountCode", account_code, _CODE_MAX),
        "accountNames": _names(record, publication, "account"),
    }
    if publication.touch:
        body["text5"] = _stamp(publication.touch)
    body["companies"] = _companies(publication, active=record.active, inherit=True)
    return encoded(body)


def cost_center_body(record: ListRecord, publication: ListPublication, cost_center_code: str) -> bytes:
    """Write one class as a cost center."""
    body: dict[str, Any] = {
        "externalCode": publication.external_code(record.list_id),
        "costCenterCode": code("costCenterCode", cost_center_code, _CODE_MAX),
        "costCenterNames": _names(record, publication, "class"),
    }
    if publication.touch:
        body["text10"] = _stamp(publication.touch)
    body["companies"] = _companies(publication, active=record.active, inherit=False)
    return encoded(body)


def project_body(record: ListRecord, publication: ListPublication, project_code: str) -> bytes:
    """Write one customer or job as a project of version 2. A closed job is no longer offered for coding."""
    body: dict[str, Any] = {
        "externalCode": publication.external_code(record.list_id),
        "projectCode": code("projectCode", project_code, _CODE_MAX),
        "projectName": _named(record, tail(record.full_name or record.name, 100), 1),
    }
    stamp = _stamp(publication.touch) if publication.touch else ""
    if description := prose(record.description, 500 - len(stamp) - 1):
        body["description"] = f"{description} {stamp}".rstrip()
    elif stamp:
        body["description"] = stamp
    body["validFrom"] = _VALID_FROM
    body["validUntil"] = _VALID_UNTIL
    body["companies"] = _companies(publication, active=record.active and record.job_status != "Closed", inherit=False)
    return encoded(body)


def payment_term_body(record: ListRecord, publication: ListPublication, payment_term_code: str) -> bytes:
    """Write terms. Standard terms become days and a discount.

    Terms that fall on a day of the month cannot be said exactly in Basware; their due date is left to be entered by
    hand (`dueDateCalc` 0) rather than computed wrongly. Source: P2P API, paymentTerms.
    """
    body: dict[str, Any] = {
        "externalCode": publication.external_code(record.list_id),
        "paymentTermCode": code("paymentTermCode", payment_term_code, _CODE_MAX),
        "paymentTermNames": _names(record, publication, "terms"),
        "moveDueDatesTo": "0",
    }
    if record.date_driven:
        body["dueDateCalc"] = 0
        body["cashDueDateCalc"] = 0
    else:
        body["dueDateCalc"] = 1
        body["dueDateDays"] = _days("dueDateDays", record.due_days)
        body["cashDueDateCalc"] = 0
        if record.discount_percent:
            body["cashDueDateCalc"] = 1
            body["cashDueDateDays"] = _days("cashDueDateDays", record.discount_days)
            body["cashDiscount"] = number("cashDiscount", record.discount_percent)
    if publication.touch:
        body["sortOrder"] = publication.touch
    body["validFrom"] = _VALID_FROM
    body["validTo"] = _VALID_UNTIL
    body["companies"] = _companies(publication, active=record.active, inherit=True)
    return encoded(body)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encoded(body: dict[str, Any]) -> bytes:
    """Encode one body: compact UTF-8, members in the order written, so that the same record gives the same bytes."""
    return _ENCODER.encode(body).encode()


def number(field: str, value: Decimal) -> float:
    """Return the double whose text is exactly the decimal: Basware's numbers are doubles.

    Raises:
        WireLimit: no double reads as this decimal; it is not rounded.
    """
    double = float(value)
    if not value.is_finite() or Decimal(repr(double)) != value:
        raise WireLimit(field, str(value), "what a double holds exactly")
    return double


def _names(record: ListRecord, publication: ListPublication, noun: str) -> list[dict[str, str]]:
    name = prose(record.full_name or record.name, 2000)
    if len(name) < 2:
        # Basware wants two characters at least, and QuickBooks is content with one.
        name = f"{name} ({noun})" if name else _named(record, name, 1)
    languages = dict.fromkeys(("en-US", publication.language))
    return [{"language": language, "translation": name} for language in languages]


def _named(record: ListRecord, name: str, least: int) -> str:
    if len(name) < least:
        raise NeedsOperator(
            f"The {record.kind} {record.list_id} has no name in QuickBooks that can be shown in Basware."
        )
    return name


def _companies(publication: ListPublication, *, active: bool, inherit: bool) -> list[dict[str, Any]]:
    # Cost centers and projects do not know `inherit`. Source: P2P API, CostCenterCompanyEntity, ProjectCompanyEntity.
    own: dict[str, Any] = {"inherit": False, "active": active} if inherit else {"active": active}
    return [{"companyCode": company, **own} for company in publication.company_codes]


def _address(record: ListRecord, publication: ListPublication) -> dict[str, Any] | None:
    address = record.address
    lines = _street_lines(record, address)
    if not (lines or address.city or address.postal_code or address.state or address.country):
        return None
    body: dict[str, Any] = {
        "externalCode": publication.external_code(ListId(f"{record.list_id}-P")),
        "name": "Main",
        "addressType": "PostalAddress",
    }
    # P2P does not use addressLine1 to 3; the street and the additional fields are what it shows.
    extra: list[tuple[str, str]] = []
    if lines:
        body["streetName"] = prose(lines[0], 50)
        extra = list(zip(("AdditionalStreetName", "AdditionalField1", "AdditionalField2"), lines[1:], strict=False))
    for field, text in (
        ("cityName", address.city),
        ("postalZone", address.postal_code),
        ("countrySubEntity", address.state),
    ):
        if short := prose(text, 50):
            body[field] = short
    country = prose(address.country, 200)
    if re.fullmatch(r"[A-Za-z]{2}", country):
        body["countryId"] = country.upper()
    if country:
        extra.append(("Country", country))
    if extra:
        body["additionalAddressFields"] = [{"key": key, "value": prose(text, 200)} for key, text in extra]
    body["default"] = True
    return body


def _street_lines(record: ListRecord, address: Address) -> list[str]:
    """Return the lines of an address without the vendor's own name, which users put into the first one."""
    lines = [line for line in (prose(raw, 200) for raw in address.lines) if line]
    own = {name.casefold() for name in (prose(record.name, 200), prose(record.company_name, 200)) if name}
    return lines[1:] if len(lines) > 1 and lines[0].casefold() in own else lines


def _contact(record: ListRecord) -> dict[str, Any] | None:
    email = first_email(record.email)
    telephone = prose(record.phone, 50)
    if not (email or telephone):
        return None
    name = prose(record.company_name, 200) or prose(record.name, 200)
    body: dict[str, Any] = {"name": name, "role": "PrimaryContact"}
    if email:
        body["email"] = email
    if telephone:
        body["telephone"] = telephone
    return body


def first_email(text: str) -> str:
    """Return the first address in a field that may hold several, in lower case; empty if none fits 200 characters."""
    match = _EMAIL.search(prose(text, len(text)))
    email = match[0].lower() if match else ""
    return email if len(email) <= 200 else ""  # measured last: a few capitals have a longer small letter


def _days(field: str, days: int | None) -> int:
    # QuickBooks leaves the days out where the sum is due at once.
    if days is None:
        return 0
    if not 0 <= days <= _DAYS_MAX:
        raise WireLimit(field, str(days), f"0 to {_DAYS_MAX}")
    return days


def _stamp(touch: int) -> str:
    return f"(sent again {touch})"

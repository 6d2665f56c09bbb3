"""What P2P finds wrong with a record that the API layer took: rules that the documents state in words.

Source: P2P API, paymentTerms (paymentTermDiscountRules), vendors (note 2, financialAccountIdentifiers, keys of addresses
and contacts); developer-site FAQ on bank accounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Maintained by hand in P2P and not to be seen through the API.
ACTIVE_CURRENCIES = frozenset(
    {"AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "JPY", "MXN", "NOK", "NZD", "SEK", "USD"}
)

_BY_RULES = 2  # cashDueDateCalc: by paymentTermDiscountRules
_ACCOUNT_NUMBER_CHARS = 32


def term_fault(term: dict[str, Any]) -> str:
    """Return what P2P finds wrong with payment terms, as one sentence, or nothing."""
    if term.get("cashDueDateCalc") == _BY_RULES and not term.get("paymentTermDiscountRules"):
        return "paymentTermDiscountRules are mandatory when cashDueDateCalc is 2"
    return ""


def vendor_fault(vendor: dict[str, Any]) -> str:
    """Return what P2P finds wrong with a vendor, as one sentence, or nothing."""
    numbers: list[tuple[str, str]] = []
    for means in vendor.get("paymentMeans") or ():
        currency = means.get("currencyCode")
        if currency and currency not in ACTIVE_CURRENCIES:
            return f"Currency {currency} is not active"
        for account in means.get("financialAccounts") or ():
            for identifier in account.get("financialAccountIdentifiers") or ():
                scheme, number = identifier["schemeId"], identifier.get("id") or ""
                if scheme not in ("IBAN", "BBAN"):
                    return f"Account type {scheme} is not known"
                if len(number) > _ACCOUNT_NUMBER_CHARS:
                    return f"Account number is longer than {_ACCOUNT_NUMBER_CHARS} characters"
                numbers.append((scheme, number))
    for what, keys in (
        ("Bank account", numbers),
        ("Address", [address["externalCode"] for address in vendor.get("addresses") or ()]),
        ("Contact", [contact["name"] for contact in vendor.get("contacts") or ()]),
    ):
        if _repeats(keys):
            return f"{what} occurs twice on the vendor"
    return ""


def _repeats(keys: Iterable[object]) -> bool:
    found = list(keys)
    return len(set(found)) < len(found)

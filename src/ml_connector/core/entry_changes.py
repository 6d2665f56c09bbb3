"""What changed about an entry of a list between two readings, in words."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ml_connector.core.records import Address, ListRecord

#: Fields that people see in QuickBooks, by their names there. The full name holds the name.
_LABELS = {
    "full_name": "name", "active": "active", "account_type": "type", "account_number": "number", "description": "description",
    "currency_name": "currency", "company_name": "company", "email": "e-mail", "phone": "phone",
    "vendor_account_number": "account no.", "terms": "terms", "address": "address", "due_days": "days until due",
    "discount_days": "days of discount", "discount_percent": "discount in percent", "date_driven": "due on a day of the month",
    "day_of_month_due": "day of the month", "job_status": "job status",
}  # fmt: skip


def changes(before: ListRecord, after: ListRecord) -> str:
    """Return what is not as it was, as `email a@example.com -> b@example.com; phone none -> 555-0100`."""
    told = []
    for field in fields(ListRecord):
        was, now = getattr(before, field.name), getattr(after, field.name)
        if field.name in _LABELS and was != now:
            told.append(f"{_LABELS[field.name]} {plain(was)} -> {plain(now)}")
    return "; ".join(told)


def plain(value: Any) -> str:
    """Return a field's value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Address):
        parts = (*value.lines, value.city, value.state, value.postal_code, value.country)
        return ", ".join(part for part in parts if part) or "none"
    return str(value) if value not in {None, ""} else "none"

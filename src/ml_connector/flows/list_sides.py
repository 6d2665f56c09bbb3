"""One entry of a list on both sides: what QuickBooks has, and what Basware was last sent, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.basware.limits import WireLimit
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.entry_changes import plain
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.records import ListRecord
from ml_connector.flows.list_bodies import accepted_terms, body_of, publication_of
from ml_connector.store import entry_events, lists, mapping
from ml_connector.store.models import Connection, Exchange, ListEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field on both sides; empty where that side has nothing."""

    label: str
    quickbooks: str
    basware: str
    differs: bool  #: Basware would be sent something else now


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """An entry on both sides."""

    fields: Sequence[Field]
    sent_at: datetime | None  #: when it was last sent; None: never
    request_id: str  #: Basware's name of the call that sent it; empty where there is none
    unwritable: str  #: why it cannot be sent as it is now; empty if it can


def sides(connection: Connection, entry: ListEntry) -> Sides:
    """Return an entry on both sides."""
    kind, record = ListKind(entry.kind), lists.record_from_json(entry.record)
    exchange = _last_sent(entry)
    sent = _told(kind, _body_in(connection, entry, exchange)) if exchange else {}
    unwritable, now = "", {}
    try:
        terms = accepted_terms(connection, [entry]) if kind is ListKind.VENDOR else {}
        body = body_of(connection, publication_of(connection), record, entry, terms)
        now = _told(kind, json.loads(body))
    except (WireLimit, NeedsOperator) as cannot:
        unwritable = str(cannot)
    ours = _ours(connection, entry, record)
    shown = sent | ({"Terms": _with_name(connection, sent["Terms"])} if "Terms" in sent else {})
    labels = dict.fromkeys([*ours, *now, *sent])
    fields = [
        Field(
            label=label,
            quickbooks=ours.get(label, ""),
            basware=shown.get(label, ""),
            differs=bool(now) and bool(exchange) and now.get(label, "") != sent.get(label, ""),
        )
        for label in labels
        if ours.get(label) or now.get(label) or sent.get(label)
    ]
    return Sides(
        fields=fields,
        sent_at=exchange.at if exchange else None,
        request_id=exchange.request_id if exchange else "",
        unwritable=unwritable,
    )


def _last_sent(entry: ListEntry) -> Exchange | None:
    """Return the exchange in which it was last sent."""
    if entry.import_request is not None and entry.import_request.exchange is not None:
        return entry.import_request.exchange
    return entry_events.last_sent(entry.pk)


def _body_in(connection: Connection, entry: ListEntry, exchange: Exchange) -> dict[str, Any]:
    """Return the record of an entry in the batch that was sent; empty if it cannot be found there."""
    try:
        code = publication_of(connection).external_code(ListId(entry.list_id))
        batch = json.loads(bytes(exchange.request))
    except (ValueError, NeedsOperator):
        return {}
    return next((one for one in batch if isinstance(one, dict) and one.get("externalCode") == code), {})


def _with_name(connection: Connection, terms: str) -> str:
    """Return the code of terms with their name beside it."""
    known = ListEntry.objects.filter(connection=connection, kind=ListKind.TERMS, code=terms or "-")
    name = known.values_list("full_name", flat=True).first()
    return f"{name} ({terms})" if name else terms


# What QuickBooks has.


def _ours(connection: Connection, entry: ListEntry, record: ListRecord) -> dict[str, str]:
    kind = ListKind(entry.kind)
    told = {"Name": record.full_name or record.name, "Code": record.account_number or str(record.list_id)}
    if kind is ListKind.VENDOR:
        address = record.address
        told |= {
            "Company": record.company_name,
            "Account with the vendor": record.vendor_account_number,
            "Terms": mapping.name_of(connection.pk, ListKind.TERMS, record.terms),
            "Street": ", ".join(line for line in address.lines if line),
            "City": address.city, "Postal code": address.postal_code, "State": address.state, "Country": address.country,
            "E-mail": record.email, "Phone": record.phone,
        }  # fmt: skip
    elif kind is ListKind.TERMS:
        due = record.due_days if record.due_days is not None else ""
        told |= {
            "Days until due": f"on day {record.day_of_month_due}" if record.date_driven else str(due),
            "Discount": _discount(record.discount_percent, record.discount_days),
        }
    elif kind is ListKind.ACCOUNT:
        told["Type"] = record.account_type
    told |= {"Description": record.description, "Job status": record.job_status, "Currency": record.currency_name}
    told["Active"] = "no, it is gone" if entry.deleted else plain(record.active)
    return told


def _discount(percent: Any, days: Any) -> str:
    return f"{percent} % within {days or 0} days" if percent else ""


# What Basware was sent.


def _told(kind: ListKind, body: Mapping[str, Any]) -> dict[str, str]:
    """Return a record as Basware takes it, by the names that its fields have in QuickBooks."""
    if not body:
        return {}
    told = {label: _text(value) for label, value in _READ[kind](body).items()}
    told["In companies"] = ", ".join(one.get("companyCode", "") for one in body.get("companies", []))
    told["Key in Basware"] = _text(body.get("externalCode"))
    return {label: text for label, text in told.items() if text}


def _vendor(body: Mapping[str, Any]) -> dict[str, Any]:
    address: Mapping[str, Any] = next(iter(body.get("addresses", [])), {})
    contact: Mapping[str, Any] = next(iter(body.get("contacts", [])), {})
    more = {field.get("key"): field.get("value", "") for field in address.get("additionalAddressFields", [])}
    street = [address.get("streetName", ""), *(value for key, value in more.items() if key != "Country")]
    return {
        "Name": body.get("name"),
        "Code": body.get("vendorCode"),
        "Company": contact.get("name"),
        "Account with the vendor": body.get("supplierAssignedAccountId"),
        "Terms": body.get("paymentTerms", {}).get("paymentTermCode"),
        "Street": ", ".join(line for line in street if line),
        "City": address.get("cityName"),
        "Postal code": address.get("postalZone"),
        "State": address.get("countrySubEntity"),
        "Country": more.get("Country") or address.get("countryId"),
        "E-mail": contact.get("email"),
        "Phone": contact.get("telephone"),
        "Active": body.get("processingStatus", {}).get("active"),
    }


def _account(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": _named(body, "accountNames"), "Code": body.get("accountCode"), "Active": _active(body)}


def _cost_center(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": _named(body, "costCenterNames"), "Code": body.get("costCenterCode"), "Active": _active(body)}


def _project(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Name": body.get("projectName"),
        "Code": body.get("projectCode"),
        "Description": body.get("description"),
        "Active": _active(body),
    }


def _terms(body: Mapping[str, Any]) -> dict[str, Any]:
    by_hand = not body.get("dueDateCalc")
    discount = _discount(body.get("cashDiscount"), body.get("cashDueDateDays")) if body.get("cashDueDateCalc") else ""
    return {
        "Name": _named(body, "paymentTermNames"),
        "Code": body.get("paymentTermCode"),
        "Days until due": "entered by hand" if by_hand else body.get("dueDateDays"),
        "Discount": discount,
        "Active": _active(body),
    }


_READ: dict[ListKind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    ListKind.VENDOR: _vendor,
    ListKind.ACCOUNT: _account,
    ListKind.CLASS: _cost_center,
    ListKind.CUSTOMER: _project,
    ListKind.TERMS: _terms,
}


def _named(body: Mapping[str, Any], member: str) -> str:
    return next((str(name.get("translation", "")) for name in body.get(member, [])), "")


def _active(body: Mapping[str, Any]) -> bool | None:
    return next((company.get("active") for company in body.get("companies", [])), None)


def _text(value: Any) -> str:
    return "" if value is None else plain(value) if isinstance(value, bool) else str(value)

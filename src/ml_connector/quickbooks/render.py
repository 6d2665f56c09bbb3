"""Values to qbXML text, through the tables of `orders`: order, lengths, forms and versions are kept or it is refused.

The text is the same for the same values, byte for byte: QuickBooks compares a repeated message set with a checksum of
the first one. Source: Intuit error recovery, messageSetStatusCode 9001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from ml_connector.core.errors import Defect
from ml_connector.core.money import Money
from ml_connector.quickbooks import limits, orders
from ml_connector.quickbooks.limits import WireLimit
from ml_connector.quickbooks.orders import Form, Group, Leaf, OneOf, Part
from ml_connector.quickbooks.text import ascii_xml, clean, is_plain
from ml_connector.quickbooks.versions import Version

_CENT = Decimal("0.01")
_MAY_BE_EMPTY = (str, tuple, list, dict)

_Plain: TypeAlias = str | int | bool | Decimal | Money | date | datetime | None
Value: TypeAlias = _Plain | Mapping[str, "Value"] | Sequence["Value"]


def render_amount(value: Money | Decimal) -> str:
    """Write an amount as qbXML `AMTTYPE`: two decimals, up to 13 digits before the point.

    Raises:
        WireLimit: QuickBooks cannot hold the amount. It is not rounded to fit, because a Bill one cent away from its
            invoice can never be reconciled.
    Source: qbxml 13.0 XSD types, AMTTYPE; an amount with one decimal is refused with 3040.
    """
    amount = value.amount if isinstance(value, Money) else value
    if amount.same_quantum(_CENT) and -limits.AMOUNT_LIMIT < amount < limits.AMOUNT_LIMIT:
        return str(amount) if amount else "0.00"
    # The size is looked at first: rounding a number of more digits than the context holds raises.
    if not amount.is_finite() or abs(amount) >= limits.AMOUNT_LIMIT or amount != round(amount, 2):
        raise WireLimit("an amount (AMTTYPE)", amount)
    return f"{amount:.2f}" if amount else "0.00"


def render_request(
    table: Group,
    request_id: str,
    version: Version,
    values: Mapping[str, Value],
    attributes: Mapping[str, str] | None = None,
) -> str:
    """Write one request. Empty values are left out; keys may come in any order.

    Raises:
        WireLimit: a value does not fit its element.
        Defect: an element the table does not know, a missing required one, two exclusive filters at once, or an element
            newer than `version`.
    """
    if not 0 < len(request_id) <= limits.REQUEST_ID_CHARS:
        raise WireLimit("requestID", request_id)
    marks = {"requestID": request_id, **(attributes or {})}
    unknown = marks.keys() - {"requestID", *table.attributes}
    if unknown:
        raise Defect(f"{table.name} has no attribute {', '.join(sorted(unknown))}.")
    written = "".join(f' {name}="{ascii_xml(text)}"' for name, text in marks.items())
    return f"<{table.name}{written}>{_inside(table.name, table.parts, values, version)}</{table.name}>"


def message_set(
    requests: Sequence[str],
    *,
    version: Version,
    on_error: str = "continueOnError",
    new_id: str = "",
    old_id: str = "",
) -> str:
    """Put requests into one message, pure ASCII.

    `new_id` names the set, and QuickBooks keeps its answer under that name; `old_id` refers to an earlier set.
    Raises:
        WireLimit: an id is longer than 23 characters (QuickBooks refuses it with 9004).
        Defect: an `on_error` that QuickBooks Desktop does not take, or text that is not ASCII.
    Source: docs/reference/quickbooks.md, envelope; rollbackOnError is refused on Desktop.
    """
    if on_error not in ("continueOnError", "stopOnError"):
        raise Defect(f"onError {on_error!r} is not understood by QuickBooks Desktop.")
    ids = ""
    for name, text in (("newMessageSetID", new_id), ("oldMessageSetID", old_id)):
        if len(text) > limits.MESSAGE_SET_ID_CHARS:
            raise WireLimit(name, text)
        if text:
            ids += f' {name}="{ascii_xml(text)}"'
    body = "".join(requests)
    if not body.isascii():
        raise Defect("A request holds raw non-ASCII text, which QuickBooks cannot parse.")
    return (
        f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?>'
        f'<QBXML><QBXMLMsgsRq onError="{on_error}"{ids}>{body}</QBXMLMsgsRq></QBXML>'
    )


def status_check(message_set_id: str, version: Version) -> str:
    """Ask what became of a set: no requests, and both ids the same. Source: Intuit sample ErrRecovery2."""
    if not message_set_id:
        raise Defect("A status check needs the id of the message set it asks for.")
    return message_set((), version=version, on_error="stopOnError", new_id=message_set_id, old_id=message_set_id)


def clear(message_set_id: str, version: Version) -> str:
    """Have QuickBooks forget a set whose answer is stored: the old id alone. Source: Intuit sample ErrRecovery3."""
    if not message_set_id:
        raise Defect("Clearing needs the id of the message set to forget.")
    return message_set((), version=version, on_error="stopOnError", old_id=message_set_id)


def _inside(where: str, parts: Sequence[Part], values: Mapping[str, Value], version: Version) -> str:
    written: list[str] = []
    if _write_parts(where, parts, values, version, written) != len(values):
        strangers = ", ".join(sorted(values.keys() - _names(parts)))
        raise Defect(f"{where} has no place for {strangers}.")
    return "".join(written)


def _names(parts: Sequence[Part]) -> set[str]:
    """Return the names of all elements that may stand there."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, OneOf):
            found.update(*(_names(branch) for branch in part.branches))
        else:
            found.add(part.name)
    return found


def _write_parts(
    where: str, parts: Sequence[Part], values: Mapping[str, Value], version: Version, written: list[str]
) -> int:
    """Write elements in their order; return how many of `values` have their place among them."""
    used = 0
    for part in parts:
        if isinstance(part, OneOf):
            used += _write_branch(where, part, values, version, written)
            continue
        name = part.name
        value = values.get(name)
        if value is not None or name in values:
            used += 1
        if value is None or (not value and isinstance(value, _MAY_BE_EMPTY)):
            if part.required:
                raise Defect(f"{where} cannot be sent without {name}.")
        elif part.since <= version:
            _write_element(where, part, value, version, written)
        elif not part.droppable:
            raise Defect(f"{name} needs qbXML {part.since}, but {version} is spoken.")
    return used


def _write_branch(where: str, choice: OneOf, values: Mapping[str, Value], version: Version, written: list[str]) -> int:
    used = 0
    chosen = 0
    for branch in choice.branches:
        here: list[str] = []
        used += _write_parts(where, branch, values, version, here)
        chosen += bool(here)
        written += here
    if chosen > 1:
        given = ", ".join(sorted(_names((choice,)) & values.keys()))
        raise Defect(f"{where} takes only one of these filters at once: {given}.")
    return used


def _write_element(where: str, part: Leaf | Group, value: Value, version: Version, written: list[str]) -> None:
    if isinstance(value, (tuple, list)):
        if not part.many:
            raise Defect(f"{where} takes {part.name} only once.")
        if part is orders.RET:
            written.append(_wanted(tuple(value)))
        else:
            written.extend(_element(part, item, version) for item in value)
    else:
        written.append(_element(part, value, version))


def _element(part: Leaf | Group, value: Value, version: Version) -> str:
    if isinstance(part, Leaf):
        text = _leaf_text(part, value)
    elif isinstance(value, dict):
        list_id = value.get(orders.LIST_ID.name) if len(value) == 1 and part.parts == _REFERENCE else None
        if isinstance(list_id, str) and list_id:
            return _reference(part.name, list_id)
        text = _inside(part.name, part.parts, value, version)
    else:
        raise Defect(f"{part.name} holds elements, not text.")
    return f"<{part.name}>{text}</{part.name}>"


_REFERENCE = (orders.LIST_ID,)


@lru_cache(maxsize=4096)  # the accounts, classes and vendors of one batch are few
def _reference(name: str, list_id: str) -> str:
    leaf = orders.LIST_ID
    return f"<{name}><{leaf.name}>{_leaf_text(leaf, list_id)}</{leaf.name}></{name}>"


def _wanted(names: tuple[Value, ...]) -> str:
    if not all(type(name) is str for name in names):
        raise Defect("The elements to be answered are named by texts.")
    return _wanted_text(names)


@lru_cache(maxsize=64)  # every request names the same few sets of elements
def _wanted_text(names: tuple[Value, ...]) -> str:
    leaf = orders.RET
    return "".join(f"<{leaf.name}>{_leaf_text(leaf, name)}</{leaf.name}>" for name in names)


def _leaf_text(leaf: Leaf, value: Value) -> str:
    form = leaf.form
    # The three that make up nearly all of a Bill come first.
    if form is Form.ID and isinstance(value, str):
        if len(value) > limits.ID_CHARS or not value.isascii() or not value.isprintable():
            raise WireLimit(leaf.name, value)
        return ascii_xml(value)
    if form is Form.TEXT and isinstance(value, str):
        if len(value) <= leaf.limit and is_plain(value):
            return value
        kept = clean(value, leaf.limit, one_line=leaf.one_line)
        if kept.cut or not kept.text:
            raise WireLimit(leaf.name, value)
        return ascii_xml(kept.text)
    if form is Form.AMOUNT and isinstance(value, (Money, Decimal)):
        return render_amount(value)
    match form, value:
        case Form.GUID, str():
            if limits.GUID.fullmatch(value) is None:
                raise WireLimit(leaf.name, value)
            return value
        case Form.WORD, str() if value in leaf.words:
            return value
        case Form.DATETIME, datetime():
            return _datetime_text(leaf, value)
        case Form.DATE, date() if not isinstance(value, datetime):
            return _in_range(leaf, value).isoformat()
        case Form.BOOL, bool():
            return "true" if value else "false"
        case Form.COUNT, int() if not isinstance(value, bool) and value >= 0:
            return str(value)
    raise Defect(f"{leaf.name} cannot hold {value!r:.60}.")


def _datetime_text(leaf: Leaf, value: datetime) -> str:
    # An offset would be read as QuickBooks' own, which is wrong half of the year.
    if value.tzinfo is not None:
        raise Defect(f"{leaf.name} is sent in QuickBooks' local time, without an offset.")
    _in_range(leaf, value)
    return value.isoformat(timespec="seconds")


def _in_range(leaf: Leaf, value: date) -> date:
    if leaf.form is Form.DATETIME and not limits.EARLIEST_YEAR <= value.year <= limits.LATEST_YEAR:
        raise WireLimit(leaf.name, value.isoformat())
    return value

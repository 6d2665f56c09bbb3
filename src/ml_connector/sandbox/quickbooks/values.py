"""Value types of qbXML and the status a bad value earns its request.

A value that does not convert or is too long fails its own request with 3000-3099; only wrong structure refuses the
whole message set. Sources: qbxmltypes130.xsd for the patterns, Intuit's "Status codes in response messages" for the
codes; a too long string answered with 3070 was seen on a live installation.
"""

import re
from datetime import date, datetime
from decimal import Decimal

_AMOUNT = re.compile(r"[+-]?[0-9]{1,13}(\.[0-9]{2})?")
_DECIMAL_5 = re.compile(r"[+-]?[0-9]{1,10}(\.[0-9]{1,5})?")
_FLOAT = re.compile(r"[+-]?([0-9]{1,10}(\.[0-9]{0,12})?|\.[0-9]{1,12})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
# A hexadecimal counter, a dash, Unix time; -1 asks for a new line.
_ID = re.compile(r"[0-9A-Fa-f]{1,8}-[0-9]{1,10}|-1")
_GUID = re.compile(r"0|\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}(:[0-9]{2}(:[0-9]{2})?)?([+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?)?"
)
_LAST_DAY = "2038-01-19"
_LAST_TXN_DAY = "2999-12-31"  # beyond any due date; the real limit is not documented


def value_fault(kind: str, field: str, text: str) -> tuple[int, str] | None:
    """Check one value against its type notation; returns (statusCode, statusMessage) when it is refused."""
    if kind[0] == "s":
        # Lengths count characters after decoding, not bytes of the entity.
        if len(text) > int(kind[1:]):
            return 3070, f'The string "{text[:60]}" in the field "{field}" is too long.'
        return None
    if kind == "amt":
        ok, status, noun = _AMOUNT.fullmatch(text) is not None, 3040, "amount"
    elif kind == "date":
        ok, status, noun = _is_date(text), 3020, "date"
    elif kind == "dt":
        ok, status, noun = _is_datetime(text), 3020, "date"
    elif kind == "bool":
        ok, status, noun = text in ("true", "false"), 3010, "boolean"
    elif kind == "id":
        if _ID.fullmatch(text):
            return None
        return 3000, f'The given object ID "{text[:60]}" in the field "{field}" is invalid.'
    elif kind == "guid":
        if _GUID.fullmatch(text):
            return None
        return 3000, f'The given object ID "{text[:60]}" in the field "{field}" is invalid.'
    elif kind == "int":
        ok, status, noun = _INTEGER.fullmatch(text) is not None, 3085, "number"
    elif kind == "qty":
        ok, status, noun = _DECIMAL_5.fullmatch(text) is not None, 3060, "quantity"
    elif kind == "price":
        ok, status, noun = _DECIMAL_5.fullmatch(text) is not None, 3045, "price"
    elif kind == "pct":
        ok, status, noun = _DECIMAL_5.fullmatch(text) is not None, 3050, "percentage"
    elif kind == "float":
        ok, status, noun = _FLOAT.fullmatch(text) is not None, 3085, "number"
    else:
        raise ValueError(f"unknown value type {kind!r}")
    if ok:
        return None
    return status, f'There was an error when converting the {noun} value "{text[:60]}" in the field "{field}".'


def amount(text: str) -> Decimal:
    """A checked AMTTYPE as an exact number with two decimals."""
    return Decimal(text).quantize(Decimal("0.01"))


def money(value: Decimal) -> str:
    """An amount as QuickBooks writes it: two decimals, no grouping."""
    return f"{value:.2f}"


def truth(text: str | None) -> bool:
    """A checked BOOLTYPE; absent means false."""
    return text == "true"


def storable(text: str) -> str:
    """What QuickBooks keeps of a string: characters outside Windows-1252 become `?` (the file is single-byte)."""
    if text.isascii():
        return text
    return text.encode("cp1252", "replace").decode("cp1252")


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text) or not "1901-01-01" <= text <= _LAST_TXN_DAY:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    # No `Z`, no fraction, and nothing outside 1970-01-01 to 2038-01-19: DATETIMETYPE is a 32-bit time.
    if not _DATETIME.fullmatch(text) or not "1970-01-01" <= text[:10] <= _LAST_DAY:
        return False
    try:
        datetime.fromisoformat(text if len(text) == 10 else text[:13] + ":00")
        clock = text[11:].split("+")[0].split("-")[0]
        return all(int(part) < 60 for part in clock.split(":")[1:])
    except ValueError:
        return False

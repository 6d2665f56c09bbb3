"""Invoices as Basware wrote them: the exact bytes, and just enough read to file them.

The bytes are what is stored; everything else is recomputed from them. Unknown fields are kept that way without being
known, and a status that is new to us is only a word.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ml_connector.core.invoice import InvoiceId

_LIST = "accountingDocuments"
#: Only finds where the invoices are; their numbers are read elsewhere, so that an impossible one spoils its invoice alone.
_DECODER = json.JSONDecoder(parse_int=float)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\n\r]*")


class Unreadable(ValueError):
    """What Basware sent cannot be understood. `reasons` are complete sentences, all of them at once."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


class ResponseKind(StrEnum):
    """The answers Basware keeps with an invoice, named as it names their lists."""

    PREBOOK = "prebookResponses"
    TRANSFER = "transferResponses"
    PAYMENT = "paymentResponses"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInvoice:
    """One accounting document, unread but for what files it."""

    invoice_id: InvoiceId  #: 1 to 36 characters, opaque
    company_code: str
    processing_status: str  #: such as WaitingForTransfer; unknown words are possible
    last_updated: str  #: Basware's stamp, raw
    payment_block: bool  #: blocked for payment; an answer repeats it
    raw: bytes  #: exactly the bytes of this document in the page it came with


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPage:
    """A page taken apart."""

    invoices: tuple[RawInvoice, ...]
    nameless: tuple[bytes, ...] = ()  #: elements without an `invoiceId`; nothing can be done but to show them


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFields:
    """The payment fields an invoice holds; a payment response clears the ones it leaves out.

    Source: P2P API, paymentResponses.
    """

    payment_term_code: str = ""
    payment_method: str = ""
    payment_block: bool = False
    payment_message: str = ""


def split_page(body: bytes) -> SplitPage:
    """Take a page apart without changing a byte of its elements.

    Both the list and a single invoice come as `{"accountingDocuments": [...]}`. Source: P2P API, accountingDocuments.

    Raises:
        Unreadable: not such a page.
    """
    try:
        text = body.decode("utf-8-sig")
        spans = _elements(text)
    except (ValueError, RecursionError):
        raise Unreadable(("The page of invoices is not valid JSON of the form Basware documents.",)) from None
    invoices: list[RawInvoice] = []
    nameless: list[bytes] = []
    for value, start, end in spans:
        raw = text[start:end].encode()
        name = value.get("invoiceId") if isinstance(value, dict) else None
        if not isinstance(name, str) or not name.strip() or storable(name) != name:
            nameless.append(raw)
            continue
        invoices.append(
            RawInvoice(
                invoice_id=InvoiceId(name),
                company_code=_text(value, "companyCode").strip(),
                processing_status=_text(value, "processingStatus"),
                last_updated=_text(value, "lastUpdated"),
                payment_block=value.get("paymentBlock") is True,
                raw=raw,
            )
        )
    return SplitPage(invoices=tuple(invoices), nameless=tuple(nameless))


def last_updated_of(raw: bytes) -> str:
    """Return Basware's stamp of one accounting document, raw: stamps of one form, which sort as text."""
    return _text(_object(raw), "lastUpdated")


def responses_of(invoice: RawInvoice) -> dict[ResponseKind, tuple[str, ...]]:
    """Return the `externalCode` of every response Basware holds for an invoice, by kind.

    Basware keeps the newest 100 of each kind. Source: P2P API, accountingDocuments.
    """
    value = _object(invoice.raw)
    return {kind: tuple(_codes(value.get(kind))) for kind in ResponseKind}


def payment_fields(raw: bytes) -> PaymentFields:
    """Return the payment fields of an invoice as it stands, to be sent back with a payment response."""
    value = _object(raw)
    return PaymentFields(
        payment_term_code=_text(value, "paymentTermCode"),
        payment_method=_text(value, "paymentMethod"),
        payment_block=value.get("paymentBlock") is True,
        payment_message=_text(value, "paymentMessage"),
    )


def storable(text: str) -> str:
    """Return a text that databases can hold: JSON can escape NUL and halves of characters, which they cannot."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unreadable(("The invoice is not a JSON object.",))
    return value


def _codes(responses: Any) -> list[str]:
    if not isinstance(responses, list):
        return []
    return [_text(item, "externalCode") for item in responses if isinstance(item, dict)]


def _text(value: dict[str, Any], member: str) -> str:
    found = value.get(member)
    return storable(found) if isinstance(found, str) else ""


def _elements(text: str) -> list[tuple[Any, int, int]]:
    """Return each element of the list with the place where it begins and ends.

    Walks the outermost object by hand, because the decoder tells values but not their places.
    """
    at = _expect(text, _skip(text, 0), "{")
    found: list[tuple[Any, int, int]] | None = None
    if text[at : at + 1] == "}":
        at += 1
    else:
        while True:
            name, at = _DECODER.raw_decode(text, at)
            if not isinstance(name, str):
                raise ValueError("a member has no name")
            at = _expect(text, _skip(text, at), ":")
            if name == _LIST and text[at : at + 1] == "[":
                found, at = _array(text, at)
            else:
                value, at = _DECODER.raw_decode(text, at)
                if name == _LIST:
                    found = _nothing(value)
            at = _skip(text, at)
            if text[at : at + 1] == "}":
                at += 1
                break
            at = _expect(text, at, ",")
    if found is None or _skip(text, at) != len(text):
        raise ValueError("no list of invoices")
    return found


def _array(text: str, at: int) -> tuple[list[tuple[Any, int, int]], int]:
    found: list[tuple[Any, int, int]] = []
    at = _expect(text, at, "[")
    if text[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, end = _DECODER.raw_decode(text, at)
        found.append((value, at, end))
        at = _skip(text, end)
        if text[at : at + 1] == "]":
            return found, at + 1
        at = _expect(text, at, ",")


def _nothing(value: Any) -> list[tuple[Any, int, int]]:
    # A null may stand where the list is empty. Source: P2P API, general information on nulls.
    if value is not None:
        raise ValueError("the list of invoices is not a list")
    return []


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"{mark} expected at {at}")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at

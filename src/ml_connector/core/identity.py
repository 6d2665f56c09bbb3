"""Names that are derived, never drawn: a second attempt computes the same name and so can be recognised."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from uuid import UUID, uuid5

from ml_connector.core.books import ListId
from ml_connector.core.invoice import InvoiceId

_BILL_SPACE = UUID("5f8b3f0e-9a0c-5c5e-8b57-1f6f5d0e6a01")
_RESPONSE_SPACE = UUID("0c2d4e6a-7b1f-5d3c-9e8a-2a4b6c8d0e02")

#: RefNumber of Bill and VendorCredit, characters. Source: qbxmlops, BillAdd.
REF_NUMBER_MAX = 20
_KEPT = 13  # characters of a long number that stay readable; 13 + "~" + 6 = 20

_TAG = re.compile(r"\[BW:([0-9A-F]{16})\]")


@lru_cache(maxsize=1024)  # asked for when it is planned and when it is looked up
def document_guid(company_code: str, invoice_id: InvoiceId) -> UUID:
    """Name of one Basware invoice in QuickBooks, the same on every attempt and from every installation.

    It depends on nothing of ours, so that a connector set up afresh still recognises the Bills of the earlier one.
    """
    return uuid5(_BILL_SPACE, f"{company_code}/{invoice_id}")


def external_guid(guid: UUID) -> str:
    """Write it as qbXML `GUIDTYPE`, braces included."""
    return "{" + str(guid) + "}"


def memo_tag(guid: UUID) -> str:
    """Return the mark a Bill carries in its Memo, `[BW:` and 16 hexadecimal digits and `]`: 64 bits of the name."""
    return f"[BW:{guid.hex[:16].upper()}]"


def tags_in(memo: str) -> tuple[str, ...]:
    """Return every mark of ours in a Memo; users may have written around it."""
    return tuple(f"[BW:{digits}]" for digits in _TAG.findall(memo))


def ref_number(invoice_number: str) -> str:
    """Shorten an invoice number to a RefNumber, collision-free for practical purposes and always the same.

    Up to 20 characters stay as they are. Longer ones keep their first 13 characters, followed by `~` and 6 hexadecimal
    digits of the SHA-256 of the whole number: numbers that share a beginning stay apart. A short number that looks like
    a shortened one is shortened too, so that it cannot be taken for one.
    """
    number = " ".join(invoice_number.split())
    looks_shortened = len(number) == REF_NUMBER_MAX and re.fullmatch(r"~[0-9A-F]{6}", number[_KEPT:]) is not None
    if len(number) <= REF_NUMBER_MAX and not looks_shortened:
        return number
    digest = hashlib.sha256(number.encode()).hexdigest()[:6].upper()
    return f"{number[:_KEPT]}~{digest}"


def request_id(document_id: int, plan_no: int) -> str:
    """Name of one request in a message set: which document, and which of its plans.

    `plan_no` counts plans, not attempts: a retry after silence keeps it and so asks after the first attempt; a plan made
    after a refusal gets a new one and so is not mistaken for the refused.
    """
    return f"d{document_id}.{plan_no}"


def document_of(request: str) -> tuple[int, int] | None:
    """Read a request id back: document and plan number, or None if it is not one of ours."""
    match = re.fullmatch(r"d(\d+)\.(\d+)", request)
    return (int(match[1]), int(match[2])) if match else None


def message_set_id(connection: str, requests: tuple[str, ...], texts_digest: bytes) -> str:
    """Name of one message set: 20 characters of base32 over its connection, request ids and contents.

    QuickBooks remembers a set under this name and refuses other content under the same one; 23 characters is the most
    it takes. Source: Intuit error recovery; see docs/reference/quickbooks.md.
    """
    digest = hashlib.sha256("/".join((connection, *requests)).encode() + b"\0" + texts_digest).digest()
    return base64.b32encode(digest)[:20].decode("ascii")


def response_code(invoice_id: InvoiceId, kind: str, number: int, content: str) -> str:
    """Return the `externalCode` of one logical response to Basware: the same for a network retry of the same content,
    another for every new response. `number` counts the responses of this kind to this invoice."""
    return str(uuid5(_RESPONSE_SPACE, f"{invoice_id}/{kind}/{number}/{content}"))


def record_code(company_code: str, list_id: ListId) -> str:
    """Return the `externalCode` of one list record, at most 36 characters and never changing.

    `<company code>-<ListID>` where that fits, else a UUID derived from it.
    """
    readable = f"{company_code}-{list_id}"
    return readable if len(readable) <= 36 else str(uuid5(_RESPONSE_SPACE, readable))

"""What was said to another system, as a person or a program reads it: the first part, secrets masked."""

from __future__ import annotations

from typing import Any

from ml_connector.store.models import AuditEntry, Exchange

_SHOWN_BYTES = 200_000


def about(document: int, exchange: int) -> AuditEntry | None:
    """Return the entry of a document's story in which something was said; None if there is none."""
    found = AuditEntry.objects.filter(document=document, exchange=exchange)
    return found.select_related("exchange", "document", "connection").first()


def entry(number: int) -> AuditEntry | None:
    """Return one entry of the audit trail with what was said; None if there is none."""
    return AuditEntry.objects.filter(pk=number).select_related("exchange", "document", "connection").first()


def as_text(body: bytes | memoryview) -> str:
    """Return the first part of a body as text; what is not UTF-8 is marked."""
    written = bytes(body[:_SHOWN_BYTES]).decode("utf-8", "replace")
    more = len(body) - _SHOWN_BYTES
    return written + (
        f"\n… and {more} bytes more; a full export of the audit trail has all of them." if more > 0 else ""
    )


def as_dict(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as plain values."""
    return {
        "at": exchange.at.isoformat(),
        "system": exchange.system,
        "what": exchange.what,
        "status": exchange.status,
        "request_id": exchange.request_id,
        "request": as_text(exchange.request),
        "response": as_text(exchange.response),
    }

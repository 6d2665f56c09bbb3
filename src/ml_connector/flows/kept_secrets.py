"""The secrets of a connection, as far as they may be told: how old, and when one was last good. Never what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ml_connector.flows import sign_in
from ml_connector.flows.surroundings import (
    CLIENT_ID,
    CLIENT_SECRET,
    EARLIER_WEB_CONNECTOR_PASSWORD,
    WEB_CONNECTOR_PASSWORD,
    WEBHOOK_SECRET,
)
from ml_connector.store import duties
from ml_connector.store.models import Connection, Delivery, Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One secret that is kept."""

    name: str
    words: str
    set_at: datetime
    used_at: datetime | None  #: when the other side last took it; None if that was not seen
    note: str  #: what there is to know about it


def kept(connection: Connection, now: datetime) -> Sequence[Kept]:
    """Return what is kept of a connection's secrets."""
    set_at = dict(connection.credentials.values_list("name", "set_at"))
    basware = (
        Duty.objects.filter(connection=connection, name=duties.INVOICES).values_list("last_ok_at", flat=True).first()
    )
    delivery = (
        Delivery.objects.filter(connection=connection).order_by("-pk").values_list("received_at", flat=True).first()
    )
    until = sign_in.earlier_until(connection)
    overlaps = until is not None and until > now
    found = (
        (CLIENT_ID, "Basware's client id", basware, ""),
        (CLIENT_SECRET, "Basware's client secret", basware, ""),
        (
            WEB_CONNECTOR_PASSWORD,
            "The Web Connector's password",
            None if overlaps else connection.last_poll_at,
            "The Web Connector has not used it yet." if overlaps else "",
        ),
        (
            EARLIER_WEB_CONNECTOR_PASSWORD,
            "The Web Connector's earlier password",
            connection.last_poll_at if overlaps else None,
            "Taken until the new one was used." if overlaps else "Taken no more.",
        ),
        (WEBHOOK_SECRET, "What Basware signs notifications with", delivery, ""),
    )
    return [
        Kept(name=name, words=words, set_at=set_at[name], used_at=_after(used, set_at[name]), note=note)
        for name, words, used, note in found
        if name in set_at
    ]


def _after(used: datetime | None, set_at: datetime) -> datetime | None:
    return used if used is not None and used >= set_at else None

"""Basware does not answer at all: one probe per wait, and everything else for Basware is put off until it answers.

Each connection is its own tenant here. Without this, every duty would find out for itself, and an outage would be met with
as many calls per wait as there are duties. Only what no other call could do better counts: no connection, no answer, a
gateway that says so, and being told to slow down. What one address refuses says nothing about the others.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from ml_connector.core.errors import ConnectorError, TryAgain
from ml_connector.flows.local_time import local, until
from ml_connector.store import duties
from ml_connector.store.models import Connection, Duty

log = logging.getLogger(__name__)

_SAID_BY_A_GATEWAY = frozenset({"", "429", "502", "503", "504"})  # "": nothing was answered
#: One address may ask for a longer wait than this; the others are then tried after it all the same.
_LONGEST_S = 900.0


def is_outage(trouble: ConnectorError) -> bool:
    """Tell whether every other call to Basware would fail as well, and nobody need act."""
    status = trouble.exchange.status if trouble.exchange is not None else ""
    return isinstance(trouble, TryAgain) and status in _SAID_BY_A_GATEWAY


def put_off(connection: Connection, duty: Duty, now: datetime) -> bool:
    """Put a duty off to the next probe, if one is awaited; return whether it was."""
    probe_at = connection.outage_probe_at
    if duty.name not in duties.WITH_BASWARE or probe_at is None or probe_at <= now:
        return False
    duties.put_off(connection.pk, duty.name, probe_at)
    return True


def begins_or_goes_on(connection: Connection, trouble: ConnectorError, wait_s: float, now: datetime) -> None:
    """Note a probe that failed. Fetching invoices is the next one: it always calls, where other duties may find nothing to
    say and so learn nothing."""
    if connection.outage_failures == 0:
        connection.outage_since = now
        log.warning("Basware does not answer", extra={"connection": connection.name, "why": str(trouble)})
    connection.outage_failures += 1
    connection.outage_probe_at = now + timedelta(seconds=min(wait_s, _LONGEST_S))
    connection.outage_words = str(trouble)[:500]
    connection.save(update_fields=_COLUMNS)
    duties.wake_at(connection.pk, duties.INVOICES, connection.outage_probe_at)


def ends(connection: Connection) -> None:
    """Note that Basware answered."""
    if connection.outage_failures == 0:
        return
    connection.outage_failures, connection.outage_words = 0, ""
    connection.outage_since = connection.outage_probe_at = None
    connection.save(update_fields=_COLUMNS)
    log.info("Basware answers again", extra={"connection": connection.name})


def sentence(connection: Connection, now: datetime) -> str:
    """Say since when Basware does not answer, with what, and when it is asked again."""
    since = connection.outage_since or now
    again = connection.outage_probe_at or now
    return (
        f"Basware has not answered since {local(connection, since)} ({connection.outage_words.rstrip('.')}). What is for"
        f" Basware waits; it is tried again {until(again, now) if again > now else 'now'}, and QuickBooks is worked with"
        " meanwhile."
    )


_COLUMNS = ["outage_failures", "outage_since", "outage_probe_at", "outage_words"]

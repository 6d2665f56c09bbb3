"""Notifications from Basware: verified, taken once, and never believed; they only make the next fetch sooner."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction

from ml_connector.basware.notification import UnreadableNotification, read_notification
from ml_connector.basware.signature import verify
from ml_connector.flows.surroundings import WEBHOOK_SECRET, Surroundings
from ml_connector.store import duties
from ml_connector.store.models import Connection, Delivery

log = logging.getLogger(__name__)

_REMEMBERED = timedelta(days=30)


class Taken(StrEnum):
    """What became of a notification."""

    NEW = "new"
    REPEATED = "repeated"
    TEST = "test"
    FORGED = "forged"
    UNREADABLE = "unreadable"


def take(surroundings: Surroundings, connection: Connection, body: bytes, signature: str) -> Taken:
    """Take one notification. The signature is checked over the raw bytes before anything else is looked at."""
    secret = surroundings.vault.open(connection, WEBHOOK_SECRET)
    form = verify(body, signature, [secret]) if secret is not None and signature else None
    if form is None and signature:
        log.warning("notification with a wrong signature", extra={"connection": connection.name})
        return Taken.FORGED
    try:
        notification = read_notification(body)
    except UnreadableNotification:
        return Taken.FORGED if form is None else Taken.UNREADABLE
    if notification.is_connection_test:
        # It may come before the secret is in use, and it has no effect. Source: Push Notification API, subscriptions.
        return Taken.TEST
    if form is None:
        return Taken.FORGED
    log.info("notification", extra={"connection": connection.name, "form": form.value})
    known_by = notification.task_id.encode() or body
    return _take_once(surroundings, connection, hashlib.sha256(known_by).hexdigest())


def forget(surroundings: Surroundings, connection: Connection) -> None:
    """Forget the notifications of long ago: nobody repeats them any more, and one that came again would do no harm."""
    Delivery.objects.filter(connection=connection, received_at__lt=surroundings.clock() - _REMEMBERED).delete()


def _take_once(surroundings: Surroundings, connection: Connection, key: str) -> Taken:
    now = surroundings.clock()
    try:
        with transaction.atomic():
            Delivery.objects.create(connection=connection, key=key, received_at=now)
            duties.wake(connection.pk, now, duties.INVOICES)
    except IntegrityError:
        return Taken.REPEATED
    return Taken.NEW

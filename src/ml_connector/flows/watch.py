"""The watch: what would pass unseen is said aloud in the log, again and again until it is over, and kept for the alerts."""

from __future__ import annotations

import logging

from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows import alert_matters, deadlines, polls
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.models import Connection

log = logging.getLogger(__name__)

_AT_MOST_S = 300.0


def every_s(settings: ConnectionSettings) -> float:
    """Return how often to look: often enough to find a deadline well before it has passed."""
    return max(1.0, min(_AT_MOST_S, settings.deadline_alert_s / 4))


def say_aloud(surroundings: Surroundings, connection: Connection) -> None:
    """Log one line per thing that a person should know of now, and keep what holds for those who want to be alerted."""
    now = surroundings.clock()
    found = deadlines.unanswered(connection, now)
    if found.near and found.first is not None and found.earliest is not None:
        keys = {"connection": connection.name, "near": found.near, "past": found.past}
        # By number: the log holds no invoice data.
        first = {"document": found.first.pk, "deadline": found.earliest.isoformat(timespec="seconds")}
        log.warning("answers to Basware are late", extra=keys | first)
    if sentence := polls.silence(connection, now, polls.expectation(connection, now)):
        log.warning("the Web Connector does not call", extra={"connection": connection.name, "why": sentence})
    if surroundings.ways is not None:
        alert_matters.look(connection, now)

"""All work of one connection that does not need QuickBooks: each duty that is due, one after the other.

Duties fail apart from each other: what one system does not take at the moment never stops the work with the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import Error as DatabaseError

from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.settings import ConnectionSettings
from ml_connector.flows import (
    answers,
    dry_run,
    intake,
    notifications,
    outage,
    planning,
    publication,
    told_payments,
    verdicts,
    watch,
)
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.flows.troubles import wait_s
from ml_connector.store import duties, sessions
from ml_connector.store.models import Connection, Duty

log = logging.getLogger(__name__)

_ONLY_WHEN_WOKEN_S = 60.0  # nothing hangs on a wake-up: what was missed is found within a minute
_OPERATOR_WAIT_S = 300.0


def run(surroundings: Surroundings, connection_id: int) -> None:
    """Do what is due for one connection. Never raises for what a system answers; that stands in the duty's row."""
    connection = sessions.connection_of(connection_id)
    if connection is None or connection.paused:
        return
    for duty in duties.due(connection_id, surroundings.clock()):
        if not outage.put_off(connection, duty, surroundings.clock()):
            _run_one(surroundings, connection, duty)


def _run_one(surroundings: Surroundings, connection: Connection, duty: Duty) -> None:
    settings = settings_of(connection)
    # Taken off the list before the work begins: a wake-up that comes in meanwhile makes it due again.
    started = surroundings.clock()
    duties.done(connection.pk, duty.name, started, _regular_s(duty.name, settings))
    try:
        following_s = _WORK[duty.name](surroundings, connection)
    except TryAgain as trouble:
        if trouble.progressed:
            duty.failures = 0  # it is not the same failure again: the rest needs fewer calls every time
            outage.ends(connection)
        if outage.is_outage(trouble):
            pause_s = wait_s(surroundings, settings, trouble, max(duty.failures, connection.outage_failures) + 1)
            outage.begins_or_goes_on(connection, trouble, pause_s, surroundings.clock())
        else:
            pause_s = wait_s(surroundings, settings, trouble, duty.failures + 1)
            _heard(connection, duty)
        duties.failed(duty, surroundings.clock(), pause_s, str(trouble), needs_operator=False)
        log.warning("duty later", extra={"connection": connection.name, "duty": duty.name, "why": str(trouble)})
    except NeedsOperator as problem:
        _heard(connection, duty)
        # It may heal without us: somebody grants the scope, or it was a passing fault of the other side after all.
        pause_s = wait_s(surroundings, settings, problem, duty.failures + 1, cap_s=_OPERATOR_WAIT_S)
        duties.failed(duty, surroundings.clock(), pause_s, str(problem), needs_operator=True)
        log.error("duty needs a person", extra={"connection": connection.name, "duty": duty.name, "why": str(problem)})
    except ConnectorError as refused:
        _heard(connection, duty)
        duties.failed(duty, surroundings.clock(), _OPERATOR_WAIT_S, str(refused), needs_operator=True)
        log.error("duty refused", extra={"connection": connection.name, "duty": duty.name, "why": str(refused)})
    except DatabaseError as trouble:
        why = " ".join(str(trouble).split())
        log.error("duty later", extra={"connection": connection.name, "duty": duty.name, "why": why})
        log.debug("where the database failed", exc_info=True)
        sentence = f"The database did not take it: {why.rstrip('.')}. It is tried again by itself."
        pause_s = wait_s(surroundings, settings, TryAgain(why), duty.failures + 1)
        duties.failed(duty, surroundings.clock(), pause_s, sentence, needs_operator=True)
    except Exception:
        sentence = "The connector failed inside; the log has the details. It tries again by itself."
        duties.failed(duty, surroundings.clock(), _OPERATOR_WAIT_S, sentence, needs_operator=True)
        log.exception("duty failed inside", extra={"connection": connection.name, "duty": duty.name})
    else:
        _heard(connection, duty)
        if following_s is not None:
            duties.wake_at(connection.pk, duty.name, surroundings.clock() + timedelta(seconds=following_s))


def _heard(connection: Connection, duty: Duty) -> None:
    """Note the end of an outage, if the duty was one that cannot end without an answer of Basware."""
    if duty.name in _ALWAYS_CALLS:
        outage.ends(connection)


_ALWAYS_CALLS = frozenset({duties.INVOICES, duties.SWEEP})


def _invoices(surroundings: Surroundings, connection: Connection) -> None:
    intake.fetch(surroundings, connection)


def _sweep(surroundings: Surroundings, connection: Connection) -> None:
    notifications.forget(surroundings, connection)
    if connection.dry_run:
        return  # what another program transfers at the moment is none of ours
    intake.sweep(surroundings, connection)
    told_payments.check(surroundings, connection)


def _plan(surroundings: Surroundings, connection: Connection) -> None:
    planning.plan_due(surroundings, connection.pk)
    if connection.dry_run and duties.was_done(connection.pk, duties.LISTS):
        dry_run.plan_trials(surroundings, connection.pk)


def _answers(surroundings: Surroundings, connection: Connection) -> None:
    answers.send_answers(surroundings, connection)


def _publish(surroundings: Surroundings, connection: Connection) -> None:
    publication.publish(surroundings, connection)


def _watch(surroundings: Surroundings, connection: Connection) -> None:
    watch.say_aloud(surroundings, connection)


_WORK: dict[str, Callable[[Surroundings, Connection], float | None]] = {
    duties.INVOICES: _invoices,
    duties.PLANNING: _plan,
    duties.ANSWERS: _answers,
    duties.PUBLICATION: _publish,
    duties.IMPORTS: verdicts.follow_up,
    duties.SWEEP: _sweep,
    duties.WATCH: _watch,
}


def _regular_s(name: str, settings: ConnectionSettings) -> float:
    return {
        duties.INVOICES: float(settings.invoice_poll_s),
        duties.PUBLICATION: float(settings.list_publish_s),
        duties.ANSWERS: float(settings.answer_s),
        duties.SWEEP: float(settings.sweep_s),
        duties.WATCH: watch.every_s(settings),
    }.get(name, _ONLY_WHEN_WOKEN_S)

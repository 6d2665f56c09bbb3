"""What is due, for which connection, in which order; a wake-up never loses or forgives anything."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connections
from store_builders import T0, a_connection, later

from databases import Database
from ml_connector.store import duties
from ml_connector.store.models import Connection, Duty

pytestmark = pytest.mark.both_databases


@pytest.fixture
def connection() -> Connection:
    return with_duties("main")


def with_duties(name: str, due_in_s: float = 0) -> Connection:
    made = a_connection(name)
    duties.create_all(made, later(due_in_s))
    return made


def duty(connection: Connection, name: str) -> Duty:
    return Duty.objects.get(connection=connection, name=name)


def test_a_new_connection_has_every_duty_once_and_all_are_due(connection: Connection) -> None:
    assert sorted(Duty.objects.values_list("name", flat=True)) == sorted(duties.ALL)
    assert all(duties.is_due(connection.pk, name, T0) for name in duties.ALL)
    with pytest.raises(IntegrityError):
        duties.create_all(connection, T0)


def test_duties_come_in_the_order_in_which_they_feed_each_other(connection: Connection) -> None:
    Duty.objects.filter(name=duties.INVOICES).update(due_at=later(-1))
    Duty.objects.filter(name=duties.SWEEP).update(due_at=later(-100))
    Duty.objects.filter(name=duties.ANSWERS).update(due_at=later(1))
    wanted = [name for name in duties.BY_ENGINE if name != duties.ANSWERS]
    assert [d.name for d in duties.due(connection.pk, T0)] == wanted


def test_what_the_web_connector_does_is_not_the_engines_work(connection: Connection) -> None:
    Duty.objects.filter(name__in=duties.BY_ENGINE).update(due_at=later(100))
    Duty.objects.filter(name=duties.LISTS).update(due_at=later(-5))
    assert duties.due(connection.pk, T0) == []
    assert duties.due_connections(T0) == []
    assert duties.next_due(T0) == later(100)


def test_the_connection_that_has_waited_longest_comes_first() -> None:
    late, early, not_yet = with_duties("late", -1), with_duties("early", -9), with_duties("not-yet", 1)
    Duty.objects.filter(connection=late, name=duties.SWEEP).update(due_at=later(-5))
    assert duties.due_connections(T0) == [early.pk, late.pk]
    assert duties.due_connections(later(1)) == [early.pk, late.pk, not_yet.pk]


def test_a_paused_connection_has_nothing_to_do_and_wakes_nobody() -> None:
    paused, other = with_duties("paused"), with_duties("other", 30)
    Connection.objects.filter(pk=paused.pk).update(paused=True)
    assert duties.due_connections(T0) == []
    assert duties.next_due(later(-60)) == later(30)
    Connection.objects.filter(pk=other.pk).update(paused=True)
    assert duties.next_due(later(-60)) is None


def test_the_next_time_is_the_earliest_after_now(connection: Connection) -> None:
    for seconds, name in enumerate(duties.BY_ENGINE):
        duties.done(connection.pk, name, T0, 10 + seconds)
    assert duties.next_due(T0) == later(10)
    assert duties.next_due(later(10)) == later(11)
    assert duties.next_due(later(10 + len(duties.BY_ENGINE))) is None


def test_a_success_clears_the_failures_and_sets_the_next_time(connection: Connection) -> None:
    duties.failed(duty(connection, duties.INVOICES), T0, 5, "Basware is away.", needs_operator=True)
    duties.done(connection.pk, duties.INVOICES, later(5), 600)
    now = duty(connection, duties.INVOICES)
    assert (now.due_at, now.last_ok_at, now.failures, now.last_error, now.needs_operator) == (
        later(605),
        later(5),
        0,
        "",
        False,
    )


def test_a_failure_is_counted_told_and_tried_again_after_its_wait(connection: Connection) -> None:
    for n in range(1, 4):
        duties.failed(duty(connection, duties.INVOICES), T0, 10 * n, "x" * 900, needs_operator=False)
    now = duty(connection, duties.INVOICES)
    assert (now.failures, now.due_at, len(now.last_error), now.last_ok_at) == (3, later(30), 500, None)
    assert not duties.is_due(connection.pk, duties.INVOICES, later(29))
    assert duties.is_due(connection.pk, duties.INVOICES, later(30))


def test_a_wake_up_brings_forward_what_is_named_and_nothing_else(connection: Connection) -> None:
    Duty.objects.update(due_at=later(100))
    duties.wake(connection.pk, T0, duties.PLANNING, duties.ANSWERS)
    assert [d.name for d in duties.due(connection.pk, T0)] == [duties.PLANNING, duties.ANSWERS]


def test_a_wake_up_keeps_the_wait_of_a_failure(connection: Connection) -> None:
    duties.failed(duty(connection, duties.INVOICES), T0, 60, "Basware is away.", needs_operator=False)
    duties.wake(connection.pk, T0, duties.INVOICES)
    duties.wake_at(connection.pk, duties.INVOICES, later(1))
    assert duty(connection, duties.INVOICES).due_at == later(60)


def test_a_wake_up_never_puts_off_what_is_due_already(connection: Connection) -> None:
    duties.wake(connection.pk, later(10), *duties.ALL)
    duties.wake_at(connection.pk, duties.SWEEP, later(10))
    assert set(Duty.objects.values_list("due_at", flat=True)) == {T0}


def test_a_wake_up_for_a_later_moment_brings_forward_to_it(connection: Connection) -> None:
    Duty.objects.update(due_at=later(100))
    duties.wake_at(connection.pk, duties.IMPORTS, later(40))
    duties.wake_at(connection.pk, duties.IMPORTS, later(60))
    assert duty(connection, duties.IMPORTS).due_at == later(40)
    assert duty(connection, duties.SWEEP).due_at == later(100)


def test_a_person_wakes_what_waits_after_a_failure_too(connection: Connection) -> None:
    other = with_duties("other", 100)
    for name in duties.ALL:
        duties.failed(duty(connection, name), T0, 60, "away", needs_operator=True)
    duties.wake_all(connection.pk, later(1), duties.INVOICES)
    assert [d.name for d in duties.due(connection.pk, later(1))] == [duties.INVOICES]
    duties.wake_all(connection.pk, later(2))
    assert {d.due_at for d in Duty.objects.filter(connection=connection)} == {later(2)}
    assert {d.due_at for d in Duty.objects.filter(connection=other)} == {later(100)}


def test_a_wake_up_of_one_connection_leaves_the_others_alone(connection: Connection) -> None:
    other = with_duties("other", 100)
    duties.wake(connection.pk, T0, *duties.ALL)
    duties.done(connection.pk, duties.SWEEP, T0, 1)
    assert {d.due_at for d in Duty.objects.filter(connection=other)} == {later(100)}


def test_a_claimed_connection_is_claimed_by_one_process_at_a_time(connection: Connection, database: Database) -> None:
    if database.kind != "postgresql":
        pytest.skip("SQLite serves one process, whose runner keeps its own list")
    told: list[bool] = []

    def claim_elsewhere(connection_id: int) -> None:
        # A thread has a database session of its own, as another process would.
        try:
            with duties.claim(connection_id) as held:
                told.append(held)
        finally:
            connections.close_all()

    def ask(connection_id: int) -> bool:
        thread = threading.Thread(target=claim_elsewhere, args=(connection_id,))
        thread.start()
        thread.join()
        return told[-1]

    with duties.claim(connection.pk) as held:
        assert held
        assert not ask(connection.pk)
        assert ask(connection.pk + 1)
    assert ask(connection.pk)
    with pytest.raises(RuntimeError), duties.claim(connection.pk):
        raise RuntimeError("the work fails")
    assert ask(connection.pk)

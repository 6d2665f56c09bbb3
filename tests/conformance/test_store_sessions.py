"""Sessions of the Web Connector: one live session per connection, and no ticket in the database."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from store_builders import T0, a_connection, later

from databases import Database
from ml_connector.store import sessions
from ml_connector.store.models import Connection, MessageSet, Session

pytestmark = pytest.mark.both_databases


@pytest.fixture
def connection() -> Connection:
    return a_connection()


def test_tickets_are_long_and_never_the_same() -> None:
    tickets = {sessions.new_ticket() for _ in range(1000)}
    assert len(tickets) == 1000
    assert all(len(ticket) >= 43 for ticket in tickets)


def test_only_the_hash_of_a_ticket_is_kept(connection: Connection, database: Database) -> None:
    ticket = sessions.new_ticket()
    opened = sessions.open_session(connection, ticket, "identify", T0)
    assert opened.ticket_sha256 == sessions.ticket_hash(ticket) != ticket
    everything = database.bytes_on_disk()
    assert opened.ticket_sha256.encode() in everything
    assert ticket.encode() not in everything


def test_a_session_is_found_by_its_ticket_and_by_nothing_else(connection: Connection) -> None:
    ticket = sessions.new_ticket()
    opened = sessions.open_session(connection, ticket, "identify", T0)
    assert sessions.find_session(ticket) == opened
    for other in ("", " ", ticket + " ", ticket[:-1], opened.ticket_sha256, sessions.new_ticket()):
        assert sessions.find_session(other) is None


def test_a_new_session_ends_the_earlier_one_of_the_same_connection(connection: Connection) -> None:
    other = sessions.open_session(a_connection("other"), "t-other", "identify", T0)
    for n in range(3):
        sessions.open_session(connection, f"t{n}", "identify", later(n))
    live = sessions.live_session(connection.pk)
    assert live is not None
    assert live.ticket_sha256 == sessions.ticket_hash("t2")
    assert [s.closed_at for s in Session.objects.filter(connection=connection).order_by("pk")] == [
        later(1),
        later(2),
        None,
    ]
    assert sessions.live_session(other.connection_id) == other


def test_a_superseded_ticket_is_still_known_but_not_live(connection: Connection) -> None:
    sessions.open_session(connection, "old", "identify", T0)
    sessions.open_session(connection, "new", "identify", later(1))
    old, new = sessions.find_session("old"), sessions.find_session("new")
    assert old is not None
    assert new is not None
    assert (sessions.is_live(old, later(1), 60), sessions.is_live(new, later(1), 60)) == (False, True)


def test_a_session_dies_of_silence(connection: Connection) -> None:
    opened = sessions.open_session(connection, "t", "identify", T0)
    assert sessions.is_live(opened, later(60), 60)
    assert not sessions.is_live(opened, later(60.001), 60)


def test_a_ticket_cannot_be_given_twice(connection: Connection) -> None:
    sessions.open_session(connection, "t", "identify", T0)
    with pytest.raises(IntegrityError):
        sessions.open_session(a_connection("other"), "t", "identify", T0)


def test_old_sessions_are_forgotten_and_live_ones_are_not(connection: Connection) -> None:
    for n in range(3):
        sessions.open_session(connection, f"t{n}", "identify", later(n))
    sessions.forget_old_sessions(connection.pk, later(2))
    assert Session.objects.count() == 2
    sessions.forget_old_sessions(connection.pk, later(1000))
    live = sessions.live_session(connection.pk)
    assert list(Session.objects.all()) == [live]


def test_message_sets_are_told_apart_by_what_became_of_them(connection: Connection) -> None:
    other = a_connection("other")
    for n, fate in enumerate([*MessageSet.Fate, MessageSet.Fate.SENT]):
        MessageSet.objects.create(connection=connection, set_id=f"S{n}", text="<x/>", fate=fate, sent_at=T0)
    MessageSet.objects.create(connection=other, set_id="S0", text="<x/>", sent_at=T0)
    assert [s.set_id for s in sessions.in_flight(connection.pk)] == ["S0", "S4"]
    assert [s.set_id for s in sessions.lost(connection.pk)] == ["S2"]
    with pytest.raises(IntegrityError):
        MessageSet.objects.create(connection=connection, set_id="S0", text="<y/>", sent_at=T0)


def test_a_watermark_is_kept_as_it_was_told_and_moves_on(connection: Connection) -> None:
    assert sessions.watermark(connection.pk, "vendor") == ""
    for stamp in ("2024-03-01T12:00:00-07:00", "2024-03-02T00:00:00"):
        sessions.set_watermark(connection, "vendor", stamp)
        assert sessions.watermark(connection.pk, "vendor") == stamp
    assert sessions.watermark(connection.pk, "account") == ""
    assert sessions.watermark(a_connection("other").pk, "vendor") == ""

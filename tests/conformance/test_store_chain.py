"""The audit chain: whatever is changed, taken away or put in is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction
from django.db import connection as database
from store_builders import T0, a_connection, a_document, an_exchange, later, reread, unguarded

from ml_connector.core.states import Event, State
from ml_connector.store.chain import Entry, entry_hash, verify, writing
from ml_connector.store.documents import Hop, hop_all
from ml_connector.store.models import AuditEntry, Connection, Document, Exchange

pytestmark = pytest.mark.both_databases


@pytest.fixture
def written() -> Connection:
    """A connection with five entries: a note, a hop that rests on an exchange, and three more."""
    connection = a_connection()
    document = a_document(connection)
    with writing(connection.pk, T0, "anna") as ledger:
        ledger.note(Entry(event="made", words="Connection made: Müller & Söhne, 東京."))
    with writing(connection.pk, later(1.5)) as ledger:
        seen = ledger.keep(an_exchange(response=bytes(range(256))))
        hop_all(ledger, [Hop(document=document, event=Event.ACKNOWLEDGED, words="Taken.", exchange=seen)])
        one, two = ledger.keep_all([an_exchange(b"one"), an_exchange(b"two", status="")])
        ledger.note(Entry(event="told", exchange=one))
        ledger.note(Entry(event="told", exchange=two))
    with writing(connection.pk, later(2)) as ledger:
        ledger.note(Entry(event="last"))
    return reread(connection)


@pytest.fixture
def unlocked() -> Iterator[None]:
    with unguarded():
        yield


def test_a_chain_that_nobody_touched_holds(written: Connection) -> None:
    verdict = verify(written)
    assert verdict.breaks == ()
    assert (verdict.entries, verdict.head) == (5, written.chain_hash)
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5]


def test_a_connection_without_entries_holds() -> None:
    assert verify(a_connection()).breaks == ()


def test_exchanges_are_kept_to_the_byte(written: Connection) -> None:
    kept = [(bytes(e.request), bytes(e.response)) for e in Exchange.objects.order_by("pk")]
    assert kept == [(b"question", bytes(range(256))), (b"question", b"one"), (b"question", b"two")]


def test_a_time_in_another_zone_is_the_same_time() -> None:
    connection = a_connection()
    elsewhere = T0.astimezone(timezone(timedelta(hours=-7, minutes=-30)))
    with writing(connection.pk, elsewhere) as ledger:
        ledger.note(Entry(event="noted"))
    assert AuditEntry.objects.get().at == T0
    assert verify(reread(connection)).breaks == ()


def test_each_connection_has_a_chain_of_its_own(written: Connection) -> None:
    other = a_connection("other")
    with writing(other.pk, T0) as ledger:
        ledger.note(Entry(event="noted"))
    assert (verify(reread(other)).entries, verify(reread(other)).breaks) == (1, ())
    assert verify(written).breaks == ()


def test_nothing_stays_of_a_transaction_that_failed(written: Connection) -> None:
    with pytest.raises(RuntimeError), writing(written.pk, later(3)) as ledger:
        ledger.keep(an_exchange())
        ledger.note(Entry(event="never"))
        raise RuntimeError("the process dies here")
    assert verify(reread(written)) == verify(written)
    assert Exchange.objects.count() == 3


def test_entries_that_several_threads_write_at_once_stand_in_one_order() -> None:
    connection = a_connection()
    failures: list[BaseException] = []

    def write(actor: str) -> None:
        try:
            for n in range(8):
                with writing(connection.pk, later(n), actor) as ledger:
                    ledger.note(Entry(event=f"{actor} {n}"))
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    verdict = verify(reread(connection))
    assert (verdict.entries, verdict.breaks) == (32, ())


#: For every column of an entry, values that somebody could put there instead.
FORGED: dict[str, Callable[[AuditEntry], list[Any]]] = {
    "connection_id": lambda e: [Connection.objects.exclude(pk=e.connection_id).get().pk],
    "seq": lambda e: [e.seq + 100, 0, -1],
    "at": lambda e: [e.at + timedelta(microseconds=1), e.at - timedelta(days=1)],
    "actor": lambda e: ["", "somebody else"],
    "document_id": lambda e: (
        [Document.objects.exclude(pk=e.document_id or 0).latest("pk").pk] + ([None] if e.document_id else [])
    ),
    "event": lambda e: [e.event + "x", ""],
    "from_state": lambda e: ["posted"],
    "to_state": lambda e: ["posted", "nonsense"],
    "words": lambda e: [e.words + " ", "x"],
    "exchange_id": lambda e: (
        list(Exchange.objects.exclude(pk=e.exchange_id or 0).values_list("pk", flat=True))
        + ([None] if e.exchange_id else [])
    ),
    "exchange_sha256": lambda e: ["f" * 64] + ([""] if e.exchange_sha256 else []),
    "hash": lambda e: ["f" * 64, e.hash.upper() if e.hash.upper() != e.hash else ""],
}


@pytest.mark.usefixtures("unlocked")
def test_a_change_of_any_field_of_any_entry_is_found(written: Connection) -> None:
    columns = {field.attname for field in AuditEntry._meta.concrete_fields}
    assert set(FORGED) == columns - {"id"}
    a_document(a_connection("other"), "i-2")
    for entry in AuditEntry.objects.order_by("seq"):
        for name, values in FORGED.items():
            for value in values(entry):
                with transaction.atomic():
                    assert AuditEntry.objects.filter(pk=entry.pk).update(**{name: value}) == 1
                    assert verify(reread(written)).breaks, f"{name} of entry {entry.seq} became {value!r}"
                    transaction.set_rollback(True)
    assert verify(reread(written)).breaks == ()


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize(
    "forged",
    [
        {"request": b"question "},
        {"response": b""},
        {"response": b"Answer"},
        {"request": b"questionanswer", "response": b""},
        {"system": "quickbooks"},
        {"what": "POST /v1/accountingDocuments"},
        {"status": "500"},
        {"request_id": "r-2"},
    ],
)
def test_a_change_of_what_was_said_is_found(forged: dict[str, Any]) -> None:
    connection = a_connection()
    with writing(connection.pk, T0) as ledger:
        ledger.note(Entry(event="told", exchange=ledger.keep(an_exchange())))
    Exchange.objects.update(**forged)
    assert verify(reread(connection)).breaks == ("The exchange that entry 1 rests on was changed or taken away.",)


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize("seq", [1, 2, 3, 4, 5])
def test_a_removed_entry_is_found_wherever_it_stood(written: Connection, seq: int) -> None:
    AuditEntry.objects.filter(seq=seq).delete()
    assert verify(written).breaks


@pytest.mark.usefixtures("unlocked")
def test_a_removed_entry_is_found_although_the_later_ones_moved_up(written: Connection) -> None:
    AuditEntry.objects.filter(seq=3).delete()
    for entry in AuditEntry.objects.filter(seq__gt=3).order_by("seq"):
        AuditEntry.objects.filter(pk=entry.pk).update(seq=entry.seq - 1)
    assert verify(written).breaks


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize("kept", range(5))
def test_a_cut_tail_is_found(written: Connection, kept: int) -> None:
    AuditEntry.objects.filter(seq__gt=kept).delete()
    assert verify(written).breaks == (f"The chain ends at entry {kept}, but entry 5 was written.",)


@pytest.mark.usefixtures("unlocked")
def test_two_entries_in_exchanged_order_are_found(written: Connection) -> None:
    for before, after in ((3, 100), (4, 3), (100, 4)):
        AuditEntry.objects.filter(seq=before).update(seq=after)
    assert [b for b in verify(written).breaks if "Entry 3" in b]


@pytest.mark.usefixtures("unlocked")
def test_a_well_made_entry_put_at_the_end_is_found(written: Connection) -> None:
    forged = entry_hash(written.chain_hash, written.pk, 6, T0.isoformat(), "anna", None, "paid", "", "", "", "")
    AuditEntry.objects.create(connection=written, seq=6, at=T0, actor="anna", event="paid", hash=forged)
    assert verify(written).breaks == ("The chain ends at entry 6, but entry 5 was written.",)


def test_the_head_of_the_chain_cannot_be_moved_unnoticed(written: Connection) -> None:
    Connection.objects.filter(pk=written.pk).update(chain_hash="f" * 64)
    assert verify(reread(written)).breaks


@pytest.mark.parametrize("rows", [AuditEntry, Exchange])
def test_the_database_itself_refuses_changes_and_deletions(
    written: Connection, rows: type[AuditEntry] | type[Exchange]
) -> None:
    table = rows._meta.db_table
    for statement in (f"UPDATE {table} SET at = at", f"DELETE FROM {table}", f"DELETE FROM {table} WHERE id = 1"):
        with pytest.raises(DatabaseError, match="append-only"), database.cursor() as cursor:
            cursor.execute(statement)
    assert verify(reread(written)).breaks == ()


def test_a_connection_or_document_with_a_story_cannot_be_deleted(written: Connection) -> None:
    with pytest.raises(DatabaseError):
        Document.objects.get().delete()
    with pytest.raises(DatabaseError):
        written.delete()
    assert Document.objects.get().state == State.ACCEPTED

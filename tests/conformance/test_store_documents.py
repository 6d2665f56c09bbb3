"""Documents change state in one place, one step and one audit entry at a time, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError
from store_builders import T0, a_connection, a_document, an_exchange, later, reread

from ml_connector.core.errors import Defect
from ml_connector.core.faults import Fault
from ml_connector.core.states import TRANSITIONS, Event, State
from ml_connector.store import documents
from ml_connector.store.chain import Entry, verify, writing
from ml_connector.store.documents import Hop, NewDocument, change, hop_all
from ml_connector.store.models import AuditEntry, Connection, Document

pytestmark = pytest.mark.both_databases


@pytest.fixture
def connection() -> Connection:
    return a_connection()


def hop(document: Document, event: Event, **details: Any) -> None:
    with writing(document.connection_id, later(1)) as ledger:
        hop_all(ledger, [Hop(document=document, event=event, **details)])


@pytest.mark.parametrize(("before", "event"), TRANSITIONS)
def test_a_step_of_the_table_changes_the_state_once_and_is_told_once(
    connection: Connection, before: State, event: Event
) -> None:
    document = a_document(connection, state=before)
    hop(document, event, words="It happened.")
    stored = Document.objects.get()
    assert stored.state == document.state == TRANSITIONS[before, event]
    assert stored.changed_at == later(1)
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.from_state, entry.to_state) == (event, before, TRANSITIONS[before, event])
    assert (entry.document_id, entry.words, entry.actor, entry.at) == (
        document.pk,
        "It happened.",
        "connector",
        later(1),
    )


def test_a_step_changes_other_columns_of_every_kind_along_with_the_state(connection: Connection) -> None:
    document = a_document(connection, state=State.ACCEPTED)
    faults = documents.faults_as_json([Fault(code="MLC-DATE-01", at="ü", value="1", detail="'\"")])
    hop(
        document,
        Event.FOUND_FAULTS,
        changes={"faults": faults, "due_at": later(60), "gross_cents": -(2**62), "raw": b"\x00\xff", "alone": True},
    )
    stored = Document.objects.get()
    assert documents.faults_of(stored) == [Fault(code="MLC-DATE-01", at="ü", value="1", detail="'\"")]
    assert (stored.due_at, stored.gross_cents, bytes(stored.raw), stored.alone) == (
        later(60),
        -(2**62),
        b"\x00\xff",
        True,
    )


def test_many_documents_step_together_and_each_is_told(connection: Connection) -> None:
    rows = [a_document(connection, f"i-{n}") for n in range(60)]
    with writing(connection.pk, T0) as ledger:
        seen = ledger.keep(an_exchange())
        changes: list[dict[str, Any]] = [{}, {"plan_no": 2}, {"reason": "ü"}]
        hop_all(
            ledger,
            [
                Hop(document=row, event=Event.ACKNOWLEDGED, exchange=seen, changes=changes[n % 3])
                for n, row in enumerate(rows)
            ],
        )
    assert Document.objects.filter(state=State.ACCEPTED).count() == 60
    assert Document.objects.filter(plan_no=2).count() == 20
    told = list(AuditEntry.objects.order_by("seq").values_list("document_id", flat=True))
    assert told == [row.pk for row in rows]
    assert verify(reread(connection)).breaks == ()


def test_no_documents_at_all_is_no_step(connection: Connection) -> None:
    with writing(connection.pk, T0) as ledger:
        hop_all(ledger, [])
    assert AuditEntry.objects.count() == 0


def test_two_steps_of_one_document_follow_each_other(connection: Connection) -> None:
    document = a_document(connection, state=State.BLOCKED)
    with writing(connection.pk, T0) as ledger:
        hop_all(
            ledger,
            [Hop(document=document, event=Event.RETRIED), Hop(document=document, event=Event.PLANNED)],
        )
    assert Document.objects.get().state == State.PLANNED
    assert [e.to_state for e in AuditEntry.objects.order_by("seq")] == [State.ACCEPTED, State.PLANNED]


def test_a_document_that_changed_meanwhile_is_a_defect_and_nothing_is_written(connection: Connection) -> None:
    untouched = a_document(connection, "i-1", State.PLANNED)
    stale = a_document(connection, "i-2", State.PLANNED)
    hop(Document.objects.get(pk=stale.pk), Event.HANDED_OVER)
    with pytest.raises(Defect, match="changed its state"), writing(connection.pk, later(2)) as ledger:
        ledger.keep(an_exchange())
        hop_all(
            ledger,
            [Hop(document=untouched, event=Event.SKIPPED), Hop(document=stale, event=Event.SKIPPED)],
        )
    assert [d.state for d in Document.objects.order_by("pk")] == [State.PLANNED, State.SENT]
    verdict = verify(reread(connection))
    assert (verdict.entries, verdict.breaks) == (1, ())


def test_an_impossible_step_is_a_defect_and_takes_the_whole_transaction_back(connection: Connection) -> None:
    good, sent = a_document(connection, "i-1"), a_document(connection, "i-2", State.SENT)
    with pytest.raises(Defect, match="PLANNED cannot happen in SENT"), writing(connection.pk, later(2)) as ledger:
        hop_all(ledger, [Hop(document=good, event=Event.ACKNOWLEDGED)])
        ledger.note(Entry(event="noted"))
        hop_all(ledger, [Hop(document=sent, event=Event.PLANNED)])
    assert [d.state for d in Document.objects.order_by("pk")] == [State.RECEIVED, State.SENT]
    assert AuditEntry.objects.count() == 0


def test_an_impossible_step_is_refused_for_every_state_and_event(connection: Connection) -> None:
    document = a_document(connection)
    for state in State:
        Document.objects.update(state=state)
        for event in Event:
            if (state, event) not in TRANSITIONS:
                document.state = state.value
                with pytest.raises(Defect):
                    hop(document, event)
        assert Document.objects.get().state == state
    assert AuditEntry.objects.count() == 0


def test_the_database_refuses_a_state_that_does_not_exist(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        a_document(connection, state="lost")
    a_document(connection)
    with pytest.raises(IntegrityError):
        Document.objects.update(state="")


def test_an_invoice_is_one_document_of_its_connection(connection: Connection) -> None:
    a_document(connection, "i-1")
    a_document(a_connection("other"), "i-1")
    with pytest.raises(IntegrityError):
        a_document(connection, "i-1")


def test_a_bill_belongs_to_one_document(connection: Connection) -> None:
    a_document(connection, "i-1", State.POSTED, txn_id="1-1")
    second = a_document(connection, "i-2", State.PLANNED)
    with pytest.raises(IntegrityError):
        hop(second, Event.FOUND, changes={"txn_id": "1-1"})
    assert Document.objects.get(pk=second.pk).state == State.PLANNED
    a_document(a_connection("other"), "i-1", State.POSTED, txn_id="1-1")


def test_the_state_changes_in_steps_only(connection: Connection) -> None:
    document = a_document(connection)
    with pytest.raises(Defect):
        change(document, state=State.POSTED)
    change(document, tries=3, due_at=later(5))
    stored = Document.objects.get()
    assert (stored.state, stored.tries, stored.due_at) == (State.RECEIVED, 3, later(5))


def test_an_offered_invoice_is_stored_as_it_came(connection: Connection) -> None:
    raw = b'{"invoiceId": "i-1", "grossSum": 10.10}\xc3\xbc'
    with writing(connection.pk, T0) as ledger:
        seen = ledger.keep(an_exchange(raw))
        offered = [NewDocument(invoice_id=f"i-{n}", company_code="US01", payment_block=False, raw=raw) for n in (1, 2)]
        received = documents.receive(ledger, offered, seen)
    assert received == list(Document.objects.order_by("pk").values_list("pk", flat=True))
    stored = documents.known(connection.pk, ["i-2", "i-9"])
    assert set(stored) == {"i-2"}
    assert bytes(stored["i-2"].raw) == raw
    assert stored["i-2"].raw_sha256 == documents.bytes_sha256(raw)
    assert [(e.event, e.document_id, e.exchange_id) for e in AuditEntry.objects.order_by("seq")] == [
        ("received", number, seen.pk) for number in received
    ]


def test_an_invoice_offered_twice_in_one_page_is_refused_as_a_whole(connection: Connection) -> None:
    twice = [NewDocument(invoice_id="i-1", company_code="US01", payment_block=False, raw=b"{}")] * 2
    with pytest.raises(DatabaseError), writing(connection.pk, T0) as ledger:
        documents.receive(ledger, twice, ledger.keep(an_exchange()))
    assert Document.objects.count() == 0


def names(rows: list[Document]) -> list[str]:
    return [row.invoice_id for row in rows]


def test_what_is_not_acknowledged_is_acknowledged_unless_it_may_be_with_quickbooks(connection: Connection) -> None:
    for state in State:
        a_document(connection, state.value, state)
        a_document(connection, f"{state.value} taken", state, acknowledged_at=T0)
    wanted = [state.value for state in State if state not in {State.SENT, State.IN_DOUBT, State.MODIFYING}]
    assert names(documents.to_acknowledge(connection.pk, T0, 100)) == wanted
    assert names(documents.to_acknowledge(connection.pk, T0, 2)) == wanted[:2]


def test_what_could_not_be_acknowledged_waits_for_its_time(connection: Connection) -> None:
    a_document(connection, "failed", State.RECEIVED, due_at=later(60))
    a_document(connection, "new", State.RECEIVED)
    assert names(documents.to_acknowledge(connection.pk, T0, 100)) == ["new"]
    assert names(documents.to_acknowledge(connection.pk, later(60), 100)) == ["failed", "new"]


def test_new_changed_and_due_documents_are_planned_oldest_first(connection: Connection) -> None:
    a_document(connection, "new", State.ACCEPTED)
    a_document(connection, "as before", State.BLOCKED, plan_basis="1.1")
    a_document(connection, "lists changed", State.BLOCKED, plan_basis="0.1")
    a_document(connection, "due", State.BLOCKED, plan_basis="1.1", due_at=T0)
    a_document(connection, "due later", State.BLOCKED, plan_basis="1.1", due_at=later(1))
    a_document(connection, "planned", State.PLANNED, plan_basis="0.1")
    a_document(a_connection("other"), "elsewhere", State.ACCEPTED)
    assert names(documents.to_plan(connection.pk, "1.1", T0, 100)) == ["new", "lists changed", "due"]


def test_only_acknowledged_documents_are_posted(connection: Connection) -> None:
    first = a_document(connection, "a", State.PLANNED, acknowledged_at=T0)
    a_document(connection, "still offered", State.PLANNED)
    a_document(connection, "b", State.PLANNED, acknowledged_at=T0)
    a_document(connection, "sent", State.SENT, acknowledged_at=T0)
    assert names(documents.to_post(connection.pk, 10)) == ["a", "b"]
    assert names(documents.to_post(connection.pk, 10, after=first.pk)) == ["b"]
    assert names(documents.to_post(connection.pk, 1)) == ["a"]


def test_answers_wait_for_their_time_and_for_the_acknowledgement(connection: Connection) -> None:
    a_document(connection, "posted", State.POSTED, acknowledged_at=T0)
    a_document(connection, "given up", State.GIVEN_UP, acknowledged_at=T0, due_at=T0)
    a_document(connection, "waits", State.POSTED, acknowledged_at=T0, due_at=later(1))
    a_document(connection, "not taken yet", State.POSTED)
    a_document(connection, "told", State.CONFIRMED, acknowledged_at=T0)
    assert names(documents.to_answer(connection.pk, T0, 10)) == ["posted", "given up"]


def test_payments_are_reported_after_the_transfer_was_confirmed(connection: Connection) -> None:
    for state in State:
        a_document(connection, state.value, state, payment_due=True)
    a_document(connection, "nothing new", State.CONFIRMED)
    a_document(connection, "waits", State.CONFIRMED, payment_due=True, due_at=later(1))
    assert names(documents.to_report_payment(connection.pk, T0, 10)) == ["confirmed", "paid"]


def test_only_faults_of_planning_may_heal_by_planning() -> None:
    planning = {"code": "MLC-ACCOUNT-01"}
    assert documents.may_heal_by_planning([planning])
    for other in ("MLC-QB-01", "MLC-DUP-04", "MLC-LINK-01", "MLC-BW-01", "MLC-CHANGED-01"):
        assert not documents.may_heal_by_planning([planning, {"code": other}])

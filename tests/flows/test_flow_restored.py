"""A company file that is older than what we know: nothing is written to it until a person decides."""

from __future__ import annotations

import pytest

from desks import Approved
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import reposting
from ml_connector.store.models import AuditEntry
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def before(world: World) -> Approved:
    """An invoice that is in the backup."""
    invoice = world.basware.approves(gross="100.00")
    world.run_until_idle()
    world.quickbooks.screen.take_backup("monday")
    return invoice


@pytest.fixture
def lost(world: World, before: Approved) -> list[Approved]:
    """Invoices that were entered after the backup, a credit note among them."""
    invoices = [world.basware.approves(gross="200.00"), world.basware.approves(gross="-30.00", invoiceTypeCode="CRN")]
    world.run_until_idle()
    world.passes(3600)
    return invoices


def _decides(world: World, *, repost: bool) -> str:
    return reposting.decide(world.surroundings, world.connector.row(), "the controller", repost=repost)


@pytest.mark.parametrize("way", ["restore_backup", "copy_back"])
def test_an_older_file_stops_all_writes_and_says_what_is_gone(
    world: World, before: Approved, lost: list[Approved], way: str
) -> None:
    getattr(world.quickbooks.screen, way)("monday")
    waiting = world.basware.approves(gross="55.00")
    world.fetches()
    for _ in range(4):
        world.passes(60)
        world.polls()
    assert world.quickbooks.documents_for(waiting) == []
    assert world.connector.state(waiting) == "planned"
    assert "ml-connector connection restored" in world.connector.says(waiting)
    assert [world.connector.faults(invoice) for invoice in (before, *lost)] == [[], *[["MLC-CHANGED-04"]] * 2]
    assert [row["invoice_number"] for row in reposting.what_is_lost(world.connector.row())["documents"]] == [
        invoice.number for invoice in lost
    ]
    assert "2 documents" in world.connector.row().stop_reason


@pytest.mark.parametrize("way", ["restore_backup", "copy_back"])
def test_what_is_gone_is_entered_again_once_a_person_says_so(
    world: World, before: Approved, lost: list[Approved], way: str
) -> None:
    getattr(world.quickbooks.screen, way)("monday")
    waiting = world.basware.approves(gross="55.00")
    world.fetches()
    world.polls()
    _decides(world, repost=True)
    world.run_until_idle()
    for invoice, amount in ((before, "100.00"), (lost[0], "200.00"), (lost[1], "30.00"), (waiting, "55.00")):
        assert world.quickbooks.amounts_billed_for(invoice) == [amount]
        assert world.connector.state(invoice) == "confirmed"
        assert world.connector.document(invoice).txn_id == world.quickbooks.txn_id(invoice)
    assert world.quickbooks.duplicates() == []
    assert AuditEntry.objects.get(event="writing_goes_on").actor == "the controller"
    assert world.audit_chain_holds()


def test_a_person_can_go_on_without_entering_them_again_and_do_so_later_for_one(
    world: World, before: Approved, lost: list[Approved]
) -> None:
    world.quickbooks.screen.restore_backup("monday")
    world.polls()
    _decides(world, repost=False)
    waiting = world.basware.approves(gross="55.00")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(waiting) == ["55.00"]
    assert world.quickbooks.documents_for(lost[0]) == []
    world.connector.retries(lost[0])
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(lost[0]) == ["200.00"]
    assert world.quickbooks.documents_for(lost[1]) == []


def test_a_backup_that_has_everything_stops_nothing(world: World, before: Approved) -> None:
    world.passes(3600)
    world.quickbooks.screen.restore_backup("monday")
    invoice = world.basware.approves(gross="55.00")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["55.00"]
    assert world.connector.row().stop_reason == ""
    assert world.connector.state(before) == "confirmed"


def test_a_bill_that_was_deleted_is_no_sign_of_an_older_file(world: World, lost: list[Approved]) -> None:
    for invoice in lost:
        world.quickbooks.screen.delete(world.quickbooks.txn_id(invoice))
    invoice = world.basware.approves(gross="55.00")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["55.00"]
    assert [world.connector.faults(gone) for gone in lost] == [["MLC-CHANGED-03"]] * 2
    assert world.connector.row().stop_reason == ""


def test_the_right_file_that_is_put_back_has_them_all_again(world: World, lost: list[Approved]) -> None:
    world.quickbooks.screen.take_backup("tuesday")
    world.quickbooks.screen.restore_backup("monday")
    world.polls()
    assert world.connector.row().stop_reason
    world.passes(600)
    world.quickbooks.screen.restore_backup("tuesday")
    world.run_until_idle()
    assert world.connector.row().stop_reason == ""
    assert [world.connector.state(invoice) for invoice in lost] == ["confirmed"] * 2
    assert world.quickbooks.duplicates() == []


def test_an_answer_lost_before_the_restore_is_not_sent_again_before_a_person_decides(
    world: World, lost: list[Approved]
) -> None:
    doubtful = world.basware.approves(gross="77.00")
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.quickbooks.screen.restore_backup("monday")
    for _ in range(4):
        world.passes(60)
        world.polls()
    assert world.connector.state(doubtful) == "in_doubt"
    assert world.quickbooks.documents_for(doubtful) == []
    _decides(world, repost=True)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(doubtful) == ["77.00"]


def test_a_bill_that_is_paid_while_its_outcome_is_unknown_is_told_as_paid_once_it_is_known(
    world: World, lost: list[Approved]
) -> None:
    doubtful = world.basware.approves(gross="77.00")
    world.fetches()
    world.quickbooks.suffers("request_late", only="BillAddRq")
    world.polls()
    world.quickbooks.screen.restore_backup("monday")
    world.passes(60)
    world.polls()
    assert world.quickbooks.amounts_billed_for(doubtful) == ["77.00"]
    assert world.connector.state(doubtful) == "in_doubt"
    world.quickbooks.pays(doubtful)
    for _ in range(3):
        world.passes(300)
        world.polls()
    _decides(world, repost=False)
    world.run_until_idle()
    assert world.connector.state(doubtful) == "paid"
    assert world.basware.paid(doubtful) == "77.00"


def test_a_payment_that_is_gone_with_the_file_is_taken_back_in_basware(
    world: World, before: Approved, lost: list[Approved]
) -> None:
    (payment,) = world.quickbooks.pays(before)
    world.quickbooks.pays(lost[0], amount="20.00")
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.screen.restore_backup("monday")
    world.polls()
    _decides(world, repost=True)
    world.run_until_idle()
    assert [world.basware.paid(invoice) for invoice in (before, lost[0])] == ["0.00", "0.00"]
    assert payment in world.basware.payments_heard(before)[-1]["paymentReversalDocument"]


def test_a_condensed_file_loses_paid_bills_by_intention(world: World, before: Approved) -> None:
    world.quickbooks.pays(before)
    world.run_until_idle()
    world.passes(3600)
    assert world.quickbooks.screen.condense("2026-11-30") >= 1
    invoice = world.basware.approves(gross="55.00")
    world.run_until_idle()
    assert world.connector.row().stop_reason == ""
    assert world.connector.state(before) == "paid"
    assert world.basware.paid(before) == "100.00"
    assert "condensed" in [chapter.event for chapter in world.connector.story(before)]
    assert world.quickbooks.amounts_billed_for(invoice) == ["55.00"]


def test_many_known_documents_are_looked_for_in_batches_and_a_lost_answer_begins_none_anew(
    world: World, before: Approved
) -> None:
    invoices = world.basware.approves_many(5)
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.screen.restore_backup("monday")
    world.quickbooks.loses_answer_to("BillQueryRq")
    for _ in range(4):
        world.passes(4000)
        world.polls()
    assert [world.connector.faults(invoice) for invoice in invoices] == [["MLC-CHANGED-04"]] * 5


def test_nothing_can_be_decided_where_nothing_is_lost(world: World, before: Approved) -> None:
    with pytest.raises(NeedsOperator, match="Nothing is to be decided"):
        _decides(world, repost=True)


def test_a_copy_of_the_file_that_is_older_is_noticed_although_name_and_file_id_agree(
    world: World, before: Approved, lost: list[Approved]
) -> None:
    world.outside.company.path = r"C:\\Books\\Copy of Cascade.QBW"
    world.quickbooks.screen.copy_back("monday")
    world.polls()
    assert world.connector.row().stop_reason
    assert world.quickbooks.documents_for(lost[0]) == []

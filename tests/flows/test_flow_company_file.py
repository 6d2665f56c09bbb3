"""The right company file, the QuickBooks that is there, and people who stop the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bare_caller import BareCaller
from ml_connector.sandbox.firm import Firm
from ml_connector.sandbox.quickbooks.about import Product
from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.seeding import company_of_firm
from world import World

pytestmark = pytest.mark.both_databases

_OTHER = r"C:\\Books\\Other.qbw"


def _another_file(world: World, *, name: str, file_id: str | None) -> CompanyFile:
    firm: Firm = replace(world.firm, name=name)
    other = company_of_firm(firm, HostClock(world.clock.now), path=_OTHER)
    if file_id is not None:
        other.contents.data_exts[world.connection.owner_id, "FileID"] = file_id
    world.outside.desktop.add_file(other)
    return other


def _requests(world: World) -> list[str]:
    return [message.request for message in world.quickbooks.received()]


def test_a_file_of_another_name_is_refused_before_anything_is_read_or_written(world: World) -> None:
    # The Web Connector itself puts our FileID into any file that has none, so that the FileID alone proves nothing.
    _another_file(world, name="Somebody Else Inc.", file_id=None)
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.screen.open_file(_OTHER)
    world.quickbooks.records()
    for _ in range(3):
        world.polls()
        world.passes(60)
    assert _requests(world) == []
    assert world.connector.state(invoice) == "planned"
    note = world.connector.row().last_session_note
    assert "Somebody Else Inc." in note and "Nothing was read or written" in note


def test_a_file_that_was_moved_is_the_same_company(world: World) -> None:
    moved = world.outside.company
    moved.path = r"D:\Archive\Cascade.QBW"
    invoice = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_file_that_is_registered_under_another_file_id_is_not_touched(world: World) -> None:
    _another_file(world, name=world.firm.name, file_id="{00000000-1111-2222-3333-444444444444}")
    world.basware.approves()
    world.fetches()
    world.quickbooks.screen.open_file(_OTHER)
    world.quickbooks.records()
    world.polls()
    assert _requests(world) == []


def test_work_goes_on_when_the_right_file_is_open_again(world: World) -> None:
    right = world.outside.company.path
    _another_file(world, name="Somebody Else Inc.", file_id="{00000000-1111-2222-3333-444444444444}")
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.screen.open_file(_OTHER)
    world.polls()
    world.quickbooks.screen.open_file(right)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.connector.row().last_session_note == ""


def test_a_company_that_is_renamed_is_the_same_company(world: World) -> None:
    world.outside.company.contents.company_name = "Cascade Ridge Builders LLC"
    invoice = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.connector.row().company_name == "Cascade Ridge Builders LLC"


def test_quickbooks_that_speaks_qbxml_8_gets_bills_without_external_guid(database: object) -> None:
    world = World(1, product=Product(name="QuickBooks Pro 2009", major_version="19", highest_qbxml=8.0))
    world.quickbooks.records()
    invoices = world.basware.approves_many(2)
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(invoice) for invoice in invoices] == [["100.00"], ["101.01"]]
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 2
    assert not any("ExternalGUID" in request for request in _requests(world))
    assert world.quickbooks.duplicates() == []


def test_quickbooks_that_speaks_only_qbxml_7_is_refused_with_a_sentence(database: object) -> None:
    world = World(1, product=Product(name="QuickBooks Pro 2008", major_version="18", highest_qbxml=7.0))
    world.basware.approves()
    world.fetches()
    world.polls()
    note = world.connector.row().last_session_note
    assert note.endswith(".") and "qbXML" in note
    assert world.quickbooks.bills() == []


def test_quickbooks_that_cannot_be_opened_is_tried_again_and_said_so(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.suffers("connection_error", times=2)
    world.polls()
    assert "QuickBooks" in world.connector.row().last_session_note
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.connector.row().last_session_note == ""


def test_a_closed_quickbooks_loses_nothing(world: World) -> None:
    path = world.outside.company.path
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.screen.close_file()
    world.polls()
    assert world.connector.row().last_session_note
    world.quickbooks.screen.open_file(path)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_paused_connection_asks_nobody_and_a_resumed_one_goes_on(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.connector.pauses()
    sent, world.outside.desktop.recording = len(world.transport.sent), True
    for _ in range(5):
        world.passes(600)
        world.works()
        assert world.polls().result == "no data exchange"
    assert len(world.transport.sent) == sent
    assert world.quickbooks.received() == []
    assert "closed" in world.connector.says(invoice)
    world.connector.resumes()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_connection_that_is_paused_while_a_session_runs_ends_in_order(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.connector.pauses()
    world.passes(600)
    world.polls()
    assert world.connector.state(invoice) == "in_doubt"
    world.connector.resumes()
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_workstation_whose_clock_is_wrong_loses_no_payment(world: World) -> None:
    invoice = world.basware.approves(gross="90.00")
    world.run_until_idle()
    world.quickbooks.screen.set_clock_skew(-300)
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    assert world.basware.paid(invoice) == "90.00"


# A session in which QuickBooks said nothing is no success.


@pytest.mark.parametrize(
    "calls",
    [["getLastError", "closeConnection"], ["closeConnection"], ["getLastError", "getLastError", "closeConnection"]],
    ids=lambda calls: " ".join(calls),
)
def test_a_session_in_which_nothing_was_asked_is_no_success(world: World, calls: list[str]) -> None:
    before = world.connector.row().last_success_at
    world.passes(600)
    BareCaller(world).signs_in_and_calls(*calls)
    row = world.connector.row()
    assert row.last_success_at == before
    assert row.last_poll_at is not None and row.last_poll_at > (before or row.created_at)


def test_what_was_wrong_stays_shown_until_a_session_that_does_something(world: World) -> None:
    world.quickbooks.suffers("connection_error")
    world.polls()
    note = world.connector.row().last_session_note
    assert note
    BareCaller(world).signs_in_and_calls("closeConnection")
    assert world.connector.row().last_session_note == note
    world.polls()
    assert world.connector.row().last_session_note == ""


@pytest.mark.parametrize("ending", [["closeConnection"], ["getLastError", "closeConnection"]], ids=["", "after a word"])
def test_a_session_that_ends_before_the_answer_is_no_success(world: World, ending: list[str]) -> None:
    before = world.connector.row().last_success_at
    world.passes(600)
    world.basware.approves()
    world.fetches()
    caller = BareCaller(world)
    caller.until("BillAddRq")
    caller.calls(*ending)
    row = world.connector.row()
    assert row.last_success_at == before
    assert "before QuickBooks' answer came" in row.last_session_note


def test_a_session_with_nothing_to_do_is_a_success(world: World) -> None:
    before = world.connector.row().last_success_at
    world.passes(3)
    world.polls()
    after = world.connector.row().last_success_at
    assert before is not None and after is not None and after > before

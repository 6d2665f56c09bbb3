"""Outcomes that are not known are asked for, never guessed: whatever is lost, one bill and one success."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from bare_caller import BareCaller
from desks import Approved
from ml_connector.sandbox.quickbooks.soap import call as soap_call
from ml_connector.sandbox.quickbooks.soap import headers as soap_headers
from ml_connector.store.models import AuditEntry, ListEntry, MessageSet, Session
from world import World

pytestmark = pytest.mark.both_databases


def _settled_once(world: World, *invoices: Approved) -> None:
    for invoice in invoices:
        amount = f"{invoice.document['grossSum']:.2f}"
        assert world.quickbooks.amounts_billed_for(invoice) == [amount]
        assert world.basware.heard_about(invoice) == ["success"]
        assert world.connector.state(invoice) == "confirmed"
    assert world.quickbooks.duplicates() == []


def _adds(world: World) -> list[str]:
    return [message.request for message in world.quickbooks.received("<BillAddRq")]


def test_a_lost_answer_never_makes_a_second_bill(world: World) -> None:
    invoices = world.basware.approves_many(3)
    world.quickbooks.records()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.run_until_idle()
    _settled_once(world, *invoices)
    assert len(_adds(world)) == 1


def test_after_a_lost_answer_quickbooks_is_asked_for_its_own_memory_once_the_file_is_known_to_be_no_older_one(
    world: World,
) -> None:
    world.basware.approves()
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.quickbooks.records()
    world.passes(60)
    world.polls()
    first = world.quickbooks.received()[1].request
    (sent,) = MessageSet.objects.all()
    assert f'newMessageSetID="{sent.set_id}" oldMessageSetID="{sent.set_id}"' in first
    assert "Rq " not in first.split("QBXMLMsgsRq", 1)[1]


def test_a_request_that_was_lost_is_sent_again_byte_for_byte_after_two_sessions_said_it_is_not_there(
    world: World,
) -> None:
    invoices = world.basware.approves_many(3)
    world.fetches()
    world.quickbooks.records()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    (lost,) = MessageSet.objects.all()
    assert not world.quickbooks.bills()
    world.passes(60)
    world.polls()
    assert not _adds(world), "one negative answer is not enough"
    assert [world.connector.state(invoice) for invoice in invoices] == ["in_doubt"] * 3
    world.passes(60)
    world.polls()
    assert _adds(world) == [lost.text]
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_a_set_of_which_a_part_was_refused_and_entered_since_is_never_sent_again_as_it_was(world: World) -> None:
    refused, unknown = world.basware.approves_many(2)
    world.fetches()
    world.quickbooks.screen.take_backup("evening")
    world.quickbooks.suffers("lock_3175", only="BillAddRq")
    world.quickbooks.suffers("internal_error_unsaved", only="BillAddRq")
    (application,) = world.outside.workstation.applications.values()
    session = application.connector.session()
    while world.connector.state(refused) != "blocked":
        next(session)
    session.close()  # before QuickBooks is asked
    assert world.connector.state(unknown) == "in_doubt"
    world.quickbooks.screen.restore_backup("evening")  # and its memory of the set is gone with it
    world.passes(600)
    world.run_until_idle()
    _settled_once(world, refused, unknown)


def test_nothing_new_is_written_while_an_outcome_is_unknown(world: World) -> None:
    first = world.basware.approves(gross="10.00")
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    second = world.basware.approves(gross="20.00")
    world.passes(60)
    world.fetches()
    world.quickbooks.records()
    world.polls()
    order = [re.findall(r"<(\w+Rq) ", message.request) for message in world.quickbooks.received()]
    adding = [i for i, names in enumerate(order) if "BillAddRq" in names]
    asking = [i for i, names in enumerate(order) if "BillQueryRq" in names]
    assert not adding or asking[0] < adding[0]
    world.run_until_idle()
    _settled_once(world, first, second)


@pytest.mark.parametrize("kind", ["hresult_after_save", "hresult_after_save_unrecorded"])
def test_an_error_behind_which_quickbooks_saved_makes_no_second_bill(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.quickbooks.records()
    world.quickbooks.suffers(kind, only="BillAddRq")
    world.run_until_idle()
    _settled_once(world, *invoices)
    assert len(_adds(world)) == 1


def test_an_error_before_which_nothing_was_saved_still_leads_to_one_bill(world: World) -> None:
    invoices = world.basware.approves_many(2)
    world.quickbooks.suffers("modal_dialog", only="BillAddRq")
    world.quickbooks.suffers("quickbooks_busy", only="BillAddRq")
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_a_dialog_that_blocks_a_lookup_stops_the_session_and_nothing_else(world: World) -> None:
    invoice = world.basware.approves()
    world.quickbooks.suffers("modal_dialog", only="BillQueryRq")
    world.run_until_idle()
    _settled_once(world, invoice)


@pytest.mark.parametrize("kind", ["internal_error_saved", "internal_error_unsaved"])
def test_status_1000_says_nothing_and_so_is_asked_after(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.quickbooks.suffers(kind, only="BillAddRq")
    world.run_until_idle()
    _settled_once(world, *invoices)


@pytest.mark.parametrize(
    "and_then",
    [[], ["answer_lost"], ["hresult_after_save_unrecorded"], ["hresult_after_save_unrecorded", "answer_lost"]],
)
def test_one_of_many_that_quickbooks_answered_with_1000_is_entered_after_two_sessions_that_do_not_find_it(
    world: World, and_then: list[str]
) -> None:
    invoices = world.basware.approves_many(3)
    world.fetches()
    world.quickbooks.suffers("internal_error_unsaved", only="BillAddRq")
    for kind in and_then:
        world.quickbooks.suffers(kind, only="BillAddRq")
    world.polls()
    for _ in range(3):
        world.passes(60)
        world.polls()
        world.works()
    _settled_once(world, *invoices)


def test_an_answer_that_comes_twice_counts_once(world: World) -> None:
    invoices = world.basware.approves_many(2)
    world.quickbooks.suffers("answer_twice", only="BillAddRq")
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_an_answer_to_a_lookup_that_comes_twice_does_no_harm(world: World) -> None:
    invoices = world.basware.approves_many(2)
    world.quickbooks.suffers("answer_twice", only="BillQueryRq")
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_a_service_that_answered_too_late_for_the_web_connector_makes_no_second_bill(world: World) -> None:
    invoices = world.basware.approves_many(2)
    for _ in range(3):
        world.quickbooks.suffers("service_timeout", only="receiveResponseXML")
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_a_web_connector_that_dies_anywhere_makes_no_second_bill(world: World) -> None:
    invoices = world.basware.approves_many(2)
    for place in ("before sendRequestXML", "after sendRequestXML", "before QuickBooks", "after QuickBooks",
                  "before receiveResponseXML", "after receiveResponseXML", "before closeConnection"):  # fmt: skip
        world.quickbooks.suffers("crash", only=place)
    world.run_until_idle()
    _settled_once(world, *invoices)


def test_a_connector_that_is_restarted_while_quickbooks_works_makes_no_second_bill(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.restart_connector()
    world.run_until_idle()
    _settled_once(world, invoice)


def test_a_restored_backup_that_swallowed_the_bill_does_not_lose_the_invoice(world: World) -> None:
    world.quickbooks.screen.take_backup("morning")
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.polls()
    world.quickbooks.screen.restore_backup("morning")
    world.run_until_idle()
    _settled_once(world, invoice)


def test_an_answer_under_a_ticket_that_is_over_is_stored_and_not_acted_on(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    caller = _Caller(world)
    old = caller.signs_in()
    caller.asks_until(old, "<BillAddRq")
    request = MessageSet.objects.get().text
    caller.signs_in()  # another session begins: the first one is over
    assert world.connector.state(invoice) == "in_doubt"
    answer = world.outside.desktop.begin_session("", "ml-connector main").process(request)
    caller.answers(old, answer)
    assert world.connector.state(invoice) == "in_doubt"
    assert AuditEntry.objects.filter(event="late_answer").count() == 1
    late = AuditEntry.objects.get(event="late_answer").exchange
    assert late is not None and bytes(late.response).decode() == answer
    world.run_until_idle()
    _settled_once(world, invoice)


def test_a_session_that_fell_silent_leaves_its_set_in_doubt_and_is_over(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    caller = _Caller(world)
    ticket = caller.signs_in()
    caller.asks_until(ticket, "<BillAddRq")
    world.passes(2 * 3600)
    assert "NoOp" not in caller.call("sendRequestXML", ticket=ticket)
    assert world.connector.state(invoice) == "in_doubt"
    world.run_until_idle()
    _settled_once(world, invoice)
    assert not Session.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("request_name", ["BillAddRq", "BillQueryRq"])
def test_a_request_that_reaches_quickbooks_after_other_sessions_began_makes_no_second_bill(
    world: World, seed: int, request_name: str
) -> None:
    invoices = world.basware.approves_many(2)
    world.outside.desktop.faults.reseed(seed)
    world.quickbooks.suffers("request_late", only=request_name)
    world.run_until_idle()
    assert world.outside.desktop.faults.counts["request_late"] == 1
    _settled_once(world, *invoices)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("request_name", ["BillAddRq", "BillQueryRq"])
def test_an_answer_that_ends_in_the_middle_makes_no_second_bill(world: World, seed: int, request_name: str) -> None:
    invoices = world.basware.approves_many(3)
    world.outside.desktop.faults.reseed(seed)
    world.quickbooks.suffers("answer_cut", only=request_name)
    world.run_until_idle()
    assert world.outside.desktop.faults.counts["answer_cut"] == 1
    _settled_once(world, *invoices)


def test_a_list_whose_answer_ends_in_the_middle_is_read_again_and_whole(world: World) -> None:
    world.passes(3600)
    world.quickbooks.screen.add_vendor("New vendor")
    world.quickbooks.suffers("answer_cut", only="VendorQueryRq", times=3)
    world.run_until_idle()
    assert world.outside.desktop.faults.counts["answer_cut"] == 3
    assert ListEntry.objects.filter(full_name="New vendor").exists()


@pytest.mark.parametrize("kind", ["recovery_only", "recovery_beside"])
def test_a_bill_that_quickbooks_only_recalls_is_settled_like_any_other(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.fetches()
    world.quickbooks.loses_answer_to("BillAddRq")
    world.quickbooks.suffers(kind)
    world.run_until_idle()
    assert world.outside.desktop.faults.counts[kind] == 1
    _settled_once(world, *invoices)
    for invoice in invoices:
        assert world.basware.sees(invoice)["voucherNumber1"] == world.quickbooks.txn_id(invoice)


def test_an_error_that_names_what_was_saved_makes_no_second_bill(world: World) -> None:
    invoices = world.basware.approves_many(3)
    world.quickbooks.suffers("internal_error_recovery", only="BillAddRq", times=2)
    world.run_until_idle()
    assert world.outside.desktop.faults.counts["internal_error_recovery"] == 2
    _settled_once(world, *invoices)


class _Caller:
    """A Web Connector that a story leads by the hand."""

    def __init__(self, world: World) -> None:
        self._world = world

    def call(self, method: str, **arguments: str) -> str:
        body = soap_call(method, list(arguments.items()))
        answer = self._world.connector.is_called("POST", "/qbwc/main", soap_headers(method), body)
        assert answer.status == 200
        return answer.body.decode()

    def signs_in(self) -> str:
        from world import PASSWORD

        found = self.call("authenticate", strUserName=self._world.connector.row().qb_user, strPassword=PASSWORD)
        return re.findall(r"<(?:\w+:)?string>([^<]*)<", found)[0]

    def asks_until(self, ticket: str, wanted: str) -> None:
        """Ask, and hand over what QuickBooks says, until a request holds a text; that one is left unanswered."""
        session = self._world.outside.desktop.begin_session("", "ml-connector main")
        for _ in range(50):
            text = self.call(
                "sendRequestXML",
                ticket=ticket,
                strHCPResponse="",
                strCompanyFileName="C:/books.qbw",
                qbXMLCountry="US",
                qbXMLMajorVers="16",
                qbXMLMinorVers="0",
            )
            request = html.unescape(re.findall(r"<sendRequestXMLResult>(.*?)</sendRequestXMLResult>", text, re.S)[0])
            if wanted in request:
                return
            self.answers(ticket, session.process(request))
        raise AssertionError(f"No request held {wanted}.")

    def answers(self, ticket: str, response: str) -> None:
        self.call("receiveResponseXML", ticket=ticket, response=response, hresult="", message="")


@pytest.mark.parametrize("text", ["oldMessageSetID", "<RefNumber>S-77</RefNumber>"])
def test_a_doubt_that_cannot_be_asked_after_holds_up_nobody_else(world: World, text: str) -> None:
    world.basware.approves(number="S-77")
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    world.quickbooks.cannot_read(text)
    other = world.basware.approves()
    world.fetches()
    world.passes(60)
    world.polls()
    assert world.quickbooks.amounts_billed_for(other) == ["120.00"]


def test_a_doubt_that_cannot_be_asked_after_comes_to_a_person_in_the_end(world: World) -> None:
    invoice = world.basware.approves(number="S-77")
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    world.quickbooks.cannot_read("<RefNumber>S-77</RefNumber>")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-QB-06"]


def test_an_add_that_never_gets_an_answer_comes_to_a_person_after_three_sends(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.suffers("quickbooks_busy", times=None, only="BillAddRq")
    world.quickbooks.records()
    world.run_until_idle()
    assert len(_adds(world)) == 3
    assert world.connector.faults(invoice) == ["MLC-QB-05"]


def test_a_set_written_for_a_newer_quickbooks_is_written_anew(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    desktop = world.outside.desktop
    desktop.product = replace(desktop.product, highest_qbxml=12.0)
    world.run_until_idle()
    _settled_once(world, invoice)


def test_a_set_that_a_sleeping_machine_still_holds_is_not_overtaken(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    world.basware.approves(number="LE-1", vendor=vendor, gross="10.00")
    world.basware.approves(number="LE-2", vendor=vendor, gross="20.00")
    world.fetches()
    laptop = BareCaller(world)
    held = laptop.until("<BillAddRq")
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "10"}
    world.quickbooks.screen.type_bill(vendor=vendor.list_id, ref_number="LE-1", txn_date="2026-11-10", lines=[line])
    for _ in range(4):
        world.passes(20)
        world.polls()
        world.works()
    laptop.executes(held)
    assert [bill["amount"] for bill in world.quickbooks.bills(ours=False) if bill["ref_number"] == "LE-2"] == ["20.00"]

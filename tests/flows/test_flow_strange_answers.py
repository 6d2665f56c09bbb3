"""Answers that are whole and well-formed, but not to what was asked: nothing is concluded from them."""

from __future__ import annotations

import re

import pytest

from bare_caller import BareCaller
from desks import Approved
from ml_connector.flows.standing import standings
from ml_connector.sandbox.quickbooks.records import Customer
from ml_connector.store import duties
from ml_connector.store.models import Document, ListEntry
from world import World

pytestmark = pytest.mark.both_databases

_SILENT = '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs></QBXMLMsgsRs></QBXML>'


def _due(world: World, *names: str) -> None:
    duties.wake_all(world.connection.pk, world.clock.now(), *names)


def _a_bill_typed_by_hand(world: World) -> Approved:
    invoice = world.basware.approves()
    world.fetches()
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "120.00"}
    world.quickbooks.screen.type_bill(
        vendor=invoice.document["supplierCode"], lines=[line], ref_number=invoice.number, txn_date="2026-11-10"
    )
    return invoice


def test_silence_about_a_bill_is_not_taken_for_its_absence(world: World) -> None:
    invoice = _a_bill_typed_by_hand(world)
    BareCaller(world).session(lambda request, answer: _SILENT if "BillQueryRq" in request else answer)
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def test_an_earlier_answer_that_comes_once_more_is_not_taken_for_the_answer_to_a_lookup(world: World) -> None:
    invoice = _a_bill_typed_by_hand(world)
    _due(world, duties.LISTS)
    earlier: list[str] = []

    def repeated(request: str, answer: str) -> str:
        if "BillQueryRq" in request and earlier:
            return earlier.pop()
        if "BillAddRq" not in request:
            earlier[:] = [answer]
        return answer

    BareCaller(world).session(repeated)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


def test_silence_about_a_bill_in_doubt_never_lets_it_be_sent_again(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.polls()
    for _ in range(3):
        world.passes(3600)
        BareCaller(world).session(lambda request, answer: _SILENT if "BillQueryRq" in request else answer)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_the_vendors_that_come_in_place_of_the_customers_do_not_hide_a_new_customer(world: World) -> None:
    company = world.outside.desktop.company
    company.lists.add(Customer(name="New customer"), company.now())
    world.passes(5 * 3600)
    world.quickbooks.screen.add_vendor("Later vendor")
    _due(world, duties.LISTS)
    vendors: list[str] = []

    def in_place(request: str, answer: str) -> str:
        if "VendorQueryRq" in request:
            vendors.append(answer)
        return vendors.pop() if "CustomerQueryRq" in request and vendors else answer

    BareCaller(world).session(in_place)
    for _ in range(3):
        world.passes(4 * 3600)
        world.run_until_idle()
    assert ListEntry.objects.filter(full_name="New customer").exists()


def test_a_page_that_is_lost_while_the_session_goes_on_is_asked_for_again(world: World) -> None:
    row = world.connector.row()
    row.settings |= {"list_page": 10}
    row.save()
    for number in range(25):
        world.passes(3600)
        world.quickbooks.screen.add_vendor(f"Newcomer {number:02d}")
    _due(world, duties.LISTS)
    lost: list[str] = []

    def loses_one(request: str, answer: str) -> str | None:
        if "VendorQueryRq" in request and "Continue" in request and not lost:
            lost.append(answer)
            return None
        return answer

    BareCaller(world).session(loses_one)
    world.run_until_idle()
    assert lost
    assert ListEntry.objects.filter(full_name__startswith="Newcomer").count() == 25


def test_one_payment_that_cannot_be_read_holds_up_no_other(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.pays(invoice)
    _due(world, duties.PAYMENTS)
    odd = (
        "<BillPaymentCheckRet><TxnID>AA-1</TxnID><Amount>1.00</Amount></BillPaymentCheckRet></BillPaymentCheckQueryRs>"
    )
    BareCaller(world).session(lambda request, answer: answer.replace("</BillPaymentCheckQueryRs>", odd))
    world.works()
    assert world.basware.paid(invoice) == "120.00"
    assert "BillPaymentCheck" in world.connector.duty(duties.PAYMENTS).last_error


def test_one_account_that_cannot_be_read_holds_up_no_vendor(world: World) -> None:
    world.passes(3600)
    world.quickbooks.screen.add_vendor("New vendor")
    _due(world, duties.LISTS)
    odd = "<AccountRet><ListID>1-1</ListID><Name>x</Name></AccountRet></AccountQueryRs>"

    def with_an_odd_one(request: str, answer: str) -> str:
        if "AccountQueryRq" not in request:
            return answer
        opened = re.sub(r"(<AccountQueryRs[^>]*?) ?/>", r"\1></AccountQueryRs>", answer, count=1)
        return opened.replace("</AccountQueryRs>", odd)

    BareCaller(world).session(with_an_odd_one)
    assert ListEntry.objects.filter(full_name="New vendor").exists()
    assert "AccountRet" in world.connector.duty(duties.LISTS).last_error


def test_an_amount_that_quickbooks_answers_otherwise_is_a_question_before_basware_is_told(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    caller = BareCaller(world)
    answer = caller.executes(caller.until("<BillAddRq"))
    caller.answers(answer.replace("<AmountDue>120.00</AmountDue>", "<AmountDue>120.01</AmountDue>"))
    caller.goes_on()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == []
    assert world.connector.faults(invoice) == ["MLC-CHANGED-02"]


def test_a_bill_that_cannot_be_read_holds_up_the_invoice_of_its_number_alone(world: World) -> None:
    odd, good = world.basware.approves(number="N-1"), world.basware.approves()
    world.fetches()
    ret = "<BillRet><TxnID>9-9</TxnID><TxnDate>2026-11-10</TxnDate><AmountDue>1.00</AmountDue></BillRet>"  # no vendor

    def with_it(request: str, answer: str) -> str:
        if "<RefNumber>N-1</RefNumber>" not in request:
            return answer
        return re.sub(r"<BillQueryRs ([^>]*?)/>", r"<BillQueryRs \1>" + ret + "</BillQueryRs>", answer)

    BareCaller(world).session(with_it)
    assert world.quickbooks.amounts_billed_for(good) == ["120.00"]
    assert world.connector.faults(odd) == ["MLC-QB-04"]


def test_a_lookup_that_quickbooks_refuses_is_said_and_nothing_is_added(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    BareCaller(world).session(
        lambda _, answer: re.sub(r'(<BillQueryRs[^>]*?)statusCode="\d+"', r'\1statusCode="3260"', answer)
    )
    assert world.quickbooks.amounts_billed_for(invoice) == []
    assert "3260" in world.connector.row().last_session_note


def test_a_call_that_fails_inside_is_no_success_and_is_said_until_a_session_succeeds(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    succeeded = world.connector.row().last_success_at
    # A row that no longer holds what it should, as after a database was mended by hand.
    row = Document.objects.filter(invoice_id=invoice.id)
    (day,) = row.values_list("txn_date", flat=True)
    row.update(txn_date="yesterday")
    world.passes(60)
    seen = world.polls()
    words = "The connector failed inside at sendRequestXML; its log has the details."
    assert words in seen.detail
    (standing,) = standings(world.clock.now())
    assert (standing.state, standing.last_session_note) == ("Needs attention", words)
    assert world.connector.row().last_success_at == succeeded
    row.update(txn_date=day)
    world.run_until_idle()
    assert standings(world.clock.now())[0].state == "Working"
    assert world.basware.heard_about(invoice) == ["success"]

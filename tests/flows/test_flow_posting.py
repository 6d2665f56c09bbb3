"""From approved invoices to bills and vendor credits: what becomes of each, and what becomes a question."""

from __future__ import annotations

import re

import pytest

from bare_caller import BareCaller
from desks import Approved
from ml_connector.flows.story import summary
from ml_connector.quickbooks.checking import check_message_set
from ml_connector.sandbox.firm import HAND_TYPED_SUPPLIER
from ml_connector.store.models import MessageSet
from world import World

pytestmark = pytest.mark.both_databases


def _lumber(world: World) -> str:
    return world.firm.account_numbered("6110").full_name


def test_an_approved_invoice_becomes_one_bill_and_one_success(world: World) -> None:
    job = next(c for c in world.firm.customers if c.parent_list_id and c.is_active)
    division = world.firm.class_named("Residential:Custom Homes")
    lines = [
        {"gross": "100.00", "division": division.list_id, "job": job.list_id, "comment": "délivré au chantier"},
        {"gross": "20.00", "account": "6120"},
    ]
    invoice = world.basware.approves(gross="120.00", number="A-100", lines=lines)
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["amount"] == "120.00"
    assert [(line["amount"], line["account"], line["class"], line["customer"]) for line in bill["lines"]] == [
        ("100.00", _lumber(world), "Residential:Custom Homes", job.full_name),
        ("20.00", world.firm.account_numbered("6120").full_name, "", ""),
    ]
    assert bill["lines"][0]["memo"] == "délivré au chantier"
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.basware.sees(invoice)["voucherNumber1"] == bill["txn_id"]


def test_a_credit_note_becomes_a_vendor_credit_of_the_positive_amount(world: World) -> None:
    invoice = world.basware.approves(gross="-45.50", invoiceTypeCode="CRN")
    world.run_until_idle()
    assert [credit["amount"] for credit in world.quickbooks.credits()] == ["45.50"]
    assert world.quickbooks.bills() == []
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_retention_line_lowers_the_bill_and_stays_a_line_of_its_own(world: World) -> None:
    lines = [{"gross": "12500.00", "account": "5010"}, {"gross": "-1250.00", "account": "2050"}]
    invoice = world.basware.approves(gross="11250.00", lines=lines)
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["amount"] == "11250.00"
    assert [line["amount"] for line in bill["lines"]] == ["12500.00", "-1250.00"]


def test_numbers_too_long_for_quickbooks_stay_apart_and_stand_in_full_in_the_memo(world: World) -> None:
    vendor = world.firm.vendor_named("Cascadia Public Utility District No. 1")
    numbers = [f"2026/CONTRACT-4711/PROGRESS-BILLING-{n}" for n in ("07", "08")]
    invoices = [
        world.basware.approves(gross=f"{9 + n}.00", number=number, vendor=vendor) for n, number in enumerate(numbers)
    ]
    world.run_until_idle()
    bills = [bill for bill in world.quickbooks.bills() if bill["vendor_id"] == vendor.list_id]
    assert sorted(bill["amount"] for bill in bills) == ["10.00", "9.00"]
    assert len({bill["ref_number"] for bill in bills}) == 2
    assert all(len(bill["ref_number"]) <= 20 for bill in bills)
    for number in numbers:
        assert sum(number in bill["memo"] for bill in bills) == 1
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 2


def test_the_same_number_of_two_suppliers_makes_two_bills(world: World) -> None:
    invoices = [
        world.basware.approves(number="10042", vendor=world.firm.vendor_named(name))
        for name in ("Zylstra Electric", "3 Rivers Aggregate")
    ]
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(invoice) for invoice in invoices] == [["120.00"]] * 2


def _hand_typed(world: World, place: int, *, gross: str | None = None, number: str | None = None) -> Approved:
    bill = world.firm.hand_typed_bills[place]
    return world.basware.approves(
        gross=gross or str(bill.amount),
        number=number or bill.ref_number,
        vendor=world.firm.vendor_named(HAND_TYPED_SUPPLIER),
        day=bill.txn_date,
    )


def test_a_bill_that_a_person_typed_already_is_linked_and_not_doubled(world: World) -> None:
    invoice = _hand_typed(world, 0)
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["memo"] == "typed from paper"
    assert world.basware.sees(invoice)["voucherNumber1"] == bill["txn_id"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_typed_bill_with_another_amount_is_a_question(world: World) -> None:
    invoice = _hand_typed(world, 0, gross="1936.56")
    world.run_until_idle()
    assert len(world.quickbooks.documents_for(invoice)) == 1
    assert world.connector.faults(invoice) == ["MLC-DUP-01"]
    assert world.basware.heard_about(invoice) == []


def test_a_person_answers_the_question_by_naming_the_bill(world: World) -> None:
    invoice = _hand_typed(world, 0, gross="1936.56")
    world.run_until_idle()
    txn_id = world.quickbooks.txn_id(invoice)
    world.connector.links(invoice, txn_id)
    world.run_until_idle()
    assert world.quickbooks.txn_id(invoice) == txn_id
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.basware.sees(invoice)["voucherNumber1"] == txn_id


def test_a_person_answers_the_question_by_asking_for_a_new_bill(world: World) -> None:
    invoice = _hand_typed(world, 0, gross="1936.56")
    world.run_until_idle()
    world.connector.retries(invoice, post_new=True)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["1936.55", "1936.56"]
    assert world.basware.heard_about(invoice) == ["success"]


def test_naming_a_bill_that_is_not_there_remains_a_question(world: World) -> None:
    invoice = _hand_typed(world, 0, gross="1936.56")
    world.run_until_idle()
    world.connector.links(invoice, "1A2B-1700000000")
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-LINK-01"]
    assert len(world.quickbooks.documents_for(invoice)) == 1


def test_a_bill_is_never_linked_to_two_invoices(world: World) -> None:
    first, second = _hand_typed(world, 0), _hand_typed(world, 0)
    world.run_until_idle()
    txn_id = world.quickbooks.txn_id(first)
    assert sorted([world.connector.state(first), world.connector.state(second)]) == ["blocked", "confirmed"]
    world.connector.links(second, txn_id)
    world.run_until_idle()
    assert world.connector.faults(second) == ["MLC-DUP-02"]
    (bill,) = world.quickbooks.documents_for(second)
    named = f"Bill {bill['ref_number']} of {bill['txn_date']} over {bill['amount']} (TxnID {txn_id})"
    assert named in world.connector.says(second)
    assert world.basware.heard_about(second) == []


@pytest.mark.parametrize("apart", [False, True], ids=["in one batch", "one after the other"])
def test_an_invoice_that_the_supplier_sent_twice_is_posted_once_and_asked_about(world: World, apart: bool) -> None:
    first = world.basware.approves(gross="88.00", number="S-9")
    if apart:
        world.run_until_idle()
    second = world.basware.approves(gross="88.00", number="S-9")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(first) == ["88.00"]
    assert world.basware.heard_about(first) == ["success"]
    assert world.connector.faults(second) == ["MLC-DUP-02"]
    assert world.basware.heard_about(second) == []
    said = world.connector.says(second)
    known_as = f"TxnID {world.quickbooks.txn_id(first)}" if apart else "on its way, no TxnID yet"
    assert f"Bill S-9 of 2026-11-10 over 88.00 ({known_as})" in said


def test_a_second_invoice_with_one_number_is_posted_when_a_person_says_so(world: World) -> None:
    first = world.basware.approves(gross="88.00", number="S-9")
    second = world.basware.approves(gross="12.00", number="S-9")
    world.run_until_idle()
    world.connector.retries(second, post_new=True)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(first) == ["88.00", "12.00"]
    assert world.basware.heard_about(second) == ["success"]
    assert world.basware.sees(first)["voucherNumber1"] != world.basware.sees(second)["voucherNumber1"]


@pytest.mark.parametrize("kind", ["lock_3175", "lock_3176", "lock_3180"])
def test_a_record_that_is_in_use_is_tried_again_by_itself(world: World, kind: str) -> None:
    invoices = world.basware.approves_many(3)
    world.quickbooks.suffers(kind, times=2, only="BillAddRq")
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(i) for i in invoices] == [["100.00"], ["101.01"], ["102.02"]]
    assert [world.basware.heard_about(i) for i in invoices] == [["success"]] * 3


def test_a_record_that_stays_in_use_comes_to_a_person_and_holds_up_nobody(world: World) -> None:
    vendor = world.firm.vendor_named("Zylstra Electric")
    stuck = world.basware.approves(vendor=vendor)
    world.quickbooks.suffers("lock_3175", times=6, only="BillAddRq")
    world.run_until_idle()
    assert world.connector.faults(stuck) == ["MLC-QB-05"]
    other = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(other) == ["success"]
    world.connector.retries(stuck)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(stuck) == ["120.00"]


def test_a_refusal_of_one_bill_leaves_the_others_of_its_set_entered(world: World) -> None:
    good, bad = (
        world.basware.approves(gross="10.00"),
        world.basware.approves(gross="20.00", lines=[{"gross": "20.00", "account": "6120"}]),
    )
    world.fetches()
    # Between the reading of the lists and the session, somebody makes the account inactive.
    world.quickbooks.screen.set_active("Account", world.firm.account_numbered("6120").list_id, False)
    world.polls()
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(good) == ["10.00"]
    assert world.basware.heard_about(good) == ["success"]
    assert world.connector.state(bad) == "blocked"
    assert world.quickbooks.amounts_billed_for(bad) == []
    assert world.connector.says(bad)


def test_an_invoice_that_quickbooks_cannot_read_is_found_and_held_and_the_others_are_posted(world: World) -> None:
    good = world.basware.approves_many(3)
    poison = world.basware.approves(gross="13.00", number="POISON")
    world.quickbooks.cannot_read("<Amount>13.00</Amount>")
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(i) for i in good] == [["100.00"], ["101.01"], ["102.02"]]
    assert [world.basware.heard_about(i) for i in good] == [["success"]] * 3
    assert world.quickbooks.amounts_billed_for(poison) == []
    assert world.connector.faults(poison) == ["MLC-QB-04"]
    assert world.basware.heard_about(poison) == []


def test_an_invoice_that_quickbooks_cannot_read_does_not_hold_up_later_ones(world: World) -> None:
    poison = world.basware.approves(gross="13.00")
    world.quickbooks.cannot_read("<Amount>13.00</Amount>")
    world.run_until_idle()
    later = world.basware.approves_many(2)
    world.quickbooks.records()
    world.run_until_idle()
    assert [world.basware.heard_about(i) for i in later] == [["success"]] * 2
    assert not world.quickbooks.received("<Amount>13.00</Amount>")
    assert world.connector.faults(poison) == ["MLC-QB-04"]


def test_after_a_set_was_unreadable_each_of_its_bills_goes_alone(world: World) -> None:
    world.basware.approves_many(3)
    world.basware.approves(gross="13.00")
    world.quickbooks.cannot_read("<Amount>13.00</Amount>")
    world.quickbooks.records()
    world.run_until_idle()
    sets = world.quickbooks.received("<BillAddRq")
    assert sets[0].hresult == "0x80040400"
    assert [message.request.count("<BillAddRq") for message in sets] == [4, 1, 1, 1, 1]
    assert len({found.set_id for found in MessageSet.objects.all()}) == 5


def test_an_invoice_that_cannot_even_be_looked_up_is_held_and_the_others_are_posted(world: World) -> None:
    first, odd = world.basware.approves(gross="11.00"), world.basware.approves(number="ODD")
    others = world.basware.approves_many(3)
    world.quickbooks.cannot_read("<RefNumber>ODD</RefNumber>")
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in (first, *others)] == [["success"]] * 4
    assert world.connector.faults(odd) == ["MLC-QB-04"]
    assert world.quickbooks.duplicates() == []


def test_an_invoice_that_could_not_be_looked_up_is_posted_when_a_person_asks_again(world: World) -> None:
    invoice = world.basware.approves(number="ODD")
    world.quickbooks.cannot_read("<RefNumber>ODD</RefNumber>")
    world.run_until_idle()
    world.quickbooks.desktop.unreadable.clear()
    world.connector.retries(invoice)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]


@pytest.mark.parametrize("number", ["A&B<1>", "Ümläut-№7", "   spaced   ", "x" * 100, "[BW:zzz]", "'; --", "007"])
def test_odd_numbers_are_posted_and_found_again(world: World, number: str) -> None:
    world.basware.approves(number=number)
    world.fetches()
    world.quickbooks.suffers("hresult_after_save_unrecorded", only="BillAddRq")
    world.run_until_idle()
    again = world.basware.approves(number=number)
    world.run_until_idle()
    assert len(world.quickbooks.bills()) == 1
    assert world.connector.faults(again) == ["MLC-DUP-02"]


def test_a_memo_that_copies_another_bills_mark_misleads_nobody(world: World) -> None:
    world.basware.approves(gross="100.00", number="M1")
    world.run_until_idle()
    memo = world.quickbooks.bills()[0]["memo"]
    lines = [{"gross": "100.00", "comment": memo}]
    copied = world.basware.approves(gross="100.00", number="M2", description=memo, lines=lines)
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(copied) == ["100.00"]
    assert world.basware.heard_about(copied) == ["success"]
    assert world.quickbooks.duplicates() == []


def test_every_message_to_quickbooks_keeps_to_its_schema(world: World) -> None:
    world.quickbooks.records()
    invoices = world.basware.approves_many(2)
    world.basware.approves(gross="-5.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.quickbooks.pays(*invoices)
    world.run_until_idle()
    assert world.quickbooks.received()
    for message in world.quickbooks.received():
        assert check_message_set(message.request) == []


def test_many_invoices_go_in_few_sets_and_each_becomes_one_bill(world: World) -> None:
    invoices = world.basware.approves_many(60)
    world.quickbooks.records()
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(i) for i in invoices] == [
        [f"{i.document['grossSum']:.2f}"] for i in invoices
    ]
    assert len(world.quickbooks.received("<BillAddRq")) <= 5
    assert world.quickbooks.duplicates() == []
    assert world.audit_chain_holds()


def test_a_mapping_changed_between_lookup_and_add_is_looked_up_again(world: World) -> None:
    one, other = [vendor for vendor in world.firm.vendors if vendor.currency == "USD"][:2]
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "120"}
    world.quickbooks.screen.type_bill(vendor=other.list_id, ref_number="M-1", txn_date="2026-11-10", lines=[line])
    world.basware.approves(number="M-1", vendor=one)
    world.fetches()
    caller = BareCaller(world)
    caller.answers(caller.executes(caller.until("<RefNumber>M-1</RefNumber>")))
    world.connector.maps("vendor", one.list_id, other.list_id)
    caller.goes_on()
    world.run_until_idle()
    assert len([bill for bill in world.quickbooks.bills(ours=False) if bill["ref_number"] == "M-1"]) == 1


def test_an_invoice_corrected_between_lookup_and_add_is_looked_up_again(world: World) -> None:
    vendor = world.firm.vendor_named("Q")
    line = {"account": world.firm.account_numbered("6110").list_id, "amount": "120"}
    world.quickbooks.screen.type_bill(vendor=vendor.list_id, ref_number="NEW-9", txn_date="2026-11-10", lines=[line])
    invoice = world.basware.approves(number="OLD-9", vendor=vendor)
    world.fetches()
    caller = BareCaller(world)
    caller.answers(caller.executes(caller.until("<RefNumber>OLD-9</RefNumber>")))
    world.basware.transfers_again(invoice, invoiceNumber="NEW-9")
    world.fetches()
    caller.goes_on()
    world.run_until_idle()
    assert len([bill for bill in world.quickbooks.bills(ours=False) if bill["ref_number"] == "NEW-9"]) == 1


def test_a_pause_stops_a_session_that_is_under_way(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    caller = BareCaller(world)
    caller.answers(caller.executes(caller.until("<BillQueryRq")))
    world.connector.pauses()
    caller.goes_on()
    assert world.quickbooks.amounts_billed_for(invoice) == []


def test_a_number_of_invisible_characters_holds_up_nobody_else(world: World) -> None:
    odd, good = world.basware.approves(number="\u200b"), world.basware.approves()
    world.run_until_idle()
    assert world.connector.faults(odd) == ["MLC-NUMBER-01"]
    assert world.quickbooks.amounts_billed_for(good) == ["120.00"]


def _warns(request: str, answer: str) -> str:
    """QuickBooks enters a Bill, and leaves out what this edition does not support."""
    if "BillAddRq" not in request:
        return answer
    said = 'statusCode="530" statusSeverity="Warn" statusMessage="The field ExternalGUID was ignored."'
    return re.sub('(<BillAddRs [^>]*)statusCode="0"[^>]*', rf"\1{said}", answer)


def test_a_warning_of_quickbooks_is_a_remark_and_holds_nothing_up(world: World) -> None:
    invoice = world.basware.approves()
    world.fetches()
    BareCaller(world).session(_warns)
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert world.connector.state(invoice) == "confirmed"
    for said in (world.connector.says(invoice), summary(world.connector.document(invoice))["remark"]):
        assert "does not support one of the fields" in said and "The field ExternalGUID was ignored." in said
    assert world.connector.faults(invoice) == []
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    assert "does not support one of the fields" in world.connector.says(invoice)
    later = world.basware.approves()
    world.run_until_idle()
    assert summary(world.connector.document(later))["remark"] == ""

"""What is paid in QuickBooks, Basware hears: in total, once for each change, and again when it is taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from desks import Approved
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def posted(world: World) -> list[Approved]:
    invoices = [world.basware.approves(gross="1000.00"), world.basware.approves(gross="200.00")]
    world.run_until_idle()
    return invoices


def _totals(world: World, invoice: Approved) -> list[float]:
    return [response["paidTotal"] for response in world.basware.payments_heard(invoice)]


def test_three_part_payments_are_three_answers_with_growing_totals(world: World, posted: list[Approved]) -> None:
    invoice = posted[0]
    for amount in ("250.00", "250.00", "500.00"):
        world.quickbooks.pays(invoice, amount=amount)
        world.run_until_idle()
    assert _totals(world, invoice) == [250.0, 500.0, 1000.0]
    assert len({response["externalCode"] for response in world.basware.payments_heard(invoice)}) == 3
    assert world.basware.status(invoice) == "Paid"
    assert world.connector.state(invoice) == "paid"


def test_nothing_is_told_again_while_nothing_changes(world: World, posted: list[Approved]) -> None:
    world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    sent = world.transport.count("POST", "*/paymentResponses")
    for _ in range(3):
        world.passes(3600)
        world.run_until_idle()
    assert world.transport.count("POST", "*/paymentResponses") == sent == 1


def test_one_check_that_pays_many_bills_is_told_for_each(world: World, posted: list[Approved]) -> None:
    payments = world.quickbooks.pays(*posted, ref_number="20417")
    assert len(payments) == 1
    world.run_until_idle()
    assert [_totals(world, invoice) for invoice in posted] == [[1000.0], [200.0]]
    assert [world.basware.status(invoice) for invoice in posted] == ["Paid", "Paid"]


def test_a_discount_counts_towards_the_whole(world: World, posted: list[Approved]) -> None:
    world.quickbooks.pays(posted[0], discount_percent="2")
    world.run_until_idle()
    (told,) = world.basware.payments_heard(posted[0])
    assert (told["paidTotal"], told["cashDiscount"]) == (980.0, 20.0)
    assert world.basware.status(posted[0]) == "Paid"


def test_a_payment_by_credit_card_is_told(world: World, posted: list[Approved]) -> None:
    world.quickbooks.pays(posted[0], by="credit_card")
    world.run_until_idle()
    assert _totals(world, posted[0]) == [1000.0]


@pytest.mark.parametrize("taken_back", ["void", "delete"])
def test_a_payment_that_is_taken_back_lowers_the_total_and_names_the_reversal(
    world: World, posted: list[Approved], taken_back: str
) -> None:
    (payment,) = world.quickbooks.pays(posted[0])
    world.run_until_idle()
    assert world.basware.status(posted[0]) == "Paid"
    world.passes(3600)
    getattr(world.quickbooks.screen, taken_back)(payment)
    world.run_until_idle()
    last = world.basware.payments_heard(posted[0])[-1]
    assert last["paidTotal"] == 0
    assert payment in last["paymentReversalDocument"]
    assert world.basware.status(posted[0]) == "Transferred"
    assert world.connector.state(posted[0]) == "confirmed"


def test_a_bill_that_is_paid_again_after_a_void_is_told_as_paid_again(world: World, posted: list[Approved]) -> None:
    (payment,) = world.quickbooks.pays(posted[0])
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.screen.void(payment)
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.pays(posted[0])
    world.run_until_idle()
    assert _totals(world, posted[0]) == [1000.0, 0, 1000.0]
    assert len({r["externalCode"] for r in world.basware.payments_heard(posted[0])}) == 3
    assert world.basware.status(posted[0]) == "Paid"


def test_a_payment_clears_no_field_of_the_invoice(world: World) -> None:
    terms = next(t for t in world.firm.terms if not t.is_date_driven)
    fields = {"paymentTermCode": terms.list_id, "paymentMethod": "CHECK", "paymentMessage": "site 14"}
    invoice = world.basware.approves(**fields)
    world.run_until_idle()
    world.quickbooks.pays(invoice, amount="20.00")
    world.run_until_idle()
    seen = world.basware.sees(invoice)
    assert {name: seen.get(name) for name in ("paymentTermCode", "paymentMessage")} == {
        "paymentTermCode": terms.list_id,
        "paymentMessage": "site 14",
    }
    assert seen.get("paymentMethod")
    assert seen["paymentBlock"] is False


def test_a_bill_that_was_paid_before_basware_heard_of_it_is_told_after_the_transfer(world: World) -> None:
    invoice = world.basware.approves(gross="70.00")
    world.fetches()
    world.transport.unreachable = True
    world.polls()
    world.quickbooks.pays(invoice)
    world.passes(120)
    world.polls()
    world.transport.unreachable = False
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert _totals(world, invoice) == [70.0]


def test_a_typed_bill_that_was_paid_long_before_it_is_linked_is_told_as_paid(world: World) -> None:
    typed = world.firm.hand_typed_bills[1]
    vendor = next(v for v in world.firm.vendors if v.list_id == typed.vendor_list_id)
    (bill,) = [b for b in world.quickbooks.bills(ours=False) if b["ref_number"] == typed.ref_number]
    world.quickbooks.screen.pay_bills(bills=[bill["txn_id"]])
    world.run_until_idle()
    invoice = world.basware.approves(
        gross=str(typed.amount), number=typed.ref_number, vendor=vendor, day=typed.txn_date
    )
    world.run_until_idle()
    assert _totals(world, invoice) == [float(typed.amount)]


@pytest.mark.parametrize(
    "kind", ["error-after", "connection-lost", "error-before", "connection-lost-before", "throttle"]
)
def test_a_lost_answer_of_basware_never_makes_a_payment_count_twice(
    world: World, posted: list[Approved], kind: str
) -> None:
    world.basware.suffers(kind, times=2, path="*/paymentResponses")
    world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    assert _totals(world, posted[0]) == [250.0]


def test_a_process_that_dies_after_basware_took_a_payment_tells_it_once(world: World, posted: list[Approved]) -> None:
    world.connector.dies("POST", "*/paymentResponses", after=True)
    world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    assert world.kills == 1
    assert _totals(world, posted[0]) == [250.0]


def test_a_payment_whose_amount_a_user_corrects_is_told_with_the_new_total(
    world: World, posted: list[Approved]
) -> None:
    first = world.quickbooks.pays(posted[0], amount="300.00")
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.screen.delete(first[0])
    world.quickbooks.pays(posted[0], amount="400.00")
    world.run_until_idle()
    assert _totals(world, posted[0])[-1] == 400.0
    assert world.basware.paid(posted[0]) == "400.00"


def test_a_credit_that_is_set_off_against_a_bill_is_no_payment(world: World, posted: list[Approved]) -> None:
    credit = world.basware.approves(gross="-100.00", invoiceTypeCode="CRN")
    world.run_until_idle()
    world.quickbooks.pays(posted[0], apply_credits=True)
    world.run_until_idle()
    assert world.basware.heard_about(credit) == ["success"]
    assert world.basware.payments_heard(credit) == []
    assert world.basware.paid(posted[0]) == "900.00"


def test_a_payment_in_the_hour_that_the_clock_repeats_is_not_missed(database: object) -> None:
    # On the first Sunday of November the wall clock of the United States goes back from 02:00 to 01:00.
    world = World(1, start=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    invoices = [world.basware.approves(gross=gross, day=date(2026, 10, 20)) for gross in ("100.00", "200.00")]
    world.run_until_idle()
    world.clock.advance((datetime(2026, 11, 1, 8, 55, tzinfo=UTC) - world.clock.now()).total_seconds())
    world.quickbooks.pays(invoices[0])
    world.run_until_idle()
    world.clock.advance((datetime(2026, 11, 1, 9, 5, tzinfo=UTC) - world.clock.now()).total_seconds())
    world.quickbooks.pays(invoices[1])
    world.run_until_idle()
    assert [world.basware.paid(invoice) for invoice in invoices] == ["100.00", "200.00"]


def test_a_payment_stamped_by_a_clock_that_was_set_back_half_an_hour_is_not_missed(
    world: World, posted: list[Approved]
) -> None:
    world.quickbooks.pays(posted[0])
    world.run_until_idle()
    world.quickbooks.screen.set_clock_skew(-1800)
    world.quickbooks.pays(posted[1])
    world.run_until_idle()
    assert world.basware.paid(posted[1]) == "200.00"


def test_a_payment_entered_while_basware_is_told_of_another_is_told_after_it(
    world: World, posted: list[Approved]
) -> None:
    invoice = posted[0]

    def another_is_paid() -> None:
        world.quickbooks.pays(invoice, amount="300.00")
        world.reads_payments()

    world.happens("POST", "*/paymentResponses", another_is_paid, after=True)
    world.quickbooks.pays(invoice, amount="250.00")
    world.run_until_idle()
    assert _totals(world, invoice) == [250.0, 550.0]


def test_a_payment_deleted_after_its_lost_answer_is_taken_back_in_basware(world: World, posted: list[Approved]) -> None:
    world.basware.suffers("connection-lost", path="*/paymentResponses")
    (payment,) = world.quickbooks.pays(posted[0], amount="250.00")
    world.passes(61)
    world.polls()
    world.works()
    assert world.basware.paid(posted[0]) == "250.00"
    world.quickbooks.screen.delete(payment)
    world.reads_payments()
    world.run_until_idle()
    assert world.basware.paid(posted[0]) == "0.00"


@pytest.mark.parametrize("lost_by", ["the connection", "the process"])
def test_a_later_payment_deleted_after_its_lost_answer_leaves_the_earlier_one(
    world: World, posted: list[Approved], lost_by: str
) -> None:
    world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    if lost_by == "the connection":
        world.basware.suffers("connection-lost", path="*/paymentResponses")
    else:
        world.connector.dies("POST", "*/paymentResponses", after=True)
    (payment,) = world.quickbooks.pays(posted[0], amount="750.00")
    world.happens("POST", "*/paymentResponses", lambda: world.quickbooks.screen.delete(payment), after=False)
    world.run_until_idle()
    world.passes(86400)
    world.run_until_idle()
    assert world.basware.paid(posted[0]) == "250.00"
    assert world.basware.status(posted[0]) == "Transferred"


def test_an_amount_that_comes_back_after_two_lost_answers_is_told_once_more(
    world: World, posted: list[Approved]
) -> None:
    first = world.quickbooks.pays(posted[0], amount="250.00")
    for deleted in (False, True):
        world.basware.suffers("connection-lost", path="*/paymentResponses")
        if deleted:
            world.quickbooks.screen.void(first[0])
        world.passes(61)
        world.polls()
        world.works()
    world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    assert world.basware.paid(posted[0]) == "250.00"


def test_a_payment_leaves_alone_what_a_person_changed_in_basware_meanwhile(
    world: World, posted: list[Approved]
) -> None:
    with world.outside.basware.lock:
        invoice = world.outside.basware.invoices.get(posted[0].id)
        invoice.document |= {"paymentBlock": True, "paymentTermCode": "AGREED"}
        invoice.encoded = None
    world.quickbooks.pays(posted[0], amount="100.00")
    world.run_until_idle()
    seen = world.basware.sees(posted[0])
    assert (seen["paymentBlock"], seen["paymentTermCode"]) == (True, "AGREED")


@pytest.mark.parametrize("ahead_s", [3 * 3600, 86400])
def test_one_workstation_whose_clock_runs_ahead_hides_no_payment(world: World, ahead_s: int) -> None:
    invoices = [world.basware.approves(gross=gross) for gross in ("10.00", "20.00")]
    world.run_until_idle()
    world.quickbooks.screen.set_clock_skew(ahead_s)
    world.quickbooks.pays(invoices[0])
    world.quickbooks.screen.set_clock_skew(0)
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.pays(invoices[1])
    world.run_until_idle()
    assert [world.basware.paid(invoice) for invoice in invoices] == ["10.00", "20.00"]


def test_the_void_of_an_earlier_payment_is_named_as_the_reversal(world: World) -> None:
    invoice = world.basware.approves(gross="1000.00")
    world.run_until_idle()
    (first,) = world.quickbooks.pays(invoice, amount="250.00")
    world.run_until_idle()
    world.passes(86400)
    world.quickbooks.pays(invoice, amount="300.00")
    world.run_until_idle()
    world.quickbooks.screen.void(first)
    world.run_until_idle()
    last = world.basware.payments_heard(invoice)[-1]
    assert (last["paidTotal"], last.get("paymentReversalDocument")) == (300.0, first)


def test_a_payment_that_basware_took_and_forgot_is_told_again(world: World, posted: list[Approved]) -> None:
    world.basware.suffers("response-dropped", path="*/paymentResponses")
    world.quickbooks.pays(posted[0])
    world.run_until_idle()
    assert (world.basware.paid(posted[0]), world.connector.state(posted[0])) == ("0.00", "paid")
    for _ in range(2):
        world.passes(86400)
        world.run_until_idle()
    assert (world.basware.paid(posted[0]), world.basware.status(posted[0])) == ("1000.00", "Paid")
    assert len(world.basware.payments_heard(posted[0])) == 1


def test_a_payment_that_was_taken_back_and_forgotten_is_told_again(world: World, posted: list[Approved]) -> None:
    (payment,) = world.quickbooks.pays(posted[0])
    world.run_until_idle()
    world.basware.suffers("response-dropped", path="*/paymentResponses")
    world.quickbooks.screen.void(payment)
    world.run_until_idle()
    assert world.basware.paid(posted[0]) == "1000.00"
    for _ in range(2):
        world.passes(86400)
        world.run_until_idle()
    assert (world.basware.paid(posted[0]), world.basware.status(posted[0])) == ("0.00", "Transferred")


def test_a_payment_that_basware_shows_is_read_back_once(world: World, posted: list[Approved]) -> None:
    world.quickbooks.pays(posted[0])
    world.run_until_idle()
    one = f"*/accountingDocuments/{posted[0].id}"
    before = world.transport.count("GET", one)
    for _ in range(4):
        world.passes(86400)
        world.run_until_idle()
    assert world.transport.count("GET", one) == before + 1


def test_a_payment_that_is_taken_back_while_the_invoice_is_transferred_again_is_taken_back_in_basware(
    world: World, posted: list[Approved]
) -> None:
    (payment,) = world.quickbooks.pays(posted[0], amount="250.00")
    world.run_until_idle()
    world.quickbooks.screen.void(payment)
    world.basware.transfers_again(posted[0])
    world.run_until_idle()
    assert world.basware.paid(posted[0]) == "0.00"

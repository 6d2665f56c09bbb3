"""What Basware is told: recomputed from QuickBooks each time, never counted on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.books import TxnId
from ml_connector.core.faults import Fault
from ml_connector.core.records import AppliedTo, Payment, TxnKind
from ml_connector.core.report import (
    NOTHING_PAID,
    AppliedPayment,
    payment_state,
    shares,
    transfer_failed,
    transfer_succeeded,
)


def share(
    payment: str, amount: str, day: int = 1, discount: str = "0", kind: TxnKind = TxnKind.BILL_PAYMENT_CHECK
) -> AppliedPayment:
    return AppliedPayment(
        payment=TxnId(payment),
        kind=kind,
        paid_on=date(2024, 3, day),
        ref_number=f"check {payment}",
        amount=Decimal(amount),
        discount=Decimal(discount),
    )


def test_nothing_applied_is_nothing_paid() -> None:
    assert payment_state([], []) == NOTHING_PAID


def test_payments_are_added_up_and_the_latest_is_named() -> None:
    state = payment_state([share("p2", "30.00", day=5, discount="1.00"), share("p1", "60.00", day=2)], ["p1"])
    assert (state.paid, state.discount) == (Decimal("90.00"), Decimal("1.00"))
    assert (state.paid_on, state.check_number, state.payment_txn_id) == ("2024-03-05", "check p2", "p2")
    assert (state.method, state.reversal_txn_id) == ("Check", "")


def test_two_payments_of_one_day_have_one_order_whichever_came_first() -> None:
    one, two = share("p1", "1.00"), share("p2", "2.00")
    assert payment_state([one, two], []) == payment_state([two, one], [])


def test_the_latest_payment_tells_the_method() -> None:
    by_card = share("p2", "5.00", day=9, kind=TxnKind.BILL_PAYMENT_CREDIT_CARD)
    assert payment_state([share("p1", "5.00"), by_card], []).method == "CreditCard"


@pytest.mark.parametrize("left", [[], [("p1", "0.00")], [("p2", "40.00")]], ids=["deleted", "voided", "another stays"])
def test_a_reported_payment_that_is_gone_is_named_as_reversed(left: list[tuple[str, str]]) -> None:
    state = payment_state([share(*what) for what in left], ["p1"])
    assert state.reversal_txn_id == "p1"
    assert state.paid == sum((Decimal(amount) for _, amount in left), Decimal(0))


def test_an_earlier_payment_that_is_gone_is_named_as_reversed_while_the_latest_stays() -> None:
    state = payment_state([share("p2", "30.00", day=5)], ["p1", "p2"])
    assert (state.paid, state.payment_txn_id, state.reversal_txn_id) == (Decimal("30.00"), "p2", "p1")


def test_a_voided_payment_never_names_itself_as_the_latest() -> None:
    state = payment_state([share("p1", "10.00", day=1), share("p2", "0.00", day=9)], ["p1"])
    assert (state.payment_txn_id, state.reversal_txn_id) == ("p1", "")


def test_a_discount_alone_counts_as_settled() -> None:
    state = payment_state([share("p1", "0.00", discount="3.00")], [])
    assert (state.paid, state.discount, state.payment_txn_id) == (Decimal("0.00"), Decimal("3.00"), "p1")


@given(
    amounts=st.lists(
        st.tuples(
            st.sampled_from(["p1", "p2", "p3"]), st.integers(0, 10**7), st.integers(0, 10**4), st.integers(1, 28)
        ),
        max_size=6,
    ),
    told=st.lists(st.sampled_from(["p1", "p9"]), max_size=2),
)
def test_the_order_in_which_payments_were_read_does_not_matter(
    amounts: list[tuple[str, int, int, int]], told: list[str]
) -> None:
    applied = {
        payment: share(payment, f"{cents / 100:.2f}", day, f"{discount / 100:.2f}")
        for payment, cents, discount, day in amounts
    }
    forward = payment_state(list(applied.values()), told)
    assert payment_state(list(reversed(applied.values())), told) == forward
    assert forward.paid == sum((a.amount for a in applied.values()), Decimal(0))
    assert forward.content == payment_state(list(reversed(applied.values())), told).content


def test_states_that_basware_would_see_alike_have_one_content_and_others_have_another() -> None:
    base = [share("p1", "10.00")]
    content = payment_state(base, []).content
    assert payment_state([share("p1", "10.0")], ["p9"]).content == content
    for other in (
        [share("p1", "10.01")],
        [share("p1", "10.00", discount="0.01")],
        [share("p1", "10.00", day=2)],
        [share("p2", "10.00")],
        [share("p1", "10.00", kind=TxnKind.BILL_PAYMENT_CREDIT_CARD)],
        [],
    ):
        assert payment_state(other, []).content != content


def test_several_rows_of_one_payment_on_one_bill_are_one_share() -> None:
    payment = Payment(
        kind=TxnKind.BILL_PAYMENT_CHECK,
        txn_id=TxnId("p1"),
        edit_sequence="1",
        time_modified="",
        paid_on=date(2024, 3, 1),
        applied=(
            AppliedTo(txn_id=TxnId("b1"), txn_type="Bill", amount=Decimal("10.00"), discount=Decimal("1.00")),
            AppliedTo(txn_id=TxnId("b2"), txn_type="Bill", amount=Decimal("5.00")),
            AppliedTo(txn_id=TxnId("b1"), txn_type="Bill", amount=Decimal("0.50")),
        ),
    )
    found = {bill: (part.amount, part.discount) for bill, part in shares(payment).items()}
    assert found == {"b1": (Decimal("10.50"), Decimal("1.00")), "b2": (Decimal("5.00"), Decimal(0))}


def test_a_success_names_the_transaction_and_says_whether_it_was_linked() -> None:
    made = transfer_succeeded(TxnKind.BILL, TxnId("1-1"), "12", linked=False)
    assert (made.success, made.voucher_number_1, made.voucher_number_2) == (True, "1-1", "12")
    assert made.message == "Bill created in QuickBooks (number 12)."
    linked = transfer_succeeded(TxnKind.VENDOR_CREDIT, TxnId("1-1"), "", linked=True)
    assert linked.message == "Vendor credit already in QuickBooks, linked."


def test_a_failure_gives_the_persons_reason_first() -> None:
    told = transfer_failed(" Paid by card. ", [Fault(code="MLC-NUMBER-01")])
    assert not told.success
    assert told.message == "Not entered in QuickBooks. Paid by card. The invoice has no number."

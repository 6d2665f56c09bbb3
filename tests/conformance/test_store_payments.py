"""What is paid on which Bill is replaced by what QuickBooks says now, never added to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from store_builders import a_connection, a_document, later

from ml_connector.core.books import TxnId
from ml_connector.core.money import InexactAmount
from ml_connector.core.records import AppliedTo, Payment, TxnKind
from ml_connector.core.report import payment_state
from ml_connector.core.states import State
from ml_connector.store import payments
from ml_connector.store.models import Connection, Document, PaymentShare, Reversal
from ml_connector.store.payments import applied_to

pytestmark = pytest.mark.both_databases


def replace_shares(connection: Connection, found: list[Payment], gone: list[TxnId]) -> int:
    return payments.replace_shares(connection, found, gone, later(0))


def payment(txn_id: str = "p-1", day: int = 1, kind: TxnKind = TxnKind.BILL_PAYMENT_CHECK, **bills: str) -> Payment:
    """A payment with its shares: `b1="60.00"`, or `b1="60.00-1.50"` with a discount of 1.50."""
    applied = []
    for bill, text in bills.items():
        amount, _, discount = text.partition("-")
        applied.append(
            AppliedTo(txn_id=TxnId(bill), txn_type="Bill", amount=Decimal(amount), discount=Decimal(discount or "0"))
        )
    return Payment(
        kind=kind,
        txn_id=TxnId(txn_id),
        edit_sequence="1",
        time_modified="2024-03-01T12:00:00",
        paid_on=date(2024, 3, day),
        ref_number="1001",
        applied=tuple(applied),
    )


@pytest.fixture
def connection() -> Connection:
    """Two Bills of ours, b1 and b2, and a VendorCredit."""
    made = a_connection()
    for bill in ("b1", "b2"):
        a_document(made, bill, State.CONFIRMED, txn_id=bill, kind="Bill", due_at=later(60))
    a_document(made, "vc", State.CONFIRMED, txn_id="vc", kind="VendorCredit")
    return made


def due() -> list[str]:
    """Return the Bills that Basware is to be told about, and forget that they were due."""
    rows = Document.objects.filter(payment_due=True).order_by("invoice_id")
    found = list(rows.values_list("txn_id", flat=True))
    assert not rows.exclude(due_at=None).exists()
    rows.update(payment_due=False)
    return found


def paid(bill: str) -> tuple[str, str]:
    state = payment_state(applied_to(Connection.objects.get(name="main").pk, [bill]).get(bill, []), [])
    return (f"{state.paid:.2f}", f"{state.discount:.2f}")


def test_a_payment_makes_its_bills_due_and_no_others(connection: Connection) -> None:
    assert replace_shares(connection, [payment(b1="60.00-1.50", elsewhere="5.00")], []) == 1
    assert due() == ["b1"]
    assert (paid("b1"), paid("b2"), paid("elsewhere")) == (("60.00", "1.50"), ("0.00", "0.00"), ("5.00", "0.00"))


def test_a_payment_read_again_unchanged_changes_nothing(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00", b2="40.00")], [])
    due()
    rows = set(PaymentShare.objects.values_list("pk", flat=True))
    for _ in range(3):
        assert replace_shares(connection, [payment(b1="60.0", b2="40")], []) == 0
    assert due() == []
    assert set(PaymentShare.objects.values_list("pk", flat=True)) == rows


def test_a_payment_read_twice_at_once_counts_once(connection: Connection) -> None:
    assert replace_shares(connection, [payment(b1="10.00"), payment(b1="60.00")], []) == 1
    assert paid("b1") == ("60.00", "0.00")


def test_several_payments_of_one_bill_add_up(connection: Connection) -> None:
    replace_shares(connection, [payment("p-1", b1="60.00")], [])
    replace_shares(connection, [payment("p-2", day=2, b1="40.00", kind=TxnKind.BILL_PAYMENT_CREDIT_CARD)], [])
    assert paid("b1") == ("100.00", "0.00")
    state = payment_state(applied_to(connection.pk, ["b1"])["b1"], [])
    assert (state.method, state.payment_txn_id, state.check_number) == ("CreditCard", "p-2", "1001")


def test_a_changed_share_makes_only_the_bills_it_touches_due(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00", b2="40.00")], [])
    due()
    assert replace_shares(connection, [payment(b1="60.00", b2="30.00")], []) == 1
    assert due() == ["b2"]
    assert (paid("b1"), paid("b2")) == (("60.00", "0.00"), ("30.00", "0.00"))


def test_a_payment_moved_to_another_bill_makes_both_due(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00")], [])
    due()
    assert replace_shares(connection, [payment(b2="60.00")], []) == 2
    assert due() == ["b1", "b2"]
    assert (paid("b1"), paid("b2")) == (("0.00", "0.00"), ("60.00", "0.00"))


def test_another_date_or_check_number_is_a_change(connection: Connection) -> None:
    replace_shares(connection, [payment(day=1, b1="60.00")], [])
    due()
    assert replace_shares(connection, [payment(day=2, b1="60.00")], []) == 1
    assert due() == ["b1"]


@pytest.mark.parametrize("emptied", [payment(), payment(b1="0.00")], ids=["nothing applied", "zero applied"])
def test_a_voided_payment_pays_nothing(connection: Connection, emptied: Payment) -> None:
    replace_shares(connection, [payment(b1="60.00"), payment("p-2", b1="5.00")], [])
    due()
    assert replace_shares(connection, [emptied], []) == 1
    assert due() == ["b1"]
    assert paid("b1") == ("5.00", "0.00")


def test_a_deleted_payment_is_forgotten_and_its_bills_are_due(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00", b2="1.00"), payment("p-2", b1="5.00")], [])
    due()
    assert replace_shares(connection, [], [TxnId("p-1"), TxnId("never seen")]) == 2
    assert due() == ["b1", "b2"]
    assert (paid("b1"), paid("b2")) == (("5.00", "0.00"), ("0.00", "0.00"))
    assert replace_shares(connection, [], [TxnId("p-1")]) == 0


def test_nothing_read_changes_nothing(connection: Connection) -> None:
    assert replace_shares(connection, [], []) == 0
    assert due() == []


def test_a_vendor_credit_is_never_reported_as_paid(connection: Connection) -> None:
    assert replace_shares(connection, [payment(vc="5.00")], []) == 0
    assert due() == []


def test_payments_of_another_company_file_do_not_matter(connection: Connection) -> None:
    other = a_connection("other")
    assert replace_shares(other, [payment(b1="60.00")], []) == 0
    assert paid("b1") == ("0.00", "0.00")
    replace_shares(connection, [payment(b1="1.00")], [])
    replace_shares(other, [], [TxnId("p-1")])
    assert paid("b1") == ("1.00", "0.00")


def test_a_share_finer_than_a_cent_is_refused_and_nothing_is_lost(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00")], [])
    with pytest.raises(InexactAmount):
        replace_shares(connection, [payment(b1="60.001")], [])
    assert paid("b1") == ("60.00", "0.00")


def test_many_small_shares_add_up_to_the_cent(connection: Connection) -> None:
    replace_shares(connection, [payment(f"p-{n}", b1="0.10") for n in range(1000)], [])
    assert paid("b1") == ("100.00", "0.00")


def test_what_is_taken_back_is_kept_once_with_whether_basware_knew(connection: Connection) -> None:
    replace_shares(connection, [payment(b1="60.00", elsewhere="5.00"), payment("p-2", b2="1.00")], [])
    Document.objects.filter(txn_id="b1").update(payments_told=["p-1"])
    replace_shares(connection, [], [TxnId("p-1"), TxnId("p-2")])
    replace_shares(connection, [], [TxnId("p-1"), TxnId("p-2")])
    kept = Reversal.objects.order_by("pk").values_list("document__txn_id", "payment_txn_id", "amount_cents", "told")
    assert sorted(kept) == [("b1", "p-1", 6000, True), ("b2", "p-2", 100, False)]

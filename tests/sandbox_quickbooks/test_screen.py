"""What people do at the screen, and what requests see of it."""

import pytest
from simulated_desk import Desk

from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal

CHECKS = "<BillPaymentCheckQueryRq><IncludeLineItems>true</IncludeLineItems></BillPaymentCheckQueryRq>"
CARDS = CHECKS.replace("Check", "CreditCard")


def state(desk: Desk, txn_id: str) -> tuple[str | None, str | None]:
    ret = desk.reads_bill(txn_id)
    return ret.findtext("IsPaid"), ret.findtext("OpenAmount")


def test_a_check_for_two_bills_pays_both_and_says_so(desk: Desk) -> None:
    bills = [desk.adds_bill(ref="A", amounts=("100.00",)), desk.adds_bill(ref="B", amounts=("20.50",))]
    (payment,) = desk.screen.pay_bills(bills=bills)
    assert [state(desk, bill) for bill in bills] == [("true", "0.00")] * 2
    ret = desk.answer(CHECKS)[0]
    assert (ret.findtext("TxnID"), ret.findtext("Amount"), ret.findtext("RefNumber")) == (payment, "120.50", "10001")
    assert [e.findtext("TxnID") for e in ret.findall("AppliedToTxnRet")] == bills
    assert desk.reads_bill(bills[0]).findtext("LinkedTxn/TxnID") == payment


def test_applications_are_shown_only_with_line_items(desk: Desk) -> None:
    desk.screen.pay_bills(bills=[desk.adds_bill()])
    assert desk.answer("<BillPaymentCheckQueryRq/>").find("BillPaymentCheckRet/AppliedToTxnRet") is None


def test_paying_moves_the_bills_time_modified(desk: Desk) -> None:
    bill = desk.adds_bill()
    desk.passes(minutes=3)
    desk.screen.pay_bills(bills=[bill])
    assert desk.reads_bill(bill).findtext("TimeModified") == "2026-11-02T10:03:00-08:00"


def test_half_of_everything_leaves_the_other_half_open_to_the_cent(desk: Desk) -> None:
    bill = desk.adds_bill(amounts=("100.01",))
    desk.screen.pay_bills(fraction="0.5")
    assert state(desk, bill) == ("false", "50.00")
    desk.screen.pay_bills(vendor=desk.vendor())
    assert state(desk, bill) == ("true", "0.00")


def test_a_discount_closes_the_bill_with_less_money(desk: Desk) -> None:
    bill = desk.adds_bill(amounts=("1200.00",))
    desk.screen.pay_bills(bills=[bill], discount_percent="2")
    applied = desk.answer(CHECKS).find("BillPaymentCheckRet/AppliedToTxnRet")
    assert applied is not None
    assert (applied.findtext("Amount"), applied.findtext("DiscountAmount")) == ("1176.00", "24.00")
    assert state(desk, bill) == ("true", "0.00")


def test_a_credit_card_payment_is_of_its_own_kind(desk: Desk) -> None:
    desk.screen.pay_bills(bills=[desk.adds_bill()], by="credit_card")
    assert desk.status(CHECKS) == "1"
    ret = desk.answer(CARDS)[0]
    assert ret.tag == "BillPaymentCreditCardRet"
    assert ret.findtext("CreditCardAccountRef/FullName") == "Company Credit Card"


def test_a_credit_that_covers_the_bill_makes_a_payment_of_zero(desk: Desk) -> None:
    bill = desk.adds_bill(amounts=("80.00",))
    credit = desk.screen.type_vendor_credit(
        vendor=desk.vendor(), ref_number="CN", lines=[{"account": desk.account("6110"), "amount": "100.00"}]
    )
    (payment,) = desk.screen.pay_bills(bills=[bill], apply_credits=True)
    ret = desk.answer(CHECKS)[0]
    assert (ret.findtext("TxnID"), ret.findtext("Amount")) == (payment, "0.00")
    assert ret.findtext("AppliedToTxnRet/LinkedTxn/TxnID") == credit
    assert outside_view.vendor_credits(desk.company)[0]["open_amount"] == "20.00"
    assert state(desk, bill) == ("true", "0.00")


def test_a_voided_payment_opens_the_bill_again_and_stays_with_zero(desk: Desk) -> None:
    bill = desk.adds_bill()
    (payment,) = desk.screen.pay_bills(bills=[bill])
    desk.passes(minutes=1)
    desk.screen.void(payment)
    assert state(desk, bill) == ("false", "100.00")
    assert desk.reads_bill(bill).findtext("TimeModified") == "2026-11-02T10:01:00-08:00"
    ret = desk.answer(CHECKS)[0]
    assert (ret.findtext("Amount"), ret.find("AppliedToTxnRet")) == ("0.00", None)


def test_a_voided_bill_that_is_given_amounts_again_is_valid_again_whatever_its_memo_says(desk: Desk) -> None:
    bill = desk.adds_bill()
    desk.screen.void(bill)
    assert outside_view.bills(desk.company)[-1]["voided"]
    desk.screen.edit_bill(bill, lines=[{"account": desk.account("6110"), "amount": "70.00"}])
    row = outside_view.bills(desk.company)[-1]
    assert (row["voided"], row["amount"], row["memo"][:5]) == (False, "70.00", "VOID:")


def test_a_deleted_payment_is_found_among_the_deletions_only(desk: Desk) -> None:
    bill = desk.adds_bill()
    (payment,) = desk.screen.pay_bills(bills=[bill])
    desk.screen.delete(payment)
    assert state(desk, bill) == ("false", "100.00")
    assert desk.status(CHECKS) == "1"
    deleted = desk.answer("<TxnDeletedQueryRq><TxnDelType>BillPaymentCheck</TxnDelType></TxnDeletedQueryRq>")
    assert deleted.findtext("TxnDeletedRet/TxnID") == payment


def test_an_amount_goes_to_the_oldest_bill_first(desk: Desk) -> None:
    first, second = desk.adds_bill(ref="1"), desk.adds_bill(ref="2")
    desk.screen.pay_bills(bills=[first, second], amount="130.00")
    assert [state(desk, first)[1], state(desk, second)[1]] == ["0.00", "70.00"]
    with pytest.raises(ScreenRefusal):
        desk.screen.pay_bills(bills=[second], amount="70.01")


def test_a_merged_vendor_hands_its_bills_to_the_winner(desk: Desk) -> None:
    bill = desk.adds_bill(vendor=desk.vendor(5))
    desk.screen.merge("Vendor", desk.vendor(5), desk.vendor(6))
    assert desk.reads_bill(bill).findtext("VendorRef/ListID") == desk.vendor(6)
    assert desk.status(f"<VendorQueryRq><ListID>{desk.vendor(5)}</ListID></VendorQueryRq>") == "500"
    gone = desk.answer("<ListDeletedQueryRq><ListDelType>Vendor</ListDelType></ListDeletedQueryRq>")
    assert gone.findtext("ListDeletedRet/ListID") == desk.vendor(5)
    assert desk.status(desk.bill(vendor=desk.vendor(5))) == "3140"


def test_a_renamed_parent_renames_its_childrens_full_names(desk: Desk) -> None:
    desk.screen.rename("Account", "Job Costs:Materials", "Stuff")
    assert desk.screen.entry("Account", "Job Costs:Stuff:Lumber").list_id == desk.account("6110")


def test_a_bill_edited_by_hand_is_found_under_its_new_number(desk: Desk) -> None:
    bill = desk.adds_bill(ref="old")
    desk.screen.edit_bill(bill, ref_number="new", vendor=desk.vendor(9))
    assert desk.status("<BillQueryRq><RefNumber>old</RefNumber></BillQueryRq>") == "1"
    assert desk.answer("<BillQueryRq><RefNumber>new</RefNumber></BillQueryRq>").findtext("BillRet/TxnID") == bill


def test_a_paid_bill_is_not_edited_below_what_was_paid(desk: Desk) -> None:
    bill = desk.adds_bill()
    desk.screen.pay_bills(bills=[bill])
    with pytest.raises(ScreenRefusal):
        desk.screen.edit_bill(bill, lines=[{"account": desk.account("6110"), "amount": "99.99"}])


def test_the_hand_typed_bills_of_the_firm_are_there(desk: Desk) -> None:
    refs = [row["ref_number"] for row in outside_view.bills(desk.company)]
    assert refs == ["HS-26-1041", "HS-26-1057", "HS-26-1063"]


def test_the_balance_of_a_vendor_is_what_is_open(desk: Desk) -> None:
    query = f"<VendorQueryRq><ListID>{desk.vendor()}</ListID></VendorQueryRq>"
    bill = desk.adds_bill()
    assert desk.answer(query).findtext("VendorRet/Balance") == "100.00"
    desk.screen.pay_bills(bills=[bill], fraction="0.25")
    assert desk.answer(query).findtext("VendorRet/Balance") == "75.00"


def test_a_restored_backup_forgets_bills_and_knows_when(desk: Desk) -> None:
    kept = desk.adds_bill(ref="kept")
    desk.screen.take_backup("b")
    lost = desk.adds_bill(ref="lost")
    desk.screen.restore_backup("b")
    assert desk.status(f"<BillQueryRq><TxnID>{lost}</TxnID></BillQueryRq>") == "500"
    assert desk.status(f"<BillQueryRq><TxnID>{kept}</TxnID></BillQueryRq>") == "0"
    assert outside_view.summary(desk.company)["last_restore"] == "2026-11-02T10:00:00"


@pytest.mark.parametrize("amount", ["1.005", "NaN", "Infinity", "ten"])
def test_what_is_no_amount_is_refused_in_a_sentence(desk: Desk, amount: str) -> None:
    with pytest.raises(ScreenRefusal):
        desk.screen.type_bill(vendor=desk.vendor(), lines=[{"account": desk.account("6110"), "amount": amount}])

"""Is this document in QuickBooks already? Proof, a careful link, or a question; never a guess."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from core_builders import GUID, OTHER_TAG, TAG, VENDOR, in_quickbooks, sought
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.core.books import ListId, TxnId
from ml_connector.core.matching import Verdict, match
from ml_connector.core.records import LedgerTxn, TxnKind

OTHER_VENDOR = ListId("80000099-1")


def verdict(candidates: list[LedgerTxn], **changes: Any) -> tuple[Verdict, str]:
    judged = match(sought(**changes), candidates)
    assert (judged.verdict is Verdict.QUESTION) == (judged.fault is not None)
    return judged.verdict, judged.fault.code if judged.fault else ""


def test_nothing_found_is_absent() -> None:
    assert verdict([]) == (Verdict.ABSENT, "")


def test_a_document_of_another_vendor_or_number_is_another_document() -> None:
    others = [in_quickbooks(vendor=OTHER_VENDOR), in_quickbooks(ref_number="INV-2"), in_quickbooks(ref_number="")]
    assert verdict(others) == (Verdict.ABSENT, "")


@pytest.mark.parametrize(
    "mark", [{"memo": f"INV-1 {TAG}"}, {"memo": f"moved {TAG} by hand"}, {"external_guid": GUID.upper()}]
)
def test_our_mark_with_equal_vendor_and_amount_is_ours(mark: dict[str, str]) -> None:
    ours = in_quickbooks(txn_id=TxnId("9-9"), ref_number="changed by a person", **mark)
    judged = match(sought(), [in_quickbooks(), ours])
    assert (judged.verdict, judged.found) == (Verdict.OURS, ours)


def test_our_mark_is_proof_when_the_outcome_is_in_doubt_too() -> None:
    assert verdict([in_quickbooks(memo=TAG)], in_doubt=True) == (Verdict.OURS, "")


@pytest.mark.parametrize("change", [{"vendor": OTHER_VENDOR}, {"amount": Decimal("100.01")}])
def test_our_mark_on_another_vendor_or_amount_is_a_question(change: dict[str, Any]) -> None:
    for state in ({}, {"in_doubt": True}, {"post_new": True}):
        assert verdict([in_quickbooks(memo=TAG, **change)], **state) == (Verdict.QUESTION, "MLC-DUP-01")


def test_the_bill_it_had_earlier_is_ours_whatever_was_written_over_its_number_and_memo() -> None:
    earlier = in_quickbooks(ref_number="changed by a person")
    judged = match(sought(earlier_txn_id=earlier.txn_id), [earlier])
    assert (judged.verdict, judged.found) == (Verdict.OURS, earlier)


@pytest.mark.parametrize("change", [{"vendor": OTHER_VENDOR}, {"amount": Decimal("100.01")}])
def test_the_bill_it_had_earlier_with_another_vendor_or_amount_is_a_question(change: dict[str, Any]) -> None:
    earlier = in_quickbooks(ref_number="changed by a person", **change)
    for state in ({}, {"in_doubt": True}, {"post_new": True}):
        assert verdict([earlier], earlier_txn_id=earlier.txn_id, **state) == (Verdict.QUESTION, "MLC-DUP-01")


def test_one_of_ours_that_is_void_is_replaced_only_if_a_person_says_so() -> None:
    void = in_quickbooks(memo=TAG, amount=Decimal("0.00"))
    assert verdict([void]) == (Verdict.QUESTION, "MLC-DUP-01")
    assert verdict([void], post_new=True) == (Verdict.ABSENT, "")


def test_our_mark_twice_is_a_question() -> None:
    twice = [in_quickbooks(memo=TAG), in_quickbooks(memo=TAG, txn_id=TxnId("2-2"))]
    assert verdict(twice) == (Verdict.QUESTION, "MLC-DUP-03")


def test_a_changed_copy_does_not_hide_the_one_that_is_ours() -> None:
    ours = in_quickbooks(memo=TAG)
    copy = in_quickbooks(memo=TAG, txn_id=TxnId("2-2"), amount=Decimal("7.00"))
    judged = match(sought(), [copy, ours])
    assert (judged.verdict, judged.found) == (Verdict.OURS, ours)


@pytest.mark.parametrize("day", [date(2024, 3, 5), date(2024, 3, 1)], ids=["voucher date", "date on the paper"])
def test_what_a_person_typed_in_is_linked_if_everything_agrees(day: date) -> None:
    typed = in_quickbooks(txn_date=day, ref_number=" inv-1 ")
    judged = match(sought(), [typed])
    assert (judged.verdict, judged.found) == (Verdict.LINKABLE, typed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": Decimal("100.10")}, "its amount is 100.10 instead of 100.00"),
        ({"txn_date": date(2024, 3, 6)}, "its date is 2024-03-06 instead of 2024-03-05"),
    ],
)
def test_what_a_person_typed_in_with_a_difference_is_a_question_that_names_it(
    change: dict[str, Any], words: str
) -> None:
    judged = match(sought(), [in_quickbooks(**change)])
    assert judged.fault is not None
    assert judged.fault.code == "MLC-DUP-01"
    assert words in judged.fault.says
    assert "(TxnID " in judged.fault.says


def test_a_question_about_our_own_mark_gives_the_txn_id() -> None:
    judged = match(sought(), [in_quickbooks(memo=TAG, amount=Decimal("7.00"), txn_id=TxnId("4-2"))])
    assert judged.fault is not None
    assert "TxnID 4-2" in judged.fault.says
    assert "ml-connector link <ID> --txn-id <TxnID>" in judged.fault.do


def test_an_unknown_invoice_date_agrees_with_nothing() -> None:
    assert verdict([in_quickbooks(txn_date=date(2024, 3, 1))], invoice_date="") == (Verdict.QUESTION, "MLC-DUP-01")


def test_two_that_look_alike_are_a_question() -> None:
    alike = [in_quickbooks(), in_quickbooks(txn_id=TxnId("2-2"), amount=Decimal("7.00"))]
    assert verdict(alike) == (Verdict.QUESTION, "MLC-DUP-03")


def test_a_bill_of_another_basware_invoice_is_never_linked() -> None:
    assert verdict([in_quickbooks(memo=f"INV-1 {OTHER_TAG}")]) == (Verdict.QUESTION, "MLC-DUP-02")


@pytest.mark.parametrize("change", [{}, {"amount": Decimal("1.00")}, {"memo": "no mark"}])
def test_after_an_attempt_of_ours_a_look_alike_without_our_mark_is_a_question(change: dict[str, Any]) -> None:
    assert verdict([in_quickbooks(**change)], in_doubt=True) == (Verdict.QUESTION, "MLC-DUP-04")


def test_a_person_can_say_that_look_alikes_are_other_invoices() -> None:
    assert verdict([in_quickbooks(), in_quickbooks(memo=OTHER_TAG)], post_new=True) == (Verdict.ABSENT, "")


def test_a_person_can_name_the_right_one_whatever_else_differs() -> None:
    named = in_quickbooks(txn_id=TxnId("7-7"), ref_number="X", amount=Decimal("99.00"))
    judged = match(sought(wanted_txn_id="7-7"), [in_quickbooks(), named])
    assert (judged.verdict, judged.found) == (Verdict.LINKABLE, named)


@pytest.mark.parametrize("change", [{"txn_id": TxnId("8-8")}, {"vendor": OTHER_VENDOR}])
def test_a_named_document_that_is_not_there_or_another_vendors_is_a_question(change: dict[str, Any]) -> None:
    candidates = [in_quickbooks(**({"txn_id": TxnId("7-7")} | change))]
    assert verdict(candidates, wanted_txn_id="7-7") == (Verdict.QUESTION, "MLC-LINK-01")


CANDIDATES = st.lists(
    st.builds(
        LedgerTxn,
        kind=st.sampled_from([TxnKind.BILL, TxnKind.VENDOR_CREDIT]),
        txn_id=st.sampled_from([TxnId("1-1"), TxnId("2-2"), TxnId("3-3")]),
        txn_number=st.just(""),
        edit_sequence=st.just("1"),
        time_modified=st.just(""),
        vendor=st.sampled_from([VENDOR.list_id, VENDOR.list_id, OTHER_VENDOR]),
        txn_date=st.sampled_from([date(2024, 3, 5), date(2024, 3, 1), date(2024, 3, 9)]),
        amount=st.sampled_from([Decimal("100.00"), Decimal("100"), Decimal("100.01")]),
        ref_number=st.sampled_from(["INV-1", "inv-1", "INV-2", ""]),
        memo=st.sampled_from(["", "INV-1", TAG, f"x {TAG}", OTHER_TAG, TAG + OTHER_TAG, TAG[:-1]]),
        external_guid=st.sampled_from(["", "", GUID, GUID.upper(), "{00000000-0000-0000-0000-000000000000}"]),
    ),
    max_size=4,
)


@settings(max_examples=600)
@given(
    candidates=CANDIDATES,
    in_doubt=st.booleans(),
    post_new=st.booleans(),
    wanted=st.sampled_from(["", "", "1-1", "9-9"]),
)
def test_no_verdict_claims_more_than_quickbooks_showed(
    candidates: list[LedgerTxn], in_doubt: bool, post_new: bool, wanted: str
) -> None:
    judged = match(sought(in_doubt=in_doubt, post_new=post_new, wanted_txn_id=wanted), candidates)
    found = judged.found
    marked = [txn for txn in candidates if TAG in txn.memo or txn.external_guid.lower() == GUID]
    if judged.verdict is Verdict.OURS:
        assert found is not None
        assert found in marked
        assert (found.vendor, found.amount) == (VENDOR.list_id, Decimal("100.00"))
    if judged.verdict is Verdict.LINKABLE:
        assert found is not None
        assert found.vendor == VENDOR.list_id
        if wanted:
            assert found.txn_id == wanted
        else:
            assert not in_doubt
            assert found not in marked
            assert (found.amount, found.ref_number.upper()) == (Decimal("100.00"), "INV-1")
            assert OTHER_TAG not in found.memo
    if judged.verdict is Verdict.ABSENT:
        assert not marked
        assert not wanted
        assert post_new or not any(
            txn.vendor == VENDOR.list_id and txn.ref_number.upper() == "INV-1" for txn in candidates
        )
    if judged.verdict is Verdict.QUESTION:
        assert judged.fault is not None
        assert judged.fault.says


def test_a_named_bill_that_is_void_is_a_question_unless_the_invoice_is_over_nothing() -> None:
    void = in_quickbooks(txn_id=TxnId("7-7"), amount=Decimal("0.00"))
    assert verdict([void], wanted_txn_id="7-7") == (Verdict.QUESTION, "MLC-LINK-02")
    assert verdict([void], wanted_txn_id="7-7", total=Decimal("0.00")) == (Verdict.LINKABLE, "")

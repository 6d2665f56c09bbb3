"""Error recovery: what QuickBooks remembers of message sets."""

import pytest
from simulated_desk import Desk

from ml_connector.sandbox.quickbooks.refusals import HResult


def code(element: object) -> str | None:
    return element.attrib.get("messageSetStatusCode")  # type: ignore[attr-defined, no-any-return]


def test_the_same_set_sent_again_is_answered_from_memory_and_not_executed(desk: Desk) -> None:
    first = desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    again = desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert code(again) == "0"
    assert again.findtext("BillAddRs/BillRet/TxnID") == first.findtext("BillAddRs/BillRet/TxnID")
    assert desk.amounts() == ["100.00"]


def test_without_an_id_the_same_set_makes_a_second_bill(desk: Desk) -> None:
    desk.asks(desk.bill())
    desk.asks(desk.bill())
    assert desk.amounts() == ["100.00", "100.00"]


def test_an_id_used_for_other_contents_is_refused_with_9001(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert code(desk.asks(desk.bill(amounts=("7.00",)), attributes=' newMessageSetID="X"')) == "9001"
    assert desk.amounts() == ["100.00"]


def test_one_changed_byte_is_other_contents(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert code(desk.asks(desk.bill() + "\n", attributes=' newMessageSetID="X"')) == "9001"


def test_a_status_check_returns_the_saved_answer_as_often_as_asked(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    for _ in range(2):
        saved = desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')
        assert code(saved) == "0"
        assert saved.findtext("BillAddRs/BillRet/RefNumber") == "INV-1"


def test_a_status_check_of_an_unknown_set_says_9002_and_stores_nothing(desk: Desk) -> None:
    check = ' oldMessageSetID="X" newMessageSetID="X"'
    assert code(desk.asks("", attributes=check)) == "9002"
    assert code(desk.asks("", attributes=check)) == "9002"


def test_a_refused_request_is_remembered_too(desk: Desk) -> None:
    desk.asks(desk.bill(vendor="1-1"), attributes=' newMessageSetID="X"')
    saved = desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')
    assert saved[0].attrib["statusCode"] == "3140"


def test_clearing_forgets_the_set_and_clearing_again_says_600(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert code(desk.asks("", attributes=' oldMessageSetID="X"')) == "0"
    assert code(desk.asks("", attributes=' oldMessageSetID="X"')) == "600"
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert desk.amounts() == ["100.00", "100.00"]


def test_clear_all_forgets_every_set_of_the_application(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    desk.asks("", attributes=' oldMessageSetID="ClearAllMessageSets"')
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "9002"


def test_a_chain_clears_the_old_set_and_runs_the_new_one(desk: Desk) -> None:
    desk.asks(desk.bill(ref="A"), attributes=' newMessageSetID="X"')
    assert code(desk.asks(desk.bill(ref="B"), attributes=' oldMessageSetID="X" newMessageSetID="Y"')) == "0"
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "9002"
    assert code(desk.asks("", attributes=' oldMessageSetID="Y" newMessageSetID="Y"')) == "0"


def test_an_id_of_24_characters_is_refused_and_nothing_executed(desk: Desk) -> None:
    assert code(desk.asks(desk.bill(), attributes=f' newMessageSetID="{"X" * 24}"')) == "9004"
    assert desk.amounts() == []


def test_another_session_remembers_and_a_restored_backup_does_not(desk: Desk) -> None:
    desk.screen.take_backup("monday")
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    desk.new_session()
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "0"
    desk.passes(hours=1)
    desk.screen.restore_backup("monday")
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "9002"
    assert desk.amounts() == []
    restored = desk.answer("<CompanyActivityQueryRq/>").findtext("CompanyActivityRet/LastRestoreTime")
    assert restored == "2026-11-02T11:00:00-08:00"


def test_after_an_hresult_the_bill_may_stand_and_the_status_check_tells(desk: Desk) -> None:
    desk.faults.arm("hresult_after_save", only="BillAddRq")
    with pytest.raises(HResult) as raised:
        desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert raised.value.hexadecimal == "0x8004041C"
    assert desk.amounts() == ["100.00"]
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "0"


def test_the_memory_itself_can_fail_although_the_bill_stands(desk: Desk) -> None:
    desk.faults.arm("hresult_after_save_unrecorded", only="BillAddRq")
    with pytest.raises(HResult):
        desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert desk.amounts() == ["100.00"]
    assert code(desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')) == "9002"


@pytest.mark.parametrize(("kind", "hresult"), [("modal_dialog", "0x80040414"), ("quickbooks_busy", "0x80040401")])
def test_an_hresult_before_execution_leaves_nothing(desk: Desk, kind: str, hresult: str) -> None:
    desk.faults.arm(kind)
    with pytest.raises(HResult) as raised:
        desk.asks(desk.bill(), attributes=' newMessageSetID="X"')
    assert (raised.value.hexadecimal, desk.amounts(), desk.faults.counts[kind]) == (hresult, [], 1)


@pytest.mark.parametrize("kind", ["lock_3175", "lock_3176", "lock_3180", "internal_error_unsaved"])
def test_a_lock_or_internal_error_refuses_one_write_and_lets_the_next_through(desk: Desk, kind: str) -> None:
    desk.faults.arm(kind)
    assert desk.status(desk.bill()) == (kind[-4:] if kind.startswith("lock") else "1000")
    assert desk.amounts() == []
    assert desk.status(desk.bill()) == "0"


def test_an_internal_error_may_have_saved(desk: Desk) -> None:
    desk.faults.arm("internal_error_saved")
    assert desk.status(desk.bill()) == "1000"
    assert desk.amounts() == ["100.00"]


@pytest.mark.parametrize(("kind", "body"), [("recovery_only", []), ("recovery_beside", ["BillRet"])])
@pytest.mark.parametrize("check", ["", "the request again"])
def test_a_remembered_answer_may_name_what_was_saved(desk: Desk, kind: str, body: list[str], check: str) -> None:
    guid = "{7f3a9c1e-0000-4000-8000-00000000002a}"
    request = desk.bill(after_memo=f"<ExternalGUID>{guid}</ExternalGUID>") + desk.bill(vendor="1-1")
    saved = desk.asks(request, attributes=' newMessageSetID="X"').find("BillAddRs/BillRet")
    assert saved is not None
    desk.faults.arm(kind)
    old = "" if check else ' oldMessageSetID="X"'
    recalled = desk.asks(request if check else "", attributes=f'{old} newMessageSetID="X"')
    assert [rs.attrib["statusCode"] for rs in recalled] == ["0", "3140"]
    assert [[child.tag for child in rs] for rs in recalled] == [[*body, "ErrorRecovery"], []]
    recovery = recalled.find("BillAddRs/ErrorRecovery")
    assert recovery is not None
    names = ["TxnID", "TxnNumber", "EditSequence", "ExternalGUID"]
    assert [(child.tag, child.text) for child in recovery] == [(name, saved.findtext(name)) for name in names]
    assert desk.amounts() == ["100.00"]


def test_a_recovery_of_a_list_entry_names_its_list_id(desk: Desk) -> None:
    request = '<VendorAddRq requestID="1"><VendorAdd><Name>Nu&#233;</Name></VendorAdd></VendorAddRq>'
    desk.asks(request, attributes=' newMessageSetID="X"')
    desk.faults.arm("recovery_only")
    recalled = desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"')
    assert [child.tag for child in recalled[0][0]] == ["ListID", "EditSequence"]


def test_an_old_version_knows_no_recovery(desk: Desk) -> None:
    desk.asks(desk.bill(), attributes=' newMessageSetID="X"', version="10.0")
    desk.faults.arm("recovery_only")
    recalled = desk.asks("", attributes=' oldMessageSetID="X" newMessageSetID="X"', version="10.0")
    assert [child.tag for child in recalled[0]] == ["BillRet"]


def test_an_internal_error_may_name_what_it_saved(desk: Desk) -> None:
    desk.faults.arm("internal_error_recovery")
    rs = desk.answer(desk.bill())
    assert (rs.attrib["statusCode"], rs[0].tag) == ("1000", "ErrorRecovery")
    assert desk.reads_bill(rs.findtext("ErrorRecovery/TxnID") or "").findtext("AmountDue") == "100.00"


def test_include_none_answers_without_data(desk: Desk) -> None:
    answer = desk.asks(desk.bill(), attributes=' responseData="includeNone"')
    assert answer[0].attrib["statusCode"] == "0"
    assert len(answer[0]) == 0

"""The Web Connector's session: every call means something in every state, and a lost answer is never missed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.errors import Defect
from ml_connector.quickbooks.session import (
    MOVES,
    Call,
    Duty,
    Reply,
    SessionState,
    SignIn,
    after,
    authenticate_result,
    client_version_result,
    last_error_result,
    on_call,
    progress,
    reply_to_progress,
    state_after_sign_in,
)

READY, DUE, CLOSED = SessionState.READY, SessionState.ANSWER_DUE, SessionState.CLOSED


def test_every_call_means_something_in_every_state() -> None:
    assert set(MOVES) == {(state, call) for state in SessionState for call in Call}
    assert all(move.leads for move in MOVES.values())


def test_a_whole_session_goes_from_sign_in_to_goodbye() -> None:
    state = state_after_sign_in(SignIn.CURRENT_FILE)
    story = [
        (Call.SEND_REQUEST, Duty.FIND_WORK, Reply.HAND_OVER),
        (Call.RECEIVE_RESPONSE, Duty.TAKE_ANSWER, Reply.CONTINUE),
        (Call.SEND_REQUEST, Duty.FIND_WORK, Reply.NOTHING_LEFT),
        (Call.GET_LAST_ERROR, Duty.EXPLAIN, Reply.WAIT),
        (Call.SEND_REQUEST, Duty.FIND_WORK, Reply.HAND_OVER),
        (Call.RECEIVE_RESPONSE, Duty.TAKE_ANSWER, Reply.FINISHED),
        (Call.CLOSE_CONNECTION, Duty.SAY_GOODBYE, Reply.GOODBYE),
    ]
    for call, duty, reply in story:
        move = on_call(state, call)
        assert move.duty is duty
        assert not move.answer_lost
        state = after(state, call, reply)
    assert state is CLOSED


@pytest.mark.parametrize("call", [call for call in Call if call is not Call.RECEIVE_RESPONSE])
def test_while_an_answer_is_due_everything_else_means_that_it_is_lost(call: Call) -> None:
    assert on_call(DUE, call).answer_lost


@pytest.mark.parametrize("state", [state for state in SessionState if state is not DUE])
@pytest.mark.parametrize("call", list(Call))
def test_where_no_answer_is_due_none_is_lost(state: SessionState, call: Call) -> None:
    assert not on_call(state, call).answer_lost


@pytest.mark.parametrize("state", [state for state in SessionState if state is not DUE])
def test_an_answer_nobody_expects_is_kept_but_not_believed(state: SessionState) -> None:
    assert on_call(state, Call.RECEIVE_RESPONSE).duty is Duty.KEEP_EVIDENCE


def test_no_work_is_handed_over_in_a_session_that_is_ending_or_unknown() -> None:
    for state in (SessionState.CLOSING, CLOSED, SessionState.UNKNOWN):
        assert Reply.HAND_OVER not in on_call(state, Call.SEND_REQUEST).leads


@pytest.mark.parametrize("state", [CLOSED, SessionState.UNKNOWN])
@pytest.mark.parametrize("call", list(Call))
def test_nothing_brings_a_session_back_to_life(state: SessionState, call: Call) -> None:
    assert set(on_call(state, call).leads.values()) == {state}


def test_a_reply_that_does_not_belong_to_the_call_is_our_mistake() -> None:
    with pytest.raises(Defect):
        after(READY, Call.SEND_REQUEST, Reply.FINISHED)


@given(st.lists(st.tuples(st.sampled_from(Call), st.integers(min_value=0, max_value=9)), max_size=40))
def test_every_request_handed_over_is_answered_or_known_to_be_lost(story: list[tuple[Call, int]]) -> None:
    state, handed_over, settled = READY, 0, 0
    for call, choice in story:
        move = on_call(state, call)
        settled += move.answer_lost or move.duty is Duty.TAKE_ANSWER
        reply = sorted(move.leads)[choice % len(move.leads)]
        handed_over += reply is Reply.HAND_OVER
        state = after(state, call, reply)
        assert handed_over - settled == (state is DUE)


@given(st.integers(min_value=0, max_value=10**6), st.integers(min_value=-1, max_value=10**6))
def test_the_bar_is_full_only_when_no_work_is_left(done: int, left: int) -> None:
    percent = progress(done, left)
    assert (percent == 100) == (left <= 0)
    assert 0 <= percent <= 100
    assert reply_to_progress(percent) is (Reply.FINISHED if left <= 0 else Reply.CONTINUE)
    assert reply_to_progress(-1) is Reply.FAILED


def test_sign_in_is_answered_with_two_to_four_items() -> None:
    assert authenticate_result("t") == ("t", "")
    assert authenticate_result("t", r"C:\Books\acme.qbw") == ("t", r"C:\Books\acme.qbw")
    assert authenticate_result("t", SignIn.REFUSED) == ("t", "nvu")
    assert authenticate_result("t", SignIn.NOTHING_TO_DO, postpone_s=600) == ("t", "none", "600")
    assert authenticate_result("t", minimum_interval_s=300) == ("t", "", "0", "300")
    for wrong in ("NVU", "none", " busy "):
        with pytest.raises(Defect):
            authenticate_result("t", wrong)
    with pytest.raises(Defect):
        authenticate_result("")
    with pytest.raises(Defect):
        authenticate_result("t", postpone_s=-1)


def test_a_session_that_was_turned_away_is_only_closed() -> None:
    assert state_after_sign_in(None) is READY
    for outcome in (SignIn.REFUSED, SignIn.BUSY, SignIn.NOTHING_TO_DO):
        assert state_after_sign_in(outcome) is SessionState.CLOSING


def test_a_sentence_is_never_taken_for_a_command() -> None:
    assert last_error_result("NoOp") == "NoOp."
    assert last_error_result("interactive mode") == "interactive mode."
    assert last_error_result(" ") == "No error."
    assert last_error_result("The company file\nis not ours.") == "The company file is not ours."


def test_the_web_connectors_version_is_answered_in_its_own_syntax() -> None:
    assert client_version_result() == ""
    assert client_version_result(warning="old") == "W:old"
    assert client_version_result(refusal="no") == "E:no"
    assert client_version_result(needed="2.3") == "O:2.3"

"""One session with the Web Connector, as a table without I/O: which call means what, and what it leads to.

The Web Connector is the only one that speaks first, and it can die between any two calls. Two rules carry the rest:

1. While an answer is due, every other call, and silence, means that the answer is lost (`answer_lost`): queries may be
   sent again, and writes are asked after.
2. 100 percent ends the session, so it is never answered while work remains.

Everything that decides transitions is in `MOVES`; the caller keeps the state between calls, beside the ticket.
Source: QBWC Programmer's Guide, chapters 5 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ml_connector.core.errors import Defect
from ml_connector.quickbooks import limits


class SessionState(StrEnum):
    """Where a session stands. The value is what rows hold."""

    UNKNOWN = "unknown"  #: the ticket is not ours, or was forgotten
    READY = "ready"  #: signed in; a request is expected to be fetched
    ANSWER_DUE = "answer_due"  #: a request was handed over; its answer is expected
    EXPLAINING = "explaining"  #: getLastError is expected
    CLOSING = "closing"  #: closeConnection is expected
    CLOSED = "closed"  #: over: closed, superseded by a newer session, or silent for too long


class Call(StrEnum):
    """What can happen to a session: the Web Connector's calls by name, a newer session, and silence."""

    SEND_REQUEST = "sendRequestXML"
    RECEIVE_RESPONSE = "receiveResponseXML"
    CONNECTION_ERROR = "connectionError"
    GET_LAST_ERROR = "getLastError"
    CLOSE_CONNECTION = "closeConnection"
    SUPERSEDED = "authenticate"  #: of the same connection, while this session was still there
    SILENCE = "silence"  #: not heard of for longer than any session lasts


class Duty(StrEnum):
    """What the call asks of us."""

    FIND_WORK = "find_work"  #: choose the next message, or none
    TAKE_ANSWER = "take_answer"  #: store and understand the answer that was due
    KEEP_EVIDENCE = "keep_evidence"  #: an answer nobody expects: store it, believe nothing yet
    EXPLAIN = "explain"  #: say what went wrong, or ask the Web Connector to wait
    HELP_OPEN = "help_open"  #: QuickBooks could not be opened: give up, or name another path
    SAY_GOODBYE = "say_goodbye"  #: one line that the Web Connector shows
    TURN_AWAY = "turn_away"  #: nothing can be done under this ticket; answer harmlessly


class Reply(StrEnum):
    """What we answer, by its meaning; `ReplyText` below are the strings and numbers."""

    HAND_OVER = "hand_over"  #: sendRequestXML: qbXML
    NOTHING_LEFT = "nothing_left"  #: sendRequestXML: no more work; getLastError follows
    CONTINUE = "continue"  #: receiveResponseXML: 0 to 99 percent; sendRequestXML follows
    FINISHED = "finished"  #: receiveResponseXML: 100 percent; closeConnection follows
    FAILED = "failed"  #: receiveResponseXML: below zero; getLastError follows
    WAIT = "wait"  #: getLastError: come back in five seconds
    TELL = "tell"  #: getLastError: a sentence; closeConnection follows
    STOP = "stop"  #: connectionError: give up
    OPEN_FILE = "open_file"  #: connectionError: try this path
    GOODBYE = "goodbye"  #: closeConnection
    NONE = "none"  #: not a call that is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a call means in a state, and where each allowed reply leads."""

    duty: Duty
    leads: dict[Reply, SessionState]
    answer_lost: bool = False  #: the answer that was due will not come


_S, _C, _D, _R = SessionState, Call, Duty, Reply


def _find_work(*, lost: bool = False) -> Move:
    return Move(
        duty=_D.FIND_WORK,
        answer_lost=lost,
        leads={_R.HAND_OVER: _S.ANSWER_DUE, _R.NOTHING_LEFT: _S.EXPLAINING},
    )


def _explain(*, lost: bool = False) -> Move:
    return Move(duty=_D.EXPLAIN, answer_lost=lost, leads={_R.WAIT: _S.READY, _R.TELL: _S.CLOSING})


def _help_open(*, lost: bool = False) -> Move:
    return Move(duty=_D.HELP_OPEN, answer_lost=lost, leads={_R.STOP: _S.CLOSING, _R.OPEN_FILE: _S.READY})


def _goodbye(*, lost: bool = False) -> Move:
    return Move(duty=_D.SAY_GOODBYE, answer_lost=lost, leads={_R.GOODBYE: _S.CLOSED})


def _over(*, lost: bool = False) -> Move:
    return Move(duty=_D.TURN_AWAY, answer_lost=lost, leads={_R.NONE: _S.CLOSED})


def _evidence(reply: Reply, state: SessionState) -> Move:
    return Move(duty=_D.KEEP_EVIDENCE, leads={reply: state})


def _turn_away(reply: Reply, state: SessionState) -> Move:
    return Move(duty=_D.TURN_AWAY, leads={reply: state})


MOVES: dict[tuple[SessionState, Call], Move] = {
    (_S.READY, _C.SEND_REQUEST): _find_work(),
    # Delivered twice: the first one was taken.
    (_S.READY, _C.RECEIVE_RESPONSE): _evidence(_R.CONTINUE, _S.READY),
    (_S.READY, _C.CONNECTION_ERROR): _help_open(),
    (_S.READY, _C.GET_LAST_ERROR): _explain(),
    (_S.READY, _C.CLOSE_CONNECTION): _goodbye(),
    (_S.READY, _C.SUPERSEDED): _over(),
    (_S.READY, _C.SILENCE): _over(),
    (_S.ANSWER_DUE, _C.RECEIVE_RESPONSE): Move(
        duty=_D.TAKE_ANSWER,
        leads={_R.CONTINUE: _S.READY, _R.FINISHED: _S.CLOSING, _R.FAILED: _S.EXPLAINING},
    ),
    (_S.ANSWER_DUE, _C.SEND_REQUEST): _find_work(lost=True),
    (_S.ANSWER_DUE, _C.CONNECTION_ERROR): _help_open(lost=True),
    (_S.ANSWER_DUE, _C.GET_LAST_ERROR): _explain(lost=True),
    (_S.ANSWER_DUE, _C.CLOSE_CONNECTION): _goodbye(lost=True),
    (_S.ANSWER_DUE, _C.SUPERSEDED): _over(lost=True),
    (_S.ANSWER_DUE, _C.SILENCE): _over(lost=True),
    (_S.EXPLAINING, _C.GET_LAST_ERROR): _explain(),
    # New work may have come since it was told that none is left.
    (_S.EXPLAINING, _C.SEND_REQUEST): _find_work(),
    (_S.EXPLAINING, _C.RECEIVE_RESPONSE): _evidence(_R.FAILED, _S.EXPLAINING),
    (_S.EXPLAINING, _C.CONNECTION_ERROR): _help_open(),
    (_S.EXPLAINING, _C.CLOSE_CONNECTION): _goodbye(),
    (_S.EXPLAINING, _C.SUPERSEDED): _over(),
    (_S.EXPLAINING, _C.SILENCE): _over(),
    (_S.CLOSING, _C.CLOSE_CONNECTION): _goodbye(),
    (_S.CLOSING, _C.SEND_REQUEST): _turn_away(_R.NOTHING_LEFT, _S.CLOSING),
    (_S.CLOSING, _C.RECEIVE_RESPONSE): _evidence(_R.FINISHED, _S.CLOSING),
    (_S.CLOSING, _C.CONNECTION_ERROR): _turn_away(_R.STOP, _S.CLOSING),
    (_S.CLOSING, _C.GET_LAST_ERROR): _turn_away(_R.TELL, _S.CLOSING),
    (_S.CLOSING, _C.SUPERSEDED): _over(),
    (_S.CLOSING, _C.SILENCE): _over(),
    # A ticket that is over or was never ours is answered harmlessly: a fault would end in a misleading error message.
    **{
        (state, call): move
        for state in (_S.CLOSED, _S.UNKNOWN)
        for call, move in (
            (_C.SEND_REQUEST, _turn_away(_R.NOTHING_LEFT, state)),
            (_C.RECEIVE_RESPONSE, _evidence(_R.FAILED, state)),
            (_C.CONNECTION_ERROR, _turn_away(_R.STOP, state)),
            (_C.GET_LAST_ERROR, _turn_away(_R.TELL, state)),
            (_C.CLOSE_CONNECTION, Move(duty=_D.SAY_GOODBYE, leads={_R.GOODBYE: state})),
            (_C.SUPERSEDED, _turn_away(_R.NONE, state)),
            (_C.SILENCE, _turn_away(_R.NONE, state)),
        )
    },
}


def on_call(state: SessionState, call: Call) -> Move:
    """Return what a call means in a state. Every call means something in every state."""
    return MOVES[state, call]


def after(state: SessionState, call: Call, reply: Reply) -> SessionState:
    """Return the state that follows a reply.

    Raises:
        Defect: the reply is none of this call's.
    """
    try:
        return MOVES[state, call].leads[reply]
    except KeyError:
        raise Defect(f"{reply.name} is no answer to {call} in {state.name}.") from None


class SignIn(StrEnum):
    """Second item of authenticate's result, where it is not the path of a company file."""

    CURRENT_FILE = ""  #: use the company file that is open
    NOTHING_TO_DO = "none"
    REFUSED = "nvu"  #: user or password unknown
    BUSY = "busy"


def state_after_sign_in(outcome: SignIn | None) -> SessionState:
    """Return the state of a new session; None stands for a company file's path.

    With a file it works; turned away, it is only closed.
    """
    return SessionState.READY if outcome in (None, SignIn.CURRENT_FILE) else SessionState.CLOSING


def authenticate_result(
    ticket: str,
    outcome: SignIn | str = SignIn.CURRENT_FILE,
    *,
    postpone_s: int | None = None,
    minimum_interval_s: int | None = None,
) -> tuple[str, ...]:
    """Return authenticate's array: ticket, outcome or path of the company file, and the advisory times in seconds.

    Raises:
        Defect: no ticket (the array needs one even when it is turned away), a path that is one of the reserved words in
            other letters, or a negative time.
    Source: QBWC Programmer's Guide, authenticate.
    """
    if not ticket:
        raise Defect("authenticate must be answered with a ticket, whatever the outcome.")
    if not isinstance(outcome, SignIn) and outcome.strip().lower() in ("none", "nvu", "busy", "done"):
        raise Defect(f"{outcome!r} is no path of a company file.")
    times = [postpone_s, minimum_interval_s]
    if any(time is not None and time < 0 for time in times):
        raise Defect("The Web Connector's times are counted in seconds from zero.")
    while times and times[-1] is None:
        times.pop()
    # The fourth item has a place only behind a third; zero postpones nothing.
    return (ticket, str(outcome), *(str(time or 0) for time in times))


def client_version_result(*, warning: str = "", refusal: str = "", needed: str = "") -> str:
    """Return clientVersion's string: empty to go on, or a warning, a refusal, or the version the Web Connector needs.

    Source: QBWC Programmer's Guide, clientVersion.
    """
    if needed:
        return f"O:{needed}"
    if refusal:
        return f"E:{refusal}"
    return f"W:{warning}" if warning else ""


def progress(done: int, left: int) -> int:
    """Return receiveResponseXML's number while all is well: 0 to 99 while work remains, 100 when none is left.

    `done` and `left` count messages of this session; more may come up while it runs, and then the bar goes back.
    """
    if left <= 0:
        return limits.PROGRESS_FINISHED
    return min(limits.PROGRESS_WHILE_WORK_REMAINS, done * 100 // (done + left))


#: Strings the Web Connector understands. Source: QBWC Programmer's Guide, getLastError and connectionError.
WAIT_FIVE_SECONDS = "NoOp"
GIVE_UP = "done"
NO_REQUEST = ""


def last_error_result(sentence: str) -> str:
    """Return getLastError's string for a sentence: never one of the words that the Web Connector acts on."""
    plain = " ".join(sentence.split())
    if plain.lower() in ("", "noop", "interactive mode"):
        return "No error." if not plain else f"{plain}."
    return plain


def reply_to_progress(percent: int) -> Reply:
    """Return the meaning of a number that receiveResponseXML answers."""
    if percent < 0:
        return Reply.FAILED
    return Reply.FINISHED if percent >= limits.PROGRESS_FINISHED else Reply.CONTINUE

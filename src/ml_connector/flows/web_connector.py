"""The Web Connector's session: every call answered within one transaction.

What a call means is `quickbooks.session`'s table; what work there is, the errands know. This module holds the two
together and keeps the session's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.exchange import Exchange
from ml_connector.flows import company, polls, sign_in
from ml_connector.flows.bills import Bills
from ml_connector.flows.changes import Changes
from ml_connector.flows.checks import Checks
from ml_connector.flows.doubts import Doubts
from ml_connector.flows.drift import Drift
from ml_connector.flows.dry_run import Trials
from ml_connector.flows.lists import Lists
from ml_connector.flows.payments import Payments
from ml_connector.flows.restored import Restored, may_write
from ml_connector.flows.settling import answer_lost
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.flows.visit import Answer, Errand, Visit
from ml_connector.quickbooks.failures import UNREADABLE, classify_hresult
from ml_connector.quickbooks.session import (
    GIVE_UP,
    NO_REQUEST,
    Call,
    Duty,
    Move,
    Reply,
    SessionState,
    SignIn,
    after,
    authenticate_result,
    last_error_result,
    on_call,
    progress,
    reply_to_progress,
    state_after_sign_in,
)
from ml_connector.quickbooks.versions import NEWEST, read_version
from ml_connector.store import sessions
from ml_connector.store.chain import Entry, ExchangeRef, Ledger, writing
from ml_connector.store.models import Connection, Session

_COMPANY = "company"
#: First of all it is made sure that the file is no older one. Then come doubts: nothing new is written while the outcome of
#: an earlier write is unknown.
_ERRANDS: tuple[Errand, ...] = (
    Restored(),
    Doubts(),
    Lists(),
    Checks(),
    Changes(),
    Bills(),
    Trials(),
    Payments(),
    Drift(),
)

_SESSIONS_KEPT = timedelta(days=30)


@dataclass(slots=True)
class WebConnectorService:
    """The SOAP methods, for one connection named in the address. Arguments come as texts, as they were received."""

    surroundings: Surroundings
    connection: Connection

    def server_version(self, version: str) -> str:
        """Answer serverVersion."""
        return version

    def client_version(self, version: str) -> str:
        """Answer clientVersion: nothing, by which every version is taken."""
        sessions.note_client_version(self.connection.pk, version)
        return ""

    # Signing in.

    def authenticate(self, user: str, password: str) -> tuple[str, ...]:
        """Answer authenticate: a new ticket that supersedes every earlier one, or a refusal that says nothing more."""
        now = self.surroundings.clock()
        ticket = sessions.new_ticket()
        if not sign_in.is_let_in(self.surroundings, self.connection, user, password, now):
            sessions.note_refusal(self.connection.pk, now)
            return authenticate_result(ticket, SignIn.REFUSED)
        with writing(self.connection.pk, now) as ledger:
            self._end_live_session(ledger, Call.SUPERSEDED)
            # A set may be awaited without a live session: its session fell silent, or the process died.
            self._lose(ledger, "A new session began before the answer came.")
            outcome = SignIn.NOTHING_TO_DO if ledger.connection.paused else SignIn.CURRENT_FILE
            state = state_after_sign_in(outcome)
            sessions.open_session(ledger.connection, ticket, state.value, now)
            sessions.forget_old_sessions(ledger.connection.pk, now - _SESSIONS_KEPT)
            polls.remember(ledger.connection, now)
            ledger.connection.save(update_fields=polls.COLUMNS)
        return authenticate_result(ticket, outcome)

    def _end_live_session(self, ledger: Ledger, call: Call) -> None:
        live = sessions.live_session(ledger.connection.pk)
        if live is None:
            return
        move = on_call(SessionState(live.phase), call)
        if move.answer_lost:
            self._lose(ledger, "The session ended before the answer came.")

    # Working.

    def send_request(self, ticket: str, hcp: str, path: str, major: str, minor: str) -> str:
        """Answer sendRequestXML: the next message set, or nothing."""
        with self._call(ticket, Call.SEND_REQUEST) as call:
            if call.move.duty is not Duty.FIND_WORK:
                call.reply(Reply.NOTHING_LEFT)
                return NO_REQUEST
            if call.ledger.connection.paused:
                call.explain(f"The connection is paused: {call.ledger.connection.pause_reason}")
                call.reply(Reply.NOTHING_LEFT)
                return NO_REQUEST
            try:
                text = self._next_request(call, hcp, path, major, minor)
            except NeedsOperator as problem:
                call.explain(str(problem))
                text = None
            if text is None:
                call.reply(Reply.NOTHING_LEFT)
                return NO_REQUEST
            call.session.asked_at = call.ledger.now
            if not sessions.is_in_flight(call.ledger.connection.pk):
                # The text of a write stands in its message set already.
                call.session.work["asked"] = text
            call.reply(Reply.HAND_OVER)
            return text

    def _next_request(self, call: _OpenCall, hcp: str, path: str, major: str, minor: str) -> str | None:
        session = call.session
        if not session.company_known:
            if not hcp.strip():
                session.work |= {"errand": _COMPANY, "told": [path, major, minor]}
                return company.question(call.ledger.connection)
            company.identify(call.ledger, hcp, path, major, minor)
            session.company_known = True
        return call.errands.ask()

    def receive_response(self, ticket: str, response: str, hresult: str, message: str) -> int:
        """Answer receiveResponseXML: how far we are, in percent; below zero if the session cannot go on."""
        with self._call(ticket, Call.RECEIVE_RESPONSE) as call:
            if call.move.duty is not Duty.TAKE_ANSWER:
                if response.strip():
                    call.keep_evidence(response)
                reply = next(iter(call.move.leads))
                call.reply(reply)
                return {Reply.CONTINUE: 0, Reply.FINISHED: 100}.get(reply, -1)
            in_flight = sessions.in_flight(call.ledger.connection.pk)
            failure = None
            if hresult.strip() or not response.strip():
                failure = classify_hresult(
                    hresult or "0x80040402",
                    message,
                    write_in_flight=bool(in_flight),
                )
                call.explain(f"{failure.says} {failure.do} ({failure.hresult})")
            asked = in_flight[0].text if in_flight else call.session.work.pop("asked", "")
            answer = Answer(response, failure, asked, lambda: call.keep("receiveResponseXML", asked, response, hresult))
            try:
                self._take(call, answer)
            except NeedsOperator as problem:
                call.explain(str(problem))
                call.reply(Reply.FAILED)
                return -1
            call.session.work["done"] = call.session.work.get("done", 0) + 1
            # A query that QuickBooks cannot read leaves its session whole, and the rest of the work goes on in it.
            goes_on = failure is None or (
                failure.hresult == UNREADABLE and call.session.company_known and not in_flight
            )
            if not goes_on:
                call.reply(Reply.FAILED)
                return -1
            percent = progress(call.session.work["done"], call.errands.left())
            call.reply(reply_to_progress(percent))
            return percent

    def _take(self, call: _OpenCall, answer: Answer) -> None:
        session = call.session
        if session.work.get("errand") != _COMPANY:
            call.errands.take(answer)
            return
        session.work.pop("errand")
        path, major, minor = session.work.pop("told")
        if answer.failure is None:
            company.identify(call.ledger, answer.text, path, major, minor)
            session.company_known = True

    # When something is wrong, and the end.

    def connection_error(self, ticket: str, hresult: str, message: str) -> str:
        """Answer connectionError: QuickBooks could not be opened; the Web Connector tries again at its next time."""
        with self._call(ticket, Call.CONNECTION_ERROR) as call:
            if call.move.duty is Duty.HELP_OPEN:
                failure = classify_hresult(hresult, message, write_in_flight=False)
                words = f"{failure.says} {failure.do} ({failure.hresult}: {message})"
                call.explain(words)
                call.note_on_connection(words)
            call.reply(Reply.STOP)
            return GIVE_UP

    def get_last_error(self, ticket: str) -> str:
        """Answer getLastError: one sentence, which the Web Connector shows."""
        with self._call(ticket, Call.GET_LAST_ERROR) as call:
            call.explain_if_answer_lost()
            call.reply(Reply.TELL)
            if call.move.duty is Duty.TURN_AWAY and not call.session.pk:
                return "The session is over; the next run of the Web Connector begins a new one."
            return last_error_result(call.session.last_error or "Nothing is waiting for QuickBooks at the moment.")

    def close_connection(self, ticket: str) -> str:
        """Answer closeConnection."""
        with self._call(ticket, Call.CLOSE_CONNECTION) as call:
            call.reply(Reply.GOODBYE)
            session = call.session
            if not session.pk or session.closed_at is not None:
                return "OK"
            session.closed_at = call.ledger.now
            call.explain_if_answer_lost()
            if session.last_error:
                call.note_on_connection(session.last_error)
                return last_error_result(session.last_error)
            if not session.company_known:
                return "OK, QuickBooks was not asked anything."  # which says nothing about whether it can be
            connection = call.ledger.connection
            connection.last_success_at = call.ledger.now
            connection.last_session_note = ""
            connection.save(update_fields=["last_success_at", "last_session_note"])
            done = session.work.get("done", 0)
            return f"OK, {done} {'exchange' if done == 1 else 'exchanges'}." if done else "OK, nothing was waiting."

    # The frame around every call.

    def _call(self, ticket: str, call: Call) -> _OpenCall:
        return _OpenCall(self, ticket, call)

    def _lose(self, ledger: Ledger, why: str) -> None:
        answer_lost(ledger, sessions.in_flight(ledger.connection.pk), why)


class _OpenCall:
    """One call: a transaction, the session's row, and what the call means in the state the session is in."""

    def __init__(self, service: WebConnectorService, ticket: str, call: Call) -> None:
        self._service = service
        self._ticket = ticket
        self._call = call

    def __enter__(self) -> _OpenCall:
        service = self._service
        now = service.surroundings.clock()
        self._frame = writing(service.connection.pk, now, actor="web connector")
        self.ledger: Ledger = self._frame.__enter__()
        try:
            self._begin(service)
        except BaseException as error:
            self._frame.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def _begin(self, service: WebConnectorService) -> None:
        now = self.ledger.now
        settings = settings_of(self.ledger.connection)
        found = sessions.find_session(self._ticket)
        if found is not None and found.connection_id != service.connection.pk:
            found = None  # a ticket of another connection opens nothing here
        self.session = found or Session(connection=self.ledger.connection, opened_at=now, last_call_at=now)
        state = SessionState(found.phase) if found is not None else SessionState.UNKNOWN
        if found is not None and not sessions.is_live(found, now, settings.session_expires_s):
            if found.closed_at is None:
                self._lose_if(on_call(state, Call.SILENCE))
                found.closed_at = now
            state = SessionState.CLOSED
        self.state = state
        self.move = on_call(state, self._call)
        self._lose_if(self.move)
        self.session.last_call_at = now
        self.session.calls += 1
        version = read_version(self.ledger.connection.qbxml_version) or NEWEST
        self.errands = _Errands(
            Visit(
                surroundings=service.surroundings,
                ledger=self.ledger,
                session=self.session,
                settings=settings,
                version=version,
                notes={},
            )
        )

    def _lose_if(self, move: Move) -> None:
        if move.answer_lost:
            self._service._lose(self.ledger, "The session went on, or ended, without the answer.")
            _begin_anew(self.session)

    def reply(self, reply: Reply) -> None:
        """Note what is answered, and so where the session stands."""
        self.session.phase = after(self.state, self._call, reply).value

    def explain(self, sentence: str) -> None:
        """Keep a sentence for getLastError and for the people who run this."""
        self.session.last_error = sentence[:500]

    def explain_if_answer_lost(self) -> None:
        """Say that an answer was due when the Web Connector went over to something else, unless more is known."""
        if self.move.answer_lost and not self.session.last_error:
            self.explain(
                "The Web Connector ended the session before QuickBooks' answer came; QuickBooks is asked again."
            )

    def note_on_connection(self, sentence: str) -> None:
        """Show a sentence on the connection until a session succeeds."""
        self.ledger.connection.last_session_note = sentence[:500]
        self.ledger.connection.save(update_fields=["last_session_note"])

    def keep(self, what: str, request: str, response: str, status: str) -> ExchangeRef:
        """Store an exchange with QuickBooks."""
        return self.ledger.keep(
            Exchange(
                system="quickbooks",
                what=what,
                request=request.encode(),
                response=response.encode(),
                status=status,
            )
        )

    def keep_evidence(self, response: str) -> None:
        """Store an answer that nobody expects. QuickBooks is asked anyway; this is for the people who look into it."""
        ref = self.keep("receiveResponseXML, unexpected", "", response, "")
        words = "An answer came for a session that is over; it was stored and not acted on."
        self.ledger.note(Entry(event="late_answer", words=words, exchange=ref))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None and self.session.pk:
            sessions.save_session(self.session)
        self._frame.__exit__(kind, error, trace)  # type: ignore[arg-type]


def _begin_anew(session: Session) -> None:
    """An answer was lost while the session went on. What was asked is asked again from its beginning: QuickBooks' next
    page would leave the lost one out."""
    session.work.pop("asked", None)
    session.work["done"] = session.work.get("done", 0) + 1
    for notes in session.work.get("notes", {}).values():
        for name in ("reading", "looking", "adding", "modifying", "set", "stage", "remembered"):
            notes.pop(name, None)


class _Errands:
    """Walks the errands in order. An errand that has nothing more to ask is not asked again in this session, but for
    bills, which may have been planned meanwhile."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def ask(self) -> str | None:
        """Return the next message set of any errand, or None."""
        self._visit.version = read_version(self._visit.connection.qbxml_version) or NEWEST
        for errand in _ERRANDS:
            if self._has_work(errand):
                text = errand.ask(self._visit)
                if text is not None:
                    self._visit.session.work["errand"] = errand.name
                    return text
        self._visit.session.work.pop("errand", None)
        return None

    def take(self, answer: Answer) -> None:
        """Hand an answer to the errand that asked."""
        for errand in _ERRANDS:
            if errand.name == self._visit.session.work.get("errand"):
                self._open(errand)
                errand.take(self._visit, answer)

    def left(self) -> int:
        """Return how much is left to be done in this session, 0 only if nothing is."""
        left = 0
        for errand in _ERRANDS:
            if self._has_work(errand):
                left += max(1, errand.remaining(self._visit))
        return left

    def _has_work(self, errand: Errand) -> bool:
        self._open(errand)
        return (not errand.writes or may_write(self._visit)) and errand.has_work(self._visit)

    def _open(self, errand: Errand) -> None:
        notes = self._visit.session.work.setdefault("notes", {})
        self._visit.notes = notes.setdefault(errand.name, {})

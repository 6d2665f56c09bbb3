"""The Web Connector: one update session with one service, call by call.

    serverVersion, clientVersion, authenticate
      none | nvu | busy -> closeConnection
      QuickBooks opens (two attempts) - failing: connectionError -> done | another path to try
      loop: sendRequestXML -> QuickBooks -> receiveResponseXML
        ''  -> getLastError -> NoOp: wait 5 s and loop | a text: closeConnection
        100 -> closeConnection       below 0 -> getLastError, closeConnection

`session` is a generator that pauses at every call boundary and names it (`before sendRequestXML`, `in QuickBooks`,
`after receiveResponseXML` ...). Closing it there is what a crash of the program looks like from outside: nothing more
is called, nothing is cleaned up. (QBWC Programmer's Guide ch. 3, 5 and 8; public QWCLog.txt excerpts.)
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from ml_connector.sandbox.quickbooks import soap
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop, QuickBooksSession
from ml_connector.sandbox.quickbooks.faults import FaultInjector
from ml_connector.sandbox.quickbooks.hostclock import Clock
from ml_connector.sandbox.quickbooks.qwc_file import QwcFile
from ml_connector.sandbox.quickbooks.refusals import COULD_NOT_START, HResult
from ml_connector.sandbox.quickbooks.transports import Reply, Transport

VERSION = "34.0.10022.31"
QBWC_OWNER_ID = "{A8A0E1E2-52C4-4B1C-9E5D-3C6C64A71B0F}"  #: owner of the AppLock data extension
NO_OP_WAIT_S = 5.0
_CONNECT_ATTEMPTS = 2
_MOST_CONNECT_ROUNDS = 10  # the guide warns of endless connectionError loops; the sandbox ends them
_MOST_OVERTAKING = 4  # message sets of later sessions, before a late request reaches QuickBooks
_REQUEST_NAME = re.compile(r"<(\w+Rq)\b")

Boundaries = Generator[str, None, "SessionOutcome"]


@dataclass(slots=True, kw_only=True)
class SessionOutcome:
    """How one update session went."""

    number: int  #: counts from 1
    application: str
    started: str  #: UTC, ISO 8601
    finished: str = ""
    result: str = "running"  #: completed, no data exchange, invalid user, busy, error, killed
    detail: str = ""
    calls: int = 0  #: SOAP calls made
    message_sets: int = 0  #: message sets given to QuickBooks


@dataclass(slots=True, kw_only=True)
class Schedule:
    """What authenticate said about the next runs."""

    postponed_s: float = 0.0  #: authenticate[2]: the next run is the last run plus this, once
    minimum_s: float = 0.0  #: authenticate[3]: lower limit of the interval


class _Killed(Exception):
    """The process ends here, without another call."""


class _Stopped(Exception):
    """The session ends early but in order; carries the result and its detail."""

    def __init__(self, result: str, detail: str) -> None:
        super().__init__(detail)
        self.result = result
        self.detail = detail


class WebConnector:
    """One application of the Web Connector on one Windows machine."""

    def __init__(
        self,
        desktop: QuickBooksDesktop,
        qwc: QwcFile,
        password: str,
        *,
        transport: Transport,
        clock: Clock,
        sleep: Callable[[float], None],
        faults: FaultInjector | None = None,
        no_op_wait_s: float = NO_OP_WAIT_S,
        machine: str = "BOOKS-PC",
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.qwc = qwc
        self.calls: Counter[str] = Counter()  #: SOAP calls by method
        self.sessions: deque[SessionOutcome] = deque(maxlen=500)
        self.schedule = Schedule()
        self.no_op_wait_s = no_op_wait_s
        self._desktop = desktop
        self._password = password
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._faults = faults or desktop.faults
        self._machine = machine
        self._log = log or (lambda line: None)
        self._count = 0
        self._outcome = SessionOutcome(number=0, application=qwc.app_name, started="")
        self._quickbooks: QuickBooksSession | None = None
        self._late: tuple[str, int] | None = None  #: a request still on its way, and message sets that overtake it

    def update(self) -> SessionOutcome:
        """Run one session to its end, or to the crash that the armed faults hold for it."""
        steps = self.session()
        while True:
            try:
                boundary = next(steps)
            except StopIteration as finished:
                outcome: SessionOutcome = finished.value
                return outcome
            if self._faults.fires("crash", boundary):
                steps.close()
                self._outcome.detail = f"crashed {boundary}"
                return self._outcome

    def session(self) -> Boundaries:
        """One session as a sequence of boundaries; returns its outcome. Close the generator to kill the program."""
        self._count += 1
        outcome = SessionOutcome(number=self._count, application=self.qwc.app_name, started=self._now())
        self._outcome = outcome
        self.sessions.append(outcome)
        self._say(f"Updates are enabled for application '{self.qwc.app_name}'. Update started.")
        ticket = ""
        try:
            yield from self._versions()
            ticket, path = yield from self._authenticate()
            quickbooks = yield from self._open_quickbooks(ticket, path)
            yield from self._exchange(ticket, quickbooks)
            yield from self._close(ticket)
            outcome.result = "completed"
        except _Stopped as stopped:
            outcome.result, outcome.detail = stopped.result, stopped.detail
            self._say(f"Update ended: {stopped.detail}")
        except (_Killed, GeneratorExit) as killed:
            # The program is gone: no further call, AppLock stays in the file.
            outcome.result, outcome.detail = "killed", str(killed) or "killed"
            self._transport.close()
            self._leave_quickbooks(in_order=False)
            if isinstance(killed, GeneratorExit):
                raise
        finally:
            self._leave_quickbooks(in_order=True)
            outcome.finished = self._now()
        return outcome

    def restarts(self) -> None:
        """The program was started anew, or its machine: a request that was still on its way is gone."""
        self._late = None

    # --- the steps of a session ---------------------------------------------------------------------------------

    def _versions(self) -> Generator[str, None, None]:
        try:
            yield from self._call_text("serverVersion", [])
        except soap.ServiceFailure as failure:
            self._say(f"serverVersion is not available: {failure}")
        try:
            answer = yield from self._call_text("clientVersion", [("strVersion", VERSION)])
        except soap.ServiceFailure as failure:
            # Services made before clientVersion existed are used all the same.
            self._say(f"clientVersion is not available: {failure}")
            return
        kind, _, words = answer.partition(":")
        if answer == "":
            return
        if kind == "W" and words:
            self._say(f"QBWC1037: the service warns: {words}; the user continues.")
        elif kind == "E" and words:
            raise _Stopped("error", f"QBWC1037: {words}")
        elif kind == "O" and words:
            raise _Stopped("error", f"The service needs Web Connector {words}.")
        else:
            raise _Stopped("error", "QBWC1036: clientVersion returned something that is not understood.")

    def _authenticate(self) -> Generator[str, None, tuple[str, str]]:
        arguments = [("strUserName", self.qwc.user_name), ("strPassword", self._password)]
        try:
            reply = yield from self._call("authenticate", arguments)
            items = soap.array_result("authenticate", reply.status, reply.content_type, reply.body)
        except soap.ServiceFailure as failure:
            raise _Stopped("error", f"QBWC1012: Authentication failed. {failure}") from None
        ticket, verdict = items[0], items[1]
        self.schedule = Schedule(postponed_s=_seconds(items, 2), minimum_s=_seconds(items, 3))
        refused = {
            "none": ("no data exchange", "No data exchange."),
            "nvu": ("invalid user", "QBWC1040: The user name or password is not valid."),
            "busy": ("busy", "The application is busy."),
        }.get(verdict)
        if refused is not None:
            yield from self._close(ticket)
            raise _Stopped(*refused)
        return ticket, verdict

    def _open_quickbooks(self, ticket: str, path: str) -> Generator[str, None, QuickBooksSession]:
        for _ in range(_MOST_CONNECT_ROUNDS):
            hindered = self._faults.fires("connection_error", self.qwc.app_name)
            raised = HResult(COULD_NOT_START)
            for _attempt in range(0 if hindered else _CONNECT_ATTEMPTS):
                try:
                    quickbooks = self._desktop.begin_session(path, self.qwc.app_name, read_only=self.qwc.is_read_only)
                except HResult as failed:
                    raised = failed
                    continue
                self._quickbooks = quickbooks
                self._sleep(quickbooks.opening_s)
                self._register(quickbooks)
                return quickbooks
            self._say(f"QBWC1013: QuickBooks could not be opened: {raised}")
            arguments = [("ticket", ticket), ("hresult", raised.hexadecimal), ("message", raised.message)]
            try:
                path = yield from self._call_text("connectionError", arguments)
            except soap.ServiceFailure as failure:
                raise _Stopped("error", f"QBWC1045: connectionError failed. {failure}") from None
            if path.casefold() == "done":
                raise _Stopped("error", f"QBWC1013: {raised}")
        raise _Stopped("error", "QBWC1013: connectionError kept asking for another company file.")

    def _register(self, quickbooks: QuickBooksSession) -> None:
        registered = quickbooks.data_ext(self.qwc.owner_id, "FileID")
        if registered is None:
            quickbooks.write_data_ext(self.qwc.owner_id, "FileID", self.qwc.file_id)
        elif registered != self.qwc.file_id:
            raise _Stopped("error", "QBWC1026: The company file is registered under another FileID.")
        # .NET ticks: 100 ns since the year 1.
        ticks = int((self._clock().timestamp() + 62_135_596_800) * 10_000_000)
        quickbooks.write_data_ext(QBWC_OWNER_ID, "AppLock", f"LOCKED:{self._machine}:{ticks}")

    def _exchange(self, ticket: str, quickbooks: QuickBooksSession) -> Generator[str, None, None]:
        host_and_company = self._ask_host(quickbooks)
        major, minor = self._desktop.product.qbxml_version
        while True:
            arguments = [
                ("ticket", ticket),
                ("strHCPResponse", host_and_company),
                ("strCompanyFileName", quickbooks.company.path),
                ("qbXMLCountry", self._desktop.product.country),
                ("qbXMLMajorVers", str(major)),
                ("qbXMLMinorVers", str(minor)),
            ]
            host_and_company = ""
            try:
                text = yield from self._call_text("sendRequestXML", arguments)
            except soap.ServiceFailure as failure:
                raise _Stopped("error", f"QBWC1041: SendRequestXML failed. {failure}") from None
            if text in ("", "NoOp"):
                if text == "" and not (yield from self._idle(ticket)):
                    return
                if text == "NoOp":
                    self._sleep(self.no_op_wait_s)
                continue
            progress = yield from self._pass_on(ticket, quickbooks, text)
            if progress < 0:
                words = yield from self._last_error(ticket)
                yield from self._close(ticket)
                raise _Stopped("error", words)
            if progress >= 100:
                return

    def _idle(self, ticket: str) -> Generator[str, None, bool]:
        """Nothing was sent: wait when the service says so, end the loop in order when it says nothing."""
        words = yield from self._last_error(ticket)
        if words == "NoOp":
            self._sleep(self.no_op_wait_s)
            return True
        if words == "":
            return False
        yield from self._close(ticket)
        raise _Stopped("error", words)

    def _pass_on(self, ticket: str, quickbooks: QuickBooksSession, text: str) -> Generator[str, None, int]:
        subject = " ".join(name for name in _REQUEST_NAME.findall(text) if name != "QBXMLMsgsRq")
        yield "before QuickBooks"
        if self._faults.fires("request_lost", subject):
            raise _Killed("killed before QuickBooks")
        if self._late is None and self._faults.fires("request_late", subject):
            self._late = text, self._faults.draw(0, _MOST_OVERTAKING)
            raise _Killed("killed before QuickBooks, which gets the request later")
        self._deliver_late(quickbooks)
        response = hresult = message = ""
        try:
            response = quickbooks.process(text)
            if self._faults.fires("answer_cut", subject):
                response = response[: self._faults.draw(1, len(response) - 2)]
        except HResult as raised:
            hresult, message = raised.hexadecimal, raised.message
            self._say(f"The request processor raised {raised}")
        self._outcome.message_sets += 1
        self._sleep(quickbooks.worked_s)
        yield "after QuickBooks"
        if self._faults.fires("answer_lost", subject):
            raise _Killed("killed after QuickBooks")
        arguments = [("ticket", ticket), ("response", response), ("hresult", hresult), ("message", message)]
        deliveries = 2 if self._faults.fires("answer_twice", subject) else 1
        progress = 0
        for _ in range(deliveries):
            try:
                reply = yield from self._call("receiveResponseXML", arguments)
                progress = soap.integer_result("receiveResponseXML", reply.status, reply.content_type, reply.body)
            except soap.ServiceFailure as failure:
                raise _Stopped("error", f"QBWC1042: ReceiveResponseXML failed. {failure}") from None
        return progress

    def _deliver_late(self, quickbooks: QuickBooksSession) -> None:
        """Give QuickBooks the request that an earlier session left on its way; nobody waits for the answer."""
        if self._late is None:
            return
        text, overtaking = self._late
        if overtaking:
            self._late = text, overtaking - 1
            return
        self._late = None
        try:
            quickbooks.process(text)
        except HResult as raised:
            self._say(f"The request processor raised {raised} for a late request")

    def _last_error(self, ticket: str) -> Generator[str, None, str]:
        try:
            return (yield from self._call_text("getLastError", [("ticket", ticket)]))
        except soap.ServiceFailure as failure:
            raise _Stopped("error", f"QBWC1043: GetLastError failed. {failure}") from None

    def _close(self, ticket: str) -> Generator[str, None, None]:
        # QuickBooks is let go before the service is told.
        self._leave_quickbooks(in_order=True)
        try:
            status = yield from self._call_text("closeConnection", [("ticket", ticket)])
        except soap.ServiceFailure as failure:
            raise _Stopped("error", f"QBWC1044: CloseConnection failed. {failure}") from None
        self._say(f"closeConnection returned: {status[:200]}")

    def _leave_quickbooks(self, *, in_order: bool) -> None:
        quickbooks, self._quickbooks = self._quickbooks, None
        if quickbooks is None:
            return
        if in_order:
            quickbooks.remove_data_ext(QBWC_OWNER_ID, "AppLock")
        quickbooks.end()

    def _ask_host(self, quickbooks: QuickBooksSession) -> str:
        owners = f"<OwnerID>{self.qwc.owner_id}</OwnerID><OwnerID>{QBWC_OWNER_ID}</OwnerID>"
        version = min(13.0, self._desktop.product.highest_qbxml)
        return quickbooks.ask_privately(
            f'<?xml version="1.0"?><?qbxml version="{version}"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
            '<HostQueryRq requestID="0" /><CompanyQueryRq requestID="1">'
            f'{owners}</CompanyQueryRq><PreferencesQueryRq requestID="2" /></QBXMLMsgsRq></QBXML>'
        )

    # --- one call -----------------------------------------------------------------------------------------------

    def _call_text(self, method: str, arguments: list[tuple[str, str]]) -> Generator[str, None, str]:
        reply = yield from self._call(method, arguments)
        return soap.text_result(method, reply.status, reply.content_type, reply.body)

    def _call(self, method: str, arguments: list[tuple[str, str]]) -> Generator[str, None, Reply]:
        yield f"before {method}"
        self.calls[method] += 1
        self._outcome.calls += 1
        shown = "; ".join(f"{name}={value[:50]}" for name, value in arguments if name not in ("strPassword", "ticket"))
        self._say(f"QBWebConnector.SOAPWebService.{method} : {shown}")
        reply = self._transport.post(self.qwc.app_url, soap.headers(method), soap.call(method, arguments))
        if self._faults.fires("service_timeout", method):
            self._transport.close()
            raise soap.ServiceFailure("The operation has timed out.")
        yield f"after {method}"
        return reply

    def _say(self, words: str) -> None:
        self._log(f"{self._clock():%Y%m%d.%H:%M:%S} UTC\t: {words}")

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds")


def _seconds(items: list[str], place: int) -> float:
    """authenticate[2] and [3] are advisory: what is no number counts as not given."""
    text = items[place].strip() if len(items) > place else ""
    return float(text) if text.isdecimal() else 0.0

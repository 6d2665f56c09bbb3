"""A bare Web Connector that a test drives call by call, to bring the connector answers that the simulated one never brings."""

from __future__ import annotations

from collections.abc import Callable

from django.core.handlers.wsgi import WSGIHandler

from desks import OWN_URL
from ml_connector.sandbox.quickbooks.soap import array_result, call, headers, integer_result, text_result
from ml_connector.sandbox.quickbooks.transports import WsgiTransport
from world import PASSWORD, World

_MOST_CALLS = 60


class BareCaller:
    """One session: QuickBooks executes what it is given, and `changed` says what the connector is told, None for nothing."""

    def __init__(self, world: World) -> None:
        self._transport = WsgiTransport(WSGIHandler())
        self._user = world.connector.row().qb_user
        self._application = next(iter(world.outside.workstation.applications.values())).connector
        self._quickbooks = world.outside.desktop.begin_session("", "a bare caller")

    def until(self, wanted: str) -> str:
        """Sign in and go on until a request holds a text; return it, and leave it unanswered."""
        request = self._begin()
        while wanted not in request:
            assert request, f"no request held {wanted}"
            self._receive(self._quickbooks.process(request))
            request = self._send("")
        return request

    def executes(self, request: str) -> str:
        """Let QuickBooks execute a request, without telling the connector; return its answer."""
        return self._quickbooks.process(request)

    def answers(self, answer: str) -> None:
        """Tell the connector an answer to what it asked last."""
        self._receive(answer)

    def goes_on(self) -> None:
        """Run the session that was begun to its end."""
        while request := self._send(""):
            self._receive(self._quickbooks.process(request))
        self._post("closeConnection", [("ticket", self._ticket)])

    def session(self, changed: Callable[[str, str], str | None]) -> None:
        """Run a session to its end; `changed` is given each request and QuickBooks' answer to it."""
        request = self._begin()
        for _ in range(_MOST_CALLS):
            if not request:
                break
            told = changed(request, self._quickbooks.process(request))
            if told is not None and self._receive(told) in {100, -1}:
                break
            request = self._send("")
        self._post("closeConnection", [("ticket", self._ticket)])

    def signs_in_and_calls(self, *methods: str) -> None:
        """Sign in, and call methods that take nothing but the ticket."""
        self._sign_in()
        self.calls(*methods)

    def calls(self, *methods: str) -> None:
        """Call methods that take nothing but the ticket, in the session that was begun."""
        for method in methods:
            self._post(method, [("ticket", self._ticket)])

    def _sign_in(self) -> None:
        user = [("strUserName", self._user), ("strPassword", PASSWORD)]
        self._ticket = array_result("authenticate", *self._post("authenticate", user))[0]

    def _begin(self) -> str:
        self._sign_in()
        qwc = self._application.qwc
        self._quickbooks.write_data_ext(qwc.owner_id, "FileID", qwc.file_id)
        return self._send(self._application._ask_host(self._quickbooks))

    def _send(self, about: str) -> str:
        arguments = [
            ("ticket", self._ticket), ("strHCPResponse", about), ("strCompanyFileName", self._quickbooks.company.path),
            ("qbXMLCountry", "US"), ("qbXMLMajorVers", "16"), ("qbXMLMinorVers", "0"),
        ]  # fmt: skip
        return text_result("sendRequestXML", *self._post("sendRequestXML", arguments))

    def _receive(self, response: str) -> int:
        arguments = [("ticket", self._ticket), ("response", response), ("hresult", ""), ("message", "")]
        return integer_result("receiveResponseXML", *self._post("receiveResponseXML", arguments))

    def _post(self, method: str, arguments: list[tuple[str, str]]) -> tuple[int, str, bytes]:
        answer = self._transport.post(f"{OWN_URL}/qbwc/main", headers(method), call(method, arguments))
        return answer.status, answer.content_type, answer.body

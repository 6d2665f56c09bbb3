"""A desk with a simulated QuickBooks on it, on a clock the test turns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from ml_connector.sandbox.firm import Firm, build_firm
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.processor import RequestProcessor
from ml_connector.sandbox.quickbooks.screen import UserAtScreen
from ml_connector.sandbox.quickbooks.seeding import company_of_firm
from ml_connector.sandbox.quickbooks.workstation import seeded

FIRM = build_firm(1)
Element = ElementTree.Element


class Desk:
    """The firm's company file, a request processor, a user, and the clock on the wall."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 18, 0, 0, tzinfo=UTC)
        self.firm: Firm = FIRM
        self.company = company_of_firm(FIRM, HostClock(lambda: self.now))
        rng, self.faults = seeded(7)
        self.desktop = QuickBooksDesktop(self.company, rng=rng, faults=self.faults)
        self.screen = UserAtScreen(self.desktop)
        self.processor = self.new_session()

    def new_session(self, *, refuse_raw_non_ascii: bool = True) -> RequestProcessor:
        self.processor = RequestProcessor(
            self.company,
            application="bridge",
            rng=self.desktop.rng,
            faults=self.faults,
            product=self.desktop.product,
            refuse_raw_non_ascii=refuse_raw_non_ascii,
        )
        return self.processor

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def asks(
        self, requests: str, *, version: str = "13.0", attributes: str = "", on_error: str = "stopOnError"
    ) -> Element:
        """Send one message set and return QBXMLMsgsRs."""
        answer = self.processor.process(
            f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?><QBXML>'
            f'<QBXMLMsgsRq onError="{on_error}"{attributes}>{requests}</QBXMLMsgsRq></QBXML>'
        )
        return ElementTree.fromstring(answer)[0]

    def answer(self, request: str, **settings: str) -> Element:
        """Send one request and return its Rs."""
        return self.asks(request, **settings)[0]

    def status(self, request: str, **settings: str) -> str:
        """Send one request and return its statusCode."""
        return self.answer(request, **settings).attrib["statusCode"]

    def bill(self, *, ref: str = "INV-1", amounts: tuple[str, ...] = ("100.00",), memo: str = "", **more: str) -> str:
        """A BillAddRq of an ordinary vendor."""
        vendor = more.get("vendor", self.vendor())
        account = more.get("account", self.account("6110"))
        lines = "".join(
            f"<ExpenseLineAdd><AccountRef><ListID>{account}</ListID></AccountRef><Amount>{amount}</Amount>"
            f"{more.get('line', '')}</ExpenseLineAdd>"
            for amount in amounts
        )
        return (
            f'<BillAddRq requestID="{more.get("request_id", "1")}"><BillAdd>'
            f"<VendorRef><ListID>{vendor}</ListID></VendorRef>"
            f"<TxnDate>{more.get('txn_date', '2026-10-20')}</TxnDate><RefNumber>{ref}</RefNumber><Memo>{memo}</Memo>"
            f"{more.get('after_memo', '')}{lines}</BillAdd></BillAddRq>"
        )

    def adds_bill(self, **more: str | tuple[str, ...]) -> str:
        """Add a bill and return its TxnID."""
        rs = self.answer(self.bill(**more))  # type: ignore[arg-type]
        assert rs.attrib["statusCode"] == "0", rs.attrib
        return rs.findtext("BillRet/TxnID") or ""

    def reads_bill(self, txn_id: str) -> Element:
        """The BillRet of a bill with lines and links."""
        found = self.answer(
            f"<BillQueryRq><TxnID>{txn_id}</TxnID><IncludeLineItems>true</IncludeLineItems>"
            "<IncludeLinkedTxns>true</IncludeLinkedTxns></BillQueryRq>"
        ).find("BillRet")
        assert found is not None
        return found

    def vendor(self, place: int = 5) -> str:
        return self.firm.vendors[place].list_id

    def account(self, number: str) -> str:
        return self.firm.account_numbered(number).list_id

    def amounts(self) -> list[str]:
        """Amounts of all bills that were not typed by hand, as an accountant sees them."""
        return [row["amount"] for row in outside_view.bills(self.company) if row["memo"] != "typed from paper"]


BRIDGE_NAMESPACE = "http://developer.intuit.com/"


class Bridge:
    """A small SOAP service: hands out queued message sets and keeps what comes back."""

    def __init__(self) -> None:
        self.queue: list[str] = []
        self.calls: list[str] = []
        self.received: list[dict[str, str]] = []
        self.authenticated = ["ticket-1", ""]
        self.last_error: list[str] = []
        self.connection_error: list[str] = []
        self.progress: list[int] = []
        self.array_namespace = BRIDGE_NAMESPACE
        self.client_version = ""
        self.arguments: list[tuple[str, dict[str, str]]] = []
        self.broken: dict[str, tuple[str, str, bytes]] = {}
        self.environ: list[dict[str, object]] = []

    def __call__(self, environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        self.environ.append(environ)
        if environ["REQUEST_METHOD"] == "GET":
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
            return [b"ok"]
        body = environ["wsgi.input"].read(int(str(environ["CONTENT_LENGTH"])))  # type: ignore[attr-defined]
        call = ElementTree.fromstring(body)[0][0]
        method = call.tag.removeprefix("{" + BRIDGE_NAMESPACE + "}")
        arguments = {re.sub(r"\{.*\}", "", child.tag): child.text or "" for child in call}
        self.calls.append(method)
        self.arguments.append((method, arguments))
        if method in self.broken:
            status, kind, content = self.broken[method]
        else:
            status, kind, content = "200 OK", "text/xml; charset=utf-8", self._reply(method, arguments)
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(content)))])
        return [content]

    def _reply(self, method: str, arguments: dict[str, str]) -> bytes:
        envelope = ElementTree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Envelope")
        body = ElementTree.SubElement(envelope, "{http://schemas.xmlsoap.org/soap/envelope/}Body")
        response = ElementTree.SubElement(body, f"{{{BRIDGE_NAMESPACE}}}{method}Response")
        result = ElementTree.SubElement(response, f"{{{BRIDGE_NAMESPACE}}}{method}Result")
        if method == "authenticate":
            for item in self.authenticated:
                ElementTree.SubElement(result, f"{{{self.array_namespace}}}string").text = item
        else:
            result.text = self._text(method, arguments)
        return ElementTree.tostring(envelope, encoding="utf-8")

    def _text(self, method: str, arguments: dict[str, str]) -> str:
        if method == "sendRequestXML":
            return self.queue.pop(0) if self.queue else ""
        if method == "receiveResponseXML":
            self.received.append(arguments)
            return str(self.progress.pop(0) if self.progress else (50 if self.queue else 100))
        if method == "getLastError":
            return self.last_error.pop(0) if self.last_error else ""
        if method == "connectionError":
            return self.connection_error.pop(0) if self.connection_error else "done"
        return {"serverVersion": "test 1", "clientVersion": self.client_version, "closeConnection": "OK"}[method]


def qwc_text(url: str = "https://bridge.example.com/qbwc", **replaced: str) -> str:
    """A correct .qwc file; an argument replaces an element's content."""
    values = {
        "AppName": "Bridge",
        "AppID": "",
        "AppURL": url,
        "AppDescription": "Posts invoices",
        "AppSupport": url.rsplit("/", 1)[0] + "/help",
        "UserName": "acme",
        "OwnerID": "{6f0c1d0e-3b0a-4a55-9d33-2c8b7f5a1001}",
        "FileID": "{0d7b8c52-77a1-4e0e-9f40-6d1f0e9c2002}",
        "QBType": "QBFS",
        **replaced,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return (
        f'<?xml version="1.0"?><QBWCXML>{inner}<Scheduler><RunEveryNMinutes>5</RunEveryNMinutes></Scheduler></QBWCXML>'
    )

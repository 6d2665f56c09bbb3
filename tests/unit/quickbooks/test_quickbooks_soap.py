"""SOAP calls read and results written; a foreign client, zeep, understands the description and every answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import zeep
from hypothesis import given
from lxml import etree
from quickbooks_builders import any_text, golden_line, golden_text

from ml_connector.core.errors import Defect
from ml_connector.quickbooks.soap import (
    CONTENT_TYPE,
    INTUIT_NAMESPACE,
    METHODS,
    SOAP_NAMESPACE,
    BadEnvelope,
    Call,
    ResultKind,
    parse_call,
    render_fault,
    render_result,
)
from ml_connector.quickbooks.text import ascii_xml
from ml_connector.quickbooks.wsdl import wsdl

LIMIT = 64_000_000


def envelope(content: str, *, head: str = "", prolog: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    text = f'{prolog}<s:Envelope xmlns:s="{SOAP_NAMESPACE}">{head}<s:Body>{content}</s:Body></s:Envelope>'
    return text.encode("utf-8", "surrogatepass")


def call(method: str, content: str = "") -> bytes:
    return envelope(f'<{method} xmlns="{INTUIT_NAMESPACE}">{content}</{method}>')


def test_a_call_is_read_with_every_argument_there() -> None:
    read = parse_call(golden_text("call_receive_response.xml").encode(), max_bytes=LIMIT)
    assert read.method == "receiveResponseXML"
    assert read.arguments == {
        "ticket": "9d1f4a52-6a0e-4a6e-8f43-0c1f5e0b7a11",
        "response": '<?xml version="1.0" ?>\n<QBXML><Memo>D&#233;cor &amp; more</Memo></QBXML>\n',
        "hresult": "",
        "message": "",
    }


@pytest.mark.parametrize("method", list(METHODS))
def test_absent_nil_and_empty_are_the_same_empty_text(method: str) -> None:
    names = [name for name, _ in METHODS[method].parameters]
    nil = "".join(f'<{name} x:nil="true" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"/>' for name in names)
    empty = "".join(f"<{name}></{name}>" for name in names)
    assert (
        parse_call(call(method), max_bytes=LIMIT)
        == parse_call(call(method, nil), max_bytes=LIMIT)
        == parse_call(call(method, empty), max_bytes=LIMIT)
        == Call(method=method, arguments=dict.fromkeys(names, ""))
    )


def test_the_country_has_two_names_and_strangers_are_passed_over() -> None:
    content = "<ticket>t</ticket><Country>US</Country><qbXMLMajorVers>13</qbXMLMajorVers><other>x</other>"
    arguments = parse_call(call("sendRequestXML", content), max_bytes=LIMIT).arguments
    assert arguments["qbXMLCountry"] == "US"
    assert arguments["qbXMLMajorVers"] == "13"
    assert "other" not in arguments


def test_a_password_is_kept_as_typed_and_never_printed() -> None:
    read = parse_call(call("authenticate", "<strPassword> s3cret &lt;&#233; </strPassword>"), max_bytes=LIMIT)
    assert read.arguments["strPassword"] == " s3cret <é "
    assert "s3cret" not in repr(read)


def test_a_header_is_passed_over() -> None:
    head = '<s:Header><a xmlns="urn:x"><ticket>no</ticket></a></s:Header>'
    body = f'<getLastError xmlns="{INTUIT_NAMESPACE}"><ticket>yes</ticket></getLastError>'
    assert parse_call(envelope(body, head=head), max_bytes=LIMIT).arguments == {"ticket": "yes"}


def test_an_answer_of_tens_of_megabytes_arrives_whole() -> None:
    text = "<Memo>D&#233;cor</Memo>" * 600_000
    read = parse_call(call("receiveResponseXML", f"<response>{ascii_xml(text)}</response>"), max_bytes=LIMIT)
    assert read.arguments["response"] == text


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not well-formed"),
        (b"garbage", "not well-formed"),
        (b"\xff\xfe\x00", "not well-formed"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "."),
        (b"<html/>", "no SOAP 1.1 Envelope"),
        (b'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>', "no SOAP 1.1 Envelope"),
        (envelope(""), "Body is empty"),
        (call("authenticate")[:-3], "not well-formed"),
        (call("deleteEverything"), "no method deleteEverything"),
        (envelope("<authenticate xmlns='urn:other'/>"), "namespace"),
        (envelope("<authenticate/>"), "namespace"),
        (call("getLastError", "<ticket>a</ticket><ticket>b</ticket>"), "given twice"),
        (call("getLastError", "<ticket><b/></ticket>"), "elements where text is expected"),
        (envelope(f'<getLastError xmlns="{INTUIT_NAMESPACE}"/>' * 2), "more than one call"),
        (envelope("", head="<other/>"), "something else"),
        (call("getLastError", "<a/>" * 100_000), "given twice"),
        (call("getLastError", "".join(f"<a{n}/>" for n in range(500))), "more elements"),
        (envelope("", head="<s:Header>" + "<a>" * 50_000 + "</a>" * 50_000 + "</s:Header>"), "more elements"),
        (envelope("&b;", prolog=BOMB), "document type"),
        (envelope("", prolog='<!DOCTYPE x SYSTEM "http://127.0.0.1/x">'), "document type"),
        (call("getLastError", "<ticket>&nothing;</ticket>"), "not well-formed"),
        (call("getLastError", "<ticket>\ud800</ticket>"), "not well-formed"),
    ],
)
def test_what_is_no_call_is_refused_in_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(BadEnvelope) as caught:
        parse_call(body, max_bytes=LIMIT)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_call_larger_than_allowed_is_refused() -> None:
    with pytest.raises(BadEnvelope, match="larger than 100 bytes"):
        parse_call(call("getLastError", "<ticket>" + "x" * 100 + "</ticket>"), max_bytes=100)


def test_sign_in_is_answered_as_in_the_golden_envelope() -> None:
    written = render_result("authenticate", ("9d1f4a52-6a0e-4a6e-8f43-0c1f5e0b7a11", "", "0", "300"))
    assert written.decode("ascii") == golden_line("result_authenticate.xml")


@given(any_text)
def test_any_text_is_answered_in_ascii_and_read_back(text: str) -> None:
    readable = "".join("?" if not _is_xml(character) else character for character in text)
    written = render_result("sendRequestXML", text)
    assert written.isascii()
    assert etree.fromstring(written).findtext(f".//{{{INTUIT_NAMESPACE}}}sendRequestXMLResult") == readable


def _is_xml(character: str) -> bool:
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("sendRequestXML", 5),
        ("receiveResponseXML", "5"),
        ("receiveResponseXML", True),
        ("authenticate", "t"),
        ("authenticate", 1),
    ],
)
def test_a_result_of_the_wrong_kind_is_our_mistake(method: str, value: str | int) -> None:
    with pytest.raises(Defect):
        render_result(method, value)


def test_a_fault_carries_one_sentence() -> None:
    fault = etree.fromstring(render_fault("The request is <no> call.")).find(f".//{{{SOAP_NAMESPACE}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") == "soap:Client"
    assert fault.findtext("faultstring") == "The request is <no> call."


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


def _answer(read: Call) -> str | int | list[str]:
    kind = METHODS[read.method].result
    if kind is ResultKind.NUMBER:
        return len(read.arguments["response"])
    if kind is ResultKind.TEXTS:
        return [read.arguments["strUserName"], "", "é <&>"]
    return f"{read.method}: {'|'.join(read.arguments.values())}"


def _service(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "GET":
        body = wsdl(f"http://{environ['HTTP_HOST']}/qbwc")
    else:
        sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        read = parse_call(sent, max_bytes=LIMIT)
        body = render_result(read.method, _answer(read))
    start_response("200 OK", [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def client() -> Iterator[zeep.Client]:
    with make_server("127.0.0.1", 0, _service, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield zeep.Client(f"http://127.0.0.1:{server.server_port}/qbwc?wsdl")
        finally:
            server.shutdown()
            thread.join()


def test_a_foreign_client_loads_the_description_and_calls_every_method(client: zeep.Client) -> None:
    service = client.service
    assert service.serverVersion() == "serverVersion: "
    assert service.serverVersion(strVersion="2.3") == "serverVersion: 2.3"
    assert service.clientVersion(strVersion="2.3.0.215") == "clientVersion: 2.3.0.215"
    assert list(service.authenticate(strUserName="acme", strPassword="p")) == ["acme", None, "é <&>"]
    assert (
        service.sendRequestXML(
            ticket="t",
            strHCPResponse="<QBXML/>",
            strCompanyFileName=r"C:\acme.qbw",
            qbXMLCountry="US",
            qbXMLMajorVers=16,
            qbXMLMinorVers=0,
        )
        == r"sendRequestXML: t|<QBXML/>|C:\acme.qbw|US|16|0"
    )
    assert service.receiveResponseXML(ticket="t", response="four", hresult="", message="") == 4
    assert service.connectionError(ticket="t", hresult="0x80040408", message="m") == "connectionError: t|0x80040408|m"
    assert service.getLastError(ticket="t") == "getLastError: t"
    assert service.closeConnection(ticket="t") == "closeConnection: t"
    assert service.getInteractiveURL(wcTicket="t", sessionID="s") == "getInteractiveURL: t|s"
    assert service.interactiveDone(wcTicket="t") == "interactiveDone: t"
    assert service.interactiveRejected(wcTicket="t", reason="r") == "interactiveRejected: t|r"
    operations = client.wsdl.services["QBWebConnectorSvc"].ports["QBWebConnectorSvcSoap"].binding._operations
    assert set(operations) == set(METHODS)

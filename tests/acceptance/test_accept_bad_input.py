"""Whatever is sent to the running service, the answer is short and plain, nothing is lost, and it goes on."""

from __future__ import annotations

import hashlib
import hmac
import http.client

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installation import INTERNAL, Installation, Reply

from conftest import Served
from ml_connector.sandbox.quickbooks import soap

BILLION = (
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;">]>'
)
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def _is_plain(reply: Reply, *statuses: int) -> None:
    assert reply.status in statuses, reply
    assert not INTERNAL.search(reply.text), reply.text
    assert len(reply.text) < 2000


def _still_works(served: Served) -> None:
    ticket, verdict = served.installation.sign_in("main", served.user, served.password)[:2]
    assert ticket and verdict == ""
    assert "HostQueryRq" in served.installation.ask("main", ticket)
    served.installation.soap("main", "closeConnection", ticket=ticket)


def test_a_wrong_password_is_refused_with_nvu_and_opens_nothing(served: Served) -> None:
    for user, password in (
        (served.user, "wrong"),
        ("nobody", served.password),
        ("", ""),
        (served.other_user, served.password),
    ):
        ticket, verdict = served.installation.sign_in("main", user, password)[:2]
        assert verdict == "nvu"
        assert served.installation.ask("main", ticket) == ""


def test_a_ticket_that_nobody_gave_out_opens_nothing(served: Served) -> None:
    for ticket in ("", "guess", "0" * 4000):
        assert served.installation.ask("main", ticket) == ""
        _is_plain(served.installation.hand_over("main", ticket, "<QBXML/>"), 200)
        for method in ("getLastError", "closeConnection"):
            _is_plain(served.installation.soap("main", method, ticket=ticket), 200)
        _is_plain(
            served.installation.soap("main", "connectionError", ticket=ticket, hresult="0x80040408", message="x"), 200
        )
    _still_works(served)


def test_a_ticket_of_another_connection_opens_nothing_and_ends_nothing(served: Served) -> None:
    ticket = served.installation.sign_in("main", served.user, served.password)[0]
    assert served.installation.ask("other", ticket) == ""
    served.installation.soap("other", "closeConnection", ticket=ticket)
    assert "HostQueryRq" in served.installation.ask("main", ticket)


@pytest.mark.parametrize("bomb", [BILLION, EXTERNAL], ids=["entities", "files"])
def test_a_document_type_in_an_envelope_is_refused(served: Served, bomb: str) -> None:
    body = soap.call("serverVersion", []).decode()
    head, _, rest = body.partition("?>")
    poisoned = f"{head}?>{bomb}{rest}" if rest else bomb + body
    reply = served.installation.call("POST", "/qbwc/main", poisoned.encode(), soap.headers("serverVersion"))
    _is_plain(reply, 400)
    _still_works(served)


@pytest.mark.parametrize(
    "answer",
    [
        f'<?xml version="1.0"?>{BILLION}<QBXML><QBXMLMsgsRs>&f;</QBXMLMsgsRs></QBXML>',
        f'<?xml version="1.0"?>{EXTERNAL}<QBXML><QBXMLMsgsRs>&a;</QBXMLMsgsRs></QBXML>',
        "not xml at all",
        "<QBXML><QBXMLMsgsRs>",
        '<?xml version="1.0"?><html><body>Welcome to this hotel</body></html>',
        "<a>" * 5000 + "</a>" * 5000,
    ],
    ids=["entities", "files", "text", "cut off", "another page", "deep"],
)
def test_an_answer_that_cannot_be_read_ends_the_session_and_nothing_else(served: Served, answer: str) -> None:
    ticket = served.installation.sign_in("main", served.user, served.password)[0]
    assert served.installation.ask("main", ticket)
    reply = served.installation.hand_over("main", ticket, answer)
    _is_plain(reply, 200)
    assert int(reply.result("receiveResponseXML")) < 0
    sentence = served.installation.soap("main", "getLastError", ticket=ticket)
    _is_plain(sentence, 200)
    assert "lol" not in sentence.text and "root:" not in sentence.text
    _still_works(served)


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\xff\xfe", b"{}", b"<a", b"<a/>", "<é/>".encode("utf-16"), b"<soap:Envelope/>", b"<" * 100_000],
)
def test_what_is_no_call_is_refused_with_a_sentence(served: Served, body: bytes) -> None:
    _is_plain(served.installation.call("POST", "/qbwc/main", body, soap.headers("authenticate")), 400)


def test_an_answer_of_fifty_megabytes_is_taken_in(served: Served) -> None:
    ticket = served.installation.sign_in("main", served.user, served.password)[0]
    assert served.installation.ask("main", ticket)
    reply = served.installation.hand_over("main", ticket, "<QBXML>" + "x" * 50_000_000 + "</QBXML>")
    _is_plain(reply, 200)
    assert int(reply.result("receiveResponseXML")) < 0
    _still_works(served)


@pytest.mark.parametrize(("path", "size"), [("/qbwc/main", 70_000_000), ("/basware/main", 1_500_000)])
def test_a_body_over_the_limit_is_refused_before_it_is_read(served: Served, path: str, size: int) -> None:
    connection = http.client.HTTPConnection("localhost", served.installation.port, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(size))
    connection.putheader("Content-Type", "text/xml; charset=utf-8")
    connection.endheaders()
    answer = connection.getresponse()
    _is_plain(Reply(answer.status, answer.read().decode()), 413)
    connection.close()
    _still_works(served)


@given(st.binary(max_size=300), st.sampled_from(["/qbwc/main", "/basware/main"]))
@settings(max_examples=60)
def test_no_bytes_bring_the_service_out_of_step(served: Served, body: bytes, path: str) -> None:
    reply = served.installation.call("POST", path, body, {"Content-Type": "text/xml; charset=utf-8"})
    _is_plain(reply, 400, 401, 422)


@pytest.mark.parametrize(
    "path", ["/nothing", "/admin/", "/qbwc/", "/qbwc/nobody", "/basware/nobody", "/qbwc/../../etc/passwd", "/%00"]
)
def test_what_is_not_there_is_said_to_be_not_there(served: Served, path: str) -> None:
    _is_plain(served.installation.call("GET", path), 404)


def test_the_bare_address_leads_people_to_the_console(served: Served) -> None:
    assert served.installation.call("GET", "/").status == 302
    assert 'action="/console/sign-in"' in served.installation.call("GET", "/console/sign-in").text


def test_other_methods_are_refused(served: Served) -> None:
    for path, method in (("/qbwc/main", "PUT"), ("/qbwc/main", "DELETE"), ("/basware/main", "GET")):
        _is_plain(served.installation.call(method, path), 405)


# Notifications.


def _signed(installation: Installation, body: bytes, secret: str) -> Reply:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "x-bwapi-signature-256": signature}
    return installation.call("POST", "/basware/main", body, headers)


def test_a_forged_notification_is_refused(served: Served) -> None:
    body = b'{"taskId":"1","taskType":"AccountingDocuments","taskSubType":"WaitingForTransfer","documentId":"x"}'
    _is_plain(_signed(served.installation, body, "guess"), 401)
    _is_plain(served.installation.call("POST", "/basware/main", body), 401)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"taskType":' + b"1" * 5000 + b"}"]
)
def test_a_notification_that_cannot_be_read_and_was_not_signed_is_refused(served: Served, body: bytes) -> None:
    _is_plain(served.installation.call("POST", "/basware/main", body), 401)


def test_the_log_tells_of_no_failure_inside(served: Served) -> None:
    """Runs after the others of this file: nothing that was sent brought the service to a failure of its own."""
    assert "Traceback" not in served.installation.log.read_text(encoding="utf-8")

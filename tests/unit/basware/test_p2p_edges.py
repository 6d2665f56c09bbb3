"""The edges of the client: settings, error dialects, the health check, and the network itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Semaphore, Thread
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_basware import BASE, Clock, OpenWay, ScriptedBasware, a_client, a_page, a_token, an_invoice

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.dialects import read_errors
from ml_connector.basware.masking import masked
from ml_connector.basware.reach import NetworkReach, host_of
from ml_connector.basware.transport import HttpRequest, HttpTransport
from ml_connector.core.errors import NeedsOperator, TryAgain


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"base_url": "http://api.example"}, "base_url"),
        ({"base_url": "api.example"}, "base_url"),
        ({"base_url": "https://user:pass@api.example"}, "base_url"),
        ({"base_url": "https://api.example/?x=1"}, "base_url"),
        ({"base_url": "https://api.example:port"}, "base_url"),
        ({"token_url": "http://api.example/token"}, "token_url"),
        ({"company_codes": ()}, "company_codes"),
        ({"company_codes": ("US10", "US10")}, "company_codes"),
        ({"company_codes": ("",)}, "company code"),
        ({"company_codes": ("x" * 33,)}, "company code"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"scopes": ()}, "scopes"),
        ({"scopes": ("a b",)}, "scopes"),
        ({"user_agent": "a\nb"}, "user_agent"),
    ],
)
def test_a_setting_that_cannot_work_is_named_in_one_sentence(changes: dict[str, Any], names: str) -> None:
    with pytest.raises(NeedsOperator, match=names) as caught:
        BaswareConfig(**{"base_url": BASE, "company_codes": ("US10",), **changes})
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9"])
def test_plain_http_is_for_this_computer_only(host: str) -> None:
    config = BaswareConfig(base_url=f"http://{host}/", company_codes=("US10",))
    assert config.token_url == f"http://{host}/v1/tokens"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            {
                "requestId": "r",
                "hasErrors": True,
                "errors": [{"externalCode": "c", "code": "X", "message": "too long"}],
            },
            "X",
            "c: too long",
        ),
        ({"error": "invalid_request", "error_description": "no scope"}, "invalid_request", "no scope"),
        ({"error": "invalid_client"}, "invalid_client", "invalid_client"),
        (
            {"detail": [{"loc": ["body", "scope"], "msg": "field required", "type": "t"}]},
            "",
            "body.scope: field required",
        ),
        ({"detail": "Not Found"}, "", "Not Found"),
        ({"hasError": True, "errorMessages": [{"code": "Y", "message": "taskType"}]}, "Y", "taskType"),
        ({"message": "Unauthorized"}, "", "Unauthorized"),
        ("a sentence", "", "a sentence"),
        ({}, "", ""),
        ([], "", ""),
        ({"errors": None, "detail": 3}, "", ""),
        ({"errors": ["just words", 5, {"message": None}]}, "", "just words"),
    ],
)
def test_every_dialect_of_errors_is_read_into_one_value(body: Any, code: str, words: str) -> None:
    errors = read_errors(json.dumps(body).encode())
    assert errors.code == code
    assert errors.words == words


@given(st.binary(max_size=300))
def test_an_error_body_never_makes_another_error(body: bytes) -> None:
    assert read_errors(body).words == read_errors(body).words


def test_a_long_error_is_shortened_for_showing() -> None:
    errors = read_errors(json.dumps({"errors": [{"message": f"error {n}"} for n in range(500)]}).encode())
    assert len(errors.words) == 500


@given(st.text(min_size=1), st.sampled_from(["access_token", "webhookAuthenticationToken"]))
def test_masked_json_is_still_json_and_holds_no_secret(secret: str, member: str) -> None:
    body = json.dumps({"a": 1, member: secret, "z": 2}).encode()
    assert json.loads(masked(body)) == {"a": 1, member: "***", "z": 2}


def test_a_secret_that_is_cut_off_is_masked_as_well() -> None:
    assert masked(b'{"access_token": "abcdef') == b'{"access_token": "***"'


def test_the_health_check_tries_token_scopes_and_every_company(clock: Clock) -> None:
    basware = ScriptedBasware(clock)
    basware.answers(404)
    basware.answers(200, a_page(an_invoice()))
    report = a_client(basware, company_codes=("US10", "US20")).ping(OpenWay()).all()
    assert report.ok
    assert [step.name for step in report.steps] == ["dns", "tls", "token", "scopes", "invoices US10", "invoices US20"]
    assert "pageSize=1" in basware.last.url
    assert [step.milliseconds for step in report.steps] == [0] * 6


def test_the_health_check_names_the_scopes_that_are_missing(clock: Clock) -> None:
    basware = ScriptedBasware(clock)
    basware.answers_token(200, a_token(clock.now, scope="accountingDocuments.read vendors.write"))
    basware.answers(404)
    report = a_client(basware).ping(OpenWay()).all()
    assert not report.ok
    assert "accountingDocuments.write" in report.steps[3].sentence
    assert "vendors.write" not in report.steps[3].sentence


def test_the_health_check_ends_where_there_is_no_token(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers_token(401, {"error": "invalid_client"})
    report = client.ping(OpenWay()).all()
    assert [(step.name, step.ok) for step in report.steps] == [("dns", True), ("tls", True), ("token", False)]
    assert "client secret" in report.steps[2].sentence


def test_the_health_check_proves_the_secret_as_it_is_now(basware: ScriptedBasware, client: BaswareClient) -> None:
    for _ in range(2):
        basware.answers(404)
        client.ping(OpenWay()).all()
    assert len(basware.token_calls) == 2


def test_the_way_to_basware_is_looked_at_before_a_secret_is_sent(basware: ScriptedBasware) -> None:
    way = NetworkReach()
    with pytest.raises(TryAgain, match="is not known"):
        way.find(host_of("https://basware.invalid"))
    assert "localhost is known" in way.find(host_of("http://localhost:1"))
    with pytest.raises(TryAgain, match="does not answer on port"):
        way.connect(host_of("http://localhost:1"))
    assert basware.token_calls == []


class Echo(BaseHTTPRequestHandler):
    """A real server on loopback."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[Any]] = set()
    ended: ClassVar[Semaphore] = Semaphore(0)

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        if self.path == "/redirect":
            self.reply(302, b"", Location="/elsewhere")
        elif self.path == "/cookie":
            self.reply(200, (self.headers.get("Cookie") or "none").encode(), Set_Cookie="a=b")
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
            self.close_connection = True
        elif self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"x" * 600, b"y" * 600):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/hangup":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.reply(200, self.path.encode())

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/hangup":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.reply(201, body, X_Amzn_RequestId="r1")
        if self.path == "/ends-after":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            self.ended.release()

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Echo.connections.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as made:
        made.daemon_threads = True
        thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_address[1]}"
        made.shutdown()
        thread.join()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport(connect_timeout_s=2, response_limit_bytes=1000)
    yield made
    made.close()


def get(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=url)


def test_the_network_carries_body_and_headers_whatever_their_case(transport: HttpTransport, server: str) -> None:
    answer = transport.send(HttpRequest(method="POST", url=f"{server}/x?y=1", body=b"{}"), 5)
    assert (answer.status, answer.body) == (201, b"{}")
    assert answer.header("x-amzn-requestid") == answer.header("X-AMZN-REQUESTID") == "r1"
    assert answer.header("absent") == ""
    assert transport.send(get(f"{server}/x?y=1"), 5).body == b"/x?y=1"


def test_a_connection_is_used_again(transport: HttpTransport, server: str) -> None:
    for path in ("/a", "/chunked-not", "/b", "/redirect", "/c"):
        transport.send(get(server + path), 5)
    assert len(Echo.connections) == 1


def test_a_connection_that_was_ended_while_it_was_idle_is_replaced_before_anything_is_sent(server: str) -> None:
    seconds = [0.0]
    transport = HttpTransport(stopwatch=lambda: seconds[0])
    try:
        for _ in range(3):
            assert transport.send(HttpRequest(method="POST", url=f"{server}/ends-after", body=b"x"), 5).status == 201
            seconds[0] += 1.5
            assert Echo.ended.acquire(timeout=5)
    finally:
        transport.close()
    assert len(Echo.connections) == 3


def test_the_network_follows_no_redirect_and_keeps_no_cookie(transport: HttpTransport, server: str) -> None:
    redirect = transport.send(get(f"{server}/redirect"), 5)
    assert (redirect.status, redirect.header("location")) == (302, "/elsewhere")
    transport.send(get(f"{server}/cookie"), 5)
    assert transport.send(get(f"{server}/cookie"), 5).body == b"none"


def test_a_host_that_is_not_there_was_certainly_not_reached(transport: HttpTransport) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(TryAgain, match="No connection") as caught:
        transport.send(HttpRequest(method="POST", url=f"http://127.0.0.1:{port}/", body=b"x"), 5)
    assert caught.value.applied is False


def test_a_server_that_hangs_up_leaves_the_outcome_unknown(transport: HttpTransport, server: str) -> None:
    with pytest.raises(TryAgain) as caught:
        transport.send(HttpRequest(method="POST", url=f"{server}/hangup", body=b"x"), 5)
    assert caught.value.applied is None


def test_an_answer_that_is_cut_off_is_no_answer(transport: HttpTransport, server: str) -> None:
    with pytest.raises(TryAgain) as caught:
        transport.send(get(f"{server}/cut"), 5)
    assert caught.value.applied is None


def test_a_silent_server_leaves_the_outcome_unknown(transport: HttpTransport) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        request = HttpRequest(method="POST", url=f"http://127.0.0.1:{silent.getsockname()[1]}/", body=b"x")
        with pytest.raises(TryAgain, match="in time") as caught:
            transport.send(request, 0.05)
    assert caught.value.applied is None


def test_an_endless_answer_is_not_read_to_its_end(transport: HttpTransport, server: str) -> None:
    with pytest.raises(TryAgain, match="larger than 1000 bytes"):
        transport.send(get(f"{server}/chunked"), 5)
    with pytest.raises(TryAgain, match="larger than 1000 bytes"):
        transport.send(get(f"{server}/{'x' * 1001}"), 5)
    assert transport.send(get(f"{server}/fine"), 5).body == b"/fine"


def test_a_name_that_does_not_exist_was_certainly_not_reached(transport: HttpTransport) -> None:
    with pytest.raises(TryAgain) as caught:
        transport.send(get("https://name..invalid/"), 5)
    assert caught.value.applied is False


@pytest.mark.parametrize("path", ["/a b", "/\u20ac", "/\u00e9"])
def test_an_address_that_http_cannot_carry_is_said_and_not_sent(
    transport: HttpTransport, server: str, path: str
) -> None:
    with pytest.raises(NeedsOperator, match="cannot be written"):
        transport.send(HttpRequest(method="GET", url=f"{server}{path}"), 2)


@pytest.mark.parametrize("value", ["a\r\nb", "\u20ac"])
def test_a_header_that_http_cannot_carry_is_said_and_not_sent(
    transport: HttpTransport, server: str, value: str
) -> None:
    with pytest.raises(NeedsOperator, match="cannot be written"):
        transport.send(HttpRequest(method="GET", url=server, headers={"x": value}), 2)


def test_an_address_that_cannot_be_read_is_said_and_not_sent(transport: HttpTransport) -> None:
    with pytest.raises(NeedsOperator, match="cannot be read"):
        transport.send(HttpRequest(method="GET", url="http://[half/page"), 2)

"""The service and its home: one at a time, for its owner only, and going on while its key is changed."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from installation import INTERNAL, Installation

from conftest import Served

_CANNOT = 3


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation that ends with the test."""
    made = Installation(tmp_path / "home")
    try:
        yield made
    finally:
        made.leave()


def _with_a_connection(installation: Installation) -> str:
    """Make the home and a connection; return its Web Connector user."""
    assert installation.run("init").code == 0
    made = installation.run(
        "connection", "add", "main", "--base-url", "http://127.0.0.1:9", "--company-code", "U",
        "--client-id", "i", "--client-secret", "s", "--password", "the password",
    )  # fmt: skip
    return str(made.value["user"])


def test_while_the_service_runs_a_new_master_key_is_taken_and_the_old_key_opens_nothing(
    installation: Installation,
) -> None:
    user = _with_a_connection(installation)
    key = installation.home / "master.key"
    old = key.read_text(encoding="utf-8")
    installation.serve()
    assert installation.sign_in("main", user, "the password")[1] == ""
    for _ in range(2):
        done = installation.run("keys", "rotate")
        assert done.code == 0, done
        assert old not in done.out and key.read_text(encoding="utf-8") != old
        assert installation.sign_in("main", user, "the password")[1] in ("", "none")
    installation.end()
    assert [path.name for path in installation.home.glob("master.key*")] == ["master.key"]
    key.write_text(old, encoding="utf-8")
    installation.serve()
    assert installation.sign_in("main", user, "the password")[1] == "busy"
    log = installation.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "put the right key file back" in log


def test_a_second_service_on_one_home_is_refused(served: Served) -> None:
    done = served.installation.run("serve", "--port", "0")
    assert done.code == _CANNOT
    assert "already" in done.value["error"] and str(served.installation.home) in done.value["error"]


def test_after_a_service_was_killed_the_next_one_starts(installation: Installation) -> None:
    _with_a_connection(installation)
    installation.serve()
    installation.kill()
    installation.serve()
    assert installation.call("GET", "/health").status == 200


@pytest.mark.skipif(os.name != "posix", reason="rights are told by the mode on POSIX only")
def test_the_home_and_what_is_in_it_is_for_its_owner_only(installation: Installation) -> None:
    before = os.umask(0o022)
    try:
        _with_a_connection(installation)
        installation.serve()
    finally:
        os.umask(before)
    paths = [installation.home, *installation.home.iterdir()]
    assert len(paths) >= 4
    for path in paths:
        assert not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO), path
    installation.home.chmod(0o755)
    findings = installation.run("doctor").value["findings"]
    assert [f["ok"] for f in findings if "chmod 700" in f["sentence"]] == [False]


def test_init_says_where_the_master_key_comes_from(installation: Installation) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    refused = installation.run("init", ML_CONNECTOR_MASTER_KEY="too short")
    assert refused.code == _CANNOT and "master key" in refused.value["error"]
    assert installation.run("init", ML_CONNECTOR_MASTER_KEY=key).value["key_from"] == "environment"
    made = installation.run("init").value
    assert (made["key_from"], made["new_key"]) == ("file", True)
    words = installation.run("init", json_=False, ML_CONNECTOR_MASTER_KEY=key).out
    assert "comes from ML_CONNECTOR_MASTER_KEY, and not from" in words


def test_a_database_in_trouble_is_said_in_plain_words_and_no_stack_trace(installation: Installation) -> None:
    user = _with_a_connection(installation)
    installation.serve()
    with closing(sqlite3.connect(installation.home / "connector.sqlite3")) as database:
        database.execute("ALTER TABLE store_connection RENAME TO elsewhere")
        assert installation.sign_in("main", user, "the password")[1] == "busy"
        for method, path in (("GET", "/qbwc/main"), ("GET", "/qbwc/main?wsdl"), ("POST", "/basware/main")):
            reply = installation.call(method, path, b"{}" if method == "POST" else b"")
            assert reply.status == 503
            assert not INTERNAL.search(reply.text), reply
        database.execute("ALTER TABLE elsewhere RENAME TO store_connection")
    assert installation.sign_in("main", user, "the password")[1] == ""
    lines = installation.log.read_text(encoding="utf-8").splitlines()
    said = [number for number, line in enumerate(lines) if " error web." in line]
    assert len(said) == 4
    assert not any("Traceback" in line for number in said for line in lines[number : number + 2])


# Doctor.


def test_the_doctor_asks_the_service_and_says_why_a_connection_is_paused(installation: Installation) -> None:
    _with_a_connection(installation)
    installation.run("connection", "pause", "main", "--reason", "the books are being closed")
    address = {"ML_CONNECTOR_PUBLIC_URL": installation.url}
    silent = installation.run("doctor", **address).value["findings"]
    assert [f["warning"] for f in silent if "No service answered" in f["sentence"]] == [True]
    assert [f["warning"] for f in silent if "paused: the books are being closed" in f["sentence"]] == [True]
    installation.serve()
    answered = installation.run("doctor", **address).value["findings"]
    assert [f["ok"] for f in answered if "The service answered at" in f["sentence"]] == [True]
    wrong = installation.run("doctor", ML_CONNECTOR_PUBLIC_URL="nonsense").value["findings"]
    assert [f["ok"] for f in wrong if "'nonsense'" in f["sentence"]] == [False]


# Bodies in chunks.


def _send(served: Served, raw: bytes) -> bytes:
    """Send bytes on one connection, and return everything that comes back until it is closed."""
    with socket.create_connection(("localhost", served.installation.port), timeout=20) as channel:
        channel.sendall(raw)
        received = b""
        while piece := channel.recv(65536):
            received += piece
    return received


_HEAD = b"Host: localhost\r\nContent-Type: text/xml; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
_SMUGGLED = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_a_body_in_chunks_is_read_whole(served: Served) -> None:
    call = (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        b'<serverVersion xmlns="http://developer.intuit.com/"/></soap:Body></soap:Envelope>'
    )
    connection = http.client.HTTPConnection("localhost", served.installation.port, timeout=20)
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    connection.request("POST", "/qbwc/main", body=iter([call[:50], call[50:]]), headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"serverVersionResult" in answer.read()
    connection.close()


@pytest.mark.parametrize("path", [b"/qbwc/main", b"/basware/main", b"/nowhere", b"/health"])
@pytest.mark.parametrize("chunks", [b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"", b"FFFFFFFFFFF\r\nx"])
def test_what_follows_a_body_in_chunks_is_never_taken_for_a_request(served: Served, path: bytes, chunks: bytes) -> None:
    received = _send(served, b"POST " + path + b" HTTP/1.1\r\n" + _HEAD + chunks + _SMUGGLED)
    assert received.count(b"HTTP/1.1 ") == 1, received
    assert not INTERNAL.search(received.decode()), received


# The log.


def test_the_log_has_one_line_for_what_happened_and_who_was_turned_away(installation: Installation) -> None:
    user = _with_a_connection(installation)
    installation.serve()
    ticket = installation.sign_in("main", user, "the password")[0]
    installation.soap("main", "closeConnection", ticket=ticket)
    installation.sign_in("main", user, "wrong password")
    installation.end()
    lines = installation.log.read_text(encoding="utf-8").splitlines()
    for words, key in (
        ("service started", f"port={installation.port}"),
        ("session opened", "connection=main"),
        ("session closed", "connection=main"),
        ("sign-in refused", "caller="),
        ("sign-in refused", "connection=main"),
        ("service ended", ""),
    ):
        assert len([line for line in lines if words in line and key in line]) == 1, (words, lines)
    assert not any("password" in line for line in lines)

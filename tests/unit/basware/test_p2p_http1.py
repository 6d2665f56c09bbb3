"""HTTP/1.1 on one connection: what is read as an answer, and what is refused rather than guessed at."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ml_connector.basware.http1 import Answer, Broken, Line, TooLarge, Unwritable, request_bytes


@pytest.fixture
def ends() -> Iterator[tuple[Line, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Line(ours), theirs


def answered(ends: tuple[Line, socket.socket], *answers: bytes, hang_up: bool = True) -> Answer:
    line, other = ends
    for piece in answers:
        other.sendall(piece)
    if hang_up:
        other.shutdown(socket.SHUT_WR)
    return line.ask(b"GET / HTTP/1.1\r\n\r\n", 2, 100)


def test_a_request_is_written_in_one_piece() -> None:
    written = request_bytes("POST", "api.example:8443", "/v1/x?y=1", {"Accept": "a/b"}, b"{}")
    assert written == (
        b"POST /v1/x?y=1 HTTP/1.1\r\nHost: api.example:8443\r\nAccept-Encoding: identity\r\nContent-Length: 2\r\n"
        b"Accept: a/b\r\n\r\n{}"
    )
    assert b"Content-Length: 0\r\n" in request_bytes("POST", "h", "/", {}, b"")
    assert b"Content-Length" not in request_bytes("GET", "h", "/", {}, b"")


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET\r\n", "/", {}), ("get", "/", {}), ("GET", "/a b", {}), ("GET", "/\x7f", {}), ("GET", "/\u00e9", {}),
        ("GET", "/", {"x": "1\n2"}), ("GET", "/", {"x": "1\r"}), ("GET", "/", {"x y": "1"}), ("GET", "/", {"": "1"}),
        ("GET", "/", {"x": "\0"}), ("GET", "/", {"x": "\u20ac"}), ("GET", "/", {"x:": "1"}),
    ],
)  # fmt: skip
def test_what_http_cannot_carry_is_not_written(method: str, target: str, headers: dict[str, str]) -> None:
    with pytest.raises(Unwritable):
        request_bytes(method, "h", target, headers, b"")


def test_an_answer_of_known_length_leaves_the_connection_open(ends: tuple[Line, socket.socket]) -> None:
    first = answered(ends, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Id:  a b \r\n\r\nabc", hang_up=False)
    assert first == Answer(200, {"content-length": "3", "x-id": "a b"}, b"abc", reusable=True)
    assert answered(ends, b"HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n").status == 404


def test_an_answer_may_come_in_the_smallest_pieces(ends: tuple[Line, socket.socket]) -> None:
    whole = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"
    )
    found = answered(ends, *(whole[n : n + 1] for n in range(len(whole))))
    assert (found.body, found.reusable) == (b"abc0123456789", True)


def test_a_preliminary_answer_is_passed_over(ends: tuple[Line, socket.socket]) -> None:
    found = answered(ends, b"HTTP/1.1 103 Hints\r\nX: 1\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx")
    assert found == Answer(201, {"content-length": "1"}, b"x", reusable=True)


def test_an_answer_without_a_length_ends_with_the_connection(ends: tuple[Line, socket.socket]) -> None:
    found = answered(ends, b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it")
    assert (found.body, found.reusable) == (b"all of it", False)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_answers_have_no_body_whatever_they_say(ends: tuple[Line, socket.socket], status: bytes) -> None:
    found = answered(ends, b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\n\r\n")
    assert (found.body, found.reusable) == (b"", True)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", True),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
    ],
)
def test_the_other_side_says_whether_the_connection_stays(
    ends: tuple[Line, socket.socket], head: bytes, reusable: bool
) -> None:
    assert answered(ends, head + b"Content-Length: 0\r\n\r\n").reusable is reusable


def test_a_connection_with_something_left_on_it_is_not_used_again(ends: tuple[Line, socket.socket]) -> None:
    found = answered(ends, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n")
    assert (found.body, found.reusable) == (b"x", False)
    assert ends[0].has_something_to_say()


@pytest.mark.parametrize("left", [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", b"0", b"\0", b"x\r\n\r\n"])
def test_what_follows_an_answer_changes_nothing_in_it(ends: tuple[Line, socket.socket], left: bytes) -> None:
    found = answered(ends, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx" + left)
    assert found == Answer(200, {"content-length": "1"}, b"x", reusable=False)


def test_what_trails_an_answer_is_none_of_its_headers(ends: tuple[Line, socket.socket]) -> None:
    found = answered(
        ends, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nRetry-After: 9\r\n\r\n"
    )
    assert (found.headers, found.body, found.reusable) == ({"transfer-encoding": "chunked"}, b"x", True)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n folded: 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\na",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nA: 1\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nall of it",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 140_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 6_000 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 140_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_plainly_an_answer_is_none(ends: tuple[Line, socket.socket], answer: bytes) -> None:
    with pytest.raises(Broken):
        answered(ends, answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
    ],
)
def test_more_than_the_limit_is_not_read(ends: tuple[Line, socket.socket], answer: bytes) -> None:
    with pytest.raises(TooLarge):
        answered(ends, answer)


def test_silence_in_the_middle_of_an_answer_is_a_timeout(ends: tuple[Line, socket.socket]) -> None:
    line, other = ends
    other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab")
    with pytest.raises(TimeoutError):
        line.ask(b"GET / HTTP/1.1\r\n\r\n", 0.02, 100)


def test_a_request_that_nobody_takes_is_a_timeout(ends: tuple[Line, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        ends[0].ask(b"x" * 10_000_000, 0.02, 100)


def test_each_request_has_its_own_longest_silence(ends: tuple[Line, socket.socket]) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    for longest_s in (0.02, 2.0, 1e-9):
        ends[1].sendall(whole)
        assert ends[0].ask(b"GET / HTTP/1.1\r\n\r\n", longest_s, 100).status == 200
    with pytest.raises(TimeoutError):
        ends[0].ask(b"GET / HTTP/1.1\r\n\r\n", 1e-9, 100)

"""HTTP/1.1 on one open socket: a request in one piece, and an answer read strictly. Source: RFC 9112.

The answer is read by llhttp, the parser of Node.js, through httptools. What two readers could understand differently is
refused rather than guessed at, because the connection is used again and the rest of one answer must never be taken for
the next. llhttp refuses folded lines, bare line feeds and a length given twice or beside `chunked`; what it would let
pass is refused in `_Reader`: other protocols and versions, and codings other than `chunked`.
"""

from __future__ import annotations

import os
import re
import select
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from socket import SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET, socket
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: Bytes that may come in a row without one of the body among them: a head, trailers.
HEAD_LIMIT_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024

_TARGET = re.compile(r"[\x21-\x7e]+")
_METHOD = re.compile(r"[A-Z]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*")
_START = b"HTTP/1."

#: Windows, and systems of 32 bits, write `struct timeval` otherwise; there the timeout is Python's.
_SYSTEM_CAN_TIME = os.name == "posix" and struct.calcsize("@l") == 8


class Unwritable(ValueError):
    """The request holds what HTTP cannot carry; nothing was sent."""


class Broken(OSError):
    """The answer is not HTTP, or ended before it was whole."""


class TooLarge(Exception):
    """The answer's body is larger than the limit; it was not read to its end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: dict[str, str]  #: names in lower case; of a name that repeats, the last one
    body: bytes
    reusable: bool  #: the connection may carry another request


def request_bytes(method: str, host: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a request; `host` is the value of its Host header.

    Raises:
        Unwritable: the target or a header holds characters that HTTP forbids.
    """
    if _METHOD.fullmatch(method) is None or _TARGET.fullmatch(target) is None:
        raise Unwritable(target)
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept-Encoding: identity"]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    for name, value in headers.items():
        line = f"{name}: {value}"
        if _HEADER.fullmatch(line) is None:
            raise Unwritable(name)
        lines.append(line)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Line:
    """One open connection. Used by one thread at a time; after an error it is good for nothing but to be closed."""

    __slots__ = ("_poll", "_reader", "_timed_by_system", "_timeout_s", "sock")

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self._reader = _Reader()
        self._timeout_s = -1.0
        # Python's own timeout asks the system before each send and receive whether it may; where the system can time
        # them itself, a request is one call and its answer another. TLS needs Python's: ssl would wait for ever.
        self._timed_by_system = _SYSTEM_CAN_TIME and not isinstance(sock, ssl.SSLSocket)
        self._poll: Any = None
        if hasattr(select, "poll"):  # not on Windows
            self._poll = select.poll()
            self._poll.register(sock, select.POLLIN)

    def close(self) -> None:
        """Close it."""
        self.sock.close()

    def has_something_to_say(self) -> bool:
        """Tell whether there is something to be read: where nothing was asked, that is the end."""
        if self._poll is not None:
            return bool(self._poll.poll(0))
        return bool(select.select([self.sock], [], [], 0)[0])

    def ask(self, request: bytes, timeout_s: float, limit_bytes: int) -> Answer:
        """Send a request and read its answer; `timeout_s` is the longest silence.

        Raises:
            TimeoutError, OSError: `Broken` among them.
            TooLarge: the body is larger than `limit_bytes`.
        """
        if timeout_s != self._timeout_s:
            self._set_timeout(timeout_s)
        try:
            self.sock.sendall(request)
            return self._answer(limit_bytes)
        except BlockingIOError as error:
            raise TimeoutError("no answer in time") from error  # as the system words it

    def _set_timeout(self, timeout_s: float) -> None:
        if self._timed_by_system:
            # At least a microsecond, because nothing at all would mean for ever.
            seconds, micros = divmod(max(round(timeout_s * 1_000_000), 1), 1_000_000)
            limit = struct.pack("@ll", seconds, micros)  # struct timeval
            self.sock.settimeout(None)
            self.sock.setsockopt(SOL_SOCKET, SO_RCVTIMEO, limit)
            self.sock.setsockopt(SOL_SOCKET, SO_SNDTIMEO, limit)
        else:
            self.sock.settimeout(timeout_s)
        self._timeout_s = timeout_s

    def _answer(self, limit_bytes: int) -> Answer:
        reader = self._reader
        reader.begin()
        while not reader.whole:
            piece = self.sock.recv(_PIECE_BYTES)
            if not piece:
                reader.end()
                break
            reader.read(piece)
            if reader.size > limit_bytes or (reader.announced > limit_bytes and not reader.whole):
                raise TooLarge
        return Answer(reader.status, reader.headers, b"".join(reader.pieces), reader.reusable)


class _Reader:
    """Reads the answers of one connection, one after the other; llhttp calls the methods named `on_...`."""

    __slots__ = (
        "_barren",
        "_parser",
        "_start",
        "announced",
        "headers",
        "pieces",
        "reusable",
        "size",
        "status",
        "whole",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)

    def begin(self) -> None:
        """Wait for the next answer."""
        self._start = b""
        self._barren = 0  # bytes since the last one of a body
        self.status = 0
        self.headers: dict[str, str] = {}
        self.announced = 0  #: bytes of the body, where the head tells
        self.pieces: list[bytes] = []
        self.size = 0  #: bytes of the body so far
        self.whole = False
        self.reusable = False

    def read(self, piece: bytes) -> None:
        """Read on.

        Raises:
            Broken: this is no answer.
        """
        if len(self._start) < len(_START):
            self._start = (self._start + piece)[: len(_START)]
            if not _START.startswith(self._start):
                raise Broken("no status line")
        size = self.size
        try:
            self._parser.feed_data(piece)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.whole:
                raise Broken(str(error)) from error
            self.reusable = False  # something follows that nobody asked for
        self._barren = self._barren + len(piece) if self.size == size else 0
        if self._barren > HEAD_LIMIT_BYTES and not self.whole:
            raise Broken("a head or trailer without end")

    def end(self) -> None:
        """The connection ended, and with it an answer that told no other end.

        Raises:
            Broken: the answer is not whole.
        """
        if not self.status or "content-length" in self.headers or "transfer-encoding" in self.headers:
            raise Broken("the connection ended")

    def on_message_begin(self) -> None:
        if self.whole:
            raise Broken("something follows the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # trailers tell nothing that is acted on
        known = name.decode("latin-1").lower()
        said = value.decode("latin-1").rstrip(" \t")
        if known == "transfer-encoding" and (known in self.headers or said.lower() != "chunked"):
            raise Broken("a coding that nobody asked for")
        self.headers[known] = said

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 100:
            raise Broken("no status")
        self.announced = int(self.headers.get("content-length", 0))

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def on_message_complete(self) -> None:
        if self.status < 200:  # only preliminary: the answer is yet to come
            self.status, self.headers = 0, {}
            return
        self.whole = True
        self.reusable = self._parser.should_keep_alive()

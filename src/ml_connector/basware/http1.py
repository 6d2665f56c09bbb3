"""HTTP/1.1 on one open socket: a request in one piece, and an answer read strictly. Source: RFC 9112.

What two readers could understand differently is refused rather than guessed at, because the connection is used again and
the rest of one answer must never be taken for the next: folded lines, bare line feeds, two lengths that differ, codings
other than `chunked`.
"""

from __future__ import annotations

import re
import select
from collections.abc import Mapping
from dataclasses import dataclass
from socket import socket
from typing import Any

HEAD_LIMIT_BYTES = 64 * 1024
_PIECE_BYTES = 64 * 1024

_TARGET = re.compile(r"[\x21-\x7e]+")
_METHOD = re.compile(r"[A-Z]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: [^\r\n]*)?")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")
_DIGITS = re.compile(r"[0-9]{1,18}")


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

    __slots__ = ("_held", "_poll", "_timeout_s", "sock")

    def __init__(self, sock: socket) -> None:
        self.sock = sock
        self._held = b""
        self._timeout_s = -1.0
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
            self.sock.settimeout(timeout_s)
            self._timeout_s = timeout_s
        self.sock.sendall(request)
        old, status, headers = self._head()
        while 100 <= status < 200:
            old, status, headers = self._head()
        keep = _may_stay(old, headers)
        body, bounded = self._body(status, headers, limit_bytes)
        return Answer(status, headers, body, keep and bounded and not self._held)

    def _head(self) -> tuple[bool, int, dict[str, str]]:
        """Read a status line and its headers: whether HTTP is 1.0, the status, the headers."""
        while (end := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > HEAD_LIMIT_BYTES:
                raise Broken("the head has no end")
            self._more()
        first, _, rest = self._held[:end].partition(b"\r\n")
        self._held = self._held[end + 4 :]
        match = _STATUS.fullmatch(first)
        if match is None:
            raise Broken("no status line")
        return match[1] == b"0", int(match[2]), _fields(rest.decode("latin-1"))

    def _body(self, status: int, headers: dict[str, str], limit_bytes: int) -> tuple[bytes, bool]:
        """Read the body, and tell whether its end was marked other than by the end of the connection."""
        if status in {204, 304}:
            return b"", True
        coding = headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise Broken("a coding that nobody asked for")
            return self._chunks(limit_bytes), "content-length" not in headers
        announced = headers.get("content-length")
        if announced is None:
            return self._rest(limit_bytes), False
        if _DIGITS.fullmatch(announced) is None:
            raise Broken("a length that is no number")
        length = int(announced)
        if length > limit_bytes:
            raise TooLarge
        return self._exactly(length), True

    def _exactly(self, length: int) -> bytes:
        if len(self._held) < length:
            pieces = [self._held]
            missing = length - len(self._held)
            self._held = b""
            while missing > 0:
                self._more()
                pieces.append(self._held)
                missing -= len(self._held)
                self._held = b""
            self._held = b"".join(pieces)
        body, self._held = self._held[:length], self._held[length:]
        return body

    def _chunks(self, limit_bytes: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            match = _CHUNK.fullmatch(self._text_line())
            if match is None:
                raise Broken("a chunk without its length")
            length = int(match[1], 16)
            if not length:
                break
            size += length
            if size > limit_bytes:
                raise TooLarge
            pieces.append(self._exactly(length))
            if self._exactly(2) != b"\r\n":
                raise Broken("a chunk without its end")
        while self._text_line():  # trailers tell nothing that is acted on
            pass
        return b"".join(pieces)

    def _rest(self, limit_bytes: int) -> bytes:
        pieces = [self._held]
        size = len(self._held)
        while size <= limit_bytes and (piece := self.sock.recv(_PIECE_BYTES)):
            pieces.append(piece)
            size += len(piece)
        if size > limit_bytes:
            raise TooLarge
        self._held = b""
        return b"".join(pieces)

    def _text_line(self) -> bytes:
        while (end := self._held.find(b"\r\n")) < 0:
            if len(self._held) > HEAD_LIMIT_BYTES:
                raise Broken("a line has no end")
            self._more()
        line, self._held = self._held[:end], self._held[end + 2 :]
        return line

    def _more(self) -> None:
        piece = self.sock.recv(_PIECE_BYTES)
        if not piece:
            raise Broken("the connection ended")
        self._held = self._held + piece if self._held else piece


def _fields(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in text.split("\r\n") if text else ():
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Broken("a header that is none")
        name, value = match[1].lower(), match[2]
        if name in {"content-length", "transfer-encoding"} and headers.get(name, value) != value:
            raise Broken(f"two different values of {name}")
        headers[name] = value
    return headers


def _may_stay(old: bool, headers: dict[str, str]) -> bool:
    """Tell whether the other side keeps the connection open; HTTP/1.0 does so only if it says it."""
    said = headers.get("connection")
    if said is None:
        return not old
    words = {word.strip() for word in said.lower().split(",")}
    return "close" not in words and (not old or "keep-alive" in words)

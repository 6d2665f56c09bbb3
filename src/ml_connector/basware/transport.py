"""One HTTP exchange: bytes out, bytes back, and an honest word about whether a lost request may have arrived."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit

from ml_connector.basware.http1 import Answer, Line, TooLarge, Unwritable, request_bytes
from ml_connector.core.errors import NeedsOperator, TryAgain

#: Bytes of an answer that are read at most. A page holds up to 100 invoices; the largest seen are a few megabytes.
RESPONSE_LIMIT_BYTES = 64 * 1024 * 1024

#: Seconds for which an idle connection is used again without asking the system whether the other side has ended it;
#: servers keep an idle one for several seconds at least, and say it if the last answer was the last one.
IDLE_TRUSTED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request, complete: nothing is added on the way but Host and Content-Length."""

    method: str
    url: str  #: absolute
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One answer, read to its end."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  #: names are kept in lower case
    body: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", {name.lower(): value for name, value in self.headers.items()})

    def header(self, name: str) -> str:
        """Return a header whatever its case, or an empty text."""
        return self.headers.get(name.lower(), "")


class Transport(Protocol):
    """Carries one request. Follows no redirect, repeats nothing, keeps no cookie."""

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """Send and wait for the whole answer, whatever its status.

        Raises:
            TryAgain: with `applied` False when the request certainly did not reach the other side, None when it may
                have and only its answer is missing.
            NeedsOperator: the request cannot be written at all, so that nothing was sent.
        """
        ...


class HttpTransport:
    """The network. Keeps connections open; may be shared by threads.

    TLS 1.2 or later with the system's trust store. Leaf certificates are not pinned, because Basware renews them
    regularly. Source: P2P API, general information. HTTP itself is `http1`; see docs/adr for why.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float = 10.0,
        connections: int = 4,
        ca_file: str = "",
        response_limit_bytes: int = RESPONSE_LIMIT_BYTES,
        stopwatch: Callable[[], float] = time.monotonic,
        find: Callable[[str, int], Sequence[tuple[int, tuple[Any, ...]]]] | None = None,
    ) -> None:
        """`connections` are kept open per host; `ca_file` (PEM) adds an authority to the system's.

        `stopwatch` counts seconds since any moment, and is never set back. `find` looks a host up, as family and place of
        each address, and may refuse it; None asks the system.
        """
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file:
            self._context.load_verify_locations(cafile=ca_file)
        self._connect_timeout_s = connect_timeout_s
        self._kept = connections
        self._limit = response_limit_bytes
        self._stopwatch = stopwatch
        self._find = find
        self._idle: dict[str, list[tuple[Line, float]]] = {}  # each with the moment it became idle
        self._lock = Lock()

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for line in (line for kept in idle.values() for line, _ in kept):
            line.close()

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """See `Transport.send`. `timeout_s` is the longest silence accepted while waiting for the answer."""
        match = _ADDRESS.match(request.url)
        try:
            if match is None:
                raise ValueError(request.url)
            place = _place(match[1])
        except ValueError as error:
            raise NeedsOperator("The address of a request cannot be read: check the Basware settings.") from error
        path = match[2]
        try:
            text = request_bytes(
                request.method, place.header, path if path[:1] == "/" else f"/{path}", request.headers, request.body
            )
        except Unwritable as error:
            raise NeedsOperator(
                f"A request to {place.host} cannot be written: its address or a header holds characters that HTTP"
                " forbids."
            ) from error
        answer = self._ask(place, text, timeout_s)
        return HttpResponse(status=answer.status, headers=answer.headers, body=answer.body)

    def _ask(self, place: _Place, text: bytes, timeout_s: float) -> Answer:
        line = self._take(place.name) or self._connect(place)
        try:
            answer = line.ask(text, timeout_s, self._limit)
        except TimeoutError as error:
            line.close()
            raise TryAgain(f"{place.host} did not answer in time.", applied=None) from error
        except OSError as error:
            line.close()
            words = f"The connection to {place.host} was lost before the answer was complete."
            raise TryAgain(words, applied=None) from error
        except TooLarge:
            line.close()
            words = f"The answer is larger than {self._limit} bytes and was not read."
            raise TryAgain(words, applied=None) from None
        except BaseException:
            line.close()
            raise
        if answer.reusable:
            self._keep(place.name, line)
        else:
            line.close()
        return answer

    def _connect(self, place: _Place) -> Line:
        """Open a connection. Whatever fails here, nothing of the request was sent."""
        sock: socket.socket | None = None
        try:
            sock = self._open(place)
            # A request leaves at once, without waiting for the acknowledgement of an earlier one.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.encrypted:
                sock = self._context.wrap_socket(sock, server_hostname=place.host)
            return Line(sock)
        except ssl.SSLCertVerificationError as error:
            _close(sock)
            raise TryAgain(
                f"The certificate of {place.host} is not trusted by this computer.", applied=False
            ) from error
        except (OSError, ValueError) as error:
            _close(sock)
            raise TryAgain(f"No connection to {place.host or place.name}.", applied=False) from error

    def _open(self, place: _Place) -> socket.socket:
        if self._find is None:
            return socket.create_connection((place.host, place.port), self._connect_timeout_s)
        problem: OSError = OSError("no address")
        for family, address in self._find(place.host, place.port):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(self._connect_timeout_s)
                sock.connect(address)
            except OSError as error:
                sock.close()
                problem = error
            else:
                return sock
        raise problem

    def _take(self, name: str) -> Line | None:
        """Return an open connection that the other side has not closed meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(name)
                if not idle:
                    return None
                line, since = idle.pop()
            if self._stopwatch() - since <= IDLE_TRUSTED_S or not line.has_something_to_say():
                return line
            line.close()

    def _keep(self, name: str, line: Line) -> None:
        with self._lock:
            idle = self._idle.setdefault(name, [])
            if len(idle) < self._kept:
                idle.append((line, self._stopwatch()))
                return
        line.close()


#: Scheme and host; then path and query. A fragment is never sent.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^#]*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a request goes."""

    name: str  #: scheme, host and port as written
    host: str
    port: int
    encrypted: bool
    header: str  #: value of the Host header


@lru_cache(maxsize=256)
def _place(name: str) -> _Place:
    """Read the first part of an address.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(name)
    encrypted = parts.scheme == "https"
    host = parts.hostname or ""
    if not host or parts.scheme not in {"https", "http"}:
        raise ValueError(name)
    usual = 443 if encrypted else 80
    port = parts.port or usual
    header = f"[{host}]" if ":" in host else _ascii(host)
    if port != usual:
        header = f"{header}:{port}"
    return _Place(name=name, host=host, port=port, encrypted=encrypted, header=header)


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""  # no such host can be connected to


def _close(sock: socket.socket | None) -> None:
    if sock is not None:
        sock.close()

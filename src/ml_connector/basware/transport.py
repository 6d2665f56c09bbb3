"""One HTTP exchange: bytes out, bytes back, and an honest word about whether a lost request may have arrived."""

from __future__ import annotations

import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection, InvalidURL
from socket import socket
from threading import Lock
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from ml_connector.core.errors import NeedsOperator, TryAgain

#: Bytes of an answer that are read at most. A page holds up to 100 invoices; the largest seen are a few megabytes.
RESPONSE_LIMIT_BYTES = 64 * 1024 * 1024


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
    regularly. Source: P2P API, general information. Python's own HTTP client costs a third of what the libraries built on
    it cost; see docs/adr.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float = 10.0,
        connections: int = 4,
        ca_file: str = "",
        response_limit_bytes: int = RESPONSE_LIMIT_BYTES,
    ) -> None:
        """`connections` are kept open per host; `ca_file` (PEM) adds an authority to the system's."""
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file:
            self._context.load_verify_locations(cafile=ca_file)
        self._connect_timeout_s = connect_timeout_s
        self._kept = connections
        self._limit = response_limit_bytes
        self._idle: dict[str, list[HTTPConnection]] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connection in (connection for kept in idle.values() for connection in kept):
            connection.close()

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """See `Transport.send`. `timeout_s` is the longest silence accepted while waiting for the answer."""
        try:
            parts = urlsplit(request.url)
            host = parts.hostname or ""
        except ValueError as error:
            raise NeedsOperator("The address of a request cannot be read: check the Basware settings.") from error
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        place = f"{parts.scheme}://{parts.netloc}"
        connection = self._take(place) or self._connect(parts)
        try:
            connection.sock.settimeout(timeout_s)
            connection.request(request.method, target, body=request.body or None, headers=dict(request.headers))
            answer = connection.getresponse()
            # Of known length it is read whole, because a shorter one is then noticed.
            body = (
                b"" if (answer.length or 0) > self._limit else answer.read(None if answer.length else self._limit + 1)
            )
        except TimeoutError as error:
            connection.close()
            raise TryAgain(f"{host} did not answer in time.", applied=None) from error
        except (InvalidURL, ValueError) as error:
            # Said by the client itself before anything was sent.
            connection.close()
            words = (
                f"A request to {host} cannot be written: its address or a header holds characters that HTTP forbids."
            )
            raise NeedsOperator(words) from error
        except (HTTPException, OSError) as error:
            connection.close()
            raise TryAgain(
                f"The connection to {host} was lost before the answer was complete.", applied=None
            ) from error
        if len(body) > self._limit or (answer.length or 0) > self._limit:
            connection.close()
            raise TryAgain(f"The answer is larger than {self._limit} bytes and was not read.", applied=None)
        if answer.will_close or not answer.isclosed():
            connection.close()
        else:
            self._keep(place, connection)
        return HttpResponse(status=answer.status, headers=dict(answer.headers.items()), body=body)

    def _connect(self, parts: SplitResult) -> HTTPConnection:
        """Open a connection. Whatever fails here, nothing of the request was sent."""
        host = parts.hostname or ""
        try:
            connection = (
                HTTPSConnection(host, parts.port, timeout=self._connect_timeout_s, context=self._context)
                if parts.scheme == "https"
                else HTTPConnection(host, parts.port, timeout=self._connect_timeout_s)
            )
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise TryAgain(f"The certificate of {host} is not trusted by this computer.", applied=False) from error
        except (HTTPException, OSError, ValueError) as error:
            raise TryAgain(f"No connection to {host or parts.geturl()}.", applied=False) from error
        return connection

    def _take(self, place: str) -> HTTPConnection | None:
        """Return an open connection that the other side has not closed meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(place)
                connection = idle.pop() if idle else None
            if connection is None or not _has_something_to_say(connection.sock):
                return connection
            # Nothing was asked, so what is there to be read is the end.
            connection.close()

    def _keep(self, place: str, connection: HTTPConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault(place, [])
            if len(idle) < self._kept:
                idle.append(connection)
                return
        connection.close()


def _has_something_to_say(sock: socket | None) -> bool:
    if sock is None:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))

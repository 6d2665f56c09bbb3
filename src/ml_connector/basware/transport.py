"""One HTTP exchange: bytes out, bytes back, and an honest word about whether a lost request may have arrived."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from ml_connector.core.errors import TryAgain

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
        """
        ...


class Urllib3Transport:
    """The network. Keeps connections open; may be shared by threads.

    TLS 1.2 or later with the system's trust store. Leaf certificates are not pinned, because Basware renews them
    regularly. Source: P2P API, general information.
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
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
        self._pools = urllib3.PoolManager(maxsize=connections, ssl_context=context, retries=False)
        self._connect_timeout_s = connect_timeout_s
        self._limit = response_limit_bytes

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pools.clear()

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        """See `Transport.send`. `timeout_s` is the longest silence accepted while waiting for the answer."""
        parts = urlsplit(request.url)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            pool = self._pools.connection_from_host(parts.hostname or "", parts.port, parts.scheme)
            answer = pool.urlopen(
                request.method,
                target,
                body=request.body or None,
                headers=dict(request.headers),
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=self._connect_timeout_s, read=timeout_s),
                preload_content=False,
            )
            body = self._read(answer)
        except (HTTPError, LocationValueError, OSError) as error:
            raise _lost(error, parts.hostname or request.url) from error
        return HttpResponse(status=answer.status, headers=answer.headers, body=body)

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        length = answer.headers.get("content-length", "")
        if (
            length.isascii()
            and length.isdigit()
            and len(length) < 16
            and int(length) <= self._limit
            and "content-encoding" not in answer.headers
        ):
            body = answer.read()
            answer.release_conn()
            return body
        # Unknown or unpacked size: read in pieces, so that the limit holds for what it unpacks to.
        pieces: list[bytes] = []
        size = 0
        for piece in answer.stream(256 * 1024, decode_content=True):
            size += len(piece)
            if size > self._limit:
                answer.close()
                raise TryAgain(f"The answer is larger than {self._limit} bytes and was not read.", applied=None)
            pieces.append(piece)
        answer.release_conn()
        return b"".join(pieces)


def _lost(error: Exception, host: str) -> TryAgain:
    """Say what happened, and whether the request may have arrived."""
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return TryAgain(f"The certificate of {host} is not trusted by this computer.", applied=False)
    if isinstance(error, NewConnectionError | ConnectTimeoutError | LocationValueError):
        return TryAgain(f"No connection to {host}.", applied=False)
    if isinstance(error, ReadTimeoutError):
        return TryAgain(f"{host} did not answer in time.", applied=None)
    return TryAgain(f"The connection to {host} was lost before the answer was complete.", applied=None)

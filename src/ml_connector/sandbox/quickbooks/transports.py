"""How calls reach the service: over HTTP with the habits of .NET, or straight into a WSGI application.

The .NET client sends the head with `Expect: 100-continue`, waits up to 350 ms for the go-ahead, sends the body as
separate writes, keeps the connection, sends no cookies and follows no redirect. (Measured with a .NET SOAP client.)
"""

import contextlib
import http.client
import io
import select
import ssl
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from ml_connector.sandbox.quickbooks.soap import ServiceFailure

_CONTINUE_WAIT_S = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer."""

    status: int
    content_type: str
    body: bytes


class Transport(Protocol):
    """Anything that can deliver a call."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Deliver one call. Raises ServiceFailure when there is no answer."""

    def get(self, url: str) -> Reply:
        """Fetch a page, as the Web Connector does when an application is added. Raises ServiceFailure."""

    def close(self) -> None:
        """Drop what is kept open."""


class HttpTransport:
    """Real HTTP or HTTPS over one kept connection."""

    def __init__(self, *, timeout_s: float = 120.0, ca_file: str | None = None) -> None:
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._connection: http.client.HTTPConnection | None = None
        self._origin: tuple[str, str] | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Deliver one call: head, go-ahead, body."""
        try:
            connection, target = self._connected(url)
            connection.putrequest("POST", target, skip_accept_encoding=True)
            for name, value in {**headers, "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
                connection.putheader(name, value)
            connection.endheaders()
            # Whatever comes first, go-ahead or nothing, the body follows; http.client skips the 100 when reading.
            select.select([connection.sock], [], [], _CONTINUE_WAIT_S)
            connection.send(body)
            return self._answer(connection)
        except TimeoutError:
            self.close()
            raise ServiceFailure("The operation has timed out.") from None
        except (OSError, http.client.HTTPException) as reason:
            self.close()
            raise ServiceFailure(f"Unable to connect to the remote server: {reason}") from None

    def get(self, url: str) -> Reply:
        """Fetch a page."""
        try:
            connection, target = self._connected(url)
            connection.request("GET", target)
            return self._answer(connection)
        except (OSError, http.client.HTTPException) as reason:
            self.close()
            raise ServiceFailure(f"Unable to connect to the remote server: {reason}") from None

    def close(self) -> None:
        """Drop the kept connection."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
        self._connection = None

    def _answer(self, connection: http.client.HTTPConnection) -> Reply:
        response = connection.getresponse()
        body = response.read()
        if response.will_close:
            self.close()
        return Reply(status=response.status, content_type=response.headers.get("Content-Type", ""), body=body)

    def _connected(self, url: str) -> tuple[http.client.HTTPConnection, str]:
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        connection = self._connection
        if connection is not None and (origin != self._origin or _is_stale(connection)):
            self.close()
            connection = None
        if connection is None:
            host = parts.hostname or ""
            if parts.scheme == "https":
                context = ssl.create_default_context(cafile=self._ca_file)
                connection = http.client.HTTPSConnection(host, parts.port, timeout=self._timeout_s, context=context)
            else:
                connection = http.client.HTTPConnection(host, parts.port, timeout=self._timeout_s)
            connection.connect()
            self._connection, self._origin = connection, origin
        target = parts.path or "/"
        return connection, f"{target}?{parts.query}" if parts.query else target


def _is_stale(connection: http.client.HTTPConnection) -> bool:
    # A kept connection that is readable before we wrote anything has been closed by the service.
    if connection.sock is None:
        return True
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return bool(readable)


class WsgiTransport:
    """Calls a WSGI application in this process, so that a whole world needs no socket."""

    def __init__(self, application: Any) -> None:
        self._application = application  # typed loosely: frameworks disagree with wsgiref about environ

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Deliver one call."""
        return self._request("POST", url, headers, body)

    def get(self, url: str) -> Reply:
        """Fetch a page."""
        return self._request("GET", url, {}, b"")

    def close(self) -> None:
        """Nothing is kept open."""

    def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": parts.path or "/",
            "QUERY_STRING": parts.query,
            "SERVER_NAME": parts.hostname or "",
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": parts.netloc,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": parts.scheme,
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, response_headers: list[tuple[str, str]], exc_info: object = None) -> object:
            started.append((status, response_headers))
            return lambda data: None

        chunks: Iterable[bytes] = self._application(environ, start_response)
        try:
            answer = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        if not started:
            raise ServiceFailure("The service closed the connection without an answer.")
        status, response_headers = started[-1]
        found = {name.casefold(): value for name, value in response_headers}
        return Reply(status=int(status.split(" ", 1)[0]), content_type=found.get("content-type", ""), body=answer)

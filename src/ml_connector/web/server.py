"""The HTTP server in the process: cheroot, with TLS of its own where certificates are given."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Gateway_10, Server
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from ml_connector.core.errors import NeedsOperator
from ml_connector.web.service_config import ServiceConfig


class HttpServer:
    """Serves until it is stopped. `port` is the one it really listens on."""

    def __init__(self, config: ServiceConfig) -> None:
        # Bodies are capped by the views; the limit here only keeps endless headers away.
        self._server = Server(
            (config.host, config.port),
            WSGIHandler(),
            numthreads=config.threads,
            max=config.threads * 4,
            request_queue_size=128,
            timeout=120,
            shutdown_timeout=5,
        )
        # The Web Connector's client writes in small pieces; without this each call waits 40 ms for an acknowledgement.
        self._server.nodelay = True
        self._server.max_request_header_size = 64 * 1024
        self._server.gateway = _gateway(config.max_body_mb * 1_000_000)
        if config.tls_certificate or config.tls_key:
            self._server.ssl_adapter = _tls(config)
        _check_host(config.host)
        try:
            self._server.prepare()
        except OSError:
            raise NeedsOperator(
                f"Port {config.port} on {config.host} cannot be used: another program holds it, or this account may not"
                " open it; choose another: --port."
            ) from None
        bound: Any = self._server.socket
        self.port: int = bound.getsockname()[1]
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, and no more."""
        self._server.stop()
        self._thread.join(10)
        connections.close_all()

    def _serve(self) -> None:
        self._server.serve()


def _gateway(limit_bytes: int) -> type[Gateway_10]:
    """Return the way from a request to Django that never takes a body for the next request."""

    class Gateway(Gateway_10):
        def respond(self) -> None:
            if self.req.chunked_read:
                # What a view leaves unread of such a body has no known length and cannot be passed over: after the
                # answer the connection is closed. The limit keeps one endless chunk out of memory.
                self.req.close_connection = True
                self.req.rfile.maxlen = limit_bytes
            super().respond()

    return Gateway


def _tls(config: ServiceConfig) -> BuiltinSSLAdapter:
    if not config.tls_certificate or not config.tls_key:
        raise NeedsOperator("TLS needs both tls_certificate and tls_key, and only one of them is set.")
    for path in (config.tls_certificate, config.tls_key):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise NeedsOperator(f"{path} cannot be read: {error.strerror}; TLS needs it.") from None
    try:
        return BuiltinSSLAdapter(config.tls_certificate, config.tls_key)
    except OSError:  # SSLError is one
        raise NeedsOperator(
            f"{config.tls_certificate} and {config.tls_key} are not a certificate and its private key, both in PEM."
        ) from None


def _check_host(host: str) -> None:
    """Find out whether this machine has the address at all, on any port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.bind(address)
    except (OSError, UnicodeError):
        raise NeedsOperator(
            f"This machine has no address {host!r} to listen on; name one of its own with --host, such as 127.0.0.1, or"
            " 0.0.0.0 for all."
        ) from None

"""The HTTP server in the process: cheroot, with TLS of its own where certificates are given."""

from __future__ import annotations

import socket
import threading
from typing import Any

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
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
        if config.tls_certificate:
            self._server.ssl_adapter = BuiltinSSLAdapter(config.tls_certificate, config.tls_key)
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

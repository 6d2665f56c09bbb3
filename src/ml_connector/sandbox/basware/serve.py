"""The tenant on sockets: three ports on 127.0.0.1 and a thread that sends notifications."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from cheroot import wsgi

from ml_connector.sandbox.basware.app import BaswareApp
from ml_connector.sandbox.basware.control import ControlApp
from ml_connector.sandbox.basware.presigned import PresignedApp
from ml_connector.sandbox.basware.tenant import BaswareTenant
from ml_connector.sandbox.firm import Firm

HOST = "127.0.0.1"
_THREADS = 12
# Looks now and then without being called, because a status becomes due by the mere passing of time.
_LOOK_EVERY_S = 1.0


class _Server(wsgi.Server):
    """A WSGI server that is bound before it starts, so that its port is known."""

    def __init__(self, port: int, app: Callable[..., Any]) -> None:
        super().__init__((HOST, port), app, numthreads=_THREADS, server_name=HOST, request_queue_size=128)
        self.nodelay = True

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Report defects only: a dropped connection is what the sandbox does on purpose."""
        if level >= logging.ERROR:
            super().error_log(msg, level, traceback)


class BaswareServer:
    """A tenant reachable over HTTP; a context manager that starts and stops it."""

    def __init__(
        self,
        tenant: BaswareTenant,
        firm: Firm,
        *,
        seed: int = 1,
        port: int = 0,
        presigned_port: int = 0,
        control_port: int = 0,
    ) -> None:
        """Port 0 takes any free one. Raises: OSError if a port is taken."""
        self._tenant = tenant
        self._stopping = threading.Event()
        self._presigned = _bound(_Server(presigned_port, PresignedApp(tenant, self._pause)))
        self._control = _bound(_Server(control_port, ControlApp(tenant, firm, seed)))
        self._api = _bound(_Server(port, self._refuse_early))
        self.base_url = _url(self._api)
        self.presigned_url = _url(self._presigned)
        self.control_url = _url(self._control)
        self._api.wsgi_app = BaswareApp(
            tenant, base_url=self.base_url, presigned_base_url=self.presigned_url, sleep=self._pause
        )
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> BaswareServer:
        """Start serving."""
        for server in (self._presigned, self._control, self._api):
            self._threads.append(threading.Thread(target=server.serve, daemon=True))
        self._threads.append(threading.Thread(target=self._send_notifications, daemon=True))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and wait for the threads."""
        self._stopping.set()
        self._tenant.webhooks_waiting.set()
        for server in (self._api, self._control, self._presigned):
            server.stop()
        for thread in self._threads:
            thread.join(timeout=5)

    def _pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _send_notifications(self) -> None:
        while not self._stopping.is_set():
            self._tenant.webhooks_waiting.wait(_LOOK_EVERY_S)
            if not self._stopping.is_set():
                self._tenant.send_webhooks()

    @staticmethod
    def _refuse_early(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return []


def _bound(server: _Server) -> _Server:
    server.prepare()
    return server


def _url(server: _Server) -> str:
    bound: socket.socket = server.socket
    return f"http://{HOST}:{bound.getsockname()[1]}"

"""The running service: HTTP server and engine in one process."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

from django.urls import get_resolver

from ml_connector.engine.embedded import EmbeddedEngine
from ml_connector.flows.surroundings import Surroundings
from ml_connector.web import running
from ml_connector.web.console.settings import fit_address
from ml_connector.web.running import Running
from ml_connector.web.server import HttpServer
from ml_connector.web.service_config import ServiceConfig


class Service:
    """Answers the Web Connector and Basware, and does what is due, until it is stopped."""

    def __init__(self, config: ServiceConfig, surroundings: Surroundings) -> None:
        self._engine = EmbeddedEngine(surroundings, threads=config.engine_threads)
        self._http = HttpServer(config)
        self.config = replace(config, port=self._http.port)
        fit_address(self.config.own_url)
        if surroundings.ways is not None:
            surroundings.ways = replace(surroundings.ways, own_url=self.config.own_url)
        running.start(Running(config=self.config, surroundings=surroundings, wake_engine=self._engine.wake))

    def start(self) -> None:
        """Begin."""
        self._engine.start()
        self._http.start()

    def stop(self) -> None:
        """Come to the end of what is under way, and stop. What is not done stands in rows and is done next time."""
        self._http.stop()
        self._engine.stop()


def serve_until_told(service: Service, ready: Callable[[Service], None]) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    get_resolver().url_patterns  # noqa: B018  # loads every page and endpoint now, and not when somebody waits
    # What is loaded by now stays; looking through it again and again for garbage costs a tenth of all CPU time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    service.start()
    ready(service)
    told.wait()
    service.stop()

"""The embedded runner: a few threads in the server process.

It asks one question, which connections have due work, and runs each in one thread at a time. If every wake-up were lost,
the next look would find the same work.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import close_old_connections, connections

from ml_connector.flows.run import run
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 5.0


class EmbeddedEngine:
    """Runs due work in threads until it is stopped."""

    def __init__(self, surroundings: Surroundings, *, threads: int) -> None:
        self._surroundings = surroundings
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="engine")
        self._running: set[int] = set()
        self._again: set[int] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to look for work."""
        self._thread.start()

    def wake(self) -> None:
        """Look for work now: something has just become due."""
        self._wake.set()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Look for no more work, and let what runs come to the end of its step."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                close_old_connections()
                self.sweep()
                pause_s = self._pause_s()
            except Exception:
                log.exception("the engine could not look for work")
                pause_s = _LONGEST_SLEEP_S
            self._wake.wait(pause_s)
            self._wake.clear()
        connections.close_all()

    def sweep(self) -> None:
        """Start every connection that has due work and is not running."""
        for connection_id in duties.due_connections(self._surroundings.clock()):
            with self._lock:
                if connection_id in self._running:
                    self._again.add(connection_id)
                    continue
                self._running.add(connection_id)
            self._pool.submit(self._run, connection_id)

    def _run(self, connection_id: int) -> None:
        try:
            close_old_connections()
            with duties.claim(connection_id) as held:
                if held:
                    run(self._surroundings, connection_id)
        except Exception:
            log.exception("a connection's work failed inside", extra={"connection": connection_id})
        finally:
            connections.close_all()
            with self._lock:
                self._running.discard(connection_id)
                again = connection_id in self._again
                self._again.discard(connection_id)
            if again:
                self._wake.set()

    def _pause_s(self) -> float:
        now = self._surroundings.clock()
        following = duties.next_due(now)
        if following is None:
            return _LONGEST_SLEEP_S
        return min(max((following - now) / timedelta(seconds=1), 0.02), _LONGEST_SLEEP_S)

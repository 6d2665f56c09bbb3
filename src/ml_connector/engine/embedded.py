"""The embedded runner: a few threads in the server process.

It asks one question, which connections have due work, and runs each in one thread at a time. If every wake-up were lost,
the next look would find the same work. Besides, it makes the round of alerts, which belongs to no connection. A
database that fails ends no thread: it is said in one sentence, and tried again.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from ml_connector.core.retry import retry_delay_s
from ml_connector.flows import alert_round
from ml_connector.flows.run import run
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties

log = logging.getLogger(__name__)

_ALL = 0  # stands for the number of a connection where work belongs to none
_LONGEST_SLEEP_S = 5.0
_DATABASE_WAIT_S = 2.0  # after a first failure of the database; it doubles up to a minute
_DATABASE_WAIT_MAX_S = 60.0


class EmbeddedEngine:
    """Runs due work in threads until it is stopped."""

    def __init__(self, surroundings: Surroundings, *, threads: int) -> None:
        self._surroundings = surroundings
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="engine")
        self._running: set[int] = set()
        self._again: set[int] = set()
        self._resting: dict[
            int, tuple[int, datetime]
        ] = {}  #: failures of the database in a row, and until when to wait
        self._round_at: datetime | None = None  #: when the round of alerts is next made; None: at once
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
        failures = 0
        begun = False
        while not self._stop.is_set():
            try:
                close_old_connections()
                if not begun:
                    # The database may be a restored one: what it does not know of is looked for at once.
                    duties.wake_everywhere(self._surroundings.clock(), duties.SWEEP)
                    begun = True
                self.sweep()
                pause_s = self._pause_s()
                failures = 0
            except DatabaseError as trouble:
                failures += 1
                pause_s = self._database_wait_s(failures)
                log.error("the database does not answer; it is tried again", extra=_about(trouble, pause_s))
                _leave_database()
                self._stop.wait(pause_s)  # whoever wakes the engine meanwhile could not be served either
                continue
            except Exception:
                log.exception("the engine could not look for work")
                pause_s = _LONGEST_SLEEP_S
            self._wake.wait(pause_s)
            self._wake.clear()
        _leave_database()

    def sweep(self) -> None:
        """Start every connection that has due work and is not running."""
        now = self._surroundings.clock()
        for connection_id in duties.due_connections(now):
            with self._lock:
                if now < self._resting.get(connection_id, (0, now))[1]:
                    continue
                if connection_id in self._running:
                    self._again.add(connection_id)
                    continue
                self._running.add(connection_id)
            self._pool.submit(self._run, connection_id)
        if self._surroundings.ways is not None and (self._round_at is None or now >= self._round_at):
            self._round_at = now + alert_round.EVERY
            self._pool.submit(self._make_round)

    def _make_round(self) -> None:
        with self._lock:
            if _ALL in self._running:
                return
            self._running.add(_ALL)
        try:
            close_old_connections()
            with duties.claim(_ALL) as held:
                if held:
                    alert_round.make_round(self._surroundings)
        except DatabaseError as trouble:
            log.error("the database failed in the round of alerts; it is made again", extra=_about(trouble, 0.0))
        except Exception:
            log.exception("the round of alerts failed inside")
        finally:
            _leave_database()
            with self._lock:
                self._running.discard(_ALL)

    def _run(self, connection_id: int) -> None:
        try:
            close_old_connections()
            with duties.claim(connection_id) as held:
                if held:
                    run(self._surroundings, connection_id)
            self._resting.pop(connection_id, None)
        except DatabaseError as trouble:
            self._rest(connection_id, trouble)
        except Exception:
            log.exception("a connection's work failed inside", extra={"connection": connection_id})
        finally:
            _leave_database()
            with self._lock:
                self._running.discard(connection_id)
                again = connection_id in self._again
                self._again.discard(connection_id)
            if again:
                self._wake.set()

    def _rest(self, connection_id: int, trouble: DatabaseError) -> None:
        failures = self._resting.get(connection_id, (0, None))[0] + 1
        pause_s = self._database_wait_s(failures)
        self._resting[connection_id] = failures, self._surroundings.clock() + timedelta(seconds=pause_s)
        told = {"connection": connection_id} | _about(trouble, pause_s)
        log.error("the database failed in a connection's work; it is tried again", extra=told)

    def _database_wait_s(self, failures: int) -> float:
        dice = self._surroundings.dice()
        return retry_delay_s(failures, dice, base_s=_DATABASE_WAIT_S, cap_s=_DATABASE_WAIT_MAX_S)

    def _pause_s(self) -> float:
        now = self._surroundings.clock()
        following = duties.next_due(now)
        if following is None:
            return _LONGEST_SLEEP_S
        return min(max((following - now) / timedelta(seconds=1), 0.02), _LONGEST_SLEEP_S)


def _about(trouble: DatabaseError, pause_s: float) -> dict[str, object]:
    return {"why": " ".join(str(trouble).split()), "wait_s": round(pause_s, 1)}


def _leave_database() -> None:
    with suppress(DatabaseError):  # of a connection that is broken already
        connections.close_all()

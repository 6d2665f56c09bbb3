"""The Windows machine: QuickBooks, the Web Connector's list of applications, its log and its scheduler.

One application is updated at a time. `advance` and `poll` are for worlds that drive the clock themselves; a process
runs `advance` in a thread. (QBWC Programmer's Guide ch. 4: Auto-Run, Scheduler, minimum run interval.)
"""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.faults import FaultInjector
from ml_connector.sandbox.quickbooks.hostclock import Clock
from ml_connector.sandbox.quickbooks.qwc_file import QwcFile, QwcRefused, read_qwc
from ml_connector.sandbox.quickbooks.screen import UserAtScreen
from ml_connector.sandbox.quickbooks.soap import ServiceFailure
from ml_connector.sandbox.quickbooks.transports import Transport
from ml_connector.sandbox.quickbooks.web_connector import NO_OP_WAIT_S, SessionOutcome, WebConnector


@dataclass(slots=True, kw_only=True)
class Application:
    """One row of the Web Connector's window."""

    connector: WebConnector
    every_s: float | None  #: interval of Auto-Run; None is not ticked
    next_run: datetime | None  #: aware UTC


class Workstation:
    """QuickBooks and the Web Connector on one machine.

    `transport` makes a transport for an application; `sleep` waits the given seconds (a world moves its clock);
    `time_scale` multiplies the Web Connector's own waits.
    """

    def __init__(
        self,
        desktop: QuickBooksDesktop,
        *,
        clock: Clock,
        transport: Callable[[QwcFile], Transport],
        sleep: Callable[[float], None],
        faults: FaultInjector | None = None,
        time_scale: float = 1.0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.desktop = desktop
        self.screen = UserAtScreen(desktop)
        self.faults = faults or desktop.faults
        self.log: deque[str] = deque(maxlen=5000)
        self.applications: dict[str, Application] = {}
        self._clock = clock
        self._transport = transport
        self._sleep = sleep
        self._time_scale = time_scale
        self._write_log = log
        self._update_lock = threading.Lock()

    def add_application(self, qwc_text: str, password: str, *, every_s: float | None = None) -> QwcFile:
        """Add an application from the text of its .qwc file, as a user does; one with the same FileID is replaced.

        `every_s` overrides the file's Scheduler.

        Raises:
            QwcRefused: the file breaks a rule, AppURL does not answer GET with 200 (QBWC1048), or AppSupport cannot be
                reached (QBWC1003).
        """
        qwc = read_qwc(qwc_text)
        transport = self._transport(qwc)
        for url, code, name in ((qwc.app_url, "QBWC1048", "AppURL"), (qwc.app_support, "QBWC1003", "AppSupport")):
            try:
                status = transport.get(url).status
            except ServiceFailure as failure:
                raise QwcRefused(code, f"{name} cannot be reached: {failure}") from None
            if status != 200 if name == "AppURL" else status >= 400:
                raise QwcRefused(code, f"{name} answered GET with HTTP status {status}.")
        connector = WebConnector(
            self.desktop,
            qwc,
            password,
            transport=transport,
            clock=self._clock,
            sleep=self._sleep,
            faults=self.faults,
            no_op_wait_s=NO_OP_WAIT_S * self._time_scale,
            log=self._say,
        )
        interval = every_s if every_s is not None else qwc.every_s
        first = self._clock() if interval is not None else None
        self.applications[qwc.file_id] = Application(connector=connector, every_s=interval, next_run=first)
        return qwc

    def poll(self) -> list[SessionOutcome]:
        """Run one session of every application now and wait for their end ("Update Selected")."""
        return [self._update(application) for application in list(self.applications.values())]

    def advance(self) -> list[SessionOutcome]:
        """Run every application that is due by its schedule."""
        now = self._clock()
        due = [row for row in list(self.applications.values()) if row.next_run is not None and row.next_run <= now]
        return [self._update(application) for application in due]

    def calls(self) -> Counter[str]:
        """SOAP calls made so far, by method."""
        total: Counter[str] = Counter()
        for application in self.applications.values():
            total.update(application.connector.calls)
        return total

    def sessions(self) -> list[SessionOutcome]:
        """The last sessions of every application, oldest first."""
        found = [outcome for row in self.applications.values() for outcome in row.connector.sessions]
        return sorted(found, key=lambda outcome: (outcome.started, outcome.number))

    def _update(self, application: Application) -> SessionOutcome:
        with self._update_lock:
            started = self._clock()
            outcome = application.connector.update()
            if application.every_s is not None:
                schedule = application.connector.schedule
                seconds = schedule.postponed_s or max(application.every_s, schedule.minimum_s)
                application.next_run = _later(started, seconds)
            return outcome

    def _say(self, line: str) -> None:
        self.log.append(line)
        if self._write_log is not None:
            self._write_log(line)


def _later(moment: datetime, seconds: float) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() + seconds, tz=moment.tzinfo)


def seeded(seed: int) -> tuple[random.Random, FaultInjector]:
    """The generator of a workstation and its fault injector, independent of each other, from one seed."""
    return random.Random(seed), FaultInjector(random.Random(seed * 1_000_003 + 17))

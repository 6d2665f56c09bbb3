"""A world in which everything can go wrong: the flow tests' world, with a mortal process and bad weather on every wire."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError
from django.db import connections as databases

from campaign.process import Process
from campaign.sqlite.base import watch
from campaign.wires import Backdoor, Frontdoor
from desks import OWN_URL
from ml_connector.core.errors import ConnectorError
from ml_connector.flows import connections
from ml_connector.flows.run import run
from ml_connector.flows.surroundings import Surroundings
from ml_connector.sandbox.quickbooks.qwc_file import read_qwc
from ml_connector.sandbox.quickbooks.transports import WsgiTransport
from ml_connector.sandbox.quickbooks.web_connector import SessionOutcome, WebConnector
from ml_connector.store import duties
from ml_connector.web import running
from ml_connector.web.running import Running
from ml_connector.web.service_config import ServiceConfig
from world import PASSWORD, World
from world_wire import ProcessKilled

_EVENTS_SHOWN = 60


class StormyWorld(World):
    """One connector between two simulated systems, on a day on which everything happens."""

    def __init__(self, seed: int, *, first: float, further: float, **given: Any) -> None:
        """`first` and `further` are the chances that the process dies; see `Process`."""
        self.events: list[str] = []
        self.dice = random.Random(f"{seed}/campaign")
        self.process = Process(random.Random(f"{seed}/deaths"), self.note, first=first, further=further)
        self.skew_s = 0.0  #: by how much the connector's clock is ahead of everybody else's
        self._front: Frontdoor | None = None
        self._back: Backdoor | None = None
        self._seed = seed
        watch(self.process)
        super().__init__(seed, notified=True, **given)
        text = connections.qwc_file(self.connection, OWN_URL).decode("ascii")
        #: The same file, added to the Web Connector of a second machine.
        self.second_machine = WebConnector(
            self.outside.desktop,
            read_qwc(text),
            PASSWORD,
            transport=WsgiTransport(self.front),
            clock=self.clock.now,
            sleep=self.clock.advance,
            faults=self.outside.workstation.faults,
        )

    @property
    def front(self) -> Frontdoor:
        assert self._front is not None
        return self._front

    @property
    def back(self) -> Backdoor:
        assert self._back is not None
        return self._back

    @property
    def first_machine(self) -> WebConnector:
        (application,) = self.outside.workstation.applications.values()
        return application.connector

    def note(self, event: str) -> None:
        """Keep an event for the digest, and for whoever reads what happened."""
        self.events.append(f"{self.clock.now():%m-%d %H:%M:%S} {event}")

    # The connector's process.

    def _start_connector(self) -> None:
        if self._front is None:
            dice = random.Random(f"{self._seed}/wires")
            self._back = Backdoor(self.transport, dice, self.process, self.clock.now, self._noted)
            self._front = Frontdoor(WSGIHandler(), dice, self.process, self.revive, self.note)
        self.surroundings = Surroundings(
            clock=self.now_as_the_connector_sees_it,
            dice=random.Random(f"{self._seed}/{self.kills}/jitter").random,
            vault=self._vault,
            transport=self.back,
        )
        config = ServiceConfig(public_url=OWN_URL)
        running.start(Running(config=config, surroundings=self.surroundings, wake_engine=lambda: None))
        self.front.service = WSGIHandler()
        self.outside.connect(self.front)

    def _noted(self, event: str) -> None:
        self.note(event)

    def now_as_the_connector_sees_it(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.skew_s)

    def revive(self) -> None:
        """The process ended: drop everything it had in memory, its database connection too, and begin another."""
        self.kills += 1
        database = databases["default"]
        if database.connection is not None:
            database.connection.close()  # what was not committed is rolled back, as when a process ends
        del databases["default"]
        self.process.begins()
        self._start_connector()

    # Time and work.

    def works(self) -> None:
        """Let the connector do what is due, and Basware send the notifications that wait."""
        self.outside.basware.send_webhooks()
        for _ in range(12):  # what one duty does may make another one due
            due = duties.due_connections(self.now_as_the_connector_sees_it())
            if not due:
                return
            for connection_id in due:
                try:
                    run(self.surroundings, connection_id)
                except ProcessKilled:
                    self.revive()
                except DatabaseError as trouble:  # the engine looks again later
                    self.note(f"the engine could not work: {trouble}")

    def acts(self, what: Callable[[], object], words: str) -> str:
        """Let a person give a command. If the process dies over it, she looks, and gives it once more."""
        for _ in range(3):
            try:
                what()
            except ProcessKilled:
                self.revive()
                continue
            except (ConnectorError, DatabaseError) as refused:
                self.note(f"{words}: refused, {str(refused)[:60]}")
                return "refused"
            self.note(words)
            return "done"
        return "died"

    def polls(self) -> SessionOutcome:
        """Let the Web Connector run one session now."""
        outcome = self.outside.workstation.poll()[0]
        self._ended(outcome, "")
        return outcome

    def _ended(self, outcome: SessionOutcome, where: str) -> None:
        self.sessions.append(outcome)
        words = outcome.detail.replace("\n", " ")[:70]
        self.note(f"session{where}: {outcome.result}, {outcome.message_sets} sets, {outcome.calls} calls. {words}")

    def is_killed_while_polling(self) -> None:
        """Let the Web Connector's program be ended at some call boundary."""
        steps = self.first_machine.session()
        for _ in range(self.dice.randrange(1, 40)):
            try:
                boundary = next(steps)
            except StopIteration as finished:
                self._ended(finished.value, "")
                return
        steps.close()
        self.note(f"the Web Connector is ended {boundary}")

    def polls_from_two_machines(self) -> None:
        """Let two Web Connectors with the same file run a session at the same time."""
        steps = {" (first)": self.first_machine.session(), " (second)": self.second_machine.session()}
        while steps:
            name = self.dice.choice(sorted(steps))
            for _ in range(self.dice.choice((1, 1, 2, 6))):
                try:
                    next(steps[name])
                except StopIteration as finished:
                    self._ended(finished.value, name)
                    del steps[name]
                    break

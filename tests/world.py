"""The whole system in one process: the connector between a simulated Basware and a simulated QuickBooks.

One clock moves everything, one seed draws everything, and nothing sleeps. A test speaks to the two outside systems as
people do (`world.basware.approves`, `world.quickbooks.pays`), lets the world come to rest (`run_until_idle`), and looks
at what the outside systems then hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from desks import OWN_URL, BaswareDesk, ConnectorDesk, QuickBooksDesk
from ml_connector.basware.transport import HttpResponse
from ml_connector.cli.demo_views import Comparison, compare
from ml_connector.core.secret import Secret
from ml_connector.core.states import State
from ml_connector.flows import connections
from ml_connector.flows.run import run
from ml_connector.flows.story import summary
from ml_connector.flows.surroundings import Surroundings
from ml_connector.sandbox.basware.faults import realistic_mix
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.firm import Firm
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.about import Product
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.web_connector import SessionOutcome
from ml_connector.sandbox.world import API_URL, BEGINNING, OutsideWorld, small_firm
from ml_connector.store import duties
from ml_connector.store.chain import verify
from ml_connector.store.master_key import MasterKey
from ml_connector.store.models import Connection, Document, Duty, ImportRequest, ListEntry
from ml_connector.store.vault import Vault
from ml_connector.web import running
from ml_connector.web.running import Running
from ml_connector.web.service_config import ServiceConfig
from world_wire import ProcessKilled, WorldReach, WorldTransport

PASSWORD = "the Web Connector's own password"  # of a simulated machine
_PERSON = "a clerk"
_SMALL_FIRM = small_firm(1)

#: Every regular look at the same moment, so that a world that is at rest has looked at everything.
_SETTINGS = {
    "invoice_poll_s": 60, "list_read_s": 60, "list_publish_s": 60, "request_status_s": 5, "payment_read_s": 60,
    "drift_read_s": 60, "answer_s": 60, "web_connector_every_s": 60, "retry_base_s": 1,
}  # fmt: skip

_WAITS_FOR_WRITES = {State.PLANNED, State.IN_DOUBT, State.MODIFYING}
_OUTCOME_UNKNOWN = {State.SENT, State.IN_DOUBT, State.MODIFYING}
_UNDER_WAY = (
    State.RECEIVED,
    State.ACCEPTED,
    State.PLANNED,
    State.SENT,
    State.IN_DOUBT,
    State.MODIFYING,
    State.POSTED,
    State.GIVEN_UP,
)
_A_PERSON_MUST_LOOK = timedelta(hours=12)  # what is tried once a day waits for a person, and a world is at rest with it


class NotAtRest(AssertionError):
    """The world still had work after the time that was allowed."""


class World:
    """A connector with one connection between two simulated systems; both know the same firm."""

    def __init__(
        self,
        seed: int = 1,
        *,
        faults: bool = False,
        firm: Firm = _SMALL_FIRM,
        product: Product | None = None,
        pace: Pace = INSTANT,
        switches: Switches | None = None,
        notified: bool = False,
        restarts: float = 0.0,
        settings: Mapping[str, Any] | None = None,
        start: datetime = BEGINNING,
        dry_run: bool = False,
    ) -> None:
        """`faults` arms everything that happens on a bad day; `restarts` is the chance that the process dies at a call."""
        self.outside = OutsideWorld(
            seed,
            firm=firm,
            product=product,
            pace=pace,
            start=start,
            switches=switches or Switches(short_page_chance=0.0, unknown_field_chance=0.0),
        )
        self.clock = self.outside.clock
        self.firm = firm
        self.sessions: list[SessionOutcome] = []
        self.kills = 0
        self._restarts = restarts
        self._vault = Vault(MasterKey(bytes(range(32))))
        self.basware = BaswareDesk(self.outside)
        self.quickbooks = QuickBooksDesk(self.outside)
        self.transport = WorldTransport(self.outside)
        self._start_connector()
        self.connection, _ = connections.add(
            self.surroundings,
            "main",
            base_url=API_URL,
            token_url="",
            codes=[firm.company_code],
            client_id="sandbox-client",
            client_secret=Secret("sandbox-secret"),
            password=Secret(PASSWORD),
            settings=_SETTINGS | dict(settings or {}),
            actor=_PERSON,
            dry_run=dry_run,
        )
        self.connector = ConnectorDesk(self)
        self.outside.workstation.add_application(
            connections.qwc_file(self.connection, OWN_URL).decode("ascii"), PASSWORD
        )
        if notified:
            connections.subscribe(self.surroundings, self.connection, OWN_URL, _PERSON)
        self.transport.chance_of_death = restarts / 5
        if faults:
            self.outside.desktop.faults.arm_realistic_mix()
            for fault in realistic_mix():
                self.outside.basware.arm(fault)

    # The connector's process.

    def _start_connector(self) -> None:
        self.surroundings = Surroundings(
            clock=self.clock.now,
            dice=random.Random(self.outside.seed).random,
            vault=self._vault,
            transport=self.transport,
            reach=WorldReach(self.transport),
        )
        config = ServiceConfig(public_url=OWN_URL)
        running.start(Running(config=config, surroundings=self.surroundings, wake_engine=lambda: None))
        self.outside.connect(WSGIHandler())

    def happens(self, method: str, path: str, what: Callable[[], object], *, after: bool = False) -> None:
        """Let something happen while Basware is asked, before or after it did what it was asked for."""
        self.transport.meanwhile.append((method, path, after, what))

    def basware_answers(
        self, method: str, path: str, status: int, body: object = None, *, times: int = 1, **headers: str
    ) -> None:
        """Let Basware answer in a way of its own, and do nothing; `times` 0 is for ever."""
        encoded = b"" if body is None else json.dumps(body).encode()
        self.transport.scripted.append(
            (method, path, times, HttpResponse(status=status, headers=headers, body=encoded))
        )

    def reads_payments(self) -> None:
        """Let the Web Connector read at once what was paid."""
        duties.wake_all(self.connection.pk, self.clock.now(), duties.PAYMENTS)
        self.polls()

    def restart_connector(self) -> None:
        """End the connector's process and start another: what stood in memory is gone, what stood in rows is not."""
        self._start_connector()

    # Time.

    def passes(self, seconds: float) -> None:
        """Let time pass in which nobody does anything."""
        self.clock.advance(seconds)

    def works(self) -> None:
        """Let the connector do what is due, and Basware send the notifications that wait."""
        self.outside.basware.send_webhooks()
        for _ in range(20):  # what one duty does may make another one due
            due = duties.due_connections(self.clock.now())
            if not due:
                return
            for connection_id in due:
                try:
                    run(self.surroundings, connection_id)
                except ProcessKilled:
                    self.kills += 1
                    self.restart_connector()

    def fetches(self) -> None:
        """Let the connector take in at once what Basware offers, and plan it."""
        duties.wake_all(self.connection.pk, self.clock.now(), duties.INVOICES)
        self.works()

    def polls(self) -> SessionOutcome:
        """Let the Web Connector run one session now."""
        if self._restarts and self.outside.dice.random() < self._restarts:
            self.kills += 1
            self.restart_connector()
        outcome = self.outside.workstation.poll()[0]
        self.sessions.append(outcome)
        return outcome

    def run_until_idle(self, limit_s: float = 6 * 3600.0) -> None:
        """Let everything happen until nothing is under way and everybody has heard of everything.

        At rest is a world in which, since this was called, every list, every payment and every invoice was looked at
        once more, and then nothing was left to do. Raises: NotAtRest after `limit_s` seconds of the world's time.
        """
        began = self.clock.now()
        for duty in (duties.LISTS, duties.PAYMENTS, duties.DRIFT, duties.INVOICES, duties.PUBLICATION, duties.ANSWERS):
            Duty.objects.filter(name=duty, failures=0, due_at__gt=began).update(due_at=began)
        while True:
            self.works()
            self.polls()
            self.works()
            left = self._what_is_left(began)
            if not left:
                return
            if self.clock.now() - began > timedelta(seconds=limit_s):
                raise NotAtRest(f"After {limit_s:.0f} s of the world's time: {'; '.join(left)}.")
            self.clock.advance(self._until_something_is_due())

    def _until_something_is_due(self) -> float:
        now = self.clock.now()
        following = [now + timedelta(seconds=60)]
        if (engine := duties.next_due(now)) is not None:
            following.append(engine)
        times = Document.objects.filter(due_at__gt=now).order_by("due_at").values_list("due_at", flat=True)[:1]
        following += [moment for moment in times if moment]
        return max((min(following) - now).total_seconds(), 1.0)

    def _what_is_left(self, began: datetime) -> list[str]:
        now = self.clock.now()
        left: list[str] = []
        paused = list(Connection.objects.filter(paused=True).values_list("pk", flat=True))
        stopped = set(Connection.objects.exclude(stop_reason="").values_list("pk", flat=True))
        for row in Document.objects.exclude(connection__in=paused).defer("raw", "request_xml"):
            waits_long = row.due_at is not None and row.due_at - now > _A_PERSON_MUST_LOOK
            to_tell = row.payment_due and row.state in {State.CONFIRMED, State.PAID}
            stands = row.connection_id in stopped  # nothing is written until a person decided about the company file
            to_compare = row.compare_due and row.state == State.CHANGED and not stands
            moves = row.state in _UNDER_WAY and not (row.state in _WAITS_FOR_WRITES and stands)
            under_way = (moves or to_tell or to_compare) and not waits_long
            tried_again = row.state == State.BLOCKED and row.due_at is not None and not waits_long
            if under_way or tried_again:
                left.append(
                    f"invoice {row.invoice_number} is {row.state}" + (" (payment due)" if row.payment_due else "")
                )
        if paused:
            return left
        entries = ListEntry.objects.filter(publication__in=["due", "sent"]).count()
        if entries:
            left.append(f"{entries} list entries are not settled")
        if ImportRequest.objects.exclude(next_check_at=None).exists():
            left.append("Basware's word on lists is awaited")
        for duty in Duty.objects.exclude(name__in=[duties.SWEEP, duties.PLANNING, duties.IMPORTS, duties.WATCH]):
            if (duty.last_ok_at is None or duty.last_ok_at < began) and duty.failures < 8 and not duty.needs_operator:
                left.append(f"{duty.name} was not looked at ({duty.last_error or 'not yet'})")
        # An invoice that comes again waits until the outcome of its Bill is known, and a person may have to decide first.
        put_off = Document.objects.filter(connection__in=stopped, state__in=_OUTCOME_UNKNOWN)
        later = set(put_off.values_list("invoice_id", flat=True))
        offered = [
            view
            for view in self.outside.basware.invoices_view()
            if view["processingStatus"] == "WaitingForTransfer" and view["companyCode"] == self.firm.company_code
        ]
        if any(view["invoiceId"] not in later for view in offered) and self.connector.takes_invoices():
            left.append(f"Basware offers {len(offered)} invoices still")
        if self.outside.basware.push.waiting:
            left.append("notifications wait")
        return left

    # What everybody holds.

    def compared(self) -> Comparison:
        """Compare the three views of every invoice."""
        company = self.outside.company
        return compare(
            self.outside.basware.invoices_view(),
            outside_view.bills(company),
            outside_view.vendor_credits(company),
            outside_view.duplicates(company),
            [summary(row) for row in Document.objects.select_related("connection").order_by("pk")],
        )

    def audit_chain_holds(self) -> bool:
        """Verify the audit chain."""
        return not verify(self.connector.row()).breaks

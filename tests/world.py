"""The whole system in one process: the connector between a simulated Basware and a simulated QuickBooks.

One clock moves everything, one seed draws everything, and nothing sleeps. A test speaks to the two outside systems as
people do (`world.basware.approves`, `world.quickbooks.pays`), lets the world come to rest (`run_until_idle`), and looks
at what the outside systems then hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from django.core.handlers.wsgi import WSGIHandler

from ml_connector.basware.reach import Host
from ml_connector.basware.transport import HttpRequest, HttpResponse
from ml_connector.cli.demo_views import Comparison, compare
from ml_connector.core.errors import TryAgain
from ml_connector.core.secret import Secret
from ml_connector.core.states import State
from ml_connector.flows import connections, mappings, operator
from ml_connector.flows.run import run
from ml_connector.flows.story import Chapter, story, summary, why
from ml_connector.flows.surroundings import Surroundings
from ml_connector.sandbox.basware.answers import ConnectionDropped
from ml_connector.sandbox.basware.faults import Fault, realistic_mix
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.firm import Firm, FirmVendor
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.sandbox.quickbooks.about import Product
from ml_connector.sandbox.quickbooks.desktop import RecordedMessage
from ml_connector.sandbox.quickbooks.pace import INSTANT, Pace
from ml_connector.sandbox.quickbooks.web_connector import SessionOutcome
from ml_connector.sandbox.world import API_URL, BEGINNING, NoSuchHost, OutsideWorld, WsgiAnswer, call_wsgi, small_firm
from ml_connector.store import duties
from ml_connector.store.chain import verify
from ml_connector.store.master_key import MasterKey
from ml_connector.store.models import Connection, Document, Duty, ImportRequest, ListEntry
from ml_connector.store.vault import Vault
from ml_connector.web import running
from ml_connector.web.running import Running
from ml_connector.web.service_config import ServiceConfig

OWN_URL = "https://connector.example"
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


class ProcessKilled(BaseException):
    """The connector's process ends here, in the middle of whatever it did."""


@dataclass(frozen=True)
class Approved:
    """An invoice that Basware offers."""

    document: Mapping[str, Any]  #: wire form

    @property
    def id(self) -> str:
        return str(self.document["invoiceId"])

    @property
    def number(self) -> str:
        return str(self.document.get("invoiceNumber", ""))


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


@dataclass
class WorldReach:
    """The way to the simulated Basware."""

    transport: WorldTransport

    def find(self, host: Host) -> str:
        return f"{host.name} is known, at 192.0.2.1."

    def connect(self, host: Host) -> str:
        if self.transport.unreachable:
            raise TryAgain(f"{host.name} does not answer on port {host.port}: no route.")
        return f"{host.name} answers with a trusted certificate, encrypted with TLSv1.3."


@dataclass
class WorldTransport:
    """Carries the connector's requests into the simulated Basware, and loses what a test wants lost."""

    outside: OutsideWorld
    sent: list[tuple[str, str]] = field(default_factory=list)  #: method and path of every request
    bodies: list[tuple[str, str, bytes]] = field(default_factory=list)  #: method, path and body of those that had one
    kills: list[tuple[str, str, bool]] = field(default_factory=list)  #: method, path pattern, after it took effect
    meanwhile: list[tuple[str, str, bool, Callable[[], object]]] = field(
        default_factory=list
    )  #: like `kills`, and what
    scripted: list[tuple[str, str, int, HttpResponse]] = field(
        default_factory=list
    )  #: method, path pattern, times, answer
    refuses: Callable[[str, bytes], bool] = lambda path, body: False  #: by path and body; answered with a bare 400
    unreachable: bool = False
    chance_of_death: float = 0.0  #: that the process ends at a request, before or after it took effect

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        path = urlsplit(request.url).path
        if self.unreachable:
            raise TryAgain("No connection to Basware.", applied=False)
        self._kill(request.method, path, after=False)
        self.sent.append((request.method, path))
        if request.body:
            self.bodies.append((request.method, path, request.body))
        self._happens(request.method, path, after=False)
        if (scripted := self._scripted(request.method, path)) is not None:
            return scripted
        if request.method == "POST" and self.refuses(path, request.body):
            return HttpResponse(status=400)
        try:
            answer = self.outside.call(request.method, request.url, request.headers, request.body)
        except (ConnectionDropped, NoSuchHost) as lost:
            raise TryAgain("The connection was lost before the answer was complete.", applied=None) from lost
        self._kill(request.method, path, after=True)
        self._happens(request.method, path, after=True)
        return HttpResponse(status=answer.status, headers=answer.headers, body=answer.body)

    def _kill(self, method: str, path: str, *, after: bool) -> None:
        for armed in self.kills:
            if armed[0] == method and fnmatchcase(path, armed[1]) and armed[2] is after:
                self.kills.remove(armed)
                raise ProcessKilled(path)
        if self.chance_of_death and self.outside.dice.random() < self.chance_of_death:
            raise ProcessKilled(path)

    def _happens(self, method: str, path: str, *, after: bool) -> None:
        for armed in list(self.meanwhile):
            if armed in self.meanwhile and _matches(armed[0], armed[1], method, path) and armed[2] is after:
                self.meanwhile.remove(armed)
                armed[3]()

    def _scripted(self, method: str, path: str) -> HttpResponse | None:
        for position, (armed, pattern, times, answer) in enumerate(self.scripted):
            if _matches(armed, pattern, method, path):
                self.scripted[position] = (armed, pattern, times - 1, answer)
                if times == 1:
                    del self.scripted[position]
                return answer
        return None

    def count(self, method: str, pattern: str) -> int:
        """Return how many requests there were of a method to paths of a pattern."""
        return sum(1 for found, path in self.sent if found == method and fnmatchcase(path, pattern))


def _matches(method: str, pattern: str, found: str, path: str) -> bool:
    return method == found and fnmatchcase(path, pattern)


class BaswareDesk:
    """What people at Basware do and see."""

    def __init__(self, outside: OutsideWorld) -> None:
        self._outside = outside
        self.tenant = outside.basware
        self._count = 0

    def an_invoice(
        self,
        gross: str = "120.00",
        *,
        vendor: FirmVendor | None = None,
        number: str | None = None,
        lines: Iterable[Mapping[str, Any]] | None = None,
        day: date = date(2026, 11, 10),
        **changes: Any,
    ) -> dict[str, Any]:
        """Write an approved invoice; a line has `gross`, and if wanted `account`, `division`, `job`, `tax`, `comment`."""
        firm = self._outside.firm
        self._count += 1
        vendor = vendor or firm.vendor_named("Q")
        lumber = firm.account_numbered("6110")
        rows = [
            {
                "rowIndex": position,
                "externalCode": f"{self._count:016x}{position:016x}",
                "accountCode": line.get("account", firm.account_code(lumber)),
                "costCenterCode": line.get("division"),
                "projectCode": line.get("job"),
                "lastComment": line.get("comment"),
                "netTotal": float(Decimal(line["gross"]) - Decimal(line.get("tax", "0"))),
                "taxSum": float(Decimal(line["tax"])) if "tax" in line else None,
                "grossTotal": float(Decimal(line["gross"])),
            }
            for position, line in enumerate(lines if lines is not None else [{"gross": gross}])
        ]
        document = {
            "invoiceId": f"{self._count:08x}" + "0" * 24,
            "p2pProcessingMode": "Standard",
            "companyCode": firm.company_code,
            "supplierCode": vendor.list_id,
            "supplierName": vendor.name,
            "invoiceNumber": number if number is not None else f"INV-{self._count}",
            "invoiceTypeCode": "INV",
            "currencyCode": vendor.currency,
            "grossSum": float(Decimal(gross)),
            "netSum": float(Decimal(gross)),
            "invoiceDate": f"{day}T00:00:00",
            "voucherDate": f"{day}T00:00:00",
            "dueDate": f"{day + timedelta(days=30)}T00:00:00",
            "paymentBlock": False,
            "codingRows": [{name: value for name, value in row.items() if value is not None} for row in rows],
        }
        document.update(changes)
        return {name: value for name, value in document.items() if value is not None}

    def approves(self, document: Mapping[str, Any] | None = None, **invoice: Any) -> Approved:
        """Approve an invoice: as given, or as `an_invoice` writes it."""
        written = dict(document) if document is not None else self.an_invoice(**invoice)
        self.tenant.offer_invoices([written])
        return Approved(written)

    def approves_many(self, count: int, **invoice: Any) -> list[Approved]:
        """Approve several invoices that differ in number and cents."""
        return [self.approves(gross=f"{100 + position}.{position % 100:02d}", **invoice) for position in range(count)]

    def sees(self, invoice: Approved) -> dict[str, Any]:
        """Return everything Basware holds about an invoice."""
        return self.tenant.invoice_view(invoice.id)

    def status(self, invoice: Approved) -> str:
        """Return Basware's processing status."""
        return str(self.sees(invoice)["processingStatus"])

    def heard_about(self, invoice: Approved) -> list[str]:
        """Return what Basware was told about the transfer, in order."""
        return ["success" if r["success"] else "failure" for r in self.sees(invoice).get("transferResponses", [])]

    def payments_heard(self, invoice: Approved) -> list[dict[str, Any]]:
        """Return the payment responses of an invoice, in order."""
        return list(self.sees(invoice).get("paymentResponses", []))

    def paid(self, invoice: Approved) -> str:
        """Return the total that Basware shows as paid."""
        return f"{Decimal(str(self.sees(invoice)['payment'].get('paidTotal') or 0)):.2f}"

    def transfers_again(self, invoice: Approved, **changes: Any) -> None:
        """Transfer an invoice once more, corrected if fields are given."""
        self.tenant.retransfer(invoice.id, changes)

    def suffers(self, kind: str, *, times: int | None = 1, path: str = "*", method: str = "*", **more: Any) -> None:
        """Arm a misfortune on Basware's side."""
        self.tenant.arm(Fault(kind=kind, remaining=times, path=path, method=method, **more))

    def knows(self, api: str) -> dict[str, dict[str, Any]]:
        """Return the master data P2P accepted through one API, by externalCode."""
        return self.tenant.accepted_records(api)


class QuickBooksDesk:
    """What people at QuickBooks do and see, and what goes wrong on their machine."""

    def __init__(self, outside: OutsideWorld) -> None:
        self._outside = outside
        self.screen = outside.workstation.screen
        self.desktop = outside.desktop

    def bills(self, *, ours: bool = True) -> list[dict[str, Any]]:
        """Return the bills, those typed from paper left out unless asked for."""
        rows = outside_view.bills(self._outside.desktop.company)
        return [row for row in rows if not ours or row["memo"] != "typed from paper"]

    def credits(self) -> list[dict[str, Any]]:
        """Return the vendor credits."""
        return outside_view.vendor_credits(self._outside.desktop.company)

    def documents_for(self, invoice: Approved) -> list[dict[str, Any]]:
        """Return the bills and credits of an invoice's supplier that bear its number."""
        found = (*self.bills(ours=False), *self.credits())
        return [
            row
            for row in found
            if row["vendor_id"] == invoice.document["supplierCode"] and row["ref_number"] == invoice.number[:20]
        ]

    def amounts_billed_for(self, invoice: Approved) -> list[str]:
        """Return the amounts of the bills that an invoice has become."""
        return [row["amount"] for row in self.documents_for(invoice)]

    def txn_id(self, invoice: Approved) -> str:
        """Return the TxnID of the one document of an invoice."""
        (only,) = self.documents_for(invoice)
        return str(only["txn_id"])

    def duplicates(self) -> list[dict[str, Any]]:
        """Return what looks like one document entered twice."""
        return outside_view.duplicates(self._outside.desktop.company)

    def suffers(self, kind: str, *, times: int | None = 1, only: str = "") -> None:
        """Arm a misfortune on the Windows machine."""
        self.desktop.faults.arm(kind, times=times, only=only)

    def cannot_read(self, text: str) -> None:
        """From now on QuickBooks refuses every message that holds a text, and nobody knows why."""
        self.desktop.unreadable.append(text)

    def loses_answer_to(self, request: str, *, times: int = 1) -> None:
        """QuickBooks executes, and the Web Connector dies before it hands the answer over."""
        self.suffers("answer_lost", times=times, only=request)

    def loses_request(self, request: str, *, times: int = 1) -> None:
        """The Web Connector dies with a request before QuickBooks sees it."""
        self.suffers("request_lost", times=times, only=request)

    def records(self) -> None:
        """Keep every message set from now on."""
        self.desktop.recording = True

    def received(self, containing: str = "") -> list[RecordedMessage]:
        """Return the recorded message sets, those that contain a text."""
        return [message for message in self.desktop.recorded if containing in message.request]

    def pays(self, *invoices: Approved, **how: Any) -> list[str]:
        """Pay the bills of invoices; returns the TxnIDs of the payments."""
        return self.screen.pay_bills(bills=[self.txn_id(invoice) for invoice in invoices], **how)


class ConnectorDesk:
    """What the people who run the connector do and see."""

    def __init__(self, world: World) -> None:
        self._world = world

    def document(self, invoice: Approved) -> Document:
        """Return our row of an invoice."""
        return Document.objects.select_related("connection").get(invoice_id=invoice.id)

    def state(self, invoice: Approved) -> str:
        """Return where an invoice stands."""
        return str(self.document(invoice).state)

    def faults(self, invoice: Approved) -> list[str]:
        """Return the codes of what is wrong with an invoice."""
        return [fault["code"] for fault in summary(self.document(invoice))["faults"]]

    def says(self, invoice: Approved) -> str:
        """Return what is wrong with an invoice, in words."""
        return why(self.document(invoice), self._world.clock.now()).cause

    def story(self, invoice: Approved) -> list[Chapter]:
        """Return the story of an invoice."""
        return list(story(self.document(invoice)))

    def row(self) -> Connection:
        """Return the connection's row as it is now."""
        return Connection.objects.get(pk=self._world.connection.pk)

    def duty(self, name: str) -> Duty:
        """Return one duty's row."""
        return Duty.objects.get(connection=self._world.connection, name=name)

    def takes_invoices(self) -> bool:
        """Tell whether offered invoices are taken at all: not while the fetch fails."""
        return self.duty(duties.INVOICES).failures < 8

    def retries(self, invoice: Approved, *, post_new: bool = False) -> str:
        return operator.retry(self._world.surroundings, self.document(invoice), _PERSON, post_new=post_new)

    def links(self, invoice: Approved, txn_id: str) -> str:
        return operator.link(self._world.surroundings, self.document(invoice), txn_id, _PERSON)

    def skips(self, invoice: Approved, reason: str) -> str:
        return operator.skip(self._world.surroundings, self.document(invoice), reason, _PERSON)

    def gives_up(self, invoice: Approved, reason: str) -> str:
        return operator.give_up(self._world.surroundings, self.document(invoice), reason, _PERSON)

    def maps(self, kind: str, code: str, target: str) -> str:
        return mappings.set_rule(self._world.surroundings, self.row(), mappings.read_kind(kind), code, target, _PERSON)

    def pauses(self, reason: str = "the books are being closed") -> None:
        connections.pause(self._world.surroundings, self.row(), reason, _PERSON)

    def resumes(self) -> None:
        connections.resume(self._world.surroundings, self.row(), _PERSON)

    def dies(self, method: str, path: str, *, after: bool) -> None:
        """The process is killed once, at a request to Basware, before or after Basware carried it out."""
        self._world.transport.kills.append((method, path, after))

    def is_called(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> WsgiAnswer:
        """Call the connector's own service."""
        return call_wsgi(WSGIHandler(), method, f"{OWN_URL}{path}", headers, body)

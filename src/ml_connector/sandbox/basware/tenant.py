"""The simulated P2P tenant: one state machine behind one lock, on a clock and a seed that are passed in.

The WSGI applications speak for it to the outside (`app.py`, `presigned.py`); the methods here are what a person at
Basware's screen, a test or a demonstration does and sees. Nothing is kept beyond the life of the object.
"""

from __future__ import annotations

import http.client
import random
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from ml_connector.sandbox.basware.entities import MASTER_DATA, MasterDataApi
from ml_connector.sandbox.basware.faults import Fault, Faults
from ml_connector.sandbox.basware.invoices import InvoiceStore, StoredInvoice
from ml_connector.sandbox.basware.master_data import MasterDataStore
from ml_connector.sandbox.basware.presigned import PresignedStore
from ml_connector.sandbox.basware.push import Push, Webhook
from ml_connector.sandbox.basware.request_statuses import Entry, Item, RequestStatuses
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.basware.tokens import ApiClient, TokenIssuer
from ml_connector.sandbox.basware.traffic import Traffic

Clock = Callable[[], datetime]
#: Posts a notification and returns the status; raises OSError or http.client.HTTPException if there was no answer.
Deliver = Callable[[Webhook], int]

#: The OAuth client a tenant has unless told otherwise.
DEFAULT_CLIENT = ApiClient(client_id="sandbox-client", client_secret="sandbox-secret")  # noqa: S106 - a simulated one

_DELIVERY_TIMEOUT_S = 10.0


def system_clock() -> datetime:
    """Return the time of this machine, aware UTC."""
    return datetime.now(UTC)


def post_webhook(call: Webhook) -> int:
    """Post a notification over HTTP and return the status of the answer. Raises: OSError, HTTPException."""
    parts = urlsplit(call.url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=_DELIVERY_TIMEOUT_S, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=_DELIVERY_TIMEOUT_S)
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=call.body, headers=dict(call.headers))
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


class BaswareTenant:
    """One tenant: companies, invoices, master data, request statuses, subscriptions, tasks, faults."""

    def __init__(
        self,
        *,
        clock: Clock = system_clock,
        seed: int = 1,
        company_codes: Iterable[str] = ("US10",),
        clients: Sequence[ApiClient] = (DEFAULT_CLIENT,),
        switches: Switches | None = None,
        deliver: Deliver = post_webhook,
    ) -> None:
        """`clock` returns aware UTC; `deliver` posts one notification and returns the status of the answer."""
        # Generators of their own, so that arming a fault does not change ids, and a page's length no fault.
        self._id_dice = random.Random(f"{seed}/ids")
        self.dice = random.Random(f"{seed}/habits")
        self.faults = Faults(random.Random(f"{seed}/faults"))
        self.lock = threading.RLock()
        self.switches = switches or Switches()
        self.invoices = InvoiceStore()
        self.master_data = MasterDataStore(frozenset(company_codes))
        self.statuses = RequestStatuses()
        self.push = Push(random.Random(f"{seed}/push"), self.faults)
        self.tokens = TokenIssuer(random.Random(f"{seed}/tokens"), "sandbox", tuple(clients))
        self.presigned = PresignedStore(random.Random(f"{seed}/presigned"))
        self.traffic = Traffic()
        self.deliver = deliver
        self.webhooks_waiting = threading.Event()  #: set whenever a notification is put into the outbox
        self._clock = clock
        self._offset = timedelta(0)

    # ---- time and names

    def now(self) -> datetime:
        """Return the tenant's time, aware UTC: the clock plus the offset."""
        return self._clock() + self._offset

    def set_clock_offset(self, seconds: float) -> None:
        """Move the tenant's time against the clock."""
        with self.lock:
            self._offset = timedelta(seconds=seconds)

    def new_uuid(self) -> str:
        """Return the next UUID of the seeded sequence; the caller holds the lock."""
        return str(UUID(int=self._id_dice.getrandbits(128), version=4))

    # ---- P2P at work

    def settle(self) -> None:
        """Let P2P work on everything whose time has come."""
        with self.lock:
            now = self.now()
            for entry in self.statuses.settle(now):
                self._announce("RequestStatus", entry.state, entry.request_id, now)

    def judge_records(self, api: MasterDataApi, entry: Entry) -> None:
        """Do P2P's work on a posted batch."""
        for item in entry.items:
            if item.record is None:
                continue
            if self.faults.strikes("item-timeout", entry.operation, f"/{api.path}"):
                item.fail("Error", "Request timed-out", category="Technical")
            else:
                self.master_data.judge(api, item, record_expires=self.switches.record_expires)

    def open_status(
        self,
        request_id: str,
        entity_type: str,
        version: str,
        operation: str,
        changed_by: str,
        items: list[Item],
        work: Callable[[Entry], None],
        *,
        path: str,
        list_key: str = "",
    ) -> None:
        """Note a request for P2P to work on once its time has come."""
        now = self.now()
        late = self.faults.strikes("status-delay", operation, path)
        delay = timedelta(seconds=self.switches.status_delay_s + (late.seconds if late else 0.0))
        self.statuses.open(
            request_id,
            entity_type=entity_type,
            version=version,
            operation=operation,
            changed_by=changed_by,
            items=items,
            now=now,
            due=now + delay,
            work=work,
            list_key=list_key,
        )

    def _announce(self, task_type: str, sub_type: str, document_id: str, now: datetime) -> None:
        self.push.announce(task_type, sub_type, document_id, now)
        if self.push.waiting:
            self.webhooks_waiting.set()

    # ---- what a person or a test does

    def offer_invoices(self, documents: Iterable[dict[str, Any]]) -> list[str]:
        """Offer invoices in wire form for transfer, all or none; returns their ids.

        `processingStatus` may be given, else WaitingForTransfer. Raises: ValueError naming what is wrong with one.
        """
        documents = list(documents)
        with self.lock:
            now = self.now()
            trial = InvoiceStore()
            for document in documents:
                stored = trial.add(document, now)
                if stored.invoice_id in self.invoices:
                    raise ValueError(f"There is an invoice {stored.invoice_id} already.")
            ids = []
            for document in documents:
                invoice = self.invoices.add(document, now)
                self._announce_invoice(invoice, now)
                ids.append(invoice.invoice_id)
            return ids

    def retransfer(self, invoice_id: str, changes: dict[str, Any] | None = None) -> None:
        """Correct an invoice and transfer it again, as a person in P2P would. Raises: Refusal 404, ValueError."""
        with self.lock:
            now = self.now()
            self._announce_invoice(self.invoices.retransfer(invoice_id, changes or {}, now), now)

    def _announce_invoice(self, invoice: StoredInvoice, now: datetime) -> None:
        if invoice.status.startswith("Waiting"):
            self._announce("AccountingDocuments", invoice.status, invoice.invoice_id, now)

    def arm(self, fault: Fault) -> None:
        """Arm a fault. Raises: ValueError."""
        with self.lock:
            self.faults.arm(fault)

    def disarm(self, kind: str = "*") -> None:
        """Disarm the faults of a kind, or all."""
        with self.lock:
            self.faults.disarm(kind)

    def set_switches(self, values: dict[str, Any]) -> None:
        """Change how the tenant behaves. Raises: ValueError."""
        with self.lock:
            self.switches = self.switches.changed(values)

    def lose_record(self, api_path: str, external_code: str) -> bool:
        """Make P2P lose a record it had accepted, silently; returns whether it had it."""
        with self.lock:
            self.settle()
            return self.master_data.lose(api_path, external_code)

    def revoke_tokens(self) -> int:
        """Make every issued token useless; returns how many there were."""
        with self.lock:
            return self.tokens.revoke_all()

    def send_webhooks(self) -> int:
        """Send every notification that waits, once, outside the lock; returns how many calls were made."""
        self.settle()
        with self.lock:
            self.webhooks_waiting.clear()
            calls = self.push.take_outbox(self.switches.signature_form)
        for call in calls:
            try:
                status: int | None = self.deliver(call)
            except (OSError, http.client.HTTPException, ValueError):
                status = None
            with self.lock:
                self.push.delivered(call, status, self.now())
        return len(calls)

    # ---- what a person or a test sees

    def invoice_view(self, invoice_id: str) -> dict[str, Any]:
        """Return everything Basware holds about one invoice. Raises: Refusal 404."""
        with self.lock:
            return _view(self.invoices.get(invoice_id))

    def invoices_view(self) -> list[dict[str, Any]]:
        """Return everything Basware holds about its invoices, in the order they were offered."""
        with self.lock:
            return [_view(invoice) for invoice in self.invoices]

    def accepted_records(self, api_path: str) -> dict[str, dict[str, Any]]:
        """Return the master data P2P accepted, by externalCode; `api_path` is e.g. v1/vendors."""
        with self.lock:
            self.settle()
            return self.master_data.accepted(api_path)

    def accepted_counts(self) -> dict[str, int]:
        """Return how many records P2P accepted through each API."""
        with self.lock:
            self.settle()
            return {path: count for path in MASTER_DATA if (count := len(self.master_data.accepted(path)))}


def _view(invoice: StoredInvoice) -> dict[str, Any]:
    return {
        **invoice.wire(),
        "acknowledged": invoice.acknowledged,
        "refusedAcknowledges": invoice.refused_acknowledges,
        "payment": invoice.payment,
        "history": [{"at": at, "event": event} for at, event in invoice.history],
    }

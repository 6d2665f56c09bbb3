"""Subscriptions, tasks and the notifications that leave for a customer's webhook (push API 1.0.0).

A notification carries no invoice, only its id. It is signed with HMAC-SHA256 over the exact bytes of its body, key the
subscription's webhookAuthenticationToken; the header is `x-bwapi-signature-256`. Each is tried once: retries are not
documented, so nobody may count on them. What failed is a task in state Failed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ml_connector.sandbox.basware.answers import Refusal, dump, stamp, to_the_millisecond
from ml_connector.sandbox.basware.faults import Faults

SIGNATURE_HEADER = "x-bwapi-signature-256"

_SUB_TYPES = {
    "AccountingDocuments": frozenset(
        {
            "WaitingForPrebook",
            "WaitingForTransfer",
            "WaitingForPrebookCancelation",
            "WaitingToBeRemoved",
            "WaitingToBeReturned",
            "WaitingToBeCompleted",
            "All",
        }
    ),
    "RequestStatus": frozenset({"Error", "Success", "All"}),
}
_EXPORTED = frozenset({"WaitingForExport", "All"})
_TASK_LIFE = timedelta(days=30)


def sign(secret: str, body: bytes, form: str) -> str:
    """Return the signature of a body in one of the forms of `Switches.signature_form`. Raises: ValueError."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    prefix = "sha256=" if form.startswith("sha256=") else ""
    encodings = {
        "hex": digest.hex(),
        "HEX": digest.hex().upper(),
        "base64": base64.b64encode(digest).decode(),
        "base64url": base64.urlsafe_b64encode(digest).decode(),
    }
    try:
        return prefix + encodings[form.removeprefix("sha256=")]
    except KeyError:
        raise ValueError(f"There is no signature form {form}.") from None


@dataclass(slots=True, kw_only=True)
class Subscription:
    """One stored subscription."""

    task_type: str
    task_sub_type: str
    url: str
    secret: str
    last_updated: datetime

    def wire(self) -> dict[str, Any]:
        """Return it as the API shows it, secret and all, as documented."""
        return {
            "taskType": self.task_type,
            "taskSubType": self.task_sub_type,
            "subscriptionType": "Webhook",
            "notificationWebhookURL": self.url,
            "webhookAuthenticationToken": self.secret,
            "lastUpdated": stamp(self.last_updated),
        }


@dataclass(slots=True, kw_only=True)
class Task:
    """One notification and what became of it."""

    task_id: str
    task_type: str
    task_sub_type: str
    document_id: str
    created: datetime
    subscription: Subscription
    last_updated: datetime
    change: int
    status: str = "New"
    history: list[dict[str, Any]] = field(default_factory=list)

    def payload(self) -> dict[str, str]:
        """Return the body of the notification."""
        return {
            "taskId": self.task_id,
            "taskStatus": "New",
            "taskType": self.task_type,
            "taskSubType": self.task_sub_type,
            "documentId": self.document_id,
            "expirationTime": f"{self.created + _TASK_LIFE:%Y-%m-%dT%H:%M:%SZ}",
        }

    def wire(self) -> dict[str, Any]:
        """Return the task as the API shows it."""
        return {
            **self.payload(),
            "taskStatus": self.status,
            "lastUpdated": stamp(self.last_updated),
            "taskHistory": self.history,
            "isSimulatedTask": False,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One call to be made to a customer's URL."""

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...]
    kind: str  #: genuine, duplicate, forged or test
    task_id: str = ""


class Push:
    """Subscriptions, tasks and the outbox. Not locked; the tenant is."""

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        self._rng = rng
        self._faults = faults
        self._subscriptions: list[Subscription] = []
        self._tasks: dict[str, Task] = {}
        self._outbox: deque[str] = deque()
        self._change = 0
        self.sent: list[dict[str, Any]] = []  #: every call made, for the outside view

    # ---- subscriptions

    def read_subscription(self, body: dict[str, Any], now: datetime) -> Subscription:
        """Return the subscription of a checked body. Raises: ValueError for a sub type its type does not have."""
        task_type = body["taskType"]
        sub_type = body.get("taskSubType") or ("Error" if task_type == "RequestStatus" else "All")
        if sub_type not in _SUB_TYPES.get(task_type, _EXPORTED):
            raise ValueError(f"taskSubType {sub_type} is not available for taskType {task_type}")
        return Subscription(
            task_type=task_type,
            task_sub_type=sub_type,
            url=body["notificationWebhookURL"],
            secret=body["webhookAuthenticationToken"],
            last_updated=to_the_millisecond(now),
        )

    def connection_test(self, subscription: Subscription, form: str) -> Webhook:
        """Return the call that must be answered 200 before a subscription is stored."""
        payload = {
            "taskId": self._new_id(),
            "taskStatus": "New",
            "taskType": "ConnectionTest",
            "taskSubType": "All",
            "documentId": f"{self._rng.getrandbits(128):032x}",
        }
        return self._signed(subscription, dump(payload), form, kind="test")

    def subscribe(self, subscription: Subscription) -> None:
        """Store a subscription; one with the same types and URL is replaced."""
        key = (subscription.task_type, subscription.task_sub_type, subscription.url)
        self._subscriptions = [s for s in self._subscriptions if (s.task_type, s.task_sub_type, s.url) != key]
        self._subscriptions.append(subscription)

    def subscriptions(
        self, task_type: str = "", sub_type: str = "", after: datetime | None = None
    ) -> list[Subscription]:
        """Return the stored subscriptions that match."""
        return [
            s
            for s in self._subscriptions
            if task_type in ("", s.task_type)
            and sub_type in ("", s.task_sub_type)
            and (after is None or s.last_updated > after)
        ]

    def unsubscribe(self, task_type: str, sub_type: str, after: datetime) -> int:
        """Delete what was updated after a time; All stands for any type. Returns how many."""
        gone = self.subscriptions("" if task_type == "All" else task_type, "" if sub_type == "All" else sub_type, after)
        self._subscriptions = [s for s in self._subscriptions if s not in gone]
        return len(gone)

    # ---- tasks

    def announce(self, task_type: str, sub_type: str, document_id: str, now: datetime) -> None:
        """Make a task for each subscription that wants to hear of a document."""
        for subscription in self._subscriptions:
            if subscription.task_type != task_type or subscription.task_sub_type not in ("All", sub_type):
                continue
            self._change += 1
            task = Task(
                task_id=self._new_id(),
                task_type=task_type,
                task_sub_type=sub_type,
                document_id=document_id,
                created=now,
                subscription=subscription,
                last_updated=to_the_millisecond(now),
                change=self._change,
            )
            task.history.append({"action": "New", "timeStamp": stamp(now), "messages": ["Task created"]})
            self._tasks[task.task_id] = task
            self._outbox.append(task.task_id)

    def task(self, task_id: str) -> Task:
        """Return a task. Raises: Refusal 404."""
        try:
            return self._tasks[task_id]
        except KeyError:
            raise Refusal(status=404) from None

    def tasks_after(
        self, task_type: str, status: str, document_id: str, updated_after: datetime | None, change: int
    ) -> Iterator[Task]:
        """Yield tasks in the order of their changes, those after a position only."""
        for task in sorted(self._tasks.values(), key=lambda each: each.change):
            if (
                task.change > change
                and task_type in ("", task.task_type)
                and status in ("", task.status)
                and document_id in ("", task.document_id)
                and (updated_after is None or task.last_updated > updated_after)
            ):
                yield task

    # ---- the outbox

    @property
    def waiting(self) -> int:
        """Return how many notifications wait to be sent."""
        return len(self._outbox)

    def take_outbox(self, form: str) -> list[Webhook]:
        """Return the calls to make now, faults included, and empty the outbox."""
        calls: list[Webhook] = []
        while self._outbox:
            task = self._tasks[self._outbox.popleft()]
            subscription, body = task.subscription, dump(task.payload())
            if self._faults.strikes("webhook-dropped"):
                continue
            if self._faults.strikes("webhook-forged"):
                calls.append(self._forged(task, form))
            call = self._signed(subscription, body, form, kind="genuine", task_id=task.task_id)
            overtaken = bool(calls) and self._faults.strikes("webhook-reorder") is not None
            calls.insert(len(calls) - 1 if overtaken else len(calls), call)
            if self._faults.strikes("webhook-duplicate"):
                calls.append(self._signed(subscription, body, form, kind="duplicate", task_id=task.task_id))
        return calls

    def delivered(self, call: Webhook, status: int | None, now: datetime) -> None:
        """Note the answer to a call, None if there was none; only a genuine call moves its task, and only once."""
        entry = {"kind": call.kind, "taskId": call.task_id, "url": call.url, "status": status, "at": stamp(now)}
        self.sent.append(entry)
        task = self._tasks.get(call.task_id)
        if call.kind != "genuine" or task is None:
            return
        self._change += 1
        task.change, task.last_updated = self._change, to_the_millisecond(now)
        task.status = "Completed" if status == 200 else "Failed"
        words = "Webhook endpoint answered 200" if status == 200 else "Webhook endpoint did not answer 200"
        task.history.append({"action": task.status, "timeStamp": stamp(now), "messages": [words]})

    def _forged(self, task: Task, form: str) -> Webhook:
        payload = {**task.payload(), "taskId": self._new_id(), "documentId": f"{self._rng.getrandbits(128):032x}"}
        stranger = Subscription(
            task_type=task.task_type,
            task_sub_type=task.task_sub_type,
            url=task.subscription.url,
            secret=f"not-{task.subscription.secret}",
            last_updated=task.created,
        )
        return self._signed(stranger, dump(payload), form, kind="forged")

    @staticmethod
    def _signed(subscription: Subscription, body: bytes, form: str, *, kind: str, task_id: str = "") -> Webhook:
        headers = (("Content-Type", "application/json"), (SIGNATURE_HEADER, sign(subscription.secret, body, form)))
        return Webhook(url=subscription.url, body=body, headers=headers, kind=kind, task_id=task_id)

    def _new_id(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))

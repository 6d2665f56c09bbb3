"""The calls on subscriptions and tasks (push API 1.0.0)."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

from ml_connector.sandbox.basware.answers import Answer, ErrorEntry, Refusal, json_answer, refusal
from ml_connector.sandbox.basware.entities import SUBSCRIPTION
from ml_connector.sandbox.basware.push import Subscription
from ml_connector.sandbox.basware.record_calls import cut_page
from ml_connector.sandbox.basware.wsgi import Call

if TYPE_CHECKING:
    from ml_connector.sandbox.basware.tenant import BaswareTenant

_TASK_PAGE = 100


class PushCalls:
    """Handlers of subscriptions and tasks; all but `subscribe` run under the tenant's lock; they may raise Refusal."""

    def __init__(self, tenant: BaswareTenant) -> None:
        self._tenant = tenant

    def subscribe(self, call: Call) -> Answer:
        """POST /v1/subscriptions: each URL must answer a ConnectionTest with 200, or nothing is stored.

        Runs without the lock, because the receiver answers while we wait.
        """
        call.only()
        subscriptions = self._read(call)
        for subscription in subscriptions:
            if not self._test(subscription):
                message = f"Connection test to {subscription.url} failed: HTTP 200 is required"
                raise refusal(400, "DATA_VALIDATION_FAILED", message)
        with self._tenant.lock:
            for subscription in subscriptions:
                self._tenant.push.subscribe(subscription)
        return json_answer([subscription.wire() for subscription in subscriptions])

    def list_subscriptions(self, call: Call) -> Answer:
        """GET /v1/subscriptions."""
        call.only("taskType", "taskSubType", "lastUpdated")
        found = self._tenant.push.subscriptions(
            call.query.get("taskType", ""), call.query.get("taskSubType", ""), call.moment("lastUpdated")
        )
        if not found:
            raise Refusal(status=404)
        return json_answer({"subscriptions": [subscription.wire() for subscription in found]})

    def unsubscribe(self, call: Call) -> Answer:
        """DELETE /v1/subscriptions: all three parameters are required; All is a wildcard."""
        call.only("taskType", "taskSubType", "lastUpdated")
        for name in ("lastUpdated", "taskType", "taskSubType"):
            if not call.query.get(name):
                raise refusal(422, "SCHEMA_VALIDATION_ERROR", f"{name} field required")
        after = call.moment("lastUpdated")
        if after is None:
            raise refusal(422, "SCHEMA_VALIDATION_ERROR", "lastUpdated is not a date-time")
        count = self._tenant.push.unsubscribe(call.query["taskType"], call.query["taskSubType"], after)
        return json_answer({"status": "Deleted successfully", "numberOfRecordsDeleted": count})

    def list_tasks(self, call: Call) -> Answer:
        """GET /v1/tasks."""
        call.only("taskType", "taskStatus", "documentId", "lastUpdated")
        status = call.query.get("taskStatus", "")
        if status not in ("", "New", "Completed", "Failed"):
            raise refusal(422, "SCHEMA_VALIDATION_ERROR", f"taskStatus {status} is not known")
        found = self._tenant.push.tasks_after(
            call.query.get("taskType", ""),
            status,
            call.query.get("documentId", ""),
            call.moment("lastUpdated"),
            call.position(),
        )
        page, headers = cut_page(call, found, _TASK_PAGE)
        return json_answer({"taskStatus": [task.wire() for task in page]}, headers=headers)

    def one_task(self, call: Call) -> Answer:
        """GET /v1/tasks/{taskId}."""
        call.only()
        return json_answer({"taskStatus": [self._tenant.push.task(call.parts["taskId"]).wire()]})

    def _read(self, call: Call) -> list[Subscription]:
        body = call.json()
        if not isinstance(body, list) or not body:
            raise refusal(422, "SCHEMA_VALIDATION_ERROR", "body must be an array of subscriptions")
        subscriptions, errors = [], []
        for item in body:
            faults = list(SUBSCRIPTION.faults(item))
            if not faults and self._tenant.switches.webhooks_need_https:
                faults += [] if item["notificationWebhookURL"].startswith("https://") else ["URL must be https"]
            if not faults:
                try:
                    subscriptions.append(self._tenant.push.read_subscription(item, call.now))
                except ValueError as fault:
                    faults.append(str(fault))
            errors += [ErrorEntry(code="SCHEMA_VALIDATION_ERROR", message=fault) for fault in faults]
        if errors:
            raise Refusal(status=400, errors=tuple(errors))
        return subscriptions

    def _test(self, subscription: Subscription) -> bool:
        with self._tenant.lock:
            call = self._tenant.push.connection_test(subscription, self._tenant.switches.signature_form)
            fails = self._tenant.faults.strikes("connection-test-fails") is not None
        try:
            status: int | None = self._tenant.deliver(call)
        except (OSError, http.client.HTTPException, ValueError):
            status = None
        with self._tenant.lock:
            self._tenant.push.delivered(call, status, self._tenant.now())
        return status == 200 and not fails

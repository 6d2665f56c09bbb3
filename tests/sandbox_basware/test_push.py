"""Subscriptions, notifications and tasks."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from basware_in_process import Desk

SECRET = "ein langes Geheimnis öä"
SUBSCRIPTION = {
    "taskType": "AccountingDocuments",
    "taskSubType": "WaitingForTransfer",
    "subscriptionType": "Webhook",
    "notificationWebhookURL": "https://hooks.example/basware",
    "webhookAuthenticationToken": SECRET,
}


def _subscribe(desk: Desk, **changes: Any) -> int:
    return desk.post("/v1/subscriptions", [{**SUBSCRIPTION, **changes}]).status


def _payloads(desk: Desk, kind: str = "genuine") -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in desk.receiver.received if call.kind == kind]


def test_subscribing_tests_the_connection_first(desk: Desk) -> None:
    assert _subscribe(desk) == 200
    (test,) = desk.receiver.received
    assert json.loads(test.body)["taskType"] == "ConnectionTest"
    stored = desk.get("/v1/subscriptions").json()["subscriptions"]
    assert stored[0]["webhookAuthenticationToken"] == SECRET


@pytest.mark.parametrize("answer", [0, 204, 401, 500])
def test_a_failed_connection_test_stores_nothing(desk: Desk, answer: int) -> None:
    desk.receiver.answer = answer
    reply = desk.post("/v1/subscriptions", [SUBSCRIPTION])
    assert reply.status == 400
    assert reply.json()["hasError"] is True
    missing = desk.get("/v1/subscriptions")
    assert (missing.status, missing.json()) == (404, {"detail": "Not Found"})


@pytest.mark.parametrize(
    "change",
    [
        {"taskType": "Invoices"},
        {"taskSubType": "Error"},
        {"subscriptionType": "Polling"},
        {"notificationWebhookURL": "hooks.example"},
        {"webhookAuthenticationToken": ""},
        {"extra": 1},
    ],
)
def test_a_faulty_subscription_is_refused_before_any_call(desk: Desk, change: dict[str, Any]) -> None:
    assert _subscribe(desk, **change) == 400
    assert desk.receiver.received == []


def test_a_waiting_invoice_is_announced_signed_over_the_raw_body(desk: Desk) -> None:
    _subscribe(desk)
    (invoice_id,) = desk.offer()
    assert desk.tenant.send_webhooks() == 1
    call = desk.receiver.received[-1]
    assert json.loads(call.body)["documentId"] == invoice_id
    wanted = hmac.new(SECRET.encode(), call.body, hashlib.sha256).hexdigest()
    assert dict(call.headers)["x-bwapi-signature-256"] == wanted
    assert desk.tenant.send_webhooks() == 0


@pytest.mark.parametrize(("form", "length"), [("HEX", 64), ("base64", 44), ("base64url", 44), ("sha256=hex", 71)])
def test_the_signature_takes_other_forms(desk: Desk, form: str, length: int) -> None:
    desk.tenant.set_switches({"signature_form": form})
    _subscribe(desk)
    assert len(dict(desk.receiver.received[0].headers)["x-bwapi-signature-256"]) == length


def test_a_notification_is_tried_once_and_its_failure_is_a_task(desk: Desk) -> None:
    _subscribe(desk)
    desk.receiver.answer = 500
    (lost,) = desk.offer()
    desk.tenant.send_webhooks()
    desk.receiver.answer = 200
    (heard,) = desk.offer()
    desk.tenant.send_webhooks()
    assert [payload["documentId"] for payload in _payloads(desk)] == [lost, heard]
    (failed,) = desk.get("/v1/tasks", taskStatus="Failed").json()["taskStatus"]
    assert failed["documentId"] == lost
    assert [step["action"] for step in failed["taskHistory"]] == ["New", "Failed"]
    one = desk.get(f"/v1/tasks/{failed['taskId']}").json()["taskStatus"]
    assert one == [failed]
    assert desk.get("/v1/tasks", documentId=heard).json()["taskStatus"][0]["taskStatus"] == "Completed"
    assert desk.get("/v1/tasks/none").status == 404


def test_a_retransfer_is_announced_again(desk: Desk) -> None:
    _subscribe(desk)
    (invoice_id,) = desk.offer()
    desk.tenant.retransfer(invoice_id)
    desk.control("POST", "/_control/webhooks")
    assert [payload["documentId"] for payload in _payloads(desk)] == [invoice_id] * 2


def test_the_end_of_a_request_is_announced_to_who_asked_for_errors(desk: Desk) -> None:
    _subscribe(desk, taskType="RequestStatus", taskSubType=None)
    bad = desk.post("/v1/vendors", [{"externalCode": "V", "vendorCode": "V", "name": "V", "companies": []}])
    desk.post("/v1/lists/ACC_LIST_1", [{"externalCode": "a"}])
    desk.tenant.send_webhooks()
    assert [payload["documentId"] for payload in _payloads(desk)] == [bad.headers["x-amzn-requestid"]]


def test_deleting_needs_all_three_parameters_and_names_exact_types(desk: Desk) -> None:
    _subscribe(desk)
    path = "/v1/subscriptions"
    assert desk.post(f"{path}?taskType=AccountingDocuments", method="DELETE").status == 422
    exact = "taskType=AccountingDocuments&taskSubType={}&lastUpdated=2020-01-01"
    none = desk.post(f"{path}?{exact.format('WaitingForPrebook')}", method="DELETE")
    assert none.json()["numberOfRecordsDeleted"] == 0
    assert desk.post(f"{path}?{exact.format('All')}", method="DELETE").json()["numberOfRecordsDeleted"] == 1
    desk.offer()
    assert desk.tenant.send_webhooks() == 0


def test_webhooks_misbehave_when_told_to(desk: Desk) -> None:
    _subscribe(desk)
    for kind in ("webhook-duplicate", "webhook-forged"):
        desk.control("POST", "/_control/faults", {"kind": kind, "remaining": 1})
    first, second, third = desk.offer(3)
    desk.tenant.send_webhooks()
    assert [payload["documentId"] for payload in _payloads(desk)] == [first, second, third]
    assert _payloads(desk, "duplicate") == _payloads(desk)[:1]
    (forged,) = [call for call in desk.receiver.received if call.kind == "forged"]
    right = hmac.new(SECRET.encode(), forged.body, hashlib.sha256).hexdigest()
    assert dict(forged.headers)["x-bwapi-signature-256"] != right
    assert json.loads(forged.body)["documentId"] not in (first, second, third)


def test_webhooks_are_dropped_and_overtaken_when_told_to(desk: Desk) -> None:
    _subscribe(desk)
    desk.control("POST", "/_control/faults", {"kind": "webhook-dropped", "remaining": 1})
    desk.control("POST", "/_control/faults", {"kind": "webhook-reorder", "remaining": 1})
    _, second, third = desk.offer(3)
    desk.tenant.send_webhooks()
    assert [payload["documentId"] for payload in _payloads(desk)] == [third, second]

"""Faults on purpose: what the caller sees, and whether the request had its effect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from basware_in_process import Desk, an_account

from ml_connector.sandbox.basware.answers import ConnectionDropped
from ml_connector.sandbox.basware.faults import KINDS, Fault


def _arm(desk: Desk, kind: str, **details: Any) -> None:
    reply = desk.control("POST", "/_control/faults", {"kind": kind, "remaining": 1, **details})
    assert reply.status == 200, reply.body


def _struck(desk: Desk) -> dict[str, int]:
    struck: dict[str, int] = desk.control("GET", "/_control/faults").json()["struck"]
    return struck


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("throttle", 429, False),
        ("unavailable", 503, False),
        ("error-before", 500, False),
        ("error-after", 500, True),
        ("connection-lost-before", None, False),
        ("connection-lost", None, True),
    ],
)
def test_a_fault_says_by_its_name_whether_the_work_was_done(
    desk: Desk, kind: str, status: int | None, done: bool
) -> None:
    (invoice_id,) = desk.offer()
    _arm(desk, kind, method="POST", path="/v1/accountingDocuments/*/transferResponses")
    if status is None:
        with pytest.raises(ConnectionDropped):
            desk.say(invoice_id, "transfer", externalCode="c1")
    else:
        assert desk.say(invoice_id, "transfer", externalCode="c1").status == status
    assert ("transferResponses" in desk.shown(invoice_id)) is done
    assert _struck(desk) == {kind: 1}
    assert desk.say(invoice_id, "transfer", externalCode="c1").status == (400 if done else 200)


def test_a_throttled_caller_is_told_how_long_to_wait(desk: Desk) -> None:
    _arm(desk, "throttle", seconds=7)
    assert desk.get("/v1/vendors").headers["retry-after"] == "7"
    _arm(desk, "throttle", seconds=7, http_date=True)
    assert desk.get("/v1/vendors").headers["retry-after"] == "Tue, 24 Nov 2026 09:00:07 GMT"


def test_a_token_can_be_revoked_in_the_middle_of_a_page(desk: Desk) -> None:
    desk.offer(2)
    _arm(desk, "token-revoked", path="/v1/accountingDocuments")
    assert desk.get("/v1/accountingDocuments").status == 401
    assert desk.get("/v1/accountingDocuments").status == 401
    desk.token = desk.sign_in()
    assert desk.get("/v1/accountingDocuments").status == 302


def test_the_token_endpoint_fails_when_told_to(desk: Desk) -> None:
    _arm(desk, "token-error")
    assert desk.ask_token({"grant_type": "client_credentials", "scope": "vendors.read"}).status == 500


def test_slow_answers_take_their_time_on_both_hosts(desk: Desk) -> None:
    desk.offer()
    _arm(desk, "slow", seconds=20)
    _arm(desk, "presigned-slow", seconds=30)
    desk.page()
    assert desk.pauses == [20, 30]


def test_presigned_urls_fail_when_told_to(desk: Desk) -> None:
    desk.offer()
    reply = desk.get("/v1/accountingDocuments")
    _arm(desk, "presigned-expired")
    assert desk.follow(reply).status == 403
    _arm(desk, "presigned-error")
    assert desk.follow(reply).status == 503
    assert desk.follow(reply).status == 200


def test_a_record_that_was_not_published_is_skipped_when_sent_again(desk: Desk) -> None:
    _arm(desk, "publish-error")
    reply = desk.post("/v1/accounts", [an_account()])
    assert (reply.status, reply.json()["errors"][0]["code"]) == (500, "SNS_PUBLISH_ERROR")
    assert desk.get("/v1/accounts/US10-1").status == 200
    again = desk.post("/v1/accounts", [an_account()])
    status = desk.get(f"/v1/requestStatus/{again.headers['x-amzn-requestid']}").json()
    assert status["requestStatus"][0]["systems"][0]["items"][0]["status"] == "NotProcessed"
    assert desk.tenant.accepted_records("v1/accounts") == {}


def test_p2p_is_late_or_times_out_when_told_to(desk: Desk) -> None:
    _arm(desk, "status-delay", seconds=600)
    _arm(desk, "item-timeout")
    reply = desk.post("/v1/accounts", [an_account()])
    path = f"/v1/requestStatus/{reply.headers['x-amzn-requestid']}"
    assert desk.get(path).json()["requestStatus"][0]["requestStatus"] == "InProgress"
    desk.clock.pass_(600)
    (item,) = desk.get(path).json()["requestStatus"][0]["systems"][0]["items"]
    assert item["errors"] == [{"type": "Error", "message": "Request timed-out", "category": "Technical"}]


def test_a_connection_test_fails_when_told_to(desk: Desk) -> None:
    _arm(desk, "connection-test-fails")
    item = {
        "taskType": "AccountingDocuments",
        "subscriptionType": "Webhook",
        "notificationWebhookURL": "https://hooks.example",
        "webhookAuthenticationToken": "s",
    }
    assert desk.post("/v1/subscriptions", [item]).status == 400
    assert desk.post("/v1/subscriptions", [item]).status == 200


def test_a_fault_strikes_as_often_as_it_was_armed_for_or_by_chance(desk: Desk) -> None:
    desk.tenant.arm(Fault(kind="unavailable", remaining=2))
    assert [desk.get("/v1/vendors").status for _ in range(3)] == [503, 503, 404]
    desk.tenant.arm(Fault(kind="unavailable", probability=0.5))
    statuses = [desk.get("/v1/vendors").status for _ in range(200)]
    assert 60 < statuses.count(503) < 140
    desk.control("DELETE", "/_control/faults")
    assert desk.get("/v1/vendors").status == 404


def test_the_same_seed_has_the_same_faults() -> None:
    def statuses() -> list[int]:
        desk = Desk()
        desk.tenant.arm(Fault(kind="unavailable", probability=0.5))
        return [desk.get("/v1/vendors").status for _ in range(50)]

    assert statuses() == statuses()


def test_the_realistic_mix_can_be_armed_and_shows_each_kind(desk: Desk) -> None:
    armed = {fault["kind"] for fault in desk.control("POST", "/_control/faults", "realistic").json()["armed"]}
    assert armed == set(KINDS) - {"connection-test-fails", "response-dropped"}


@pytest.mark.parametrize(
    "body",
    [{}, [], {"kind": "flood"}, {"kind": "slow", "probability": 2}, {"kind": "slow", "remaining": "1"}, {"x": 1}],
)
def test_a_fault_that_makes_no_sense_is_refused_with_one_sentence(desk: Desk, body: Any) -> None:
    reply = desk.control("POST", "/_control/faults", body)
    assert reply.status == 400
    assert reply.json()["error"].endswith(".")


@pytest.mark.parametrize("seed", range(3))
def test_a_patient_caller_gets_everything_through_the_realistic_mix(seed: int) -> None:
    desk = Desk(seed=seed, short_page_chance=0.3, unknown_field_chance=0.3)
    ids = desk.offer(60)
    desk.control("POST", "/_control/faults", "realistic")

    def tried(work: Callable[[], int], *good: int) -> None:
        for _ in range(50):
            try:
                status = work()
            except ConnectionDropped:
                continue
            if status in good:
                return
            assert status in (401, 429, 500, 503)
            if status == 401:
                tried(lambda: _signs_in(desk), 200)
        raise AssertionError("fifty attempts were not enough")

    for invoice_id in ids:
        tried(partial(desk.acknowledge, invoice_id), 200, 405)
        tried(partial(_tells, desk, invoice_id), 200, 400)
    desk.control("DELETE", "/_control/faults")
    for view in desk.tenant.invoices_view():
        assert (view["processingStatus"], view["acknowledged"]) == ("Transferred", 1)
        assert len(view["transferResponses"]) == 1
    assert _struck(desk)


def _tells(desk: Desk, invoice_id: str) -> int:
    return desk.say(invoice_id, "transfer", externalCode="t").status


def _signs_in(desk: Desk) -> int:
    reply = desk.ask_token(
        {"grant_type": "client_credentials", "scope": "accountingDocuments.read accountingDocuments.write"}
    )
    if reply.status == 200:
        desk.token = reply.json()["access_token"]
    return reply.status

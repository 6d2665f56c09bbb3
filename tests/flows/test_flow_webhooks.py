"""Notifications make the next look sooner and are never believed."""

from __future__ import annotations

import json

import pytest

from desks import OWN_URL
from ml_connector.core.errors import NeedsOperator, Refused
from ml_connector.flows import connections
from ml_connector.flows.surroundings import WEBHOOK_SECRET
from ml_connector.sandbox.basware.push import sign
from ml_connector.sandbox.basware.tokens import ALL_SCOPES, ApiClient
from ml_connector.sandbox.world import WsgiAnswer
from ml_connector.store.models import Delivery
from world import World

pytestmark = pytest.mark.both_databases

_PATH = "/basware/main"


@pytest.fixture
def notified(database: object) -> World:
    world = World(1, notified=True, settings={"invoice_poll_s": 86400})
    world.run_until_idle()
    return world


def _secret(world: World) -> str:
    found = world.surroundings.vault.open(world.connector.row(), WEBHOOK_SECRET)
    assert found is not None
    return found.open()


def _notifies(world: World, body: dict[str, str], secret: str | None = None, form: str = "hex") -> WsgiAnswer:
    text = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["x-bwapi-signature-256"] = sign(secret, text, form)
    return world.connector.is_called("POST", _PATH, headers, text)


def _a_task(number: str = "1") -> dict[str, str]:
    return {
        "taskId": number, "taskStatus": "New", "taskType": "AccountingDocuments", "taskSubType": "WaitingForTransfer",
        "documentId": "0" * 32, "expirationTime": "2026-12-24T00:00:00Z",
    }  # fmt: skip


def _fetches(world: World) -> int:
    return world.transport.count("GET", "/v1/accountingDocuments")


def test_a_notification_brings_the_invoice_long_before_the_next_look(notified: World) -> None:
    invoice = notified.basware.approves()
    notified.works()
    assert notified.connector.state(invoice) == "planned"
    notified.polls()
    notified.works()
    assert notified.basware.heard_about(invoice) == ["success"]


def test_a_lost_notification_loses_nothing(notified: World) -> None:
    notified.basware.suffers("webhook-dropped")
    invoice = notified.basware.approves()
    notified.works()
    notified.passes(86400)
    notified.run_until_idle()
    assert notified.basware.heard_about(invoice) == ["success"]


def test_what_a_notification_says_is_not_believed(notified: World) -> None:
    before = _fetches(notified)
    assert _notifies(notified, _a_task(), _secret(notified)).status == 200
    notified.works()
    assert _fetches(notified) > before
    assert notified.transport.count("GET", "/v1/accountingDocuments/" + "0" * 32) == 0


def test_a_notification_that_comes_twice_wakes_once(notified: World) -> None:
    secret = _secret(notified)
    before = _fetches(notified)
    for _ in range(3):
        assert _notifies(notified, _a_task("7"), secret).status == 200
        notified.works()
    assert Delivery.objects.count() == 1
    assert _fetches(notified) == before + 1


@pytest.mark.parametrize("secret", [None, "guess", ""])
def test_a_forged_notification_is_refused_and_makes_no_work(notified: World, secret: str | None) -> None:
    before = _fetches(notified)
    answer = _notifies(notified, _a_task("9"), secret)
    assert answer.status == 401
    notified.works()
    assert _fetches(notified) == before
    assert Delivery.objects.count() == 0


def test_a_body_that_was_changed_on_the_way_is_refused(notified: World) -> None:
    text = json.dumps(_a_task()).encode()
    headers = {"x-bwapi-signature-256": sign(_secret(notified), text, "hex")}
    assert notified.connector.is_called("POST", _PATH, headers, text + b" ").status == 401


@pytest.mark.parametrize("form", ["hex", "HEX", "base64", "base64url", "sha256=hex"])
def test_every_form_of_signature_that_basware_may_mean_is_understood(notified: World, form: str) -> None:
    assert _notifies(notified, _a_task(form), _secret(notified), form).status == 200


def test_the_connection_test_of_a_subscription_is_answered(database: object) -> None:
    world = World(1, notified=True)
    tests = [call for call in world.outside.basware.push.sent if call["kind"] == "test"]
    assert [call["status"] for call in tests] in ([200], [])
    assert len(world.outside.basware.push.subscriptions()) == 1


def test_forged_duplicated_and_overtaken_notifications_change_nothing(notified: World) -> None:
    for kind in ("webhook-forged", "webhook-duplicate", "webhook-reorder"):
        notified.basware.suffers(kind, times=3)
    invoices = notified.basware.approves_many(4)
    notified.run_until_idle()
    assert [notified.basware.heard_about(invoice) for invoice in invoices] == [["success"]] * 4
    statuses = {call["kind"]: call["status"] for call in notified.outside.basware.push.sent}
    assert statuses["forged"] == 401 and statuses["genuine"] == 200 and statuses["duplicate"] == 200


def test_a_service_that_is_down_loses_no_invoice(notified: World) -> None:
    notified.outside.disconnect()
    invoice = notified.basware.approves()
    notified.outside.basware.send_webhooks()
    notified.restart_connector()
    notified.passes(86400)
    notified.run_until_idle()
    assert notified.basware.heard_about(invoice) == ["success"]


_OWN_SCOPES = frozenset(scope for scope in ALL_SCOPES if not scope.startswith("subscriptions."))


def test_a_client_that_may_not_subscribe_goes_on_without_notifications(world: World) -> None:
    issuer = world.outside.basware.tokens
    issuer.set_client(ApiClient(client_id="sandbox-client", client_secret="sandbox-secret", scopes=_OWN_SCOPES))
    with pytest.raises(NeedsOperator, match="subscriptions"):
        connections.subscribe(world.surroundings, world.connection, OWN_URL, "a clerk")
    assert world.surroundings.vault.open(world.connector.row(), WEBHOOK_SECRET) is None
    world.restart_connector()
    invoice = world.basware.approves()
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]


def test_a_subscription_that_fails_its_trial_call_leaves_no_secret(world: World) -> None:
    world.basware.suffers("connection-test-fails")
    with pytest.raises(Refused):
        connections.subscribe(world.surroundings, world.connection, OWN_URL, "a clerk")
    assert world.surroundings.vault.open(world.connector.row(), WEBHOOK_SECRET) is None


def test_a_subscription_that_is_ended_leaves_no_secret(notified: World) -> None:
    row = notified.connector.row()
    assert connections.unsubscribe(notified.surroundings, row, "WaitingForTransfer", "a clerk") == 1
    assert notified.outside.basware.push.subscriptions() == []
    assert notified.surroundings.vault.open(row, WEBHOOK_SECRET) is None


def test_long_task_ids_that_begin_alike_are_two_notifications(notified: World) -> None:
    secret = _secret(notified)
    for end in "ab":
        assert _notifies(notified, _a_task("7" * 100 + end), secret).status == 200
    assert Delivery.objects.count() == 2


def test_notifications_of_long_ago_are_forgotten(notified: World) -> None:
    _notifies(notified, _a_task("old"), _secret(notified))
    notified.passes(29 * 86400)
    notified.works()
    assert Delivery.objects.count() == 1
    notified.passes(2 * 86400)
    notified.works()
    assert Delivery.objects.count() == 0

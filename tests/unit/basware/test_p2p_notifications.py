"""Being notified: subscriptions, signatures, and what a notification says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_basware import ScriptedBasware

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.notification import UnreadableNotification, read_notification
from ml_connector.basware.signature import SignatureForm, verify
from ml_connector.core.errors import NeedsOperator, Refused
from ml_connector.core.secret import Secret

HOOK = "https://hooks.example/basware"
SECRET = Secret("a-long-random-secret")
BODY = b'{"taskId":"t1"}'


def signed(form: SignatureForm, body: bytes = BODY, secret: str = "a-long-random-secret") -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    plain = {
        "hex": digest.hex(),
        "hex, upper case": digest.hex().upper(),
        "base64": base64.b64encode(digest).decode(),
        "base64url": base64.urlsafe_b64encode(digest).decode(),
    }
    word = form.removeprefix("sha256=")
    return ("sha256=" if form != word else "") + plain[word]


def a_body_whose_base64_forms_differ() -> bytes:
    return next(
        body
        for body in (f"body {n}".encode() for n in range(1000))
        if signed(SignatureForm.BASE64, body) != signed(SignatureForm.BASE64URL, body)
    )


@pytest.mark.parametrize("form", list(SignatureForm))
def test_every_usual_form_of_the_signature_is_accepted_and_named(form: SignatureForm) -> None:
    body = a_body_whose_base64_forms_differ()
    assert verify(body, signed(form, body), [SECRET]) is form


def test_base64_without_its_padding_is_accepted() -> None:
    assert verify(BODY, signed(SignatureForm.BASE64URL).rstrip("="), [SECRET]) is not None


@given(st.binary(max_size=200), st.text(max_size=100))
def test_nothing_else_is_a_signature(body: bytes, header: str) -> None:
    assert verify(body, header, [SECRET]) is None


@pytest.mark.parametrize("form", list(SignatureForm))
def test_a_changed_body_is_not_signed(form: SignatureForm) -> None:
    assert verify(BODY + b" ", signed(form), [SECRET]) is None


def test_both_secrets_count_while_one_replaces_the_other() -> None:
    old = signed(SignatureForm.HEX, secret="old-secret")
    assert verify(BODY, old, [SECRET, Secret("old-secret")]) is SignatureForm.HEX
    assert verify(BODY, old, [SECRET]) is None


def test_an_empty_secret_signs_nothing() -> None:
    assert verify(BODY, signed(SignatureForm.HEX, secret=""), [Secret("")]) is None
    assert verify(BODY, signed(SignatureForm.HEX), []) is None
    assert verify(BODY, "", [SECRET]) is None
    assert verify(BODY, "sha256=", [SECRET]) is None


def test_a_notification_points_at_a_document() -> None:
    body = {
        "taskId": "t1",
        "taskStatus": "New",
        "taskType": "AccountingDocuments",
        "taskSubType": "WaitingForTransfer",
        "documentId": "5b0c",
        "surprise": [1],
    }
    found = read_notification(json.dumps(body).encode())
    assert (found.task_id, found.task_type, found.sub_type, found.document_id) == (
        "t1",
        "AccountingDocuments",
        "WaitingForTransfer",
        "5b0c",
    )
    assert not found.is_connection_test


def test_a_connection_test_names_no_document() -> None:
    assert read_notification(b'{"taskType":"ConnectionTest"}').is_connection_test


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        b'{"taskType":"AccountingDocuments"}',
        b'{"taskType":1,"documentId":"x"}',
        json.dumps({"taskType": "AccountingDocuments", "documentId": "x" * 201}).encode(),
        b"[" * 100_000,
    ],
)
def test_what_is_no_notification_gets_one_sentence(body: bytes) -> None:
    with pytest.raises(UnreadableNotification, match=r"^The notification.*\.$"):
        read_notification(body)


def test_a_subscription_is_made_for_one_exact_type_and_its_secret_is_not_kept(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    stored = {
        "taskType": "AccountingDocuments",
        "taskSubType": "WaitingForTransfer",
        "notificationWebhookURL": HOOK,
        "webhookAuthenticationToken": SECRET.open(),
        "lastUpdated": "2026-11-05T12:00:00Z",
    }
    basware.answers(200, [stored])
    (made,) = client.create_subscription(HOOK, SECRET)
    sent = json.loads(basware.last.body)
    assert sent == [
        {
            "taskType": "AccountingDocuments",
            "taskSubType": "WaitingForTransfer",
            "subscriptionType": "Webhook",
            "notificationWebhookURL": HOOK,
            "webhookAuthenticationToken": SECRET.open(),
        }
    ]
    assert made.url == HOOK
    assert SECRET.open() not in repr(made)


def test_a_subscription_is_written_as_basware_s_own_schema_wants_it(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    path = Path(__file__).parents[3] / "../shared/reference/basware-openapi/basware-push-notification-openapi.json"
    if not path.exists():
        pytest.skip("Basware's OpenAPI files are not at hand.")
    schemas = json.loads(path.read_text(encoding="utf-8"))["components"]["schemas"]
    basware.answers(200, [])
    client.create_subscription(HOOK, SECRET)
    (sent,) = json.loads(basware.last.body)
    schema = {"$ref": "#/components/schemas/Subscription-Input", "components": {"schemas": schemas}}
    assert [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(sent)] == []
    assert set(sent) <= set(schemas["Subscription-Input"]["properties"])


def test_a_failed_trial_call_is_told_in_basware_s_words_without_the_secret(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    error = {"type": "VALIDATION", "code": "CONNECTION_TEST_FAILED", "message": f"no 200 for {SECRET.open()}"}
    basware.answers(400, {"requestId": "r", "hasError": True, "errorMessages": [error]})
    with pytest.raises(Refused, match="no 200") as caught:
        client.create_subscription(HOOK, SECRET)
    assert SECRET.open() not in repr(caught.value.exchange) + str(caught.value)


def test_listed_subscriptions_show_no_secret(basware: ScriptedBasware, client: BaswareClient) -> None:
    entry: dict[str, Any] = {"taskType": "RequestStatus", "webhookAuthenticationToken": "somebody else's"}
    basware.answers(200, {"subscriptions": [entry]})
    (found,) = client.list_subscriptions()
    assert found.task_type == "RequestStatus"
    assert "somebody" not in repr(found)
    basware.answers(404)
    assert client.list_subscriptions() == ()


def test_a_refused_listing_keeps_no_secret(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(422, {"detail": [], "echo": {"webhookAuthenticationToken": 'with \\" quote'}})
    with pytest.raises(Refused) as caught:
        client.list_subscriptions()
    assert caught.value.exchange is not None
    assert b"quote" not in caught.value.exchange.response


def test_subscriptions_are_ended_by_exact_type(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, {"status": "Deleted successfully", "numberOfRecordsDeleted": "1"})
    assert client.delete_subscription("AccountingDocuments", "WaitingForTransfer") == 1
    assert basware.last.method == "DELETE"
    assert "taskSubType=WaitingForTransfer" in basware.last.url


@pytest.mark.parametrize(("task", "sub"), [("All", "WaitingForTransfer"), ("AccountingDocuments", "all"), ("", "x")])
def test_a_wildcard_would_end_the_subscriptions_of_others(
    basware: ScriptedBasware, client: BaswareClient, task: str, sub: str
) -> None:
    with pytest.raises(NeedsOperator, match="exact type"):
        client.delete_subscription(task, sub)
    assert basware.calls == []


@pytest.mark.parametrize(
    ("url", "secret"), [("hooks", "x"), ("https://[", "x"), ("https://" + "x" * 2100, "x"), (HOOK, ""), (HOOK, "ключ")]
)
def test_a_subscription_that_cannot_work_is_not_asked_for(
    basware: ScriptedBasware, client: BaswareClient, url: str, secret: str
) -> None:
    with pytest.raises(NeedsOperator):
        client.create_subscription(url, Secret(secret))
    assert basware.calls == []

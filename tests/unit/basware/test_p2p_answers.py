"""Writing about invoices: acknowledging and answering, and what is known after trouble."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_basware import BASE, ScriptedBasware

from ml_connector.basware.client import Acknowledged, BaswareClient, ReadBack, Sent
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.invoice import InvoiceId

INVOICE = InvoiceId("5b0c")
BODY = b'{"externalCode":"c1","success":true}'


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Acknowledged.DONE),
        (202, Acknowledged.DONE),
        (405, Acknowledged.ALREADY),
        (404, Acknowledged.GONE),
        (400, Acknowledged.GONE),
    ],
)
def test_an_acknowledgement_tells_what_came_of_it(
    basware: ScriptedBasware, client: BaswareClient, status: int, outcome: Acknowledged
) -> None:
    basware.answers(status)
    made = client.acknowledge(INVOICE)
    assert made.outcome is outcome
    assert made.exchange.request_id == f"req-{status}"
    assert basware.last.url == f"{BASE}/v1/accountingDocuments/5b0c/acknowledge"
    assert basware.last.headers["Content-Type"] == "application/json"


def test_a_response_that_was_taken_carries_its_request_id(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, BODY)
    sent = client.send_transfer_response(INVOICE, BODY)
    assert isinstance(sent, Sent)
    assert sent.request_id == "req-200"
    assert sent.exchange.request == BODY
    assert sent.exchange.response == BODY
    assert sent.exchange.what == "POST /v1/accountingDocuments/5b0c/transferResponses"


@pytest.mark.parametrize("status", [400, 405, 409])
def test_a_response_that_was_not_taken_has_to_be_read_back(
    basware: ScriptedBasware, client: BaswareClient, status: int
) -> None:
    errors = [{"code": "CONFLICT_IN_POST", "message": "exists", "externalCode": "c1"}]
    basware.answers(status, {"requestId": "r", "hasErrors": True, "errors": errors})
    answer = client.send_payment_response(INVOICE, BODY)
    assert isinstance(answer, ReadBack)
    assert answer.status == status
    assert answer.errors.code == "CONFLICT_IN_POST"
    assert basware.last.url.endswith("/paymentResponses")


def test_an_invoice_that_basware_does_not_know_cannot_be_answered(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(404)
    with pytest.raises(Refused) as caught:
        client.send_transfer_response(INVOICE, BODY)
    assert caught.value.code == "404"
    assert caught.value.exchange is not None


@pytest.mark.parametrize(
    ("status", "headers", "applied", "wait"),
    [
        (500, {}, None, None),
        (502, {}, None, None),
        (503, {}, None, None),
        (504, {}, None, None),
        (500, {"Retry_After": "5"}, None, 5.0),
        (503, {"Retry_After": "30"}, False, 30.0),
        (429, {"Retry_After": "30"}, False, 30.0),
        (429, {}, False, None),
        (429, {"Retry_After": "Thu, 05 Nov 2026 12:01:30 GMT"}, False, 90.0),
        (429, {"Retry_After": "Thu, 05 Nov 2026 11:00:00 GMT"}, False, 0.0),
        (429, {"Retry_After": "presently"}, False, None),
        (429, {"Retry_After": "Thu, 05 Nov 99999999999999999999 12:01:30 GMT"}, False, None),
        (429, {"Retry_After": "9" * 30}, False, 86400.0),
    ],
)
def test_trouble_tells_whether_the_write_may_have_taken_effect_and_how_long_to_wait(
    basware: ScriptedBasware,
    client: BaswareClient,
    status: int,
    headers: dict[str, Any],
    applied: bool | None,
    wait: float | None,
) -> None:
    basware.answers(status, b"oops", **headers)
    with pytest.raises(TryAgain) as caught:
        client.send_transfer_response(INVOICE, BODY)
    assert caught.value.applied is applied
    assert caught.value.retry_after_s == wait
    assert caught.value.exchange is not None
    assert caught.value.exchange.response == b"oops"
    assert caught.value.exchange.request_id == f"req-{status}"


def test_a_lost_answer_to_a_write_is_unknown_and_is_not_repeated(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.loses_the_answer()
    with pytest.raises(TryAgain) as caught:
        client.send_transfer_response(INVOICE, BODY)
    assert caught.value.applied is None
    assert caught.value.exchange is not None
    assert caught.value.exchange.request == BODY
    assert caught.value.exchange.status == ""
    assert len(basware.calls) == 1


def test_a_write_that_never_left_is_known_not_to_have_taken_effect(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.cannot_be_reached()
    with pytest.raises(TryAgain) as caught:
        client.send_transfer_response(INVOICE, BODY)
    assert caught.value.applied is False


def test_403_is_for_a_person(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(403)
    with pytest.raises(NeedsOperator, match=r"accountingDocuments\.write"):
        client.acknowledge(INVOICE)


def test_a_redirected_write_is_not_followed(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(301, b"", Location="https://elsewhere.example/")
    with pytest.raises(NeedsOperator, match="base_url"):
        client.send_transfer_response(INVOICE, BODY)
    assert len(basware.calls) == 1


def test_what_basware_does_not_know_is_told_by_the_status_whatever_the_body_says(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(404, {"hasErrors": True, "errors": [{"code": "ENTITY_NOT_FOUND", "message": "no"}]})
    with pytest.raises(Refused) as caught:
        client.send_transfer_response(INVOICE, BODY)
    assert caught.value.code == "404"

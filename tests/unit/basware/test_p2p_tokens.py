"""Tokens: fetched once, kept while they are good, never shown."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from scripted_basware import BASE, Clock, ScriptedBasware, a_token

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.tokens import Tokens
from ml_connector.core.errors import NeedsOperator, TryAgain
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.secret import Secret

INVOICE = InvoiceId("abc")


def test_the_token_is_asked_for_with_basic_header_and_both_form_fields(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(200, "ok")
    client.acknowledge(INVOICE)
    asked = basware.token_calls[0]
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"client-1:s3cret/+").decode()
    form = parse_qs(asked.body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert "accountingDocuments.write" in form["scope"][0].split(" ")
    assert basware.last.headers["Authorization"].startswith("Bearer head.")


def test_one_token_serves_many_calls(basware: ScriptedBasware, client: BaswareClient) -> None:
    for _ in range(3):
        basware.answers(200)
        client.acknowledge(INVOICE)
    assert len(basware.token_calls) == 1


@pytest.mark.parametrize(
    ("token", "good_for_s"),
    [
        ({"expires_in": 3600, "ends_in_s": 3600}, 3480),
        ({"expires_in": 600, "ends_in_s": 3600}, 480),
        ({"expires_in": 3600, "ends_in_s": 900}, 780),
        ({"expires_in": 86400, "ends_in_s": 86400}, 3480),
        ({"expires_in": "soon", "ends_in_s": 3600}, 3480),
        ({"expires_in": 100, "ends_in_s": 3600}, 50),
        ({"expires_in": 10**400, "ends_in_s": 10**30}, 3480),
        ({"expires_in": 3600, "ends_in_s": -7200}, 3480),  # our clock is ahead; the token is new all the same
    ],
)
def test_a_token_is_used_for_its_shortest_stated_lifetime_less_a_margin(
    basware: ScriptedBasware, client: BaswareClient, clock: Clock, token: dict[str, Any], good_for_s: float
) -> None:
    basware.answers_token(200, a_token(clock.now, **token))
    for _ in range(3):
        basware.answers(200)
    client.acknowledge(INVOICE)
    clock.passes(good_for_s - 1)
    client.acknowledge(INVOICE)
    assert len(basware.token_calls) == 1
    clock.passes(1)
    client.acknowledge(INVOICE)
    assert len(basware.token_calls) == 2


def test_a_token_that_is_no_jwt_is_used_for_what_expires_in_says(
    basware: ScriptedBasware, client: BaswareClient, clock: Clock
) -> None:
    basware.answers_token(200, {"access_token": "opaque", "expires_in": 600})
    basware.answers(200)
    basware.answers(200)
    client.acknowledge(INVOICE)
    clock.passes(481)
    client.acknowledge(INVOICE)
    assert len(basware.token_calls) == 2


def test_after_a_401_a_fresh_token_is_tried_once(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(401)
    basware.answers(200)
    client.acknowledge(INVOICE)
    first, second = (call.headers["Authorization"] for call in basware.calls)
    assert first != second
    assert len(basware.token_calls) == 2


def test_a_second_401_is_for_a_person_and_names_the_scope(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(401)
    basware.answers(401)
    with pytest.raises(NeedsOperator, match=r"accountingDocuments\.write") as caught:
        client.acknowledge(INVOICE)
    assert caught.value.exchange is not None
    assert caught.value.exchange.status == "401"
    assert len(basware.calls) == 2


def test_a_wrong_secret_is_for_a_person_and_is_not_shown(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers_token(401, {"error": "invalid_client", "you_sent": "s3cret/+"})
    with pytest.raises(NeedsOperator, match="client secret") as caught:
        client.acknowledge(INVOICE)
    assert caught.value.exchange is not None
    assert b"s3cret" not in caught.value.exchange.response
    assert basware.calls == []


def test_scopes_that_are_not_granted_are_for_a_person(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers_token(422, {"detail": [{"loc": ["body", "scope"], "msg": "unknown scope", "type": "value_error"}]})
    with pytest.raises(NeedsOperator, match=r"body\.scope: unknown scope.*accounts\.write"):
        client.acknowledge(INVOICE)


@pytest.mark.parametrize(
    "body", [b"<html>sign in</html>", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": "a b"}']
)
def test_an_answer_without_a_token_points_to_the_token_address(
    basware: ScriptedBasware, client: BaswareClient, body: bytes
) -> None:
    basware.answers_token(200, body)
    with pytest.raises(NeedsOperator, match="token_url"):
        client.acknowledge(INVOICE)


def test_a_lost_token_answer_means_that_the_write_was_not_made(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.loses_the_token()
    with pytest.raises(TryAgain) as caught:
        client.acknowledge(INVOICE)
    assert caught.value.applied is False
    assert basware.calls == []


def test_a_busy_token_server_is_tried_again_when_it_says(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers_token(503, b"", Retry_After="17")
    with pytest.raises(TryAgain) as caught:
        client.acknowledge(INVOICE)
    assert caught.value.applied is False
    assert caught.value.retry_after_s == 17


def test_threads_share_one_token(basware: ScriptedBasware, client: BaswareClient) -> None:
    for _ in range(32):
        basware.answers(200)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.acknowledge(INVOICE), range(32)))
    assert len(basware.token_calls) == 1


def test_neither_token_nor_secret_is_kept_in_any_exchange(
    basware: ScriptedBasware, client: BaswareClient, clock: Clock
) -> None:
    basware.answers(200)
    kept = client.acknowledge(INVOICE).exchange
    config = BaswareConfig(base_url=BASE, company_codes=("US10",))
    basware.token_calls.clear()
    token = Tokens(config, "client-1", Secret("s3cret/+"), basware, clock).current()
    for exchange in (kept, token.exchange):
        shown = repr(exchange)
        assert "s3cret" not in shown
        assert "signature1" not in shown
        assert "Bearer head" not in shown
    assert b'"access_token": "***"' in token.exchange.response
    assert "signature1" not in repr(token)

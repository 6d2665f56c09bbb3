"""The token endpoint and what a token opens."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

from basware_in_process import API, Desk, call_app
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

FORM = {"grant_type": "client_credentials", "scope": "vendors.read vendors.write"}


def _part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_token_is_a_signed_jwt_that_ends_when_it_says(desk: Desk) -> None:
    granted = desk.ask_token(FORM).json()
    head, claims, signature = granted["access_token"].split(".")
    said = json.loads(_part(claims))
    assert granted["expires_in"] == said["exp"] - said["iat"] == 3600
    assert said["scope"] == granted["scope"] == FORM["scope"]
    assert json.loads(_part(head))["typ"] == "at+jwt"
    key = call_app(desk.api, "GET", f"{API}/.well-known/jwks.json").json()["keys"][0]
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(_part(key[name]), "big") for name in ("e", "n")))
    numbers.public_key().verify(_part(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), SHA256())


def test_a_wrong_secret_or_client_is_an_invalid_client(desk: Desk) -> None:
    for credentials in ("sandbox-client:wrong", "nobody:sandbox-secret", "no colon"):
        reply = desk.ask_token(FORM, credentials)
        assert (reply.status, reply.json()) == (401, {"error": "invalid_client"})


def test_both_form_fields_are_required(desk: Desk) -> None:
    for missing in FORM:
        reply = desk.ask_token({name: value for name, value in FORM.items() if name != missing})
        assert reply.status == 400
        assert reply.json() == {"error": "invalid_request", "error_description": f"{missing} field required"}


def test_without_credentials_the_header_is_named_in_the_detail(desk: Desk) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = call_app(desk.api, "POST", f"{API}/v1/tokens", form, urlencode(FORM).encode())
    assert reply.status == 422
    assert reply.json()["detail"][0]["loc"] == ["header", "authorization"]


def test_a_scope_that_a_client_has_no_right_to_fails_the_whole_token(desk: Desk) -> None:
    reply = desk.ask_token({**FORM, "scope": "vendors.read vendors.delete"})
    assert (reply.status, reply.json()["error"]) == (400, "invalid_scope")


def test_scopes_a_client_has_no_right_to_can_be_left_out_of_the_grant() -> None:
    desk = Desk(unknown_scopes_refused=False)
    reply = desk.ask_token({**FORM, "scope": "vendors.read vendors.delete"})
    assert reply.json()["scope"] == "vendors.read"
    assert desk.ask_token({**FORM, "scope": "vendors.delete"}).status == 400


def test_no_bad_or_expired_token_opens_anything(desk: Desk) -> None:
    assert desk.get("/v1/vendors", token="").status == 401
    assert desk.get("/v1/vendors", token="invented").status == 401
    assert desk.get("/v1/vendors").status == 404
    desk.clock.pass_(3600)
    expired = desk.get("/v1/vendors")
    assert (expired.status, expired.body) == (401, b"")


def test_a_shorter_lifetime_can_be_set() -> None:
    desk = Desk(token_lifetime_s=60)
    desk.clock.pass_(59)
    assert desk.get("/v1/vendors").status == 404
    desk.clock.pass_(1)
    assert desk.get("/v1/vendors").status == 401


def test_revoked_tokens_are_refused(desk: Desk) -> None:
    assert desk.control("POST", "/_control/tokens/revoke").json() == {"revoked": 1}
    assert desk.get("/v1/vendors").status == 401


def test_a_missing_scope_is_401_or_by_switch_403(desk: Desk) -> None:
    reader = desk.sign_in("vendors.read")
    assert desk.get("/v1/vendors", token=reader).status == 404
    assert desk.get("/v1/accounts", token=reader).status == 401
    desk.tenant.set_switches({"missing_scope_status": 403})
    assert desk.get("/v1/accounts", token=reader).status == 403


def test_push_calls_say_401_in_their_own_dialect(desk: Desk) -> None:
    reply = desk.get("/v1/subscriptions", token="invented")
    assert (reply.status, reply.json()) == (401, {"message": "Unauthorized"})


def test_every_answer_carries_a_request_id_of_its_own(desk: Desk) -> None:
    replies = [
        desk.get("/v1/vendors"),
        desk.get("/v1/nothing"),
        desk.ask_token(FORM),
        desk.get("/v1/vendors", token=""),
    ]
    assert len({reply.headers["x-amzn-requestid"] for reply in replies}) == len(replies)

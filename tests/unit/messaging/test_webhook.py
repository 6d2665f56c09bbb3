"""Webhooks lead to the public internet, are signed as receivers' libraries expect, and understand what is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from alert_receivers import a_web_server
from ml_connector.basware.transport import HttpRequest, HttpTransport
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.secret import Secret
from ml_connector.messaging.webhook import (
    Ask,
    Call,
    chat_call,
    checked_address,
    finder,
    may_be_called,
    new_secret,
    post,
    signed,
    webhook_call,
)

_NOBODY: frozenset[str] = frozenset()
_HERE = frozenset({"localhost"})


def _ask(hosts: frozenset[str]) -> Ask:
    transport = HttpTransport(connect_timeout_s=2.0, response_limit_bytes=1000, find=finder(hosts))

    def ask(method: str, url: str, headers: object, body: bytes) -> tuple[int, bytes]:
        answer = transport.send(HttpRequest(method=method, url=url, headers=dict(headers), body=body), 2.0)  # type: ignore[call-overload]
        return answer.status, answer.body

    return ask


def test_a_message_is_signed_as_the_standard_has_it() -> None:
    # A published example of the standard: any library of a receiver finds the same.
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_arrives_with_its_number_its_time_and_its_signature() -> None:
    secret = new_secret(bytes(range(32)))
    with a_web_server() as hooks:
        post(_ask(_HERE), webhook_call(hooks.url, {"text": "Grüße"}, "alert_7", 1_700_000_000, secret))
    ((path, headers, body),) = hooks.calls
    assert path == "/hook" and json.loads(body) == {"text": "Grüße"}
    assert headers["webhook-id"] == "alert_7" and headers["webhook-timestamp"] == "1700000000"
    assert headers["webhook-signature"] == signed(secret, "alert_7", 1_700_000_000, body)


def test_the_library_that_receivers_use_finds_the_signature_right_and_a_forged_one_wrong() -> None:
    secret = new_secret(bytes(range(32)))
    at_s = int(datetime.now(UTC).timestamp())  # the library compares with its own clock
    call = webhook_call("https://alerts.example.com", {"text": "Grüße"}, "alert_7", at_s, secret)
    receiver = Webhook(secret.open())
    assert receiver.verify(call.body, dict(call.headers)) == {"text": "Grüße"}
    for body, changed in ((call.body + b" ", {}), (call.body, {"webhook-id": "alert_8"})):
        with pytest.raises(WebhookVerificationError):
            receiver.verify(body, dict(call.headers) | changed)


def test_a_chat_room_gets_nothing_but_the_text() -> None:
    assert json.loads(chat_call("https://chat.example", "two\nlines").body) == {"text": "two\nlines"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (401, Refused), (404, Refused), (410, Refused), (301, Refused), (307, Refused), (408, TryAgain),
     (429, TryAgain), (500, TryAgain), (503, TryAgain)],
)  # fmt: skip
def test_what_is_refused_for_good_is_told_from_what_passes(status: int, kind: type[Exception]) -> None:
    with a_web_server() as hooks:
        hooks.says.append((status, b"no", {"Location": "http://127.0.0.1/inside"}))
        with pytest.raises(kind):
            post(_ask(_HERE), chat_call(hooks.url, "text"))
    assert len(hooks.calls) == 1, "where it leads elsewhere is not followed"


_INSIDE = (
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "64:ff9b:1::1",
)  # fmt: skip


@pytest.mark.parametrize("address", _INSIDE)
def test_no_address_inside_of_a_network_is_called(address: str) -> None:
    assert not may_be_called(address)
    written = f"[{address.partition('%')[0]}]" if ":" in address else address
    with pytest.raises(NeedsOperator, match="inside of a network"):
        checked_address(f"https://{written}/hook", _NOBODY)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_addresses_of_the_public_internet_are_called(address: str) -> None:
    assert may_be_called(address)


@pytest.mark.parametrize("name", ["localhost", "2130706433", "0x7f000001", "127.1", "017700000001"])
def test_a_name_that_leads_inside_is_refused_when_it_is_called(name: str) -> None:
    """However it is written: what counts is where the system says that it leads, at the moment of the call."""
    with a_web_server() as hooks, pytest.raises((NeedsOperator, TryAgain)) as refused:
        post(_ask(_NOBODY), Call(url=f"http://{name}:{hooks.port}/", body=b"", headers={}))
    assert hooks.calls == []
    assert isinstance(refused.value, NeedsOperator) or name != "localhost"


@pytest.mark.parametrize(
    "url",
    [
        "http://alerts.example.com/", "ftp://alerts.example.com/", "file:///etc/passwd", "gopher://alerts.example.com/", "",
        "alerts.example.com", "https://", "https://user:secret@alerts.example.com/", "https://alerts.example.com:99999/",
        "https://alerts.example.com/a b", "https://alerts.example.com/\r\nX: y", "https://ex\u00e4mple.com/",
        "https://alerts.example.com/" + "a" * 500, "https://[::1", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_not_encrypted_is_refused(url: str) -> None:
    with pytest.raises(NeedsOperator):
        checked_address(url, _NOBODY)


def test_a_host_of_the_own_network_is_called_if_the_installation_names_it() -> None:
    assert checked_address("http://localhost:8080/hook", _HERE) == "http://localhost:8080/hook"
    assert checked_address("https://alerts.example.com/hook?key=1", _NOBODY) == "https://alerts.example.com/hook?key=1"

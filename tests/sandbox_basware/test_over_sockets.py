"""The simulator as a process of its own, over real HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

SOURCE = Path(__file__).parents[2] / "src"


class Caller:
    """A client with one connection to each host."""

    def __init__(self, addresses: dict[str, Any]) -> None:
        self.addresses = addresses
        self._connections: dict[str, http.client.HTTPConnection] = {}

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        connection = self._connections.setdefault(parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=20))
        data = body if isinstance(body, str | None) else json.dumps(body)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body=data, headers={"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def sign_in(self) -> dict[str, str]:
        secret = f"{self.addresses['client_id']}:{self.addresses['client_secret']}"
        status, _, body = self.call(
            "POST",
            self.addresses["token_url"],
            "grant_type=client_credentials&scope=accountingDocuments.read+accountingDocuments.write+subscriptions.write",
            **{
                "Authorization": "Basic " + base64.b64encode(secret.encode()).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        assert status == 200, body
        return {"Authorization": f"Bearer {json.loads(body)['access_token']}"}


@pytest.fixture
def caller() -> Iterator[Caller]:
    command = [sys.executable, "-m", "ml_connector.sandbox.basware", "--seed", "3", "--switch", "short_page_chance=0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(SOURCE)}
    )
    try:
        assert process.stdout is not None
        yield Caller(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()


def test_an_invoice_goes_its_whole_way_over_sockets(caller: Caller) -> None:
    base, signed = caller.addresses["base_url"], caller.sign_in()
    status, headers, _ = caller.call(
        "GET", f"{base}/v1/accountingDocuments?ProcessingStatus=WaitingForTransfer", **signed
    )
    assert status == 302
    assert urlsplit(headers["location"]).netloc != urlsplit(base).netloc
    assert caller.call("GET", headers["location"], **signed)[0] == 400
    status, _, page = caller.call("GET", headers["location"])
    documents = json.loads(page)["accountingDocuments"]
    assert (status, len(documents)) == (200, 48)
    one = f"{base}/v1/accountingDocuments/{documents[0]['invoiceId']}"
    assert [caller.call("POST", f"{one}/acknowledge", **signed)[0] for _ in range(2)] == [200, 405]
    said = {"externalCode": "1", "success": True, "responseMessage": "ok", "paymentBlock": False}
    assert caller.call("POST", f"{one}/transferResponses", said, **signed)[0] == 200
    assert b"Transferred" in caller.call("GET", f"{caller.addresses['control_url']}/")[2]


def test_a_lost_answer_closes_the_connection_after_the_work(caller: Caller) -> None:
    base, control, signed = caller.addresses["base_url"], caller.addresses["control_url"], caller.sign_in()
    _, _, offered = caller.call("POST", f"{control}/_control/invoices", {"count": 1})
    (invoice_id,) = json.loads(offered)["invoiceIds"]
    caller.call("POST", f"{control}/_control/faults", {"kind": "connection-lost", "remaining": 1})
    path = f"{base}/v1/accountingDocuments/{invoice_id}/acknowledge"
    with pytest.raises((http.client.HTTPException, OSError)):
        caller.call("POST", path, **signed)
    fresh = Caller(caller.addresses)
    assert fresh.call("POST", path, **signed)[0] == 405


class _Hook(BaseHTTPRequestHandler):
    arrived: list[bytes]
    ready: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.arrived.append(body)
        if len(self.arrived) == 2:
            self.ready.set()

    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_notifications_are_sent_by_themselves(caller: Caller) -> None:
    _Hook.arrived, _Hook.ready = [], threading.Event()
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        item = {
            "taskType": "AccountingDocuments",
            "subscriptionType": "Webhook",
            "notificationWebhookURL": f"http://127.0.0.1:{server.server_port}/hook?x=1",
            "webhookAuthenticationToken": "secret",
        }
        signed = caller.sign_in()
        assert caller.call("POST", f"{caller.addresses['base_url']}/v1/subscriptions", [item], **signed)[0] == 200
        _, _, offered = caller.call("POST", f"{caller.addresses['control_url']}/_control/invoices", {"count": 1})
        assert _Hook.ready.wait(timeout=20)
        server.shutdown()
        thread.join(timeout=5)
    assert [json.loads(body)["taskType"] for body in _Hook.arrived] == ["ConnectionTest", "AccountingDocuments"]
    assert json.loads(_Hook.arrived[1])["documentId"] == json.loads(offered)["invoiceIds"][0]

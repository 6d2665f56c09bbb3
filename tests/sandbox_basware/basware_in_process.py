"""The simulated tenant in one process: a caller without sockets, a clock that is turned by hand, a webhook receiver."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from ml_connector.sandbox.basware.app import BaswareApp
from ml_connector.sandbox.basware.control import ControlApp
from ml_connector.sandbox.basware.presigned import PresignedApp
from ml_connector.sandbox.basware.push import Webhook
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.basware.tenant import BaswareTenant
from ml_connector.sandbox.basware.tokens import ALL_SCOPES
from ml_connector.sandbox.firm import build_firm

API = "http://api.basware.example"
PRESIGNED = "http://objects.example:8443"
JSON = {"Content-Type": "application/json"}
TOKEN_HEADER = "x-amz-meta-continuationtoken"


@dataclass
class Reply:
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]  #: names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def call_app(
    app: Callable[..., Any], method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Reply:
    """Call a WSGI application as a server would."""
    parts = urlsplit(url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    seen: list[Any] = []
    chunks = app(environ, lambda status, shown: seen.extend((status, shown)))
    return Reply(int(seen[0][:3]), {name.lower(): value for name, value in seen[1]}, b"".join(chunks))


@dataclass
class HandClock:
    """A clock that moves only when told to."""

    time: datetime = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Receiver:
    """A webhook endpoint: keeps what arrives, answers what it is told to."""

    answer: int = 200
    received: list[Webhook] = field(default_factory=list)

    def __call__(self, call: Webhook) -> int:
        self.received.append(call)
        if self.answer == 0:
            raise ConnectionRefusedError
        return self.answer


class Desk:
    """One tenant with its applications and a client that is signed in."""

    def __init__(self, seed: int = 7, **switches: Any) -> None:
        self.clock = HandClock()
        self.receiver = Receiver()
        quiet = {"short_page_chance": 0.0, "unknown_field_chance": 0.0}
        self.tenant = BaswareTenant(
            clock=self.clock,
            seed=seed,
            company_codes=("US10", "US20"),
            switches=Switches(**{**quiet, **switches}),
            deliver=self.receiver,
        )
        self.firm = build_firm(seed)
        self.pauses: list[float] = []
        self.api = BaswareApp(self.tenant, base_url=API, presigned_base_url=PRESIGNED, sleep=self.pauses.append)
        self.presigned = PresignedApp(self.tenant, sleep=self.pauses.append)
        self.control_app = ControlApp(self.tenant, self.firm, seed)
        self.token = self.sign_in()

    def sign_in(self, *scopes: str) -> str:
        reply = self.ask_token({"grant_type": "client_credentials", "scope": " ".join(scopes or sorted(ALL_SCOPES))})
        assert reply.status == 200, reply.body
        return str(reply.json()["access_token"])

    def ask_token(self, form: dict[str, str], credentials: str = "sandbox-client:sandbox-secret") -> Reply:
        headers = {
            "Authorization": "Basic " + base64.b64encode(credentials.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return call_app(self.api, "POST", f"{API}/v1/tokens", headers, urlencode(form).encode())

    def get(self, path: str, *, token: str | None = None, continuation: str = "", **query: Any) -> Reply:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        if continuation:
            headers[TOKEN_HEADER] = continuation
        return call_app(self.api, "GET", f"{API}{path}?{urlencode(query)}", headers)

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        raw: bytes | None = None,
        content_type: str = "application/json",
    ) -> Reply:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        return call_app(self.api, method, f"{API}{path}", sent, data)

    def follow(self, reply: Reply, **headers: str) -> Reply:
        """Go where a 302 points, without Authorization unless given."""
        assert reply.status == 302, (reply.status, reply.body)
        location = reply.headers["location"]
        assert location.startswith(PRESIGNED)
        return call_app(self.presigned, "GET", location, headers)

    def page(self, **query: Any) -> list[dict[str, Any]]:
        reply = self.follow(self.get("/v1/accountingDocuments", **query))
        assert reply.status == 200
        documents: list[dict[str, Any]] = reply.json()["accountingDocuments"]
        return documents

    def shown(self, invoice_id: str) -> dict[str, Any]:
        """Return an invoice as the API shows it."""
        reply = self.follow(self.get(f"/v1/accountingDocuments/{invoice_id}"))
        document: dict[str, Any] = reply.json()["accountingDocuments"][0]
        return document

    def control(self, method: str, path: str, body: Any = None) -> Reply:
        data = b"" if body is None else json.dumps(body).encode()
        return call_app(self.control_app, method, f"http://control{path}", JSON, data)

    def offer(self, count: int = 1, lines: int = 1, **changes: Any) -> list[str]:
        """Offer plain invoices; returns their ids."""
        reply = self.control("POST", "/_control/invoices", {"count": count, "lines": lines})
        ids: list[str] = reply.json()["invoiceIds"]
        for invoice_id in ids if changes else ():
            self.tenant.retransfer(invoice_id, changes)
        return ids

    def say(self, invoice_id: str, kind: str, **body: Any) -> Reply:
        """Post a response of a kind: transfer, payment or prebook."""
        given = {"success": True, "paymentBlock": False, "responseMessage": "done", **body}
        return self.post(f"/v1/accountingDocuments/{invoice_id}/{kind}Responses", given)

    def acknowledge(self, invoice_id: str) -> int:
        return self.post(f"/v1/accountingDocuments/{invoice_id}/acknowledge").status

    def book(self, invoice_id: str) -> None:
        """Take an invoice into the ledger."""
        assert self.acknowledge(invoice_id) == 200
        assert self.say(invoice_id, "transfer", externalCode="booked").status == 200


def an_account(number: str = "6100", code: str = "US10-1", **changes: Any) -> dict[str, Any]:
    return {
        "externalCode": code,
        "accountCode": number,
        "accountNames": [{"language": "en-US", "translation": "Materials"}],
        "companies": [{"companyCode": "US10", "inherit": False, "active": True}],
        **changes,
    }


def a_vendor(code: str = "US10-V1", **changes: Any) -> dict[str, Any]:
    return {
        "externalCode": code,
        "vendorCode": code.removeprefix("US10-"),
        "name": "Prairie Paper Co",
        "companies": [{"companyCode": "US10"}],
        **changes,
    }


def a_term(code: str = "NET30", **changes: Any) -> dict[str, Any]:
    return {
        "externalCode": f"US10-{code}",
        "paymentTermCode": code,
        "paymentTermNames": [{"language": "en-US", "translation": "Net 30"}],
        "moveDueDatesTo": "0",
        "validFrom": "2000-01-01",
        "validTo": "2099-12-31",
        "companies": [{"companyCode": "US10", "inherit": False, "active": True}],
        **changes,
    }

"""A Basware that says what a test tells it to, in the order it is told, and remembers what it heard."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.reach import Host
from ml_connector.basware.transport import HttpRequest, HttpResponse
from ml_connector.core.errors import TryAgain
from ml_connector.core.secret import Secret

T0 = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)
BASE = "https://basware.example"
TOKENS = f"{BASE}/v1/tokens"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class ScriptedBasware:
    """Implements `Transport`. Gives out tokens by itself unless told otherwise; everything else is scripted."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[HttpRequest] = []  # all but those for a token
        self.token_calls: list[HttpRequest] = []
        self._script: list[Callable[[], HttpResponse]] = []
        self._token_script: list[Callable[[], HttpResponse]] = []

    def answers(self, status: int, body: Any = b"", **headers: str) -> None:
        """Answer the next call; a header's name is written with underscores."""
        self._script.append(lambda: _response(status, body, headers))

    def answers_token(self, status: int, body: Any = b"", **headers: str) -> None:
        self._token_script.append(lambda: _response(status, body, headers))

    def loses_the_answer(self) -> None:
        self._script.append(lambda: _lose(None))

    def cannot_be_reached(self) -> None:
        self._script.append(lambda: _lose(False))

    def loses_the_token(self) -> None:
        self._token_script.append(lambda: _lose(None))

    def send(self, request: HttpRequest, timeout_s: float) -> HttpResponse:
        assert timeout_s > 0
        if request.url == TOKENS:
            self.token_calls.append(request)
            if self._token_script:
                return self._token_script.pop(0)()
            return _response(200, a_token(self.clock.now, serial=len(self.token_calls)), {})
        self.calls.append(request)
        assert self._script, f"nothing is scripted for {request.method} {request.url}"
        return self._script.pop(0)()

    @property
    def last(self) -> HttpRequest:
        return self.calls[-1]


def _response(status: int, body: Any, headers: dict[str, str]) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status=status, headers={"x-amzn-RequestId": f"req-{status}", **named}, body=raw)


def _lose(applied: bool | None) -> HttpResponse:
    raise TryAgain("The connection broke.", applied=applied)


def a_token(
    now: datetime, *, serial: int = 1, expires_in: Any = 3600, ends_in_s: float = 3600, scope: str = ""
) -> dict[str, Any]:
    """Return a token answer whose token is a JWT by form."""
    claims = {"exp": int(now.timestamp() + ends_in_s), "jti": serial}
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return {
        "access_token": f"head.{middle}.signature{serial}",
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": scope or " ".join(BaswareConfig(base_url=BASE, company_codes=("US10",)).scopes),
    }


class OpenWay:
    """A way to Basware that is open."""

    def find(self, host: Host) -> str:
        return f"{host.name} is known."

    def connect(self, host: Host) -> str:
        return f"{host.name} answers."


def a_client(
    basware: ScriptedBasware, *, company_codes: Sequence[str] = ("US10",), page_size: int = 100
) -> BaswareClient:
    config = BaswareConfig(base_url=BASE, company_codes=tuple(company_codes), page_size=page_size)
    return BaswareClient(config, "client-1", Secret("s3cret/+"), basware, basware.clock)


def an_invoice(invoice_id: str = "5b0c9d1e7f2a4c6d8e9f001122334455", **changes: Any) -> dict[str, Any]:
    """Return an invoice as Basware writes it."""
    return {
        "invoiceId": invoice_id,
        "companyCode": "US10",
        "supplierCode": "80000012-1700000001",
        "currencyCode": "USD",
        "grossSum": 430.0,
        "paymentBlock": False,
        "processingStatus": "WaitingForTransfer",
        "lastUpdated": "2026-11-05T14:02:11.318Z",
        "codingRows": [],
        **changes,
    }


def a_page(*invoices: dict[str, Any]) -> dict[str, Any]:
    return {"accountingDocuments": list(invoices)}

"""The control interface: what a test or a demonstration sees and does from outside the product.

Loopback only and without any sign-in; it is no part of what it simulates.

    GET  /                                the page of a person at Basware
    GET  /_control/invoices[/{id}]        everything held about invoices
    POST /_control/invoices               an invoice, an array of them, or {"count": n, "lines": k}
    POST /_control/invoices/{id}/retransfer   wire fields to change, perhaps none
    GET  /_control/master-data[/{version}/{api}]   counts, or what P2P accepted of one API
    POST /_control/master-data/lose       {"api": "v1/vendors", "externalCode": ...}
    GET|POST|DELETE /_control/faults      armed and struck; arm {"kind": ..., ...} or "realistic"; disarm ?kind=
    GET|POST /_control/switches           every switch; set some
    POST /_control/clock                  {"offsetSeconds": s}
    GET|POST /_control/webhooks           calls made; send what waits
    POST /_control/tokens/revoke          revoke every token
    GET  /_control/requests               counters of requests
    GET|POST|DELETE /_control/bodies      recorded bodies; {"record": true|false}; forget
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ml_connector.sandbox.basware.answers import Answer, Refusal, json_answer
from ml_connector.sandbox.basware.faults import read_fault, realistic_mix
from ml_connector.sandbox.basware.page import render_page
from ml_connector.sandbox.basware.seed_invoices import simple_invoices
from ml_connector.sandbox.basware.tenant import BaswareTenant
from ml_connector.sandbox.basware.wsgi import read_body, reason
from ml_connector.sandbox.firm import Firm

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_Handler = Callable[[Any, tuple[str, ...]], object]
_MOST_GENERATED = 100_000


class ControlApp:
    """WSGI application of the control port."""

    def __init__(self, tenant: BaswareTenant, firm: Firm, seed: int = 1) -> None:
        """`firm` and `seed` feed the invoice generator."""
        self._tenant = tenant
        self._firm = firm
        self._seed = seed
        self._generated = 0
        self._routes: list[tuple[str, re.Pattern[str], _Handler]] = [
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("GET", "/_control/invoices", lambda body, parts: tenant.invoices_view()),
                ("POST", "/_control/invoices", self._offer),
                ("GET", "/_control/invoices/([^/]+)", lambda body, parts: tenant.invoice_view(parts[0])),
                ("POST", "/_control/invoices/([^/]+)/retransfer", self._retransfer),
                ("GET", "/_control/master-data", lambda body, parts: tenant.accepted_counts()),
                ("POST", "/_control/master-data/lose", self._lose),
                ("GET", "/_control/master-data/(.+)", lambda body, parts: tenant.accepted_records(parts[0])),
                ("GET", "/_control/faults", self._faults),
                ("POST", "/_control/faults", self._arm),
                ("DELETE", "/_control/faults", self._disarm),
                ("GET", "/_control/switches", lambda body, parts: asdict(tenant.switches)),
                ("POST", "/_control/switches", self._set_switches),
                ("POST", "/_control/clock", self._set_clock),
                ("GET", "/_control/webhooks", lambda body, parts: list(tenant.push.sent)),
                ("POST", "/_control/webhooks", lambda body, parts: {"sent": tenant.send_webhooks()}),
                ("POST", "/_control/tokens/revoke", lambda body, parts: {"revoked": tenant.revoke_tokens()}),
                ("GET", "/_control/requests", self._requests),
                ("GET", "/_control/bodies", lambda body, parts: list(tenant.traffic.bodies)),
                ("POST", "/_control/bodies", self._record),
                ("DELETE", "/_control/bodies", self._forget),
            )
        ]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(environ)
        start_response(
            f"{answer.status} {reason(answer.status)}",
            [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body)))],
        )
        return [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        raw = read_body(environ)
        if (method, path) == ("GET", "/"):
            return Answer(status=200, body=render_page(self._tenant), content_type="text/html; charset=utf-8")
        for known, pattern, handler in self._routes:
            match = pattern.fullmatch(path)
            if match is None or known != method:
                continue
            try:
                body = json.loads(raw) if raw else dict(parse_qsl(environ.get("QUERY_STRING", "")))
                return json_answer(handler(body, match.groups()))
            except Refusal as refused:
                return json_answer({"error": str(refused)}, status=refused.status)
            except KeyError as missing:
                return json_answer({"error": f"Field {missing} is missing."}, status=400)
            except (ValueError, TypeError) as wrong:
                return json_answer({"error": str(wrong)}, status=400)
        return json_answer({"error": f"There is no {method} {path} here."}, status=404)

    def _offer(self, body: Any, parts: tuple[str, ...]) -> object:
        if isinstance(body, dict) and "count" in body:
            count, lines = int(body["count"]), int(body.get("lines", 5))
            if not 1 <= count <= _MOST_GENERATED or not 1 <= lines <= 1000:
                raise ValueError(f"count is 1 to {_MOST_GENERATED}, lines 1 to 1000.")
            documents = simple_invoices(self._firm, count, lines, self._seed, first=self._generated + 1)
            self._generated += count
            return {"invoiceIds": self._tenant.offer_invoices(documents)}
        documents = body if isinstance(body, list) else [body]
        if not all(isinstance(document, dict) for document in documents):
            raise ValueError("An invoice is a JSON object.")
        return {"invoiceIds": self._tenant.offer_invoices(documents)}

    def _retransfer(self, body: Any, parts: tuple[str, ...]) -> object:
        self._tenant.retransfer(parts[0], _object(body))
        return self._tenant.invoice_view(parts[0])

    def _lose(self, body: Any, parts: tuple[str, ...]) -> object:
        return {"lost": self._tenant.lose_record(_object(body)["api"], body["externalCode"])}

    def _faults(self, body: Any, parts: tuple[str, ...]) -> object:
        with self._tenant.lock:
            faults = self._tenant.faults
            return {"armed": [asdict(fault) for fault in faults.armed()], "struck": dict(faults.struck)}

    def _arm(self, body: Any, parts: tuple[str, ...]) -> object:
        for fault in realistic_mix() if body == "realistic" else (read_fault(_object(body)),):
            self._tenant.arm(fault)
        return self._faults(body, parts)

    def _disarm(self, body: Any, parts: tuple[str, ...]) -> object:
        self._tenant.disarm(body.get("kind", "*"))
        return self._faults(body, parts)

    def _set_switches(self, body: Any, parts: tuple[str, ...]) -> object:
        self._tenant.set_switches(_object(body))
        return asdict(self._tenant.switches)

    def _set_clock(self, body: Any, parts: tuple[str, ...]) -> object:
        self._tenant.set_clock_offset(float(_object(body)["offsetSeconds"]))
        return {"now": self._tenant.now().isoformat()}

    def _requests(self, body: Any, parts: tuple[str, ...]) -> object:
        with self._tenant.lock:
            return self._tenant.traffic.table()

    def _record(self, body: Any, parts: tuple[str, ...]) -> object:
        with self._tenant.lock:
            self._tenant.traffic.recording = bool(_object(body)["record"])
        return {"recording": self._tenant.traffic.recording}

    def _forget(self, body: Any, parts: tuple[str, ...]) -> object:
        with self._tenant.lock:
            count = len(self._tenant.traffic.bodies)
            self._tenant.traffic.bodies.clear()
        return {"forgotten": count}


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ValueError("A JSON object is needed.")
    return body

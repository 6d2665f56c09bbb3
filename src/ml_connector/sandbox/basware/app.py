"""The tenant's HTTP face: routes, tokens, scopes, faults, and what every answer carries.

A WSGI application, so that a test or a whole simulated world calls it in one process and a server puts it on a socket.
When a connection is to be lost it raises `ConnectionDropped`.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ml_connector.sandbox.basware.answers import (
    Answer,
    ConnectionDropped,
    ErrorEntry,
    Refusal,
    json_answer,
    p2p_error,
    push_error,
    refusal,
)
from ml_connector.sandbox.basware.entities import MASTER_DATA
from ml_connector.sandbox.basware.faults import Fault
from ml_connector.sandbox.basware.invoice_calls import InvoiceCalls
from ml_connector.sandbox.basware.push_calls import PushCalls
from ml_connector.sandbox.basware.record_calls import RecordCalls, StatusCalls
from ml_connector.sandbox.basware.tenant import BaswareTenant
from ml_connector.sandbox.basware.tokens import TokenRefused, public_keys
from ml_connector.sandbox.basware.wsgi import (
    BODY_LIMIT,
    CONTINUATION_HEADER,
    Call,
    media_type,
    read_body,
    read_query,
    reason,
    unsupported_media,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_TOKEN_PATH = "/v1/tokens"  # noqa: S105 - a path
_BEFORE = ("connection-lost-before", "throttle", "unavailable", "error-before")
_AFTER = ("error-after", "connection-lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path."""

    method: str
    template: str  #: with {names}
    scope: str
    handler: Callable[[Call], Answer]
    push_dialect: bool = False
    locked: bool = True  #: runs under the tenant's lock


class BaswareApp:
    """WSGI application of the API host: P2P calls, tokens, push subscriptions."""

    def __init__(
        self,
        tenant: BaswareTenant,
        *,
        base_url: str,
        presigned_base_url: str,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`base_url` and `presigned_base_url` are what callers reach the two hosts by; `sleep` takes seconds."""
        self._tenant = tenant
        self._base_url = base_url.rstrip("/")
        self._sleep = sleep
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        for route in self._routes(presigned_base_url):
            self._add(route)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises: ConnectionDropped when the connection is to end without an answer."""
        tenant = self._tenant
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        body = read_body(environ)
        with tenant.lock:
            tenant.settle()
            request_id = tenant.new_uuid()
            slow = tenant.faults.strikes("slow", method, path)
            before = self._first_fault(_BEFORE, method, path)
        if slow:
            self._sleep(slow.seconds)
        template, answer = self._answer(environ, method, path, body, request_id, before)
        with tenant.lock:
            # Whatever else goes wrong is decided only now, when the request has had its effect.
            after = self._first_fault(_AFTER, method, path) if before is None and answer.status < 400 else None
            if after is not None and after.kind == "error-after":
                answer = self._technical(request_id, template)
            tenant.traffic.note(method, template, path, answer.status, body)
        struck = after or before
        if struck is not None and struck.kind.startswith("connection-lost"):
            raise ConnectionDropped
        start_response(
            f"{answer.status} {reason(answer.status)}",
            [
                *([("Content-Type", answer.content_type)] if answer.body else []),
                ("Content-Length", str(len(answer.body))),
                ("x-amzn-RequestId", request_id),
                *answer.headers,
            ],
        )
        return [answer.body]

    # ---- one request

    def _answer(
        self, environ: dict[str, Any], method: str, path: str, body: bytes, request_id: str, before: Fault | None
    ) -> tuple[str, Answer]:
        """Return the path template, for counting, and the answer."""
        if path == _TOKEN_PATH:
            return path, self._strike(before, request_id, path) or self._token(environ, method, path, body)
        if path.startswith("/.well-known/"):
            return path, self._strike(before, request_id, path) or self._well_known(path)
        routes, parts = self._find(path)
        route = routes.get(method)
        template = next(iter(routes.values())).template if routes else "unknown"
        struck = self._strike(before, request_id, template)
        if struck is not None:
            return template, struck
        if route is None:
            status = 405 if routes else 404
            return template, Answer(status=status)
        try:
            answer = self._handle(route, environ, path, parts, body, request_id)
        except Refusal as refused:
            answer = (push_error if route.push_dialect else p2p_error)(request_id, refused)
        return template, answer

    def _handle(
        self, route: Route, environ: dict[str, Any], path: str, parts: dict[str, str], body: bytes, request_id: str
    ) -> Answer:
        tenant = self._tenant
        with tenant.lock:
            now = tenant.now()
            client_id = self._authorise(environ, route, path)
            if len(body) > BODY_LIMIT:
                raise refusal(413, "SCHEMA_VALIDATION_ERROR", "Request body is larger than 6 MB")
            if route.method in ("POST", "PATCH") and media_type(environ) != "application/json":
                raise unsupported_media()
            call = Call(
                method=route.method,
                path=path,
                query=read_query(environ.get("QUERY_STRING", "")),
                body=body,
                continuation=environ.get("HTTP_" + CONTINUATION_HEADER.upper().replace("-", "_"), ""),
                request_id=request_id,
                now=now,
                client_id=client_id,
                parts=parts,
            )
            if route.locked:
                return route.handler(call)
        return route.handler(call)

    def _authorise(self, environ: dict[str, Any], route: Route, path: str) -> str:
        """Return the client of a good token with the right scope. Raises: Refusal 401 or 403."""
        tenant = self._tenant
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        grant = tenant.tokens.grant_of(token, tenant.now()) if scheme.lower() == "bearer" else None
        if grant is not None and tenant.faults.strikes("token-revoked", route.method, path):
            tenant.tokens.revoke(token)
            grant = None
        if grant is None:
            raise Refusal(status=401)
        if route.scope not in grant.scopes:
            raise Refusal(status=tenant.switches.missing_scope_status)
        return grant.client_id

    def _token(self, environ: dict[str, Any], method: str, path: str, body: bytes) -> Answer:
        if method != "POST":
            return Answer(status=405)
        tenant = self._tenant
        credentials = environ.get("HTTP_AUTHORIZATION", "")
        if not credentials:
            detail = {"loc": ["header", "authorization"], "msg": "field required", "type": "value_error.missing"}
            return json_answer({"detail": [detail]}, status=422)
        with tenant.lock:
            if tenant.faults.strikes("token-error", method, path):
                return json_answer({"message": "Internal server error"}, status=500)
            try:
                scheme, _, encoded = credentials.partition(" ")
                client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except ValueError:
                return json_answer({"error": "invalid_client"}, status=401)
            if scheme.lower() != "basic":
                return json_answer({"error": "invalid_client"}, status=401)
            is_form = media_type(environ) == "application/x-www-form-urlencoded"
            form = dict(parse_qsl(body.decode(errors="replace"))) if is_form else {}
            lifetime_s = tenant.switches.token_lifetime_s
            try:
                strict = tenant.switches.unknown_scopes_refused
                grant = tenant.tokens.issue(tenant.now(), client_id, secret, form, lifetime_s, strict=strict)
            except TokenRefused as refused:
                words = {"error": refused.error}
                if refused.description:
                    words["error_description"] = refused.description
                return json_answer(words, status=refused.status)
        return json_answer(
            {
                "access_token": grant.token,
                "token_type": "Bearer",
                "expires_in": lifetime_s,
                "scope": " ".join(sorted(grant.scopes)),
            }
        )

    def _well_known(self, path: str) -> Answer:
        if path == "/.well-known/jwks.json":
            return json_answer(public_keys())
        if path == "/.well-known/openid-configuration":
            issuer = "https://api.basware.com"
            return json_answer({"issuer": issuer, "jwks_uri": f"{self._base_url}/.well-known/jwks.json"})
        return Answer(status=404)

    # ---- faults

    def _first_fault(self, kinds: tuple[str, ...], method: str, path: str) -> Fault | None:
        for kind in kinds:
            fault = self._tenant.faults.strikes(kind, method, path)
            if fault is not None:
                return fault
        return None

    def _strike(self, fault: Fault | None, request_id: str, template: str) -> Answer | None:
        if fault is None:
            return None
        if fault.kind == "throttle":
            wait: str | int = int(fault.seconds)
            if fault.http_date:
                wait = format_datetime(self._tenant.now() + timedelta(seconds=fault.seconds), usegmt=True)
            words = {"message": "Too Many Requests"}
            return Answer(status=429, body=json_answer(words).body, headers=(("Retry-After", str(wait)),))
        if fault.kind == "unavailable":
            return Answer(status=503, body=b"Service Unavailable", content_type="text/plain")
        return self._technical(request_id, template)

    @staticmethod
    def _technical(request_id: str, template: str) -> Answer:
        entry = ErrorEntry(code="UNEXPECTED_ERROR", message="An unexpected error occurred", type="TECHNICAL")
        refused = Refusal(status=500, errors=(entry,))
        in_push = template.startswith(("/v1/subscriptions", "/v1/tasks", _TOKEN_PATH))
        return (push_error if in_push else p2p_error)(request_id, refused)

    # ---- routes

    def _add(self, route: Route) -> None:
        if "{" not in route.template:
            self._exact.setdefault(route.template, {})[route.method] = route
            return
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.template))
        for known, routes in self._patterns:
            if known.pattern == pattern.pattern:
                routes[route.method] = route
                return
        self._patterns.append((pattern, {route.method: route}))

    def _find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        routes = self._exact.get(path)
        if routes is not None:
            return routes, {}
        for pattern, routes in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return routes, {name: _path_value(value) for name, value in match.groupdict().items()}
        return {}, {}

    def _routes(self, presigned_base_url: str) -> Iterable[Route]:
        invoices = InvoiceCalls(self._tenant, presigned_base_url)
        read, write = "accountingDocuments.read", "accountingDocuments.write"
        root = "/v1/accountingDocuments"
        one = f"{root}/{{invoiceId}}"
        yield Route(method="GET", template=root, scope=read, handler=invoices.list_page)
        yield Route(method="GET", template=f"{root}/status", scope=read, handler=invoices.search_status)
        yield Route(method="GET", template=one, scope=read, handler=invoices.one)
        yield Route(
            method="GET",
            template=f"{one}/attachments/{{attachmentExternalCode}}",
            scope=read,
            handler=invoices.attachment,
        )
        for name, handler in (
            ("acknowledge", invoices.acknowledge),
            ("transferResponses", invoices.transfer_response),
            ("prebookResponses", invoices.prebook_response),
            ("paymentResponses", invoices.payment_response),
        ):
            yield Route(method="POST", template=f"{one}/{name}", scope=write, handler=handler)
        yield from self._record_routes()
        yield from self._push_routes()

    def _record_routes(self) -> Iterable[Route]:
        for api in MASTER_DATA.values():
            records = RecordCalls(self._tenant, api)
            root, read, write = f"/{api.path}", f"{api.scope}.read", f"{api.scope}.write"
            one = f"{root}/{{externalCode}}"
            yield Route(method="GET", template=root, scope=read, handler=records.list_page)
            yield Route(method="POST", template=root, scope=write, handler=records.post)
            yield Route(method="GET", template=one, scope=read, handler=records.one)
            yield Route(method="PATCH", template=one, scope=write, handler=records.patch)
        statuses = StatusCalls(self._tenant)
        root, read, write = "/v1/requestStatus", "requestStatus.read", "requestStatus.write"
        yield Route(method="GET", template=root, scope=read, handler=statuses.list_page)
        yield Route(method="POST", template=f"{root}/acknowledge", scope=write, handler=statuses.acknowledge)
        yield Route(method="GET", template=f"{root}/{{requestId}}", scope=read, handler=statuses.one)

    def _push_routes(self) -> Iterable[Route]:
        push = PushCalls(self._tenant)
        root = "/v1/subscriptions"
        for method, right, handler in (
            ("GET", "read", push.list_subscriptions),
            ("DELETE", "delete", push.unsubscribe),
        ):
            yield Route(
                method=method, template=root, scope=f"subscriptions.{right}", handler=handler, push_dialect=True
            )
        yield Route(
            method="POST",
            template=root,
            scope="subscriptions.write",
            handler=push.subscribe,
            push_dialect=True,
            locked=False,
        )
        for template, handler in (("/v1/tasks", push.list_tasks), ("/v1/tasks/{taskId}", push.one_task)):
            yield Route(method="GET", template=template, scope="tasks.read", handler=handler, push_dialect=True)


def _path_value(text: str) -> str:
    # WSGI hands paths over decoded, bytes as Latin-1; an encoded slash stays encoded, or it would split the path.
    return text.encode("latin-1", "replace").decode(errors="replace").replace("%2F", "/").replace("%2f", "/")

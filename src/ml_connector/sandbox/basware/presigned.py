"""The other host: pre-signed URLs that hold a page or a file until they expire.

The content of a page is fixed when its URL is made, as it is for a stored object. The URL is the credential: a request
that brings an Authorization header as well is refused with 400, an expired or unknown URL with 403.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ml_connector.sandbox.basware.answers import Answer
from ml_connector.sandbox.basware.wsgi import reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from ml_connector.sandbox.basware.tenant import BaswareTenant

_FORGET_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredObject:
    answer: Answer
    expires: datetime


class PresignedStore:
    """The stored objects behind the pre-signed URLs. Not locked; the tenant is."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._objects: dict[str, _StoredObject] = {}

    def put(self, answer: Answer, now: datetime, lifetime_s: int) -> str:
        """Store an answer; returns path and query of its URL."""
        while self._objects:
            oldest = next(iter(self._objects))
            if self._objects[oldest].expires + _FORGET_AFTER > now:
                break
            del self._objects[oldest]
        name = f"{self._rng.getrandbits(192):048x}"
        expires = now + timedelta(seconds=lifetime_s)
        self._objects[name] = _StoredObject(answer=answer, expires=expires)
        return f"/_presigned/{name}?expires={int(expires.timestamp())}"

    def get(self, path: str, now: datetime) -> Answer | None:
        """Return what a path holds, None if unknown or expired."""
        stored = self._objects.get(path.removeprefix("/_presigned/"))
        return stored.answer if stored is not None and now < stored.expires else None


class PresignedApp:
    """WSGI application of the other host."""

    def __init__(self, tenant: BaswareTenant, sleep: Callable[[float], object] = time.sleep) -> None:
        """`sleep` is called with seconds when a slow answer is due."""
        self._tenant = tenant
        self._sleep = sleep

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        with self._tenant.lock:
            slow = self._tenant.faults.strikes("presigned-slow", method, path)
            answer = self._answer(environ, method, path)
            request_id = self._tenant.new_uuid()
            self._tenant.traffic.note(method, "/_presigned/{object}", path, answer.status, b"")
        if slow:
            self._sleep(slow.seconds)
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            ("x-amzn-RequestId", request_id),
            *answer.headers,
        ]
        start_response(f"{answer.status} {reason(answer.status)}", headers)
        return [answer.body]

    def _answer(self, environ: dict[str, Any], method: str, path: str) -> Answer:
        if method != "GET":
            return _refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if environ.get("HTTP_AUTHORIZATION"):
            return _refused(400, "InvalidArgument", "Only one auth mechanism allowed.")
        if self._tenant.faults.strikes("presigned-error", method, path):
            return _refused(503, "SlowDown", "Please reduce your request rate.")
        expired = self._tenant.faults.strikes("presigned-expired", method, path)
        stored = None if expired else self._tenant.presigned.get(path, self._tenant.now())
        if stored is None:
            return _refused(403, "AccessDenied", "Request has expired.")
        return stored


def _refused(status: int, code: str, message: str) -> Answer:
    # An object store speaks XML; clients must not expect JSON from it.
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status=status, body=body.encode(), content_type="application/xml")

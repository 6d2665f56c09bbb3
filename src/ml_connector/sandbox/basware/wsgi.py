"""Reading a request from a WSGI environment, and the parameters of a call, strictly."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from ml_connector.sandbox.basware.answers import Refusal, bad_parameter, refusal
from ml_connector.sandbox.basware.schema import read_moment

#: Largest body that is taken, in bytes (P2P API: 6 MB).
BODY_LIMIT = 6 * 1024 * 1024
_READ_LIMIT = 64 * 1024 * 1024


def reason(status: int) -> str:
    """Return the reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def read_body(environ: dict[str, Any]) -> bytes:
    """Return the whole body, so that the connection can be used again whatever becomes of the request."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        chunked: bytes = environ["wsgi.input"].read()
        return chunked
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length <= 0:
        return b""
    body: bytes = environ["wsgi.input"].read(min(length, _READ_LIMIT))
    return body


def media_type(environ: dict[str, Any]) -> str:
    """Return the Content-Type without its parameters, in lower case."""
    return str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the API, as its handler sees it."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    continuation: str  #: the continuation token header, empty if none
    request_id: str
    now: datetime
    client_id: str
    parts: dict[str, str]  #: values of the path template

    def json(self) -> Any:
        """Return the body. Raises: Refusal 400 unless it is UTF-8 JSON."""
        try:
            return json.loads(self.body.decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise refusal(400, "SCHEMA_VALIDATION_ERROR", "Request body is not valid JSON") from None

    def only(self, *names: str) -> None:
        """Refuse query parameters the call does not have.

        The documents do not say what happens to them; refusing shows a misspelt filter, ignoring would hide it.
        """
        for name in self.query:
            if name not in names:
                raise bad_parameter(f"Query parameter {name} is not known")

    def required(self, name: str) -> str:
        """Return a parameter that must be there. Raises: Refusal 400."""
        value = self.query.get(name, "")
        if not value:
            raise bad_parameter(f"Query parameter {name} is required")
        return value

    def page_size(self, most: int, default: int | None = None) -> int:
        """Return pageSize, by default the most. Raises: Refusal 400 outside 1 to the most."""
        text = self.query.get("pageSize", str(default or most))
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise bad_parameter(f"pageSize must be between 1 and {most}")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Return a time parameter, None if absent. Raises: Refusal 400."""
        text = self.query.get(name, "")
        if not text:
            return None
        moment = read_moment(text)
        if moment is None:
            raise bad_parameter(f"{name} is not a date-time")
        return moment

    def flag(self, name: str) -> bool:
        """Return a boolean parameter, false if absent. Raises: Refusal 400."""
        text = self.query.get(name, "false").lower()
        if text not in ("true", "false"):
            raise bad_parameter(f"{name} must be true or false")
        return text == "true"

    def position(self) -> int:
        """Return where the page starts: 0, or what the continuation token says.

        Raises: Refusal 400 for a token that is not ours or belongs to another query.
        """
        if not self.continuation:
            return 0
        try:
            query, position = json.loads(base64.urlsafe_b64decode(self.continuation.encode()))
            if query == self._query_name():
                return int(position)
        except (ValueError, TypeError):
            raise bad_parameter("The continuation token is not valid") from None
        raise bad_parameter("The continuation token belongs to a query with other parameters")

    def token(self, position: int) -> str:
        """Return the continuation token of the page after a position."""
        return base64.urlsafe_b64encode(json.dumps([self._query_name(), position]).encode()).decode()

    def _query_name(self) -> str:
        query = json.dumps([self.path, sorted(self.query.items())])
        return hashlib.sha256(query.encode()).hexdigest()[:16]


def read_query(text: str) -> dict[str, str]:
    """Return the query parameters. Raises: Refusal 400 if one occurs twice."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in query:
            raise bad_parameter(f"Query parameter {name} occurs twice")
        query[name] = value
    return query


CONTINUATION_HEADER = "x-amz-meta-continuationtoken"


def unsupported_media() -> Refusal:
    """Return the refusal of a body that is not declared as JSON."""
    return refusal(415, "SCHEMA_VALIDATION_ERROR", "Content-Type must be application/json")

"""What the simulated tenant says back: answers, and refusals in Basware's four error dialects.

P2P calls, tokens and push notifications each have error bodies of their own, and several P2P refusals have no body at
all (P2P API 26.06; tokens API 1.0.0; push API 1.0.0).
"""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime


class ConnectionDropped(ConnectionResetError):
    """The connection ends without an answer; a socket server closes it, an in-process caller catches this."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the sandbox dropped the connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """One entry of a P2P error list (P2P API, ErrorEntity)."""

    code: str  #: e.g. SCHEMA_VALIDATION_ERROR
    message: str
    type: str = "VALIDATION"  #: BUSINESS, VALIDATION, TECHNICAL or SECURITY
    external_code: str = ""  #: the record the entry is about, empty if none
    info: str = ""


@dataclass(kw_only=True)
class Refusal(Exception):
    """The tenant refuses a request; `errors` empty means a refusal without a body."""

    status: int
    errors: Sequence[ErrorEntry] = field(default_factory=tuple)

    def __str__(self) -> str:
        return f"{self.status}: " + "; ".join(entry.message for entry in self.errors)


def refusal(status: int, code: str, message: str, *, type_: str = "VALIDATION", external_code: str = "") -> Refusal:
    """Return a refusal with one error entry."""
    return Refusal(
        status=status,
        errors=(ErrorEntry(code=code, message=message, type=type_, external_code=external_code),),
    )


def bad_parameter(message: str) -> Refusal:
    """Return the refusal of a query parameter, header or path value."""
    return refusal(400, "PARAMETER_VALIDATION_ERROR", message)


def dump(value: object) -> bytes:
    """Write compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status=status, body=dump(value), headers=headers)


def p2p_error(request_id: str, refused: Refusal) -> Answer:
    """Write a refusal in the dialect of the P2P calls."""
    if not refused.errors:
        return Answer(status=refused.status)
    errors = []
    for entry in refused.errors:
        fields = {
            "externalCode": entry.external_code,
            "type": entry.type,
            "code": entry.code,
            "message": entry.message,
            "info": entry.info,
        }
        errors.append({name: value for name, value in fields.items() if value})
    return json_answer({"requestId": request_id, "hasErrors": True, "errors": errors}, status=refused.status)


def push_error(request_id: str, refused: Refusal) -> Answer:
    """Write a refusal in the dialect of subscriptions and tasks."""
    if refused.status == 404:
        return json_answer({"detail": "Not Found"}, status=404)
    if refused.status == 400:
        messages = [{"type": entry.type, "code": entry.code, "message": entry.message} for entry in refused.errors]
        return json_answer({"requestId": request_id, "hasError": True, "errorMessages": messages}, status=400)
    words = {401: "Unauthorized", 403: "Forbidden", 500: "Internal server error"}
    message = "; ".join(entry.message for entry in refused.errors) or words.get(refused.status, "Error")
    return json_answer({"message": message}, status=refused.status)


def stamp(moment: datetime) -> str:
    """Write a `lastUpdated` value: UTC with milliseconds and Z, e.g. 2026-11-05T14:02:11.318Z."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def to_the_millisecond(moment: datetime) -> datetime:
    """Cut a time to what `lastUpdated` can show, so that filters compare what callers saw."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

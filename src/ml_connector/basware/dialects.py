"""The four ways in which Basware words an error, read leniently into one value.

P2P calls, tokens, and subscriptions each have a shape of their own, and some statuses have no body at all.
Source: P2P API, Authentication API and Push Notification API, error schemas.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_SENTENCE_MAX = 500  # characters of an error that are shown; the exchange keeps the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiError:
    """One error; any part may be empty."""

    code: str = ""  #: such as SCHEMA_VALIDATION_ERROR
    message: str = ""
    external_code: str = ""  #: the record it is about
    type: str = ""  #: BUSINESS, VALIDATION, TECHNICAL or SECURITY
    info: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiErrors:
    """All errors of one answer. Empty if its body said nothing that could be read."""

    errors: tuple[ApiError, ...] = ()
    request_id: str = ""  #: from the body; the header's is kept in the exchange

    @property
    def code(self) -> str:
        """The first code, or an empty text."""
        return next((error.code for error in self.errors if error.code), "")

    @property
    def words(self) -> str:
        """All messages in one line, shortened for showing."""
        said = [_line(error) for error in self.errors]
        text = "; ".join(dict.fromkeys(line for line in said if line))
        return text if len(text) <= _SENTENCE_MAX else text[: _SENTENCE_MAX - 3] + "..."

    def about(self, external_code: str) -> tuple[ApiError, ...]:
        """Return the errors that name one record."""
        return tuple(error for error in self.errors if error.external_code == external_code)


NO_ERRORS = ApiErrors()


def read_errors(body: bytes) -> ApiErrors:
    """Read an error body of any dialect. Never fails: what cannot be read is left out."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return NO_ERRORS
    if isinstance(value, str):
        return ApiErrors(errors=(ApiError(message=value),)) if value.strip() else NO_ERRORS
    if not isinstance(value, dict):
        return NO_ERRORS
    found = [error for member in ("errors", "errorMessages", "detail") for error in _listed(value.get(member))]
    if not found:
        found = _single(value)
    return ApiErrors(errors=tuple(found), request_id=_text(value.get("requestId")))


def _listed(value: Any) -> list[ApiError]:
    if isinstance(value, str):
        return [ApiError(message=value)]
    if not isinstance(value, list):
        return []
    found = []
    for item in value:
        if isinstance(item, str):
            found.append(ApiError(message=item))
        elif isinstance(item, dict):
            # `loc` and `msg` belong to the 422 of the token and subscription calls: where it is, and what is wrong.
            place = item.get("loc")
            where = ".".join(_text(part) for part in place) if isinstance(place, list) else ""
            said = _text(item.get("message")) or _text(item.get("msg"))
            found.append(
                ApiError(
                    code=_text(item.get("code")),
                    message=f"{where}: {said}" if where else said,
                    external_code=_text(item.get("externalCode")),
                    type=_text(item.get("type")),
                    info=_text(item.get("info")),
                )
            )
    return found


def _single(value: dict[str, Any]) -> list[ApiError]:
    if "error" in value:
        return [ApiError(code=_text(value["error"]), message=_text(value.get("error_description")))]
    if message := _text(value.get("message")):
        return [ApiError(message=message)]
    return []


def _line(error: ApiError) -> str:
    words = " ".join(error.message.split()) or error.code
    return f"{error.external_code}: {words}" if error.external_code and words else words


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)

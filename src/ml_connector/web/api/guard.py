"""Who may use which endpoint: whoever may use the screen that it follows, with a token that has its scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from ninja.security import HttpBearer

from ml_connector.core.scopes import Scope
from ml_connector.flows import api_tokens
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.models import ApiToken, User
from ml_connector.web.console.screens import ROLES_OF
from ml_connector.web.console.signing_in import address_of
from ml_connector.web.running import current

_BODY_BYTES = 2_000_000


class Forbidden(Exception):
    """The token is good, and does not include this."""


class Token(HttpBearer):
    """A token in the header `Authorization: Bearer mlc_...`."""

    def __init__(self, scope: Scope, screens: tuple[str, ...]) -> None:
        super().__init__()
        self._scope, self._screens = scope, screens

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token, if it is taken and includes this endpoint.

        Raises:
            Forbidden: it does not include it.
        """
        found = api_tokens.whose(token, address_of(request), current().surroundings.clock())
        if found is None:
            return None
        if self._scope not in api_tokens.scopes_of(found):
            raise Forbidden(
                f"This token does not have the scope {self._scope.value}; it has: {', '.join(found.scopes)}."
            )
        if any((roles := ROLES_OF[name]) is not None and found.user.role not in roles for name in self._screens):
            raise Forbidden(f"The role of {found.user.name} does not include this.")
        return found


#: In the description, every operation says how a refusal looks.
_REFUSAL = {
    "description": "It was not done; one sentence says why.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
        }
    },
}


def rule(scope: Scope, *screens: str, file: str = "") -> dict[str, Any]:
    """Return what an endpoint is registered with.

    Args:
        scope: what a token must have.
        screens: screens of the console that it follows; who may use all of them may use it.
        file: media type of what it answers, if that is not JSON.
    """
    responses: dict[str | int, Any] = {"default": _REFUSAL}
    if file:
        responses[200] = {
            "description": "The file.",
            "content": {file: {"schema": {"type": "string", "format": "binary"}}},
        }
    return {
        "auth": Token(scope, screens),
        "openapi_extra": {"x-scope": scope.value, "x-follows": list(screens), "responses": responses},
    }


def token_of(request: HttpRequest) -> ApiToken:
    """Return the token of a call."""
    found: ApiToken = request.auth  # type: ignore[attr-defined]
    return found


def person(request: HttpRequest) -> User:
    """Return for whom a program acts."""
    return token_of(request).user


def actor(request: HttpRequest) -> str:
    """Return who acts, for the audit trail."""
    return f"{person(request).name} (API, {token_of(request).name})"


def surroundings() -> Surroundings:
    """Return what flows need."""
    return current().surroundings


def bounded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return a view that reads no endless body, and whose answers nobody keeps."""

    def inner(request: HttpRequest, *places: Any, **named: Any) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if request.META.get("HTTP_TRANSFER_ENCODING") or not length.isdigit() or int(length) > _BODY_BYTES:
            response = _too_large()
        else:
            response = view(request, *places, **named)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    inner.csrf_exempt = True  # type: ignore[attr-defined]  # the caller shows a token, and no cookie is looked at
    return inner


def _too_large() -> HttpResponseBase:
    sentence = f"A body has at most {_BODY_BYTES:,} bytes, and says how many in Content-Length."
    return JsonResponse({"error": sentence}, status=413)

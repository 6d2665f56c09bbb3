"""The API's addresses, its description, and how it says that something cannot be done: always as `{"error": sentence}`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation

from ml_connector.core.errors import ConnectorError, NeedsOperator, Refused, TryAgain
from ml_connector.core.scopes import SCOPE_WORDS, Scope
from ml_connector.flows import upkeep
from ml_connector.web.api import (
    alerts,
    audit,
    books,
    connections,
    documents,
    inbox,
    lists,
    mapping,
    people,
)
from ml_connector.web.api.guard import Forbidden, bounded, rule, surroundings
from ml_connector.web.api.shapes import system as shapes
from ml_connector.web.running import current

log = logging.getLogger(__name__)

_DESCRIPTION = """What the console does, for programs.

Each call carries a token in the header `Authorization: Bearer mlc_...`. A person makes tokens in the console, under the account;
`ml-connector token add` makes one as well. A token acts for its person: it may do what the role of the person includes, as far as
one of its scopes names it. `x-scope` of an operation is the scope that it needs.

Whatever cannot be done is answered as `{"error": "one sentence with the next step"}`: 401 the token is not taken, 403 it does
not include this, 404 there is no such address, 409 it cannot be done as things stand, 413 the body is too large, 422 the call
cannot be understood, 503 not at the moment.

Money is text with two decimals. Times are ISO 8601 with their offset.

Scopes: """ + "; ".join(f"`{scope.value}`: {words}" for scope, words in SCOPE_WORDS.items())


class _Api(NinjaAPI):
    """Names operations by what they are about and do."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return a name such as `documents_show`."""
        function = operation.view_func
        return f"{function.__module__.rpartition('.')[2]}_{function.__name__}"


api = _Api(
    title="ml-connector",
    version=version("ml-connector"),
    description=_DESCRIPTION,
    docs_url=None,
    urls_namespace="api",
    openapi_extra={"servers": [{"url": "/"}]},
)
for _module in (documents, inbox, mapping, lists, books, audit, connections, people, alerts):
    api.add_router("", _module.router)


@api.get("/system", response=shapes.System, tags=["System"], **rule(Scope.CONNECTIONS, "system"))
def system(request: HttpRequest) -> dict[str, Any]:
    """How the installation stands: database, work in time, disk, backup, key, and the audit chains."""
    chains = upkeep.chains(surroundings().clock())
    return {
        "facts": [
            {"title": fact.title, "value": fact.value, "note": fact.note, "ok": fact.ok, "do": fact.do}
            for fact in upkeep.facts(surroundings(), current().config.home)
        ],
        "chains": [
            {
                "connection": chain.name,
                "entries": chain.entries,
                "checked_at": chain.checked_at.isoformat(timespec="seconds") if chain.checked_at else None,
                "breaks": list(chain.breaks),
                "stale": chain.stale,
            }
            for chain in chains
        ],
    }


def _says(status: int, sentence: str, request: HttpRequest) -> HttpResponse:
    response = api.create_response(request, {"error": sentence}, status=status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ConnectorError)
def _cannot(request: HttpRequest, problem: ConnectorError) -> HttpResponse:
    if isinstance(problem, TryAgain):
        return _says(503, f"{problem} Try again later.", request)
    if not isinstance(problem, NeedsOperator | Refused):
        log.error("the API failed", extra={"path": request.path, "why": str(problem)})
    return _says(409, str(problem), request)


@api.exception_handler(Forbidden)
def _forbidden(request: HttpRequest, problem: Forbidden) -> HttpResponse:
    return _says(403, str(problem), request)


@api.exception_handler(AuthenticationError)
def _who(request: HttpRequest, problem: AuthenticationError) -> HttpResponse:
    return _says(401, "Show a token that is taken, in the header Authorization: Bearer mlc_....", request)


@api.exception_handler(ValidationError)
def _what(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    return _says(422, "; ".join(_in_words(one) for one in problem.errors[:5]) + ".", request)


def _in_words(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error.get("loc", ()) if part not in {"body", "query", "path"})
    return f"{place or 'The body'}: {str(error.get('msg', 'cannot be understood')).rstrip('.')}"


@api.exception_handler(HttpError)
def _http(request: HttpRequest, problem: HttpError) -> HttpResponse:
    return _says(
        problem.status_code,
        "The body is not readable as JSON." if problem.status_code == 400 else str(problem),
        request,
    )


@api.exception_handler(Http404)
def _nothing(request: HttpRequest, problem: Http404) -> HttpResponse:
    return _says(404, "There is nothing at this address.", request)


@api.exception_handler(DatabaseError)
def _silent(request: HttpRequest, trouble: DatabaseError) -> HttpResponse:
    log.error("the API could not be answered: %s", " ".join(str(trouble).split()))
    return _says(503, "The database does not answer; try again in a moment.", request)


@api.exception_handler(Exception)
def _failed(request: HttpRequest, trouble: Exception) -> HttpResponse:
    log.error("the API failed", exc_info=trouble, extra={"path": request.path})
    return _says(500, "The connector failed inside; its log has the details.", request)


def _bounded(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = bounded(pattern.callback)
        else:
            _bounded(pattern.url_patterns)
    return list(patterns)


_patterns, app_name, _ = api.urls
urlpatterns = _bounded(_patterns)

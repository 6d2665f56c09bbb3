"""The SOAP endpoint of one connection, as the Web Connector calls it.

Whatever happens inside, the caller gets a well-formed envelope with the method's own result: a fault or an error page
would end its session with a message that misleads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import Error, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.views.decorators.csrf import csrf_exempt

from ml_connector.core.errors import NeedsOperator, TryAgain
from ml_connector.flows.failed_calls import note_failed_call
from ml_connector.flows.web_connector import WebConnectorService
from ml_connector.quickbooks.session import GIVE_UP, NO_REQUEST, SignIn, authenticate_result
from ml_connector.quickbooks.soap import CONTENT_TYPE, BadEnvelope, Call, parse_call, render_fault, render_result
from ml_connector.quickbooks.wsdl import wsdl
from ml_connector.store.models import Connection
from ml_connector.store.sessions import connection_named, find_session, new_ticket
from ml_connector.web.bodies import BodyBroken, BodyTooLarge, read_body
from ml_connector.web.running import current

log = logging.getLogger(__name__)

Result = str | int | tuple[str, ...]


@csrf_exempt  # the caller is a program that signs in with every session; there is no cookie to forge with
def endpoint(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one request of the Web Connector."""
    try:
        connection = connection_named(name)
    except Error:
        return _without_database(request, name)
    if connection is None:
        return HttpResponseNotFound("There is no connection of this name.\n", content_type="text/plain")
    if request.method in {"GET", "HEAD"}:
        return _describe(request, connection)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    return _take_call(request, lambda call: _result(request, connection, call))


def _without_database(request: HttpRequest, name: str) -> HttpResponse:
    log.error("the database does not answer", extra={"connection": name})
    if request.method == "POST":
        return _take_call(request, lambda call: _harmless(call.method))
    words = "The database of the connector does not answer; try again later.\n"
    return HttpResponse(words, status=503, content_type="text/plain")


def _take_call(request: HttpRequest, result_of: Callable[[Call], Result]) -> HttpResponse:
    running = current()
    limit = running.config.max_body_mb * 1_000_000
    try:
        call = parse_call(read_body(request, limit), max_bytes=limit)
    except BodyTooLarge:
        return _xml(render_fault(f"The request is larger than {running.config.max_body_mb} MB."), 413)
    except BodyBroken:
        return _xml(render_fault("The request did not arrive whole."), 400)
    except BadEnvelope as bad:
        return _xml(render_fault(str(bad)), 400)
    result = result_of(call)
    running.wake_engine()
    return _xml(render_result(call.method, result), 200)


def _result(request: HttpRequest, connection: Connection, call: Call) -> Result:
    """Do what is asked. Whatever fails, the transaction was rolled back, and is asked after in the next session."""
    keys = {"connection": connection.name, "method": call.method}
    try:
        result = _dispatch(WebConnectorService(current().surroundings, connection), call)
    except (NeedsOperator, TryAgain, OperationalError) as trouble:
        sentence = " ".join(str(trouble).split())
        log.error("the Web Connector could not be answered: %s", sentence, extra=keys)
        _note_failure(connection, call, f"The connector could not answer {call.method}: {sentence.rstrip('.')}.")
        return _harmless(call.method)
    except Exception:
        log.exception("the Web Connector could not be answered", extra=keys)
        _note_failure(connection, call, f"The connector failed inside at {call.method}; its log has the details.")
        return _harmless(call.method)
    _tell(request, connection, call, result)
    return result


def _note_failure(connection: Connection, call: Call, sentence: str) -> None:
    """Have people see that a call failed: nothing else would tell them, because its transaction is gone."""
    try:
        note_failed_call(current().surroundings, connection, call.arguments.get("ticket", ""), sentence)
    except Error:
        log.error("the failure could not be noted on the connection", extra={"connection": connection.name})


def _tell(request: HttpRequest, connection: Connection, call: Call, result: Result) -> None:
    """Log the beginning and the end of a session, and who was not let in."""
    keys = {"connection": connection.name, "caller": request.META.get("REMOTE_ADDR", "")}
    if call.method == "closeConnection":
        session = find_session(call.arguments["ticket"])
        if session is not None and session.connection_id == connection.pk:
            log.info("session closed", extra=keys)
    elif isinstance(result, tuple):
        verdict = result[1]
        if verdict == SignIn.REFUSED:
            log.warning("sign-in refused", extra=keys)
        elif verdict in {SignIn.NOTHING_TO_DO, SignIn.BUSY}:
            log.info("session not opened", extra=keys | {"verdict": verdict})
        else:
            log.info("session opened", extra=keys)


def _dispatch(service: WebConnectorService, call: Call) -> Result:
    given = call.arguments
    match call.method:
        case "serverVersion":
            return _VERSION
        case "clientVersion":
            return service.client_version(given["strVersion"])
        case "authenticate":
            return service.authenticate(given["strUserName"], given["strPassword"])
        case "sendRequestXML":
            return service.send_request(
                given["ticket"],
                given["strHCPResponse"],
                given["strCompanyFileName"],
                given["qbXMLMajorVers"],
                given["qbXMLMinorVers"],
            )
        case "receiveResponseXML":
            return service.receive_response(given["ticket"], given["response"], given["hresult"], given["message"])
        case "connectionError":
            return service.connection_error(given["ticket"], given["hresult"], given["message"])
        case "getLastError":
            return service.get_last_error(given["ticket"])
        case "closeConnection":
            return service.close_connection(given["ticket"])
        case _:
            # The interactive methods belong to a feature that the Web Connector no longer has; they change nothing.
            return _harmless(call.method)


_VERSION = "ml-connector"


def _harmless(method: str) -> Result:
    """Return the result that ends the step without doing anything. Source: QBWC Programmer's Guide, return values."""
    answers: dict[str, Result] = {
        "serverVersion": _VERSION,
        "clientVersion": "",
        "authenticate": authenticate_result(new_ticket(), SignIn.BUSY),
        "sendRequestXML": NO_REQUEST,
        "receiveResponseXML": -1,
        "connectionError": GIVE_UP,
        "getLastError": "The connector failed inside; its log has the details. The next run goes on.",
        "closeConnection": "OK",
        "getInteractiveURL": "",
        "interactiveDone": "Done",
        "interactiveRejected": "",
    }
    return answers[method]


def _describe(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Answer a plain request: the Web Connector makes one when a .qwc file is added, and wants a 200."""
    if "wsdl" in {key.lower() for key in request.GET}:
        return HttpResponse(wsdl(f"{current().config.own_url}/qbwc/{connection.name}"), content_type=CONTENT_TYPE)
    words = f"This is the address of connection {connection.name} for the QuickBooks Web Connector.\n"
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


def _xml(body: bytes, status: int) -> HttpResponse:
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE)

"""The address Basware notifies. A notification is verified first, answered at once, and does nothing but wake."""

from __future__ import annotations

import logging

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from ml_connector.core.errors import ConnectorError
from ml_connector.flows.notifications import Taken, take
from ml_connector.store import sessions
from ml_connector.web.bodies import BodyBroken, BodyTooLarge, read_body
from ml_connector.web.running import current

log = logging.getLogger(__name__)

_LIMIT_BYTES = 1_000_000
_SIGNATURE = "HTTP_X_BWAPI_SIGNATURE_256"

_ANSWERS = {
    Taken.NEW: (200, "Taken."),
    Taken.REPEATED: (200, "Taken before."),
    Taken.TEST: (200, "The connection works."),
    Taken.FORGED: (401, "The signature is missing or wrong."),
    Taken.UNREADABLE: (422, "The notification cannot be read."),
}


@csrf_exempt  # signed by the sender; there is no cookie to forge with
def endpoint(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one notification."""
    try:
        return _answer(request, name)
    except (ConnectorError, Error) as trouble:
        # Basware sends it again; and it does nothing but bring the next poll forward.
        sentence = " ".join(str(trouble).split())
        log.error("the notification was not taken: %s", sentence, extra={"connection": name})
        return JsonResponse({"message": "The notification cannot be taken at the moment."}, status=503)


def _answer(request: HttpRequest, name: str) -> HttpResponse:
    connection = sessions.connection_named(name)
    if connection is None:
        return HttpResponseNotFound("There is no connection of this name.\n", content_type="text/plain")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    running = current()
    try:
        body = read_body(request, _LIMIT_BYTES)
    except BodyTooLarge:
        return JsonResponse({"message": "The notification is larger than 1 MB."}, status=413)
    except BodyBroken:
        return JsonResponse({"message": "The notification did not arrive whole."}, status=400)
    taken = take(running.surroundings, connection, body, request.META.get(_SIGNATURE, ""))
    if taken is Taken.NEW:
        running.wake_engine()
    status, words = _ANSWERS[taken]
    return JsonResponse({"message": words}, status=status)

"""Plain pages: health for machines, and the help page that a .qwc file points to."""

from __future__ import annotations

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def health(request: HttpRequest) -> HttpResponse:
    """Tell whether the service can work: it answers, and its database does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return JsonResponse({"status": "database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})


def support(request: HttpRequest) -> HttpResponse:
    """Say where help is; the Web Connector looks whether this page can be reached."""
    words = (
        "ml-connector brings approved Basware invoices into QuickBooks.\n"
        "Whoever runs it here can see what is waiting and why: ml-connector documents, ml-connector why, "
        "ml-connector doctor.\n"
    )
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that is not ours, in one sentence."""
    return HttpResponse("There is nothing at this address.\n", status=404, content_type="text/plain")


def failed(request: HttpRequest) -> HttpResponse:
    """Answer when we failed inside: one sentence, no detail; the log has it."""
    return HttpResponse(
        "The connector failed inside; its log has the details.\n", status=500, content_type="text/plain"
    )

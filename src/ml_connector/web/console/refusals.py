"""Pages that say no: each in one sentence, with the way on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ml_connector.web.console.render import page


def _says(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    return page(request, "refusal.html", status=status, title=title, sentence=sentence)


def nowhere(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer an address at which there is nothing."""
    return _says(request, 404, "Nothing here", "There is nothing at this address. Search for the number, or go back.")


def not_allowed(request: HttpRequest) -> HttpResponse:
    """Answer a person whose role does not include this."""
    return _says(
        request, 403, "Not for your role", "Your role does not include this. An IT admin can change your role."
    )


def cannot(request: HttpRequest, sentence: str) -> HttpResponse:
    """Answer what cannot be done; the sentence says why and what to do."""
    return _says(request, 409, "This cannot be done", sentence)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from our own page, or from a page that is too old."""
    return _says(
        request,
        403,
        "The form is too old",
        "Nothing was done. Go back, load the page again and send the form once more.",
    )


def database_silent(request: HttpRequest) -> HttpResponse:
    """Answer while the database does not."""
    return _bare(
        503, "The database does not answer", "Nothing was done. Try again in a minute; ml-connector doctor says more."
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Answer when we failed inside."""
    return _bare(500, "The connector failed inside", "Its log has the details. Whatever was begun was taken back.")


def _bare(status: int, title: str, sentence: str) -> HttpResponse:
    """Return a page that needs neither database nor session."""
    return page(None, "bare.html", status=status, title=title, sentence=sentence)

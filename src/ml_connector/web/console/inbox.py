"""The error inbox: what is held up, by cause, and the documents of one cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse

from ml_connector.core.causes import cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import inbox
from ml_connector.store.models import Connection
from ml_connector.web.console.render import cursor, page
from ml_connector.web.console.signing_in import person

_VIEWS = ((inbox.OPEN, "Open"), (inbox.ASSIGNED, "Assigned"), (inbox.MINE, "Mine"), (inbox.RESOLVED, "Resolved"))


def show(request: HttpRequest) -> HttpResponse:
    """Show the inbox by cause, or what was resolved."""
    view, connection = _view(request), request.GET.get("connection", "")
    me = person(request).name
    problem = ""
    shown: dict[str, Any] = {}
    counts: Mapping[str, int] = {}
    try:
        counts = inbox.counts(connection, me)
        if view == inbox.RESOLVED:
            solved, older = inbox.resolved(connection, request.GET.get("before", ""))
            shown = {
                "solved": solved,
                "older": urlencode([*_asked(view, connection), ("before", older)]) if older else "",
            }
        else:
            found = inbox.groups(connection, view=view, person=me)
            shown = {
                "needed": [group for group in found if inbox.needs_person(group.cause)],
                "healing": [group for group in found if not inbox.needs_person(group.cause)],
            }
    except NeedsOperator as cannot:
        problem = str(cannot)
    return page(
        request,
        "inbox.html",
        status=400 if problem else 200,
        problem=problem,
        view=view,
        tabs=[
            {
                "words": words,
                "count": counts.get(name),
                "here": name == view,
                "query": urlencode(_asked(name, connection)),
            }
            for name, words in _VIEWS
        ],
        query=urlencode(_asked(view, connection)),
        connection=connection,
        connections=Connection.objects.order_by("name").values_list("name", flat=True),
        **shown,
    )


def group(request: HttpRequest, cause: str) -> HttpResponse:
    """Show the documents of one cause."""
    view, connection = _view(request), request.GET.get("connection", "")
    of = inbox.whose(connection, view=view, person=person(request).name)
    opened = inbox.opened(cause, of, before=cursor(request, "before"), after=cursor(request, "after"))
    return page(
        request,
        "inbox_group.html",
        opened=opened,
        group=opened.group if opened else None,
        cause=cause_of(cause),
        view=view,
        view_words=dict(_VIEWS)[view],
        connection=connection,
        query=urlencode(_asked(view, connection)),
    )


def _view(request: HttpRequest) -> str:
    asked = request.GET.get("view", inbox.OPEN)
    return asked if asked in dict(_VIEWS) else inbox.OPEN


def _asked(view: str, connection: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (("view", view), ("connection", connection)) if value]

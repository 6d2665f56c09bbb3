"""A company file that was put back to an older copy: what it lost, and what is done about it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import connections, reposting
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current

_SHOWN = 200


def show(request: HttpRequest, name: str) -> HttpResponse:
    """Show what was lost, and take the decision once the number of documents was typed."""
    row, problem = connections.named(name), ""
    lost = reposting.lost(row)
    if request.method == "POST":
        try:
            typed = request.POST.get("typed", "").strip().replace(",", "")
            if lost and typed != str(len(lost)):
                raise NeedsOperator(f"Type {len(lost)}, the number of documents, to decide for all of them.")
            repost = request.POST.get("decision") == "repost"
            sentence = reposting.decide(current().surroundings, row, actor(request), repost=repost)
        except NeedsOperator as cannot:
            problem, row = str(cannot), connections.named(name)
        else:
            current().wake_engine()
            messages.success(request, sentence)
            return back_to("connection-health", name)
    return page(
        request,
        "restored.html",
        status=409 if problem else 200,
        connection=row,
        searching=row.searched_up_to is not None,
        lost=lost[:_SHOWN],
        count=len(lost),
        more=max(0, len(lost) - _SHOWN),
        problem=problem,
    )

"""Versions of the mapping, what was proposed, and files of mappings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import mapping_changes, mapping_desk, mappings
from ml_connector.flows.second_person import is_one_of
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import mapping
from ml_connector.web.console.mapping import connection_of, frame, kind_of
from ml_connector.web.console.render import back_to, cursor, page
from ml_connector.web.console.signing_in import actor
from ml_connector.web.running import current

_SHOWN = 200  # lines of a file on a page


def history(request: HttpRequest) -> HttpResponse:
    """Show the versions of the mapping, the latest first."""
    connection = connection_of(request)
    listed, older = mapping_desk.versions(connection, cursor(request, "before"))
    return page(
        request,
        "mapping_history.html",
        **frame(connection, kind_of(request)),
        versions=listed,
        zone=zone_of(connection),
        older=urlencode({"connection": connection.name, "before": older}) if older else "",
    )


def take_back(request: HttpRequest, version: int) -> HttpResponse:
    """Ask before a version is undone, and undo it."""
    connection = connection_of(request)
    problem = ""
    if request.method == "POST":
        try:
            said = mapping_changes.take_back(current().surroundings, connection, version, actor(request))
        except NeedsOperator as refused:
            problem = str(refused)
        else:
            current().wake_engine()
            messages.success(request, said)
            return back_to("mapping-history", query=urlencode({"connection": connection.name}))
    return page(
        request,
        "mapping_undo.html",
        status=409 if problem else 200,
        **frame(connection, kind_of(request)),
        problem=problem,
        version=mapping_desk.version(connection, version),
    )


def proposals(request: HttpRequest) -> HttpResponse:
    """Show what waits for a second person."""
    return _proposals_page(request, "")


def _proposals_page(request: HttpRequest, problem: str) -> HttpResponse:
    connection = connection_of(request)
    me = actor(request)
    waiting = mapping.proposals(connection.pk).order_by("pk")[:_SHOWN]
    return page(
        request,
        "mapping_proposals.html",
        status=409 if problem else 200,
        **frame(connection, kind_of(request)),
        problem=problem,
        waiting=[{"row": row, "own": is_one_of(me, row.wanted_by)} for row in waiting],
        refused=mapping.refused(connection.pk, 20),
        zone=zone_of(connection),
    )


def decide(request: HttpRequest) -> HttpResponse:
    """Approve or refuse proposals of other people."""
    numbers = [int(text) for text in request.POST.getlist("number") if text.isdigit() and len(text) < 19]
    do: Callable[..., str] = (
        mapping_changes.approve if request.POST.get("decision") == "approve" else mapping_changes.refuse
    )
    connection = connection_of(request)
    try:
        said = do(current().surroundings, connection, numbers, actor(request))
    except NeedsOperator as refused:
        return _proposals_page(request, str(refused))
    current().wake_engine()
    messages.success(request, said)
    return back_to("mapping-proposals", query=urlencode({"connection": connection.name}))


def write_file(request: HttpRequest) -> HttpResponse:
    """Hand the mapping out as a file, with the codes that are missing to be filled in."""
    connection = connection_of(request)
    answer = HttpResponse("\ufeff" + mappings.to_csv(connection), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mapping-{connection.name}.csv"'
    return answer


def read_file(request: HttpRequest) -> HttpResponse:
    """Read a file of mappings: show what it would change, and take it once that was confirmed."""
    connection = connection_of(request)
    text, problem = _text(request) if request.method == "POST" else ("", "")
    read: list[mappings.Read] = []
    if text and not problem:
        try:
            read = mappings.read_csv(connection, text)
            if "confirmed" in request.POST:
                count = mappings.from_csv(current().surroundings, connection, text, actor(request))
                current().wake_engine()
                messages.success(request, f"Taken from the file: {count}.")
                return back_to("mapping", query=urlencode({"connection": connection.name}))
        except NeedsOperator as refused:
            problem = str(refused)
    return page(
        request,
        "mapping_file.html",
        status=409 if problem else 200,
        **frame(connection, kind_of(request)),
        **_told(read),
        problem=problem,
        text=text,
        planned=bool(text) and not problem,
    )


def _told(read: list[mappings.Read]) -> dict[str, Any]:
    wrong = [row for row in read if row.problem]
    changing = [row for row in read if row.changes]
    return {
        "wrong": wrong[:_SHOWN],
        "wrong_count": len(wrong),
        "changing": changing[:_SHOWN],
        "changing_count": len(changing),
        "same_count": sum(1 for row in read if row.wanted is not None and not row.changes),
        "shown": _SHOWN,
    }


def _text(request: HttpRequest) -> tuple[str, str]:
    """Return what was sent, as a file or pasted, and why it cannot be read."""
    sent = request.FILES.get("file")
    if sent is None:
        pasted = request.POST.get("text", "")
        return pasted, "" if pasted.strip() else "Choose a file, or paste its content."
    try:
        return sent.read().decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "The file is not UTF-8 text: save it as CSV UTF-8 in the spreadsheet program, and choose it again."

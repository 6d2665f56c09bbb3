"""A person's own account: password and sessions."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import people
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.sessions import is_this, sessions_of
from ml_connector.web.console.signing_in import actor, begin_session, person
from ml_connector.web.running import current


def show(request: HttpRequest) -> HttpResponse:
    """Show who one is, and where one is signed in."""
    sessions = [{"row": row, "this": is_this(request, row)} for row in sessions_of(person(request))]
    return page(request, "account.html", sessions=sessions)


def password(request: HttpRequest) -> HttpResponse:
    """Choose a password. Every other session ends with it."""
    user = person(request)
    asks_old = user.has_usable_password()
    if request.method != "POST":
        return page(request, "password.html", asks_old=asks_old)
    new = request.POST.get("new", "")
    try:
        if asks_old and not user.check_password(request.POST.get("old", "")[:1000]):
            raise NeedsOperator("The old password is not right.")
        if new != request.POST.get("again", ""):
            raise NeedsOperator("The two new passwords differ.")
        people.set_password(current().surroundings, user, Secret(new), actor(request))
    except NeedsOperator as problem:
        return page(request, "password.html", status=400, asks_old=asks_old, problem=str(problem))
    begin_session(request, user)
    messages.success(request, "The password is set. Everywhere else you are signed out.")
    return back_to("account")


def end_session(request: HttpRequest, key: str) -> HttpResponse:
    """Sign oneself out elsewhere."""
    ended = people.end_session(current().surroundings, person(request), key, actor(request))
    messages.success(request, "The session was ended." if ended else "The session had ended already.")
    return back_to("account")

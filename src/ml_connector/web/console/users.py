"""People: who may come in, as what, and where they are signed in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import ROLE_WORDS, Role
from ml_connector.flows import api_tokens, people, second_factor, single_sign_on
from ml_connector.store.models import User
from ml_connector.web.console.refusals import nowhere
from ml_connector.web.console.render import back_to, page
from ml_connector.web.console.sessions import is_this, sessions_of
from ml_connector.web.console.signing_in import actor, person
from ml_connector.web.running import current

_ROLES = [(role.value, ROLE_WORDS[role], words) for role, words in (
    (Role.CLERK, "works on documents"),
    (Role.CONTROLLER, "works on documents, and answers for the books"),
    (Role.ADMIN, "connects company files, and lets people in"),
    (Role.AUDITOR, "looks at everything, and changes nothing"),
)]  # fmt: skip


def show(request: HttpRequest) -> HttpResponse:
    """Show one page of people, and make another one."""
    given = {name: request.POST.get(name, "").strip() for name in ("name", "full_name", "email", "role")}
    problem = ""
    if request.method == "POST":
        try:
            made, token = people.add(
                current().surroundings, given["name"], given["role"], actor(request),
                full_name=given["full_name"], email=given["email"],
            )  # fmt: skip
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            return _shown_link(request, made, token.open())
    found, following = people.page_of(request.GET.get("after", "")[:60])
    counts = people.sessions_open(found, current().surroundings.clock())
    return page(
        request,
        "users.html",
        status=400 if problem else 200,
        rows=[
            {"user": user, "role": ROLE_WORDS[Role(user.role)], "sessions": counts.get(user.pk, 0)} for user in found
        ],
        following=following,
        first=bool(request.GET.get("after")),
        roles=_ROLES,
        given=given,
        problem=problem,
    )


def _shown_link(request: HttpRequest, user: User, token: str) -> HttpResponse:
    address = current().config.own_url + reverse("console:sign-in-link", args=(token,))
    return page(request, "user_link.html", user=user, link=address)


def show_one(request: HttpRequest, user: int) -> HttpResponse:
    """Show one person: role, sessions, and what was done about the access."""
    found = User.objects.filter(pk=user).first()
    if found is None:
        return nowhere(request)
    return page(
        request,
        "user.html",
        user=found,
        role=ROLE_WORDS[Role(found.role)],
        roles=_ROLES,
        sessions=[{"row": row, "this": is_this(request, row)} for row in sessions_of(found)[:50]],
        tokens=api_tokens.live_of(found, current().surroundings.clock()),
        history=people.history(found),
        own=found.pk == person(request).pk,
    )


def _act(request: HttpRequest, user: int) -> User:
    found = User.objects.filter(pk=user).first()
    if found is None:
        raise NeedsOperator("There is no such user any more.")
    return found


def set_role(request: HttpRequest, user: int) -> HttpResponse:
    """Give a person another role."""
    found = _act(request, user)
    people.set_role(current().surroundings, found, request.POST.get("role", ""), actor(request))
    messages.success(request, f"{found} is now {ROLE_WORDS[Role(found.role)]}; it holds from the next page on.")
    return back_to("user", user)


def reset_second_factor(request: HttpRequest, user: int) -> HttpResponse:
    """Take a person's second factor away, when telephone and recovery codes are lost."""
    found = _act(request, user)
    second_factor.reset(current().surroundings, found, actor(request))
    messages.success(request, f"{found} has no second factor any more, and was signed out everywhere.")
    return back_to("user", user)


def set_email(request: HttpRequest, user: int) -> HttpResponse:
    """Give a person another e-mail address."""
    found = _act(request, user)
    people.set_email(current().surroundings, found, request.POST.get("email", ""), actor(request))
    messages.success(request, "The e-mail address is saved." if found.email else "The e-mail address was taken away.")
    return back_to("user", user)


def set_active(request: HttpRequest, user: int) -> HttpResponse:
    """Let a person in no more, or again."""
    found = _act(request, user)
    active = request.POST.get("active") == "yes"
    people.set_active(current().surroundings, found, active, actor(request))
    ended = "" if active else " Every session was ended."
    messages.success(request, f"{found} may {'sign in again' if active else 'not sign in any more'}.{ended}")
    return back_to("user", user)


def link(request: HttpRequest, user: int) -> HttpResponse:
    """Make a link that signs a person in, and show it this once."""
    found = _act(request, user)
    token = people.make_link(current().surroundings, found, actor(request))
    return _shown_link(request, found, token.open())


def unlink(request: HttpRequest, user: int) -> HttpResponse:
    """Let a person's company account lead here no more."""
    found = _act(request, user)
    single_sign_on.unlink(current().surroundings, found, actor(request))
    messages.success(request, f"The company account of {found} is unlinked; every session was ended.")
    return back_to("user", user)


def end_session(request: HttpRequest, user: int, key: str) -> HttpResponse:
    """Sign a person out somewhere."""
    ended = people.end_session(current().surroundings, _act(request, user), key, actor(request))
    messages.success(request, "The session was ended." if ended else "The session had ended already.")
    return back_to("user", user)


def revoke_token(request: HttpRequest, user: int, number: int) -> HttpResponse:
    """Take a token of a person no more."""
    token = api_tokens.token_of(_act(request, user), number)
    api_tokens.revoke(current().surroundings, token, actor(request))
    messages.success(request, f"The token {token.name!r} is taken no more.")
    return back_to("user", user)

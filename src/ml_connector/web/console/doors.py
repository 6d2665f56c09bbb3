"""Coming in and going out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import people, second_factor, single_sign_on
from ml_connector.store.models import User
from ml_connector.web.console.render import LOOK_COOKIE, LOOKS, back_to, page
from ml_connector.web.console.settings import PREFIX
from ml_connector.web.console.signing_in import (
    address_of,
    begin_session,
    by_company,
    came_by_company,
    half_way,
    signed_in,
    whose_half_way,
)
from ml_connector.web.running import current

_WRONG = "Name and password do not fit. Check both; capitals count in the password."


def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password, and let in whoever has them."""
    onward = ours(request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        if signed_in(request):
            return HttpResponseRedirect(onward)
        return sign_in_page(request, onward)
    name, problem = request.POST.get("name", ""), _WRONG
    user = None
    try:
        password = request.POST.get("password", "")[:1000]
        user = people.sign_in(current().surroundings, name, password, address_of(request))
    except NeedsOperator as throttled:
        problem = str(throttled)
    if user is None:
        return sign_in_page(request, onward, problem, status=403, name=name)
    if user.second_factor_at is not None:
        return ask_code(request, user, onward)
    begin_session(request, user)
    return HttpResponseRedirect(onward)


def sign_in_page(
    request: HttpRequest, onward: str, problem: str = "", *, status: int = 200, name: str = ""
) -> HttpResponse:
    """Return the page on which people sign in."""
    return page(
        request, "sign_in.html", status=status, next=onward, name=name, problem=problem,
        nobody_yet=not problem and people.nobody_yet(), button=single_sign_on.button(current().surroundings),
    )  # fmt: skip


def second_step(request: HttpRequest) -> HttpResponse:
    """Ask whoever has shown the first factor for the second one."""
    if request.method != "POST":
        return back_to("sign-in")
    surroundings = current().surroundings
    onward, company = ours(request.POST.get("next", "")), bool(request.POST.get("company"))
    user = whose_half_way(request.POST.get("half_way", ""), surroundings.clock())
    if user is None:
        messages.error(request, "That took too long. Sign in once more.")
        return back_to("sign-in")
    problem = "This code does not fit, or was used. Take the newest one of the app."
    try:
        let_in = second_factor.sign_in(surroundings, user, request.POST.get("code", "")[:60], address_of(request))
    except NeedsOperator as throttled:
        let_in, problem = False, str(throttled)
    if not let_in:
        return ask_code(request, user, onward, problem, company=company)
    begin_session(request, user)
    if company:
        by_company(request, second_factor=False)
        return HttpResponseRedirect(onward)
    return _welcome(request, user, onward)


def ask_code(
    request: HttpRequest, user: User, onward: str, problem: str = "", *, company: bool = False
) -> HttpResponse:
    """Ask whoever has shown the first factor for the code of the app; `company`: it was the company's account."""
    return page(
        request, "sign_in_code.html", status=403 if problem else 200, next=onward, problem=problem, company=company,
        half_way=half_way(user, current().surroundings.clock()),
    )  # fmt: skip


def _welcome(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    if user.has_usable_password():
        return HttpResponseRedirect(onward)
    messages.info(request, "You are signed in. Choose a password to come in without a link the next time.")
    return back_to("password")


def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Let in who has a link. Opening it asks first: programs that look into e-mails open links, too."""
    surroundings = current().surroundings
    if request.method != "POST":
        owner = people.link_owner(surroundings, token)
        return page(request, "sign_in_link.html", status=200 if owner else 410, owner=owner)
    user = people.use_link(surroundings, token, address_of(request))
    if user is None:
        return page(request, "sign_in_link.html", status=410, owner=None)
    if user.second_factor_at is not None:
        return ask_code(request, user, reverse("console:home"))
    begin_session(request, user)
    return _welcome(request, user, reverse("console:home"))


def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Let the first person make an account, with the link that the service printed."""
    surroundings = current().surroundings
    works = people.is_setup_link(surroundings, token)
    given = {"name": request.POST.get("name", "")[:60], "full_name": request.POST.get("full_name", "")[:120]}
    problem = ""
    if request.method == "POST" and works:
        try:
            password = request.POST.get("password", "")[:1000]
            if password != request.POST.get("again", ""):
                raise NeedsOperator("The two passwords differ.")
            user = people.set_up(surroundings, token, **given, password=Secret(password), address=address_of(request))
        except NeedsOperator as cannot:
            problem = str(cannot)
        else:
            begin_session(request, user)
            return back_to("onboarding")
    status = 410 if not works else 400 if problem else 200
    return page(request, "setup.html", status=status, works=works, problem=problem, **given)


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and lead whoever came with a company account to where that one is signed out."""
    elsewhere = ""
    if came_by_company(request):
        elsewhere = single_sign_on.sign_out_address(current().surroundings, current().config.own_url)
    request.session.flush()
    if not elsewhere:
        return back_to("sign-in")
    # A form may lead to no other host (form-action); a page that was reached may.
    request.person = None  # type: ignore[attr-defined]
    response = page(request, "signed_out.html", elsewhere=elsewhere)
    response.headers["Refresh"] = f"0; url={elsewhere}"
    return response


def look(request: HttpRequest) -> HttpResponse:
    """Switch between light, dark and what the system says."""
    chosen = request.POST.get("look", "")
    response = HttpResponseRedirect(ours(request.POST.get("next", "")))
    response.set_cookie(
        LOOK_COOKIE, chosen if chosen in LOOKS else "auto", max_age=31536000, path=PREFIX, httponly=True, samesite="Lax"
    )
    return response


def ours(address: str) -> str:
    """Return an address to go on to, if it is one of the console's own."""
    own = address.startswith(PREFIX + "/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if own else reverse("console:home")

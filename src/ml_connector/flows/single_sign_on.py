"""Coming in with the company's account.

The first time, a claim that the provider vouches for tells which user somebody is, and the account's issuer and subject are
kept. From then on these two alone count: an e-mail address or a name that moves to somebody else takes nothing over.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.db.models import Q

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import ROLE_WORDS, Role
from ml_connector.core.secret import Secret
from ml_connector.core.sign_on import EMAIL, SignOnRefused, SignOnSettings
from ml_connector.flows import people
from ml_connector.flows.surroundings import Surroundings
from ml_connector.openid.provider import ALGORITHMS, NOT_TRUSTED, Provider, Ticket
from ml_connector.store.models import AccessEntry, ConsoleSession, SignInLink, SignOnAnswer, User

log = logging.getLogger(__name__)

TICKET_LIVES = timedelta(minutes=10)
_SECRET = "sign-on client secret"  # noqa: S105  # a name in the vault, not a secret
_CALLBACK = "/console/sign-in/company/back"
_STALE = "This sign-in was begun in another browser, took longer than 10 minutes, or was used already. Begin anew."


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Somebody whom the provider vouches for, and who may come in."""

    user: User
    second_factor: bool  #: the company asked for a second factor, and its word is taken for ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    sentence: str  #: what was found; where it is wrong, with the next step


def redirect_address(own_url: str) -> str:
    """Return the address that the provider must know."""
    return own_url + _CALLBACK


def button(surroundings: Surroundings) -> str:
    """Return the words of the button; empty if there is no sign-in of the company."""
    return surroundings.provider.settings.button if surroundings.provider else ""


def begin(surroundings: Surroundings, own_url: str) -> tuple[Ticket, str]:
    """Return what the browser keeps, and where it goes.

    Raises:
        SignOnRefused: there is no such sign-in, or the provider does not answer.
    """
    ticket = Ticket.new()
    try:
        address = _provider(surroundings).address_to_ask(surroundings.clock(), ticket, redirect_address(own_url))
    except SignOnRefused as refusal:
        log.warning("the company sign-in cannot be begun: %s", refusal.detail)
        raise
    return ticket, address


def finish(
    surroundings: Surroundings, ticket: Ticket | None, answer: Mapping[str, str], own_url: str, address: str
) -> Arrived:
    """Let somebody in whom the provider vouches for. Whoever has a second factor of ours, and showed none there, is not in yet.

    Raises:
        SignOnRefused: the sentence says why, and what to do.
        NeedsOperator: too many attempts from this address.
    """
    try:
        return _finish(surroundings, ticket, answer, own_url, address)
    except SignOnRefused as refusal:
        log.warning("the company sign-in let nobody in: %s", refusal.detail, extra={"address": address})
        raise


def _finish(
    surroundings: Surroundings, ticket: Ticket | None, answer: Mapping[str, str], own_url: str, address: str
) -> Arrived:
    provider, now = _provider(surroundings), surroundings.clock()
    if ticket is None or not Secret(ticket.state).matches(answer.get("state", "")):
        raise SignOnRefused(_STALE, "An answer came that this browser did not ask for.")
    counted = f"company sign-in {address}"
    people.count_attempt(now, counted, address)
    _use_up(surroundings, ticket)
    try:
        secret = surroundings.vault.open(None, _SECRET)
        claims = provider.claims(now, ticket, answer, redirect_address(own_url), secret)
        _check_domain(provider.settings, claims)
        role = _role(provider.settings, claims)
        user = _linked(surroundings, claims) or _first_time(surroundings, claims, role)
        _demand_active(user)
    except SignOnRefused as refusal:
        _note(surroundings, "", refusal.detail, address)
        raise
    _follow_groups(surroundings, user, role)
    second_factor = _had_second_factor(provider.settings, claims)
    people.forget_attempts(now, counted, address)
    if second_factor or user.second_factor_at is None:
        words = "with the company account" + (", with its second factor" if second_factor else "")
        people.came_in(now, user, words, address)
    return Arrived(user=user, second_factor=second_factor)


def sign_out_address(surroundings: Surroundings, own_url: str) -> str:
    """Return where one signs out of the company's account as well; empty if the provider offers no such place."""
    provider = surroundings.provider
    if provider is None:
        return ""
    try:
        place = provider.endpoints(surroundings.clock()).end_session
    except SignOnRefused:
        return ""
    back = {"client_id": provider.settings.client_id, "post_logout_redirect_uri": f"{own_url}/console/sign-in"}
    return f"{place}{'&' if '?' in place else '?'}{urlencode(back)}" if place else ""


def keep_secret(surroundings: Surroundings, secret: Secret, actor: str) -> None:
    """Keep the client secret that the provider handed out."""
    now = surroundings.clock()
    with transaction.atomic():
        surroundings.vault.store(None, _SECRET, secret, now)
        AccessEntry.objects.create(
            at=now, actor=actor[:80], event="sign_on_secret_set", name="", words="The client secret was set."
        )


def unlink(surroundings: Surroundings, user: User, actor: str) -> None:
    """Let a user's company account lead here no more; every session of the user ends.

    Raises:
        NeedsOperator: none is linked.
    """
    if not user.issuer:
        raise NeedsOperator(f"User {user.name} has no company account linked.")
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(issuer="", subject="", linked_at=None)
        ConsoleSession.objects.filter(user=user).delete()
        words = f"The company account of {user.name} was unlinked; the next one that fits is linked."
        people.note(surroundings.clock(), actor, "company_account_unlinked", user, words)
    user.refresh_from_db()


def check(surroundings: Surroundings, own_url: str) -> Sequence[Finding]:
    """Look at everything that must hold before somebody can come in, as far as it can be seen without a person."""
    provider, now = surroundings.provider, surroundings.clock()
    if provider is None:
        return [Finding(ok=False, sentence="There is no company sign-in; set sso_issuer and sso_client_id.")]
    found = []
    try:
        places = provider.endpoints(now, anew=True)
        found.append(Finding(ok=True, sentence=f"{provider.settings.issuer} answers and names itself so."))
        usable = [name for name in places.algorithms if name in ALGORITHMS]
        if places.algorithms and not usable:
            words = f"It signs with {', '.join(places.algorithms)[:120]}; set it to one of {', '.join(ALGORITHMS)}."
            found.append(Finding(ok=False, sentence=words))
        keys = provider.keys(now, anew=True)
        found.append(Finding(ok=True, sentence=f"It shows {len(keys.keys)} key(s) that can sign."))
    except SignOnRefused as refusal:
        found.append(Finding(ok=False, sentence=refusal.detail))
    kept = surroundings.vault.open(None, _SECRET) is not None
    words = "A client secret is kept." if kept else "No client secret is kept; give it: ml-connector sso secret."
    found.append(Finding(ok=kept, sentence=words))
    address = redirect_address(own_url)
    secure = address.startswith("https://") or "//localhost" in address
    words = f"Register this redirect address there: {address}" + ("" if secure else " (set public_url to an https one)")
    found.append(Finding(ok=secure, sentence=words))
    for entry in AccessEntry.objects.filter(event="sign_on_refused", name="").order_by("-pk")[:1]:
        found.append(Finding(ok=True, sentence=f"Last refused, {entry.at:%Y-%m-%d %H:%M} UTC: {entry.words}"))
    return found


def _provider(surroundings: Surroundings) -> Provider:
    if surroundings.provider is None:
        raise SignOnRefused("There is no company sign-in here. Sign in with your password.", "It is not set up.")
    return surroundings.provider


def _use_up(surroundings: Surroundings, ticket: Ticket) -> None:
    now = surroundings.clock()
    SignOnAnswer.objects.filter(at__lt=now - 2 * TICKET_LIVES).delete()
    digest = hashlib.sha256(ticket.state.encode()).hexdigest()
    try:
        with transaction.atomic():
            SignOnAnswer.objects.create(state_sha256=digest, at=now)
    except IntegrityError:
        raise SignOnRefused(_STALE, "An answer was shown a second time.") from None


def _linked(surroundings: Surroundings, claims: Mapping[str, Any]) -> User | None:
    issuer = _provider(surroundings).settings.issuer
    return User.objects.filter(issuer=issuer, subject=claims["sub"]).first()


def _first_time(surroundings: Surroundings, claims: Mapping[str, Any], role: Role | None) -> User:
    settings = _provider(surroundings).settings
    said, subject = _said(settings, claims), str(claims["sub"])
    if not 0 < len(subject) <= 255:
        raise SignOnRefused(NOT_TRUSTED, "The provider's subject is empty, or longer than 255 characters.")
    wanted = Q(name=said.lower()) | (Q(email__iexact=said) if settings.user_claim == EMAIL else Q(pk=None))
    fitting = list(User.objects.filter(wanted)[:2])
    if len(fitting) > 1:
        raise SignOnRefused(
            "Your e-mail address belongs to more than one user here. Ask an IT admin.",
            f"More than one user is {said!r}.",
        )
    now = surroundings.clock()
    with transaction.atomic():
        user = fitting[0] if fitting else _made(surroundings, said, role, claims)
        _demand_active(user)
        taken = User.objects.filter(pk=user.pk, issuer="").update(
            issuer=settings.issuer, subject=subject, linked_at=now
        )
        if not taken:
            raise SignOnRefused(
                "This user belongs to another company account. Ask an IT admin to unlink it, if you are the same person.",
                f"User {user.name} is linked to another account of the company; unlink it: ml-connector sso unlink.",
            )
        words = f"A company account was linked to {user.name}, because its {settings.user_claim} is {said}."
        people.note(now, user.name, "company_account_linked", user, words)
    user.refresh_from_db()
    return user


def _demand_active(user: User) -> None:
    if not user.is_active:
        raise SignOnRefused(
            f"User {user.name} may not sign in any more. Ask an IT admin.", f"User {user.name} is disabled."
        )


def _said(settings: SignOnSettings, claims: Mapping[str, Any]) -> str:
    said = claims.get(settings.user_claim)
    if not isinstance(said, str) or not said.strip():
        raise SignOnRefused(
            "The company sign-in does not say who you are here. Tell an IT admin.",
            f"The provider hands out no claim {settings.user_claim!r}; allow it there, or set sso_user_claim.",
        )
    if settings.user_claim == EMAIL and claims.get("email_verified") is not True:
        raise SignOnRefused(
            "Your company has not verified your e-mail address. Verify it there, or ask an IT admin.",
            f"The provider does not say that the e-mail address {said[:80]!r} is verified.",
        )
    if not said.isascii():  # letters that only look alike, or become alike in small letters, name nobody
        raise SignOnRefused(
            "The company sign-in names you with letters that names here do not have. Ask an IT admin.",
            f"The claim {settings.user_claim!r} holds other letters than a name here can have.",
        )
    return said.strip()


def _made(surroundings: Surroundings, said: str, role: Role | None, claims: Mapping[str, Any]) -> User:
    wanted = _provider(surroundings).settings.new_user_role
    if wanted is None:
        raise SignOnRefused(
            f"Your company knows you, but {said} is not invited here. Ask an IT admin to make a user for you.",
            f"Nobody here is {said!r}; make the user, or set sso_new_user_role.",
        )
    full_name = claims.get("name")
    email = claims.get("email") if claims.get("email_verified") is True else ""
    try:
        user, _ = people.add(
            surroundings, said, role or wanted, "company sign-in",
            full_name=full_name if isinstance(full_name, str) else "", email=email if isinstance(email, str) else "",
        )  # fmt: skip
    except NeedsOperator as cannot:
        raise SignOnRefused("No user can be made for you. Ask an IT admin.", str(cannot)) from None
    SignInLink.objects.filter(user=user).delete()
    return user


def _check_domain(settings: SignOnSettings, claims: Mapping[str, Any]) -> None:
    if not settings.domains:
        return
    email = claims.get("email")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    domain = str(email).rpartition("@")[2].lower() if verified else ""
    if domain not in settings.domains:
        raise SignOnRefused(
            "Accounts of your e-mail domain are not let in here. Ask an IT admin.",
            f"The domain {domain[:80] or 'without a verified e-mail address'!r} is not among sso_domains.",
        )


def _role(settings: SignOnSettings, claims: Mapping[str, Any]) -> Role | None:
    if not settings.roles:
        return None
    role = settings.role_of(claims.get(settings.groups_claim))
    if role is None:
        named = claims.get("_claim_names")
        many = isinstance(named, dict) and settings.groups_claim in named
        why = (
            "the provider only points to them; let it name those of the application alone" if many else "none is mapped"
        )
        raise SignOnRefused(
            "None of your groups in the company may use ml-connector. Ask an IT admin.",
            f"No role for the groups in {settings.groups_claim!r}: {why} (sso_roles).",
        )
    return role


def _follow_groups(surroundings: Surroundings, user: User, role: Role | None) -> None:
    if role is None or user.role == role:
        return
    try:
        people.set_role(surroundings, user, role, "company sign-in")
    except NeedsOperator:  # the only admin stays one
        user.refresh_from_db()
        words = f"{user.name} is {ROLE_WORDS[role]} by group, and stays the only IT admin."
        people.note(surroundings.clock(), "company sign-in", "role_kept", user, words)


def _had_second_factor(settings: SignOnSettings, claims: Mapping[str, Any]) -> bool:
    methods = claims.get("amr")
    said = {*(methods if isinstance(methods, list) else []), claims.get("acr")} if settings.second_factor else set()
    return bool(settings.second_factor & {value for value in said if isinstance(value, str)})


def _note(surroundings: Surroundings, name: str, words: str, address: str) -> None:
    AccessEntry.objects.create(
        at=surroundings.clock(), actor="company sign-in", event="sign_on_refused", name=name[:60], words=words[:250],
        address=address,
    )  # fmt: skip

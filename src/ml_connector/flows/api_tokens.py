"""Tokens of the HTTP API: each belongs to a person, narrows what the person may do, and comes to an end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.scopes import Scope, scopes_named
from ml_connector.core.secret import Secret
from ml_connector.flows.people import note
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.models import ApiToken, User

PREFIX = "mlc_"  # so that scanners for leaked secrets know it
USUAL_DAYS, MOST_DAYS = 90, 730
_MOST = 25  # of one person, at a time
_NOTED = timedelta(minutes=1)


def make(
    surroundings: Surroundings,
    user: User,
    name: str,
    scopes: Iterable[str],
    actor: str,
    *,
    days: int = USUAL_DAYS,
    within: Collection[Scope] | None = None,
) -> tuple[ApiToken, Secret]:
    """Make a token; return it, and its text, which is shown this once.

    Args:
        surroundings: the time.
        user: for whom programs act with it.
        name: tells it from others of this person, and stands in the audit trail.
        scopes: what it may be used for.
        actor: who makes it.
        days: after which it is taken no more.
        within: scopes it may not go beyond; None: no limit.

    Raises:
        NeedsOperator: one of them cannot be used; the sentence says why.
    """
    plain, wanted = " ".join(name.split()), scopes_named(scopes)
    if not 1 <= len(plain) <= 60 or not plain.isprintable() or any(mark in plain for mark in "()"):
        raise NeedsOperator("Give the token a name of at most 60 characters, without parentheses.")
    if not 1 <= days <= MOST_DAYS:
        raise NeedsOperator(f"A token holds for 1 to {MOST_DAYS} days, not {days}.")
    if within is not None and not wanted <= set(within):
        raise NeedsOperator("A token that was made with a token cannot do more than that.")
    if not user.is_active:
        raise NeedsOperator(f"User {user.name} is disabled; enable the user first.")
    now = surroundings.clock()
    live = live_of(user, now)
    if len(live) >= _MOST:
        raise NeedsOperator(f"{user.name} has {_MOST} tokens already; revoke one first.")
    if ApiToken.objects.filter(user=user, name=plain, revoked_at=None).exists():
        raise NeedsOperator(f"{user.name} has a token {plain!r} already.")
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        made = ApiToken.objects.create(
            user=user, name=plain, scopes=sorted(wanted), token_sha256=_hash(text), begins=text[:8], created_at=now,
            expires_at=now + timedelta(days=days),
        )  # fmt: skip
        words = f"API token {plain!r} of {user.name} was made, for {', '.join(made.scopes)}, until {made.expires_at:%Y-%m-%d}."
        note(now, actor, "api_token_made", user, words)
    return made, Secret(text)


def revoke(surroundings: Surroundings, token: ApiToken, actor: str) -> None:
    """Take a token no more, from the next call on."""
    now = surroundings.clock()
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
            note(
                now,
                actor,
                "api_token_revoked",
                token.user,
                f"API token {token.name!r} of {token.user.name} was revoked.",
            )


def whose(text: str, address: str, now: datetime) -> ApiToken | None:
    """Return the token that a caller showed, and note its use; None if it is not taken."""
    found = ApiToken.objects.select_related("user").filter(token_sha256=_hash(text), revoked_at=None).first()
    if found is None or found.expires_at <= now or not found.user.is_active:
        return None
    if found.used_at is None or now - found.used_at >= _NOTED or found.used_from != address:
        ApiToken.objects.filter(pk=found.pk).update(used_at=now, used_from=address)
    return found


def live_of(user: User, now: datetime) -> Sequence[ApiToken]:
    """Return the tokens of a person that are taken now, by name."""
    return list(ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).order_by("name"))


def all_live(now: datetime) -> Sequence[ApiToken]:
    """Return all tokens that are taken now, by person and name."""
    live = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    return list(live.select_related("user").order_by("user__name", "name"))


def token_of(user: User | None, number: int) -> ApiToken:
    """Return a token of a person; None is whoever keeps the installation, and may name any.

    Raises:
        NeedsOperator: there is none.
    """
    found = ApiToken.objects.select_related("user").filter(pk=number).first()
    if found is None or (user is not None and found.user_id != user.pk):
        raise NeedsOperator("There is no such token, or it is somebody else's.")
    return found


def scopes_of(token: ApiToken) -> frozenset[Scope]:
    """Return what a token may be used for."""
    known = {scope.value for scope in Scope}
    return frozenset(Scope(scope) for scope in token.scopes if scope in known)


def as_dict(token: ApiToken) -> Mapping[str, Any]:
    """Return a token as plain values; its text is nowhere."""
    return {
        "number": token.pk,
        "user": token.user.name,
        "name": token.name,
        "begins": token.begins,
        "scopes": token.scopes,
        "created_at": token.created_at.isoformat(timespec="seconds"),
        "expires_at": token.expires_at.isoformat(timespec="seconds"),
        "used_at": token.used_at.isoformat(timespec="seconds") if token.used_at else None,
        "used_from": token.used_from,
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

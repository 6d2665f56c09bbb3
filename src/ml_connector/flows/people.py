"""People: who may come in, and how. Each act is noted with who did it."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import ROLE_WORDS, Role
from ml_connector.core.secret import Secret
from ml_connector.flows.surroundings import Surroundings
from ml_connector.messaging.mail import is_address
from ml_connector.store.models import AccessEntry, ConsoleSession, SignInAttempt, SignInLink, User

LINK_LIVES = timedelta(hours=1)
_WINDOW = timedelta(minutes=15)
_TRIES_PER_NAME = 10  # within the window; a person who mistypes has enough, a program has not
_TRIES_PER_ADDRESS = 30  # an office shares an address
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")


def named(name: str) -> User:
    """Return a person by name.

    Raises:
        NeedsOperator: there is none.
    """
    found = User.objects.filter(name=_plain(name)).first()
    if found is None:
        known = ", ".join(User.objects.order_by("name").values_list("name", flat=True))
        raise NeedsOperator(f"There is no user {name!r}; there {'are: ' + known if known else 'is none yet'}.")
    return found


def everyone() -> Sequence[User]:
    """Return all people, by name."""
    return list(User.objects.order_by("name"))


#: Whose work documents are; an auditor reads only.
ACTING = (Role.CLERK, Role.CONTROLLER, Role.ADMIN)


def acting(name: str) -> User:
    """Return a person to whom work can be given.

    Raises:
        NeedsOperator: there is none of this name, or this person does not act on documents.
    """
    user = named(name)
    if user.role not in ACTING or not user.is_active:
        why = "is disabled" if not user.is_active else "reads only"
        raise NeedsOperator(f"{user.name} {why}; assign it to somebody who acts on documents.")
    return user


def all_acting() -> Sequence[User]:
    """Return everybody to whom work can be given, by name."""
    return list(User.objects.filter(role__in=ACTING, is_active=True).order_by("name"))


_PAGE = 50


def page_of(after: str = "") -> tuple[Sequence[User], str]:
    """Return one page of people by name, and the name after which the next one begins; empty if there is none."""
    found = list(User.objects.filter(name__gt=after).order_by("name")[: _PAGE + 1])
    return found[:_PAGE], found[_PAGE - 1].name if len(found) > _PAGE else ""


def sessions_open(users: Sequence[User], now: datetime) -> dict[int, int]:
    """Count where people are signed in, by person."""
    live = ConsoleSession.objects.filter(user__in=[user.pk for user in users], expire_date__gt=now)
    return {row["user"]: row["count"] for row in live.values("user").annotate(count=Count("pk"))}


def history(user: User, limit: int = 50) -> Sequence[AccessEntry]:
    """Return what was done about a person's access, the latest first."""
    return list(AccessEntry.objects.filter(name=user.name).order_by("-pk")[:limit])


def nobody_yet() -> bool:
    """Tell whether no person was made yet."""
    return not User.objects.exists()


def add(
    surroundings: Surroundings, name: str, role: str, actor: str, *, full_name: str = "", email: str = ""
) -> tuple[User, Secret]:
    """Make a person; return the row, and the token of a link that signs this person in once.

    Raises:
        NeedsOperator: a name that is taken or cannot be one, or a role that there is not.
    """
    plain = _plain(name)
    if not _NAME.fullmatch(plain):
        raise NeedsOperator(f"A user's name has at most 60 letters, digits and . _ @ -, not {name!r}.")
    if User.objects.filter(name=plain).exists():
        raise NeedsOperator(f"There is a user {plain!r} already.")
    now = surroundings.clock()
    with transaction.atomic():
        user = User(
            name=plain, full_name=full_name.strip()[:120], email=email.strip()[:250], role=_role(role), created_at=now
        )
        user.set_unusable_password()
        user.save()
        note(now, actor, "user_added", user, f"User {user.name} was made as {ROLE_WORDS[Role(user.role)]}.")
        return user, _new_link(user, now)


def make_link(surroundings: Surroundings, user: User, actor: str) -> Secret:
    """Return the token of a link that signs a person in once; earlier links of this person no longer do.

    Raises:
        NeedsOperator: the person is disabled.
    """
    if not user.is_active:
        raise NeedsOperator(f"User {user.name} is disabled; enable the user first.")
    now = surroundings.clock()
    with transaction.atomic():
        note(now, actor, "link_made", user, f"A link that signs {user.name} in once was made.")
        return _new_link(user, now)


def link_owner(surroundings: Surroundings, token: str) -> User | None:
    """Return whom a link would sign in, without using it up."""
    found = _live_link(surroundings.clock(), token).select_related("user").first()
    return found.user if found and found.user and found.user.is_active else None


def use_link(surroundings: Surroundings, token: str, address: str) -> User | None:
    """Use a link up; return whom it signs in, or None if it was used, is too old or never was."""
    now = surroundings.clock()
    with transaction.atomic():
        found = _live_link(now, token).select_related("user").first()
        if found is None or found.user is None or not found.user.is_active:
            return None
        gone, _ = SignInLink.objects.filter(pk=found.pk).delete()
        if not gone:  # somebody else used it at the same moment
            return None
        if found.user.second_factor_at is None:
            came_in(now, found.user, "by a link", address)
        return found.user


def make_setup_link(surroundings: Surroundings) -> Secret:
    """Return the token of a link under which the first person makes an account, once; earlier ones no longer do.

    Raises:
        NeedsOperator: there are users already.
    """
    if not nobody_yet():
        raise NeedsOperator("There are users already; an IT admin makes more of them: ml-connector user add.")
    with transaction.atomic():
        return _new_link(None, surroundings.clock())


def is_setup_link(surroundings: Surroundings, token: str) -> bool:
    """Tell whether the first person can be made with this token."""
    return nobody_yet() and _live_link(surroundings.clock(), token).filter(user=None).exists()


def set_up(surroundings: Surroundings, token: str, name: str, full_name: str, password: Secret, address: str) -> User:
    """Make the first person, an admin, and use the link up.

    Raises:
        NeedsOperator: the link does not work any more, or the name or the password cannot be used.
    """
    with transaction.atomic():
        if not nobody_yet() or not _live_link(surroundings.clock(), token).filter(user=None).delete()[0]:
            raise NeedsOperator("This link does not work any more; ml-connector user setup-link makes a new one.")
        user, _ = add(surroundings, name, Role.ADMIN, "setup link", full_name=full_name)
        SignInLink.objects.filter(user=user).delete()
        set_password(surroundings, user, password, "setup link")
        came_in(surroundings.clock(), user, "by the setup link", address)
    return user


def sign_in(surroundings: Surroundings, name: str, password: str, address: str) -> User | None:
    """Check name and password; return the person, or None if they do not fit.

    Whoever has a second factor is not in yet: `second_factor.sign_in` comes next, and the attempt counts until then.

    Raises:
        NeedsOperator: too many attempts under this name or from this address; the sentence says when to try again. Or
            this person comes in with the company account.
    """
    now, plain = surroundings.clock(), _plain(name)[:60]
    count_attempt(now, plain, address)
    user = User.objects.filter(name=plain, is_active=True).first()
    if user is None:
        make_password(password)  # takes as long as a check, so that nobody learns which names there are
        return None
    if not user.check_password(password):
        return None
    _let_a_password_do(surroundings, user)
    if user.second_factor_at is None:
        with transaction.atomic():
            forget_attempts(now, plain, address)
            came_in(now, user, "by password", address)
    return user


def count_attempt(now: datetime, name: str, address: str) -> None:
    """Count an attempt before it is checked, so that many at once cannot slip through.

    Raises:
        NeedsOperator: too many attempts under this name or from this address.
    """
    SignInAttempt.objects.create(at=now, name=name, address=address)
    recent = SignInAttempt.objects.filter(at__gt=now - _WINDOW)
    by_name, by_address = recent.filter(name=name).count(), recent.filter(address=address).count()
    if by_name > _TRIES_PER_NAME or by_address > _TRIES_PER_ADDRESS:
        minutes = int(_WINDOW.total_seconds() // 60)
        raise NeedsOperator(
            f"Too many attempts to sign in. Try again in {minutes} minutes, or ask an IT admin for a sign-in link."
        )


def forget_attempts(now: datetime, name: str, address: str) -> None:
    """Count the attempts of somebody no more who has shown who it is, and those that are too old to count."""
    SignInAttempt.objects.filter(Q(name=name, address=address) | Q(at__lt=now - _WINDOW)).delete()


def set_password(surroundings: Surroundings, user: User, password: Secret, actor: str) -> None:
    """Give a person a new password; every session of this person ends.

    Raises:
        NeedsOperator: the password is too short or too common; the sentence says which.
    """
    try:
        validate_password(password.open(), user)
    except ValidationError as weak:
        raise NeedsOperator(" ".join(weak.messages)) from None
    user.set_password(password.open())
    with transaction.atomic():
        user.save(update_fields=["password"])
        ConsoleSession.objects.filter(user=user).delete()
        note(surroundings.clock(), actor, "password_set", user, f"The password of {user.name} was set.")


def set_role(surroundings: Surroundings, user: User, role: str, actor: str) -> None:
    """Give a person another role; it holds from the next page on.

    Raises:
        NeedsOperator: there is no such role, or no admin would be left.
    """
    wanted = _role(role)
    if wanted is not Role.ADMIN:
        _keep_an_admin(user)
    user.role = wanted
    with transaction.atomic():
        user.save(update_fields=["role"])
        note(surroundings.clock(), actor, "role_set", user, f"User {user.name} is now {ROLE_WORDS[wanted]}.")


def set_email(surroundings: Surroundings, user: User, email: str, actor: str) -> None:
    """Give a person another e-mail address, to which alerts go; none takes it away.

    Raises:
        NeedsOperator: it is no address.
    """
    plain = email.strip()
    if plain and not is_address(plain):
        raise NeedsOperator(f"{email!r} is no e-mail address; write it as mia@example.com.")
    user.email = plain
    with transaction.atomic():
        user.save(update_fields=["email"])
        what = f"is {plain} now" if plain else "was taken away"
        note(surroundings.clock(), actor, "email_set", user, f"The e-mail address of {user.name} {what}.")


def set_active(surroundings: Surroundings, user: User, active: bool, actor: str) -> None:
    """Let a person in, or no more; sessions and links of a person who is not let in end at once.

    Raises:
        NeedsOperator: no admin would be left.
    """
    if not active:
        _keep_an_admin(user)
    user.is_active = active
    with transaction.atomic():
        user.save(update_fields=["is_active"])
        if not active:
            ConsoleSession.objects.filter(user=user).delete()
            SignInLink.objects.filter(user=user).delete()
        event, words = ("user_enabled", "enabled") if active else ("user_disabled", "disabled")
        note(surroundings.clock(), actor, event, user, f"User {user.name} was {words}.")


def change(
    surroundings: Surroundings,
    user: User,
    actor: str,
    *,
    role: str | None = None,
    email: str | None = None,
    active: bool | None = None,
) -> None:
    """Change what is named of a person: all of it, or nothing.

    Raises:
        NeedsOperator: one of them cannot be.
    """
    with transaction.atomic():
        if role is not None:
            set_role(surroundings, user, role, actor)
        if email is not None:
            set_email(surroundings, user, email, actor)
        if active is not None:
            set_active(surroundings, user, active, actor)


def end_session(surroundings: Surroundings, user: User, session_key: str, actor: str) -> bool:
    """End one session of a person; return whether there was one."""
    gone, _ = ConsoleSession.objects.filter(user=user, session_key=session_key).delete()
    if gone:
        note(surroundings.clock(), actor, "session_ended", user, f"A session of {user.name} was ended.")
    return bool(gone)


def _let_a_password_do(surroundings: Surroundings, user: User) -> None:
    provider = surroundings.provider
    if provider is None or provider.settings.passwords_for_all:
        return
    if user.role != Role.ADMIN or user.second_factor_at is None:
        raise NeedsOperator("Sign in with your company account; a password is for IT admins who have a second factor.")


def _keep_an_admin(user: User) -> None:
    others = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    if user.role == Role.ADMIN and user.is_active and not others.exists():
        raise NeedsOperator(f"{user.name} is the only admin; make somebody else one first.")


def _role(role: str) -> Role:
    try:
        return Role(role.strip().lower())
    except ValueError:
        raise NeedsOperator(f"There is no role {role!r}; the roles are: {', '.join(Role)}.") from None


def _plain(name: str) -> str:
    return name.strip().lower()


def _new_link(user: User | None, now: datetime) -> Secret:
    SignInLink.objects.filter(Q(user=user) | Q(expires_at__lt=now)).delete()
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_sha256=_hash(token), expires_at=now + LINK_LIVES)
    return Secret(token)


def _live_link(now: datetime, token: str) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(token_sha256=_hash(token), expires_at__gt=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def came_in(now: datetime, user: User, how: str, address: str) -> None:
    """Note that a person is in. Whoever still owes a second factor is not."""
    User.objects.filter(pk=user.pk).update(last_login=now)
    note(now, user.name, "signed_in", user, f"{user.name} signed in {how}.", address)


def note(now: datetime, actor: str, event: str, user: User, words: str, address: str = "") -> None:
    """Keep what was done about a person, and who did it."""
    AccessEntry.objects.create(
        at=now, actor=actor[:80], event=event, name=user.name, words=words[:250], address=address
    )


def as_dict(row: User) -> dict[str, Any]:
    """Return a person as plain values."""
    return {
        "name": row.name,
        "full_name": row.full_name,
        "email": row.email,
        "role": row.role,
        "active": row.is_active,
        "second_factor": row.second_factor_at is not None,
        "company_account": bool(row.issuer),
        "last_signed_in_at": row.last_login.isoformat(timespec="seconds") if row.last_login else None,
    }

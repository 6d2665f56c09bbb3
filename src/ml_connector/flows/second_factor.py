"""The second factor: six digits that an app on a telephone makes anew every 30 seconds (RFC 6238), and ten codes on paper.

The app's secret is in the vault. It is offered first, and holds only after a code that was made with it came back. A code
is taken once: the step that it belongs to is kept, and no code of that step or an earlier one is taken again.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import pyotp
from django.db import transaction

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.secret import Secret
from ml_connector.flows import people
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store.models import ConsoleSession, RecoveryCode, User

_STEP_S = 30
_STEPS_OFF = 1  # clocks of telephones differ, and typing takes time
_CODES = 10
_CODE_BYTES = 10  # 80 random bits, 16 letters and digits: too many to guess, so that a plain hash is enough
_ISSUER = "ml-connector"
_WRONG = (
    "This code does not fit. Take the newest one of the app; each works once. See that the telephone's clock is right."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A secret that waits for the first code made with it."""

    secret: Secret  #: in base32, to be typed
    address: Secret  #: the same as an `otpauth:` address, for the picture


def owes(surroundings: Surroundings, user: User) -> bool:
    """Tell whether a person must set a second factor up before anything else."""
    return user.second_factor_at is None and user.role in surroundings.second_factor_roles


def offer(surroundings: Surroundings, user: User) -> Offer:
    """Make a new secret for a person's app, in place of an earlier one that was only offered.

    Raises:
        NeedsOperator: the person has a second factor.
    """
    if user.second_factor_at is not None:
        raise NeedsOperator("You have a second factor already; turn it off before you set up another one.")
    secret = Secret(pyotp.random_base32())
    surroundings.vault.store(None, _offered(user), secret, surroundings.clock())
    return _as_offer(user, secret)


def offered(surroundings: Surroundings, user: User) -> Offer | None:
    """Return what was offered and is not confirmed yet."""
    secret = surroundings.vault.open(None, _offered(user)) if user.second_factor_at is None else None
    return _as_offer(user, secret) if secret else None


def confirm(surroundings: Surroundings, user: User, code: str, actor: str, address: str) -> Sequence[Secret]:
    """Take the offered secret, if the code was made with it; return ten recovery codes. Every session of the person ends.

    Raises:
        NeedsOperator: nothing is offered, the code does not fit, or there were too many attempts.
    """
    found = offered(surroundings, user)
    if found is None:
        raise NeedsOperator("Nothing is waiting for a code; begin anew.")
    now = surroundings.clock()
    people.count_attempt(now, _counted_as(user), address)
    step = _step_of(surroundings, found.secret, code)
    if step is None:
        raise NeedsOperator(_WRONG)
    with transaction.atomic():
        taken = User.objects.filter(pk=user.pk, second_factor_at=None).update(
            second_factor_at=now, second_factor_step=step
        )
        if not taken:
            raise NeedsOperator("You have a second factor already.")
        surroundings.vault.store(None, _kept(user), found.secret, now)
        surroundings.vault.forget(None, _offered(user))
        people.forget_attempts(now, _counted_as(user), address)
        ConsoleSession.objects.filter(user=user).delete()
        people.note(now, actor, "second_factor_set", user, f"{user.name} set a second factor up.", address)
        user.refresh_from_db()
        return _new_codes(user)


def sign_in(surroundings: Surroundings, user: User, code: str, address: str) -> bool:
    """Let a person in who has shown the first factor, if the code fits.

    Raises:
        NeedsOperator: too many attempts; the sentence says when to try again.
    """
    how = _taken(surroundings, user, code, address)
    if not how:
        return False
    now = surroundings.clock()
    with transaction.atomic():
        people.forget_attempts(now, user.name, address)
        people.came_in(now, user, f"with {how}", address)
    return True


def new_codes(surroundings: Surroundings, user: User, code: str, actor: str, address: str) -> Sequence[Secret]:
    """Return ten new recovery codes; earlier ones do not work any more.

    Raises:
        NeedsOperator: the code does not fit, or there were too many attempts.
    """
    _demand(surroundings, user, code, address)
    with transaction.atomic():
        people.note(surroundings.clock(), actor, "codes_made", user, f"{user.name} made new recovery codes.", address)
        return _new_codes(user)


def turn_off(surroundings: Surroundings, user: User, code: str, actor: str, address: str) -> None:
    """Ask this person for no code any more.

    Raises:
        NeedsOperator: the role must have one, the code does not fit, or there were too many attempts.
    """
    if user.role in surroundings.second_factor_roles:
        raise NeedsOperator("Your role must have a second factor. With a new telephone, ask an IT admin to reset it.")
    _demand(surroundings, user, code, address)
    _drop(surroundings, user, actor, "second_factor_off", f"{user.name} turned the second factor off.")


def reset(surroundings: Surroundings, user: User, actor: str) -> None:
    """Take a person's second factor away, when the telephone and the codes are lost; every session of the person ends.

    Raises:
        NeedsOperator: the person has none.
    """
    if user.second_factor_at is None:
        raise NeedsOperator(f"User {user.name} has no second factor.")
    _drop(surroundings, user, actor, "second_factor_reset", f"The second factor of {user.name} was reset.")
    ConsoleSession.objects.filter(user=user).delete()


def codes_left(user: User) -> int:
    """Return how many recovery codes a person has not used."""
    return user.recovery_codes.count()


def _demand(surroundings: Surroundings, user: User, code: str, address: str) -> None:
    if not _taken(surroundings, user, code, address):
        raise NeedsOperator(_WRONG)


def _taken(surroundings: Surroundings, user: User, code: str, address: str) -> str:
    """Use a code up; return what it was, or nothing if it does not fit."""
    now = surroundings.clock()
    people.count_attempt(now, _counted_as(user), address)
    secret = surroundings.vault.open(None, _kept(user)) if user.second_factor_at else None
    if secret is None:
        return ""
    step = _step_of(surroundings, secret, code)
    if step is not None:
        newer = User.objects.filter(pk=user.pk, is_active=True, second_factor_step__lt=step)
        how = "a code of the app" if newer.update(second_factor_step=step) else ""
    else:
        gone, _ = RecoveryCode.objects.filter(user=user, code_sha256=_hash(code)).delete()
        how = "a recovery code" if gone else ""
    if how:
        people.forget_attempts(now, _counted_as(user), address)
    return how


def _step_of(surroundings: Surroundings, secret: Secret, code: str) -> int | None:
    """Return the step that a code was made in, if it is one of now; compared in a time that tells nothing."""
    digits = "".join(code.split())
    app = pyotp.HOTP(secret.open())
    step = int(surroundings.clock().timestamp()) // _STEP_S
    fits = [n for n in range(step - _STEPS_OFF, step + _STEPS_OFF + 1) if Secret(app.at(n)).matches(digits)]
    return fits[-1] if fits else None


def _drop(surroundings: Surroundings, user: User, actor: str, event: str, words: str) -> None:
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(second_factor_at=None)
        RecoveryCode.objects.filter(user=user).delete()
        surroundings.vault.forget(None, _kept(user))
        people.note(surroundings.clock(), actor, event, user, words)


def _new_codes(user: User) -> Sequence[Secret]:
    RecoveryCode.objects.filter(user=user).delete()
    made = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii") for _ in range(_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_sha256=_hash(code)) for code in made])
    return [Secret("-".join(code[place : place + 4] for place in range(0, len(code), 4))) for code in made]


def _hash(code: str) -> str:
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _as_offer(user: User, secret: Secret) -> Offer:
    address = pyotp.TOTP(secret.open()).provisioning_uri(name=user.name, issuer_name=_ISSUER)
    return Offer(secret=secret, address=Secret(address))


def _counted_as(user: User) -> str:
    return f"{user.name} code"  # no name holds a space: who only guesses at passwords does not close this door


def _kept(user: User) -> str:
    return f"second factor of user {user.pk}"


def _offered(user: User) -> str:
    return f"offered factor of user {user.pk}"

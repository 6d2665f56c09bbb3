"""Rows of people: who may come in, what they are signed in with, and what was done about it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from ml_connector.core.roles import Role


class UserManager(BaseUserManager["User"]):
    """Finds people by the name they sign in with."""


class User(AbstractBaseUser):
    """A person who may use the console. The password is kept as a salted scrypt hash, or is none."""

    name = models.CharField(max_length=60, unique=True)  #: signs in with it; lower case
    full_name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=250, blank=True)
    role = models.CharField(max_length=12, choices=[(r.value, r.name) for r in Role])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    second_factor_at = models.DateTimeField(null=True)  #: since when a code is asked for; null: it is not
    second_factor_step = models.BigIntegerField(default=0)  #: of the latest code that was taken; none is taken twice
    issuer = models.CharField(max_length=250, blank=True)  #: of the company account that is linked; empty: none is
    subject = models.CharField(max_length=255, blank=True)  #: names the account there for ever, whatever its e-mail
    linked_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]
    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="user_role"),
            models.UniqueConstraint(fields=["issuer", "subject"], condition=~Q(issuer=""), name="user_company_account"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.name


class ConsoleSession(AbstractBaseSession):
    """One browser that is signed in. `session_key` holds the hash of what the cookie holds."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)


class SignInAttempt(models.Model):
    """One attempt to sign in that did not succeed, or not yet; too many of them close the door for a while."""

    at = models.DateTimeField()
    name = models.CharField(max_length=66)  #: of the user; after ` code` those who passed the first step alone
    address = models.CharField(max_length=45)

    class Meta:
        indexes = [
            models.Index(fields=["name", "at"], name="sign_in_attempt_name"),
            models.Index(fields=["address", "at"], name="sign_in_attempt_address"),
        ]


class SignOnAnswer(models.Model):
    """An answer of the company sign-in that was used; none is taken twice. Kept for as long as its ticket would hold."""

    state_sha256 = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)


class SignInLink(models.Model):
    """A link that signs one person in, once, or lets the first person in. Only the hash of its token is kept."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)  #: null: makes the first person
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()


class ApiToken(models.Model):
    """What a program shows to act for a person by the HTTP API. Only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scopes = models.JSONField(default=list)
    token_sha256 = models.CharField(max_length=64, unique=True)
    begins = models.CharField(max_length=12)  #: its first characters, to tell it from others
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)  #: null: it is not
    used_at = models.DateTimeField(null=True)  #: last, to the minute
    used_from = models.CharField(max_length=45, blank=True)  #: address of the last use

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], condition=Q(revoked_at=None), name="api_token_name")
        ]


class RecoveryCode(models.Model):
    """A code on paper that stands in, once, for one of the app. Only its hash is kept; it goes when it is used."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_sha256"], name="recovery_code_hash")]


class AccessEntry(models.Model):
    """What was done about who may come in, and who came. Never changed, never deleted."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    event = models.CharField(max_length=40)
    name = models.CharField(max_length=60)  #: whom it is about
    words = models.CharField(max_length=250)
    address = models.CharField(max_length=45, blank=True)

    class Meta:
        indexes = [models.Index(fields=["name", "id"], name="access_entry_name")]


class SavedView(models.Model):
    """Filters of the work list that a person gave a name."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)  #: the address after the question mark

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_name")]

"""How people come in with their company's account: what the installation was told about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role

#: Who is in several groups has the first of their roles in this order.
_STRONGEST_FIRST = (Role.ADMIN, Role.CONTROLLER, Role.CLERK, Role.AUDITOR)

EMAIL = "email"


class SignOnRefused(NeedsOperator):
    """Somebody is not let in with a company account. The sentence is for this person; `detail` is for the admin's log."""

    def __init__(self, words: str, detail: str = "") -> None:
        super().__init__(words)
        self.detail = detail or words  #: never holds a token, a code or a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnSettings:
    """What was told about the company's sign-in."""

    issuer: str  #: how the provider names itself, exactly
    client_id: str
    button: str = "Sign in with your company account"
    user_claim: str = EMAIL  #: tells which user this is, the first time
    domains: frozenset[str] = frozenset()  #: of e-mail addresses that may come in; none: all
    groups_claim: str = "groups"
    roles: dict[str, Role] = field(default_factory=dict)  #: by group; empty: the role is set here
    new_user_role: Role | None = None  #: of somebody whom nobody invited; None: is not let in
    second_factor: frozenset[str] = frozenset()  #: values of `amr` or `acr` that stand in for ours
    passwords_for_all: bool = True  #: else for admins with a second factor only

    def role_of(self, groups: object) -> Role | None:
        """Return the strongest role that groups give; None if they give none."""
        named = groups if isinstance(groups, list) else [groups]
        given = {self.roles[group] for group in named if isinstance(group, str) and group in self.roles}
        return next((role for role in _STRONGEST_FIRST if role in given), None)


def words_in(text: str) -> frozenset[str]:
    """Read words that are separated by commas."""
    return frozenset(filter(None, (part.strip() for part in text.split(","))))


def roles_by_group(text: str) -> dict[str, Role]:
    """Read `group=role` pairs that are separated by commas.

    Raises:
        NeedsOperator: a pair is none, or there is no such role.
    """
    found: dict[str, Role] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        group, _, role = (part.strip() for part in pair.rpartition("="))
        if not group or role.lower() not in set(Role):
            raise NeedsOperator(f"{pair!r} is no group and role; write GROUP=ROLE with one of: {', '.join(Role)}.")
        found[group] = Role(role.lower())
    return found


def role_or_none(text: str) -> Role | None:
    """Read a role; an empty text is none.

    Raises:
        NeedsOperator: there is no such role.
    """
    if not text.strip():
        return None
    if text.strip().lower() not in set(Role):
        raise NeedsOperator(f"There is no role {text!r}; the roles are: {', '.join(Role)}.")
    return Role(text.strip().lower())

"""People and tokens, as the OpenAPI description tells it."""

from __future__ import annotations

from ninja import Schema


class Person(Schema):
    """A person who may use the console."""

    name: str
    full_name: str
    email: str
    role: str
    active: bool
    second_factor: bool
    company_account: bool
    last_signed_in_at: str | None


class People(Schema):
    """A page of people by name."""

    people: list[Person]
    after: str


class Me(Person):
    """For whom this token acts, and what it may be used for."""

    token: str
    scopes: list[str]
    expires_at: str


class SessionOf(Schema):
    """Where somebody is signed in."""

    key: str
    browser: str
    address: str
    begun_at: str
    seen_at: str


class AccessEntry(Schema):
    """What was done about somebody's access."""

    at: str
    actor: str
    event: str
    words: str
    address: str


class TokenOut(Schema):
    """A token; its text is shown when it is made, and never again."""

    number: int
    user: str
    name: str
    begins: str
    scopes: list[str]
    created_at: str
    expires_at: str
    used_at: str | None
    used_from: str


class PersonDetails(Person):
    """A person with sessions, tokens, and what was done about the access."""

    sessions: list[SessionOf]
    tokens: list[TokenOut]
    history: list[AccessEntry]


class PersonIn(Schema):
    """A new person."""

    name: str
    role: str
    full_name: str = ""
    email: str = ""


class PersonMade(Person):
    """A new person, and the link that signs in once."""

    link: str


class PersonChange(Schema):
    """What is named is changed, and nothing else."""

    role: str | None = None
    active: bool | None = None
    email: str | None = None


class SignInLink(Schema):
    """A link that signs a person in once, within an hour."""

    link: str


class TokenIn(Schema):
    """A new token; it cannot do more than the one that makes it."""

    name: str
    scopes: list[str]
    days: int = 90


class TokenMade(TokenOut):
    """A new token, and its text, shown this once."""

    token: str

"""People, where they are signed in, and tokens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router

from ml_connector.core.scopes import Scope
from ml_connector.core.secret import Secret
from ml_connector.flows import api_tokens, people, second_factor, single_sign_on
from ml_connector.web.api.guard import actor, person, rule, surroundings, token_of
from ml_connector.web.api.shapes import common
from ml_connector.web.api.shapes import people as shapes
from ml_connector.web.console.sessions import sessions_of
from ml_connector.web.running import current

router = Router(tags=["People and tokens"])


@router.get("/me", response=shapes.Me, **rule(Scope.READ, "account"))
def me(request: HttpRequest) -> dict[str, Any]:
    """For whom this token acts, and what it may be used for."""
    token = token_of(request)
    shown = {"token": token.name, "scopes": token.scopes, "expires_at": token.expires_at.isoformat(timespec="seconds")}
    return people.as_dict(token.user) | shown


@router.get("/tokens", response=list[shapes.TokenOut], **rule(Scope.READ, "tokens"))
def tokens(request: HttpRequest) -> list[dict[str, Any]]:
    """One's own tokens."""
    return [dict(api_tokens.as_dict(row)) for row in api_tokens.live_of(person(request), surroundings().clock())]


@router.post("/tokens", response=shapes.TokenMade, **rule(Scope.PEOPLE, "tokens"))
def make_token(request: HttpRequest, body: shapes.TokenIn) -> dict[str, Any]:
    """Make a token of one's own; it cannot do more than the one that makes it. Its text is shown this once."""
    within = api_tokens.scopes_of(token_of(request))
    made, text = api_tokens.make(
        surroundings(), person(request), body.name, body.scopes, actor(request), days=body.days, within=within
    )
    return dict(api_tokens.as_dict(made)) | {"token": text.open()}


@router.delete("/tokens/{int:number}", response=common.Said, **rule(Scope.PEOPLE, "token-revoke"))
def revoke_token(request: HttpRequest, number: int) -> dict[str, Any]:
    """Take one of one's own tokens no more."""
    token = api_tokens.token_of(person(request), number)
    api_tokens.revoke(surroundings(), token, actor(request))
    return {"said": f"The token {token.name!r} is taken no more."}


@router.get("/users", response=shapes.People, **rule(Scope.PEOPLE, "users"))
def show_all(request: HttpRequest, after: str = "") -> dict[str, Any]:
    """A page of people by name."""
    found, following = people.page_of(after[:60])
    return {"people": [people.as_dict(row) for row in found], "after": following}


@router.post("/users", response=shapes.PersonMade, **rule(Scope.PEOPLE, "users"))
def add(request: HttpRequest, body: shapes.PersonIn) -> dict[str, Any]:
    """Let somebody in. The link in the answer signs the person in once, within an hour."""
    made, token = people.add(
        surroundings(), body.name, body.role, actor(request), full_name=body.full_name, email=body.email
    )
    return people.as_dict(made) | {"link": _link(token)}


def _link(token: Secret) -> str:
    return current().config.own_url + reverse("console:sign-in-link", args=(token.open(),))


@router.get("/users/{name}", response=shapes.PersonDetails, **rule(Scope.PEOPLE, "user"))
def show(request: HttpRequest, name: str) -> dict[str, Any]:
    """One person: sessions, tokens, and what was done about the access."""
    found = people.named(name)
    return people.as_dict(found) | {
        "sessions": [
            {
                "key": row.session_key,
                "browser": row.browser,
                "address": row.address,
                "begun_at": row.begun_at.isoformat(timespec="seconds"),
                "seen_at": row.seen_at.isoformat(timespec="seconds"),
            }
            for row in sessions_of(found)[:50]
        ],
        "tokens": [dict(api_tokens.as_dict(row)) for row in api_tokens.live_of(found, surroundings().clock())],
        "history": [
            {
                "at": row.at.isoformat(),
                "actor": row.actor,
                "event": row.event,
                "words": row.words,
                "address": row.address,
            }
            for row in people.history(found)
        ],
    }


@router.patch("/users/{name}", response=shapes.Person, **rule(Scope.PEOPLE, "user-role", "user-active", "user-email"))
def change(request: HttpRequest, name: str, body: shapes.PersonChange) -> dict[str, Any]:
    """Change what is named of a person, and nothing else."""
    found = people.named(name)
    people.change(surroundings(), found, actor(request), role=body.role, email=body.email, active=body.active)
    return people.as_dict(found)


@router.post("/users/{name}/link", response=shapes.SignInLink, **rule(Scope.PEOPLE, "user-link"))
def link(request: HttpRequest, name: str) -> dict[str, Any]:
    """A link that signs a person in once, within an hour; earlier ones no longer do."""
    return {"link": _link(people.make_link(surroundings(), people.named(name), actor(request)))}


@router.post("/users/{name}/unlink", response=common.Said, **rule(Scope.PEOPLE, "user-unlink"))
def unlink(request: HttpRequest, name: str) -> dict[str, Any]:
    """Let a person's company account lead here no more; every session ends."""
    found = people.named(name)
    single_sign_on.unlink(surroundings(), found, actor(request))
    return {"said": f"User {found.name} has no company account any more."}


@router.post("/users/{name}/second-factor/reset", response=common.Said, **rule(Scope.PEOPLE, "user-second-factor"))
def reset_second_factor(request: HttpRequest, name: str) -> dict[str, Any]:
    """Take a person's second factor away; every session ends."""
    found = people.named(name)
    second_factor.reset(surroundings(), found, actor(request))
    return {"said": f"User {found.name} has no second factor any more."}


@router.delete("/users/{name}/sessions/{key}", response=common.Said, **rule(Scope.PEOPLE, "user-session"))
def end_session(request: HttpRequest, name: str, key: str) -> dict[str, Any]:
    """Sign a person out somewhere."""
    ended = people.end_session(surroundings(), people.named(name), key, actor(request))
    return {"said": "The session was ended." if ended else "The session had ended already."}


@router.delete("/users/{name}/tokens/{int:number}", response=common.Said, **rule(Scope.PEOPLE, "user-token"))
def revoke_token_of(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    """Take a token of a person no more."""
    token = api_tokens.token_of(people.named(name), number)
    api_tokens.revoke(surroundings(), token, actor(request))
    return {"said": f"The token {token.name!r} of {token.user.name} is taken no more."}

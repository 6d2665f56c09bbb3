"""Coming in with the company's account, and every way of coming in that is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from company_provider import (
    CLIENT,
    SECRET,
    CompanyProvider,
    EcKey,
    RsaKey,
    a_provider,
    b64,
    signed_with_the_public_key,
    token,
)
from visitor import Answer, Visitor

from desks import OWN_URL
from ml_connector.core.roles import Role
from ml_connector.core.secret import Secret
from ml_connector.core.sign_on import SignOnSettings
from ml_connector.flows import people, single_sign_on
from ml_connector.flows.sign_on_network import network_provider
from ml_connector.store.models import AccessEntry, User
from world import World

pytestmark = pytest.mark.both_databases

_START, _BACK = "/console/sign-in/company", "/console/sign-in/company/back"


class Company:
    """A company whose provider the connector was told of."""

    def __init__(self, world: World, provider: CompanyProvider) -> None:
        self.world, self.provider = world, provider
        self.told()
        single_sign_on.keep_secret(world.surroundings, Secret(SECRET), "a test")

    def told(self, **settings: Any) -> None:
        """Set the connector up, as a restart would."""
        known = SignOnSettings(**{"issuer": self.provider.issuer, "client_id": CLIENT} | settings)
        self.world.surroundings.provider = network_provider(known)

    def user(self, name: str = "zoe", email: str = "Zoe@acme.example", role: Role = Role.CLERK) -> User:
        user, _ = people.add(self.world.surroundings, name, role, "a test", email=email)
        return user

    def sends_back(self, visitor: Visitor, onward: str = "/console/documents") -> str:
        """Go to the provider; return the address that it sends the browser back to."""
        gone = visitor.get(f"{_START}?{urlencode({'next': onward})}")
        assert gone.status == 302, gone.text
        return self.provider.authorizes(gone.location).removeprefix(OWN_URL)

    def comes_in(self, visitor: Visitor | None = None, onward: str = "/console/documents") -> Answer:
        visitor = visitor or Visitor(self.world)
        return visitor.get(self.sends_back(visitor, onward))

    def refused(self, visitor: Visitor | None = None) -> str:
        """Be let in nowhere; return the words of the page."""
        visitor = visitor or Visitor(self.world)
        answer = self.comes_in(visitor)
        assert answer.status == 403 and visitor.get("/console/documents").status == 302
        assert "Traceback" not in answer.text and 'role="alert"' in answer.text
        return answer.text


@pytest.fixture
def company(world: World) -> Iterator[Company]:
    with a_provider(world.clock.now, OWN_URL + _BACK) as provider:
        yield Company(world, provider)


def test_an_invited_person_comes_in_and_goes_on_to_where_the_person_was_going(company: Company) -> None:
    zoe, visitor = company.user(), Visitor(company.world)
    assert "Sign in with your company account" in visitor.get("/console/sign-in").text
    answer = company.comes_in(visitor)
    assert (answer.status, answer.location) == (302, "/console/documents")
    assert visitor.get("/console/documents").status == 200
    events = AccessEntry.objects.filter(name="zoe").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["user_added", "company_account_linked", "signed_in"]
    zoe.refresh_from_db()
    assert (zoe.issuer, zoe.subject) == (company.provider.issuer, "248289")


def test_after_the_first_time_only_issuer_and_subject_count(company: Company) -> None:
    zoe = company.user()
    company.comes_in()
    company.provider.person = {"sub": "248289", "email": "zoe.married@acme.example", "email_verified": True}
    assert company.comes_in().status == 302, "the same account with a new address is the same person"
    company.provider.person = {"sub": "999", "email": "zoe@acme.example", "email_verified": True}
    assert "belongs to another company account" in company.refused(), "an address that moved takes nothing over"
    zoe.refresh_from_db()
    single_sign_on.unlink(company.world.surroundings, zoe, "a test")
    assert company.comes_in().status == 302


def _without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


_FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another nonce": lambda c: c | {"nonce": "of-another-browser-entirely"},
    "no nonce": lambda c: _without(c, "nonce"),
    "another issuer": lambda c: c | {"iss": "https://evil.example"},
    "a list of issuers": lambda c: c | {"iss": [c["iss"], "https://evil.example"]},
    "another audience": lambda c: c | {"aud": "another client"},
    "two audiences, and nobody for whom": lambda c: c | {"aud": [CLIENT, "another client"]},
    "for another party": lambda c: c | {"azp": "another client"},
    "of another access token": lambda c: c | {"at_hash": b64(b"0" * 16)},
    "expired": lambda c: c | {"iat": c["iat"] - 900, "exp": c["iat"] - 61},
    "never expires": lambda c: _without(c, "exp"),
    "from the future": lambda c: c | {"iat": c["iat"] + 120, "exp": c["exp"] + 120},
    "about nobody": lambda c: _without(c, "sub"),
    "an address that is not verified": lambda c: c | {"email_verified": False},
    "an address that says it is verified": lambda c: c | {"email_verified": "true"},
    "a letter that looks alike": lambda c: c | {"email": "zoe@acme.example".replace("z", "\u017e")},
}


def test_a_token_that_does_not_hold_lets_nobody_in(company: Company) -> None:
    company.user()
    for what, change in _FORGED.items():
        company.provider.change = change
        text = company.refused(Visitor(company.world, f"198.51.100.{list(_FORGED).index(what)}"))
        assert ("clock" in text.partition("<main")[2]) == (what in {"expired", "from the future"}), what
        assert not User.objects.exclude(issuer="").exists(), what


def test_a_token_that_is_signed_wrongly_lets_nobody_in(company: Company) -> None:
    company.user()
    first, other = company.provider.keys[0], RsaKey("first")
    assert isinstance(first, RsaKey)
    forgeries: list[Callable[[dict[str, Any]], str]] = [
        lambda claims: token({"alg": "none"}, claims, lambda _: b""),
        lambda claims: token({"alg": "none", "kid": "first"}, claims, lambda _: b""),
        lambda claims: signed_with_the_public_key(first, claims),
        lambda claims: token({"alg": "RS256", "kid": "first"}, claims, other.sign),
        lambda claims: token({"alg": "RS256", "kid": "unknown"}, claims, other.sign),
        lambda claims: token({"alg": "RS256", "jwk": other.jwk()}, claims, other.sign),
        lambda claims: token({"alg": "RS256", "kid": "first", "crit": ["mlc"], "mlc": 1}, claims, first.sign),
        lambda claims: token({"alg": "ES256", "kid": "first"}, claims, first.sign),
        lambda claims: "no token at all",
        lambda claims: "a.b.c",
    ]
    for number, forge in enumerate(forgeries):
        company.provider.forge = forge
        assert "cannot be trusted" in company.refused(Visitor(company.world, f"198.51.100.{number}")), number


def test_other_algorithms_and_new_keys_are_taken_and_unknown_ones_are_looked_for_once(company: Company) -> None:
    company.user()
    assert company.comes_in().status == 302
    keys: list[RsaKey | EcKey] = [RsaKey("second", "PS256"), EcKey("third")]
    for key in keys:
        company.provider.keys.append(key)
        assert company.comes_in().status == 302, key.kid
    assert company.provider.asked.count("/keys") == 3
    assert company.comes_in().status == 302
    assert company.provider.asked.count("/keys") == 3, "known keys are kept"
    company.provider.shown = [company.provider.keys[0]]
    company.provider.keys.append(RsaKey("never shown"))
    assert "cannot be trusted" in company.refused()
    assert company.provider.asked.count("/keys") == 4


def test_an_answer_is_taken_once_and_only_in_the_browser_that_asked(company: Company) -> None:
    company.user()
    visitor, thief = Visitor(company.world), Visitor(company.world, "203.0.113.9")
    back = company.sends_back(visitor)
    assert "another browser" in thief.get(back).text, "no cookie of ours"
    company.sends_back(thief)
    assert "another browser" in thief.get(back).text, "a cookie of another attempt"
    cookie = visitor.cookies["mlc_company"]
    assert visitor.get(back).status == 302
    thief.cookies["mlc_company"] = cookie
    again = thief.get(back)
    assert again.status == 403 and "used already" in again.text and thief.get("/console/documents").status == 302
    assert list(company.provider.asked).count("/token") == 1
    late = Visitor(company.world)
    back = company.sends_back(late)
    company.world.passes(601)
    assert "longer than 10 minutes" in late.get(back).text


def test_a_code_that_was_used_and_an_answer_of_another_issuer_let_nobody_in(company: Company) -> None:
    company.user()
    one = Visitor(company.world)
    company.comes_in(one)
    two = Visitor(company.world)
    back = company.sends_back(two)
    replayed = two.get(f"{_BACK}?{urlencode(_parts(back) | {'code': 'code-0'})}")
    assert replayed.status == 403 and "Sign in once more" in replayed.text
    three = Visitor(company.world)
    mixed = three.get(f"{_BACK}?{urlencode(_parts(company.sends_back(three)) | {'iss': 'https://evil.example'})}")
    assert mixed.status == 403 and "cannot be trusted" in mixed.text


def _parts(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_signing_in_leads_nowhere_else(company: Company) -> None:
    company.user()
    for onward in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert company.comes_in(onward=onward).location == "/console/"


def test_each_refusal_is_one_sentence_with_the_next_step(company: Company) -> None:
    assert "not invited here" in company.refused()
    zoe = company.user()
    company.user("boss", "boss@acme.example", Role.ADMIN)
    people.set_active(company.world.surroundings, zoe, False, "a test")
    assert "may not sign in any more" in company.refused()
    visitor = Visitor(company.world)
    state = _parts(company.sends_back(visitor))["state"]
    cancelled = visitor.get(
        f"{_BACK}?{urlencode({'error': 'access_denied', 'state': state, 'iss': company.provider.issuer})}"
    )
    assert cancelled.status == 403 and "cancelled" in cancelled.text
    single_sign_on.keep_secret(company.world.surroundings, Secret("an old one"), "a test")
    assert "ml-connector sso check" in company.refused()
    company.told()
    company.provider.silent = True
    silent = Visitor(company.world).get(_START)
    assert silent.status == 503 and "does not answer" in silent.text
    words = list(AccessEntry.objects.filter(event="sign_on_refused").values_list("words", flat=True))
    assert len(words) == 4 and "invalid_client" in words[-1]


def test_nothing_secret_is_logged_or_kept(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    company.user()
    visitor = Visitor(company.world)
    with caplog.at_level(logging.DEBUG):
        back = company.sends_back(visitor)
        visitor.get(back)
        company.provider.change = lambda claims: claims | {"nonce": "another-nonce"}
        company.refused()
    told = caplog.text + " ".join(AccessEntry.objects.values_list("words", flat=True))
    assert "let nobody in" in told
    for secret in ("eyJ", "an-access-token", SECRET, "another-nonce", "code-0", _parts(back)["state"]):
        assert secret not in told, secret


def test_who_is_not_invited_is_made_only_where_that_is_wanted_and_with_the_role_of_the_group(company: Company) -> None:
    company.told(
        new_user_role=Role.AUDITOR, roles={"ap": Role.CLERK, "it": Role.ADMIN}, domains=frozenset({"acme.example"})
    )
    company.provider.person["groups"] = ["everybody"]
    assert "None of your groups" in company.refused() and not User.objects.exists()
    company.provider.person["groups"] = ["ap"]
    company.provider.person["email"] = "zoe@other.example"
    assert "e-mail domain" in company.refused() and not User.objects.exists()
    company.provider.person["email"] = "zoe@acme.example"
    visitor = Visitor(company.world)
    assert company.comes_in(visitor).status == 302
    assert User.objects.get().name == "zoe@acme.example" and visitor.get("/console/users").status == 403
    company.provider.person["groups"] = ["ap", "it"]
    company.comes_in(visitor := Visitor(company.world))
    assert visitor.get("/console/users").status == 200
    assert AccessEntry.objects.get(event="role_set").actor == "company sign-in"
    company.provider.person["groups"] = ["ap"]
    assert company.comes_in().status == 302 and User.objects.get().role == Role.ADMIN, "the only admin stays one"
    assert AccessEntry.objects.filter(event="role_kept").exists()


def test_what_the_token_does_not_say_is_asked_for_and_must_be_about_the_same_person(company: Company) -> None:
    company.user()
    company.provider.user_info = company.provider.person
    company.provider.person = {"sub": "248289"}
    company.provider.user_info = company.provider.user_info | {"sub": "somebody else"}
    company.told()
    assert "cannot be trusted" in company.refused()
    company.provider.user_info = company.provider.user_info | {"sub": "248289"}
    assert company.comes_in().status == 302


def test_our_second_factor_is_asked_for_unless_the_company_asked_and_is_trusted(company: Company) -> None:
    zoe = company.user()
    zoe.second_factor_at = company.world.clock.now()
    zoe.save()
    company.provider.person["amr"] = ["pwd", "mfa"]
    visitor = Visitor(company.world)
    assert "Your code" in company.comes_in(visitor).text and visitor.get("/console/documents").status == 302
    company.told(second_factor=frozenset({"mfa"}))
    assert company.comes_in(visitor).status == 302 and visitor.get("/console/documents").status == 200
    company.provider.person["amr"] = ["pwd"]
    assert "Your code" in company.comes_in(Visitor(company.world)).text
    company.world.surroundings.second_factor_roles = frozenset({Role.CLERK})
    User.objects.filter(pk=zoe.pk).update(second_factor_at=None)
    company.comes_in(bare := Visitor(company.world))
    assert bare.get("/console/documents").location == "/console/account/second-factor"
    company.provider.person["amr"] = ["pwd", "mfa"]
    company.comes_in(trusted := Visitor(company.world))
    assert trusted.get("/console/documents").status == 200


def test_passwords_can_be_left_to_admins_with_a_second_factor(company: Company) -> None:
    zoe, boss = company.user(), company.user("boss", "", Role.ADMIN)
    for user in (zoe, boss):
        people.set_password(company.world.surroundings, user, Secret("four plain words together"), "a test")
    company.told(passwords_for_all=False)

    def tries(name: str, password: str = "four plain words together") -> Answer:
        return Visitor(company.world).send("/console/sign-in", name=name, password=password)

    assert "Sign in with your company account;" in tries("zoe").text
    assert "Sign in with your company account;" not in tries("zoe", "wrong").text
    assert tries("boss").status == 403
    User.objects.filter(pk=boss.pk).update(second_factor_at=company.world.clock.now())
    assert "Your code" in tries("boss").text


def test_signing_out_leads_on_to_the_provider_if_it_offers_that(company: Company) -> None:
    company.user()
    company.comes_in(visitor := Visitor(company.world))
    out = visitor.send("/console/sign-out", "/console/documents")
    assert out.location == "/console/sign-in" and visitor.get("/console/documents").status == 302
    company.provider.answers["end_session_endpoint"] = f"{company.provider.issuer}/end"
    company.told()
    company.comes_in(visitor)
    out = visitor.send("/console/sign-out", "/console/documents")
    assert out.headers["Refresh"].startswith(f"0; url={company.provider.issuer}/end?client_id=")
    assert visitor.get("/console/documents").status == 302


def test_the_check_says_what_is_wrong_and_what_to_register(company: Company) -> None:
    def found() -> tuple[bool, str]:
        findings = single_sign_on.check(company.world.surroundings, OWN_URL)
        return all(one.ok for one in findings), " ".join(one.sentence for one in findings)

    fine, words = found()
    assert fine and OWN_URL + _BACK in words and SECRET not in words
    company.told(issuer=company.provider.issuer + "/")
    fine, words = found()
    assert not fine and f"must be exactly this, not '{company.provider.issuer}/'" in words
    company.told()
    company.provider.answers = {"token_endpoint": "http://login.example/token"}
    fine, words = found()
    assert not fine and "names no https address as token_endpoint" in words
    company.provider.answers = {"id_token_signing_alg_values_supported": ["HS256"]}
    fine, words = found()
    assert not fine and "It signs with HS256" in words


def test_the_page_of_a_user_shows_how_the_person_signs_in_and_unlinks_the_account(company: Company) -> None:
    zoe = company.user()
    company.comes_in(visitor := Visitor(company.world))
    admin = Visitor(company.world).comes_in_as(Role.ADMIN)
    assert "company account" in admin.get("/console/users").text
    assert company.provider.issuer in admin.get(f"/console/users/{zoe.pk}").text
    admin.send(f"/console/users/{zoe.pk}/unlink", f"/console/users/{zoe.pk}")
    assert visitor.get("/console/documents").status == 302
    assert "Unlink" not in admin.get(f"/console/users/{zoe.pk}").text

"""The company's sign-in, as OpenID Connect describes it: discovery, keys, exchange of a code, and the token's verification.

Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (who answers). What a token is worth is decided
by joserfc; see docs/adr. Nothing that is secret gets into a sentence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from ml_connector.core.errors import ConnectorError
from ml_connector.core.secret import Secret
from ml_connector.core.sign_on import SignOnRefused, SignOnSettings

#: Signatures with a key pair alone: who knows the public key can sign nothing.
ALGORITHMS = ("RS256", "ES256", "PS256")
LEEWAY_S = 60  #: how far the clocks of provider and connector may differ
_KEPT_FOR = timedelta(hours=1)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_TOKEN_CHARACTERS = 100_000

#: Method, address, headers, body; returns status and body.
Ask = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]

NOT_TRUSTED = "The answer of the company sign-in cannot be trusted. Try again; if it stays, tell an IT admin."
_CLOCK = (
    "The clocks of the company sign-in and of this machine differ. An IT admin sets the clock of the machine that runs"
    " ml-connector; then try again."
)
_SILENT = "The company sign-in does not answer. Try again in a minute; if it stays, tell an IT admin."
_MISCONFIGURED = "The company sign-in is not set up right. Tell an IT admin to run: ml-connector sso check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    user_info: str  #: empty: it has none
    end_session: str  #: empty: it has none
    basic: bool  #: the client names itself in a header, else in the body
    names_itself: bool  #: its answers carry `iss`
    algorithms: tuple[str, ...]  #: it signs with; empty: it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What binds an answer to the browser that asked. Belongs to this browser, so that it need not be kept secret from it."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Ticket:
        """Return a new one."""
        return cls(state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        """What the provider is told first of the verifier (RFC 7636, S256)."""
        digest = hashlib.sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


@dataclass(slots=True)
class Provider:
    """One provider and what it said last. May be shared by threads."""

    settings: SignOnSettings
    ask: Ask
    _endpoints: tuple[datetime, Endpoints] | None = None
    _keys: tuple[datetime, KeySet] | None = None
    _lock: Lock = field(default_factory=Lock)

    def endpoints(self, now: datetime, *, anew: bool = False) -> Endpoints:
        """Return where it is asked; read at most once an hour.

        Raises:
            SignOnRefused: it does not answer, or is not the provider that the settings name.
        """
        kept = self._endpoints
        if kept is None or anew or now - kept[0] > _KEPT_FOR:
            kept = now, self._read_endpoints()
            self._endpoints = kept
        return kept[1]

    def keys(self, now: datetime, *, anew: bool = False) -> KeySet:
        """Return the keys with which it signs; read at most once an hour.

        Raises:
            SignOnRefused: it does not answer, or there is no key among them.
        """
        with self._lock:
            kept = self._keys
            if kept is None or anew or now - kept[0] > _KEPT_FOR:
                found = self._json("GET", self.endpoints(now).keys, "keys")
                try:
                    kept = now, KeySet.import_key_set(_public(found))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise SignOnRefused(
                        _SILENT, f"The provider's keys cannot be read ({type(error).__name__})."
                    ) from None
                self._keys = kept
            return kept[1]

    def address_to_ask(self, now: datetime, ticket: Ticket, redirect: str) -> str:
        """Return where the browser is sent to.

        Raises:
            SignOnRefused: the provider does not answer.
        """
        place = self.endpoints(now).authorization
        asked = urlencode(
            {
                "response_type": "code", "client_id": self.settings.client_id, "redirect_uri": redirect,
                "scope": "openid email profile", "state": ticket.state, "nonce": ticket.nonce,
                "code_challenge": ticket.challenge, "code_challenge_method": "S256",
            }
        )  # fmt: skip
        return f"{place}{'&' if '?' in place else '?'}{asked}"

    def claims(
        self, now: datetime, ticket: Ticket, answer: Mapping[str, str], redirect: str, secret: Secret | None
    ) -> dict[str, Any]:
        """Exchange the code of an answer whose state was checked; return what the verified token says of a person.

        Raises:
            SignOnRefused: in every case in which somebody is not certainly the one whom the provider names.
        """
        places = self.endpoints(now)
        if answer.get("iss", self.settings.issuer if not places.names_itself else "") != self.settings.issuer:
            raise SignOnRefused(NOT_TRUSTED, "The answer came from another issuer (RFC 9207).")
        if "error" in answer:
            raise _refusal(answer["error"])
        told = self._exchange(places, answer.get("code", ""), ticket, redirect, secret)
        token, access = told.get("id_token"), told.get("access_token")
        if not isinstance(token, str) or len(token) > _TOKEN_CHARACTERS:
            raise SignOnRefused(NOT_TRUSTED, "The provider handed out no ID token; the scope openid must be allowed.")
        claims = self._verified(now, token, ticket, access if isinstance(access, str) else "")
        wanted = {self.settings.user_claim, *([self.settings.groups_claim] if self.settings.roles else [])}
        if wanted - claims.keys() and places.user_info and isinstance(access, str):
            headers = {"Authorization": f"Bearer {access}", "Accept": "application/json"}
            more = self._json("GET", places.user_info, "user info", headers)
            if more.get("sub") != claims["sub"]:
                raise SignOnRefused(NOT_TRUSTED, "The provider's user info is about somebody else than its token.")
            claims = more | claims  # what is signed counts
        return claims

    def _verified(self, now: datetime, text: str, ticket: Ticket, access: str) -> dict[str, Any]:
        try:
            token = self._decoded(now, text)
            audience = token.claims.get("aud")
            several = isinstance(audience, list) and len(audience) > 1
            jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": ticket.nonce},
                azp={"essential": several, "value": self.settings.client_id},
            ).validate(token.claims)
        except ExpiredTokenError:
            raise SignOnRefused(_CLOCK, "The ID token has expired; compare the clocks.") from None
        except InvalidClaimError as error:
            words = " ".join(str(error).split())[:150]
            early = any(name in words for name in ("'iat'", "'nbf'", "future", "not yet"))
            raise SignOnRefused(_CLOCK if early else NOT_TRUSTED, f"The ID token does not hold: {words}") from None
        except (JoseError, ValueError, TypeError, OverflowError) as error:
            words = " ".join(str(error).split())[:150] if isinstance(error, JoseError) else type(error).__name__
            raise SignOnRefused(NOT_TRUSTED, f"The ID token does not hold: {words}") from None
        for name in ("iss", "azp", "nonce"):
            if not isinstance(token.claims.get(name, ""), str):
                raise SignOnRefused(NOT_TRUSTED, f"The ID token does not hold: {name} is no text.")
        if "at_hash" in token.claims and not hmac.compare_digest(
            str(token.claims["at_hash"]).encode(), _half_hash(access).encode()
        ):
            raise SignOnRefused(NOT_TRUSTED, "The ID token does not hold: at_hash is of another access token.")
        return token.claims

    def _decoded(self, now: datetime, text: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(text, self.keys(now), algorithms=ALGORITHMS, registry=registry)
        except InvalidKeyIdError:  # it signs with a new key, perhaps: looked once
            return jwt.decode(text, self.keys(now, anew=True), algorithms=ALGORITHMS, registry=registry)

    def _exchange(
        self, places: Endpoints, code: str, ticket: Ticket, redirect: str, secret: Secret | None
    ) -> dict[str, Any]:
        if not code:
            raise SignOnRefused(NOT_TRUSTED, "The provider's answer holds neither a code nor an error.")
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": ticket.verifier,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if secret is not None and places.basic:
            pair = f"{quote_plus(self.settings.client_id)}:{quote_plus(secret.open())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
        else:
            form |= {"client_id": self.settings.client_id} | ({"client_secret": secret.open()} if secret else {})
        status, body = self._ask("POST", places.token, headers, urlencode(form).encode("ascii"))
        told = _object(body)
        if status == 200 and told is not None:
            return told
        if status >= 500 or status == 429:
            raise SignOnRefused(_SILENT, f"The provider's token address answered with status {status}.")
        raise _refusal(str((told or {}).get("error", f"status {status}")))

    def _read_endpoints(self) -> Endpoints:
        issuer = self.settings.issuer
        found = self._json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration", "description of itself")
        if found.get("issuer") != issuer:
            said = str(found.get("issuer"))[:120]
            raise SignOnRefused(
                _MISCONFIGURED, f"The provider names itself {said!r}; sso_issuer must be exactly this, not {issuer!r}."
            )
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        algorithms = found.get("id_token_signing_alg_values_supported", [])
        return Endpoints(
            authorization=_place(found, "authorization_endpoint"),
            token=_place(found, "token_endpoint"),
            keys=_place(found, "jwks_uri"),
            user_info=_place(found, "userinfo_endpoint") if found.get("userinfo_endpoint") else "",
            end_session=_place(found, "end_session_endpoint") if found.get("end_session_endpoint") else "",
            basic=isinstance(methods, list) and "client_secret_basic" in methods,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            algorithms=tuple(map(str, algorithms)) if isinstance(algorithms, list) else (),
        )

    def _json(self, method: str, url: str, what: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        status, body = self._ask(method, url, headers or {"Accept": "application/json"}, b"")
        found = _object(body)
        if status != 200 or found is None:
            answered = f"status {status}" if status != 200 else "something that is no JSON"
            raise SignOnRefused(
                _SILENT, f"Asked for its {what} at {_host(url)}, the provider answered with {answered}."
            )
        return found

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        if not is_protected(url):
            raise SignOnRefused(_MISCONFIGURED, f"The address at {_host(url)} is not https; nothing was sent to it.")
        try:
            return self.ask(method, url, headers, body)
        except ConnectorError as trouble:
            raise SignOnRefused(_SILENT, str(trouble)) from None


def is_protected(url: str) -> bool:
    """Tell whether nobody on the way can read what is sent to an address: https, or this computer itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = bool(host) and parts.port != 0 and "@" not in parts.netloc and url.isascii() and url.isprintable()
    except ValueError:
        return False
    return usable and " " not in url and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def _place(found: Mapping[str, Any], name: str) -> str:
    place = found.get(name)
    if not isinstance(place, str) or not is_protected(place):
        raise SignOnRefused(_MISCONFIGURED, f"The provider names no https address as {name}.")
    return place.partition("#")[0]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2][:100]
    except ValueError:
        return "an address that cannot be read"


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _public(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that can verify a signature: no secret that is shared, and none that is meant for encryption."""
    keys = found["keys"]
    return {"keys": [key for key in keys if key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"]}


def _half_hash(access: str) -> str:
    digest = hashlib.sha256(access.encode()).digest()  # of all three algorithms
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode("ascii")


_ERRORS = {
    "access_denied": "Signing in was cancelled, or your company does not allow it. Try again, or ask an IT admin.",
    "invalid_client": _MISCONFIGURED,
    "unauthorized_client": _MISCONFIGURED,
    "invalid_grant": "The company's answer was used already, or came too late. Sign in once more.",
    "temporarily_unavailable": _SILENT,
    "server_error": _SILENT,
    "login_required": "Your company wants you to sign in there once more. Try again.",
}


def _refusal(error: str) -> SignOnRefused:
    code = "".join(letter for letter in error if letter.isalnum() or letter in "_. ")[:60]
    hint = "; client id or secret is wrong, or has run out" if code in {"invalid_client", "unauthorized_client"} else ""
    return SignOnRefused(_ERRORS.get(code, _MISCONFIGURED), f"The provider said {code!r}{hint}.")

"""The token endpoint's work: client credentials in, JWT out (tokens API 1.0.0).

Tokens are real RS256 JWTs with the claims of Basware's own, and the public key is published, but the tenant checks a
token by remembering which ones it issued: that is exact, quick, and makes revoking simple.
"""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from ml_connector.sandbox.basware.answers import dump

#: Every scope a client may be granted: `<api>.read`, `.write` and, for subscriptions, `.delete`.
ALL_SCOPES = frozenset(
    {
        *(
            f"{api}.{right}"
            for api in (
                "accountingDocuments",
                "accounts",
                "costCenters",
                "vendors",
                "paymentTerms",
                "taxCodes",
                "projects",
                "lists",
                "requestStatus",
                "subscriptions",
            )
            for right in ("read", "write")
        ),
        "subscriptions.delete",
        "tasks.read",
        "errorFeedbacks.read",
    }
)


class TokenRefused(Exception):
    """No token: OAuth error word and description, with the status to answer."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status, self.error, self.description = status, error, description


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """An OAuth client of the tenant."""

    client_id: str
    client_secret: str
    scopes: frozenset[str] = ALL_SCOPES  #: what it may ask for


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An issued token."""

    token: str
    client_id: str
    scopes: frozenset[str]
    expires: datetime


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    # One key for the life of the process: making one takes longer than a small campaign.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _b64_number(number: int) -> str:
    return _b64(number.to_bytes((number.bit_length() + 7) // 8, "big"))


_KEY_ID = "sandbox-1"


class TokenIssuer:
    """Issues tokens and knows which of them are good."""

    def __init__(self, rng: random.Random, tenant_id: str, clients: tuple[ApiClient, ...]) -> None:
        self._rng = rng
        self._tenant_id = tenant_id
        self._clients = {client.client_id: client for client in clients}
        self._grants: dict[str, Grant] = {}

    def set_client(self, client: ApiClient) -> None:
        """Add a client or replace its secret and rights."""
        self._clients[client.client_id] = client

    def issue(
        self, now: datetime, client_id: str, secret: str, form: dict[str, str], lifetime_s: int, *, strict: bool
    ) -> Grant:
        """Return a new token. Raises: TokenRefused.

        OAuth allows both: if `strict`, one scope that the client has no right to is refused together with all others;
        else it is left out of the grant without a word, and the caller sees it in the answer's `scope`.
        """
        client = self._clients.get(client_id)
        if client is None or client.client_secret != secret:
            raise TokenRefused(401, "invalid_client")
        for name in ("grant_type", "scope"):
            if not form.get(name):
                raise TokenRefused(400, "invalid_request", f"{name} field required")
        if form["grant_type"] != "client_credentials":
            raise TokenRefused(400, "unsupported_grant_type", "grant_type must be client_credentials")
        asked = frozenset(form["scope"].split())
        scopes = asked & client.scopes
        if strict and asked != scopes:
            names = " ".join(sorted(asked - scopes))
            raise TokenRefused(400, "invalid_scope", f"the client may not ask for {names}")
        if not scopes:
            raise TokenRefused(400, "invalid_scope", "none of the scopes is allowed for this client")
        issued = int(now.timestamp())
        claims = {
            "sub": client_id,
            "scope": " ".join(sorted(scopes)),
            "auth_time": issued,
            "iss": "https://api.basware.com",
            "aud": "OpenAPI",
            "exp": issued + lifetime_s,
            "iat": issued,
            "jti": f"{self._rng.getrandbits(128):032x}",
            "bwcid": self._tenant_id,
        }
        head = _b64(dump({"alg": "RS256", "kid": _KEY_ID, "typ": "at+jwt"}))
        signed = f"{head}.{_b64(dump(claims))}"
        signature = _signing_key().sign(signed.encode(), padding.PKCS1v15(), SHA256())
        grant = Grant(
            token=f"{signed}.{_b64(signature)}",
            client_id=client_id,
            scopes=scopes,
            expires=datetime.fromtimestamp(issued + lifetime_s, tz=now.tzinfo),
        )
        self._grants = {token: old for token, old in self._grants.items() if old.expires > now}
        self._grants[grant.token] = grant
        return grant

    def grant_of(self, token: str, now: datetime) -> Grant | None:
        """Return the grant of a good token, None for an unknown, revoked or expired one."""
        grant = self._grants.get(token)
        return grant if grant is not None and now < grant.expires else None

    def revoke(self, token: str) -> None:
        """Make one token useless."""
        self._grants.pop(token, None)

    def revoke_all(self) -> int:
        """Make every issued token useless; returns how many there were."""
        count = len(self._grants)
        self._grants.clear()
        return count


def public_keys() -> dict[str, list[dict[str, str]]]:
    """Return the key set of `/.well-known/jwks.json`."""
    numbers = _signing_key().public_key().public_numbers()
    key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID}
    return {"keys": [{**key, "n": _b64_number(numbers.n), "e": _b64_number(numbers.e)}]}

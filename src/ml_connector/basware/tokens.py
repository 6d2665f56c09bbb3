"""Access tokens: fetched with the client's id and secret, kept until shortly before they end, shared by threads."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.dialects import read_errors
from ml_connector.basware.masking import masked, with_exchange
from ml_connector.basware.retry_after import retry_after_s
from ml_connector.basware.transport import HttpRequest, HttpResponse, Transport
from ml_connector.core.errors import ConnectorError, NeedsOperator, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.secret import Secret

#: Longest a token is used, in seconds. The description of `expires_in` says minutes, but the example token beside it
#: lives from `iat` to `exp` for exactly 3600 s, and RFC 6749 says seconds.
LIFETIME_MAX_S = 3600.0

#: A token is given up this long before its end, in seconds, so that no call starts with a dying one.
MARGIN_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One access token."""

    authorization: Secret  #: the whole header value, `Bearer ...`
    ends_at: datetime  #: when it is no longer used; aware UTC
    granted: frozenset[str]  #: scopes it was given; empty if the answer did not say
    exchange: Exchange


class Tokens:
    """The token of one client and one set of scopes.

    Source: Authentication API, tokens: HTTP Basic header with the client's id and secret, and a form with both
    `grant_type` and `scope`.
    """

    def __init__(
        self,
        config: BaswareConfig,
        client_id: str,
        client_secret: Secret,
        transport: Transport,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._token: Token | None = None

    def current(self) -> Token:
        """Return a token that is good for at least the length of one call; fetch one if there is none.

        Raises:
            NeedsOperator: Basware does not accept the client, or grants none of the scopes.
            TryAgain: no answer, or not at the moment. `applied` is False: the call that wanted the token was not made.
        """
        token = self._token
        if token is not None and self._clock() < token.ends_at:
            return token
        with self._lock:
            token = self._token
            if token is None or self._clock() >= token.ends_at:
                token = self._token = self._fetch()
            return token

    def drop(self, token: Token) -> None:
        """Forget a token that Basware refused, unless another thread has replaced it already."""
        with self._lock:
            if self._token is token:
                self._token = None

    def drop_any(self) -> None:
        """Forget the token, so that the next call proves the client's secret anew."""
        with self._lock:
            self._token = None

    def _fetch(self) -> Token:
        secret = self._client_secret.open()
        credentials = base64.b64encode(f"{self._client_id}:{secret}".encode()).decode("ascii")
        body = urlencode({"grant_type": "client_credentials", "scope": " ".join(self._config.scopes)}).encode("ascii")
        request = HttpRequest(
            method="POST",
            url=self._config.token_url,
            headers={
                "Authorization": f"Basic {credentials}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                "User-Agent": self._config.user_agent,
            },
            body=body,
        )
        what = f"POST {urlsplit(self._config.token_url).path}"
        try:
            answer = self._transport.send(request, self._config.timeout_s)
        except TryAgain as lost:
            # Whatever became of the token, the call that wanted it was never made.
            again = TryAgain(f"No token from Basware: {lost}", retry_after_s=lost.retry_after_s, applied=False)
            raise with_exchange(again, Exchange(system="basware", what=what, request=body)) from lost
        exchange = Exchange(
            system="basware",
            what=what,
            request=body,
            response=masked(answer.body, secret, credentials),
            status=str(answer.status),
            request_id=answer.header("x-amzn-requestid"),
        )
        if answer.status != 200:
            raise with_exchange(self._refusal(answer, exchange.response), exchange)
        return self._read(answer, exchange)

    def _read(self, answer: HttpResponse, exchange: Exchange) -> Token:
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            value = None
        access = value.get("access_token") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(access, str) or not access or not _fits_header(access):
            words = "The token address answers, but not with a token: check the Basware setting token_url."
            raise with_exchange(NeedsOperator(words), exchange)
        now = self._clock()
        scope = value.get("scope")
        return Token(
            authorization=Secret(f"Bearer {access}"),
            ends_at=now + timedelta(seconds=_usable_s(value.get("expires_in"), access, now)),
            granted=frozenset(scope.split()) if isinstance(scope, str) else frozenset(),
            exchange=exchange,
        )

    def _refusal(self, answer: HttpResponse, kept: bytes) -> ConnectorError:
        errors = read_errors(kept)
        words = errors.words or errors.code or "no reason given"
        if answer.status == 401:
            return NeedsOperator(
                "Basware does not accept the client id or client secret: enter the ones of the OAuth client anew."
            )
        if answer.status == 429 or answer.status >= 500:
            return TryAgain(
                f"Basware gives out no token at the moment (HTTP {answer.status}).",
                retry_after_s=retry_after_s(answer, self._clock()),
                applied=False,
            )
        if answer.status in {400, 403, 422}:
            return NeedsOperator(
                f"Basware gives out no token (HTTP {answer.status}: {words}): check that the OAuth client is granted"
                f" the scopes {' '.join(self._config.scopes)}."
            )
        return NeedsOperator(
            f"The token address answers with HTTP {answer.status}: check the Basware setting token_url."
        )


def _usable_s(expires_in: Any, access: str, now: datetime) -> float:
    """Return for how many seconds the token is used: its shortest stated lifetime, less a margin."""
    lifetime = LIFETIME_MAX_S
    if isinstance(expires_in, int | float) and not isinstance(expires_in, bool) and expires_in > 0:
        lifetime = float(min(lifetime, expires_in))
    ends = _jwt_end_s(access)
    if ends is not None and ends > now.timestamp():
        # An end in the past means that our clock is wrong; the token is new, and a 401 would tell.
        lifetime = min(lifetime, ends - now.timestamp())
    return lifetime - min(MARGIN_S, lifetime / 2)


def _jwt_end_s(access: str) -> float | None:
    """Return the claim `exp` of a JWT in seconds since 1970, or None. Its signature is not ours to check."""
    parts = access.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    ends = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 < ends < 2**40:
        return None
    return float(ends)


def _fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text

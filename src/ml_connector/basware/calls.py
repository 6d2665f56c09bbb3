"""One authenticated call: token, the single repeat after a 401, and the statuses that mean the same for every call.

Nothing here waits or tries again later: when to repeat is the caller's, who keeps it in rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ml_connector.basware.config import WEBHOOK_SCOPES, BaswareConfig
from ml_connector.basware.dialects import ApiErrors, read_errors
from ml_connector.basware.masking import masked, with_exchange
from ml_connector.basware.retry_after import retry_after_s
from ml_connector.basware.tokens import Tokens
from ml_connector.basware.transport import HttpRequest, HttpResponse, Transport
from ml_connector.core.errors import ConnectorError, NeedsOperator, Refused, TryAgain
from ml_connector.core.exchange import Exchange
from ml_connector.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer whose status the verb itself must judge."""

    response: HttpResponse
    exchange: Exchange

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status

    @property
    def good(self) -> bool:
        """Any 2xx: acknowledging was seen answered with 202 as well as 200."""
        return 200 <= self.response.status < 300

    @property
    def errors(self) -> ApiErrors:
        """What its body says went wrong; read from what is kept, so that no secret gets into a sentence."""
        return read_errors(self.exchange.response)

    def refusal(self) -> Refused:
        """Turn it into a definitive no, in Basware's own words."""
        errors = self.errors
        # The body of a 404 is not documented, so only the status tells that there is nothing.
        code = "404" if self.status == 404 else errors.code or str(self.status)
        return with_exchange(Refused("Basware", code, errors.words or f"HTTP {self.status}"), self.exchange)


class Calls:
    """Makes calls for one client. May be shared by threads."""

    def __init__(
        self,
        config: BaswareConfig,
        client_id: str,
        client_secret: Secret,
        transport: Transport,
        clock: Callable[[], datetime],
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_write = may_write
        self.tokens = Tokens(config, client_id, client_secret, transport, clock)
        # Apart, because a client that was not granted the scopes of notifications may be refused a token altogether.
        subscribing = replace(config, scopes=WEBHOOK_SCOPES)
        self._subscribing = Tokens(subscribing, client_id, client_secret, transport, clock)
        self._config = config
        self._transport = transport
        self._clock = clock
        self._plain = {"Accept": "application/json", "User-Agent": config.user_agent}
        # Every POST names its content type, also one without a body. Source: P2P API, general information.
        self._posting = {**self._plain, "Content-Type": "application/json"}

    def make(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        mask: tuple[str, ...] | None = None,
    ) -> Answer:
        """Make one call and return any answer that is not the same trouble for every verb.

        Args:
            scope: named to the operator if Basware does not let us.
            query: already encoded, without the question mark.
            mask: given where the bodies hold secrets: the members known as such, and these texts, are not kept.

        Raises:
            TryAgain: no answer, 429, or 5xx. `applied` is None where a write may have taken effect.
            NeedsOperator: 401 with a fresh token, or 403; or the call would write, and nothing may be written.
        """
        what = f"{method} {path}?{query}" if query else f"{method} {path}"
        writes = method != "GET"
        if writes and not self._may_write():
            raise NeedsOperator("The connection is in dry run: nothing is written to Basware until it goes live.")
        tokens = self._subscribing if scope in WEBHOOK_SCOPES else self.tokens
        answer = self._once(tokens, method, path, query, body, headers, what, mask)
        if answer.status == 401:
            answer = self._once(tokens, method, path, query, body, headers, what, mask)
        if trouble := self._trouble(answer, writes, scope):
            raise with_exchange(trouble, answer.exchange)
        return answer

    def fetch(self, url: str, what: str) -> Answer:
        """Fetch a pre-signed address: without Authorization and without cookies, because the address itself is the key.

        Raises:
            TryAgain: no answer.
        """
        request = HttpRequest(method="GET", url=url, headers=self._plain)
        return self._send(request, what, None)

    @property
    def base_url(self) -> str:
        """The root of the API."""
        return self._config.base_url

    def wait_s(self, answer: Answer) -> float | None:
        """Return how long the other side asks us to wait, in seconds, or None."""
        return retry_after_s(answer.response, self._clock())

    def _once(
        self,
        tokens: Tokens,
        method: str,
        path: str,
        query: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        what: str,
        mask: tuple[str, ...] | None,
    ) -> Answer:
        token = tokens.current()
        own = {**(self._plain if method == "GET" else self._posting), "Authorization": token.authorization.open()}
        if headers:
            own.update(headers)
        url = f"{self._config.base_url}{path}?{query}" if query else f"{self._config.base_url}{path}"
        answer = self._send(HttpRequest(method=method, url=url, headers=own, body=body), what, mask)
        if answer.status == 401:
            tokens.drop(token)
        return answer

    def _send(self, request: HttpRequest, what: str, mask: tuple[str, ...] | None) -> Answer:
        kept = masked(request.body, *mask) if mask is not None else request.body
        try:
            response = self._transport.send(request, self._config.timeout_s)
        except TryAgain as lost:
            if request.method == "GET":
                lost.applied = False
            raise with_exchange(lost, Exchange(system="basware", what=what, request=kept)) from lost.__cause__
        exchange = Exchange(
            system="basware",
            what=what,
            request=kept,
            response=masked(response.body, *mask) if mask is not None else response.body,
            status=str(response.status),
            request_id=response.header("x-amzn-requestid"),
        )
        return Answer(response=response, exchange=exchange)

    def _trouble(self, answer: Answer, writes: bool, scope: str) -> ConnectorError | None:
        status = answer.status
        if writes and 300 <= status < 400:
            # Only reading is redirected; a write that is sent elsewhere means that the address is not Basware's API.
            return NeedsOperator(f"The call is redirected (HTTP {status}): check the Basware setting base_url.")
        if status < 401 or status in {404, 405, 409}:
            return None
        if status in {401, 403}:
            # A missing scope is answered with either. This 401 is the second in a row, so the token is not the reason.
            return NeedsOperator(
                f"Basware refuses the call (HTTP {status}): check that the OAuth client is granted the scope {scope}."
            )
        if status in {408, 425, 429} or status >= 500:
            wait = self.wait_s(answer)
            # Asked to come later means that nothing was done; a bare 5xx may come from behind the point of no return.
            turned_away = status == 429 or (status == 503 and wait is not None)
            return TryAgain(
                f"Basware cannot answer at the moment (HTTP {status}).",
                retry_after_s=wait,
                applied=None if writes and not turned_away else False,
            )
        return None

"""Pages of invoices: the list call, and the redirect to a pre-signed address that is followed by hand.

    GET list --200--> page
             --404--> nothing there
             --302--> GET address (no Authorization) --200--> page
                                                     --other--> it ran out: GET list again, a bounded number of times

Source: P2P API, accountingDocuments; Basware's connector documentation for the rule about the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from ml_connector.basware.calls import Answer, Calls
from ml_connector.basware.config import is_loopback
from ml_connector.basware.masking import with_exchange, without_query
from ml_connector.core.errors import NeedsOperator, TryAgain
from ml_connector.core.exchange import Exchange

SCOPE = "accountingDocuments.read"

#: Header that carries the place in a list, in both directions. Source: P2P API, paging.
CONTINUATION = "x-amz-meta-continuationtoken"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASKINGS = 3  # times the list is asked for a fresh address before it is left for later
_HOPS = 3  # redirects from one address to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The body of one page, or the fact that there is nothing."""

    exchange: Exchange
    body: bytes | None  #: None if Basware has none (404)
    continuation: str = ""  #: empty after the last page


def fetch_page(calls: Calls, path: str, query: str, continuation: str) -> Page:
    """Fetch one page, through the redirect if there is one.

    Raises:
        TryAgain: no answer, not at the moment, or the addresses run out faster than they are used.
        NeedsOperator: Basware does not let us, or its redirect leads to a place that is not safe.
        Refused: Basware does not accept the question.
    """
    headers: Mapping[str, str] | None = {CONTINUATION: continuation} if continuation else None
    for _ in range(_ASKINGS):
        listed = calls.make("GET", path, scope=SCOPE, query=query, headers=headers)
        if listed.status == 404:
            return Page(exchange=listed.exchange, body=None)
        if listed.good:
            return _page(listed, listed)
        if listed.status == 400 and continuation:
            # How long a continuation lives is not documented; the question itself was accepted a page ago.
            words = "Basware no longer accepts the place in its list: start again from the first page."
            raise with_exchange(TryAgain(words), listed.exchange)
        if listed.status not in _REDIRECTS:
            raise listed.refusal()
        last = _follow(calls, listed, f"{calls.base_url}{path}")
        if last.good:
            return _page(listed, last)
    raise with_exchange(TryAgain("The addresses Basware gives out for its pages do not answer."), last.exchange)


def _page(listed: Answer, last: Answer) -> Page:
    # The token is metadata of the stored page and so comes with the last answer; the first one is asked as well,
    # because no document says where it has to be.
    continuation = last.response.header(CONTINUATION) or listed.response.header(CONTINUATION)
    exchange = replace(last.exchange, request_id=listed.exchange.request_id or last.exchange.request_id)
    return Page(exchange=exchange, body=last.response.body, continuation=continuation)


def _follow(calls: Calls, listed: Answer, base: str) -> Answer:
    """Fetch the page from where the list call, made at `base`, points to; return the last answer, whatever it is."""
    answer = listed
    plain = urlsplit(base).scheme == "http"
    for _ in range(_HOPS):
        location = answer.response.header("location").strip()
        url, fault = _joined(base, location)
        if fault := fault or _unsafe(url, plain=plain):
            words = f"Basware points to an address that {fault}: ask its support."
            raise with_exchange(NeedsOperator(words), listed.exchange)
        answer = calls.fetch(url, f"{listed.exchange.what} -> {without_query(url)}")
        if answer.status not in _REDIRECTS:
            break
        base = url
    if answer.status == 429 or answer.status >= 500:
        words = f"The page of invoices cannot be fetched at the moment (HTTP {answer.status})."
        raise with_exchange(TryAgain(words, retry_after_s=calls.wait_s(answer)), answer.exchange)
    return answer


def _joined(base: str, location: str) -> tuple[str, str]:
    """Return the address a redirect leads to, and what is wrong with it. Source: RFC 9110, Location may be relative."""
    if not location:
        return "", "is missing"
    try:
        return urljoin(base, location), ""
    except ValueError:
        return "", "cannot be read"


def _unsafe(url: str, *, plain: bool) -> str:
    """Say what is wrong with an address; `plain` admits this computer itself without encryption, if the API is there."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "cannot be read"
    if not host or parts.scheme not in {"https", "http"}:
        return "is not a web address"
    if parts.scheme == "http" and not (plain and is_loopback(host)):
        return "is not encrypted (http)"
    return ""

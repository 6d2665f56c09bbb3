"""Where Basware is and what is asked of it: one frozen value, read once at the edge."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from ml_connector.core.errors import NeedsOperator

#: Scopes for invoices, answers and lists. Deleting is not among them. Source: Authentication API, scopes.
SCOPES = (
    "accountingDocuments.read",
    "accountingDocuments.write",
    "accounts.write",
    "costCenters.write",
    "vendors.write",
    "paymentTerms.write",
    "projects.write",
    "requestStatus.read",
    "requestStatus.write",
)

#: What a webhook needs on top.
WEBHOOK_SCOPES = ("subscriptions.read", "subscriptions.write", "subscriptions.delete")

#: Longest company code. Source: P2P API, companyCode.
COMPANY_CODE_MAX = 32

_URL_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BaswareConfig:
    """One Basware environment as one connection uses it.

    Raises:
        NeedsOperator: a setting cannot work; the sentence names it.
    """

    #: Root of the API, such as `https://test-api.basware.com`. Plain configuration: the host names of the regions are
    #: not published in one place, so none is derived.
    base_url: str
    #: Codes of the companies whose invoices are read; each 1 to 32 characters. They must exist in P2P.
    company_codes: tuple[str, ...]
    #: Token endpoint; empty means `/v1/tokens` under `base_url`. Source: Authentication API, tokens.
    token_url: str = ""
    #: Invoices per page, 1 to 100, default 100. Source: P2P API, accountingDocuments, pageSize.
    page_size: int = 100
    #: Scopes asked for; a token lacks what the client was not granted.
    scopes: tuple[str, ...] = SCOPES
    #: Seconds of silence before an answer counts as lost, 1 to 600, default 60; gateways of this kind give up at 30.
    timeout_s: float = 60.0
    #: Named to Basware in every request, so that its support can find us.
    user_agent: str = "ml-connector"

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        object.__setattr__(self, "token_url", self.token_url or f"{self.base_url}/v1/tokens")
        for name, url in (("base_url", self.base_url), ("token_url", self.token_url)):
            if reason := url_fault(url):
                raise NeedsOperator(f"The Basware setting {name} {reason}.")
        if not self.company_codes:
            raise NeedsOperator("The Basware setting company_codes names no company.")
        for code in self.company_codes:
            if not 1 <= len(code) <= COMPANY_CODE_MAX or code != code.strip() or not code.isprintable():
                raise NeedsOperator(
                    f"The company code {code!r} must have 1 to {COMPANY_CODE_MAX} printable characters, no spaces around."
                )
        if len(set(self.company_codes)) != len(self.company_codes):
            raise NeedsOperator("The Basware setting company_codes names a company twice.")
        if not 1 <= self.page_size <= 100:
            raise NeedsOperator("The Basware setting page_size must be from 1 to 100.")
        if not 1 <= self.timeout_s <= 600:
            raise NeedsOperator("The Basware setting timeout_s must be from 1 to 600 seconds.")
        if not self.scopes or any(not scope or " " in scope for scope in self.scopes):
            raise NeedsOperator("The Basware setting scopes must name at least one scope, each without spaces.")
        if not self.user_agent.isascii() or not self.user_agent.isprintable():
            raise NeedsOperator("The Basware setting user_agent must be plain printable ASCII.")


def url_fault(url: str) -> str:
    """Say what is wrong with an address, or nothing: `https`, except on this computer itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not an address"
    if len(url) > _URL_MAX:
        return f"has more than {_URL_MAX} characters"
    if parts.scheme not in {"http", "https"} or not host:
        return "must be a full address that begins with https://"
    if parts.username or parts.password:
        return "must not contain a user name or password"
    if parts.query or parts.fragment:
        return "must not contain a query or fragment"
    if parts.scheme == "http" and not is_loopback(host):
        return "must begin with https://; http:// is accepted on this computer only"
    return ""


def is_loopback(host: str) -> bool:
    """Tell whether a host name is this computer itself, without asking a name server."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

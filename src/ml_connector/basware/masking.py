"""What is never kept: tokens, secrets and pre-signed addresses are cut out before an exchange is stored."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import urlsplit

from ml_connector.core.errors import ConnectorError
from ml_connector.core.exchange import Exchange

_Error = TypeVar("_Error", bound=ConnectorError)

_SECRET_MEMBERS = re.compile(rb'("(?:access_token|webhookAuthenticationToken)"\s*:\s*)"(?:[^"\\]|\\.)*"?')


def masked(body: bytes, *secrets: str) -> bytes:
    """Return a JSON body without the values of `access_token`, `webhookAuthenticationToken` and any of `secrets`."""
    clean = _SECRET_MEMBERS.sub(rb'\1"***"', body)
    for secret in secrets:
        if secret:
            clean = clean.replace(secret.encode(), b"***")
    return clean


def without_query(url: str) -> str:
    """Return scheme, host and path. The query of a pre-signed address is a credential."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def with_exchange(error: _Error, exchange: Exchange) -> _Error:
    """Attach what was said on the wire, and return the error to be raised."""
    error.exchange = exchange
    return error

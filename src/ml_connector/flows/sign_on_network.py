"""The way to the company's sign-in: the connector's own transport, with an answer that is bounded in size."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.basware.transport import HttpRequest, HttpTransport
from ml_connector.core.sign_on import SignOnSettings
from ml_connector.openid.provider import Provider

_ANSWER_BYTES = 1_000_000
_PATIENCE_S = 10.0


def network_provider(settings: SignOnSettings | None) -> Provider | None:
    """Return the provider that the settings name; None if they name none."""
    if settings is None:
        return None
    transport = HttpTransport(connect_timeout_s=5.0, connections=1, response_limit_bytes=_ANSWER_BYTES)

    def ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        answer = transport.send(HttpRequest(method=method, url=url, headers=headers, body=body), _PATIENCE_S)
        return answer.status, answer.body

    return Provider(settings, ask)

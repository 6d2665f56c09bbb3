"""The ways on which alerts leave: the installation's mail server, and the network for webhooks and chat rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ml_connector.basware.transport import HttpRequest, HttpTransport
from ml_connector.core.secret import Secret
from ml_connector.messaging.mail import Mailer, MailServer, SmtpMailer
from ml_connector.messaging.webhook import Ask, finder

MAIL_PASSWORD = "mail server password"  # noqa: S105  # a name in the vault, not a secret

_ANSWER_BYTES = 100_000
_PATIENCE_S = 15.0  # what Standard Webhooks gives a receiver


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertWays:
    """What a message needs to leave, and to lead back."""

    own_url: str  #: under which people reach the console
    home: Path  #: of the installation, whose disk is looked at
    mailer: Mailer | None  #: None: no mail server is named
    ask: Ask
    allowed_hosts: frozenset[str] = frozenset()  #: may be called although they lie inside of the firm's network


def network_ways(
    own_url: str, home: Path, server: MailServer | None, password: Callable[[], Secret | None], hosts: frozenset[str]
) -> AlertWays:
    """Return the ways of this machine. `password` of the mail server is asked for when it is needed."""
    transport = HttpTransport(
        connect_timeout_s=5.0, connections=1, response_limit_bytes=_ANSWER_BYTES, find=finder(hosts)
    )

    def ask(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        answer = transport.send(HttpRequest(method=method, url=url, headers=headers, body=body), _PATIENCE_S)
        return answer.status, answer.body

    return AlertWays(
        own_url=own_url,
        home=home,
        mailer=SmtpMailer(server, password) if server else None,
        ask=ask,
        allowed_hosts=hosts,
    )

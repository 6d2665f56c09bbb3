"""E-mail, handed to a server that the installation names. The standard library speaks SMTP and writes the message."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Protocol

from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

STARTTLS, TLS, NONE = "STARTTLS", "TLS", "NONE"
SECURITIES = (STARTTLS, TLS, NONE)

_PATIENCE_S = 20.0
_USUAL_PORTS = {STARTTLS: 587, TLS: 465, NONE: 25}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in."""

    host: str
    port: int
    security: str  #: one of `SECURITIES`
    user: str  #: empty: nobody signs in
    sender: str  #: address that messages come from


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One e-mail."""

    to: str
    subject: str
    text: str
    number: str  #: names it for ever, so that a program can see that it came twice
    at: datetime


class Mailer(Protocol):
    """Hands e-mail in."""

    def send(self, letter: Letter) -> None:
        """Hand one letter in.

        Raises:
            TryAgain: the server does not answer, or not now.
            NeedsOperator: the server, its certificate or the sign-in is not as it should be.
            Refused: the server does not take this letter, ever.
        """
        ...


def mail_server(where: str, security: str, user: str, sender: str) -> MailServer | None:
    """Read where e-mail is handed in; None if no server is named.

    Args:
        where: host, or host and port with a colon between.
        security: one of `SECURITIES`.
        user: who signs in; empty: nobody.
        sender: the address that messages come from.

    Raises:
        NeedsOperator: one of them cannot be used.
    """
    if not where:
        return None
    host, colon, port = where.rpartition(":") if where.count(":") == 1 else (where, "", "")
    if not host or (colon and not (port.isdigit() and 0 < int(port) < 65536)) or any(c.isspace() for c in where):
        raise NeedsOperator(f"mail_server is a host such as smtp.example.com or smtp.example.com:587, not {where!r}.")
    if not is_address(sender):
        raise NeedsOperator("mail_from is the e-mail address that alerts come from; set it beside mail_server.")
    if user and security == NONE and host not in _LOOPBACK:
        raise NeedsOperator("A password is not sent unencrypted: set mail_security to STARTTLS or TLS.")
    return MailServer(
        host=host, port=int(port) if port else _USUAL_PORTS[security], security=security, user=user, sender=sender
    )


def is_address(text: str) -> bool:
    """Tell whether a text can be an e-mail address, and nothing besides."""
    if not text.isprintable() or parseaddr(text) != ("", text) or text.count("@") != 1 or len(text) > 250:
        return False
    try:
        found = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError):
        return False
    return "." in found.domain or found.domain in _LOOPBACK


class SmtpMailer:
    """Hands e-mail to a server, one connection per letter: there are few."""

    def __init__(self, server: MailServer, password: Callable[[], Secret | None]) -> None:
        """`password` is asked for only when somebody signs in, so that a new one holds at once."""
        self._server = server
        self._password = password

    def send(self, letter: Letter) -> None:
        """See `Mailer.send`."""
        message = _message(self._server, letter)
        try:
            with self._open() as line:
                self._sign_in(line)
                line.send_message(message, self._server.sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _said(code, words) from None
        except smtplib.SMTPAuthenticationError as error:
            raise NeedsOperator(
                f"The mail server did not let {self._server.user} in ({_plain(error.smtp_error)}); set the password"
                " again: ml-connector alerts mail-password."
            ) from None
        except smtplib.SMTPResponseException as error:
            raise _said(error.smtp_code, error.smtp_error) from None
        except ssl.SSLCertVerificationError as error:
            raise NeedsOperator(
                f"The certificate of {self._server.host} is not trusted by this computer: {error.verify_message}."
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise NeedsOperator(
                f"{self._server.host} does not offer what mail_security {self._server.security} and mail_user ask for."
            ) from None
        except (OSError, smtplib.SMTPException):
            raise TryAgain(f"The mail server {self._server.host} does not answer.") from None

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        host, port = self._server.host, self._server.port
        if self._server.security == TLS:
            return smtplib.SMTP_SSL(host, port, timeout=_PATIENCE_S, context=context)
        line = smtplib.SMTP(host, port, timeout=_PATIENCE_S)
        try:
            if self._server.security == STARTTLS:
                line.starttls(context=context)
        except BaseException:
            line.close()
            raise
        return line

    def _sign_in(self, line: smtplib.SMTP) -> None:
        if not self._server.user:
            return
        password = self._password()
        if password is None:
            raise NeedsOperator(
                f"The password of {self._server.user} at the mail server is not kept yet; set it: ml-connector alerts"
                " mail-password."
            )
        line.login(self._server.user, password.open())


def _message(server: MailServer, letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("ml-connector", addr_spec=server.sender)
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.number}@{server.sender.rpartition('@')[2]}>"
    # So that nobody's absence is announced to us. Source: RFC 3834.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _said(code: int, words: bytes | str) -> Refused | TryAgain:
    """Return what an answer of the server means: 4xx not now, 5xx never. Source: RFC 5321, 4.2.1."""
    if 400 <= code < 500:
        return TryAgain(f"The mail server does not take it now ({code} {_plain(words)}).")
    return Refused("The mail server", str(code), _plain(words))


def _plain(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:200]

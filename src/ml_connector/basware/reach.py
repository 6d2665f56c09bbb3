"""Can this machine reach Basware at all? Looked at before any secret is sent: the name, and then the encrypted line."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from ml_connector.core.errors import NeedsOperator, TryAgain

_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where an address leads."""

    name: str
    port: int
    encrypted: bool


def host_of(url: str) -> Host:
    """Return the host of an address that `BaswareConfig` accepts."""
    parts = urlsplit(url)
    encrypted = parts.scheme == "https"
    return Host(name=parts.hostname or "", port=parts.port or (443 if encrypted else 80), encrypted=encrypted)


class Reach(Protocol):
    """Looks at the way to a host, and says what it found in one sentence."""

    def find(self, host: Host) -> str:
        """Look the name up.

        Raises:
            TryAgain: no name server knows it.
        """
        ...

    def connect(self, host: Host) -> str:
        """Open a line to it, encrypted and with a trusted certificate, and close it again.

        Raises:
            TryAgain: nobody answers.
            NeedsOperator: the certificate is not trusted, or the line cannot be encrypted.
        """
        ...


class NetworkReach:
    """The network of this machine."""

    def find(self, host: Host) -> str:
        """See `Reach.find`."""
        try:
            found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise TryAgain(
                f"The name {host.name} is not known: no name server that this machine asks knows it."
            ) from None
        addresses = sorted({str(entry[4][0]) for entry in found})
        return f"{host.name} is known, at {', '.join(addresses[:3])}."

    def connect(self, host: Host) -> str:
        """See `Reach.connect`."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            with socket.create_connection((host.name, host.port), _PATIENCE_S) as line:
                if not host.encrypted:
                    return f"{host.name} answers on port {host.port}; it is this computer, so nothing is encrypted."
                with context.wrap_socket(line, server_hostname=host.name) as encrypted:
                    return f"{host.name} answers with a trusted certificate, encrypted with {encrypted.version()}."
        except ssl.SSLCertVerificationError as error:
            raise NeedsOperator(
                f"The certificate that {host.name} shows is not trusted by this computer: {error.verify_message}."
            ) from None
        except ssl.SSLError as error:
            raise NeedsOperator(
                f"{host.name} does not speak TLS 1.2 or later ({error.reason or 'no reason'})."
            ) from None
        except (OSError, ValueError) as error:
            words = error.strerror if isinstance(error, OSError) and error.strerror else "it did not answer in time"
            raise TryAgain(f"{host.name} does not answer on port {host.port}: {words}.") from None

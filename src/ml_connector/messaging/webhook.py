"""Webhooks and chat rooms: where they may lead, and how a message is signed.

A webhook's address is chosen by a person of the firm and called by this machine, which stands inside of the firm's network.
So that nobody uses it to reach what only this machine reaches, an address must be https and lead to the public internet,
unless the installation names its host.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.secret import Secret

#: Method, address, headers and body; answers status and body.
Ask = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]

_GONE = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})  # the same message is not taken later either


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One message to a webhook or a chat room."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def checked_address(url: str, allowed_hosts: frozenset[str]) -> str:
    """Return an address that may be called.

    Args:
        url: as a person typed it.
        allowed_hosts: hosts that may lie inside of the firm's network, and may be called unencrypted.

    Raises:
        NeedsOperator: it may not; the sentence says why.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise NeedsOperator(_NO_ADDRESS) from None
    if not host or parts.scheme not in {"https", "http"} or len(url) > 500 or not _is_plain(url):
        raise NeedsOperator(_NO_ADDRESS)
    if "@" in parts.netloc:
        raise NeedsOperator("An alert's address holds no user name and no password; what signs it is kept apart.")
    if host in allowed_hosts:
        return url
    if parts.scheme != "https":
        raise NeedsOperator(f"An alert is sent encrypted: write https, or name {host} in the setting alert_hosts.")
    if _is_address(host) and not may_be_called(host):
        raise NeedsOperator(_inside(host))
    return url


_NO_ADDRESS = "An alert's address must look like https://alerts.example.com/hooks/1."


def _inside(host: str) -> str:
    return (
        f"{host} lies inside of a network, and alerts are sent to the public internet only; if it is meant, name it in the"
        " setting alert_hosts."
    )


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not any(c.isspace() or c in '"<>\\^`{|}' for c in url)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def may_be_called(address: str) -> bool:
    """Tell whether a numeric address is one of the public internet."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return may_be_called(str(inner))
        if found in _TRANSLATED:  # an IPv4 address stands in its last bytes
            return may_be_called(str(ip_address(found.packed[-4:])))
        if found in _TRANSLATED_INSIDE:
            return False
    return found.is_global and not found.is_multicast


_TRANSLATED = ip_network("64:ff9b::/96")  # RFC 6052
_TRANSLATED_INSIDE = ip_network("64:ff9b:1::/48")  # RFC 8215


def finder(allowed_hosts: frozenset[str]) -> Callable[[str, int], Sequence[tuple[int, tuple[Any, ...]]]]:
    """Return what looks a name up and answers the addresses that may be called, as family and place.

    What was looked at is what is connected to, so that a name cannot lead elsewhere a moment later.
    """

    def find(host: str, port: int) -> Sequence[tuple[int, tuple[Any, ...]]]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        places: list[tuple[int, tuple[Any, ...]]] = [(int(entry[0]), entry[4]) for entry in found]
        if host.lower() in allowed_hosts:
            return places
        if not all(may_be_called(str(place[0])) for _, place in places):
            raise NeedsOperator(_inside(host))
        return places

    return find


def signed(secret: Secret, number: str, at_s: int, body: bytes) -> str:
    """Return the signature of a message, as the Standard Webhooks specification has it: number, time and body."""
    text = f"{number}.{at_s}.".encode() + body
    digest = hmac.digest(_key(secret), text, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode("ascii")


def _key(secret: Secret) -> bytes:
    return base64.b64decode(secret.open().removeprefix(SECRET_PREFIX))


SECRET_PREFIX = "whsec_"  # noqa: S105  # how such a secret begins; source: Standard Webhooks


def new_secret(random_bytes: bytes) -> Secret:
    """Write random bytes (24 to 64 of them) as a secret that receivers' libraries understand."""
    return Secret(SECRET_PREFIX + base64.b64encode(random_bytes).decode("ascii"))


def webhook_call(url: str, body: Mapping[str, object], number: str, at_s: int, secret: Secret) -> Call:
    """Write a signed message."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ml-connector",
        "webhook-id": number,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signed(secret, number, at_s, text),
    }
    return Call(url=url, body=text, headers=headers)


def chat_call(url: str, text: str) -> Call:
    """Write what chat programs take: nothing but `text`, for some refuse a name that they do not know."""
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    return Call(url=url, body=body, headers={"Content-Type": "application/json", "User-Agent": "ml-connector"})


def post(ask: Ask, call: Call) -> None:
    """Send a message; whatever 2xx is answered, it was taken.

    Raises:
        TryAgain: nobody answered, or not now.
        NeedsOperator: the address may not be called.
        Refused: the other side takes no such message.
    """
    status, answer = ask("POST", call.url, call.headers, call.body)
    if 200 <= status < 300:
        return
    words = " ".join(answer.decode("utf-8", "replace").split())[:100]
    if 300 <= status < 400:
        raise Refused("The receiver", str(status), "It leads elsewhere, which is not followed; name the right address.")
    if status in _GONE:
        raise Refused("The receiver", str(status), words or "It gave no reason.")
    raise TryAgain(f"The receiver answered {status}{': ' + words if words else ''}.")

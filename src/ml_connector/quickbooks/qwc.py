"""The `.qwc` file that makes a connection known to the Web Connector; its rules are checked before it is written.

The Web Connector reports a broken rule only when the file is added, on another machine and in its own numbers.
Source: QBWC Programmer's Guide, the .QWC file.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from ml_connector.core.errors import NeedsOperator
from ml_connector.quickbooks import limits
from ml_connector.quickbooks.text import ascii_xml

_LOCAL = frozenset({"localhost"})


class QwcRefused(NeedsOperator):
    """The file would not be accepted. `reasons` has one sentence for each broken rule, with the next step."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Qwc:
    """What a `.qwc` file says about one connection."""

    app_name: str  #: shown to the user
    app_url: str  #: our SOAP endpoint
    support_url: str  #: a page of ours, in the same domain, reachable when the file is added
    description: str  #: at most 80 characters
    user_name: str  #: passed to authenticate; the password is never in the file
    owner_id: str  #: GUID in braces, one for the product, fixed forever
    file_id: str  #: GUID in braces, one for each connection, fixed forever; kept in the company file
    unique_name: str = ""  #: AppUniqueName: two connections on one machine do not replace each other
    run_every_minutes: int | None = None  #: scheduler; either minutes or seconds
    run_every_seconds: int | None = None
    machine_name: str = ""  #: name of this machine, for which http is allowed too


def render_qwc(qwc: Qwc) -> bytes:
    """Write the file.

    Raises:
        QwcRefused: every broken rule at once.
    """
    reasons = broken_rules(qwc)
    if reasons:
        raise QwcRefused(reasons)
    fields = [
        ("AppName", qwc.app_name),
        ("AppID", ""),
        ("AppURL", qwc.app_url),
        ("AppDescription", qwc.description),
        ("AppSupport", qwc.support_url),
        ("UserName", qwc.user_name),
        ("OwnerID", qwc.owner_id),
        ("FileID", qwc.file_id),
        ("QBType", "QBFS"),
    ]
    if qwc.unique_name:
        fields.append(("AppUniqueName", qwc.unique_name))
    lines = [f"  <{name}>{ascii_xml(text)}</{name}>" for name, text in fields]
    if qwc.run_every_minutes is not None:
        lines.append(f"  <Scheduler><RunEveryNMinutes>{qwc.run_every_minutes}</RunEveryNMinutes></Scheduler>")
    elif qwc.run_every_seconds is not None:
        lines.append(f"  <Scheduler><RunEveryNSeconds>{qwc.run_every_seconds}</RunEveryNSeconds></Scheduler>")
    lines += [
        "  <IsReadOnly>false</IsReadOnly>",
        "  <UnattendedModePref>umpOptional</UnattendedModePref>",
        "  <PersonalDataPref>pdpNotNeeded</PersonalDataPref>",
    ]
    return "\r\n".join(('<?xml version="1.0"?>', "<QBWCXML>", *lines, "</QBWCXML>", "")).encode("ascii")


def broken_rules(qwc: Qwc) -> tuple[str, ...]:
    """Return a sentence with the next step for every rule the file would break; none if it is good."""
    found = []
    for what, text in (("name", qwc.app_name), ("user name", qwc.user_name), ("description", qwc.description)):
        if not text.strip():
            found.append(f"The {what} is empty: enter one.")
    if len(qwc.description) > limits.QWC_DESCRIPTION_CHARS:
        found.append(
            f"The description has {len(qwc.description)} characters: shorten it to {limits.QWC_DESCRIPTION_CHARS}."
        )
    found += _url_rules(qwc)
    for what, text in (("OwnerID", qwc.owner_id), ("FileID", qwc.file_id)):
        if limits.GUID.fullmatch(text) is None:
            found.append(f"The {what} {text!r:.60} is no GUID in braces: use one like {{01234567-...}}.")
    if qwc.run_every_minutes is not None and qwc.run_every_seconds is not None:
        found.append("The schedule is given in minutes and in seconds: choose one.")
    for what, number in (("minutes", qwc.run_every_minutes), ("seconds", qwc.run_every_seconds)):
        if number is not None and number < 1:
            found.append(f"The schedule of {number} {what} is not possible: use 1 or more.")
    return tuple(found)


def _url_rules(qwc: Qwc) -> list[str]:
    found = []
    hosts = {}
    for what, url in (("service URL", qwc.app_url), ("support URL", qwc.support_url)):
        parts = _split(url)
        if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
            found.append(f"The {what} {url!r:.80} is no web address: use one like https://bridge.example.com/.")
            continue
        host = parts.hostname.lower()
        hosts[what] = host
        if _is_ip(host):
            found.append(f"The {what} is an IP address, which the Web Connector refuses: use a host name (QBWC1001).")
        elif parts.scheme == "http" and not _is_local(host, qwc.machine_name):
            found.append(f"The {what} begins with http: use https, which only localhost may do without (QBWC1010).")
    if len(hosts) == 2 and not _same_domain(*hosts.values()):
        found.append(
            f"The support URL is on {hosts['support URL']} and the service on {hosts['service URL']}: use one domain"
            " for both (QBWC1000)."
        )
    return found


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # an impossible port is found only when it is looked at
    except ValueError:
        return None
    return parts


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_local(host: str, machine_name: str) -> bool:
    return host in _LOCAL or bool(machine_name and host == machine_name.strip().lower())


def _same_domain(service: str, support: str) -> bool:
    # Compared by whole host names, so that no list of public suffixes is needed: one must be the other or end with it.
    return service == support or service.endswith("." + support) or support.endswith("." + service)

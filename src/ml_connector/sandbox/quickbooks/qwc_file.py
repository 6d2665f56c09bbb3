"""Reading a .qwc file by the rules the Web Connector applies when one is added. (QBWC Programmer's Guide, ch. 4.)"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

_REQUIRED = (
    "AppName", "AppID", "AppURL", "AppDescription", "AppSupport", "UserName", "OwnerID", "FileID", "QBType",
)  # fmt: skip
_MAY_BE_EMPTY = frozenset({"AppID"})
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_ENUMERATIONS = {
    "QBType": ("QBFS", "QBPOS"),
    "UnattendedModePref": ("umpRequired", "umpOptional"),
    "PersonalDataPref": ("pdpNotNeeded", "pdpOptional", "pdpRequired"),
    "Style": ("Document", "DocWrapped", "RPC"),
    "IsReadOnly": ("true", "false"),
    "Notify": ("true", "false"),
}
_LOCAL_HOSTS = frozenset({"localhost"})


class QwcRefused(Exception):
    """The Web Connector would not add this application; `code` is its own, e.g. `QBWC1039`."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class QwcFile:
    """One application as its .qwc file describes it."""

    app_name: str
    app_id: str
    app_url: str
    app_support: str
    user_name: str
    owner_id: str  #: GUID in braces
    file_id: str  #: GUID in braces
    every_s: int | None  #: Scheduler in seconds, None without one
    is_read_only: bool


def read_qwc(text: str) -> QwcFile:
    """Read a .qwc file.

    Raises:
        QwcRefused: QBWC1039 for missing or malformed elements, QBWC1010 for a plain http address, QBWC1000 to 1002 for
            addresses against the rules.
    """
    values = _elements(text)
    for name in _REQUIRED:
        if name not in values or (not values[name] and name not in _MAY_BE_EMPTY):
            raise QwcRefused("QBWC1039", f"The .qwc file lacks {name}.")
    for name, allowed in _ENUMERATIONS.items():
        if name in values and values[name] not in allowed:
            raise QwcRefused("QBWC1039", f"{name} of the .qwc file must be one of {', '.join(allowed)}.")
    for name in ("OwnerID", "FileID"):
        if not _GUID.fullmatch(values[name]):
            raise QwcRefused("QBWC1039", f"{name} of the .qwc file must be a GUID in braces.")
    if len(values["AppDescription"]) > 80:
        raise QwcRefused("QBWC1039", "AppDescription of the .qwc file is longer than 80 characters.")
    app_host = _host(values["AppURL"], "QBWC1001", "AppURL")
    if urlsplit(values["AppURL"]).scheme != "https" and app_host not in _LOCAL_HOSTS:
        raise QwcRefused("QBWC1010", "AppURL of the .qwc file must begin with https.")
    support_host = _host(values["AppSupport"], "QBWC1002", "AppSupport")
    if _domain(support_host) != _domain(app_host):
        raise QwcRefused("QBWC1000", "AppSupport of the .qwc file must be in the domain of AppURL.")
    if values.get("CertURL") and _domain(_host(values["CertURL"], "QBWC1001", "CertURL")) != _domain(app_host):
        raise QwcRefused("QBWC1000", "CertURL of the .qwc file must be in the domain of AppURL.")
    return QwcFile(
        app_name=values["AppName"],
        app_id=values["AppID"],
        app_url=values["AppURL"],
        app_support=values["AppSupport"],
        user_name=values["UserName"],
        owner_id=values["OwnerID"],
        file_id=values["FileID"],
        every_s=_schedule(text),
        is_read_only=values.get("IsReadOnly") == "true",
    )


def _root(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.strip().encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as reason:
        raise QwcRefused("QBWC1039", f"The .qwc file is not well-formed XML: {reason}.") from None
    if root.tag != "QBWCXML":
        raise QwcRefused("QBWC1039", "The root of a .qwc file is QBWCXML.")
    return root


def _elements(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for child in _root(text):
        tag = str(child.tag)
        if tag in values:
            raise QwcRefused("QBWC1039", f"The .qwc file has {tag} twice.")
        values[tag] = (child.text or "").strip()
    return values


def _schedule(text: str) -> int | None:
    scheduler = _root(text).find("Scheduler")
    if scheduler is None:
        return None
    for child in scheduler:
        factor = {"RunEveryNMinutes": 60, "RunEveryNSeconds": 1}.get(str(child.tag))
        number = (child.text or "").strip()
        if factor is None or not number.isdecimal() or int(number) < 1:
            raise QwcRefused("QBWC1039", "Scheduler of the .qwc file needs RunEveryNMinutes or RunEveryNSeconds.")
        return int(number) * factor
    return None


def _host(url: str, code: str, name: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").casefold()
    if parts.scheme not in ("http", "https") or not host:
        raise QwcRefused(code, f"{name} of the .qwc file is not a web address.")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    raise QwcRefused(code, f"{name} of the .qwc file must name a host, not an IP address.")


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])

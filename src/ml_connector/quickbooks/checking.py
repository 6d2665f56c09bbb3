"""Does a message keep to the tables of `orders`? Read back from its text, for tests and for looking into a refusal.

QuickBooks answers a message that breaks them with 0x80040400 and no word about the place; this names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from lxml import etree

from ml_connector.quickbooks import limits
from ml_connector.quickbooks.hardened import UnreadableAnswer, whole_tree
from ml_connector.quickbooks.orders import REQUESTS, Form, Group, Leaf, OneOf, Part
from ml_connector.quickbooks.text import clean
from ml_connector.quickbooks.versions import NEWEST, OLDEST, Version, read_version

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="'


def check_message_set(text: str) -> list[str]:
    """Return a sentence for every rule the message breaks, with the path to the place; none if it is good."""
    if not text.isascii():
        return ["The message holds raw non-ASCII characters."]
    if not text.startswith(_DECLARATION):
        return ["The message does not begin with the XML and qbXML declarations."]
    told = text[len(_DECLARATION) :].partition('"?>')[0]
    version = read_version(told)
    if version is None or not OLDEST <= version <= NEWEST:
        return [f"The message declares qbXML {told!r:.20}."]
    try:
        root = whole_tree(text)
    except UnreadableAnswer as error:
        return [str(error)]
    if root.tag != "QBXML" or len(root) != 1 or root[0].tag != "QBXMLMsgsRq":
        return ["The message is not one QBXML with one QBXMLMsgsRq."]
    found: list[str] = []
    _check_set(root[0], version, found)
    return found


def _check_set(message: etree._Element, version: Version, found: list[str]) -> None:
    if message.get("onError") not in ("continueOnError", "stopOnError"):
        found.append(f"QBXMLMsgsRq: onError is {message.get('onError')!r}.")
    for name in message.attrib:
        if name not in ("onError", "newMessageSetID", "oldMessageSetID"):
            found.append(f"QBXMLMsgsRq: unknown attribute {name!s}.")
        elif name != "onError" and not 0 < len(message.get(name, "")) <= limits.MESSAGE_SET_ID_CHARS:
            found.append(f"QBXMLMsgsRq: {name!s} is empty or too long.")
    for request in message:
        table = REQUESTS.get(str(request.tag))
        if table is None:
            found.append(f"{request.tag}: not a request we send.")
            continue
        _check_attributes(request, table, found)
        _check_group(request, table, str(request.tag), version, found)


def _check_attributes(request: etree._Element, table: Group, found: list[str]) -> None:
    for name in request.attrib:
        if name != "requestID" and name not in table.attributes:
            found.append(f"{request.tag}: unknown attribute {name!s}.")
    if not 0 < len(request.get("requestID", "")) <= limits.REQUEST_ID_CHARS:
        found.append(f"{request.tag}: requestID is missing or too long.")
    step = request.get("iterator")
    if step not in (None, "Start", "Continue"):
        found.append(f"{request.tag}: iterator is {step!r}.")
    if (step == "Continue") != ("iteratorID" in request.attrib):
        found.append(f"{request.tag}: an iteratorID belongs to iterator Continue, and only there.")
    if step is not None and request.find("MaxReturned") is None:
        found.append(f"{request.tag}: an iterator needs MaxReturned.")


def _check_group(element: etree._Element, group: Group, path: str, version: Version, found: list[str]) -> None:
    children = list(element)
    taken = _take(children, 0, group.parts, path, version, found)
    for child in children[taken:]:
        found.append(f"{path}/{child.tag}: unknown here, or out of order.")
    if (element.text or "").strip():
        found.append(f"{path}: holds text.")


def _take(
    children: Sequence[etree._Element],
    start: int,
    parts: Sequence[Part],
    path: str,
    version: Version,
    found: list[str],
) -> int:
    """Follow the parts through the children from `start` on; return the index of the first child not taken."""
    at = start
    for part in parts:
        if isinstance(part, OneOf):
            branch = next((b for b in part.branches if at < len(children) and children[at].tag in _names(b)), ())
            at = _take(children, at, branch, path, version, found)
            continue
        first = at
        while at < len(children) and children[at].tag == part.name and (part.many or at == first):
            _check_element(children[at], part, f"{path}/{part.name}", version, found)
            at += 1
        if part.required and at == first:
            found.append(f"{path}: {part.name} is missing.")
    return at


def _names(parts: Sequence[Part]) -> set[str]:
    names: set[str] = set()
    for part in parts:
        names |= set().union(*map(_names, part.branches)) if isinstance(part, OneOf) else {part.name}
    return names


def _check_element(element: etree._Element, part: Leaf | Group, path: str, version: Version, found: list[str]) -> None:
    if part.since > version:
        found.append(f"{path}: needs qbXML {part.since}.")
    if isinstance(part, Group):
        _check_group(element, part, path, version, found)
    elif len(element):
        found.append(f"{path}: holds elements.")
    elif not _fits(part, element.text or ""):
        found.append(f"{path}: {element.text!r:.60} is not of the form {part.form}.")


def _fits(leaf: Leaf, text: str) -> bool:
    match leaf.form:
        case Form.TEXT:
            return bool(text) and clean(text, leaf.limit, one_line=leaf.one_line).text == text
        case Form.ID:
            return 0 < len(text) <= limits.ID_CHARS
        case Form.GUID:
            return limits.GUID.fullmatch(text) is not None
        case Form.AMOUNT:
            return limits.AMOUNT.fullmatch(text) is not None
        case Form.DATE:
            return limits.DATE.fullmatch(text) is not None and _is(date.fromisoformat, text)
        case Form.DATETIME:
            return limits.DATETIME.fullmatch(text) is not None and _is(datetime.fromisoformat, text)
        case Form.BOOL:
            return text in ("true", "false")
        case Form.COUNT:
            return text.isascii() and text.isdigit()
        case Form.WORD:
            return text in leaf.words


def _is(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True

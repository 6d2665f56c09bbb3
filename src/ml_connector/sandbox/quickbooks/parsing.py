"""Reading a qbXML message set as strictly as QuickBooks does.

Anything structurally wrong - not well-formed, unknown element, wrong order or count, an enumeration value that does
not exist, an element newer than the declared version, a raw non-ASCII character - refuses the whole text with
0x80040400 before anything is executed. A bad *value* is noted on its own request. (qbxmlops schemas; HRESULT table of
the QBWC Programmer's Guide; quickbooks-php wiki for the non-ASCII rule.)
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from ml_connector.sandbox.quickbooks.refusals import VERSION_NOT_SUPPORTED, HResult, parse_error
from ml_connector.sandbox.quickbooks.schema import (
    DEFINES_MACRO,
    ENUMERATIONS,
    REQUESTS,
    VERSIONS,
    ContentModel,
    aggregate,
    content_model,
)
from ml_connector.sandbox.quickbooks.values import value_fault

_SET_ATTRIBUTES = frozenset({"onError", "newMessageSetID", "oldMessageSetID", "responseData"})
_VERSION = re.compile(r'\s*version\s*=\s*(["\'])([1-9][0-9]?\.[0-9])\1\s*')
_INNER = re.compile(r"<QBXMLMsgsRq\b[^>]*?(?:/>|>(.*)</QBXMLMsgsRq\s*>)", re.DOTALL)


class Node:
    """One element: tag, attributes, children in order, and text when it is a value."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, text: str, children: list["Node"], attributes: dict[str, str]) -> None:
        self.tag = tag
        self.text = text
        self.children = children
        self.attributes = attributes

    def find(self, tag: str) -> "Node | None":
        """The first child of that tag."""
        for child in self.children:
            if child.tag == tag:
                return child
        return None

    def all(self, tag: str) -> list["Node"]:
        """Every child of that tag, in order."""
        return [child for child in self.children if child.tag == tag]

    def value(self, tag: str) -> str | None:
        """Text of the first child of that tag, None when absent."""
        for child in self.children:
            if child.tag == tag:
                return child.text
        return None

    def values(self, tag: str) -> list[str]:
        """Texts of every child of that tag, in order."""
        return [child.text for child in self.children if child.tag == tag]


@dataclass(slots=True, kw_only=True)
class Request:
    """One `...Rq` of a message set."""

    name: str  #: e.g. `BillAddRq`
    node: Node
    faults: list[tuple[int, str]] = field(default_factory=list)  #: (statusCode, statusMessage) of bad values


@dataclass(slots=True, kw_only=True)
class MessageSet:
    """A whole parsed text."""

    version: float  #: declared qbXML version
    on_error: str  #: `stopOnError` or `continueOnError`
    new_id: str | None
    old_id: str | None
    response_data: bool  #: False for responseData="includeNone"
    requests: list[Request]
    contents: str  #: the text between the QBXMLMsgsRq tags, as sent; what the checksum of error recovery covers


def parse(text: str, *, host_version: float, refuse_raw_non_ascii: bool = True) -> MessageSet:
    """Read and validate one qbXML text.

    Raises:
        HResult: 0x80040400 for any structural fault, 0x80040423 when the declared version is above `host_version`.
    """
    if refuse_raw_non_ascii and not text.isascii():
        raise parse_error("a raw character outside ASCII")
    root, version = _document(text, host_version)
    if root.tag != "QBXML" or root.attrib or len(root) != 1 or root[0].tag != "QBXMLMsgsRq":
        raise parse_error("QBXML must hold exactly one QBXMLMsgsRq")
    _refuse_text(root)
    messages = root[0]
    _refuse_text(messages)
    attributes = {str(key): str(value) for key, value in messages.attrib.items()}
    unknown = set(attributes) - _SET_ATTRIBUTES
    if unknown:
        raise parse_error(f"unknown attribute {sorted(unknown)[0]} of QBXMLMsgsRq")
    on_error = attributes.get("onError")
    if on_error not in ("stopOnError", "continueOnError"):
        # rollbackOnError is in the schema and refused by the desktop product.
        raise parse_error(f"onError is {on_error!r}")
    if attributes.get("responseData", "includeAll") not in ("includeAll", "includeNone"):
        raise parse_error("responseData has an unknown value")
    inner = _INNER.search(text)
    return MessageSet(
        version=version,
        on_error=on_error,
        new_id=attributes.get("newMessageSetID"),
        old_id=attributes.get("oldMessageSetID"),
        response_data=attributes.get("responseData") != "includeNone",
        requests=[_request(element, version) for element in messages],
        contents=(inner.group(1) or "") if inner else "",
    )


def _document(text: str, host_version: float) -> tuple[etree._Element, float]:
    if "<!DOCTYPE" in text:
        raise parse_error("a document type declaration")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, huge_tree=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as reason:
        raise parse_error(f"not well-formed: {reason}") from None
    version: float | None = None
    before = root.getprevious()
    while before is not None:
        if isinstance(before, etree._ProcessingInstruction) and before.target == "qbxml":
            declared = _VERSION.fullmatch(before.text or "")
            if declared is None or version is not None:
                raise parse_error("not exactly one qbxml processing instruction with a version such as 13.0")
            version = float(declared.group(2))
        before = before.getprevious()
    if version is None:
        raise parse_error("no qbxml processing instruction")
    if version not in VERSIONS or version > host_version:
        raise HResult(VERSION_NOT_SUPPORTED, detail=f"declared {version}, highest {host_version}")
    return root, version


def _refuse_text(element: etree._Element) -> None:
    if (element.text and element.text.strip()) or any(child.tail and child.tail.strip() for child in element):
        raise parse_error(f"text between the elements of {element.tag}")


def _request(element: etree._Element, version: float) -> Request:
    name = element.tag
    model = REQUESTS.get(name) if isinstance(name, str) else None
    if model is None or model.since > version:
        raise parse_error(f"{name} is not a request of qbXML {version}")
    attributes = {str(key): str(value) for key, value in element.attrib.items()}
    allowed = {"requestID"}
    if model.iterator and version >= 5:
        allowed |= {"iterator", "iteratorID"}
    if model.meta_data and version >= 4:
        allowed.add("metaData")
    unknown = set(attributes) - allowed
    if unknown:
        raise parse_error(f"{name} has no attribute {sorted(unknown)[0]}")
    if attributes.get("iterator", "Start") not in ("Start", "Continue", "Stop"):
        raise parse_error("iterator has an unknown value")
    if attributes.get("metaData", "NoMetaData") not in ("NoMetaData", "MetaDataOnly", "MetaDataAndResponseData"):
        raise parse_error("metaData has an unknown value")
    faults: list[tuple[int, str]] = []
    node = _aggregate(element, content_model(model.content, version), version, faults)
    node.attributes = attributes
    return Request(name=name, node=node, faults=faults)


def _aggregate(element: etree._Element, model: ContentModel, version: float, faults: list[tuple[int, str]]) -> Node:
    children: list[Node] = []
    tags: list[str] = []
    if element.text and not element.text.isspace():
        raise parse_error(f"text inside {element.tag}")
    for child in element:
        tag = child.tag
        kind = model.types.get(tag) if isinstance(tag, str) else None
        if kind is None:
            raise parse_error(f"{element.tag} has no element {tag} in qbXML {version}")
        if child.tail and not child.tail.isspace():
            raise parse_error(f"text inside {element.tag}")
        tags.append(tag)
        nested = aggregate(kind, version)
        if nested is not None:
            node = _aggregate(child, nested, version, faults)
            if child.attrib and not (set(child.attrib) == {"defMacro"} and tag in DEFINES_MACRO):
                raise parse_error(f"{tag} has an unknown attribute")
        else:
            node = _leaf(child, tag, kind, faults)
        children.append(node)
    order = "".join([tag + "," for tag in tags])
    if model.order.fullmatch(order) is None:
        raise parse_error(f"elements of {element.tag} out of order, missing or repeated: {' '.join(tags)}")
    return Node(element.tag, "", children, {})


def _leaf(child: etree._Element, tag: str, kind: str, faults: list[tuple[int, str]]) -> Node:
    if len(child) or child.attrib:
        raise parse_error(f"{tag} holds elements or attributes")
    text = child.text or ""
    if kind[0] == "=":
        if text not in ENUMERATIONS[kind[1:]]:
            raise parse_error(f"{tag} has no value {text!r}")
    else:
        fault = value_fault(kind, tag, text)
        if fault is not None:
            faults.append(fault)
    return Node(tag, text, [], {})

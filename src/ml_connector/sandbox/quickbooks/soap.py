"""The Web Connector's side of its SOAP protocol: writing calls, reading replies.

SOAP 1.1, document/literal wrapped, namespace `http://developer.intuit.com/` with the trailing slash; the reply element
is `<method>Response` holding `<method>Result`. Elements not expected in a reply are ignored, a result in any other
namespace does not exist. (Intuit's QBWebConnectorSvc.wsdl; QBWC Programmer's Guide ch. 3.)
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_BREAKS = {"\r": "&#xD;"}

#: The code under which the Web Connector reports that a method failed.
FAILURE_CODES = {
    "authenticate": "QBWC1012",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "getLastError": "QBWC1043",
    "closeConnection": "QBWC1044",
    "connectionError": "QBWC1045",
}


class ServiceFailure(Exception):
    """The service did not give a usable reply; the text is what the Web Connector would show."""


def headers(method: str) -> dict[str, str]:
    """The headers a .NET SOAP client sends, but for the length and Expect."""
    return {
        "User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)",
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": f'"{NAMESPACE}{method}"',
    }


def call(method: str, arguments: Sequence[tuple[str, str]]) -> bytes:
    """The envelope of one call."""
    inner = "".join(
        f"<{name}>{escape(value, _BREAKS)}</{name}>" if value else f"<{name} />" for name, value in arguments
    )
    body = f'<{method} xmlns="{NAMESPACE}">{inner}</{method}>' if inner else f'<{method} xmlns="{NAMESPACE}" />'
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{_ENVELOPE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>{body}</soap:Body></soap:Envelope>'
    ).encode()


def text_result(method: str, status: int, content_type: str, body: bytes) -> str:
    """The string a method returned; absent and nil are the empty string.

    Raises:
        ServiceFailure: HTTP error, SOAP fault, wrong content type, or XML that is not the method's reply.
    """
    result = _result(method, status, content_type, body)
    return "" if result is None else (result.text or "")


def integer_result(method: str, status: int, content_type: str, body: bytes) -> int:
    """The integer a method returned. Raises ServiceFailure as `text_result`."""
    text = text_result(method, status, content_type, body).strip()
    try:
        return int(text)
    except ValueError:
        raise ServiceFailure("Input string was not in a correct format.") from None


def array_result(method: str, status: int, content_type: str, body: bytes) -> list[str]:
    """The strings a method returned: `string` elements in Intuit's namespace and no other.

    Raises:
        ServiceFailure: as `text_result`; a nil array; fewer than two strings in the namespace.
    """
    result = _result(method, status, content_type, body)
    if result is None:
        raise ServiceFailure("Object reference not set to an instance of an object.")
    strings = [element.text or "" for element in result if element.tag == f"{{{NAMESPACE}}}string"]
    if not 2 <= len(strings) <= 4:
        raise ServiceFailure("Index was outside the bounds of the array.")
    return strings


def _result(method: str, status: int, content_type: str, body: bytes) -> etree._Element | None:
    is_xml = content_type.split(";")[0].strip().casefold() == "text/xml"
    root = _parsed(body) if is_xml else None
    payload = _payload(root) if root is not None else None
    if payload is not None and payload.tag == f"{{{_ENVELOPE}}}Fault":
        raise ServiceFailure(payload.findtext("faultstring") or "The service answered with a SOAP fault.")
    if status != 200:
        raise ServiceFailure(f"The request failed with HTTP status {status}.")
    if not is_xml:
        raise ServiceFailure(f"Client found response content type of '{content_type}', but expected 'text/xml'.")
    if payload is None:
        raise ServiceFailure("Response is not well-formed XML.")
    if payload.tag != f"{{{NAMESPACE}}}{method}Response":
        raise ServiceFailure(f"The reply is not a {method}Response in the namespace {NAMESPACE}.")
    result = payload.find(f"{{{NAMESPACE}}}{method}Result")
    if result is None or result.get(_NIL) in ("true", "1"):
        return None
    return result


def _parsed(body: bytes) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root


def _payload(root: etree._Element) -> etree._Element | None:
    if root.tag != f"{{{_ENVELOPE}}}Envelope":
        return None
    body = root.find(f"{{{_ENVELOPE}}}Body")
    if body is None or len(body) == 0:
        return None
    return body[0]

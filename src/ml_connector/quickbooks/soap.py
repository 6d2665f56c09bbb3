"""SOAP envelopes of the Web Connector: reading its calls, writing our results. SOAP 1.1, document/literal wrapped.

A call is recognised by the element in the Body; the SOAPAction header is not looked at. An answer of QuickBooks comes
as one text of tens of megabytes, so the envelope is read with expat, which has no limit there, and what may be in it is
narrow instead: no document type, no entities, few levels, known elements.
Source: Intuit's WSDL of QBWebConnectorSvc; docs/reference/quickbooks.md, wire format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from xml.parsers import expat

from ml_connector.core.errors import Defect, NeedsOperator
from ml_connector.quickbooks.text import ascii_xml

SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
INTUIT_NAMESPACE = "http://developer.intuit.com/"
CONTENT_TYPE = "text/xml; charset=utf-8"


class ResultKind(StrEnum):
    """What a method answers."""

    TEXT = "string"
    NUMBER = "int"
    TEXTS = "ArrayOfString"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method of the service."""

    parameters: tuple[tuple[str, ResultKind], ...]  #: name and type, in order
    result: ResultKind


def _method(*texts: str, numbers: tuple[str, ...] = (), result: ResultKind = ResultKind.TEXT) -> Method:
    return Method(
        parameters=(*((name, ResultKind.TEXT) for name in texts), *((name, ResultKind.NUMBER) for name in numbers)),
        result=result,
    )


#: Every method by name. Source: Intuit's WSDL; serverVersion has a parameter in some copies of it and none in others.
METHODS: dict[str, Method] = {
    "serverVersion": _method("strVersion"),
    "clientVersion": _method("strVersion"),
    "authenticate": _method("strUserName", "strPassword", result=ResultKind.TEXTS),
    "sendRequestXML": _method(
        "ticket", "strHCPResponse", "strCompanyFileName", "qbXMLCountry", numbers=("qbXMLMajorVers", "qbXMLMinorVers")
    ),
    "receiveResponseXML": _method("ticket", "response", "hresult", "message", result=ResultKind.NUMBER),
    "connectionError": _method("ticket", "hresult", "message"),
    "getLastError": _method("ticket"),
    "closeConnection": _method("ticket"),
    "getInteractiveURL": _method("wcTicket", "sessionID"),
    "interactiveDone": _method("wcTicket"),
    "interactiveRejected": _method("wcTicket", "reason"),
}

# Intuit's own sample calls this argument by another name.
_SYNONYMS = {"Country": "qbXMLCountry"}

_MAX_DEPTH = 12  # Envelope, Body, method, argument; a Header may be deeper
_MAX_ELEMENTS = 200
_TEXT_BUFFER_BYTES = 1 << 20


class BadEnvelope(NeedsOperator):
    """The body of a request is not a call of the Web Connector. The sentence may be shown to the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. Every parameter of the method is there; absent, nil and empty are the same empty text."""

    method: str
    arguments: dict[str, str] = field(repr=False)  # holds the password


def parse_call(body: bytes, *, max_bytes: int) -> Call:
    """Read a call.

    `max_bytes` is checked once more here; whoever reads the request from a socket checks it before reading.

    Raises:
        BadEnvelope: in one sentence, why it is no call.
    """
    if len(body) > max_bytes:
        raise BadEnvelope(f"The request is larger than {max_bytes} bytes.")
    reader = _EnvelopeReader()
    reader.read(body)
    return reader.call()


def render_result(method: str, value: str | int | Sequence[str]) -> bytes:
    """Write the result of a call: a text, a number, or authenticate's array, in Intuit's namespace, pure ASCII.

    Raises:
        Defect: the value is not of the method's kind.
    Source: Intuit's WSDL; an array in any other namespace ends as QBWC1012.
    """
    kind = METHODS[method].result
    if kind is ResultKind.NUMBER and isinstance(value, int) and not isinstance(value, bool):
        content = str(value)
    elif kind is ResultKind.TEXT and isinstance(value, str):
        content = ascii_xml(value)
    elif kind is ResultKind.TEXTS and not isinstance(value, (str, int)):
        content = "".join(f"<string>{ascii_xml(item)}</string>" for item in value)
    else:
        raise Defect(f"{method} answers {kind}, not {type(value).__name__}.")
    return _envelope(
        f'<{method}Response xmlns="{INTUIT_NAMESPACE}"><{method}Result>{content}</{method}Result></{method}Response>'
    )


def render_fault(sentence: str, *, caller_is_wrong: bool = True) -> bytes:
    """Write a SOAP fault. It ends the session, so it is for requests that no method can answer."""
    code = "soap:Client" if caller_is_wrong else "soap:Server"
    return _envelope(
        f"<soap:Fault><faultcode>{code}</faultcode><faultstring>{ascii_xml(sentence)}</faultstring></soap:Fault>"
    )


def _envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP_NAMESPACE}"><soap:Body>{content}</soap:Body></soap:Envelope>'
    ).encode("ascii")


class _EnvelopeReader:
    """Follows the elements of one envelope; keeps the texts of the arguments and nothing else."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.buffer_size = _TEXT_BUFFER_BYTES
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._elements = 0
        self._method = ""
        self._in_header = False
        self._argument = ""
        self._texts: list[str] = []
        self._arguments: dict[str, str] = {}

    def read(self, body: bytes) -> None:
        try:
            self._parser.Parse(body, True)
        except expat.ExpatError as error:
            raise BadEnvelope(f"The request is not well-formed XML ({expat.ErrorString(error.code)}).") from None
        except (LookupError, ValueError):
            raise BadEnvelope("The request is written in an encoding that is not supported.") from None

    def call(self) -> Call:
        if not self._method:
            raise BadEnvelope("The SOAP Body is empty.")
        known = METHODS[self._method].parameters
        return Call(method=self._method, arguments={name: self._arguments.get(name, "") for name, _ in known})

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._elements += 1
        depth = len(self._path)
        self._path.append(name)
        if depth >= _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise BadEnvelope("The request has more elements than any call of the Web Connector.")
        if depth == 0:
            self._expect(name == f"{SOAP_NAMESPACE} Envelope", "The request is no SOAP 1.1 Envelope.")
        elif depth == 1:
            self._in_header = name == f"{SOAP_NAMESPACE} Header"
            known = self._in_header or name == f"{SOAP_NAMESPACE} Body"
            self._expect(known, "The SOAP Envelope holds something else than a Header and a Body.")
        elif self._in_header:
            return
        elif depth == 2:
            self._start_method(name)
        elif depth == 3:
            self._start_argument(name)
        else:
            raise BadEnvelope(f"The argument {self._argument} holds elements where text is expected.")

    def _start_method(self, name: str) -> None:
        namespace, _, local = name.rpartition(" ")
        self._expect(not self._method, "The SOAP Body holds more than one call.")
        self._expect(namespace == INTUIT_NAMESPACE, f"The call is not in the namespace {INTUIT_NAMESPACE}.")
        self._expect(local in METHODS, f"The Web Connector's service has no method {local:.60}.")
        self._method = local

    def _start_argument(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        self._argument = _SYNONYMS.get(local, local)
        self._expect(self._argument not in self._arguments, f"The argument {self._argument:.60} is given twice.")
        self._texts = []

    def _characters(self, text: str) -> None:
        if self._argument:
            self._texts.append(text)

    def _end(self, _name: str) -> None:
        self._path.pop()
        if len(self._path) == 3 and self._argument:
            self._arguments[self._argument] = "".join(self._texts)
            self._argument, self._texts = "", []

    def _doctype(self, *_declaration: object) -> None:
        raise BadEnvelope("The request declares a document type, which SOAP forbids.")

    @staticmethod
    def _expect(holds: bool, sentence: str) -> None:
        if not holds:
            raise BadEnvelope(sentence)

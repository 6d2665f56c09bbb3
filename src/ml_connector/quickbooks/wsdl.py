"""The service's description: written from the table of methods, so that it cannot differ from what is served.

The Web Connector does not need it; people and other SOAP clients ask for it at `?wsdl`.
Source: W3C WSDL 1.1, document/literal wrapped; names as in Intuit's WSDL of QBWebConnectorSvc.
"""

from __future__ import annotations

from ml_connector.quickbooks.soap import INTUIT_NAMESPACE, METHODS, Method, ResultKind
from ml_connector.quickbooks.text import ascii_xml

_SERVICE = "QBWebConnectorSvc"
_PORT = "QBWebConnectorSvcSoap"
_TYPES = {ResultKind.TEXT: "s:string", ResultKind.NUMBER: "s:int", ResultKind.TEXTS: "tns:ArrayOfString"}


def wsdl(endpoint_url: str) -> bytes:
    """Describe the service at this address, as UTF-8 XML."""
    types = "".join(_elements(name, method) for name, method in METHODS.items())
    messages = "".join(_messages(name) for name in METHODS)
    port = "".join(_port_operation(name) for name in METHODS)
    binding = "".join(_binding_operation(name) for name in METHODS)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:tns="{INTUIT_NAMESPACE}" targetNamespace="{INTUIT_NAMESPACE}">'
        f'<wsdl:types><s:schema elementFormDefault="qualified" targetNamespace="{INTUIT_NAMESPACE}">{types}'
        '<s:complexType name="ArrayOfString"><s:sequence>'
        '<s:element minOccurs="0" maxOccurs="unbounded" name="string" nillable="true" type="s:string"/>'
        f"</s:sequence></s:complexType></s:schema></wsdl:types>{messages}"
        f'<wsdl:portType name="{_PORT}">{port}</wsdl:portType>'
        f'<wsdl:binding name="{_PORT}" type="tns:{_PORT}">'
        f'<soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>{binding}</wsdl:binding>'
        f'<wsdl:service name="{_SERVICE}"><wsdl:port name="{_PORT}" binding="tns:{_PORT}">'
        f'<soap:address location="{ascii_xml(endpoint_url)}"/></wsdl:port></wsdl:service></wsdl:definitions>'
    ).encode("ascii")


def _elements(name: str, method: Method) -> str:
    parameters = "".join(_parameter(parameter, kind) for parameter, kind in method.parameters)
    return (
        f'<s:element name="{name}"><s:complexType><s:sequence>{parameters}</s:sequence></s:complexType></s:element>'
        f'<s:element name="{name}Response"><s:complexType><s:sequence>'
        f"{_parameter(name + 'Result', method.result)}</s:sequence></s:complexType></s:element>"
    )


def _parameter(name: str, kind: ResultKind) -> str:
    least = 1 if kind is ResultKind.NUMBER else 0
    return f'<s:element minOccurs="{least}" maxOccurs="1" name="{name}" type="{_TYPES[kind]}"/>'


def _messages(name: str) -> str:
    return (
        f'<wsdl:message name="{name}SoapIn"><wsdl:part name="parameters" element="tns:{name}"/></wsdl:message>'
        f'<wsdl:message name="{name}SoapOut"><wsdl:part name="parameters" element="tns:{name}Response"/></wsdl:message>'
    )


def _port_operation(name: str) -> str:
    return (
        f'<wsdl:operation name="{name}"><wsdl:input message="tns:{name}SoapIn"/>'
        f'<wsdl:output message="tns:{name}SoapOut"/></wsdl:operation>'
    )


def _binding_operation(name: str) -> str:
    return (
        f'<wsdl:operation name="{name}"><soap:operation soapAction="{INTUIT_NAMESPACE}{name}" style="document"/>'
        '<wsdl:input><soap:body use="literal"/></wsdl:input>'
        '<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>'
    )

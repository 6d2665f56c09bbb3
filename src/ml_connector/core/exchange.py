"""One exchange with another system, as it went over the wire, secrets masked: the raw material of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer."""

    system: str  #: `basware` or `quickbooks`
    what: str  #: method and path, or SOAP method
    request: bytes = b""  #: body sent, exact but for masked secrets
    response: bytes = b""  #: body received, exact but for masked secrets
    status: str = ""  #: HTTP status or hresult; empty if no answer came
    request_id: str = ""  #: the other system's own id of the exchange, to quote to its support

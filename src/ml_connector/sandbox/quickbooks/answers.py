"""One `...Rs` element."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector.sandbox.quickbooks.refusals import severity
from ml_connector.sandbox.quickbooks.render import escape

STATUS_OK = "Status OK"


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a request is answered with."""

    status: int = 0
    words: str = STATUS_OK
    body: list[str] = field(default_factory=list)  #: rendered elements
    attributes: dict[str, str] = field(default_factory=dict)  #: retCount, iteratorID ...
    rows: int = 0  #: objects returned, for pacing

    def render(self, request_name: str, request_attributes: Mapping[str, str], *, with_data: bool) -> str:
        """The element, in the attribute order QuickBooks writes."""
        tag = request_name[:-1] + "s"
        parts = [tag]
        if "requestID" in request_attributes:
            parts.append(f'requestID="{escape(request_attributes["requestID"])}"')
        parts.append(f'statusCode="{self.status}" statusSeverity="{severity(self.status)}"')
        parts.append(f'statusMessage="{escape(self.words)}"')
        parts += [f'{name}="{escape(value)}"' for name, value in self.attributes.items()]
        head = " ".join(parts)
        if not self.body or not with_data:
            return f"<{head} />"
        return f"<{head}>{''.join(self.body)}</{tag}>"

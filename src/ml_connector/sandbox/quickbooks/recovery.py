"""The ErrorRecovery element: how an answer names what a write had saved. (qbxmlops130, BillAddRs, from qbXML 11.0 on.)

Whether QuickBooks returns it beside the saved object or in its place is not documented; both shapes fit the schema.
"""

import re
from collections.abc import Iterable

from lxml import etree

SINCE = 11.0  #: first qbXML version that has the element
_SAVED = re.compile(r"\w+(Add|Mod)Rs")
_CONTENT = ("ListID", "TxnID", "TxnNumber", "EditSequence", "ExternalGUID")


def recovery_of(rendered: Iterable[str]) -> str:
    """The ErrorRecovery of a rendered `...Ret`."""
    saved = etree.fromstring("".join(rendered))
    return etree.tostring(_recovery(saved), encoding="unicode")


def with_recovery(answers: str, *, saved_too: bool) -> str:
    """Rendered `...Rs` elements with an ErrorRecovery in each that saved something; `saved_too` keeps the `...Ret`."""
    root = etree.fromstring(f"<Answers>{answers}</Answers>")
    for response in root:
        if not _SAVED.fullmatch(str(response.tag)) or len(response) == 0:
            continue
        saved = response[0]
        response.append(_recovery(saved))
        if not saved_too:
            response.remove(saved)
    return "".join(etree.tostring(response, encoding="unicode") for response in root)


def _recovery(saved: etree._Element) -> etree._Element:
    recovery = etree.Element("ErrorRecovery")
    for name in _CONTENT:
        text = saved.findtext(name)
        if text:
            etree.SubElement(recovery, name).text = text
    return recovery

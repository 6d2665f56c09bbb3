"""A qbXML answer, read as a stream of parts: the set's head, then each response's head followed by its records.

Memory does not grow with the number of records. Whoever reads must read to the end before believing that an answer was
whole: an answer that was cut off in transit raises only where it breaks off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

from lxml import etree

from ml_connector.core.books import TxnId
from ml_connector.quickbooks.hardened import UnreadableAnswer, pieces, pull_parser
from ml_connector.quickbooks.orders import REQUESTS
from ml_connector.quickbooks.rets import RECORD_NAMES, Record, UnreadableRecord, read_record

__all__ = [
    "Part",
    "Recovered",
    "ResponseHead",
    "SetHead",
    "UnreadableAnswer",
    "UnreadableRecord",
    "questions_of",
    "read_answer",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHead:
    """Head of the whole answer. Source: Intuit error recovery samples."""

    new_message_set_id: str = ""  #: as we named the set; empty if it had no name
    message_set_status_code: int | None = None  #: 0, 600, 9001, 9002, 9004, 9005; None if QuickBooks gave none


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """Head of the response to one request; its records follow."""

    name: str  #: such as `BillAddRs`
    request_id: str  #: as we sent it
    status_code: int
    severity: str  #: Info, Warn or Error
    message: str  #: QuickBooks' own words
    iterator_id: str = ""
    iterator_remaining: int | None = None  #: records still to come; None without an iterator
    ret_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What QuickBooks recalls of a write it did earlier (`ErrorRecovery`, qbXML 11.0 and later)."""

    txn_id: TxnId
    txn_number: str = ""
    edit_sequence: str = ""
    external_guid: str = ""


Part: TypeAlias = SetHead | ResponseHead | Recovered | Record

_RESPONSES = frozenset(name.removesuffix("Rq") + "Rs" for name in REQUESTS)
_SET = "QBXMLMsgsRs"
_RECOVERY = "ErrorRecovery"
_TAGS = (_SET, _RECOVERY, *_RESPONSES, *RECORD_NAMES)


#: One request of a message: the name its response has, such as `BillQueryRs`, and its id.
Question: TypeAlias = tuple[str, str]

_QUESTION = re.compile(r'<(\w+)Rq requestID="([^"]*)"')  # as `render` writes it


def questions_of(message: str) -> frozenset[Question]:
    """Return what a message of ours asks, so that its answer can be told from any other."""
    return frozenset((f"{name}Rs", request_id) for name, request_id in _QUESTION.findall(message))


def read_answer(
    source: str | bytes,
    *,
    answers_to: frozenset[Question] | None = None,
    on_unreadable: Callable[[UnreadableRecord], None] | None = None,
) -> Iterator[Part]:
    """Read an answer part by part.

    With `answers_to`, an answer that is not to exactly these questions is refused: silence about one of them, or an
    earlier answer that comes once more, must not be taken for "there is none".

    A record that cannot be read is given to `on_unreadable` and reading goes on, or raised if there is nobody to take
    it. Elements that are unknown are passed over.

    Raises:
        UnreadableAnswer: not well-formed, cut off, forbidden (document type, too deep), no answer at all, or an answer
            to something else. If it answered a write, the outcome of the write is unknown.
        UnreadableRecord: see `on_unreadable`.
    Source: docs/reference/quickbooks.md, envelope and error recovery.
    """
    parser = pull_parser(*_TAGS)
    seen_set = False
    open_questions = set(answers_to or ())
    try:
        for piece in pieces(source):
            parser.feed(piece)
            for event, found in parser.read_events():
                element = cast(etree._Element, found)  # only start and end are reported, so it is always an element
                name = element.tag
                if event == "start":
                    if name in _RESPONSES:
                        head = _response_head(element)
                        if answers_to is not None:
                            _strike(open_questions, head)
                        yield head
                    elif name == _SET:
                        seen_set = True
                        yield _set_head(element)
                    continue
                if name in _RESPONSES:
                    _forget(element)
                elif name != _SET:
                    part = _part(element, on_unreadable)
                    _forget(element)
                    if part is not None:
                        yield part
        parser.close()
    except etree.XMLSyntaxError as error:
        raise UnreadableAnswer(f"QuickBooks' answer is not well-formed XML: {error.msg}.") from None
    if not seen_set:
        raise UnreadableAnswer("QuickBooks' answer holds no QBXMLMsgsRs.")
    if open_questions:
        missing = ", ".join(sorted(f"{name} {request_id}" for name, request_id in open_questions))
        raise UnreadableAnswer(f"QuickBooks' answer says nothing of {missing}.")


def _strike(open_questions: set[Question], head: ResponseHead) -> None:
    question = (head.name, head.request_id)
    if question not in open_questions:
        raise UnreadableAnswer(
            f"QuickBooks' answer holds {head.name} {head.request_id!r:.40}, which was not asked for."
        )
    open_questions.remove(question)


def _part(
    element: etree._Element, on_unreadable: Callable[[UnreadableRecord], None] | None
) -> Recovered | Record | None:
    if element.tag == _RECOVERY:
        return _recovered(element)
    try:
        return read_record(element)
    except UnreadableRecord as error:
        if on_unreadable is None:
            raise
        on_unreadable(error)
        return None


def _forget(element: etree._Element) -> None:
    """Give back the memory of an element and of all before it; the parser still holds on to the element itself."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _set_head(element: etree._Element) -> SetHead:
    return SetHead(
        new_message_set_id=element.get("newMessageSetID", ""),
        message_set_status_code=_whole(element, "messageSetStatusCode"),
    )


def _response_head(element: etree._Element) -> ResponseHead:
    status = _whole(element, "statusCode")
    if status is None:
        raise UnreadableAnswer(f"QuickBooks' {element.tag} has no statusCode.")
    return ResponseHead(
        name=str(element.tag),
        request_id=element.get("requestID", ""),
        status_code=status,
        severity=element.get("statusSeverity", ""),
        message=element.get("statusMessage", ""),
        iterator_id=element.get("iteratorID", ""),
        iterator_remaining=_whole(element, "iteratorRemainingCount"),
        ret_count=_whole(element, "retCount"),
    )


def _recovered(element: etree._Element) -> Recovered | None:
    txn_id = (element.findtext("TxnID") or "").strip()
    if not txn_id:
        return None  # of a list entry
    return Recovered(
        txn_id=TxnId(txn_id),
        txn_number=element.findtext("TxnNumber") or "",
        edit_sequence=element.findtext("EditSequence") or "",
        external_guid=element.findtext("ExternalGUID") or "",
    )


def _whole(element: etree._Element, name: str) -> int | None:
    text = element.get(name)
    if text is None or not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise UnreadableAnswer(f"QuickBooks' {element.tag} has the {name} {text!r:.40} instead of a number.")
    return int(text)

"""Paging through a query's result. (qbxmlops130, iterator attributes, qbXML 5.0; quickbooks-php wiki.)

The result is fixed when the iterator starts; pages show the objects as they are when the page is read, and objects
deleted meanwhile are left out. An iterator lives in one session and dies when it is idle too long or read to its end.
Continuing an unknown one, or with other filters than it was started with, is answered with 3391, and so is an
iteratorID where none belongs.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ml_connector.sandbox.quickbooks.answers import Answer
from ml_connector.sandbox.quickbooks.faults import FaultInjector
from ml_connector.sandbox.quickbooks.parsing import Node
from ml_connector.sandbox.quickbooks.refusals import Refusal

Item = TypeVar("Item")

NO_MATCH = "A query request did not find a matching object in QuickBooks"


@dataclass(slots=True, kw_only=True)
class Selection(Generic[Item]):
    """What a query found, before paging."""

    items: Sequence[Item]
    missing: str | None = None  #: the first asked-for ID or name that was not found


@dataclass(slots=True, kw_only=True)
class _Iterator:
    request_name: str
    filters: str
    items: Sequence[object]
    at: int
    used_epoch: int


class Iterators:
    """The open iterators of one session."""

    def __init__(self, rng: random.Random, faults: FaultInjector, *, idle_limit_s: int = 600) -> None:
        self._rng = rng
        self._faults = faults
        self._idle_limit_s = idle_limit_s
        self._open: dict[str, _Iterator] = {}

    def close(self) -> None:
        """End of the session: every iterator dies."""
        self._open.clear()

    def answer(
        self,
        request_name: str,
        node: Node,
        select: Callable[[], Selection[Item]],
        render: Callable[[Item], str | None],
        epoch: int,
    ) -> Answer:
        """Answer a query, whole or by page; `render` returns None for an object that no longer exists.

        Raises:
            Refusal: 3391 for an iterator that is not (or no longer) valid, 3150 for one without MaxReturned.
        """
        mode = node.attributes.get("iterator")
        meta_data = node.attributes.get("metaData", "NoMetaData")
        maximum = _maximum(node)
        if mode in (None, "Start") and "iteratorID" in node.attributes:
            raise _not_valid(node.attributes["iteratorID"])
        if mode is None:
            found = select()
            return _whole(found, render, maximum, meta_data)
        if maximum is None and mode != "Stop":
            raise Refusal(3150, 'There is a missing element: "MaxReturned".')
        filters = _fingerprint(node)
        if mode == "Start":
            found = select()
            if not found.items:
                return _whole(found, render, maximum, meta_data)
            iterator_id = self._new_id()
            state = _Iterator(request_name=request_name, filters=filters, items=found.items, at=0, used_epoch=epoch)
            self._open[iterator_id] = state
        else:
            iterator_id = node.attributes.get("iteratorID", "")
            state = self._continued(iterator_id, request_name, epoch)
            if mode == "Stop":
                del self._open[iterator_id]
                return Answer(attributes={"iteratorRemainingCount": "0", "iteratorID": iterator_id})
            if state.filters != filters:
                raise _not_valid(iterator_id)
        return self._page(iterator_id, state, maximum or 0, render, meta_data, epoch)

    def _page(
        self,
        iterator_id: str,
        state: _Iterator,
        maximum: int,
        render: Callable[[Item], str | None],
        meta_data: str,
        epoch: int,
    ) -> Answer:
        rows: list[str] = []
        while state.at < len(state.items) and len(rows) < maximum:
            row = render(state.items[state.at])  # type: ignore[arg-type] # started by the same request
            state.at += 1
            if row is not None:
                rows.append(row)
        state.used_epoch = epoch
        remaining = len(state.items) - state.at
        if remaining == 0:
            del self._open[iterator_id]
        attributes = {"retCount": str(len(rows))} if meta_data != "NoMetaData" else {}
        attributes |= {"iteratorRemainingCount": str(remaining), "iteratorID": iterator_id}
        return Answer(body=[] if meta_data == "MetaDataOnly" else rows, attributes=attributes, rows=len(rows))

    def _continued(self, iterator_id: str, request_name: str, epoch: int) -> _Iterator:
        state = self._open.get(iterator_id)
        if state is not None and self._faults.fires("iterator_invalidated", request_name):
            del self._open[iterator_id]
            raise _not_valid(iterator_id)
        if state is None or state.request_name != request_name:
            raise _not_valid(iterator_id)
        if epoch - state.used_epoch > self._idle_limit_s:
            del self._open[iterator_id]
            raise _not_valid(iterator_id)
        return state

    def _new_id(self) -> str:
        digits = f"{self._rng.getrandbits(128):032x}"
        return f"{{{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}}}"


def _whole(found: Selection[Item], render: Callable[[Item], str | None], maximum: int | None, meta_data: str) -> Answer:
    items = found.items if maximum is None else found.items[:maximum]
    rows = [row for row in map(render, items) if row is not None]
    attributes = {"retCount": str(len(rows))} if meta_data != "NoMetaData" else {}
    body = [] if meta_data == "MetaDataOnly" else rows
    if found.missing is not None:
        words = (
            "The query request has not been fully completed. There was a required element "
            f'("{found.missing}") that could not be found in QuickBooks.'
        )
        return Answer(status=500, words=words, body=body, attributes=attributes, rows=len(rows))
    if not rows:
        return Answer(status=1, words=NO_MATCH, attributes=attributes)
    return Answer(body=body, attributes=attributes, rows=len(rows))


def _maximum(node: Node) -> int | None:
    text = node.value("MaxReturned")
    if text is None:
        return None
    maximum = int(text)
    if maximum < 1:
        raise Refusal(3210, f'The "MaxReturned" field has an invalid value "{text}".')
    return maximum


def _fingerprint(node: Node) -> str:
    return "".join(f"<{child.tag}>{child.text}{_fingerprint(child)}</{child.tag}>" for child in node.children)


def _not_valid(iterator_id: str) -> Refusal:
    return Refusal(3391, f'The iteratorID "{iterator_id}" is not valid.')

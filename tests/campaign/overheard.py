"""What was said between the connector and the Web Connector, overheard on the wire, and what may never be heard there:
a document that is sent once more before QuickBooks was asked what became of it."""

from __future__ import annotations

import html
import re

_METHOD = re.compile(rb"<(?:\w+:)?(sendRequestXML|receiveResponseXML)\b")
_HRESULT = re.compile(r"<(?:\w+:)?hresult[^>]*>([^<]+)<")
_NEW = re.compile(r'newMessageSetID="(\w+)"')
_OLD = re.compile(r'oldMessageSetID="(\w+)"')
_DOCUMENT = re.compile(r'<(?:Bill|VendorCredit)AddR[qs] requestID="d(\d+)\.\d+"')
#: QuickBooks did not read the request, or not this version of it: nothing was entered.
_NOT_READ = frozenset({"0X80040400", "0X8004041A"})


class Overheard:
    """Listens to every call that the connector answered."""

    def __init__(self) -> None:
        self.broken: list[str] = []  #: one sentence for each time the promise was broken
        self._open: dict[str, str] = {}  #: document -> the set it was sent in, whose outcome was not told
        self._asked: set[str] = set()  #: sets that QuickBooks was asked for since
        self._last: str = ""  #: the set that was handed over last

    def hears(self, asked: bytes, answered: bytes) -> None:
        """Hear one call and its answer."""
        found = _METHOD.search(asked)
        if found is None:
            return
        if found[1] == b"sendRequestXML":
            self._hears_request(html.unescape(answered.decode("utf-8", "replace")))
        else:
            self._hears_answer(html.unescape(asked.decode("utf-8", "replace")))

    def _hears_request(self, text: str) -> None:
        new, old = _NEW.search(text), _OLD.search(text)
        if old is not None:
            self._asked.add(old[1])
        documents = set(_DOCUMENT.findall(text))
        if not documents or new is None:
            return
        self._last = new[1]
        for document in sorted(documents):
            earlier = self._open.get(document)
            if earlier is not None and earlier not in self._asked:
                self.broken.append(
                    f"document {document} is sent in set {new[1]}, but nobody asked what became of set {earlier}"
                )
            self._open[document] = new[1]
        self._asked.discard(new[1])

    def _hears_answer(self, text: str) -> None:
        hresult = _HRESULT.search(text)
        if hresult is not None and hresult[1].strip().upper() in _NOT_READ:
            self._open = {document: sent for document, sent in self._open.items() if sent != self._last}
        if "</QBXML>" not in text:
            return  # it ends in the middle
        for document in set(_DOCUMENT.findall(text)):
            self._open.pop(document, None)

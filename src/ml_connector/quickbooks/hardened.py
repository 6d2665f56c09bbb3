"""Reading XML that somebody else wrote: no document type, no entities, no endless depth, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ml_connector.core.errors import TryAgain

# libxml2 itself refuses more than 256 levels and text of more than 10 MB unless told otherwise, and it is not told.
_PIECE_CHARS = 1 << 16

# QuickBooks lets control characters from its fields through as references that XML 1.0 forbids, and one of them in a
# vendor's note would make the whole list unreadable.
_FORBIDDEN_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]));")


class UnreadableAnswer(TryAgain):
    """What QuickBooks answered is not the qbXML it should be.

    If the question was a write, its outcome is unknown and QuickBooks is asked for it (`applied` is None).
    """

    def __init__(self, words: str) -> None:
        super().__init__(words, applied=None)


def pieces(source: str | bytes) -> Iterator[bytes]:
    """Return a document in UTF-8 pieces, without a second copy of the whole.

    Bytes are taken as UTF-8, because the envelope that carried the answer was decoded already; what the answer's own
    declaration says of its encoding no longer holds.

    Raises:
        UnreadableAnswer: a document type declaration, or text that is no Unicode.
    """
    if isinstance(source, bytes):
        try:
            source = source.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UnreadableAnswer("QuickBooks' answer is not UTF-8 text.") from None
    if "<!DOCTYPE" in source or "<!ENTITY" in source:
        raise UnreadableAnswer("QuickBooks' answer declares a document type, which qbXML never does.")
    source = source.lstrip("\ufeff \t\r\n")
    if "&#" in source and _FORBIDDEN_REFERENCE.search(source):
        source = _FORBIDDEN_REFERENCE.sub("", source)
    for start in range(0, len(source), _PIECE_CHARS):
        try:
            yield source[start : start + _PIECE_CHARS].encode()
        except UnicodeEncodeError:
            raise UnreadableAnswer("QuickBooks' answer holds characters that are no Unicode text.") from None


def pull_parser(*tags: str) -> etree.XMLPullParser:
    """Return a hardened parser that reports start and end of these elements only."""
    return etree.XMLPullParser(
        events=("start", "end"),
        tag=tags,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def whole_tree(source: str | bytes) -> etree._Element:
    """Read a small document at once.

    Raises:
        UnreadableAnswer: it is not well-formed, or forbidden.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for piece in pieces(source):
            parser.feed(piece)
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise UnreadableAnswer(f"QuickBooks' answer is not well-formed XML: {error.msg}.") from None

"""Text as QuickBooks can keep it, and text as XML it can read.

QuickBooks keeps single-byte Windows-1252 text, and fails to parse a message with a raw non-ASCII character in it
although the declaration says UTF-8; the same character as `&#233;` works. So text is first reduced to what can be
kept, then written as pure ASCII. Source: quickbooks-php wiki, on accented characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanText:
    """Text reduced to what QuickBooks keeps, and what that cost."""

    text: str
    replaced: bool = False  #: a character QuickBooks cannot hold became `?`
    cut: bool = False  #: the end was cut off to fit


# Windows-1252 holds only some of these; written plainly, all of them can be typed and searched for in QuickBooks.
_PLAINER = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u02bc": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "-", "\u2044": "/",
        "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\u00ad": "", "\u200e": "", "\u200f": "",
        "\u2028": "\n", "\u2029": "\n", "\u0085": "\n",
    }
)  # fmt: skip

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"[ \t]*[\r\n\t][ \t\r\n]*")
_LINE_ENDS = re.compile(r"\r\n?")
_ODD = re.compile(r"[^\x20-\x7e]")  # anything at all to look into
_MARKUP = re.compile(r"[^\x20-\x25\x27-\x3b\x3d\x3f-\x7e]")  # anything that ascii_xml must write otherwise
_PLAIN = re.compile(r"[!#-%'-;=?-~](?:[ !#-%'-;=?-~]*[!#-%'-;=?-~])?")  # ASCII without markup, quotes and outer blanks
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def is_plain(text: str) -> bool:
    """Tell whether a text is kept and written as it is: `clean` and `ascii_xml` would change nothing."""
    return _PLAIN.fullmatch(text) is not None


@lru_cache(maxsize=512)  # a memo is looked at when it is planned, when it is written, and when its changes are told
def clean(text: str, limit: int, *, one_line: bool = False) -> CleanText:
    """Reduce text to what QuickBooks keeps, at most `limit` characters.

    Typographic quotes and dashes are written plainly, control characters removed, Windows-1252 characters kept; of the
    rest, compatibility forms are unfolded (NFKC) and what still cannot be kept becomes `?`. Outer blanks are trimmed as
    QuickBooks does. With `one_line`, line ends and tabs become single blanks; otherwise line ends become a plain
    newline. Cleaning clean text changes nothing.
    """
    replaced = False
    if _ODD.search(text):
        text, replaced = _keepable(text)
        text = _BLANKS.sub(" ", text) if one_line else _LINE_ENDS.sub("\n", text)
    text = text.strip()
    cut = len(text) > limit
    if cut:
        text = text[:limit].rstrip()
    return CleanText(text=text, replaced=replaced, cut=cut)


def ascii_xml(text: str) -> str:
    """Write text as XML character data or attribute value: pure ASCII, everything else as a decimal reference.

    Quotes and line ends are written as references too, so that a value survives as an attribute and a carriage return
    survives at all. What XML cannot carry in any form (control characters, lone surrogates) becomes `?`.
    """
    if not _MARKUP.search(text):
        return text.replace('"', "&#34;") if '"' in text else text
    text = _NOT_XML.sub("?", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    text = text.replace("\r", "&#13;").replace("\t", "&#9;").replace("\n", "&#10;")
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _keepable(text: str) -> tuple[str, bool]:
    text = _CONTROLS.sub("", text)
    if text.isascii():
        return text, False
    text = unicodedata.normalize("NFC", text.translate(_PLAINER))
    if _fits(text):
        return text, False
    kept = []
    replaced = False
    for character in text:
        if not _fits(character):
            # Only what cannot be kept is unfolded: NFKC would also turn a micro sign into a Greek letter, and that is
            # exactly what Windows-1252 lacks.
            character = unicodedata.normalize("NFKC", character).translate(_PLAINER)
            if not _fits(character):
                character, replaced = character.encode("cp1252", "replace").decode("cp1252"), True
        kept.append(character)
    return "".join(kept), replaced


def _fits(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True

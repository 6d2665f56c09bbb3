"""What QuickBooks' status codes mean: one table, with who must do what.

Source: Intuit, "Status codes in response messages"; field notes in docs/reference/quickbooks.md. Codes that the table
does not list are never guessed at: they count as an unknown outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ml_connector.core.faults import Owner


class Fate(StrEnum):
    """What becomes of a request that was answered."""

    OK = "ok"  #: done
    WARNED = "warned"  #: done, with a warning; a write was applied
    EMPTY = "empty"  #: a query found nothing; not an error
    INCOMPLETE = "incomplete"  #: a query found some of what was named, or none of it
    RETRY = "retry"  #: not applied; the same request may succeed later
    STALE = "stale"  #: not applied; the record changed meanwhile: read it again first
    PERMANENT = "permanent"  #: not applied, and never will be as it is: data or mapping must change
    OPERATOR = "operator"  #: not applied; a right or a setting in QuickBooks must change
    UNKNOWN = "unknown"  #: it may have been applied: ask before writing again


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusText:
    """One status code in words."""

    fate: Fate
    says: str  #: what it means
    do: str  #: the next step
    owner: Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status as it was answered, judged."""

    code: int
    words: str  #: QuickBooks' own, verbatim
    fate: Fate
    says: str
    do: str
    owner: Owner


_NOTHING = "Nothing: it is tried again by itself."
_DATA = "Mend the invoice, the mapping or the QuickBooks entry it points to, then retry."
_SUPPORT = "Send the record of this document to the connector's support."


def _fine(fate: Fate, says: str) -> StatusText:
    return StatusText(fate=fate, says=says, do="Nothing.", owner=Owner.NOBODY)


def _retry(says: str) -> StatusText:
    return StatusText(fate=Fate.RETRY, says=says, do=_NOTHING, owner=Owner.NOBODY)


def _permanent(says: str, do: str = _DATA, owner: Owner = Owner.CLERK) -> StatusText:
    return StatusText(fate=Fate.PERMANENT, says=says, do=do, owner=owner)


def _ours(says: str) -> StatusText:
    return _permanent(says, _SUPPORT, Owner.ADMIN)


def _operator(says: str, do: str, owner: Owner = Owner.ADMIN) -> StatusText:
    return StatusText(fate=Fate.OPERATOR, says=says, do=do, owner=owner)


_RIGHTS = "Give the QuickBooks user of the Web Connector the right, under Company, Users, then retry."

#: Codes whose meaning does not depend on the words beside them.
STATUSES: dict[int, StatusText] = {
    0: _fine(Fate.OK, "QuickBooks did it."),
    1: _fine(Fate.EMPTY, "QuickBooks found nothing that matches."),
    500: _fine(Fate.INCOMPLETE, "QuickBooks did not find some of what was asked for by id or name."),
    501: _permanent("QuickBooks has the object but cannot show it in this qbXML version."),
    510: _permanent("QuickBooks has the object but cannot return it."),
    530: _fine(Fate.WARNED, "QuickBooks did it, but this edition does not support one of the fields and left it out."),
    531: _fine(Fate.WARNED, "QuickBooks did it, but this edition does not support one of the values and left it out."),
    550: _fine(Fate.WARNED, "QuickBooks saved it, but not the note with it."),
    560: _fine(Fate.WARNED, "QuickBooks did it; one of the fields is outdated."),
    570: _permanent("QuickBooks could not link it, because the other transaction is closed already."),
    1000: StatusText(
        fate=Fate.UNKNOWN,
        says="QuickBooks had an internal error, and it is not known whether the document was entered.",
        do="Nothing: QuickBooks is asked before anything is sent again.",
        owner=Owner.NOBODY,
    ),
    1010: _retry("QuickBooks is not available at the moment."),
    1030: _ours("This QuickBooks does not support the request."),
    1060: _ours("QuickBooks refused the name of the request."),
    3000: _permanent("An id in the request is not one that QuickBooks could have given.", _DATA),
    3010: _ours("QuickBooks could not read a yes-or-no value."),
    3020: _ours("QuickBooks could not read a date."),
    3030: _ours("QuickBooks could not use a range of dates."),
    3031: _ours("QuickBooks could not use a range of names or numbers."),
    3035: _ours("QuickBooks could not read a length of time."),
    3040: _ours("QuickBooks could not read an amount."),
    3070: _permanent("A text is longer than QuickBooks can hold in that field."),
    3100: _permanent(
        "The name is already in use in QuickBooks; vendors, customers, employees and other names share one list.",
        "Use the existing entry, or give the new one another name.",
    ),
    3120: _permanent("QuickBooks cannot find an object that the request names."),
    3140: _permanent(
        "The document points to a vendor, account, class, customer or terms that QuickBooks does not accept:"
        " deleted, merged, inactive, or kept in another currency.",
        "Look at the entry in QuickBooks and correct the mapping, then retry.",
    ),
    3150: _ours("A value that QuickBooks needs is missing."),
    3160: _permanent("QuickBooks cannot delete the object, because it is used elsewhere."),
    3171: _operator(
        "The date is on or before the closing date of the company file.",
        "Change the voucher date in Basware, or move the closing date in QuickBooks, then retry.",
        Owner.CONTROLLER,
    ),
    3175: _retry("The object is open in somebody's window in QuickBooks, or locked."),
    3176: _retry("A related object is open in somebody's window in QuickBooks, or locked."),
    3200: StatusText(
        fate=Fate.STALE,
        says="Somebody changed the record in QuickBooks meanwhile.",
        do="Nothing: it is read again by itself.",
        owner=Owner.NOBODY,
    ),
    3210: _permanent("A value is not allowed in its field, such as a payment above what is due."),
    3220: _operator("The Web Connector's QuickBooks user is not allowed to do this.", _RIGHTS),
    3231: _retry("QuickBooks did not get to it, because an earlier request of the same message failed."),
    3250: _operator(
        "A feature that the document needs is turned off or not part of this QuickBooks edition, such as class"
        " tracking or multiple currencies.",
        "Turn the feature on under Edit, Preferences, or change the mapping so that it is not needed; then retry.",
        Owner.CONTROLLER,
    ),
    3260: _operator("The Web Connector's QuickBooks user lacks a permission.", _RIGHTS),
    3261: _operator(
        "The connector has no permission in this company file.",
        "Allow it under Edit, Preferences, Integrated Applications, then retry.",
    ),
    3262: _operator(
        "The connector may not see personal data in this company file.",
        "Allow it under Edit, Preferences, Integrated Applications, then retry.",
    ),
    3263: _operator("The request needs a payroll subscription.", "Renew the subscription in QuickBooks, then retry."),
    3264: _operator(
        "The connector may only read in this company file.",
        "Allow writing under Edit, Preferences, Integrated Applications, and check IsReadOnly in the .qwc file.",
    ),
    3270: _permanent("An account that the posting needs is missing."),
    3290: _ours("The lines of a changed transaction are out of order."),
    3301: _permanent("QuickBooks allows this only to a person at the screen.", "Enter the document by hand."),
    3390: _permanent("QuickBooks refused it for another reason."),
    3500: _permanent("QuickBooks could not merge the entries."),
}

#: Codes whose meaning is in the words beside them: (when it passes by itself, when it does not).
BY_WORDS: dict[int, tuple[StatusText, StatusText]] = {
    3170: (
        _retry("Somebody is changing the same list in QuickBooks at this moment."),
        _permanent("QuickBooks could not change the object."),
    ),
    3180: (
        _retry("QuickBooks could not save it, because somebody else was changing the same list or object."),
        _permanent("QuickBooks could not save it; the reason is in its words."),
    ),
}

# What QuickBooks writes when another user was in the way. Source: quickbooks-php, its handler of 3170 to 3180.
_PASSING = (
    "modified by another user",
    "could not be locked",
    "failed to acquire the lock",
    "list element is in use",
)

_UNLISTED = StatusText(
    fate=Fate.UNKNOWN,
    says="QuickBooks answered with a status that the connector does not know.",
    do="Nothing: QuickBooks is asked what it did before anything is sent again.",
    owner=Owner.NOBODY,
)
_MACRO = _ours("QuickBooks could not resolve a reference inside the message.")
# A warning says "processed, look closer"; only the codes above are known to mean what they mean for a write.
_READ_ONLY_REFUSALS = frozenset({501, 510, 570})


def classify_status(code: int, message: str, *, write: bool = False) -> Status:
    """Judge one response by its status code, and by its words where the code alone says too little.

    With `write`, warnings that leave open whether the write took effect count as unknown. Whatever the fate, a response
    that carries a record proves that the record exists.
    Source: docs/reference/quickbooks.md, status codes.
    """
    if write and code in _READ_ONLY_REFUSALS:
        text = _UNLISTED
    elif code in BY_WORDS:
        passing, lasting = BY_WORDS[code]
        text = passing if any(words in message.casefold() for words in _PASSING) else lasting
    elif 9100 <= code <= 9199:
        text = _MACRO
    else:
        text = STATUSES.get(code, _UNLISTED)
    return Status(code=code, words=message, fate=text.fate, says=text.says, do=text.do, owner=text.owner)


def explain(code: int, message: str) -> str:
    """Say it to an AP clerk in one line: what it means, QuickBooks' own words, and what to do."""
    status = classify_status(code, message)
    words = " ".join(message.split())
    quoted = f' QuickBooks says: "{words}"' if words and status.fate is not Fate.OK else ""
    return f"{status.says}{quoted} {status.do}" if status.fate is not Fate.OK else status.says


class SetFate(StrEnum):
    """What QuickBooks says of a whole message set."""

    ANSWERED = "answered"  #: the responses are those of the set that was asked for
    NO_RECORD = "no_record"  #: QuickBooks recalls no such set: not applied as far as it knows; look the Bills up
    OTHER_CONTENT = "other_content"  #: the name was used with other content: a promise of ours is broken
    BAD_NAME = "bad_name"  #: the name is too long
    NOT_KEPT = "not_kept"  #: the requests ran, but QuickBooks could not keep the answer for later
    UNKNOWN = "unknown"  #: a code not known


_SETS = {
    0: SetFate.ANSWERED,
    600: SetFate.NO_RECORD,
    9001: SetFate.OTHER_CONTENT,
    9002: SetFate.NO_RECORD,
    9004: SetFate.BAD_NAME,
    9005: SetFate.NOT_KEPT,
}


def classify_message_set(code: int | None) -> SetFate:
    """Judge `messageSetStatusCode`; None (QuickBooks gave none) is an ordinary answer. Source: Intuit ErrRecovery."""
    return SetFate.ANSWERED if code is None else _SETS.get(code, SetFate.UNKNOWN)

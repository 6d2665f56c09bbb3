"""How an entry of a QuickBooks list stands between the two systems: one word for each entry, and what a person reads."""

from __future__ import annotations

from enum import StrEnum


class EntryStanding(StrEnum):
    """What is to be done about an entry, or what became of it; the first that holds."""

    REFUSED = "refused"  #: Basware turned down its latest version
    NEW = "new"  #: Basware never had it; it is to be sent
    CHANGED = "changed"  #: Basware has an earlier version; it is to be sent
    SENT = "sent"  #: on its way; Basware has not said yet
    EQUAL = "equal"  #: Basware has it as it is
    INACTIVE = "inactive"  #: nobody may use it any more, and Basware knows
    MERGED = "merged"  #: part of another entry now, and inactive in Basware
    DELETED = "deleted"  #: no longer in QuickBooks, and inactive in Basware


#: In the order in which people look at them: what needs somebody first.
STANDINGS: tuple[EntryStanding, ...] = tuple(EntryStanding)

#: The word on the badge, and the sentence that explains it.
WORDS: dict[EntryStanding, tuple[str, str]] = {
    EntryStanding.REFUSED: ("Refused by Basware", "Basware, or the check before it is sent, turned down how it is now."),
    EntryStanding.NEW: ("New, to be sent", "Basware has never had it; it is sent with the next round."),
    EntryStanding.CHANGED: ("Changed, to be sent", "Basware has an earlier version; it is sent with the next round."),
    EntryStanding.SENT: ("Sent", "Basware took it in, and has not said yet what became of it."),
    EntryStanding.EQUAL: ("In Basware", "Basware has it as it is in QuickBooks."),
    EntryStanding.INACTIVE: ("Inactive", "It is inactive in QuickBooks, and Basware knows."),
    EntryStanding.MERGED: ("Merged", "It is part of another entry now; in Basware it is inactive."),
    EntryStanding.DELETED: ("Gone from QuickBooks", "It was deleted, or merged into another entry; in Basware it is inactive."),
}  # fmt: skip

"""Which qbXML version is spoken with a company file, and what is lost below certain versions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ml_connector.core.errors import NeedsOperator

_PLAIN = re.compile(r"(\d{1,2})\.(\d{1,2})")


class VersionTooOld(NeedsOperator):
    """This QuickBooks speaks no qbXML version that can carry a Bill as it must be."""


class Version(NamedTuple):
    """A qbXML version; compares by age."""

    major: int
    minor: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def has_external_guid(self) -> bool:
        """Bills carry an `ExternalGUID`, our second mark beside the memo. Source: qbxmlops, BillAdd, v9.0."""
        return self >= EXTERNAL_GUID

    @property
    def has_error_recovery(self) -> bool:
        """Answers to writes carry an `ErrorRecovery` part. Source: qbxmlops, BillAddRs, v11.0."""
        return self >= ERROR_RECOVERY

    @property
    def losses(self) -> tuple[str, ...]:
        """Sentences for the operator: what this version cannot do that the newest one can."""
        found = []
        if not self.has_external_guid:
            found.append(
                f"qbXML {self} keeps no ExternalGUID, so a Bill is recognised by its memo alone: do not let users"
                " remove the mark in the memo."
            )
        if not self.has_error_recovery:
            found.append(f"qbXML {self} has no ErrorRecovery, so a lost answer is resolved by looking the Bill up.")
        return tuple(found)


#: The newest version spoken: Bills, vendors and payments did not change after it. Source: qbxmlops130 against 140.
NEWEST = Version(13, 0)
#: The oldest version that can post: below it a vendor's currency cannot be read. Source: qbxmlops, CurrencyRef, v8.0.
OLDEST = Version(8, 0)
EXTERNAL_GUID = Version(9, 0)
ERROR_RECOVERY = Version(11, 0)


def read_version(text: str) -> Version | None:
    """Read `13.0`; None for anything else, such as the `CA3.0` of other countries' old editions."""
    match = _PLAIN.fullmatch(text.strip())
    return Version(int(match[1]), int(match[2])) if match else None


def negotiate(major: int | str, minor: int | str, supported: Iterable[str] = ()) -> Version:
    """Choose the version to speak: the newest that both sides know, 13.0 at most.

    `major` and `minor` come from sendRequestXML (numbers, or the text as it came); `supported` is HostRet's
    `SupportedQBXMLVersion` list and is believed rather than the numbers, because only it says which versions exist.

    Raises:
        VersionTooOld: nothing at or above 8.0 is spoken; the sentence says what to do.
    Source: QBWC Programmer's Guide, sendRequestXML; qbxmlops, HostRet.
    """
    known = [version for text in supported if (version := read_version(text)) is not None]
    told = read_version(f"{major}.{minor}")
    if not known and told is not None and told > (0, 0):
        known = [min(told, NEWEST)]
    usable = [version for version in known if OLDEST <= version <= NEWEST]
    if usable:
        return max(usable)
    if not known:
        raise VersionTooOld(
            "QuickBooks did not say which qbXML version it speaks: close and reopen the company file, then run the"
            " Web Connector again."
        )
    raise VersionTooOld(
        f"This QuickBooks speaks qbXML {max(known)}, which is too old to post Bills: update QuickBooks to 2009 or"
        " later (qbXML 8.0)."
    )

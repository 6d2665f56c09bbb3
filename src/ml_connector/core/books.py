"""Books: a frozen snapshot of one company file's lists and preferences, as far as a decision needs them."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType

ListId = NewType("ListId", str)  # QuickBooks `ListID`
TxnId = NewType("TxnId", str)  # QuickBooks `TxnID`; exists only once the transaction does

NO_ENTRY = ListId("")  # points to nothing
IGNORE = NO_ENTRY  # mapping target: leave the reference out of the Bill


class ListKind(StrEnum):
    """The lists that are read from QuickBooks and published to Basware."""

    TERMS = "terms"
    VENDOR = "vendor"
    ACCOUNT = "account"
    CLASS = "class"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """One entry of a QuickBooks list that an invoice can point to."""

    kind: ListKind
    list_id: ListId
    code: str  #: the code Basware knows it by
    full_name: str
    active: bool = True
    account_type: str = ""  #: QuickBooks `AccountType`, accounts only
    currency: str = ""  #: ISO code; empty means the home currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What the company file allows, from the first answer of the latest session."""

    home_currency: str = "USD"
    multicurrency: bool = False
    class_tracking: bool = True
    closing_date: date | None = None  #: transactions on or before it are refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Lists and preferences as of one snapshot; answers by Basware code or by ListID."""

    version: int  #: counts the changes of the mirrored lists; recorded in every plan
    preferences: Preferences
    by_code: ReadOnlyDict[tuple[ListKind, str], BookEntry] = field(default_factory=dict)
    by_list_id: ReadOnlyDict[str, BookEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What a person decided: this Basware code means that QuickBooks entry, or nothing (`IGNORE`)."""

    version: int = 0
    targets: ReadOnlyDict[tuple[ListKind, str], ListId] = field(default_factory=dict)

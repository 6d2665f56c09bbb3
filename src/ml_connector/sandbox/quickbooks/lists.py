"""The lists of a company file: vendors, accounts, classes, customers and jobs, terms, currencies.

Names are unique without regard to case. Vendors and top-level customers share one namespace, accounts, classes and
jobs are unique below their parent, the two kinds of terms share one. (Intuit, status code 3100; qbxmlops schemas.)
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from ml_connector.sandbox.quickbooks.hostclock import Stamp
from ml_connector.sandbox.quickbooks.records import (
    Account,
    Currency,
    Customer,
    DateDrivenTerms,
    ListEntry,
    QbClass,
    StandardTerms,
    Tombstone,
    Vendor,
)
from ml_connector.sandbox.quickbooks.refusals import Refusal

Entry = TypeVar("Entry", bound=ListEntry)

LIST_TYPES: dict[str, type[ListEntry]] = {
    "Vendor": Vendor,
    "Account": Account,
    "Class": QbClass,
    "Customer": Customer,
    "StandardTerms": StandardTerms,
    "DateDrivenTerms": DateDrivenTerms,
    "Currency": Currency,
}
_NAMESPACES = {"StandardTerms": "Terms", "DateDrivenTerms": "Terms"}


def list_kind(entry: ListEntry) -> str:
    """ListDelType of an entry, e.g. `Vendor`."""
    for kind, kind_type in LIST_TYPES.items():
        if type(entry) is kind_type:
            return kind
    raise TypeError(f"{type(entry).__name__} is no list entry")


class Lists:
    """All lists, indexed by ListID and by full name."""

    def __init__(self) -> None:
        self.by_id: dict[str, dict[str, ListEntry]] = {kind: {} for kind in LIST_TYPES}
        self.tombstones: list[Tombstone] = []
        self._by_name: dict[str, dict[str, str]] = {}
        self._next_number = 0x80000001

    def new_id(self, stamp: Stamp) -> str:
        """The next ListID: a hexadecimal counter, a dash, Unix time."""
        list_id = f"{self._next_number:X}-{stamp.epoch}"
        self._next_number += 1
        return list_id

    def add(self, entry: Entry, stamp: Stamp) -> Entry:
        """Save a new entry; its ListID is kept when it has one already.

        Raises:
            Refusal: 3100 when the name is taken.
        """
        kind = list_kind(entry)
        if entry.list_id:
            counter = entry.list_id.partition("-")[0]
            self._next_number = max(self._next_number, int(counter, 16) + 1)
        else:
            entry.list_id = self.new_id(stamp)
        name = self._full_name(entry, kind)
        self.refuse_taken_name(kind, name, entry.list_id)
        entry.created = entry.created or stamp.local
        self.touch(entry, stamp)
        self.by_id[kind][entry.list_id] = entry
        self._names(kind)[name.casefold()] = entry.list_id
        return entry

    def touch(self, entry: ListEntry, stamp: Stamp) -> None:
        """Record that the entry was saved at `stamp`."""
        entry.modified = stamp.local
        entry.edit_sequence = stamp.epoch

    def refuse_taken_name(self, kind: str, full_name: str, list_id: str) -> None:
        """Raises Refusal 3100 when another entry of the namespace has that full name."""
        rivals = [kind]
        if kind in ("Vendor", "Customer"):
            rivals = ["Vendor", "Customer"]
        for rival in rivals:
            holder = self._names(rival).get(full_name.casefold())
            if holder is not None and holder != list_id:
                raise Refusal(3100, f'The name "{full_name}" of the list element is already in use.')

    def rename(self, entry: ListEntry, name: str, stamp: Stamp) -> None:
        """Give an entry another name; children's full names follow.

        Raises:
            Refusal: 3100 when the name is taken.
        """
        kind = list_kind(entry)
        old = entry.name
        entry.name = name
        try:
            self.refuse_taken_name(kind, self._full_name(entry, kind), entry.list_id)
        except Refusal:
            entry.name = old
            raise
        self.touch(entry, stamp)
        self._reindex(kind)

    def remove(self, entry: ListEntry, stamp: Stamp) -> None:
        """Delete an entry and leave a tombstone."""
        kind = list_kind(entry)
        full_name = self._full_name(entry, kind)
        self.tombstones.append(
            Tombstone(
                kind=kind,
                object_id=entry.list_id,
                created=entry.created,
                deleted=stamp.local,
                deleted_epoch=stamp.epoch,
                label=full_name,
            )
        )
        del self.by_id[kind][entry.list_id]
        self._reindex(kind)

    def get(self, kind: str, list_id: str | None) -> ListEntry | None:
        """The entry of that ListID."""
        return None if list_id is None else self.by_id[kind].get(list_id)

    def named(self, kind: str, full_name: str) -> ListEntry | None:
        """The entry of that full name, without regard to case."""
        list_id = self._names(kind).get(full_name.casefold())
        return None if list_id is None else self.by_id[kind].get(list_id)

    def vendor(self, list_id: str) -> Vendor:
        """A vendor that is known to exist."""
        entry = self.by_id["Vendor"][list_id]
        assert isinstance(entry, Vendor)
        return entry

    def account(self, list_id: str) -> Account:
        """An account that is known to exist."""
        entry = self.by_id["Account"][list_id]
        assert isinstance(entry, Account)
        return entry

    def terms(self, list_id: str | None) -> StandardTerms | DateDrivenTerms | None:
        """Terms of either kind."""
        found = self.get("StandardTerms", list_id) or self.get("DateDrivenTerms", list_id)
        assert found is None or isinstance(found, (StandardTerms, DateDrivenTerms))
        return found

    def currency(self, list_id: str | None) -> Currency | None:
        """A currency by ListID."""
        entry = self.get("Currency", list_id)
        assert entry is None or isinstance(entry, Currency)
        return entry

    def full_name(self, entry: ListEntry) -> str:
        """Names from the topmost parent down, joined with colons."""
        return entry.name if entry.parent_id is None else self._full_name(entry, list_kind(entry))

    def full_name_of(self, kind: str, list_id: str) -> str:
        """Full name of a referenced entry."""
        entry = self.by_id[kind].get(list_id)
        return "" if entry is None else self._full_name(entry, kind)

    def sublevel(self, entry: ListEntry) -> int:
        """How many parents the entry has."""
        return self.full_name(entry).count(":") if entry.parent_id else 0

    def accounts_where(self, wanted: Callable[[Account], bool]) -> Iterator[Account]:
        """Active accounts that satisfy a condition, in the order they were made."""
        for entry in self.by_id["Account"].values():
            if isinstance(entry, Account) and entry.is_active and wanted(entry):
                yield entry

    def is_under(self, kind: str, list_id: str | None, ancestors: set[str]) -> bool:
        """Whether the entry or one of its parents is among `ancestors`."""
        while list_id is not None:
            if list_id in ancestors:
                return True
            entry = self.by_id[kind].get(list_id)
            list_id = entry.parent_id if entry else None
        return False

    def _full_name(self, entry: ListEntry, kind: str) -> str:
        if entry.parent_id is None:
            return entry.name
        parent = self.by_id[kind].get(entry.parent_id)
        return entry.name if parent is None else f"{self._full_name(parent, kind)}:{entry.name}"

    def _names(self, kind: str) -> dict[str, str]:
        return self._by_name.setdefault(_NAMESPACES.get(kind, kind), {})

    def _reindex(self, kind: str) -> None:
        namespace = _NAMESPACES.get(kind, kind)
        names = self._by_name[namespace] = {}
        for member in LIST_TYPES:
            if _NAMESPACES.get(member, member) == namespace:
                for entry in self.by_id[member].values():
                    names[self._full_name(entry, member).casefold()] = entry.list_id

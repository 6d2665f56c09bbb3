"""A company file: its lists, its transactions, its preferences, and what QuickBooks remembers of applications.

A backup is everything in `FileContents`. Restoring one drops whatever came after it, the memory of message sets
included, and is visible only as LastRestoreTime. (QBWC Programmer's Guide ch. 8; qbxmlops130, CompanyActivityRet.)
"""

import hashlib
import pickle
from dataclasses import dataclass, field

from ml_connector.sandbox.quickbooks.hostclock import HostClock, Stamp
from ml_connector.sandbox.quickbooks.ledger import Ledger
from ml_connector.sandbox.quickbooks.lists import Lists
from ml_connector.sandbox.quickbooks.records import Account, Currency, Record
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal

DEFAULT_PATH = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Cascade Ridge Builders.QBW"


@dataclass(slots=True, kw_only=True)
class Preferences:
    """The preferences the qbXML interface shows."""

    uses_account_numbers: bool = True
    uses_classes: bool = True
    multicurrency: bool = False
    home_currency_id: str | None = None
    closing_date: str | None = None  #: `YYYY-MM-DD`; bills dated on or before it are refused
    days_bills_are_due: int = 10  #: for bills without terms and due date


@dataclass(slots=True, kw_only=True)
class FileContents:
    """What a backup holds."""

    company_name: str = "Company"
    address: dict[str, str] = field(default_factory=dict)  #: Addr1, City ... by qbXML name
    preferences: Preferences = field(default_factory=Preferences)
    lists: Lists = field(default_factory=Lists)
    ledger: Ledger = field(default_factory=Ledger)
    data_exts: dict[tuple[str, str], str] = field(default_factory=dict)  #: (OwnerID, name) -> value, on the Company
    last_restore: str | None = None  #: host-local wall time
    last_condense: str | None = None  #: host-local wall time


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedSet:
    """What error recovery keeps of one message set."""

    checksum: str  #: of the requests' text
    answers: str  #: the `...Rs` elements as answered


class MessageSetMemory:
    """Saved states of message sets, per application. (Intuit sample ErrRecovery1-3.)"""

    def __init__(self) -> None:
        self._sets: dict[tuple[str, str], RememberedSet] = {}

    @staticmethod
    def checksum(contents: str) -> str:
        """Checksum of the requests' text, byte for byte."""
        return hashlib.sha256(contents.encode("utf-8")).hexdigest()

    def get(self, application: str, set_id: str) -> RememberedSet | None:
        """The saved state of a message set."""
        return self._sets.get((application, set_id))

    def save(self, application: str, set_id: str, remembered: RememberedSet) -> None:
        """Keep the state of a message set."""
        self._sets[application, set_id] = remembered

    def clear(self, application: str, set_id: str) -> bool:
        """Forget one message set; False when it was not known."""
        return self._sets.pop((application, set_id), None) is not None

    def clear_all(self, application: str) -> None:
        """Forget every message set of an application."""
        for key in [key for key in self._sets if key[0] == application]:
            del self._sets[key]

    def forget(self) -> None:
        """Forget everything, as a restored backup does."""
        self._sets.clear()

    def known_ids(self) -> list[str]:
        """Ids of all remembered sets."""
        return [set_id for _, set_id in self._sets]


class CompanyFile:
    """One .qbw file."""

    def __init__(
        self, host_clock: HostClock, *, path: str = DEFAULT_PATH, contents: FileContents | None = None
    ) -> None:
        self.path = path
        self.host_clock = host_clock
        self.contents = contents or FileContents()
        self.memory = MessageSetMemory()
        self._backups: dict[str, bytes] = {}

    @property
    def lists(self) -> Lists:
        """The file's lists."""
        return self.contents.lists

    @property
    def ledger(self) -> Ledger:
        """The file's transactions."""
        return self.contents.ledger

    @property
    def preferences(self) -> Preferences:
        """The file's preferences."""
        return self.contents.preferences

    def now(self) -> Stamp:
        """The host's present second."""
        return self.host_clock.now()

    def printed(self, record: Record) -> tuple[str, str]:
        """TimeCreated and TimeModified as they stand in an answer."""
        return self.host_clock.printed(record.created), self.host_clock.printed(record.modified)

    def is_closed(self, txn_date: str) -> bool:
        """Whether a date lies in a closed period (on or before the closing date)."""
        closing = self.preferences.closing_date
        return closing is not None and txn_date <= closing

    def home_currency(self) -> Currency | None:
        """The home currency when multicurrency is on."""
        return self.lists.currency(self.preferences.home_currency_id)

    def same_currency(self, one: str | None, other: str | None) -> bool:
        """Whether two currency ids are the same currency; None is the home currency."""
        home = self.preferences.home_currency_id
        return (one or home) == (other or home)

    def is_home_currency(self, currency_id: str | None) -> bool:
        """Whether a currency id is the home currency."""
        return currency_id is None or currency_id == self.preferences.home_currency_id

    def default_payables_account(self, currency_id: str | None) -> Account | None:
        """The A/P account QuickBooks takes when none is named: the first of the currency.

        For a foreign currency QuickBooks makes the account with the first transaction, so this does too.
        """
        for account in self.lists.accounts_where(lambda entry: entry.account_type == "AccountsPayable"):
            if self.same_currency(account.currency_id, currency_id):
                return account
        currency = self.lists.currency(currency_id)
        if currency is None or self.is_home_currency(currency_id):
            return None
        made = Account(
            name=f"Accounts Payable - {currency.code}",
            account_type="AccountsPayable",
            special_type="AccountsPayable",
            currency_id=currency_id,
        )
        return self.lists.add(made, self.now())

    def take_backup(self, name: str) -> None:
        """Keep a copy of the file as it is now."""
        self._backups[name] = pickle.dumps(self.contents, protocol=pickle.HIGHEST_PROTOCOL)

    def restore_backup(self, name: str) -> None:
        """Put the file back to a backup taken earlier.

        Raises:
            ScreenRefusal: there is no backup of that name.
        """
        contents = self._kept(name)
        contents.last_restore = self.now().local
        self._become(contents)

    def copy_back(self, name: str) -> None:
        """Put an earlier copy of the file in its place, as Windows does it: QuickBooks takes no note of it.

        Raises:
            ScreenRefusal: there is no copy of that name.
        """
        self._become(self._kept(name))

    def condense(self, up_to: str) -> int:
        """Remove bills up to a date that are paid in full, with what paid them; returns how many bills went.

        Condensing replaces them by summaries and leaves no tombstones. (QuickBooks help, Condense Data.)
        """
        stamp = self.now()
        self.contents.last_condense = stamp.local
        ledger = self.ledger
        done = [bill for bill in ledger.bills() if bill.txn_date <= up_to and ledger.open_amount(bill) == 0]
        going = {bill.txn_id for bill in done}
        for bill in done:
            for other_id in {link.other_id for link in ledger.links(bill.txn_id)}:
                if {link.bill_id for link in ledger.links(other_id)} <= going:
                    other = ledger.get(other_id)
                    if other is not None:
                        ledger.drop(other)
        for bill in done:
            ledger.drop(bill)
        return len(done)

    def _kept(self, name: str) -> FileContents:
        kept = self._backups.get(name)
        if kept is None:
            raise ScreenRefusal(f'There is no backup named "{name}".')
        contents = pickle.loads(kept)  # noqa: S301 - written by take_backup in this process
        assert isinstance(contents, FileContents)
        return contents

    def _become(self, contents: FileContents) -> None:
        self.contents = contents
        self.memory.forget()

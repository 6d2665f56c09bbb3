"""Following `...Ref` elements to list entries.

A ListID decides when it is given, otherwise the FullName without regard to case. What leads nowhere, leads to an
inactive entry or to an account that cannot take the posting is refused with 3140. (Intuit status codes; the exact text
for inactive entries is not documented and differs between releases.)
"""

from datetime import date, timedelta

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.parsing import Node
from ml_connector.sandbox.quickbooks.records import Account, DateDrivenTerms, ListEntry, StandardTerms, Vendor
from ml_connector.sandbox.quickbooks.refusals import Refusal, invalid_reference

_NOT_POSTABLE = frozenset({"AccountsPayable", "AccountsReceivable", "NonPosting"})


class References:
    """Reference resolution for one request; `where` names the object in refusals, e.g. `Bill`."""

    def __init__(self, company: CompanyFile, where: str) -> None:
        self._company = company
        self._where = where

    def entry(self, ref: Node | None, kind: str, *, what: str | None = None) -> ListEntry | None:
        """The active entry a reference names; None when the reference is absent or empty.

        Raises:
            Refusal: 3140.
        """
        if ref is None:
            return None
        list_id = ref.value("ListID")
        full_name = ref.value("FullName")
        key = list_id or full_name
        if not key:
            return None
        lists = self._company.lists
        found = lists.get(kind, list_id) if list_id else lists.named(kind, key)
        if found is None:
            raise invalid_reference(what or kind, key, self._where)
        if not found.is_active:
            raise Refusal(
                3140,
                f'There is an invalid reference to QuickBooks {what or kind} "{key}" in the {self._where}.  '
                "QuickBooks error message: The list element is inactive.",
            )
        return found

    def vendor(self, ref: Node | None) -> Vendor | None:
        """The vendor a reference names."""
        found = self.entry(ref, "Vendor")
        assert found is None or isinstance(found, Vendor)
        return found

    def payables_account(self, ref: Node | None, currency_id: str | None) -> Account | None:
        """The A/P account a reference names; it must be in the vendor's currency."""
        found = self.entry(ref, "Account")
        if found is None:
            return None
        assert isinstance(found, Account)
        if found.account_type != "AccountsPayable":
            raise Refusal(
                3140,
                f'There is an invalid reference to QuickBooks Account "{found.list_id}" in the {self._where}.  '
                "QuickBooks error message: The account must be of type accounts payable.",
            )
        if not self._company.same_currency(found.currency_id, currency_id):
            raise _currency_mismatch(found, self._where)
        return found

    def posting_account(self, ref: Node | None, currency_id: str | None) -> Account | None:
        """The account an expense line may be posted to."""
        found = self.entry(ref, "Account")
        if found is None:
            return None
        assert isinstance(found, Account)
        if found.account_type in _NOT_POSTABLE:
            raise Refusal(
                3140,
                f'There is an invalid reference to QuickBooks Account "{found.list_id}" in the {self._where}.  '
                "QuickBooks error message: This account cannot be used on this line.",
            )
        home = self._company.is_home_currency(found.currency_id)
        if not home and not self._company.same_currency(found.currency_id, currency_id):
            raise _currency_mismatch(found, self._where)
        return found

    def terms(self, ref: Node | None) -> StandardTerms | DateDrivenTerms | None:
        """Terms of either kind."""
        if ref is None:
            return None
        key = ref.value("ListID") or ref.value("FullName")
        if not key:
            return None
        lists = self._company.lists
        if ref.value("ListID"):
            found: ListEntry | None = lists.terms(key)
        else:
            found = lists.named("StandardTerms", key) or lists.named("DateDrivenTerms", key)
        if found is None or not found.is_active:
            raise invalid_reference("Terms", key, self._where)
        assert isinstance(found, (StandardTerms, DateDrivenTerms))
        return found

    def class_id(self, ref: Node | None) -> str | None:
        """ListID of the class a reference names.

        Raises:
            Refusal: 3250 while class tracking is off, 3140.
        """
        if ref is None:
            return None
        if not self._company.preferences.uses_classes:
            raise Refusal(3250, "This feature is not enabled or not available in this version of QuickBooks: ClassRef.")
        found = self.entry(ref, "Class")
        return found.list_id if found else None


def due_date(txn_date: str, terms: StandardTerms | DateDrivenTerms | None, default_days: int) -> str:
    """When a bill of `txn_date` is due: by its terms, else after the preference's number of days."""
    day = date.fromisoformat(txn_date)
    if isinstance(terms, DateDrivenTerms):
        due = _in_month(day.year, day.month, terms.day_of_month_due)
        if due <= day or (due - day).days < terms.due_next_month_days:
            year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
            due = _in_month(year, month, terms.day_of_month_due)
        return due.isoformat()
    days = default_days if terms is None else terms.due_days
    return (day + timedelta(days=days)).isoformat()


def _in_month(year: int, month: int, day: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month, min(day, last))


def _currency_mismatch(account: Account, where: str) -> Refusal:
    return Refusal(
        3140,
        f'There is an invalid reference to QuickBooks Account "{account.list_id}" in the {where}.  QuickBooks error '
        "message: The currency of the account must be either in home currency or the transaction currency.",
    )

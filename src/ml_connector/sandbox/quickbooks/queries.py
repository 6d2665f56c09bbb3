"""Selecting what a query asks for: lists, transactions, deletions.

IDs, names and RefNumbers exclude all other filters; those not found turn the answer into status 500. Lists show active
entries only unless asked otherwise. Transactions come oldest first. Modification filters compare host-local wall time.
(qbxmlops130; Intuit status codes; docs.conductor.is on deletions and time zones.)
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.iterators import Selection
from ml_connector.sandbox.quickbooks.parsing import Node
from ml_connector.sandbox.quickbooks.records import (
    TOMBSTONE_LIFE_S,
    Account,
    BillPayment,
    Customer,
    LinedTxn,
    ListEntry,
    Tombstone,
    Txn,
    Vendor,
)
from ml_connector.sandbox.quickbooks.refusals import Refusal, invalid_reference

T = TypeVar("T")

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "LessThan": lambda left, right: left < right,
    "LessThanEqual": lambda left, right: left <= right,
    "Equal": lambda left, right: left == right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanEqual": lambda left, right: left >= right,
}


def select_entries(company: CompanyFile, kinds: tuple[str, ...], node: Node) -> Selection[ListEntry]:
    """Entries of a list query; `kinds` is two kinds for TermsQuery, one otherwise."""
    lists = company.lists
    wanted = node.values("ListID")
    if wanted:
        return _looked_up(wanted, lambda key: [e for kind in kinds if (e := lists.get(kind, key)) is not None])
    wanted = node.values("FullName")
    if wanted:
        return _looked_up(wanted, lambda key: [e for kind in kinds if (e := lists.named(kind, key)) is not None])
    tests = _entry_tests(company, kinds[0], node)
    entries = [entry for kind in kinds for entry in lists.by_id[kind].values()]
    found = [entry for entry in entries if all(test(entry) for test in tests)]
    if len(kinds) == 1 and kinds[0] in ("Account", "Class", "Customer"):
        found.sort(key=lambda entry: lists.full_name(entry).casefold())
    else:
        found.sort(key=lambda entry: entry.name.casefold())
    return Selection(items=found)


def select_txns(company: CompanyFile, kind: str, node: Node) -> Selection[Txn]:
    """Transactions of one kind, oldest first."""
    ledger = company.ledger
    wanted = node.values("TxnID")
    if wanted:
        return _looked_up(wanted, lambda key: [t for t in (ledger.by_kind[kind].get(key),) if t is not None])
    wanted = node.values("RefNumber")
    if wanted:
        return _without_total_miss(_looked_up(wanted, lambda key: ledger.with_ref(kind, key)))
    wanted = node.values("RefNumberCaseSensitive")
    if wanted:
        return _without_total_miss(
            _looked_up(wanted, lambda key: [txn for txn in ledger.with_ref(kind, key) if txn.ref_number == key])
        )
    candidates: Iterable[Txn] = ledger.by_kind[kind].values()
    entity_filter = node.find("EntityFilter")
    if entity_filter is not None:
        vendors = _filtered_ids(company, entity_filter, ("Vendor", "Customer"), "Entity")
        candidates = sorted(
            (txn for vendor in vendors for txn in ledger.of_entity(vendor) if txn.kind == kind),
            key=lambda txn: txn.txn_number,
        )
    tests = _txn_tests(company, node)
    return Selection(items=[txn for txn in candidates if all(test(txn) for test in tests)])


def select_tombstones(
    company: CompanyFile, tombstones: list[Tombstone], element: str, node: Node
) -> Selection[Tombstone]:
    """Deletions of the asked kinds within ninety days, by time of deletion within each kind."""
    low, high = _range(company, node.find("DeletedDateRangeFilter"), "FromDeletedDate", "ToDeletedDate")
    oldest = company.now().epoch - TOMBSTONE_LIFE_S
    found: list[Tombstone] = []
    for kind in dict.fromkeys(node.values(element)):
        of_kind = [
            stone
            for stone in tombstones
            if stone.kind == kind and stone.deleted_epoch >= oldest and low <= stone.deleted <= high
        ]
        found += sorted(of_kind, key=lambda stone: stone.deleted_epoch)
    return Selection(items=found)


def _looked_up(wanted: list[str], find: Callable[[str], list[T]]) -> Selection[T]:
    found: dict[int, T] = {}
    missing: str | None = None
    for key in wanted:
        hits = find(key)
        if not hits and missing is None:
            missing = key
        found.update((id(hit), hit) for hit in hits)
    return Selection(items=list(found.values()), missing=missing)


def _without_total_miss(selection: Selection[T]) -> Selection[T]:
    # A RefNumber nobody has is an empty result (status 1), not a missing object.
    return selection if selection.items else Selection(items=[])


def _entry_tests(company: CompanyFile, kind: str, node: Node) -> list[Callable[[ListEntry], bool]]:
    tests: list[Callable[[ListEntry], bool]] = []
    active = node.value("ActiveStatus") or "ActiveOnly"
    if active != "All":
        wanted_active = active == "ActiveOnly"
        tests.append(lambda entry: entry.is_active is wanted_active)
    if node.find("FromModifiedDate") or node.find("ToModifiedDate"):
        low, high = _range(company, node, "FromModifiedDate", "ToModifiedDate")
        tests.append(lambda entry: low <= entry.modified <= high)
    name_filter = node.find("NameFilter")
    if name_filter is not None:
        matches = _text_match(name_filter.value("MatchCriterion") or "", name_filter.value("Name") or "")
        tests.append(lambda entry: matches(company.lists.full_name(entry)))
    name_range = node.find("NameRangeFilter")
    if name_range is not None:
        within = _text_range(name_range.value("FromName"), name_range.value("ToName"))
        tests.append(lambda entry: within(company.lists.full_name(entry)))
    types = frozenset(node.values("AccountType"))
    if types:
        tests.append(lambda entry: isinstance(entry, Account) and entry.account_type in types)
    balance = node.find("TotalBalanceFilter")
    if balance is not None:
        compare = _COMPARE[balance.value("Operator") or "Equal"]
        bound = Decimal(balance.value("Amount") or "0")
        tests.append(lambda entry: compare(company.ledger.balance(entry.list_id), bound))
    currency = node.find("CurrencyFilter")
    if currency is not None:
        currencies = _filtered_ids(company, currency, ("Currency",), "Currency")
        home = company.preferences.home_currency_id
        tests.append(
            lambda entry: isinstance(entry, (Vendor, Account, Customer)) and (entry.currency_id or home) in currencies
        )
    class_filter = node.find("ClassFilter")
    if class_filter is not None:
        classes = _filtered_ids(company, class_filter, ("Class",), "Class")
        tests.append(lambda entry: isinstance(entry, Vendor) and entry.class_id in classes)
    return tests


def _txn_tests(company: CompanyFile, node: Node) -> list[Callable[[Txn], bool]]:
    tests: list[Callable[[Txn], bool]] = []
    modified = node.find("ModifiedDateRangeFilter")
    if modified is not None:
        low, high = _range(company, modified, "FromModifiedDate", "ToModifiedDate")
        tests.append(lambda txn: low <= txn.modified <= high)
    dated = node.find("TxnDateRangeFilter")
    if dated is not None:
        macro = dated.value("DateMacro")
        first, last = dated.value("FromTxnDate") or "0000", dated.value("ToTxnDate") or "9999"
        if macro:
            first, last = _macro_range(macro, date.fromisoformat(company.host_clock.today()))
        _refuse_crossed(first, last)
        tests.append(lambda txn: first <= txn.txn_date <= last)
    account_filter = node.find("AccountFilter")
    if account_filter is not None:
        accounts = _filtered_ids(company, account_filter, ("Account",), "Account")
        tests.append(lambda txn: bool(accounts & _accounts_of(txn)))
    ref_filter = node.find("RefNumberFilter")
    if ref_filter is not None:
        matches = _text_match(ref_filter.value("MatchCriterion") or "", ref_filter.value("RefNumber") or "")
        tests.append(lambda txn: matches(txn.ref_number))
    ref_range = node.find("RefNumberRangeFilter")
    if ref_range is not None:
        within = _text_range(ref_range.value("FromRefNumber"), ref_range.value("ToRefNumber"))
        tests.append(lambda txn: within(txn.ref_number))
    currency = node.find("CurrencyFilter")
    if currency is not None:
        currencies = _filtered_ids(company, currency, ("Currency",), "Currency")
        home = company.preferences.home_currency_id
        tests.append(lambda txn: (company.lists.vendor(txn.entity_id).currency_id or home) in currencies)
    paid = node.value("PaidStatus") or "All"
    if paid != "All":
        wanted_paid = paid == "PaidOnly"
        tests.append(lambda txn: isinstance(txn, LinedTxn) and (company.ledger.open_amount(txn) == 0) is wanted_paid)
    return tests


def _accounts_of(txn: Txn) -> set[str]:
    accounts = {txn.ap_account_id}
    if isinstance(txn, BillPayment):
        accounts.add(txn.account_id)
    if isinstance(txn, LinedTxn):
        accounts.update(line.account_id for line in txn.lines)
    return accounts


def _filtered_ids(company: CompanyFile, node: Node, kinds: tuple[str, ...], what: str) -> set[str]:
    """ListIDs a filter means. Raises Refusal 3140 for one that leads nowhere."""
    chosen: set[str] = set()
    parents: set[str] = set()
    for child in node.children:
        by_id = child.tag.startswith("ListID")
        hits = [
            entry
            for kind in kinds
            if (entry := company.lists.get(kind, child.text) if by_id else company.lists.named(kind, child.text))
        ]
        if not hits:
            raise invalid_reference(what, child.text, "query filter")
        (parents if child.tag.endswith("WithChildren") else chosen).update(entry.list_id for entry in hits)
    if parents:
        for kind in kinds:
            chosen.update(key for key in company.lists.by_id[kind] if company.lists.is_under(kind, key, parents))
    return chosen


def _range(company: CompanyFile, node: Node | None, low_element: str, high_element: str) -> tuple[str, str]:
    if node is None:
        return "0000", "9999"
    clock = company.host_clock
    low, high = node.value(low_element), node.value(high_element)
    low_bound = clock.filter_bound(low, end=False) if low else "0000"
    high_bound = clock.filter_bound(high, end=True) if high else "9999"
    _refuse_crossed(low_bound, high_bound)
    return low_bound, high_bound


def _refuse_crossed(low: str, high: str) -> None:
    if low > high:
        raise Refusal(3030, "Invalid date range: From date is greater than To date.")


def _text_match(criterion: str, text: str) -> Callable[[str], bool]:
    needle = text.casefold()
    if criterion == "StartsWith":
        return lambda value: value.casefold().startswith(needle)
    if criterion == "EndsWith":
        return lambda value: value.casefold().endswith(needle)
    return lambda value: needle in value.casefold()


def _text_range(low: str | None, high: str | None) -> Callable[[str], bool]:
    first, last = (low or "").casefold(), (high or "").casefold()
    if last and first > last:
        raise Refusal(3031, 'The "From" or "To" values in the provided range are invalid.')
    # The upper name is a prefix: a range to "M" includes "Miller".
    return lambda value: first <= value.casefold() and (not last or value.casefold()[: len(last)] <= last)


def _macro_range(macro: str, today: date) -> tuple[str, str]:
    month_start = today.replace(day=1)
    next_month = (month_start + timedelta(days=32)).replace(day=1)
    last_month = (month_start - timedelta(days=1)).replace(day=1)
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    day = timedelta(days=1)
    ranges = {
        "Today": (today, today),
        "Yesterday": (today - day, today - day),
        "ThisWeek": (sunday, sunday + 6 * day),
        "ThisWeekToDate": (sunday, today),
        "ThisMonth": (month_start, next_month - day),
        "ThisMonthToDate": (month_start, today),
        "LastMonth": (last_month, month_start - day),
        "ThisYear": (today.replace(month=1, day=1), today.replace(month=12, day=31)),
        "ThisYearToDate": (today.replace(month=1, day=1), today),
        "LastYear": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }
    if macro not in ranges:
        return "0000", "9999"
    first, last = ranges[macro]
    return first.isoformat(), last.isoformat()

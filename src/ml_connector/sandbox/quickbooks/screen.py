"""A user at the screen: everything people do in QuickBooks between two sessions.

Amounts are given as text or `Decimal`, vendors and accounts by ListID or full name, transactions by TxnID. What
QuickBooks would not do raises `ScreenRefusal` with one sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from ml_connector.sandbox.quickbooks.company_file import CompanyFile
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.lists import LIST_TYPES
from ml_connector.sandbox.quickbooks.paying import BillPayer
from ml_connector.sandbox.quickbooks.records import (
    ZERO,
    Account,
    Bill,
    ExpenseLine,
    LinedTxn,
    ListEntry,
    Txn,
    Vendor,
    VendorCredit,
)
from ml_connector.sandbox.quickbooks.references import due_date
from ml_connector.sandbox.quickbooks.refusals import Refusal, ScreenRefusal
from ml_connector.sandbox.quickbooks.values import storable

LineInput = Mapping[str, str]  #: account, amount, and if wanted memo, class, customer


class UserAtScreen:
    """Acts on whatever company file is open."""

    def __init__(self, desktop: QuickBooksDesktop) -> None:
        self._desktop = desktop

    @property
    def company(self) -> CompanyFile:
        """The open company file. Raises ScreenRefusal when none is."""
        return self._desktop.company

    # --- transactions ---------------------------------------------------------------------------------------------

    def type_bill(
        self,
        *,
        vendor: str,
        lines: Sequence[LineInput],
        ref_number: str = "",
        txn_date: str | None = None,
        due: str | None = None,
        memo: str = "",
    ) -> str:
        """Enter a bill by hand; returns its TxnID."""
        with self._desktop.lock:
            supplier, day = self._vendor(vendor), txn_date or self.company.host_clock.today()
            bill = Bill(
                entity_id=supplier.list_id,
                ap_account_id=self._payables(supplier).list_id,
                txn_date=_day(day),
                due_date=_day(due) if due else due_date(day, None, self.company.preferences.days_bills_are_due),
                vendor_address=dict(supplier.address),
                lines=self._lines(lines),
            )
            return self._enter(bill, ref_number, memo)

    def type_vendor_credit(
        self,
        *,
        vendor: str,
        lines: Sequence[LineInput],
        ref_number: str = "",
        txn_date: str | None = None,
        memo: str = "",
    ) -> str:
        """Enter a vendor credit by hand; returns its TxnID."""
        with self._desktop.lock:
            supplier = self._vendor(vendor)
            credit = VendorCredit(
                entity_id=supplier.list_id,
                ap_account_id=self._payables(supplier).list_id,
                txn_date=_day(txn_date or self.company.host_clock.today()),
                lines=self._lines(lines),
            )
            return self._enter(credit, ref_number, memo)

    def pay_bills(
        self,
        *,
        bills: Sequence[str] | None = None,
        vendor: str | None = None,
        fraction: str = "1",
        amount: str | None = None,
        discount_percent: str = "0",
        by: str = "check",
        one_check: bool = True,
        apply_credits: bool = False,
        pay_date: str | None = None,
        ref_number: str | None = None,
    ) -> list[str]:
        """Pay open bills; returns the TxnIDs of the payments.

        `bills` (TxnIDs) or `vendor` narrow the choice, otherwise everything open is paid. `fraction` of each open
        amount is paid, or `amount` in all, oldest bill first. `discount_percent` of a bill's total is taken as
        discount. `by` is `check` or `credit_card`; with `one_check` each vendor gets one payment for all its bills,
        otherwise each bill its own. `apply_credits` sets the vendor's open credits first.
        """
        with self._desktop.lock:
            chosen = [self._bill(txn_id) for txn_id in bills] if bills is not None else self.company.ledger.bills()
            if vendor is not None:
                list_id = self._vendor(vendor).list_id
                chosen = [bill for bill in chosen if bill.entity_id == list_id]
            if by not in ("check", "credit_card"):
                raise ScreenRefusal('Bills are paid by "check" or by "credit_card".')
            payer = BillPayer(
                self.company,
                pay_date=_day(pay_date or self.company.host_clock.today()),
                by_card=by == "credit_card",
                fraction=_number(fraction),
                discount_percent=_number(discount_percent),
                apply_credits=apply_credits,
                ref_number=ref_number,
            )
            return payer.pay(chosen, amount=None if amount is None else _number(amount), one_payment=one_check)

    def void(self, txn_id: str) -> None:
        """Void a bill, a vendor credit or a payment."""
        with self._desktop.lock:
            txn = self._txn(txn_id)
            self._refuse_closed(txn.txn_date)
            self.company.ledger.void(txn, self.company.now())

    def delete(self, txn_id: str) -> None:
        """Delete a bill, a vendor credit or a payment."""
        with self._desktop.lock:
            txn = self._txn(txn_id)
            self._refuse_closed(txn.txn_date)
            self.company.ledger.delete(txn, self.company.now())

    def edit_bill(
        self,
        txn_id: str,
        *,
        vendor: str | None = None,
        ref_number: str | None = None,
        memo: str | None = None,
        txn_date: str | None = None,
        due: str | None = None,
        lines: Sequence[LineInput] | None = None,
    ) -> None:
        """Change a bill or vendor credit; what is not given stays."""
        with self._desktop.lock:
            txn = self._txn(txn_id)
            if not isinstance(txn, LinedTxn):
                raise ScreenRefusal(f"{txn_id} is no bill and no vendor credit.")
            supplier = self._vendor(vendor) if vendor is not None else None
            new_lines = self._lines(lines) if lines is not None else txn.lines
            new_date = _day(txn_date) if txn_date is not None else txn.txn_date
            for day in (txn.txn_date, new_date):
                self._refuse_closed(day)
            taken = txn.total - self.company.ledger.open_amount(txn)
            if sum((line.amount for line in new_lines), ZERO) < taken:
                raise ScreenRefusal(f"The lines add up to less than the {taken} already applied.")
            old_ref, old_entity = txn.ref_number, txn.entity_id
            txn.txn_date, txn.lines = new_date, new_lines
            if supplier is not None:
                txn.entity_id = supplier.list_id
            if ref_number is not None:
                txn.ref_number = _limited(ref_number, 20, "A reference number")
            if memo is not None:
                txn.memo = _limited(memo, 4095, "A memo")
            if due is not None and isinstance(txn, Bill):
                txn.due_date = _day(due)
            stamp = self.company.now()
            self.company.ledger.number_lines(txn, stamp)
            self.company.ledger.reindex(txn, old_ref=old_ref, old_entity=old_entity)
            self.company.ledger.touch(txn, stamp)

    # --- lists ----------------------------------------------------------------------------------------------------

    def add_vendor(self, name: str, *, currency: str | None = None, company_name: str = "") -> str:
        """Add a vendor; `currency` is an ISO code. Returns its ListID."""
        with self._desktop.lock:
            vendor = Vendor(name=_limited(name, 41, "A vendor name"))
            vendor.details["CompanyName"] = company_name or name
            if currency is not None:
                found = [e for e in self.company.lists.by_id["Currency"].values() if getattr(e, "code", "") == currency]
                if not found:
                    raise ScreenRefusal(f'There is no currency "{currency}".')
                vendor.currency_id = found[0].list_id
            return self._added(vendor)

    def add_account(
        self, name: str, *, account_type: str = "Expense", number: str = "", parent: str | None = None
    ) -> str:
        """Add an account; returns its ListID."""
        with self._desktop.lock:
            parent_id = self.entry("Account", parent).list_id if parent is not None else None
            return self._added(
                Account(
                    name=_limited(name, 31, "An account name"),
                    account_type=account_type,
                    account_number=_limited(number, 7, "An account number"),
                    parent_id=parent_id,
                )
            )

    def rename(self, kind: str, entry: str, name: str) -> None:
        """Rename an entry of a list; `kind` is Vendor, Account, Class, Customer, StandardTerms ..."""
        with self._desktop.lock:
            try:
                self.company.lists.rename(self.entry(kind, entry), name, self.company.now())
            except Refusal as refusal:
                raise ScreenRefusal(refusal.words) from None

    def set_active(self, kind: str, entry: str, active: bool) -> None:
        """Make an entry inactive, or active again."""
        with self._desktop.lock:
            found = self.entry(kind, entry)
            found.is_active = active
            self.company.lists.touch(found, self.company.now())

    def set_account_number(self, account: str, number: str) -> None:
        """Give an account another number."""
        with self._desktop.lock:
            found = self.entry("Account", account)
            assert isinstance(found, Account)
            found.account_number = _limited(number, 7, "An account number")
            self.company.lists.touch(found, self.company.now())

    def merge(self, kind: str, loser: str, winner: str) -> None:
        """Merge one vendor or account into another of its kind: the loser's transactions move, the loser is gone."""
        with self._desktop.lock:
            gone, kept = self.entry(kind, loser), self.entry(kind, winner)
            if gone is kept or kind not in ("Vendor", "Account"):
                raise ScreenRefusal("Two different vendors or two different accounts can be merged.")
            if any(entry.parent_id == gone.list_id for entry in self.company.lists.by_id[kind].values()):
                raise ScreenRefusal("An account with subaccounts cannot be merged away.")
            if isinstance(gone, Account) and isinstance(kept, Account) and gone.account_type != kept.account_type:
                raise ScreenRefusal("Accounts of different types cannot be merged.")
            if kind == "Vendor":
                self.company.ledger.move_entity(gone.list_id, kept.list_id)
            else:
                self.company.ledger.replace_account(gone.list_id, kept.list_id)
            stamp = self.company.now()
            self.company.lists.remove(gone, stamp)
            self.company.lists.touch(kept, stamp)

    # --- the file -------------------------------------------------------------------------------------------------

    def set_closing_date(self, closing_date: str | None) -> None:
        """Close the books up to and including a date, or open them."""
        self.company.preferences.closing_date = _day(closing_date) if closing_date else None

    def set_class_tracking(self, on: bool) -> None:
        """Turn class tracking on or off."""
        self.company.preferences.uses_classes = on

    def set_multicurrency(self, on: bool) -> None:
        """Turn multiple currencies on; or start with a file in which they are off, for once on they stay on."""
        self.company.preferences.multicurrency = on

    def take_backup(self, name: str) -> None:
        """Back the company file up under a name."""
        with self._desktop.lock:
            self.company.take_backup(name)

    def restore_backup(self, name: str) -> None:
        """Restore a backup over the company file."""
        with self._desktop.lock:
            self.company.restore_backup(name)

    def copy_back(self, name: str) -> None:
        """Put a copy of the company file that was kept earlier in its place, in Windows, while QuickBooks is closed."""
        with self._desktop.lock:
            self.company.copy_back(name)

    def condense(self, up_to: str) -> int:
        """Condense the company file up to a date; returns how many bills went."""
        with self._desktop.lock:
            return self.company.condense(_day(up_to))

    def open_file(self, path: str) -> None:
        """Open another company file."""
        with self._desktop.lock:
            self._desktop.open_file(path)

    def close_file(self) -> None:
        """Close the company file."""
        with self._desktop.lock:
            self._desktop.close_file()

    def quit(self) -> None:
        """Leave QuickBooks."""
        with self._desktop.lock:
            self._desktop.quit()

    def set_clock_skew(self, seconds: float) -> None:
        """Let the workstation's clock run ahead by so many seconds."""
        self.company.host_clock.skew_s = float(seconds)

    def entry(self, kind: str, key: str) -> ListEntry:
        """A list entry by ListID or full name. Raises ScreenRefusal."""
        if kind not in LIST_TYPES:
            raise ScreenRefusal(f'There is no list "{kind}".')
        found = self.company.lists.get(kind, key) or self.company.lists.named(kind, key)
        if found is None:
            raise ScreenRefusal(f'There is no {kind} "{key}".')
        return found

    # --- helpers of the above -------------------------------------------------------------------------------------

    def _added(self, entry: ListEntry) -> str:
        try:
            return self.company.lists.add(entry, self.company.now()).list_id
        except Refusal as refusal:
            raise ScreenRefusal(refusal.words) from None

    def _enter(self, txn: LinedTxn, ref_number: str, memo: str) -> str:
        self._refuse_closed(txn.txn_date)
        if not txn.lines or txn.total < 0:
            raise ScreenRefusal("A bill or credit needs lines that do not add up to less than nothing.")
        txn.ref_number = _limited(ref_number, 20, "A reference number")
        txn.memo = _limited(memo, 4095, "A memo")
        currency = self.company.lists.currency(self.company.lists.vendor(txn.entity_id).currency_id)
        if currency is not None:
            txn.exchange_rate = currency.exchange_rate
        self.company.ledger.add(txn, self.company.now())
        return txn.txn_id

    def _lines(self, lines: Iterable[LineInput]) -> list[ExpenseLine]:
        made = []
        for line in lines:
            if "account" not in line or "amount" not in line:
                raise ScreenRefusal("Each line needs an account and an amount.")
            customer = line.get("customer")
            division = line.get("class")
            made.append(
                ExpenseLine(
                    account_id=self.entry("Account", line["account"]).list_id,
                    amount=_cents(_number(line["amount"])),
                    memo=storable(line.get("memo", "")),
                    customer_id=self.entry("Customer", customer).list_id if customer else None,
                    class_id=self.entry("Class", division).list_id if division else None,
                    billable_status="NotBillable" if customer else "",
                )
            )
        return made

    def _vendor(self, key: str) -> Vendor:
        found = self.entry("Vendor", key)
        assert isinstance(found, Vendor)
        return found

    def _payables(self, vendor: Vendor) -> Account:
        found = self.company.default_payables_account(vendor.currency_id)
        if found is None:
            raise ScreenRefusal("There is no accounts payable account.")
        return found

    def _txn(self, txn_id: str) -> Txn:
        found = self.company.ledger.get(txn_id)
        if found is None:
            raise ScreenRefusal(f'There is no transaction "{txn_id}".')
        return found

    def _bill(self, txn_id: str) -> Bill:
        found = self._txn(txn_id)
        if not isinstance(found, Bill):
            raise ScreenRefusal(f'"{txn_id}" is no bill.')
        return found

    def _refuse_closed(self, day: str) -> None:
        if self.company.is_closed(day):
            raise ScreenRefusal(f"The books are closed up to {self.company.preferences.closing_date}.")


def _number(text: str | Decimal | int) -> Decimal:
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        raise ScreenRefusal(f'"{text}" is no number.') from None
    if not number.is_finite():
        raise ScreenRefusal(f'"{text}" is no number.')
    return number


def _cents(number: Decimal) -> Decimal:
    exact = number.quantize(Decimal("0.01"))
    if exact != number:
        raise ScreenRefusal(f'"{number}" is not an amount in whole cents.')
    return exact


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except (TypeError, ValueError):
        raise ScreenRefusal(f'"{text}" is no date.') from None


def _limited(text: str, length: int, what: str) -> str:
    if len(text) > length:
        raise ScreenRefusal(f"{what} has at most {length} characters.")
    return storable(text)

"""What bookkeepers do in QuickBooks while the connector works: payments, Bills, lists and the company file."""

from __future__ import annotations

from typing import Any

from campaign.cases import amount
from campaign.crew import Crew
from ml_connector.sandbox.quickbooks.records import BillPayment


class Bookkeepers(Crew):
    """Those who work in QuickBooks."""

    # QuickBooks: payments.

    def pays(self) -> str:
        """Pay some of the Bills."""
        bills = [bill for bill in self.bills() if self.ledger.open_amount(bill) > 0]
        if not bills:
            return ""
        chosen = self.dice.sample(bills, min(len(bills), self.dice.randint(1, 3)))
        how: dict[str, Any] = {
            "fraction": self.dice.choice(("1", "1", "0.5", "0.33")),
            "by": self.dice.choice(("check", "check", "credit_card")),
            "one_check": self.dice.random() < 0.5,
            "discount_percent": self.dice.choice(("0", "0", "2")),
            "apply_credits": self.dice.random() < 0.2,
        }
        paid = self.screen.pay_bills(bills=[bill.txn_id for bill in chosen], **how)
        if how["apply_credits"]:
            numbers = {bill.ref_number for bill in chosen}
            for case in self.cases:
                case.reasons |= {"set off"} if case.truth.ref_number in numbers else set()
        return f"{len(paid)} payments of {len(chosen)} Bills"

    def takes_payment_back(self) -> str:
        """Void or delete a payment."""
        payments = [txn for txn in self.ledger.payments() if not txn.memo.startswith("VOID:")]
        if not payments:
            return ""
        payment: BillPayment = self.dice.choice(payments)
        voids = self.dice.random() < 0.5
        (self.screen.void if voids else self.screen.delete)(payment.txn_id)
        return f"payment {payment.txn_id} is {'voided' if voids else 'deleted'}"

    # QuickBooks: Bills.

    def types_in(self) -> str:
        """Type a Bill from paper that the connector has, or is about to enter."""
        case = self.a_case()
        if case is None or case.truth.cents <= 0:
            return ""
        self.types(case.truth, more=self.dice.choice((0, 0, 125)))
        for other in self.cases:
            if (other.truth.vendor, other.truth.number) == (case.truth.vendor, case.truth.number):
                other.reasons.add("typed meanwhile")
        return f"{case.short()} is typed in by hand"

    def edits(self) -> str:
        """Change a Bill of ours."""
        found = self.one_of_ours()
        if found is None:
            return ""
        txn, case = found
        what = self.dice.choice(("memo", "memo", "mark", "date", "number", "amount", "vendor"))
        if what == "memo":
            self.screen.edit_bill(txn.txn_id, memo=f"checked by B. {txn.memo}")
        elif what == "mark":
            self.screen.edit_bill(txn.txn_id, memo="checked by B.")
        elif what == "date":
            self.screen.edit_bill(txn.txn_id, txn_date=self.today())
            case.reasons.add("date edited")
        elif what == "number":
            self.screen.edit_bill(txn.txn_id, ref_number=f"E{txn.ref_number}"[:20])
            case.reasons.add("number edited")
        elif what == "vendor":
            others = [v.list_id for v in self.writer.vendors if v.list_id not in {*self.moved, txn.entity_id}]
            if self.ledger.open_amount(txn) != txn.total:
                return ""
            self.screen.edit_bill(txn.txn_id, vendor=self.dice.choice(others))
            case.reasons.add("vendor edited")
        else:
            if self.ledger.open_amount(txn) != txn.total:
                return ""
            account = self.dice.choice(self.writer.accounts).list_id
            more = str(amount(self.dice.randint(100, 9000)))
            self.screen.edit_bill(txn.txn_id, lines=[{"account": self.now_in(account), "amount": more}])
            case.reasons.add("amount edited")
        return f"{what} of {case.short()} is edited"

    def removes(self) -> str:
        """Delete or void a Bill of ours."""
        found = self.one_of_ours()
        if found is None:
            return ""
        txn, case = found
        voids = self.dice.random() < 0.4
        (self.screen.void if voids else self.screen.delete)(txn.txn_id)
        case.reasons.add("removed")
        return f"{case.short()} is {'voided' if voids else 'deleted'} in QuickBooks"

    # QuickBooks: lists and the file.

    def changes_lists(self) -> str:
        """Add, rename or switch off an entry of a list, or merge two."""
        what = self.dice.choice(("add", "add", "rename", "inactive", "merge vendor", "merge account", "class tracking"))
        vendor = self.dice.choice([v.list_id for v in self.writer.vendors if v.list_id not in self.moved])
        account = self.dice.choice([a.list_id for a in self.writer.accounts if a.list_id not in self.moved])
        if what == "add":
            return f"vendor {self.screen.add_vendor(f'New Vendor {self.dice.randrange(10**6)}')} is new"
        if what == "rename":
            self.screen.rename("Vendor", vendor, f"Renamed {self.dice.randrange(10**6)}")
            if self.dice.random() < 0.3:
                was = next(v.name for v in self.writer.vendors if v.list_id == vendor)
                self.screen.rename("Vendor", vendor, was)
        elif what == "inactive":
            kind, entry = self.dice.choice((("Vendor", vendor), ("Account", account)))
            self.screen.set_active(kind, entry, False)
            self.inactive.append((kind, entry))
        elif what == "class tracking":
            self.screen.set_class_tracking(False)
        else:
            kind = "Vendor" if what == "merge vendor" else "Account"
            loser = vendor if kind == "Vendor" else account
            same = self._same_as(kind, loser)
            if not same:
                return ""
            winner = self.dice.choice(same)
            self.screen.merge(kind, loser, winner)
            self.moved[loser] = self.ever_moved[loser] = winner
            for case in self.cases:
                case.reasons.add("merged")
        return f"lists: {what}"

    def _same_as(self, kind: str, loser: str) -> list[str]:
        if kind == "Vendor":
            return [v.list_id for v in self.writer.vendors if v.list_id not in {*self.moved, loser}]
        its_type = {a.list_id: a.account_type for a in self.writer.accounts}
        return [a for a, t in its_type.items() if t == its_type[loser] and a not in {*self.moved, loser}]

    def closes_books(self) -> str:
        """Close the books up to today, for a while."""
        self.screen.set_closing_date(self.today())
        return "the books are closed"

    def leaves_quickbooks(self) -> str:
        """Close the file, or QuickBooks."""
        self.dice.choice((self.screen.close_file, self.screen.quit))()
        return "QuickBooks is closed"

    def saves_backup(self) -> str:
        """Back the company file up."""
        self.screen.take_backup("evening")
        self.backup_of = {case.id for _, case in self.ours()}
        return "a backup is made"

    def restores_backup(self) -> str:
        """Put the backup over the company file."""
        if self.backup_of is None:
            return ""
        self.screen.restore_backup("evening")
        self.restored = True
        for case in self.cases:
            case.reasons.add("backup restored")
        self.moved = {loser: winner for loser, winner in self.moved.items() if self.gone(loser)}
        self.backup_of = None
        return "the backup is restored"

    def gone(self, list_id: str) -> bool:
        lists = self.world.outside.company.lists
        return lists.get("Vendor", list_id) is None and lists.get("Account", list_id) is None

    def sets_clock(self) -> str:
        """Let one of the three clocks be wrong."""
        seconds = self.dice.choice((-900, -60, 0, 60, 900))
        whose = self.dice.choice(("QuickBooks", "Basware", "the connector"))
        if whose == "QuickBooks":
            self.screen.set_clock_skew(float(self.dice.choice((-3000, -900, 0, 900, 3000))))
        elif whose == "Basware":
            self.world.basware.tenant.set_clock_offset(float(seconds))
        else:
            self.world.skew_s = float(seconds)
        return f"the clock of {whose} is off"

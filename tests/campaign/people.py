"""What people do while the connector works: clerks in Basware, bookkeepers in QuickBooks, operators of the connector.

Whatever somebody does that may rightly lead to a question is noted as a reason at the case; `oracles` knows which
questions each reason explains.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from campaign.cases import KINDS, UNKNOWN, Case, Truth, Writer, amount
from campaign.storm import StormyWorld
from ml_connector.core.states import State
from ml_connector.flows import connections, mappings, operator, reposting
from ml_connector.sandbox.quickbooks.records import Bill, BillPayment, VendorCredit
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal
from ml_connector.store import documents, duties
from ml_connector.store.models import Document
from ml_connector.store.rows import Question
from world import OWN_URL

_WHO = "a person"
_WAITING = "WaitingForTransfer"
_TXN_ID = re.compile(r"TxnID ([0-9A-Fa-f]+-[0-9]+)")
_OF_INVOICE = Question(Document, "WHERE invoice_id = %s")
_NAMED = re.compile(r"\b([0-9A-F]+-[0-9]{6,})\b")


class People:
    """Everybody who takes part in one campaign."""

    def __init__(self, world: StormyWorld, writer: Writer) -> None:
        self.world = world
        self.writer = writer
        self.dice = world.dice
        self.cases: list[Case] = []
        self.moved: dict[str, str] = {}  #: ListIDs that were merged away -> into which
        self.ever_moved: dict[str, str] = {}  #: the same, though a backup may have brought them back
        self.known_alike: set[str] = set()  #: TxnIDs that people typed in
        self.restored = False
        self._backup_of: set[str] | None = None  #: cases whose Bill was in the file when it was saved
        self._inactive: list[tuple[str, str]] = []

    # Basware.

    def approves(self) -> str:
        """Approve an invoice of a kind that the dice choose."""
        kind = self.dice.choices(list(KINDS), weights=list(KINDS.values()))[0]
        earlier = [case for case in self.cases if case.kind in {"plain", "taxed"}]
        number, vendor = "", None
        if kind == "number again" and earlier:
            first = self.dice.choice(earlier)
            number = first.truth.number
            vendor = next((v for v in self.writer.vendors if v.list_id == first.truth.vendor), None)
            first.reasons.add("number twice")
        wire, truth = self.writer.draw(kind, number=number, vendor=vendor)
        if kind in {"typed before", "typed alike"}:
            self._types(truth, more=0 if kind == "typed before" else 125)
        document = self.world.basware.an_invoice("1.00", **wire)
        case = Case(kind=kind, invoice=self.world.basware.approves(document), truth=truth)
        if number:
            case.reasons.add("number twice")
        if kind in {"typed before", "typed alike"}:
            case.reasons.add(kind)
        if self.restored:
            case.reasons.add("lists restored")
        self.cases.append(case)
        return f"{case.short()} is approved"

    def transfers_again(self) -> str:
        """Transfer an invoice again, as it is or with another content."""
        case = self._a_case()
        if case is None:
            return ""
        if self.dice.random() < 0.5:
            self.world.basware.transfers_again(case.invoice)
            case.transfers += 1
            return f"{case.short()} is transferred again"
        self.corrects(case, "plain" if case.kind not in {"credit", "retention"} else case.kind)
        return f"{case.short()} is transferred again, corrected"

    def corrects(self, case: Case, kind: str) -> None:
        """Give an invoice another content, and transfer it again."""
        vendor = next((v for v in self.writer.vendors if v.list_id == case.truth.vendor), None)
        wire, truth = self.writer.draw(kind, number=case.truth.number, vendor=vendor)
        wire |= {"voucherDate": f"{case.truth.txn_date}T00:00:00", "invoiceDate": f"{case.truth.txn_date}T00:00:00"}
        truth.txn_date, wire["dueDate"] = case.truth.txn_date, f"{case.truth.due_date}T00:00:00"
        truth.due_date = case.truth.due_date
        self.world.basware.transfers_again(case.invoice, **wire)
        case.truth = truth
        case.transfers += 1
        case.versions += 1
        case.reasons.add("content changed")

    # QuickBooks: payments.

    def pays(self) -> str:
        """Pay some of the Bills."""
        bills = [bill for bill in self._bills() if self._ledger.open_amount(bill) > 0]
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
        paid = self._screen.pay_bills(bills=[bill.txn_id for bill in chosen], **how)
        if how["apply_credits"]:
            numbers = {bill.ref_number for bill in chosen}
            for case in self.cases:
                case.reasons |= {"set off"} if case.truth.ref_number in numbers else set()
        return f"{len(paid)} payments of {len(chosen)} Bills"

    def takes_payment_back(self) -> str:
        """Void or delete a payment."""
        payments = [txn for txn in self._ledger.payments() if not txn.memo.startswith("VOID:")]
        if not payments:
            return ""
        payment: BillPayment = self.dice.choice(payments)
        voids = self.dice.random() < 0.5
        (self._screen.void if voids else self._screen.delete)(payment.txn_id)
        return f"payment {payment.txn_id} is {'voided' if voids else 'deleted'}"

    # QuickBooks: Bills.

    def types_in(self) -> str:
        """Type a Bill from paper that the connector has, or is about to enter."""
        case = self._a_case()
        if case is None or case.truth.cents <= 0:
            return ""
        self._types(case.truth, more=self.dice.choice((0, 0, 125)))
        for other in self.cases:
            if (other.truth.vendor, other.truth.number) == (case.truth.vendor, case.truth.number):
                other.reasons.add("typed meanwhile")
        return f"{case.short()} is typed in by hand"

    def _types(self, truth: Truth, *, more: int) -> None:
        lines = [
            {"account": line.account, "amount": str(amount(line.cents + (more if position == 0 else 0)))}
            for position, line in enumerate(truth.lines)
        ]
        txn_id = self._screen.type_bill(
            vendor=self.now_in(truth.vendor),
            lines=[line | {"account": self.now_in(line["account"])} for line in lines],
            ref_number=truth.ref_number,
            txn_date=truth.txn_date,
            memo="typed from paper",
        )
        self.known_alike.add(txn_id)

    def edits(self) -> str:
        """Change a Bill of ours."""
        found = self._one_of_ours()
        if found is None:
            return ""
        txn, case = found
        what = self.dice.choice(("memo", "memo", "mark", "date", "number", "amount", "vendor"))
        if what == "memo":
            self._screen.edit_bill(txn.txn_id, memo=f"checked by B. {txn.memo}")
        elif what == "mark":
            self._screen.edit_bill(txn.txn_id, memo="checked by B.")
        elif what == "date":
            self._screen.edit_bill(txn.txn_id, txn_date=self._today())
            case.reasons.add("date edited")
        elif what == "number":
            self._screen.edit_bill(txn.txn_id, ref_number=f"E{txn.ref_number}"[:20])
            case.reasons.add("number edited")
        elif what == "vendor":
            others = [v.list_id for v in self.writer.vendors if v.list_id not in {*self.moved, txn.entity_id}]
            if self._ledger.open_amount(txn) != txn.total:
                return ""
            self._screen.edit_bill(txn.txn_id, vendor=self.dice.choice(others))
            case.reasons.add("vendor edited")
        else:
            if self._ledger.open_amount(txn) != txn.total:
                return ""
            account = self.dice.choice(self.writer.accounts).list_id
            more = str(amount(self.dice.randint(100, 9000)))
            self._screen.edit_bill(txn.txn_id, lines=[{"account": self.now_in(account), "amount": more}])
            case.reasons.add("amount edited")
        return f"{what} of {case.short()} is edited"

    def removes(self) -> str:
        """Delete or void a Bill of ours."""
        found = self._one_of_ours()
        if found is None:
            return ""
        txn, case = found
        voids = self.dice.random() < 0.4
        (self._screen.void if voids else self._screen.delete)(txn.txn_id)
        case.reasons.add("removed")
        return f"{case.short()} is {'voided' if voids else 'deleted'} in QuickBooks"

    # QuickBooks: lists and the file.

    def changes_lists(self) -> str:
        """Add, rename or switch off an entry of a list, or merge two."""
        what = self.dice.choice(("add", "add", "rename", "inactive", "merge vendor", "merge account", "class tracking"))
        vendor = self.dice.choice([v.list_id for v in self.writer.vendors if v.list_id not in self.moved])
        account = self.dice.choice([a.list_id for a in self.writer.accounts if a.list_id not in self.moved])
        if what == "add":
            return f"vendor {self._screen.add_vendor(f'New Vendor {self.dice.randrange(10**6)}')} is new"
        if what == "rename":
            self._screen.rename("Vendor", vendor, f"Renamed {self.dice.randrange(10**6)}")
            if self.dice.random() < 0.3:
                was = next(v.name for v in self.writer.vendors if v.list_id == vendor)
                self._screen.rename("Vendor", vendor, was)
        elif what == "inactive":
            kind, entry = self.dice.choice((("Vendor", vendor), ("Account", account)))
            self._screen.set_active(kind, entry, False)
            self._inactive.append((kind, entry))
        elif what == "class tracking":
            self._screen.set_class_tracking(False)
        else:
            kind = "Vendor" if what == "merge vendor" else "Account"
            loser = vendor if kind == "Vendor" else account
            same = self._same_as(kind, loser)
            if not same:
                return ""
            winner = self.dice.choice(same)
            self._screen.merge(kind, loser, winner)
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
        self._screen.set_closing_date(self._today())
        return "the books are closed"

    def leaves_quickbooks(self) -> str:
        """Close the file, or QuickBooks."""
        self.dice.choice((self._screen.close_file, self._screen.quit))()
        return "QuickBooks is closed"

    def comes_back(self) -> None:
        """Open the company file, if it is not."""
        self.world.outside.desktop.open_file(self.world.outside.company.path)

    def saves_backup(self) -> str:
        """Back the company file up."""
        self._screen.take_backup("evening")
        self._backup_of = {case.id for _, case in self._ours()}
        return "a backup is made"

    def restores_backup(self) -> str:
        """Put the backup over the company file."""
        if self._backup_of is None:
            return ""
        self._screen.restore_backup("evening")
        self.restored = True
        for case in self.cases:
            case.reasons.add("backup restored")
        self.moved = {loser: winner for loser, winner in self.moved.items() if self._gone(loser)}
        self._backup_of = None
        return "the backup is restored"

    def _gone(self, list_id: str) -> bool:
        lists = self.world.outside.company.lists
        return lists.get("Vendor", list_id) is None and lists.get("Account", list_id) is None

    def sets_clock(self) -> str:
        """Let one of the three clocks be wrong."""
        seconds = self.dice.choice((-900, -60, 0, 60, 900))
        whose = self.dice.choice(("QuickBooks", "Basware", "the connector"))
        if whose == "QuickBooks":
            self._screen.set_clock_skew(float(self.dice.choice((-3000, -900, 0, 900, 3000))))
        elif whose == "Basware":
            self.world.basware.tenant.set_clock_offset(float(seconds))
        else:
            self.world.skew_s = float(seconds)
        return f"the clock of {whose} is off"

    # The connector.

    def maps(self) -> str:
        """Say what the unknown codes mean, and where merged entries went."""
        for kind, code in UNKNOWN.items():
            self._map(kind, code, self.now_in(self.writer.meant[kind]))
        for loser in self.moved:
            kind = "vendor" if loser in {v.list_id for v in self.writer.vendors} else "account"
            firm = self.world.firm
            code = (
                loser if kind == "vendor" else next(firm.account_code(a) for a in firm.accounts if a.list_id == loser)
            )
            self._map(kind, code, self.now_in(loser))
        return "codes are mapped"

    def maps_by_file(self) -> str:
        """Say it with a file, and take one decision back to give it again."""
        rows = [f"{kind},{code},{self.now_in(self.writer.meant[kind])}," for kind, code in UNKNOWN.items()]
        text = "\n".join(["kind,code,target,target_name", *rows])
        world = self.world
        world.acts(
            lambda: mappings.from_csv(world.surroundings, world.connector.row(), text, _WHO), "mapping from a file"
        )
        kind = self.dice.choice(sorted(UNKNOWN))
        known = mappings.read_kind(kind)
        world.acts(
            lambda: mappings.remove_rule(world.surroundings, world.connector.row(), known, UNKNOWN[kind], _WHO),
            f"mapping of {kind} removed",
        )
        return ""

    def _map(self, kind: str, code: str, target: str) -> None:
        world = self.world
        world.acts(
            lambda: mappings.set_rule(
                world.surroundings, world.connector.row(), mappings.read_kind(kind), code, target, _WHO
            ),
            f"{kind} {code} is mapped",
        )

    def operates(self) -> str:
        """Give a command for some document, whatever state it is in."""
        case = self._a_case()
        row = self.row_of(case) if case is not None else None
        if case is None or row is None:
            return ""
        verb = self.dice.choice(("retry", "retry", "note", "skip", "give up", "pause", "new secret"))
        if verb in {"retry", "note"}:
            self.command(case, verb)
        elif verb == "pause":
            self.world.acts(self.world.connector.pauses, "paused")
        elif verb == "new secret":
            self._renews_secret()
        elif row.state in {State.BLOCKED, State.CHANGED, State.SKIPPED}:
            self.command(case, verb)
        return ""

    def _renews_secret(self) -> None:
        world = self.world
        world.acts(
            lambda: connections.change(world.surroundings, world.connector.row(), _WHO, settings={"answer_s": 61}),
            "settings are changed",
        )

    def command(self, case: Case, verb: str, txn_id: str = "") -> str:
        """Give one command for one document."""
        world = self.world
        acts: dict[str, Callable[[Document], object]] = {
            "retry": lambda row: operator.retry(world.surroundings, row, _WHO),
            "note": lambda row: operator.note(world.surroundings, row, "asked the supplier", _WHO),
            "post new": lambda row: operator.retry(world.surroundings, row, _WHO, post_new=True),
            "skip": lambda row: operator.skip(world.surroundings, row, "it is none of ours", _WHO),
            "give up": lambda row: operator.give_up(world.surroundings, row, "it is wrong", _WHO),
            "link": lambda row: operator.link(world.surroundings, row, txn_id, _WHO),
        }
        if verb in {"skip", "give up", "post new", "link"}:
            case.reasons.add(verb)
        return world.acts(
            lambda: acts[verb](world.connector.document(case.invoice)),
            f"{verb} {txn_id} {case.short()}".replace("  ", " "),
        )

    def mends_some(self) -> str:
        """Answer some of the questions that stand, storm or not."""
        decided = self.decides_on_older_file()
        return "questions are answered" if self.mends(leave=0.5, for_good=False) + decided else ""

    def subscribes_anew(self) -> str:
        """End the notifications, and ask for them again."""
        world = self.world
        world.acts(
            lambda: connections.unsubscribe(world.surroundings, world.connector.row(), _WAITING, _WHO), "unsubscribed"
        )
        world.acts(
            lambda: connections.subscribe(world.surroundings, world.connector.row(), OWN_URL, _WHO), "subscribed"
        )
        return ""

    # Other programs at Basware.

    def acknowledges_elsewhere(self) -> str:
        """Another program, or an earlier installation of this one, acknowledges an invoice that waits."""
        tenant = self.world.basware.tenant
        waiting = [case for case in self.cases if self.world.basware.status(case.invoice) == _WAITING]
        if not waiting:
            return ""
        case = self.dice.choice(waiting)
        with tenant.lock:
            tenant.invoices.acknowledge(case.id, tenant.now())
        return f"{case.short()} is acknowledged by somebody else"

    def lists_clash(self) -> str:
        """Somebody else is at the same records: Basware refuses a batch, with or without the name of one of them."""
        entry = self.dice.choice(self.writer.vendors)
        errors = []
        if self.dice.random() < 0.7:
            if self.now_in(entry.list_id) != entry.list_id:
                return ""
            self._screen.rename("Vendor", entry.list_id, f"Renamed {self.dice.randrange(10**6)}")
            known = self.world.basware.knows("v1/vendors")
            code = next((key for key, vendor in known.items() if vendor["vendorCode"] == entry.list_id), "")
            errors = [
                {"externalCode": code, "type": "BUSINESS", "code": "CONFLICT_IN_POST", "message": "being updated"}
            ]
            self._lists_are_read_soon()
        path = "/v1/vendors" if errors else self.dice.choice(("/v1/accounts", "/v1/costCenters", "/v2/projects"))
        self.world.basware_answers("POST", path, 409, {"hasErrors": True, "errors": errors})
        return "Basware refuses a batch of records"

    def renames_twice(self) -> str:
        """Rename a vendor and take that back after the list was read, before Basware hears of either."""
        entry = self.dice.choice(self.writer.vendors)
        name = self.world.outside.company.lists.get("Vendor", entry.list_id)
        if name is None:
            return ""
        was = name.name
        for word in (f"Renamed {self.dice.randrange(10**6)}", was):
            self._screen.rename("Vendor", entry.list_id, word)
            self._lists_are_read_soon()
            self.world.polls()
            self.world.passes(1.0)
        return f"{was} is renamed, and back"

    def _lists_are_read_soon(self) -> None:
        duties.wake(self.world.connection.pk, self.world.clock.now(), duties.LISTS)

    # Mending: what the texts of the faults tell a person to do.

    def mends(self, *, leave: float, for_good: bool = True) -> int:
        """Answer the questions that stand, but for a share that nobody gets to, ever or (`for_good` False) now; return how
        many were answered."""
        answered = 0
        for case in self.cases:
            row = self.row_of(case)
            if row is None or "left open" in case.reasons:
                continue
            if row.answer_fault is not None:
                # Basware has it as transferred, and does not take that it failed: nobody need be told.
                refused = (
                    row.state == State.GIVEN_UP and self.world.basware.status(case.invoice) != "TransferInProgress"
                )
                answered += self.command(case, "skip" if refused else "retry") == "done"
            elif row.state in {State.BLOCKED, State.CHANGED} and row.due_at is None and row.faults:
                if self.dice.random() < leave and not _for_machines(row):
                    if for_good:
                        case.reasons.add("left open")
                    continue
                answered += self._mend(case, row)
        return answered

    def decides_on_older_file(self) -> bool:
        """Say that the company file that was put back is the right one, if that is asked; what it lost is entered again,
        or left to be decided one by one."""
        row = self.world.connector.row()
        if not row.stop_reason or row.searched_up_to is not None:
            return False
        repost = self.dice.random() < 0.7
        self.world.acts(
            lambda: reposting.decide(self.world.surroundings, row, "controller", repost=repost),
            "the older company file is the right one",
        )
        return True

    def _mend(self, case: Case, row: Document) -> bool:
        codes = {fault.code for fault in documents.faults_of(row)}
        words = " ".join(f"{fault.says} {fault.do}" for fault in documents.faults_of(row))
        code = documents.faults_of(row)[0].code
        if codes & {"MLC-TOTAL-01"}:
            self.corrects(case, "plain")
            case.kind = "plain"
            return True
        if codes & {"MLC-BLOCK-01"}:
            self.world.basware.transfers_again(case.invoice, paymentBlock=False)
            case.transfers += 1
            case.versions += 1
            return True
        if code == "MLC-CHANGED-01" and self._brings_up_to_date(case, row):
            return self.command(case, "link", row.txn_id) == "done"
        if code.startswith("MLC-CHANGED"):
            return self.command(case, self.dice.choice(("give up", "skip"))) == "done"
        if code in {"MLC-DUP-01", "MLC-DUP-03", "MLC-DUP-04"}:
            return self._decides(case, words)
        if code == "MLC-DUP-02":
            return self.command(case, self.dice.choice(("give up", "post new"))) == "done"
        if code.startswith("MLC-LINK"):
            return self.command(case, "give up") == "done"
        if code in {"MLC-QB-06"}:
            mine = [txn for txn, owner in self._ours() if owner is case]
            return (
                self.command(case, "link", mine[0].txn_id) == "done" if mine else self.command(case, "retry") == "done"
            )
        return self.command(case, "retry") == "done"

    def _decides(self, case: Case, words: str) -> bool:
        named = [txn_id for txn_id in _TXN_ID.findall(words) if self._ledger.get(txn_id) is not None]
        mine = {txn.txn_id for txn, owner in self._ours() if owner is case}
        right = [txn_id for txn_id in named if txn_id in mine]
        if right:
            # It is our own Bill, edited since: whoever looks at it sees that.
            return self.command(case, "link", right[0]) == "done"
        choice = self.dice.choice(("link", "post new", "give up"))
        if choice == "link" and named:
            return self.command(case, "link", named[0]) == "done"
        return self.command(case, "give up" if choice == "link" else choice) == "done"

    def _brings_up_to_date(self, case: Case, row: Document) -> bool:
        """Change the Bill in QuickBooks to what Basware says now."""
        lines = []
        sign = -1 if case.truth.cents < 0 else 1
        for line in case.truth.lines:
            given = {"account": self.now_in(line.account), "amount": str(amount(sign * line.cents))}
            given |= {"class": line.division} if line.division else {}
            lines.append(given | ({"customer": line.job} if line.job else {}))
        try:
            self._screen.edit_bill(row.txn_id, lines=lines)
        except ScreenRefusal:
            return False
        return True

    def puts_right(self) -> None:
        """Undo what stands in the way of everything: the calm begins."""
        self.comes_back()
        self._screen.set_closing_date(self.world.firm.closing_date.isoformat())
        self._screen.set_class_tracking(True)
        for kind, entry in self._inactive:
            if self.world.outside.company.lists.get(kind, entry) is not None:
                self._screen.set_active(kind, entry, True)
        self._screen.set_clock_skew(0.0)
        self.world.basware.tenant.set_clock_offset(0.0)
        self.world.skew_s = 0.0
        self.world.acts(self.world.connector.resumes, "resumed")
        self.maps()

    # Looking.

    def now_in(self, list_id: str) -> str:
        """Return the entry that stands for one that may have been merged away."""
        while list_id in self.moved:
            list_id = self.moved[list_id]
        return list_id

    def ever_in(self, list_id: str) -> str:
        """Return the entry that once stood for one: what was mapped to it stays so when a backup brings the other back."""
        seen = {list_id}
        while (following := self.ever_moved.get(list_id, list_id)) not in seen:
            list_id = following
            seen.add(list_id)
        return list_id

    def row_of(self, case: Case) -> Document | None:
        """Return our row of a case, if there is one."""
        return _OF_INVOICE.row(case.id)

    @property
    def _screen(self) -> Any:
        return self.world.quickbooks.screen

    @property
    def _ledger(self) -> Any:
        return self.world.outside.company.ledger

    def _today(self) -> str:
        return self.world.outside.company.host_clock.today()

    def _a_case(self) -> Case | None:
        return self.dice.choice(self.cases) if self.cases else None

    def _bills(self) -> list[Bill]:
        return [bill for bill in self._ledger.bills() if bill.memo != "typed from paper"]

    def _ours(self) -> list[tuple[Bill | VendorCredit, Case]]:
        by_mark = {mark: case for case in self.cases for mark in case.marks()}
        found = []
        for txn in (*self._ledger.bills(), *self._ledger.credits()):
            case = by_mark.get(txn.external_guid) or next((by_mark[m] for m in by_mark if m in txn.memo), None)
            if case is not None:
                found.append((txn, case))
        return found

    def _one_of_ours(self) -> tuple[Bill | VendorCredit, Case] | None:
        ours = [(txn, case) for txn, case in self._ours() if not txn.memo.startswith("VOID:")]
        return self.dice.choice(ours) if ours else None


def _for_machines(row: Document) -> bool:
    """Whoever runs this is asked to try again, and does; only questions about invoices may stay open."""
    return all(fault.code.startswith(("MLC-QB", "MLC-BW")) for fault in documents.faults_of(row))


def wakes_everything(world: StormyWorld) -> None:
    """Have the engine and the Web Connector look at everything at once."""
    duties.wake_all(world.connection.pk, world.clock.now())

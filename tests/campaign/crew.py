"""Who takes part in a life, what they did so far, and what they see when they look."""

from __future__ import annotations

from typing import Any

from campaign.cases import Case, Truth, Writer, amount
from campaign.storm import StormyWorld
from ml_connector.sandbox.quickbooks.records import Bill, VendorCredit
from ml_connector.store.models import Document
from ml_connector.store.rows import Question

_OF_INVOICE = Question(Document, "WHERE invoice_id = %s")


class Crew:
    """What everybody in one life knows, and what more than one of them does."""

    def __init__(self, world: StormyWorld, writer: Writer) -> None:
        self.world = world
        self.writer = writer
        self.dice = world.dice
        self.cases: list[Case] = []
        self.moved: dict[str, str] = {}  #: ListIDs that were merged away -> into which
        self.ever_moved: dict[str, str] = {}  #: the same, though a backup may have brought them back
        self.known_alike: set[str] = set()  #: TxnIDs that people typed in
        self.restored = False
        self.backup_of: set[str] | None = None  #: cases whose Bill was in the file when it was saved
        self.inactive: list[tuple[str, str]] = []

    # What more than one of them does.

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

    def types(self, truth: Truth, *, more: int) -> None:
        lines = [
            {"account": line.account, "amount": str(amount(line.cents + (more if position == 0 else 0)))}
            for position, line in enumerate(truth.lines)
        ]
        txn_id = self.screen.type_bill(
            vendor=self.now_in(truth.vendor),
            lines=[line | {"account": self.now_in(line["account"])} for line in lines],
            ref_number=truth.ref_number,
            txn_date=truth.txn_date,
            memo="typed from paper",
        )
        self.known_alike.add(txn_id)

    def comes_back(self) -> None:
        """Open the company file, if it is not."""
        self.world.outside.desktop.open_file(self.world.outside.company.path)

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
    def screen(self) -> Any:
        return self.world.quickbooks.screen

    @property
    def ledger(self) -> Any:
        return self.world.outside.company.ledger

    def today(self) -> str:
        return self.world.outside.company.host_clock.today()

    def a_case(self) -> Case | None:
        return self.dice.choice(self.cases) if self.cases else None

    def bills(self) -> list[Bill]:
        return [bill for bill in self.ledger.bills() if bill.memo != "typed from paper"]

    def ours(self) -> list[tuple[Bill | VendorCredit, Case]]:
        by_mark = {mark: case for case in self.cases for mark in case.marks()}
        found = []
        for txn in (*self.ledger.bills(), *self.ledger.credits()):
            case = by_mark.get(txn.external_guid) or next((by_mark[m] for m in by_mark if m in txn.memo), None)
            if case is not None:
                found.append((txn, case))
        return found

    def one_of_ours(self) -> tuple[Bill | VendorCredit, Case] | None:
        ours = [(txn, case) for txn, case in self.ours() if not txn.memo.startswith("VOID:")]
        return self.dice.choice(ours) if ours else None

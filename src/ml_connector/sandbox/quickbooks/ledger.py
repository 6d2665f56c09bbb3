"""The transactions of a company file and what follows from how they are linked.

A bill's open amount is its total less what payments, discounts and credits took off it; nothing of that is stored.
Paying, voiding or deleting a payment saves the bill again, so its TimeModified moves. RefNumber and ExternalGUID are
kept as given and are unique for nobody. (qbxmlops130: BillRet, LinkedTxn; docs.conductor.is on RefNumber.)
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from ml_connector.sandbox.quickbooks.hostclock import Stamp
from ml_connector.sandbox.quickbooks.records import (
    BILL,
    CARD_PAYMENT,
    CHECK_PAYMENT,
    VENDOR_CREDIT,
    ZERO,
    Bill,
    BillPayment,
    LinedTxn,
    Link,
    Tombstone,
    Txn,
    VendorCredit,
)


class Ledger:
    """Bills, vendor credits and bill payments, oldest first, with their links."""

    def __init__(self) -> None:
        self.by_kind: dict[str, dict[str, Txn]] = {BILL: {}, VENDOR_CREDIT: {}, CHECK_PAYMENT: {}, CARD_PAYMENT: {}}
        self.tombstones: list[Tombstone] = []
        self._by_ref: dict[tuple[str, str], list[str]] = {}
        self._by_entity: dict[str, dict[str, Txn]] = {}
        self._links: dict[str, list[Link]] = {}
        self._balances: dict[str, Decimal] = {}
        self._next_id = 0x1000
        self._next_number = 1

    def new_id(self, stamp: Stamp) -> str:
        """The next TxnID or TxnLineID: a hexadecimal counter, a dash, Unix time."""
        self._next_id += 1
        return f"{self._next_id:X}-{stamp.epoch}"

    def add(self, txn: Txn, stamp: Stamp) -> None:
        """Save a new transaction: gives it its ids, number and stamps."""
        txn.txn_id = self.new_id(stamp)
        txn.txn_number = self._next_number
        self._next_number += 1
        txn.created = stamp.local
        if isinstance(txn, LinedTxn):
            self.number_lines(txn, stamp)
        self.by_kind[txn.kind][txn.txn_id] = txn
        self._index(txn)
        self.touch(txn, stamp)

    def number_lines(self, txn: LinedTxn, stamp: Stamp) -> None:
        """Give every line without a TxnLineID one."""
        for line in txn.lines:
            if not line.txn_line_id:
                line.txn_line_id = self.new_id(stamp)

    def touch(self, txn: Txn, stamp: Stamp) -> None:
        """Record that the transaction was saved at `stamp`."""
        txn.modified = stamp.local
        txn.edit_sequence = stamp.epoch
        self._balances.pop(txn.entity_id, None)

    def reindex(self, txn: Txn, *, old_ref: str, old_entity: str) -> None:
        """Follow a change of RefNumber or vendor."""
        if old_ref != txn.ref_number:
            self._by_ref[txn.kind, old_ref.casefold()].remove(txn.txn_id)
            self._by_ref.setdefault((txn.kind, txn.ref_number.casefold()), []).append(txn.txn_id)
        if old_entity != txn.entity_id:
            del self._by_entity[old_entity][txn.txn_id]
            self._by_entity.setdefault(txn.entity_id, {})[txn.txn_id] = txn
            self._balances.pop(old_entity, None)
            self._balances.pop(txn.entity_id, None)

    def get(self, txn_id: str) -> Txn | None:
        """Any transaction by TxnID."""
        for transactions in self.by_kind.values():
            found = transactions.get(txn_id)
            if found is not None:
                return found
        return None

    def bills(self) -> list[Bill]:
        """All bills, oldest first."""
        return [txn for txn in self.by_kind[BILL].values() if isinstance(txn, Bill)]

    def credits(self) -> list[VendorCredit]:
        """All vendor credits, oldest first."""
        return [txn for txn in self.by_kind[VENDOR_CREDIT].values() if isinstance(txn, VendorCredit)]

    def payments(self) -> list[BillPayment]:
        """All bill payments of both kinds, oldest first."""
        found = [txn for kind in (CHECK_PAYMENT, CARD_PAYMENT) for txn in self.by_kind[kind].values()]
        return sorted([txn for txn in found if isinstance(txn, BillPayment)], key=lambda txn: txn.txn_number)

    def with_ref(self, kind: str, ref_number: str) -> list[Txn]:
        """Transactions of a kind by RefNumber, without regard to case, oldest first."""
        transactions = self.by_kind[kind]
        return [transactions[txn_id] for txn_id in self._by_ref.get((kind, ref_number.casefold()), ())]

    def of_entity(self, list_id: str) -> list[Txn]:
        """Every transaction of one vendor, oldest first."""
        return list(self._by_entity.get(list_id, {}).values())

    def links(self, txn_id: str) -> list[Link]:
        """Links at either end of a transaction, in the order they were made."""
        return list(self._links.get(txn_id, ()))

    def link(self, link: Link, stamp: Stamp) -> None:
        """Apply a payment or credit to a bill; both ends count as saved."""
        for txn_id in (link.bill_id, link.other_id):
            self._links.setdefault(txn_id, []).append(link)
            txn = self.get(txn_id)
            if txn is not None:
                self.touch(txn, stamp)

    def unlink_all(self, txn_id: str, stamp: Stamp) -> None:
        """Take every link off a transaction; the transactions at the other ends count as saved."""
        for link in self._links.pop(txn_id, []):
            other_id = link.bill_id if link.other_id == txn_id else link.other_id
            self._links[other_id].remove(link)
            other = self.get(other_id)
            if other is not None:
                self.touch(other, stamp)

    def open_amount(self, txn: LinedTxn) -> Decimal:
        """OpenAmount of a bill or credit, in its own currency."""
        taken = ZERO
        for link in self._links.get(txn.txn_id, ()):
            taken += link.amount + (link.discount if txn.kind == BILL else ZERO)
        return txn.total - taken

    def balance(self, vendor_id: str) -> Decimal:
        """What is owed to a vendor: open bills less open credits."""
        cached = self._balances.get(vendor_id)
        if cached is None:
            cached = ZERO
            for txn in self._by_entity.get(vendor_id, {}).values():
                if isinstance(txn, LinedTxn):
                    cached += self.open_amount(txn) if txn.kind == BILL else -self.open_amount(txn)
            self._balances[vendor_id] = cached
        return cached

    def void(self, txn: Txn, stamp: Stamp) -> None:
        """Set a transaction to zero and keep it; whatever it was linked to is open again."""
        self.unlink_all(txn.txn_id, stamp)
        if isinstance(txn, LinedTxn):
            for line in txn.lines:
                line.amount = ZERO
        elif isinstance(txn, BillPayment):
            txn.amount = ZERO
        # QuickBooks marks a voided transaction nowhere but in its memo.
        if not txn.memo.startswith("VOID:"):
            txn.memo = f"VOID: {txn.memo}"[:4095]
        self.touch(txn, stamp)

    def delete(self, txn: Txn, stamp: Stamp) -> None:
        """Remove a transaction and leave a tombstone."""
        self.unlink_all(txn.txn_id, stamp)
        self.tombstones.append(
            Tombstone(
                kind=txn.kind,
                object_id=txn.txn_id,
                created=txn.created,
                deleted=stamp.local,
                deleted_epoch=stamp.epoch,
                label=txn.ref_number,
            )
        )
        self.drop(txn)

    def drop(self, txn: Txn) -> None:
        """Take a transaction out without a trace, as condensing does."""
        del self.by_kind[txn.kind][txn.txn_id]
        self._by_ref[txn.kind, txn.ref_number.casefold()].remove(txn.txn_id)
        del self._by_entity[txn.entity_id][txn.txn_id]
        self._balances.pop(txn.entity_id, None)

    def move_entity(self, from_id: str, to_id: str) -> None:
        """Point every transaction of one vendor at another, as a merge does; they do not count as edited."""
        for txn in self.of_entity(from_id):
            txn.entity_id = to_id
            self.reindex(txn, old_ref=txn.ref_number, old_entity=from_id)

    def replace_account(self, from_id: str, to_id: str) -> None:
        """Point everything posted to one account at another, as a merge does."""
        for transactions in self.by_kind.values():
            for txn in transactions.values():
                if txn.ap_account_id == from_id:
                    txn.ap_account_id = to_id
                if isinstance(txn, BillPayment) and txn.account_id == from_id:
                    txn.account_id = to_id
                for line in txn.lines if isinstance(txn, LinedTxn) else ():
                    if line.account_id == from_id:
                        line.account_id = to_id

    def _index(self, txn: Txn) -> None:
        self._by_ref.setdefault((txn.kind, txn.ref_number.casefold()), []).append(txn.txn_id)
        self._by_entity.setdefault(txn.entity_id, {})[txn.txn_id] = txn


def in_home_currency(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """An amount at an exchange rate, to the cent."""
    return (amount * exchange_rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Exact sum with two decimals."""
    return sum(amounts, ZERO)

"""What operators do with the connector: settings, mapping, commands, and the answers to its questions."""

from __future__ import annotations

import re
from collections.abc import Callable

from campaign.cases import UNKNOWN, Case, amount
from campaign.crew import Crew
from desks import OWN_URL
from ml_connector.core.states import State
from ml_connector.flows import connections, mappings, operator, reposting
from ml_connector.sandbox.quickbooks.refusals import ScreenRefusal
from ml_connector.store import documents
from ml_connector.store.models import Document

_WHO = "a person"
_WAITING = "WaitingForTransfer"
_TXN_ID = re.compile(r"TxnID ([0-9A-Fa-f]+-[0-9]+)")


class Operators(Crew):
    """Those who run the connector."""

    # The connector.

    def maps(self) -> str:
        """Say what the unknown codes mean, and where merged entries went."""
        for kind, code in UNKNOWN.items():
            self.maps_one(kind, code, self.now_in(self.writer.meant[kind]))
        for loser in self.moved:
            kind = "vendor" if loser in {v.list_id for v in self.writer.vendors} else "account"
            firm = self.world.firm
            code = (
                loser if kind == "vendor" else next(firm.account_code(a) for a in firm.accounts if a.list_id == loser)
            )
            self.maps_one(kind, code, self.now_in(loser))
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

    def maps_one(self, kind: str, code: str, target: str) -> None:
        world = self.world
        world.acts(
            lambda: mappings.set_rule(
                world.surroundings, world.connector.row(), mappings.read_kind(kind), code, target, _WHO
            ),
            f"{kind} {code} is mapped",
        )

    def operates(self) -> str:
        """Give a command for some document, whatever state it is in."""
        case = self.a_case()
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
            mine = [txn for txn, owner in self.ours() if owner is case]
            return (
                self.command(case, "link", mine[0].txn_id) == "done" if mine else self.command(case, "retry") == "done"
            )
        return self.command(case, "retry") == "done"

    def _decides(self, case: Case, words: str) -> bool:
        named = [txn_id for txn_id in _TXN_ID.findall(words) if self.ledger.get(txn_id) is not None]
        mine = {txn.txn_id for txn, owner in self.ours() if owner is case}
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
            self.screen.edit_bill(row.txn_id, lines=lines)
        except ScreenRefusal:
            return False
        return True

    def puts_right(self) -> None:
        """Undo what stands in the way of everything: the calm begins."""
        self.comes_back()
        self.screen.set_closing_date(self.world.firm.closing_date.isoformat())
        self.screen.set_class_tracking(True)
        for kind, entry in self.inactive:
            if self.world.outside.company.lists.get(kind, entry) is not None:
                self.screen.set_active(kind, entry, True)
        self.screen.set_clock_skew(0.0)
        self.world.basware.tenant.set_clock_offset(0.0)
        self.world.skew_s = 0.0
        self.world.acts(self.world.connector.resumes, "resumed")
        self.maps()


def _for_machines(row: Document) -> bool:
    """Whoever runs this is asked to try again, and does; only questions about invoices may stay open."""
    return all(fault.code.startswith(("MLC-QB", "MLC-BW")) for fault in documents.faults_of(row))

"""Bugs that are planted in a copy of the source, to see whether the campaign finds them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from campaign.points import SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One change of one text, which must stand in the source exactly once."""

    path: str  #: below the package
    right: str
    wrong: str
    found_as: str  #: the kind of problem it must be found as

    def plant(self, folder: Path) -> Path:
        """Copy the package into a folder, with the bug; return what goes before it on the path."""
        copied = folder / "src" / SOURCE.name
        shutil.copytree(SOURCE, copied, ignore=shutil.ignore_patterns("__pycache__"))
        file = copied / self.path
        text = file.read_text(encoding="utf-8")
        if text.count(self.right) != 1:
            raise ValueError(f"{self.path} does not hold the text that is to be changed exactly once.")
        file.write_text(text.replace(self.right, self.wrong), encoding="utf-8")
        return copied.parent


BUGS = {
    "does not ask QuickBooks' memory of a message set": Bug(
        path="flows/doubts.py",
        right="""            notes |= {"set": row.pk, "stage": "memory"}
            return status_check(row.set_id, visit.version)
""",
        wrong="""            notes |= {"set": row.pk, "stage": "lookup"}
""",
        found_as="guessed",
    ),
    "sends anew what has no answer": Bug(
        path="flows/settling.py",
        right="""        Hop(document=document, event=Event.ANSWER_LOST, words=why, changes={"absent_in": 0})
""",
        wrong="""        Hop(
            document=document,
            event=Event.REFUSED,
            words=why,
            changes={"plan_no": document.plan_no + 1, "due_at": ledger.now, "message_set": None},
        )
""",
        found_as="guessed",
    ),
    "trusts RefNumber alone": Bug(
        path="core/matching.py",
        right="""    if differences:
        return _question("MLC-DUP-01", describe(only), differences, only)
""",
        wrong="",
        found_as="wrong",
    ),
    "enters without looking": Bug(
        path="core/matching.py",
        right="""    if tagged:
        return _judge_tagged(sought, tagged)
""",
        wrong="""    if tagged or candidates:
        return ABSENT
""",
        found_as="duplicate",
    ),
    "tells Basware of the latest payment instead of all": Bug(
        path="core/report.py",
        right="        paid=sum((share.amount for share in real), Decimal(0)),\n",
        wrong="        paid=latest.amount,\n",
        found_as="wrong",
    ),
    "forgets what was acknowledged by a process that died": Bug(
        path="flows/intake.py",
        right="            taken += _store_swept(surroundings, connection, page)\n",
        wrong="            taken += len(page.invoices)\n",
        found_as="lost",
    ),
}

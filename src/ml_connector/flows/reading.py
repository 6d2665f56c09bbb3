"""Reading in pages what changed in QuickBooks since the last time: what lists and payments have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.flows.visit import Answer, Visit
from ml_connector.quickbooks import stamps
from ml_connector.quickbooks.answers import ResponseHead, UnreadableRecord
from ml_connector.quickbooks.requests import Page
from ml_connector.quickbooks.statuses import Fate, classify_status
from ml_connector.store import duties, sessions
from ml_connector.store.chain import Entry
from ml_connector.store.models import Duty

_OFFSET_ERROR = timedelta(hours=1, minutes=5)  # of the offset that QuickBooks prints in summer, and a little

_READ = frozenset({Fate.OK, Fate.WARNED, Fate.EMPTY})
_REFUSED = frozenset({Fate.PERMANENT, Fate.OPERATOR})


@dataclass(slots=True)
class Reading:
    """Where the reading of one list or one kind of transaction stands. Kept in the session's notes between calls."""

    visit: Visit
    name: str  #: of the watermark

    @property
    def _notes(self) -> dict[str, str]:
        notes: dict[str, str] = self.visit.notes.setdefault("reading", {})
        return notes

    def since(self) -> datetime | None:
        """Return the naive local time to ask from, a while before the newest stamp seen; None to ask for everything."""
        if "since" not in self._notes:
            self._notes["since"] = sessions.watermark(self.visit.connection.pk, self.name)
        return stamps.ask_since(self._notes["since"], self._overlap)

    @property
    def _overlap(self) -> timedelta:
        return timedelta(seconds=self.visit.settings.overlap_s)

    def page(self, size: int) -> Page:
        """Return the page to ask for."""
        return Page(size=size, iterator_id=self._notes.get("iterator", ""))

    def saw(self, stamp: str) -> None:
        """Note a stamp; the newest one becomes the watermark when the reading is whole.

        A stamp from a workstation whose clock runs ahead does not: what others save meanwhile would lie before it.
        """
        if stamps.lies_ahead(stamp, self.visit.now, max(self._overlap, _OFFSET_ERROR)):
            return
        self._notes["newest"] = stamps.newest([self._notes.get("newest", ""), stamp])

    def more(self, iterator_id: str, remaining: int | None) -> bool:
        """Note how the answer ended; tell whether another page follows."""
        if remaining:
            self._notes["iterator"] = iterator_id
            self._notes["left"] = str(remaining)
            return True
        return False

    def counted(self, records: int) -> None:
        """Note how many records an answer held."""
        self._notes["count"] = str(int(self._notes.get("count", "0")) + records)

    @property
    def whole(self) -> int | None:
        """How many records there are, if it was asked for everything; None if only for what changed."""
        return None if self.since() else int(self._notes.get("count", "0"))

    def finish(self) -> None:
        """Move the watermark: everything up to the newest stamp was read. Without a stamp it stays where it was."""
        newest = self._notes.get("newest", "")
        if newest and stamps.newest([newest, self._notes.get("since", "")]) == newest:
            sessions.set_watermark(self.visit.connection, self.name, newest)
        self.visit.notes.pop("reading", None)

    def set_aside(self) -> None:
        """Everything was read, and is still to be worked on: the watermark stays until `finish_all`. A session that ends
        before that leaves nothing behind, and all of it is read again."""
        newest = self._notes.get("newest", "")
        if newest and stamps.newest([newest, self._notes.get("since", "")]) == newest:
            self.visit.notes.setdefault("set_aside", {})[self.name] = newest
        self.visit.notes.pop("reading", None)

    @property
    def left(self) -> int:
        """Records that QuickBooks said are still to come."""
        return int(self._notes.get("left", "0"))


def finish_all(visit: Visit) -> None:
    """Move every watermark that was set aside: what was read is worked on."""
    for name, stamp in visit.notes.pop("set_aside", {}).items():
        sessions.set_watermark(visit.connection, name, stamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why one list or one kind of transaction could not be read."""

    sentence: str
    others_can_be_read: bool  #: QuickBooks refuses this one alone, for want of a right or a feature


def trouble_with(head: ResponseHead | None, step: str) -> Trouble | None:
    """Judge the answer to a query; None if it was read."""
    if head is None:
        return Trouble(sentence=f"QuickBooks answered without a word on {step}.", others_can_be_read=False)
    judged = classify_status(head.status_code, head.message)
    if judged.fate in _READ:
        return None
    sentence = f"{step} could not be read: {judged.says} ({head.status_code}: {head.message})"
    return Trouble(sentence=sentence, others_can_be_read=judged.fate in _REFUSED)


def note_unreadable(visit: Visit, unreadable: Sequence[UnreadableRecord], answer: Answer) -> None:
    """Show the records of an answer that could not be read; the others are taken, and do not wait for them."""
    for error in unreadable[:20]:
        visit.ledger.note(Entry(event="unreadable_record", words=str(error), exchange=answer.exchange))
        visit.notes.setdefault("left_out", []).append(str(error))


def leave_out(visit: Visit, trouble: Trouble) -> None:
    """Go on without one list or kind; it is asked for again with the next reading, and its trouble is shown until then."""
    visit.notes.setdefault("left_out", []).append(trouble.sentence)
    visit.notes.pop("reading", None)


def end(visit: Visit, duty: str, next_in_s: float, problem: str) -> None:
    """Note that a reading is done until its next time, or that it failed and is due again in the next session."""
    visit.notes.pop("step", None)
    visit.notes.pop("reading", None)
    visit.notes["done"] = True
    row = Duty.objects.filter(connection=visit.connection, name=duty)
    if problem:
        row.update(due_at=visit.now + timedelta(seconds=1), last_error=problem[:500])
        return
    duties.done(visit.connection.pk, duty, visit.now, next_in_s)
    if left_out := visit.notes.get("left_out"):
        row.update(last_error=" ".join(left_out)[:500])

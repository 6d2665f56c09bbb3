"""Reading in pages what changed in QuickBooks since the last time: what lists and payments have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.flows.visit import Visit
from ml_connector.quickbooks import stamps
from ml_connector.quickbooks.requests import Page
from ml_connector.store import sessions


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
        return stamps.ask_since(self._notes["since"], timedelta(seconds=self.visit.settings.overlap_s))

    def page(self, size: int) -> Page:
        """Return the page to ask for."""
        return Page(size=size, iterator_id=self._notes.get("iterator", ""))

    def saw(self, stamp: str) -> None:
        """Note a stamp; the newest one becomes the watermark when the reading is whole."""
        self._notes["newest"] = stamps.newest([self._notes.get("newest", ""), stamp])

    def more(self, iterator_id: str, remaining: int | None) -> bool:
        """Note how the answer ended; tell whether another page follows."""
        if remaining:
            self._notes["iterator"] = iterator_id
            self._notes["left"] = str(remaining)
            return True
        return False

    def finish(self) -> None:
        """Move the watermark: everything up to the newest stamp was read. Without a stamp it stays where it was."""
        newest = self._notes.get("newest", "")
        if newest and stamps.newest([newest, self._notes.get("since", "")]) == newest:
            sessions.set_watermark(self.visit.connection, self.name, newest)
        self.visit.notes.pop("reading", None)

    def drop(self) -> None:
        """Forget the pages read so far; the next session begins again from the same watermark."""
        self.visit.notes.pop("reading", None)

    @property
    def left(self) -> int:
        """Records that QuickBooks said are still to come."""
        return int(self._notes.get("left", "0"))

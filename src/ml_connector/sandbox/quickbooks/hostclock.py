"""The Windows clock of the machine QuickBooks runs on.

QuickBooks stamps records with host-local wall time to the second and prints the zone's *standard* offset behind it,
in summer too, so the printed offset is wrong half of the year. EditSequence is the Unix time of the same moment.
(jsgoupil/quickbooks-sync README; docs.conductor.is, time zones.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

Clock = Callable[[], datetime]  #: aware UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One moment as QuickBooks keeps it."""

    local: str  #: host-local wall time without offset, `YYYY-MM-DDTHH:MM:SS`; sorts as text
    epoch: int  #: Unix seconds, the EditSequence of a record saved then


class HostClock:
    """Turns the injected clock into QuickBooks' stamps.

    `standard_offset_h` is the zone's offset from UTC in hours without daylight saving (-8 is Pacific time),
    `daylight_saving` moves the wall clock by the rule of the United States, `skew_s` is by how many seconds the
    workstation's clock runs ahead.
    """

    def __init__(self, clock: Clock, *, standard_offset_h: int = -8, daylight_saving: bool = True) -> None:
        self.clock = clock
        self.standard_offset = timedelta(hours=standard_offset_h)
        self.daylight_saving = daylight_saving
        self.skew_s = 0.0
        hours = abs(standard_offset_h)
        self.printed_offset = f"{'-' if standard_offset_h < 0 else '+'}{hours:02d}:00"
        self._last: tuple[int, Stamp] | None = None

    def now(self) -> Stamp:
        """The present second."""
        moment = self.clock() + timedelta(seconds=self.skew_s)
        epoch = int(moment.timestamp())
        if self._last is not None and self._last[0] == epoch:
            return self._last[1]
        stamp = Stamp(local=self._wall(epoch).strftime("%Y-%m-%dT%H:%M:%S"), epoch=epoch)
        self._last = (epoch, stamp)
        return stamp

    def today(self) -> str:
        """The host's calendar date, `YYYY-MM-DD`."""
        return self.now().local[:10]

    def printed(self, local: str) -> str:
        """A stored wall time as it stands in an answer, with the offset that may be wrong."""
        return local + self.printed_offset

    def stamp_of(self, moment: datetime) -> Stamp:
        """The stamp of another moment (aware); used to seed records with a past."""
        epoch = int(moment.timestamp())
        return Stamp(local=self._wall(epoch).strftime("%Y-%m-%dT%H:%M:%S"), epoch=epoch)

    def filter_bound(self, text: str, *, end: bool) -> str:
        """A DATETIMETYPE filter value as comparable wall time.

        Without an offset it is host-local already. With one it is brought to the zone's standard offset, so that a
        value printed by QuickBooks and sent back unchanged means what it meant. A bare date means its first second
        as a lower bound and its last as an upper one. The text must have passed the format check.
        """
        if len(text) == 10:
            return text + ("T23:59:59" if end else "T00:00:00")
        offset = timedelta()
        has_offset = len(text) > 10 and text[-6] in "+-" and text[-3] == ":"
        if has_offset:
            sign = -1 if text[-6] == "-" else 1
            offset = sign * timedelta(hours=int(text[-5:-3]), minutes=int(text[-2:]))
            text = text[:-6]
        filled = text + ("", ":00:00", ":00")[{19: 0, 13: 1, 16: 2}[len(text)]]
        if not has_offset:
            return filled
        moved = datetime.fromisoformat(filled) - offset + self.standard_offset
        return moved.strftime("%Y-%m-%dT%H:%M:%S")

    def _wall(self, epoch: int) -> datetime:
        standard = datetime.fromtimestamp(epoch, tz=UTC).replace(tzinfo=None) + self.standard_offset
        if self.daylight_saving and _in_daylight_saving(standard):
            return standard + timedelta(hours=1)
        return standard


def _in_daylight_saving(standard: datetime) -> bool:
    """Whether the United States' rule applies: second Sunday of March 02:00 to first Sunday of November 02:00."""
    march = date(standard.year, 3, 8)
    begins = march + timedelta(days=(6 - march.weekday()) % 7)
    november = date(standard.year, 11, 1)
    ends = november + timedelta(days=(6 - november.weekday()) % 7)
    start = datetime.combine(begins, time(2))
    finish = datetime.combine(ends, time(1))  # 02:00 daylight time is 01:00 standard time
    return start <= standard < finish

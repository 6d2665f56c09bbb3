"""When the Web Connector usually calls: learned from when it called, so that its silence can be told from its night.

Two things are learned. The usual interval is the median of the last gaps. The usual hours are hours of the week in which
it called in at least two of the three weeks before; until three weeks were seen, every hour counts as usual. Hours are
UTC, so for two weeks after the clocks change they are an hour off at the edges.
"""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

#: From so many missed polls on it is said: one or two may be a restart of the machine.
SAID_FROM = 3
#: And not before so many seconds of silence, however often it usually calls.
SAID_AFTER_S = 60.0
#: Nothing is gained by counting on.
MOST_COUNTED = 100

_GAPS_KEPT = 15
_WEEKS_KEPT = 4
_WEEKS_SEEN = 3  # weeks before the present one that must have been seen before hours are believed
_WEEKS_OPEN = 2  # of them, those in which the hour must have had a poll
_HOUR = timedelta(hours=1)
HOURS_IN_A_WEEK = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """What is remembered of the times at which the Web Connector called."""

    gaps_s: tuple[int, ...] = ()  #: seconds between calls, the latest last
    weeks: ReadOnlyDict[int, int] = field(default_factory=dict)  #: by week number, one bit per hour with a call


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What follows from it."""

    every_s: float  #: the usual interval
    next_at: datetime  #: when the next call is expected; now, if it is overdue
    missed: int  #: calls that were expected since the last one and did not come, `MOST_COUNTED` at most
    silent_s: float  #: how long ago the last one was

    @property
    def is_missing(self) -> bool:
        """Tell whether the silence is long enough to be said."""
        return self.missed >= SAID_FROM and self.silent_s >= SAID_AFTER_S


def heard(polls: Polls, last: datetime | None, now: datetime) -> Polls:
    """Remember one more call; `last` is the one before it. Both aware UTC."""
    gaps = polls.gaps_s
    if last is not None and (gap := int((now - last).total_seconds())) > 0:
        gaps = (*gaps, gap)[-_GAPS_KEPT:]
    week, bit = _place(now)
    weeks = dict(polls.weeks)
    weeks[week] = weeks.get(week, 0) | bit
    kept = sorted(weeks)[-_WEEKS_KEPT:]
    return Polls(gaps_s=gaps, weeks={number: weeks[number] for number in kept})


def every_s(polls: Polls, configured_s: float) -> float:
    """Return the usual interval: what was seen, but never less than what the `.qwc` file says, because a person who
    presses the Web Connector's button a few times is no schedule."""
    return max(float(median(polls.gaps_s)), configured_s) if polls.gaps_s else configured_s


def expected(polls: Polls, last: datetime, now: datetime, configured_s: float) -> Expectation:
    """Say when the next call is expected after the one at `last`, and how many were missed until `now`."""
    usual_s = every_s(polls, configured_s)
    step = timedelta(seconds=usual_s)
    missed = 0
    moment = last + step
    usual_hours = _usual_hours(polls, now)
    while missed < MOST_COUNTED:
        opens = _next_open(usual_hours, moment)
        if opens != moment:
            moment = opens
        elif moment + step / 2 >= now:
            break
        else:
            missed += 1
            moment += step
    silent_s = (now - last) / timedelta(seconds=1)
    return Expectation(every_s=usual_s, next_at=max(moment, now), missed=missed, silent_s=silent_s)


def _usual_hours(polls: Polls, now: datetime) -> int:
    """Return the hours of the week in which calls are usual, one bit each; zero if that is not known."""
    week, _ = _place(now)
    if min(polls.weeks, default=week) > week - _WEEKS_SEEN:
        return 0
    seen = [polls.weeks.get(number, 0) for number in range(week - _WEEKS_SEEN, week)]
    return sum(1 << hour for hour in range(HOURS_IN_A_WEEK) if sum(w >> hour & 1 for w in seen) >= _WEEKS_OPEN)


def _next_open(usual_hours: int, moment: datetime) -> datetime:
    """Return the moment itself if its hour is a usual one, else the beginning of the next usual hour."""
    if not usual_hours:
        return moment
    for _ in range(HOURS_IN_A_WEEK):
        if usual_hours & _place(moment)[1]:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
    return moment


def _place(moment: datetime) -> tuple[int, int]:
    """Return the number of the week, and the bit of the hour within it."""
    return (moment.toordinal() - 1) // 7, 1 << (moment.weekday() * 24 + moment.hour)

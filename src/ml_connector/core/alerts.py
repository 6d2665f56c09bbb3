"""What people are alerted to, and when: pure rules, no rows and no network.

A *matter* is one thing that holds now and that somebody should know of. A *rule* says which matters one person is told of,
how, and how often. Every matter is told once, once more as a reminder if it lasts, and once more when it is over: nothing
is repeated because it is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from ml_connector.core.quiet import quiet_until
from ml_connector.core.roles import Role


class AlertKind(StrEnum):
    """What a matter is about; people choose among these."""

    STOPPED = "stopped"  #: nothing is written to QuickBooks until a person decides
    DEADLINE = "deadline"  #: Basware waits for answers, and soon no longer
    HELD_UP = "held_up"  #: invoices that need a person, by cause
    PAYMENTS = "payments"  #: payments that are a question
    LISTS = "lists"  #: list entries that Basware refused
    SILENT = "silent"  #: the Web Connector does not call, or is not let in
    OUTAGE = "outage"  #: Basware does not answer
    DUTY = "duty"  #: some work fails until a person mends its cause
    CHAIN = "chain"  #: the audit chain is broken
    SYSTEM = "system"  #: backup, disk, database or key of the installation


KIND_WORDS: ReadOnlyDict[AlertKind, str] = {
    AlertKind.STOPPED: "Nothing is written to QuickBooks until somebody decides",
    AlertKind.DEADLINE: "Basware waits for answers near their deadline",
    AlertKind.HELD_UP: "Invoices need a person",
    AlertKind.PAYMENTS: "Payments are a question",
    AlertKind.LISTS: "Basware refused list entries",
    AlertKind.SILENT: "The Web Connector does not call",
    AlertKind.OUTAGE: "Basware does not answer",
    AlertKind.DUTY: "Work fails until its cause is mended",
    AlertKind.CHAIN: "The audit chain is broken",
    AlertKind.SYSTEM: "Backup, disk, database or key need attention",
}

#: What a role is offered first: who can mend it is told of it.
SUGGESTED: ReadOnlyDict[Role, frozenset[AlertKind]] = {
    Role.CLERK: frozenset({AlertKind.HELD_UP, AlertKind.DEADLINE}),
    Role.CONTROLLER: frozenset(
        {AlertKind.STOPPED, AlertKind.DEADLINE, AlertKind.PAYMENTS, AlertKind.LISTS, AlertKind.CHAIN}
    ),
    Role.ADMIN: frozenset(
        {
            AlertKind.STOPPED, AlertKind.SILENT, AlertKind.OUTAGE, AlertKind.DUTY, AlertKind.LISTS, AlertKind.CHAIN,
            AlertKind.SYSTEM,
        }
    ),
    Role.AUDITOR: frozenset({AlertKind.CHAIN}),
}  # fmt: skip

#: What often ends by itself is told only if it lasts.
_PATIENCE: ReadOnlyDict[AlertKind, timedelta] = {
    AlertKind.OUTAGE: timedelta(minutes=15),
    AlertKind.DUTY: timedelta(minutes=15),
    AlertKind.SYSTEM: timedelta(minutes=15),
}

#: A matter that is gone for less than this was not over: what comes and goes is told once.
SETTLES = timedelta(minutes=10)
#: At least this long lies between two messages of a rule that tells at once.
BREATH = timedelta(minutes=15)


class Cadence(StrEnum):
    """How often a rule speaks."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"


CADENCE_WORDS: ReadOnlyDict[Cadence, str] = {
    Cadence.AT_ONCE: "At once",
    Cadence.HOURLY: "Once an hour, together",
    Cadence.DAILY: "Once a day, together",
}


class Channel(StrEnum):
    """How a rule speaks."""

    EMAIL = "email"
    WEBHOOK = "webhook"  #: signed JSON
    CHAT = "chat"  #: unsigned JSON with nothing but `text`, as chat programs take it


CHANNEL_WORDS: ReadOnlyDict[Channel, str] = {
    Channel.EMAIL: "E-mail",
    Channel.WEBHOOK: "Webhook, signed",
    Channel.CHAT: "Chat room",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What the documents of a matter come to in one currency."""

    currency: str
    amount: Decimal  #: credit notes count as negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One thing that holds now."""

    kind: AlertKind
    key: str  #: names it among those of its kind in one connection
    words: str  #: a headline
    says: str  #: what is the matter
    do: str  #: the next step
    path: str  #: where in the console it is mended, below its beginning
    count: int = 0  #: documents or entries; 0 where it is about none
    sums: Sequence[Money] = ()
    since: datetime | None = None  #: the oldest document came in; None: it begins when it is first seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a rule wants to be told of."""

    kinds: frozenset[AlertKind]
    least_amount: int = 0  #: whole units of any one currency; 0: whatever it comes to. Only where money is known
    least_hours: int = 0  #: how long a matter must have lasted
    remind_hours: int = 24  #: after so long it is told again; 0: never
    tells_end: bool = True


def is_wanted(wanted: Wanted, matter: Matter, began_at: datetime, now: datetime) -> bool:
    """Tell whether a rule is to speak of a matter by now.

    Args:
        wanted: the rule.
        matter: what holds.
        began_at: when it was first seen; a matter whose documents are older counts from the oldest of them.
        now: aware UTC.
    """
    if matter.kind not in wanted.kinds:
        return False
    if now - began_at < _PATIENCE.get(matter.kind, timedelta()):
        return False
    began = min(began_at, matter.since or began_at)
    if now - began < timedelta(hours=wanted.least_hours):
        return False
    amounts = [abs(money.amount) for money in matter.sums]
    return not (wanted.least_amount and amounts and max(amounts) < wanted.least_amount)


def is_news(told_at: datetime | None, told_count: int, matter: Matter, remind_hours: int, now: datetime) -> bool:
    """Tell whether a matter is to be told: for the first time, because it grew much, or because it lasts."""
    if told_at is None or matter.count >= 2 * max(told_count, 1):
        return True
    return remind_hours > 0 and now - told_at >= timedelta(hours=remind_hours)


def next_moment(
    cadence: Cadence, daily_at: str, quiet: str, zone: ZoneInfo, last_at: datetime | None, now: datetime
) -> datetime:
    """Return when a rule may speak next.

    Args:
        cadence: how often.
        daily_at: time of day as 07:30, in the zone; for `DAILY` only.
        quiet: window in which nothing is told, as `core.quiet` has it; empty: none.
        zone: in which people read the times.
        last_at: when it spoke last; None: never.
        now: aware UTC; so is the answer.
    """
    moment = now
    if cadence is Cadence.AT_ONCE and last_at is not None:
        moment = max(now, last_at + BREATH)
    elif cadence is Cadence.HOURLY:
        moment = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    elif cadence is Cadence.DAILY:
        there = now.astimezone(zone)
        hour, _, minute = daily_at.partition(":")
        moment = there.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        if moment <= there:
            moment += timedelta(days=1)
    end = quiet_until(quiet, moment.astimezone(zone)) if quiet else None
    return (end or moment).astimezone(UTC)

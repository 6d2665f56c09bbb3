"""The first page: what needs a person today, totals, and what is easier to look at than to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from ml_connector.core.polls import HOURS_IN_A_WEEK
from ml_connector.core.roles import Role
from ml_connector.core.states import State
from ml_connector.flows import alert_round, inbox, month_close, payment_list, reconciliation, work_list
from ml_connector.flows.connections import named
from ml_connector.flows.local_time import span
from ml_connector.flows.standing import standing
from ml_connector.flows.surroundings import zone_of
from ml_connector.store import list_pages, overview
from ml_connector.store.day_figures import CAME_IN, ENTERED, HELD_UP, by_day
from ml_connector.store.models import Connection

DAYS = 14
_LOOKED_AT = 5  # connections of which everything is said; of more, those that say of themselves that something is wrong
_GROUPS = 5
_POLLED = 50  # connections whose hours are added up

#: Work that is not done, for the chart of ages.
_OPEN = (
    State.RECEIVED, State.ACCEPTED, State.PLANNED, State.SENT, State.IN_DOUBT, State.MODIFYING, State.POSTED, State.GIVEN_UP,
    State.BLOCKED, State.CHANGED,
)  # fmt: skip
_AGES = (
    ("under an hour", timedelta(hours=1)), ("under a day", timedelta(days=1)), ("under 3 days", timedelta(days=3)),
    ("under a week", timedelta(days=7)), ("under a month", timedelta(days=30)),
)  # fmt: skip
_OLDER = "older"
_TOOK = (("5 minutes", 300), ("15 minutes", 900), ("an hour", 3600), ("4 hours", 4 * 3600), ("a day", 86400))


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that a person must look at."""

    words: str
    says: str
    verb: str
    screen: str  #: name of the screen to go to
    arguments: tuple[str, ...] = ()
    query: str = ""
    urgent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Named counts for one chart, in the order of its labels."""

    name: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Figures to be drawn, and the sentence that says the same."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    says: str
    unit: str  #: what is counted
    queries: Sequence[str] = ()  #: for each label, what finds the documents of the first series in the work list

    @property
    def empty(self) -> bool:
        """There is nothing to draw."""
        return not any(count for one in self.series for count in one.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on the first page."""

    needs: Sequence[Need]
    totals: Sequence[work_list.View]
    charts: Sequence[Chart]


def look(connection: str, person: str, role: Role, now: datetime) -> Overview:
    """Return the first page of all connections, or of one, as a person of this role needs it.

    Raises:
        NeedsOperator: there is no such connection.
    """
    owners = [named(connection)] if connection else list(Connection.objects.order_by("name"))
    zone = zone_of(owners[0]) if owners else ZoneInfo("UTC")
    return Overview(
        needs=[
            *_stopped(owners, now),
            *_held_up(connection, person),
            *_payments(owners, connection),
            *_lists(owners),
            *_months(owners, now, signs=role is Role.CONTROLLER),
            *_alerts(now, keeps=role is Role.ADMIN),
        ],
        totals=work_list.views(connection),
        charts=[_days(owners, now, zone), _waiting(owners, now), _took(owners), hours(owners, now, zone)],
    )


# What needs a person.


def _stopped(owners: Sequence[Connection], now: datetime) -> list[Need]:
    if len(owners) <= _LOOKED_AT:
        said = [(row, problem) for row in owners if not row.paused for problem in standing(row, now).problems]
    else:
        said = [(row, overview.words_of(row)) for row in overview.troubled(owners)]
    return [
        Need(
            words=row.company_name or row.name,
            says=problem,
            verb="Look at the connection",
            screen="connection-health",
            arguments=(row.name,),
        )
        for row, problem in said
    ]


def _held_up(connection: str, person: str) -> list[Need]:
    groups = [group for group in inbox.groups(connection, person=person) if inbox.needs_person(group.cause)]
    found = []
    for group in groups[:_GROUPS]:
        money = ", ".join(f"{one.amount:,.2f} {one.currency}" for one in group.sums if one.currency)
        what = "1 invoice" if group.count == 1 else f"{group.count:,} invoices"
        found.append(
            Need(
                words=f"{group.cause.words}: {what}{f', {money}' if money else ''}",
                says=f"{group.cause.says} {group.cause.do}",
                verb="Open them",
                screen="inbox-group",
                arguments=(group.cause.code,),
                query=f"connection={connection}" if connection else "",
            )
        )
    if len(groups) > _GROUPS:
        more = len(groups) - _GROUPS
        words = "One more cause" if more == 1 else f"{more} more causes"
        found.append(Need(words=words, says="They stand in the error inbox.", verb="Open the inbox", screen="inbox"))
    return found


def _payments(owners: Sequence[Connection], connection: str) -> list[Need]:
    count = payment_list.count_questions(owners)
    if not count:
        return []
    what = "1 payment is a question" if count == 1 else f"{count:,} payments are questions"
    says = "Basware did not take the word of a payment, or a credit alone settled a Bill."
    query = f"view={payment_list.QUESTIONS}" + (f"&connection={connection}" if connection else "")
    return [Need(words=what, says=says, verb="Answer them", screen="payments", query=query)]


def _lists(owners: Sequence[Connection]) -> list[Need]:
    found = []
    for row in owners[:_LOOKED_AT]:
        if count := list_pages.count_refused(row.pk):
            what = "1 list entry" if count == 1 else f"{count:,} list entries"
            found.append(
                Need(
                    words=f"Basware refused {what} of {row.company_name or row.name}",
                    says="Invoices cannot be coded to what Basware does not know; each entry has Basware's own words.",
                    verb="Look at them",
                    screen="lists",
                    query=urlencode({"connection": row.name}),
                )
            )
    return found


def _months(owners: Sequence[Connection], now: datetime, *, signs: bool) -> list[Need]:
    """Return last month where it is not signed, or was changed since; for who signs, and for few connections."""
    found: list[Need] = []
    for row in owners[:_LOOKED_AT] if signs else ():
        offered = reconciliation.offered_months(row, now)[1:2]
        said = month_close.changed_months(row, offered)
        for period in offered:
            state = said.get(period, "Not signed yet")
            if state == month_close.SIGNED:
                continue
            words = f"{reconciliation.month_words(period)} of {row.company_name or row.name}"
            found.append(
                Need(
                    words=words,
                    says=f"{state}.",
                    verb="Reconcile it",
                    screen="reconciliation",
                    query=f"connection={row.name}&month={period}",
                    urgent=state != "Not signed yet",
                )
            )
    return found


def _alerts(now: datetime, *, keeps: bool) -> list[Need]:
    count = alert_round.count_given_up(now) if keeps else 0
    if not count:
        return []
    what = "1 alert reached nobody" if count == 1 else f"{count:,} alerts reached nobody"
    says = "It was not taken, in the last seven days; the list of alerts says why."
    return [Need(words=what, says=says, verb="Look at the alerts", screen="alerts")]


# Charts.


def _days(owners: Sequence[Connection], now: datetime, zone: ZoneInfo) -> Chart:
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    counted = by_day([row.pk for row in owners], days[0].isoformat())
    series = [
        Series(name=name.capitalize(), counts=[counted.get((day.isoformat(), name), 0) for day in days])
        for name in (CAME_IN, ENTERED, HELD_UP)
    ]
    came, entered, held = (sum(one.counts) for one in series)
    return Chart(
        title=f"Invoices of the last {DAYS} days",
        labels=[f"{day.day} {day:%b}" for day in days],
        series=series,
        says=f"{came:,} came in, {entered:,} were entered in QuickBooks, {held:,} were held up at first or later.",
        unit="invoices",
        queries=[_query(owners, since=day.isoformat(), until=day.isoformat()) for day in days],
    )


def _query(owners: Sequence[Connection], **filters: str) -> str:
    """Return a query of the work list; of one connection where it is looked at alone, for days are meant in its zone."""
    own = {"connection": owners[0].name} if len(owners) == 1 else {}
    return urlencode(own | filters)


def _waiting(owners: Sequence[Connection], now: datetime) -> Chart:
    counts = overview.ages(owners, _OPEN, [now - age for _, age in _AGES])
    total, old = sum(counts), sum(counts[3:])
    if not total:
        says = "Nothing waits."
    else:
        says = f"{total:,} documents are not done; {old:,} of them came in 3 days ago or earlier."
    return Chart(
        title="Age of what is not done",
        labels=[*(words for words, _ in _AGES), _OLDER],
        series=[Series(name="Documents", counts=counts)],
        says=says,
        unit="documents",
    )


def _took(owners: Sequence[Connection]) -> Chart:
    seconds = sorted(
        (posted - received).total_seconds() for received, posted in overview.latest_entered(owners[:_LOOKED_AT])
    )
    counts, done = [], 0
    for _, limit in _TOOK:
        upto = sum(1 for value in seconds if value < limit)
        counts.append(upto - done)
        done = upto
    counts.append(len(seconds) - done)
    says = "Nothing was entered yet."
    if seconds:
        late = seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))]
        half = span(median(seconds))
        says = f"Of the last {len(seconds)} entered, half took less than {half}; 19 of 20 less than {span(late)}."
    return Chart(
        title="From Basware's offer to the Bill",
        labels=[*(f"under {words}" for words, _ in _TOOK), "longer"],
        series=[Series(name="Documents", counts=counts)],
        says=says,
        unit="documents",
    )


def hours(owners: Sequence[Connection], now: datetime, zone: ZoneInfo) -> Chart:
    """Add up in how many hours of the weeks that are remembered the Web Connector called, by hour of the day."""
    shift = round((now.astimezone(zone).utcoffset() or timedelta()) / timedelta(hours=1))
    counts = [0] * 24
    for row in owners[:_POLLED]:
        for bits in row.poll_weeks.values():
            called = int(bits, 16)
            for hour in range(HOURS_IN_A_WEEK):
                if called >> hour & 1:
                    counts[(hour + shift) % 24] += 1
    quiet = [hour for hour in range(24) if not counts[hour]]
    if len(quiet) == 24:
        says = "The Web Connector has not called yet."
    elif quiet:
        says = f"In {24 - len(quiet)} of 24 hours of the day the Web Connector called; never at {_as_hours(quiet)}."
    else:
        says = "The Web Connector called at every hour of the day."
    return Chart(
        title="When the Web Connector calls",
        labels=[f"{hour:02}" for hour in range(24)],
        series=[Series(name="Hours with a call, in the last weeks", counts=counts)],
        says=says,
        unit="hours with a call",
    )


def _as_hours(hours: Sequence[int]) -> str:
    """Write hours as spans, such as 0–6 and 19–23 h."""
    spans: list[list[int]] = []
    for hour in hours:
        if spans and hour == spans[-1][1] + 1:
            spans[-1][1] = hour
        else:
            spans.append([hour, hour])
    words = [f"{first}–{last}" if first != last else str(first) for first, last in spans]
    return f"{', '.join(words)} h"

"""What holds now that somebody should know of, kept in rows from when it is first seen until it is over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from ml_connector.core.alerts import SETTLES, AlertKind, Matter, Money
from ml_connector.flows import deadlines, inbox, outage, payment_list, polls, upkeep
from ml_connector.flows.local_time import local, until
from ml_connector.flows.page_words import for_pages
from ml_connector.flows.standing import DUTY_WORDS
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import duties, list_pages
from ml_connector.store.models import AlertMatter, AlertTold, Connection, Duty

_KEPT = timedelta(days=90)  # what is over is remembered for so long


def look(connection: Connection, now: datetime) -> None:
    """Look at one connection, and keep what holds."""
    _keep(connection, list(_of_connection(connection, now)), now)


def look_at_installation(surroundings: Surroundings, home: Path, now: datetime) -> None:
    """Look at the installation itself, and keep what holds."""
    _keep(None, list(_of_installation(surroundings, home, now)), now)
    AlertMatter.objects.filter(over_at__lt=now - _KEPT).delete()


def open_matters(connection: str = "") -> Sequence[AlertMatter]:
    """Return what holds, the latest first; of one connection, if it is named."""
    found = AlertMatter.objects.filter(gone_at=None, over_at=None).select_related("connection").order_by("-pk")
    if connection:
        found = found.filter(Q(connection__name=connection) | Q(connection=None))
    return list(found.exclude(connection__paused=True))


def matter_of(row: AlertMatter) -> Matter:
    """Return a matter as the rules look at it."""
    return Matter(
        kind=AlertKind(row.kind),
        key=row.key,
        words=row.words,
        says=row.says,
        do=row.do,
        path=row.path,
        count=row.count,
        sums=[Money(currency=one["currency"], amount=Decimal(one["amount"])) for one in row.sums],
        since=row.since,
    )


# What holds.


def _of_connection(row: Connection, now: datetime) -> Iterable[Matter]:
    health = f"connections/{row.name}/health"
    if row.stop_reason:
        yield Matter(
            kind=AlertKind.STOPPED, key="", words="Nothing is written to QuickBooks", says=row.stop_reason,
            do="Decide on the page of the connection.", path=f"connections/{row.name}/restored",
        )  # fmt: skip
    if says := polls.silence(row, now, polls.expectation(row, now)):
        yield Matter(
            kind=AlertKind.SILENT, key="", words="The Web Connector does not call", says=says, do=polls.how_to_mend(row),
            path=health,
        )  # fmt: skip
    if row.outage_failures:
        yield Matter(
            kind=AlertKind.OUTAGE, key="", words="Basware does not answer", says=outage.sentence(row, now),
            do="Nothing, unless it lasts: then ask Basware whether it is down, and your network's people whether it is"
            " reached.",
            path=health,
        )  # fmt: skip
    yield from _failing_duties(row, health)
    yield from _late_answers(row, now)
    yield from _held_up(row)
    if count := payment_list.count_questions([row]):
        words = "1 payment is a question" if count == 1 else f"{count:,} payments are questions"
        yield Matter(
            kind=AlertKind.PAYMENTS, key="", words=words,
            says="Basware did not take the word of a payment, or a credit alone settled a Bill.",
            do="Open the payments and answer them.", path=f"payments?view={payment_list.QUESTIONS}&connection={row.name}",
            count=count,
        )  # fmt: skip
    if count := list_pages.count_refused(row.pk):
        yield Matter(
            kind=AlertKind.LISTS, key="", words=f"Basware refused {_counted(count, 'list entry', 'list entries')}",
            says="Invoices cannot be coded to what Basware does not know.",
            do="Open the lists; each entry has Basware's own words.", path="lists", count=count,
        )  # fmt: skip


def _failing_duties(row: Connection, path: str) -> Iterable[Matter]:
    failing = {
        duty.name: duty.last_error for duty in Duty.objects.filter(connection=row, needs_operator=True) if duty.failures
    }
    by_sentence: dict[str, list[str]] = {}
    for name in duties.ALL:
        if sentence := failing.get(name):
            by_sentence.setdefault(sentence, []).append(DUTY_WORDS[name])
    for sentence, names in by_sentence.items():
        yield Matter(
            kind=AlertKind.DUTY,
            key=hashlib.sha256(sentence.encode()).hexdigest()[:40],
            words=f"Fails: {' and '.join(names)}",
            says=sentence,
            do="Mend what the sentence names; it is tried again by itself.",
            path=path,
        )


def _late_answers(row: Connection, now: datetime) -> Iterable[Matter]:
    found = deadlines.unanswered(row, now)
    if not found.near or found.first is None or found.earliest is None:
        return
    past = f" {_counted(found.past, 'deadline')} {'has' if found.past == 1 else 'have'} passed." if found.past else ""
    yield Matter(
        kind=AlertKind.DEADLINE,
        key="",
        words=f"{_counted(found.near, 'invoice')} near Basware's deadline",
        says=f"Basware waits for the answer about the first until {local(row, found.earliest)} ({until(found.earliest, now)}),"
        f" and then sets Transfer Failed by itself.{past}",
        do="Open it; its page says what holds it up. Give up on what cannot be posted in time, so that Basware is told why.",
        path=f"documents/{found.first.pk}",
        count=found.near,
    )


def _held_up(row: Connection) -> Iterable[Matter]:
    for group in inbox.groups(row.name):
        if not inbox.needs_person(group.cause):
            continue
        yield Matter(
            kind=AlertKind.HELD_UP,
            key=group.cause.code,
            words=f"{group.cause.words}: {_counted(group.count, 'invoice')}",
            says=group.cause.says,
            do=group.cause.do,
            path=f"inbox/{group.cause.code}?connection={row.name}",
            count=group.count,
            sums=[Money(currency=one.currency, amount=one.amount) for one in group.sums if one.currency],
            since=group.oldest_at,
        )


def _of_installation(surroundings: Surroundings, home: Path, now: datetime) -> Iterable[Matter]:
    for fact in upkeep.facts(surroundings, home):
        if not fact.ok:
            yield Matter(
                kind=AlertKind.SYSTEM, key=fact.title, words=f"{fact.title}: {fact.value}", says=fact.note, do=fact.do,
                path="system",
            )  # fmt: skip
    for chain in upkeep.chains(now):
        if chain.breaks:
            yield Matter(
                kind=AlertKind.CHAIN, key=chain.name, words=f"The audit chain of {chain.name} is broken",
                says=chain.breaks[0], do="Keep everything as it is, take an export, and find out who changed the database.",
                path="system",
            )  # fmt: skip


def _counted(count: int, one: str, many: str = "") -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"


# Rows.


def _keep(connection: Connection | None, found: Sequence[Matter], now: datetime) -> None:
    with transaction.atomic():
        rows = {(row.kind, row.key): row for row in AlertMatter.objects.filter(connection=connection, over_at=None)}
        for matter in found:
            row = rows.pop((matter.kind.value, matter.key), None)
            if row is None:
                row = AlertMatter(connection=connection, kind=matter.kind.value, key=matter.key, began_at=now)
            _save(row, matter)
        for row in rows.values():
            _note_gone(row, now)


def _save(row: AlertMatter, matter: Matter) -> None:
    values = {
        "words": matter.words[:200],
        "says": for_pages(matter.says)[:1000],
        "do": for_pages(matter.do)[:500],
        "path": matter.path,
        "count": matter.count,
        "sums": [{"currency": money.currency, "amount": f"{money.amount:.2f}"} for money in matter.sums],
        "since": matter.since,
        "gone_at": None,
    }
    if row.pk is None or any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.save()


def _note_gone(row: AlertMatter, now: datetime) -> None:
    if row.gone_at is None:
        row.gone_at = now
        row.save(update_fields=["gone_at"])
    elif now - row.gone_at >= SETTLES:
        if AlertTold.objects.filter(matter=row).exists():
            row.over_at = now
            row.save(update_fields=["over_at"])
        else:
            row.delete()  # nobody was told, so nobody need be told that it is over

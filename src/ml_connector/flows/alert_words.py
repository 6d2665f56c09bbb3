"""What an alert says: one message for everything that a rule tells at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector.flows.surroundings import zone_of
from ml_connector.store.models import AlertMatter

_SHOWN = 25  # matters that one message spells out


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a rule has to say."""

    new: Sequence[AlertMatter] = ()
    again: Sequence[AlertMatter] = ()  #: told before; grown, or lasting
    over: Sequence[AlertMatter] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.again or self.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A message."""

    subject: str
    text: str
    body: Mapping[str, Any]  #: for a program


def write(news: News, own_url: str, rule_name: str, rule_number: int, now: datetime) -> Words:
    """Write one message of everything there is to say, which is something."""
    subject = _subject(news)
    parts = [
        *_part("", news.new, own_url),
        *_part("Still so:" if news.new else "", news.again, own_url),
        *_over(news.over),
        f"You are told this by the rule {rule_name!r}: {own_url}/console/alerts/{rule_number}",
    ]
    body = {
        "type": "ml-connector.alert",
        "made_at": now.isoformat(timespec="seconds"),
        "subject": subject,
        "new": [as_dict(row, own_url) for row in news.new],
        "again": [as_dict(row, own_url) for row in news.again],
        "over": [as_dict(row, own_url) for row in news.over],
    }
    return Words(subject=subject, text="\n\n".join(parts) + "\n", body=body)


def trial(own_url: str, rule_name: str, rule_number: int, now: datetime) -> Words:
    """Write a message that only shows that messages arrive."""
    subject = f"ml-connector: a test of the rule {rule_name!r}"
    text = (
        "This is a test: alerts of this rule arrive here. Nothing is the matter.\n\n"
        f"The rule: {own_url}/console/alerts/{rule_number}\n"
    )
    body = {"type": "ml-connector.test", "made_at": now.isoformat(timespec="seconds"), "subject": subject}
    return Words(subject=subject, text=text, body=body)


def _subject(news: News) -> str:
    told = [*news.new, *news.again]
    if len(told) == 1 and not news.over:
        return _line(told[0])[:190]
    if not told and len(news.over) == 1:
        return f"Over: {_line(news.over[0])}"[:190]
    counted = ((len(news.new), "new"), (len(news.again), "still so"), (len(news.over), "over"))
    counts = ", ".join(f"{count} {word}" for count, word in counted if count)
    names = sorted({_whose(row) for row in (*told, *news.over)})
    return f"{', '.join(names[:3])}{' and others' if len(names) > 3 else ''}: {counts}"[:190]


def _part(heading: str, rows: Sequence[AlertMatter], own_url: str) -> list[str]:
    if not rows:
        return []
    found = [heading] if heading else []
    for row in rows[:_SHOWN]:
        lines = [_line(row), row.says, f"Next: {row.do}" if row.do else "", _address(row, own_url)]
        found.append("\n".join(filter(None, lines)))
    if len(rows) > _SHOWN:
        found.append(f"And {len(rows) - _SHOWN} more: {own_url}/console/alerts")
    return found


def _over(rows: Sequence[AlertMatter]) -> list[str]:
    if not rows:
        return []
    lines = [f"{_line(row)} (since {_when(row, row.began_at)})" for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"and {len(rows) - _SHOWN} more")
    return ["Over:\n" + "\n".join(lines)]


def _line(row: AlertMatter) -> str:
    return f"{_whose(row)}: {row.words}{''.join(f', {money}' for money in _money(row))}"


def money_of(row: AlertMatter) -> str:
    """Write what the documents of a matter come to."""
    return ", ".join(_money(row))


def _money(row: AlertMatter) -> list[str]:
    return [f"{Decimal(one['amount']):,.2f} {one['currency']}" for one in row.sums]


def _whose(row: AlertMatter) -> str:
    return (row.connection.company_name or row.connection.name) if row.connection else "ml-connector"


def _when(row: AlertMatter, moment: datetime) -> str:
    there = moment.astimezone(zone_of(row.connection) if row.connection else ZoneInfo("UTC"))
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"


def _address(row: AlertMatter, own_url: str) -> str:
    return f"{own_url}/console/{row.path}"


def as_dict(row: AlertMatter, own_url: str) -> dict[str, Any]:
    """Return a matter as plain values."""
    return {
        "kind": row.kind,
        "key": row.key,
        "connection": row.connection.name if row.connection else "",
        "words": row.words,
        "says": row.says,
        "do": row.do,
        "count": row.count,
        "sums": row.sums,
        "since": row.since.isoformat(timespec="seconds") if row.since else None,
        "began_at": row.began_at.isoformat(timespec="seconds"),
        "over_at": row.over_at.isoformat(timespec="seconds") if row.over_at else None,
        "address": _address(row, own_url),
    }

"""What the mapping editor shows: codes that are missing with what mapping them sets free, rules, versions, proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ml_connector.core.books import ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.likeness import Likeness, Suggestion
from ml_connector.flows.inbox import Sum
from ml_connector.flows.mappings import OPTIONAL
from ml_connector.store import mapping, missing
from ml_connector.store.cents import from_cents
from ml_connector.store.missing import Effect
from ml_connector.store.models import Connection, ListEntry, MappingChange, MappingRule

#: What each kind is called in both systems, in the order in which people look at them.
KIND_WORDS = {
    ListKind.VENDOR: ("Suppliers", "supplier", "vendor"),
    ListKind.ACCOUNT: ("Accounts", "account code", "account"),
    ListKind.CLASS: ("Cost centers", "cost center", "class"),
    ListKind.CUSTOMER: ("Projects", "project", "customer or job"),
    ListKind.TERMS: ("Payment terms", "payment term", "terms"),
}

_PAGE = 25
_COMPARABLE = 10_000  # entries of one list among which something alike is looked for
_HITS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What mapping a code does to the documents that wait for it."""

    count: int  #: documents that wait for nothing else
    sums: Sequence[Sum]  #: of those, by currency
    still: int  #: documents that wait for something else too

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "documents": self.count,
            "sums": [{"currency": s.currency, "amount": f"{s.amount:.2f}", "documents": s.count} for s in self.sums],
            "still": self.still,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """One code that holds documents up."""

    code: str
    name: str  #: what Basware calls it; empty where it does not say
    count: int
    freed: Freed
    best: Suggestion | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "code": self.code,
            "name": self.name,
            "documents": self.count,
            "frees": self.freed.as_dict(),
            "best": asdict(self.best) if self.best else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, and how its target stands."""

    row: MappingRule
    target: str  #: the entry's name; `left out`
    code: str  #: the entry's code
    trouble: str  #: empty if the entry is there and active

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "code": self.row.code,
            "list_id": self.row.list_id,
            "target": self.target,
            "target_code": self.code,
            "trouble": self.trouble,
            "set_by": self.row.set_by,
            "set_at": self.row.set_at.isoformat(timespec="seconds"),
        }


def freed(effects: Sequence[Effect]) -> Freed:
    """Add up what waits for a code."""
    only = [effect for effect in effects if effect.only]
    currencies = sorted({effect.currency for effect in only})
    return Freed(
        count=sum(effect.count for effect in only),
        sums=[
            Sum(
                currency=currency,
                count=sum(e.count for e in only if e.currency == currency),
                amount=from_cents(sum(e.cents for e in only if e.currency == currency)),
            )
            for currency in currencies
        ],
        still=sum(effect.count for effect in effects if not effect.only),
    )


def unmapped(
    connection: Connection, kind: ListKind, after: tuple[int, str] | None = None
) -> tuple[Sequence[Unmapped], tuple[int, str] | None]:
    """Return one page of missing codes, those first for which the most documents wait, and where the next page begins."""
    found = missing.by_effect(connection.pk, kind, _PAGE + 1, after)
    shown = found[:_PAGE]
    effects = missing.effects(connection.pk, kind, [one.code for one in shown])
    alike = _likeness(connection, kind) if shown else None
    listed = [
        Unmapped(
            code=one.code,
            name=one.name,
            count=one.count,
            freed=freed(effects.get(one.code, [])),
            best=next(iter(alike.suggest(one.code, one.name, 1)), None) if alike else None,
        )
        for one in shown
    ]
    return listed, (shown[-1].count, shown[-1].code) if len(found) > _PAGE else None


def _likeness(connection: Connection, kind: ListKind) -> Likeness | None:
    entries = mapping.active(connection.pk, kind, _COMPARABLE + 1)
    return Likeness(entries) if len(entries) <= _COMPARABLE else None


def suggestions(connection: Connection, kind: ListKind, code: str, name: str) -> Sequence[Suggestion]:
    """Return what a code may mean among the active entries, the best first."""
    alike = _likeness(connection, kind)
    if alike is None:  # too many to compare all; those with its longest word are enough
        word = max((name or code).split(), key=len, default="")
        alike = Likeness(mapping.search(connection.pk, kind, word, 500) if word else ())
    return alike.suggest(code, name)


def hits(connection: Connection, kind: ListKind, text: str) -> Sequence[Suggestion]:
    """Return active entries that a person looks for by code or a part of the name."""
    found = mapping.search(connection.pk, kind, text, _HITS) if text else []
    return [Suggestion(list_id=list_id, code=code, name=name, score=0, why="") for list_id, code, name in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What waits for one code."""

    name: str
    freed: Freed
    documents: Sequence[int]  #: numbers of the oldest


def held_by(connection: Connection, kind: ListKind, code: str) -> Held:
    """Return what waits for one code."""
    effects = missing.effects(connection.pk, kind, [code]).get(code, [])
    return Held(
        name=missing.name_of(connection.pk, kind, code),
        freed=freed(effects),
        documents=missing.documents_of(connection.pk, kind, code, 10),
    )


def rules(connection: Connection, kind: ListKind, *, after: str = "", search: str = "") -> tuple[Sequence[Rule], str]:
    """Return one page of rules by code, and the code after which the next page begins; empty if there is none."""
    found = mapping.rules_page(connection.pk, kind, _PAGE + 1, after=after, search=search)
    return _told(connection, kind, found[:_PAGE]), found[_PAGE - 1].code if len(found) > _PAGE else ""


def broken(connection: Connection, kind: ListKind) -> Sequence[Rule]:
    """Return the first rules whose entry is inactive or gone."""
    return _told(connection, kind, mapping.broken_rules(connection.pk, kind, _PAGE))


def rule(connection: Connection, kind: ListKind, code: str) -> Rule | None:
    """Return the rule of one code, if there is one."""
    row = MappingRule.objects.filter(connection=connection, kind=kind, code=code).first()
    return None if row is None else _told(connection, kind, [row])[0]


def _told(connection: Connection, kind: ListKind, rows: Sequence[MappingRule]) -> Sequence[Rule]:
    entries = mapping.entries(connection.pk, kind, [row.list_id for row in rows if row.list_id])
    return [_rule(row, entries.get(row.list_id)) for row in rows]


def _rule(row: MappingRule, entry: ListEntry | None) -> Rule:
    if not row.list_id:
        return Rule(row=row, target="left out", code="", trouble="")
    if entry is None or entry.deleted:
        name = entry.full_name if entry else row.list_id
        return Rule(row=row, target=name, code="", trouble="Gone from QuickBooks")
    return Rule(
        row=row, target=entry.full_name, code=entry.code, trouble="" if entry.active else "Inactive in QuickBooks"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the mapping."""

    number: int
    by: str
    approved_by: str
    at: datetime
    how: str
    changes: Sequence[MappingChange]  #: the first of them
    count: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "version": self.number,
            "by": self.by,
            "approved_by": self.approved_by,
            "at": self.at.isoformat(),
            "how": self.how,
            "changes": self.count,
            "first": [change_as_dict(change) for change in self.changes],
        }


def change_as_dict(change: MappingChange) -> dict[str, Any]:
    """Return one change as plain values."""
    return {
        "id": change.pk, "kind": change.kind, "code": change.code, "before": change.before, "after": change.after,
        "before_name": change.before_name, "after_name": change.after_name, "by": change.wanted_by,
    }  # fmt: skip


_CHANGES_SHOWN = 20


def versions(connection: Connection, before: int | None = None) -> tuple[Sequence[Version], int | None]:
    """Return one page of versions, the latest first, and where the next page begins."""
    numbers = mapping.versions(connection.pk, before, _PAGE + 1)
    return [_version(connection, number) for number in numbers[:_PAGE]], (
        numbers[_PAGE - 1] if len(numbers) > _PAGE else None
    )


def version(connection: Connection, number: int) -> Version:
    """Return one version.

    Raises:
        NeedsOperator: there is none of this number.
    """
    if not mapping.changes_of(connection.pk, number):
        raise NeedsOperator(f"There is no version {number} of the mapping.")
    return _version(connection, number)


def _version(connection: Connection, number: int) -> Version:
    changes, count = mapping.first_changes(connection.pk, number, _CHANGES_SHOWN)
    first = changes[0]
    return Version(
        number=number,
        by=first.wanted_by,
        approved_by=first.decided_by,
        at=first.decided_at or first.wanted_at,
        how=first.how,
        changes=changes,
        count=count,
    )


def may_be_left_out(kind: ListKind) -> bool:
    """Tell whether a reference of this kind can be left out of a Bill."""
    return kind in OPTIONAL

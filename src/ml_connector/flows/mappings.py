"""What Basware's codes mean in QuickBooks, where a person decides it. A change has blocked documents planned again."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ml_connector.core.books import IGNORE, ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.mapping_changes import Wanted, make
from ml_connector.flows.mapping_file import COLUMNS, Row, read_rows
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import lists, mapping, missing
from ml_connector.store.models import Connection, ListEntry, MappingRule

IGNORE_WORD = "IGNORE"

OPTIONAL = (ListKind.CLASS, ListKind.CUSTOMER, ListKind.TERMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One decision, in words."""

    kind: str
    code: str
    target: str  #: ListID, or IGNORE
    target_name: str


def rules(connection: Connection) -> list[Rule]:
    """Return every decision."""
    rows = MappingRule.objects.filter(connection=connection).order_by("kind", "code")
    names = dict(
        ListEntry.objects.filter(connection=connection, list_id__in=[row.list_id for row in rows]).values_list(
            "list_id", "full_name"
        )
    )
    return [
        Rule(
            kind=row.kind,
            code=row.code,
            target=row.list_id or IGNORE_WORD,
            target_name=names.get(row.list_id, "") if row.list_id else "left out",
        )
        for row in rows
    ]


def read_kind(text: str) -> ListKind:
    """Read the kind of a code.

    Raises:
        NeedsOperator: there is no such kind.
    """
    synonyms = {"supplier": "vendor", "cost-center": "class", "project": "customer", "job": "customer", "term": "terms"}
    try:
        return ListKind(synonyms.get(text.lower(), text.lower()))
    except ValueError:
        raise NeedsOperator(f"{text!r} is no kind of code; the kinds are {', '.join(ListKind)}.") from None


def set_rule(
    surroundings: Surroundings, connection: Connection, kind: ListKind, code: str, target: str, actor: str
) -> str:
    """Decide what a code means: a ListID, an account number, an exact name, or IGNORE.

    Where the connection wants a second person, it is proposed instead; the answer says so.
    """
    wanted = read_target(connection, kind, code, target)
    return make(surroundings, connection, [wanted], actor, how="set")


def remove_rule(surroundings: Surroundings, connection: Connection, kind: ListKind, code: str, actor: str) -> str:
    """Take a decision back, or propose that."""
    if not MappingRule.objects.filter(connection=connection, kind=kind, code=code).exists():
        raise NeedsOperator(f"There is no mapping of {kind} {code}; ml-connector mapping list shows what there is.")
    return make(surroundings, connection, [Wanted(kind=kind, code=code, list_id=None, name="")], actor, how="removed")


def to_csv(connection: Connection) -> str:
    """Write every decision as CSV, and every code that blocks a document, with an empty target to be filled in."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    decided = rules(connection)
    for rule in decided:
        writer.writerow((rule.kind, rule.code, rule.target, rule.target_name))
    known = {(rule.kind, rule.code) for rule in decided}
    for kind, code in unmapped(connection):
        if (kind, code) not in known:
            writer.writerow((kind, code, "", ""))
    return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One line of a file of mappings, and what it would change."""

    line: int
    kind: str
    code: str
    target: str
    wanted: Wanted | None  #: None: it cannot be taken
    before: str  #: what the code means now, in words
    changes: bool
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "line": self.line, "kind": self.kind, "code": self.code, "now": self.before,
            "then": self.wanted.name if self.wanted else None, "changes": self.changes, "problem": self.problem,
        }  # fmt: skip


def read_csv(connection: Connection, text: str) -> list[Read]:
    """Read a file of mappings against the present lists and rules, without writing; rows without a target are passed over.

    Raises:
        NeedsOperator: it is no such file.
    """
    rows = read_rows(text)
    known = {(rule.kind, rule.code): rule for rule in rules(connection)}
    decided: dict[tuple[str, str], Row] = {}
    texts: dict[ListKind, Mapping[str, Mapping[str, ListEntry]]] = {}
    found = []
    for row in rows:
        wanted, problem, kind = None, "", row.kind
        try:
            kind = read_kind(row.kind).value
            before = decided.setdefault((kind, row.code), row)
            if before.target != row.target:
                raise NeedsOperator(f"{kind} {row.code} has another target in line {before.line}.")
            listed = ListKind(kind)
            if listed not in texts:
                texts[listed] = mapping.by_text(connection.pk, listed)
            wanted = read_target(connection, listed, row.code, row.target, texts[listed])
        except NeedsOperator as refused:
            problem = str(refused)
        rule = known.get((kind, row.code))
        now = None if rule is None else ("" if rule.target == IGNORE_WORD else rule.target)
        found.append(
            Read(
                line=row.line,
                kind=kind,
                code=row.code,
                target=row.target,
                wanted=wanted,
                before="not mapped" if rule is None else rule.target_name or rule.target,
                changes=wanted is not None and wanted.list_id != now,
                problem=problem,
            )
        )
    return found


def from_csv(surroundings: Surroundings, connection: Connection, text: str, actor: str) -> int:
    """Take decisions from CSV, all or none; rows without a target are passed over. Return how many were taken, or proposed
    where the connection wants a second person.

    Raises:
        NeedsOperator: every row that cannot be taken, by its number.
    """
    read = read_csv(connection, text)
    if problems := [f"Line {row.line}: {row.problem}" for row in read if row.problem]:
        raise NeedsOperator(" ".join(problems))
    wanted = [row.wanted for row in read if row.wanted is not None]
    if wanted:
        make(surroundings, connection, list(dict.fromkeys(wanted)), actor, how="from a file")
    return len(wanted)


def unmapped(connection: Connection) -> list[tuple[str, str]]:
    """Return the codes that block documents because nothing in QuickBooks answers to them, by kind and code."""
    return missing.codes(connection.pk)


def read_target(
    connection: Connection,
    kind: ListKind,
    code: str,
    target: str,
    texts: Mapping[str, Mapping[str, ListEntry]] = MappingProxyType({}),
) -> Wanted:
    """Read what a code is to mean: a ListID, an account number, an exact name, or IGNORE.

    `texts` is `store.mapping.by_text`, for whoever reads many; without it the database is asked.

    Raises:
        NeedsOperator: it stands for nothing, for several entries, or for one that is not active.
    """
    _check_code(code)
    if target.upper() == IGNORE_WORD:
        if kind not in OPTIONAL:
            raise NeedsOperator(
                f"{_ARTICLES[kind]} {kind} cannot be left out of a Bill; map {code} to an entry of QuickBooks."
            )
        return Wanted(kind=kind, code=code, list_id=IGNORE, name="nothing")
    known = {**texts.get(target, {}), **texts.get(target.lower(), {})}
    entry = _only(kind, target, list(known.values()) or lists.find_entries(connection, kind, target))
    return Wanted(kind=kind, code=code, list_id=entry.list_id, name=entry.full_name)


_ARTICLES = {ListKind.VENDOR: "A", ListKind.ACCOUNT: "An"}

_CODE_LENGTH = 250


def _check_code(code: str) -> None:
    if not code:
        raise NeedsOperator("The code that is to be mapped is empty.")
    if len(code) > _CODE_LENGTH:
        raise NeedsOperator(f"A code has at most {_CODE_LENGTH} characters, not {len(code)}.")
    if "\0" in code:
        raise NeedsOperator("The code that is to be mapped holds a character that cannot be printed.")


def _only(kind: ListKind, target: str, found: Sequence[ListEntry]) -> ListEntry:
    if not found:
        raise NeedsOperator(f"QuickBooks has no {kind} {target!r}; give its ListID, its number or its full name.")
    if len(found) > 1:
        listed = ", ".join(f"{entry.full_name} ({entry.list_id})" for entry in found[:5])
        raise NeedsOperator(f"{target!r} could be several: {listed}; give the ListID.")
    if not found[0].active:
        raise NeedsOperator(
            f"The {kind} {found[0].full_name} is inactive in QuickBooks; map {target!r} to another one."
        )
    return found[0]

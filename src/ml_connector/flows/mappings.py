"""What Basware's codes mean in QuickBooks, where a person decides it. A change has blocked documents planned again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from ml_connector.core.books import IGNORE, ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.states import State
from ml_connector.flows.mapping_file import COLUMNS, Row, read_rows
from ml_connector.flows.surroundings import Surroundings
from ml_connector.store import documents, duties, lists
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.models import Connection, ListEntry, MappingRule

IGNORE_WORD = "IGNORE"

_OPTIONAL = (ListKind.CLASS, ListKind.CUSTOMER, ListKind.TERMS)


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
    """Decide what a code means: a ListID, an account number, an exact name, or IGNORE."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        words = _set(ledger, kind, code, target)
        _count_change(surroundings, ledger)
    return words


def remove_rule(surroundings: Surroundings, connection: Connection, kind: ListKind, code: str, actor: str) -> str:
    """Take a decision back."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        gone, _ = MappingRule.objects.filter(connection=connection, kind=kind, code=code).delete()
        if not gone:
            raise NeedsOperator(f"There is no mapping of {kind} {code}; ml-connector mapping list shows what there is.")
        words = f"The mapping of {kind} {code} was removed."
        ledger.note(Entry(event="mapping", words=words))
        _count_change(surroundings, ledger)
    return words


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


def from_csv(surroundings: Surroundings, connection: Connection, text: str, actor: str) -> int:
    """Take decisions from CSV, all or none; rows without a target are passed over. Return how many were taken.

    Raises:
        NeedsOperator: every row that cannot be taken, by its number.
    """
    rows = read_rows(text)
    problems: list[str] = []
    taken = 0
    decided: dict[tuple[ListKind, str], Row] = {}
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        for row in rows:
            try:
                kind = read_kind(row.kind)
                before = decided.setdefault((kind, row.code), row)
                if before.target != row.target:
                    raise NeedsOperator(f"{kind} {row.code} has another target in line {before.line}.")
                _set(ledger, kind, row.code, row.target)
                taken += 1
            except NeedsOperator as problem:
                problems.append(f"Line {row.line}: {problem}")
        if problems:
            raise NeedsOperator(" ".join(problems))
        if taken:
            _count_change(surroundings, ledger)
    return taken


_MAPPABLE = {
    "MLC-VENDOR-01": ListKind.VENDOR,
    "MLC-ACCOUNT-01": ListKind.ACCOUNT,
    "MLC-CLASS-01": ListKind.CLASS,
    "MLC-JOB-01": ListKind.CUSTOMER,
    "MLC-TERMS-01": ListKind.TERMS,
}


def unmapped(connection: Connection) -> list[tuple[str, str]]:
    """Return the codes that block documents because nothing in QuickBooks answers to them, by kind and code."""
    found: set[tuple[str, str]] = set()
    rows: Iterable[list[dict[str, str]]] = (
        documents.of(connection.pk).filter(state=State.BLOCKED).values_list("faults", flat=True)
    )
    for faults in rows:
        found |= {(_MAPPABLE[f["code"]].value, f["value"]) for f in faults if f["code"] in _MAPPABLE}
    return sorted(found)


def _set(ledger: Ledger, kind: ListKind, code: str, target: str) -> str:
    connection = ledger.connection
    _check_code(code)
    if target.upper() == IGNORE_WORD:
        if kind not in _OPTIONAL:
            raise NeedsOperator(
                f"{_ARTICLES[kind]} {kind} cannot be left out of a Bill; map {code} to an entry of QuickBooks."
            )
        list_id, name = IGNORE, "nothing"
    else:
        entry = _one_entry(connection, kind, target)
        list_id, name = entry.list_id, entry.full_name  # type: ignore[assignment]
    MappingRule.objects.update_or_create(
        connection=connection,
        kind=kind,
        code=code,
        defaults={"list_id": list_id, "set_by": ledger.actor, "set_at": ledger.now},
    )
    words = f"{kind} {code} means {name} from now on."
    ledger.note(Entry(event="mapping", words=words))
    return words


_ARTICLES = {ListKind.VENDOR: "A", ListKind.ACCOUNT: "An"}

_CODE_LENGTH = 250


def _check_code(code: str) -> None:
    if not code:
        raise NeedsOperator("The code that is to be mapped is empty.")
    if len(code) > _CODE_LENGTH:
        raise NeedsOperator(f"A code has at most {_CODE_LENGTH} characters, not {len(code)}.")
    if "\0" in code:
        raise NeedsOperator("The code that is to be mapped holds a character that cannot be printed.")


def _one_entry(connection: Connection, kind: ListKind, target: str) -> ListEntry:
    found = lists.find_entries(connection, kind, target)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NeedsOperator(f"QuickBooks has no {kind} {target!r}; give its ListID, its number or its full name.")
    listed = ", ".join(f"{entry.full_name} ({entry.list_id})" for entry in found[:5])
    raise NeedsOperator(f"{target!r} could be several: {listed}; give the ListID.")


def _count_change(surroundings: Surroundings, ledger: Ledger) -> None:
    Connection.objects.filter(pk=ledger.connection.pk).update(mapping_version=F("mapping_version") + 1)
    duties.wake_all(ledger.connection.pk, surroundings.clock(), duties.PLANNING)

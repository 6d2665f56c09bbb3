"""Changes of the mapping: made at once, or proposed where the connection wants a second person; kept, and taken back.

Every change that is made is a version of the mapping; a file makes one version of many changes. What waited for a code is
planned again by itself, because plans rest on the version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml_connector.core.books import ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.second_person import is_one_of
from ml_connector.flows.surroundings import Surroundings, settings_of
from ml_connector.store import duties, mapping
from ml_connector.store.chain import Entry, Ledger, writing
from ml_connector.store.models import Connection, ListEntry, MappingChange, MappingRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a code is to mean."""

    kind: ListKind
    code: str
    list_id: str | None  #: empty: left out of Bills; None: not mapped
    name: str  #: of the entry


def make(surroundings: Surroundings, connection: Connection, wanted: Sequence[Wanted], actor: str, *, how: str) -> str:
    """Make changes, all in one version, or propose them where the connection wants a second person; return which, in words."""
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        before = mapping.targets_of(connection.pk, [one.code for one in wanted])
        names = mapping.names_of(connection.pk, [list_id for list_id in before.values() if list_id])
        changes = [_change(ledger, one, how, before.get((one.kind.value, one.code)), names) for one in wanted]
        changes = [change for change in changes if change.before != change.after]
        if settings_of(ledger.connection).mapping_approval:
            return _propose(ledger, changes)
        _put(ledger, changes)
    if len(wanted) == 1:
        return in_words(wanted[0].kind, wanted[0].code, wanted[0].list_id, wanted[0].name)
    return f"{len(changes)} mappings changed."


def in_words(kind: str, code: str, list_id: str | None, name: str) -> str:
    """Say what a code means."""
    if list_id is None:
        return f"The mapping of {kind} {code} was removed."
    return f"{kind} {code} means {name or 'nothing'} from now on."


def _change(ledger: Ledger, wanted: Wanted, how: str, before: str | None, names: Mapping[str, str]) -> MappingChange:
    return MappingChange(
        connection=ledger.connection,
        kind=wanted.kind.value,
        code=wanted.code,
        before=before,
        after=wanted.list_id,
        before_name=names.get(before or "", ""),
        after_name=wanted.name if wanted.list_id else "",
        how=how[:60],
        wanted_by=ledger.actor[:80],
        wanted_at=ledger.now,
    )


def _propose(ledger: Ledger, changes: Sequence[MappingChange]) -> str:
    for change in changes:
        earlier = mapping.proposals(ledger.connection.pk).filter(kind=change.kind, code=change.code)
        earlier.update(stage=MappingChange.Stage.REFUSED, decided_by=ledger.actor[:80], decided_at=ledger.now)
        change.stage = MappingChange.Stage.PROPOSED
        ledger.note(Entry(event="mapping_proposed", words=f"Proposed: {_says(change)}"))
    MappingChange.objects.bulk_create(changes)
    if not changes:
        return "Nothing changes."
    return f"Proposed: {_counted(len(changes))}. A controller or an IT admin must approve; until then nothing changes."


def _counted(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


def _says(change: MappingChange) -> str:
    return in_words(change.kind, change.code, change.after, change.after_name)


def _put(ledger: Ledger, changes: Sequence[MappingChange], by: str = "") -> None:
    """Put changes into force as one version."""
    if not changes:
        return
    owner = ledger.connection
    owner.mapping_version += 1
    owner.save(update_fields=["mapping_version"])
    for change in changes:
        change.stage, change.version = MappingChange.Stage.MADE, owner.mapping_version
        ledger.note(Entry(event="mapping", words=f"{_says(change)}{by}"))
    gone = [change for change in changes if change.after is None]
    for change in gone:
        MappingRule.objects.filter(connection=owner, kind=change.kind, code=change.code).delete()
    rules = [
        MappingRule(
            connection=owner, kind=change.kind, code=change.code, list_id=change.after, set_by=ledger.actor[:80],
            set_at=ledger.now,
        )
        for change in changes
        if change.after is not None
    ]  # fmt: skip
    MappingRule.objects.bulk_create(
        rules,
        update_conflicts=True,
        unique_fields=["connection", "kind", "code"],
        update_fields=["list_id", "set_by", "set_at"],
    )
    MappingChange.objects.bulk_create([change for change in changes if change.pk is None])
    duties.wake_all(owner.pk, ledger.now, duties.PLANNING)


def approve(surroundings: Surroundings, connection: Connection, numbers: Sequence[int], actor: str) -> str:
    """Put proposals of other people into force, all or none.

    Raises:
        NeedsOperator: one is one's own, was decided already, or points to what QuickBooks no longer has.
    """
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        changes = _proposed(ledger, numbers)
        for change in changes:
            _check_target(connection, change.kind, change.after)
            change.before = mapping.target_of(connection.pk, ListKind(change.kind), change.code)
            change.before_name = mapping.name_of(connection.pk, ListKind(change.kind), change.before)
            change.decided_by, change.decided_at = actor[:80], ledger.now
            _put(ledger, [change], f" Proposed by {change.wanted_by}, approved by {actor}.")
            change.save()
    return f"Approved: {_counted(len(changes))}. What waited for it is planned again at once."


def refuse(surroundings: Surroundings, connection: Connection, numbers: Sequence[int], actor: str) -> str:
    """Refuse proposals of other people.

    Raises:
        NeedsOperator: one is one's own, or was decided already.
    """
    with writing(connection.pk, surroundings.clock(), actor) as ledger:
        changes = _proposed(ledger, numbers)
        for change in changes:
            change.stage, change.decided_by, change.decided_at = MappingChange.Stage.REFUSED, actor[:80], ledger.now
            change.save()
            words = f"Refused, proposed by {change.wanted_by}: {_says(change)}"
            ledger.note(Entry(event="mapping_refused", words=words))
    return f"Refused: {_counted(len(changes))}. Nothing changes."


def _proposed(ledger: Ledger, numbers: Sequence[int]) -> list[MappingChange]:
    found = list(mapping.proposals(ledger.connection.pk).filter(pk__in=list(numbers)).order_by("pk"))
    if not numbers:
        raise NeedsOperator("No proposal is named; tick those that you mean.")
    if len(found) != len(set(numbers)):
        raise NeedsOperator("Somebody decided on one of these proposals already; look at them again.")
    own = [change for change in found if is_one_of(ledger.actor, change.wanted_by)]
    if own:
        raise NeedsOperator(f"Whoever proposed {own[0].kind} {own[0].code} cannot decide on it; another person must.")
    return found


def _check_target(connection: Connection, kind: str, list_id: str | None) -> None:
    if not list_id:
        return
    entry = ListEntry.objects.filter(connection=connection, kind=kind, list_id=list_id).first()
    if entry is None or not entry.active:
        name = entry.full_name if entry else list_id
        raise NeedsOperator(f"The {kind} {name} is inactive in QuickBooks, or gone; choose another one.")


def take_back(surroundings: Surroundings, connection: Connection, version: int, actor: str) -> str:
    """Undo one version: every code of it means again what it meant before. That is a change of its own.

    Raises:
        NeedsOperator: there is no such version, a code was changed since, or an earlier entry is inactive or gone.
    """
    changes = mapping.changes_of(connection.pk, version)
    if not changes:
        raise NeedsOperator(f"There is no version {version} of the mapping; ml-connector mapping history shows them.")
    wanted = []
    for change in changes:
        if mapping.target_of(connection.pk, ListKind(change.kind), change.code) != change.after:
            raise NeedsOperator(f"{change.kind} {change.code} was changed since; take that back first, or set it anew.")
        _check_target(connection, change.kind, change.before)
        kind = ListKind(change.kind)
        wanted.append(Wanted(kind=kind, code=change.code, list_id=change.before, name=change.before_name))
    said = make(surroundings, connection, wanted, actor, how=f"version {version} taken back")
    proposed = settings_of(connection).mapping_approval
    return said if proposed else f"Version {version} was taken back. {said}"

"""Questions about the mapping: rules, the entries they point to, versions and proposals."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from ml_connector.core.books import ListKind
from ml_connector.store import rows
from ml_connector.store.models import ListEntry, MappingChange, MappingRule


def target_of(connection_id: int, kind: ListKind, code: str) -> str | None:
    """Return what a code means: a ListID, empty if it is left out, None if it is not mapped."""
    found = MappingRule.objects.filter(connection=connection_id, kind=kind.value, code=code)
    return found.values_list("list_id", flat=True).first()


def name_of(connection_id: int, kind: ListKind, list_id: str | None) -> str:
    """Return the name of an entry; empty if there is none."""
    if not list_id:
        return ""
    found = ListEntry.objects.filter(connection=connection_id, kind=kind.value, list_id=list_id)
    return found.values_list("full_name", flat=True).first() or ""


def targets_of(connection_id: int, codes: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return what codes of any kind mean, by kind and code; those that are not mapped are left out."""
    found = MappingRule.objects.filter(connection=connection_id, code__in=codes)
    return {(kind, code): list_id for kind, code, list_id in found.values_list("kind", "code", "list_id")}


def names_of(connection_id: int, list_ids: Sequence[str]) -> dict[str, str]:
    """Return names of entries of any kind, by ListID."""
    found = ListEntry.objects.filter(connection=connection_id, list_id__in=list_ids)
    return dict(found.values_list("list_id", "full_name"))


def entries(connection_id: int, kind: ListKind, list_ids: Sequence[str]) -> dict[str, ListEntry]:
    """Return entries by ListID."""
    found = ListEntry.objects.filter(connection=connection_id, kind=kind.value, list_id__in=list(list_ids))
    return {entry.list_id: entry for entry in found.defer("record")}


def rules_page(
    connection_id: int, kind: ListKind, limit: int, *, after: str = "", search: str = ""
) -> list[MappingRule]:
    """Return rules by code: those after a code, that begin with a text or point to an entry with it in its name."""
    found = MappingRule.objects.filter(connection=connection_id, kind=kind.value, code__gt=after)
    if search:
        named = ListEntry.objects.filter(connection=connection_id, kind=kind.value, full_name__icontains=search)
        found = found.filter(Q(code__istartswith=search) | Q(list_id__in=named.values("list_id")))
    return list(found.order_by("code")[:limit])


_BROKEN = """
    SELECT r.id FROM store_mappingrule r
    LEFT JOIN store_listentry e ON e.connection_id = r.connection_id AND e.kind = r.kind AND e.list_id = r.list_id
    WHERE r.connection_id = %s AND r.kind = %s AND NOT (r.list_id = '') AND (e.id IS NULL OR NOT e.active)
    ORDER BY r.code LIMIT %s
"""


def broken_rules(connection_id: int, kind: ListKind, limit: int) -> list[MappingRule]:
    """Return rules that point to an entry that is inactive or gone."""
    numbers = [number for (number,) in rows.values(_BROKEN, connection_id, kind.value, limit)]
    return list(MappingRule.objects.filter(pk__in=numbers).order_by("code"))


def active(connection_id: int, kind: ListKind, limit: int) -> list[tuple[str, str, str]]:
    """Return ListID, code and name of active entries; at most `limit`."""
    found = ListEntry.objects.filter(connection=connection_id, kind=kind.value, active=True)
    return list(found.values_list("list_id", "code", "full_name")[:limit])


def by_text(connection_id: int, kind: ListKind) -> dict[str, dict[str, ListEntry]]:
    """Return all entries of a list, by ListID under each text that names one: ListID, code, and name in small letters."""
    found = ListEntry.objects.filter(connection=connection_id, kind=kind.value)
    texts: dict[str, dict[str, ListEntry]] = {}
    for entry in found.only("list_id", "code", "full_name", "active"):
        for text in (entry.list_id, entry.code, entry.full_name.lower()):
            texts.setdefault(text, {})[entry.list_id] = entry
    return texts


def search(connection_id: int, kind: ListKind, text: str, limit: int) -> list[tuple[str, str, str]]:
    """Return ListID, code and name of active entries with this code, or with this text in their name."""
    found = ListEntry.objects.filter(connection=connection_id, kind=kind.value, active=True)
    found = found.filter(Q(code=text) | Q(list_id=text) | Q(full_name__icontains=text))
    return list(found.order_by("full_name").values_list("list_id", "code", "full_name")[:limit])


def proposals(connection_id: int) -> QuerySet[MappingChange]:
    """Return what waits for a second person."""
    return MappingChange.objects.filter(connection=connection_id, stage=MappingChange.Stage.PROPOSED)


def changes_of(connection_id: int, version: int) -> list[MappingChange]:
    """Return the changes that made one version."""
    if version < 1:
        return []
    return list(MappingChange.objects.filter(connection=connection_id, version=version).order_by("pk"))


def versions(connection_id: int, before: int | None, limit: int) -> list[int]:
    """Return versions, the latest first: before one, or the latest of all."""
    found = MappingChange.objects.filter(connection=connection_id, version__gt=0)
    if before is not None:
        found = found.filter(version__lt=before)
    return list(found.order_by("-version").values_list("version", flat=True).distinct()[:limit])


def first_changes(connection_id: int, version: int, limit: int) -> tuple[list[MappingChange], int]:
    """Return the first changes of a version, and how many it has."""
    found = MappingChange.objects.filter(connection=connection_id, version=version)
    return list(found.order_by("pk")[:limit]), found.count()


def refused(connection_id: int, limit: int) -> list[MappingChange]:
    """Return proposals that were refused lately."""
    found = MappingChange.objects.filter(connection=connection_id, version=0, stage=MappingChange.Stage.REFUSED)
    return list(found.order_by("-pk")[:limit])

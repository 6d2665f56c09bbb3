"""Codes that hold documents up: kept with the faults, and added up to what mapping each of them would set free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.core.books import ListKind
from ml_connector.store import rows
from ml_connector.store.models import Document, MissingCode

#: Faults that say that nothing in QuickBooks answers to a code, which is the fault's value.
KIND_OF_FAULT: Mapping[str, ListKind] = {
    "MLC-VENDOR-01": ListKind.VENDOR,
    "MLC-ACCOUNT-01": ListKind.ACCOUNT,
    "MLC-CLASS-01": ListKind.CLASS,
    "MLC-JOB-01": ListKind.CUSTOMER,
    "MLC-TERMS-01": ListKind.TERMS,
}


def keep(no_longer: Sequence[int], held_up: Sequence[tuple[int, Document]]) -> None:
    """Forget the codes of documents that were held up, and note those of documents that are; by connection and document."""
    if no_longer:
        places = rows.places(len(no_longer))
        rows.execute(f"DELETE FROM store_missingcode WHERE document_id IN ({places})", *no_longer)  # noqa: S608
    MissingCode.objects.bulk_create([row for owner, document in held_up for row in _rows(owner, document)])


def _rows(owner: int, document: Document) -> list[MissingCode]:
    codes: dict[tuple[ListKind, str], str] = {}
    for fault in document.faults:
        if (kind := KIND_OF_FAULT.get(fault["code"])) is not None:
            codes.setdefault((kind, fault["value"][:250]), fault["detail"][:250])
    if not codes:
        return []
    only = len(codes) == 1 and all(fault["code"] in KIND_OF_FAULT for fault in document.faults)
    return [
        MissingCode(
            connection_id=owner,
            document=document,
            kind=kind.value,
            code=code,
            name=name,
            only=only,
            currency=document.currency,
            gross_cents=document.gross_cents,
        )
        for (kind, code), name in codes.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What documents of one currency wait for a code."""

    currency: str
    only: bool  #: they wait for nothing else
    count: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One code that holds documents up."""

    code: str
    name: str  #: what Basware calls it; empty where it does not say
    count: int  #: documents


def counts(connection_id: int) -> dict[str, int]:
    """Count the codes that are missing, by kind."""
    text = "SELECT kind, COUNT(DISTINCT code) FROM store_missingcode WHERE connection_id = %s GROUP BY kind"
    return dict(rows.values(text, connection_id))


def codes(connection_id: int) -> list[tuple[str, str]]:
    """Return every missing code, by kind and code."""
    text = "SELECT DISTINCT kind, code FROM store_missingcode WHERE connection_id = %s ORDER BY kind, code"
    return [(kind, code) for kind, code in rows.values(text, connection_id)]


def by_effect(connection_id: int, kind: ListKind, limit: int, after: tuple[int, str] | None = None) -> list[Missing]:
    """Return missing codes, the one with the most documents first: those after a count and code, or the first ones."""
    text = "SELECT code, COUNT(*) FROM store_missingcode WHERE connection_id = %s AND kind = %s GROUP BY code"
    values: list[Any] = [connection_id, kind.value]
    if after is not None:
        text += " HAVING COUNT(*) < %s OR (COUNT(*) = %s AND code > %s)"
        values += [after[0], after[0], after[1]]
    found = rows.values(f"{text} ORDER BY COUNT(*) DESC, code LIMIT %s", *values, limit)
    names = _names(connection_id, kind, [code for code, _ in found])
    return [Missing(code=code, name=names.get(code, ""), count=count) for code, count in found]


def _names(connection_id: int, kind: ListKind, codes: Sequence[str]) -> dict[str, str]:
    """Return what Basware calls each code in one of the documents that wait for it."""
    firsts = "SELECT MIN(id) FROM store_missingcode WHERE connection_id = %s AND kind = %s AND code = %s"
    numbers = [number for code in codes for (number,) in rows.values(firsts, connection_id, kind.value, code)]
    return dict(MissingCode.objects.filter(pk__in=numbers).values_list("code", "name"))


def name_of(connection_id: int, kind: ListKind, code: str) -> str:
    """Return what Basware calls a code; empty where it does not say, or nothing waits for it."""
    return _names(connection_id, kind, [code]).get(code, "")


def effects(connection_id: int, kind: ListKind, codes: Sequence[str]) -> dict[str, list[Effect]]:
    """Add up what waits for each of these codes."""
    if not codes:
        return {}
    text = (
        'SELECT code, currency, "only", COUNT(*), SUM(gross_cents) FROM store_missingcode'  # noqa: S608
        f" WHERE connection_id = %s AND kind = %s AND code IN ({rows.places(len(codes))})"
        ' GROUP BY code, "only", currency'
    )
    found: dict[str, list[Effect]] = {}
    for code, currency, only, count, cents in rows.values(text, connection_id, kind.value, *codes):
        found.setdefault(code, []).append(Effect(currency=currency, only=bool(only), count=count, cents=int(cents)))
    return found


def documents_of(connection_id: int, kind: ListKind, code: str, limit: int) -> list[int]:
    """Return documents that wait for a code, the oldest first."""
    text = (
        "SELECT document_id FROM store_missingcode WHERE connection_id = %s AND kind = %s AND code = %s"
        " ORDER BY document_id LIMIT %s"
    )
    return [number for (number,) in rows.values(text, connection_id, kind.value, code, limit)]

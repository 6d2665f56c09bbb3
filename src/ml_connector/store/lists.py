"""The mirror of QuickBooks' lists, and the books a decision is made on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Map
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import F, Q

from ml_connector.core.books import BookEntry, Books, ListId, ListKind, Mapping, Preferences
from ml_connector.core.entry_changes import changes
from ml_connector.core.records import Address, CompanyFile, ListRecord
from ml_connector.store import entry_events, rows
from ml_connector.store.entry_events import Happened
from ml_connector.store.models import Connection, ListEntry, MappingRule


def record_as_json(record: ListRecord) -> dict[str, Any]:
    """Write a record for a row; empty fields are left out."""
    blank = ListRecord(
        kind=record.kind, list_id=record.list_id, edit_sequence="", time_modified="", name="", full_name=""
    )
    written: dict[str, Any] = {}
    for name, value in asdict(record).items():
        if value != getattr(blank, name) and name != "address":
            written[name] = str(value) if isinstance(value, Decimal) else value
    if record.address != Address():
        written["address"] = asdict(record.address)
        written["address"]["lines"] = list(record.address.lines)
    written["kind"], written["list_id"] = record.kind.value, record.list_id
    return written


def record_from_json(written: dict[str, Any]) -> ListRecord:
    """Read a record from a row."""
    fields = {"edit_sequence": "", "time_modified": "", "name": "", "full_name": ""} | dict(written)
    fields["kind"] = ListKind(fields["kind"])
    address = fields.pop("address", None)
    if address is not None:
        fields["address"] = Address(**{**address, "lines": tuple(address["lines"])})
    if "discount_percent" in fields:
        fields["discount_percent"] = Decimal(fields["discount_percent"])
    return ListRecord(**fields)


def store_records(
    connection: Connection, records: Sequence[ListRecord], currency_codes: dict[str, str], now: datetime
) -> int:
    """Store list records as read, and return how many are new or changed. Changed ones are due to be published.

    A record read twice with the same content changes nothing, so readings may overlap. `currency_codes` gives the ISO
    code by QuickBooks' name of a currency.
    """
    if not records:
        return 0
    kind = records[0].kind
    latest = {record.list_id: record for record in records}
    existing = {row.list_id: row for row in _STORED.rows(connection.pk, kind.value, list(latest))}
    numbers = _free_numbers(connection, list(latest.values()), existing) if kind is ListKind.ACCOUNT else {}
    changed: list[tuple[Any, ...]] = []
    events: list[Happened] = []
    at = rows.moment(now)
    for list_id, record in latest.items():
        written = record_as_json(record)
        currency = _currency(connection, record.currency_name, currency_codes)
        row = existing.get(list_id)
        if row is not None:
            if _content(row.record) == _content(written) and (row.active, row.currency) == (record.active, currency):
                continue
            events.append(_changed(row, record))
        code = row.code if row else numbers.get(list_id) or str(list_id)
        changed.append(
            (
                connection.pk, kind.value, list_id, code, record.full_name[:209], record.active, record.account_type, currency,
                record.edit_sequence, _RECORD.get_db_prep_save(written, database), at, at,
            )
        )  # fmt: skip
    if changed:
        with database.cursor() as cursor:
            cursor.executemany(_STORE, changed)
    entry_events.write(events, now)
    return len(changed)


_STORED = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND list_id IN %s",
    ("list_id", "code", "active", "deleted", "currency", "record"),
)
_RECORD = ListEntry._meta.get_field("record")
#: An entry that is read is there, whatever was known of it.
_STORE = """
    INSERT INTO store_listentry (connection_id, kind, list_id, code, full_name, active, account_type, currency,
                                 edit_sequence, record, first_read_at, stands_since, publication, deleted, merged_into,
                                 followed, published_digest, touch, complaint, ever_accepted, sends)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'due', FALSE, '', FALSE, '', 0, '', FALSE, 0)
    ON CONFLICT (connection_id, kind, list_id) DO UPDATE SET
        full_name = excluded.full_name, active = excluded.active, account_type = excluded.account_type,
        currency = excluded.currency, edit_sequence = excluded.edit_sequence, record = excluded.record,
        stands_since = excluded.stands_since, publication = 'due', sends = 0, deleted = FALSE, merged_into = '',
        followed = FALSE
"""


def _changed(row: ListEntry, record: ListRecord) -> Happened:
    words = changes(record_from_json(row.record), record) or "currency"
    return Happened(row.pk, entry_events.Event.BACK if row.deleted else entry_events.Event.CHANGED, words)


def note_deleted(connection: Connection, list_ids: Collection[str], now: datetime) -> int:
    """Take note of entries that QuickBooks no longer has; return how many are new. Basware is told that they are inactive,
    because it keeps what was coded to them."""
    gone = _NOT_KNOWN_TO_BE_GONE.rows(connection.pk, list(list_ids)) if list_ids else []
    if not gone:
        return 0
    for row in gone:
        row.active, row.deleted, row.stands_since = False, True, now
        row.record = row.record | {"active": False}
        row.publication, row.sends = ListEntry.Publication.DUE, 0
    columns = ["active", "deleted", "record", "publication", "sends", "stands_since"]
    ListEntry.objects.bulk_update(gone, columns, batch_size=200)
    entry_events.write([Happened(row.pk, entry_events.Event.GONE) for row in gone], now)
    return len(gone)


_NOT_KNOWN_TO_BE_GONE = rows.Question(ListEntry, "WHERE connection_id = %s AND list_id IN %s AND NOT deleted")


def note_merged(connection: Connection, kind: ListKind, into: Map[str, str], now: datetime) -> None:
    """Take note of the entries that entries of one list became part of, by ListID, as far as that was not known."""
    names = dict(
        ListEntry.objects.filter(connection=connection, kind=kind, list_id__in=list(into.values())).values_list(
            "list_id", "full_name"
        )
    )
    events = []
    for row in ListEntry.objects.filter(connection=connection, kind=kind, list_id__in=list(into), merged_into=""):
        row.merged_into = into[row.list_id]
        row.save(update_fields=["merged_into"])
        words = f"into {names.get(row.merged_into, row.merged_into)}"
        events.append(Happened(row.pk, entry_events.Event.MERGED, words))
    entry_events.write(events, now)


def _content(record: dict[str, Any]) -> dict[str, Any]:
    """Everything but the stamps: a save that changed nothing we keep is no change."""
    return {k: v for k, v in record.items() if k not in {"edit_sequence", "time_modified"}}


def _currency(connection: Connection, name: str, codes: dict[str, str]) -> str:
    """Return the ISO code of a currency; empty for the home currency, the bare name for one whose code is not known yet.

    A name is no code, so an invoice in any currency is held until the code was read: taken for the home currency
    instead, it would become a Bill of the same figure in another currency.
    """
    if name in codes:
        return codes[name]
    preferences = connection.preferences
    if not preferences.get("multicurrency") or name == preferences.get("home_currency_name"):
        return ""
    return name[:64]


def _free_numbers(
    connection: Connection, records: Sequence[ListRecord], existing: dict[str, ListEntry]
) -> dict[ListId, str]:
    """Return the account numbers that can serve as codes: given, and carried by no other account of the file."""
    wanted: dict[str, list[ListId]] = {}
    for record in records:
        if record.account_number:
            wanted.setdefault(record.account_number, []).append(record.list_id)
    accounts = ListEntry.objects.filter(connection=connection, kind=ListKind.ACCOUNT)
    carried = accounts.filter(record__account_number__in=list(wanted)).exclude(
        list_id__in=[record.list_id for record in records]
    )
    taken = set(accounts.filter(code__in=list(wanted)).values_list("code", flat=True))
    taken |= {record["account_number"] for record in carried.values_list("record", flat=True)}
    return {
        list_ids[0]: number
        for number, list_ids in wanted.items()
        if len(list_ids) == 1 and number not in taken and list_ids[0] not in existing
    }


def books_for(connection: Connection, codes: dict[ListKind, set[str]], mapping: Mapping) -> Books:
    """Return the part of the books that a batch of invoices needs: the entries its codes and mappings lead to.

    Its cost follows the batch, not the length of the company's lists.
    """
    by_code: dict[tuple[ListKind, str], BookEntry] = {}
    by_list_id: dict[str, BookEntry] = {}
    for kind, wanted in codes.items():
        targets = {t for code in wanted if (t := mapping.targets.get((kind, code)))}
        if not wanted:
            continue
        for row in _LED_TO.rows(connection.pk, kind.value, list(wanted), list(targets)):
            entry = BookEntry(
                kind=kind,
                list_id=ListId(row.list_id),
                code=row.code,
                full_name=row.full_name,
                active=row.active,
                account_type=row.account_type,
                currency=row.currency,
            )
            by_code[kind, entry.code] = entry
            by_list_id[entry.list_id] = entry
    return Books(
        version=connection.books_version,
        preferences=preferences_of(connection),
        by_code=by_code,
        by_list_id=by_list_id,
    )


_LED_TO = rows.Question(
    ListEntry,
    "WHERE connection_id = %s AND kind = %s AND (code IN %s OR list_id IN %s)",
    ("list_id", "code", "full_name", "active", "account_type", "currency"),
)


def preferences_of(connection: Connection) -> Preferences:
    """Read the company file's preferences from the connection's row."""
    written = {k: v for k, v in connection.preferences.items() if k != "home_currency_name"}
    if written.get("closing_date"):
        written["closing_date"] = date.fromisoformat(written["closing_date"])
    return Preferences(**written)


def currency_of_vendor(connection: Connection, list_id: str) -> str:
    """Return the ISO code of the currency a vendor is kept in; empty if the vendor is not known."""
    entry = ListEntry.objects.filter(connection=connection, kind=ListKind.VENDOR, list_id=list_id).first()
    return (entry.currency or preferences_of(connection).home_currency) if entry else ""


def preferences_as_json(company: CompanyFile, home_currency: str) -> dict[str, Any]:
    """Write what the company file allows for the connection's row."""
    return {
        "home_currency": home_currency,
        "multicurrency": company.multicurrency,
        "class_tracking": company.class_tracking,
        "closing_date": company.closing_date.isoformat() if company.closing_date else None,
        "home_currency_name": company.home_currency_name,
    }


def mapping_of(connection: Connection) -> Mapping:
    """Return everything that people decided for this connection."""
    rules = MappingRule.objects.filter(connection=connection).values_list("kind", "code", "list_id")
    return Mapping(
        version=connection.mapping_version,
        targets={(ListKind(kind), code): ListId(list_id) for kind, code, list_id in rules},
    )


def books_changed(connection: Connection) -> None:
    """Count one more change of the mirrored lists or the preferences: blocked documents are planned again."""
    Connection.objects.filter(pk=connection.pk).update(books_version=F("books_version") + 1)
    connection.refresh_from_db(fields=["books_version"])


def any_to_publish(connection_id: int) -> bool:
    """Tell whether an entry of any list is to be sent to Basware."""
    text = "SELECT 1 FROM store_listentry WHERE connection_id = %s AND publication = 'due' LIMIT 1"
    return bool(rows.values(text, connection_id))


_TO_PUBLISH = rows.Question(
    ListEntry, "WHERE connection_id = %s AND kind = %s AND publication = 'due' AND id > %s ORDER BY id LIMIT %s"
)


def to_publish(connection_id: int, kind: ListKind, after: int, limit: int) -> list[ListEntry]:
    """Return entries of a list that are to be sent to Basware, those after one of them first stored first."""
    return _TO_PUBLISH.rows(connection_id, kind.value, after, limit)


_AWAITING = rows.Question(
    ListEntry,
    "WHERE import_request_id = %s AND publication = 'sent' ORDER BY id",
    (
        "connection_id", "kind", "list_id", "publication", "complaint", "touch", "sends", "import_request_id",
        "ever_accepted", "stands_since",
    ),
)  # fmt: skip


def awaiting_verdict(request: int) -> list[ListEntry]:
    """Return the entries of one batch of which Basware has not yet said what became of them."""
    return _AWAITING.rows(request)


def save_columns(entries: Sequence[ListEntry], *columns: str) -> None:
    """Write some columns of many entries; texts, numbers, times, and keys of other rows only."""
    if not entries:
        return
    changes = ", ".join(f"{column} = %s" for column in columns)
    with database.cursor() as cursor:
        cursor.executemany(
            f"UPDATE store_listentry SET {changes} WHERE id = %s",  # noqa: S608  # names of ours
            [(*(_plain(getattr(entry, column)) for column in columns), entry.pk) for entry in entries],
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rows.moment(value)
    return str(value) if isinstance(value, str) else value  # a choice is written as its text


def first_entries(connection: Connection, kind: ListKind, limit: int) -> list[ListEntry]:
    """Return the first active entries of a list by code, for somebody to choose from."""
    found = ListEntry.objects.filter(connection=connection, kind=kind, active=True).only("code", "full_name")
    return list(found.order_by("code")[:limit])


def find_entries(connection: Connection, kind: ListKind, text: str, limit: int = 20) -> list[ListEntry]:
    """Find entries by ListID, code, or a part of the name."""
    exact = ListEntry.objects.filter(
        Q(list_id=text) | Q(code=text) | Q(full_name__iexact=text), connection=connection, kind=kind
    )
    found = list(exact[:limit])
    return found or list(
        ListEntry.objects.filter(connection=connection, kind=kind, full_name__icontains=text).order_by("full_name")[
            :limit
        ]
    )

"""The mirror of QuickBooks' lists, and the books that decisions are made on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_builders import T0, a_connection, a_record, reread

from ml_connector.core.books import BookEntry, ListId, ListKind, Mapping, Preferences
from ml_connector.core.records import Address, CompanyFile, ListRecord
from ml_connector.store import lists
from ml_connector.store.models import Connection, ListEntry, MappingRule

PUBLISHED = ListEntry.Publication.ACCEPTED


@pytest.fixture
def connection(database: object) -> Connection:
    return a_connection()


def stored(connection: Connection, *records: ListRecord, codes: dict[str, str] | None = None) -> int:
    return lists.store_records(connection, records, codes or {}, T0)


def entry(list_id: str) -> ListEntry:
    return ListEntry.objects.get(list_id=list_id)


def codes() -> dict[str, str]:
    return dict(ListEntry.objects.values_list("list_id", "code"))


TEXT = st.text(max_size=20)
RECORDS = st.builds(
    ListRecord,
    kind=st.sampled_from(ListKind),
    list_id=TEXT.map(ListId),
    edit_sequence=TEXT,
    time_modified=TEXT,
    name=TEXT,
    full_name=TEXT,
    active=st.booleans(),
    account_type=TEXT,
    account_number=TEXT,
    description=TEXT,
    currency_name=TEXT,
    company_name=TEXT,
    email=TEXT,
    phone=TEXT,
    vendor_account_number=TEXT,
    terms=TEXT.map(ListId),
    address=st.builds(
        Address, lines=st.lists(TEXT, max_size=5).map(tuple), city=TEXT, state=TEXT, postal_code=TEXT, country=TEXT
    ),
    due_days=st.none() | st.integers(0, 999),
    discount_days=st.none() | st.integers(0, 999),
    discount_percent=st.none() | st.decimals(0, 100, places=2),
    date_driven=st.booleans(),
    day_of_month_due=st.none() | st.integers(0, 31),
    job_status=TEXT,
)


@given(record=RECORDS)
def test_a_record_reads_back_from_its_row_as_it_was(record: ListRecord) -> None:
    assert lists.record_from_json(json.loads(json.dumps(lists.record_as_json(record)))) == record


@pytest.mark.both_databases
def test_a_record_survives_the_database(connection: Connection) -> None:
    record = a_record(
        "t-1", ListKind.TERMS, discount_percent=Decimal("2.50"), due_days=0, address=Address(lines=("Zürich", ""))
    )
    stored(connection, record)
    assert lists.record_from_json(entry("t-1").record) == record


@pytest.mark.both_databases
def test_new_records_are_due_to_be_published(connection: Connection) -> None:
    assert stored(connection, a_record("a-1"), a_record("a-2", active=False)) == 2
    assert [(e.publication, e.active) for e in ListEntry.objects.order_by("list_id")] == [
        (ListEntry.Publication.DUE, True),
        (ListEntry.Publication.DUE, False),
    ]


@pytest.mark.both_databases
def test_nothing_read_changes_nothing(connection: Connection) -> None:
    assert stored(connection) == 0


@pytest.mark.both_databases
def test_records_read_again_unchanged_change_nothing(connection: Connection) -> None:
    records = [
        a_record(f"v-{n}", ListKind.VENDOR, address=Address(lines=("1 Main St",)), due_days=n) for n in range(20)
    ]
    assert stored(connection, *records) == 20
    ListEntry.objects.update(publication=PUBLISHED, sends=2)
    assert stored(connection, *records) == 0
    # A save in QuickBooks that touched nothing we keep moves its stamps alone.
    assert (
        stored(connection, *[replace(r, edit_sequence="2", time_modified="2024-04-01T00:00:00") for r in records]) == 0
    )
    assert set(ListEntry.objects.values_list("publication", "sends")) == {(PUBLISHED, 2)}


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "change",
    [
        {"full_name": "Parent:Renamed"},
        {"active": False},
        {"email": "new@example.com"},
        {"address": Address(city="Basel")},
        {"terms": ListId("t-1")},
    ],
)
def test_a_changed_record_is_due_again_and_only_that_one(connection: Connection, change: dict[str, Any]) -> None:
    one, two = a_record("v-1", ListKind.VENDOR), a_record("v-2", ListKind.VENDOR)
    stored(connection, one, two)
    ListEntry.objects.update(publication=PUBLISHED, sends=3, published_digest="d")
    assert stored(connection, replace(one, **change), two) == 1
    changed, other = entry("v-1"), entry("v-2")
    assert (changed.publication, changed.sends) == (ListEntry.Publication.DUE, 0)
    assert (other.publication, other.sends) == (PUBLISHED, 3)
    assert changed.published_digest == "d"
    assert lists.record_from_json(changed.record) == replace(one, **change)


@pytest.mark.both_databases
def test_of_a_record_read_twice_in_one_page_the_last_reading_counts(connection: Connection) -> None:
    assert stored(connection, a_record("a-1"), a_record("a-1", full_name="Later")) == 1
    assert entry("a-1").full_name == "Later"


@pytest.mark.both_databases
def test_connections_and_kinds_do_not_mix(connection: Connection) -> None:
    other = a_connection("other")
    stored(connection, a_record("x-1", ListKind.VENDOR))
    assert stored(other, a_record("x-1", ListKind.VENDOR)) == 1
    assert stored(connection, a_record("x-1", ListKind.CLASS)) == 1
    assert ListEntry.objects.count() == 3


@pytest.mark.both_databases
def test_an_account_number_is_the_code_where_it_is_the_only_one(connection: Connection) -> None:
    stored(
        connection,
        a_record("a-1", account_number="6100"),
        a_record("a-2", account_number="6200"),
        a_record("a-3", account_number="6200"),
        a_record("a-4"),
    )
    assert codes() == {"a-1": "6100", "a-2": "a-2", "a-3": "a-3", "a-4": "a-4"}


@pytest.mark.both_databases
def test_an_account_number_that_another_account_carries_already_is_no_code(connection: Connection) -> None:
    stored(connection, a_record("a-1", account_number="6100"))
    stored(connection, a_record("a-2", account_number="6100"))
    assert codes() == {"a-1": "6100", "a-2": "a-2"}


@pytest.mark.both_databases
def test_an_account_number_that_two_accounts_carried_before_is_no_code_for_a_third(connection: Connection) -> None:
    stored(connection, a_record("a-1", account_number="6100"), a_record("a-2", account_number="6100"))
    stored(connection, a_record("a-3", account_number="6100"))
    assert codes() == {"a-1": "a-1", "a-2": "a-2", "a-3": "a-3"}


@pytest.mark.both_databases
def test_an_account_number_given_up_in_the_same_reading_is_free(connection: Connection) -> None:
    stored(connection, a_record("a-1"))
    stored(connection, a_record("a-1", account_number="6100"))
    stored(connection, a_record("a-1", account_number="6300"), a_record("a-2", account_number="6100"))
    assert codes() == {"a-1": "a-1", "a-2": "6100"}


@pytest.mark.both_databases
def test_a_code_never_changes_and_is_never_given_to_another_account(connection: Connection) -> None:
    stored(connection, a_record("a-1", account_number="6100"), a_record("a-2"))
    stored(connection, a_record("a-1", account_number="7000"), a_record("a-2", account_number="7100"))
    stored(connection, a_record("a-3", account_number="6100"))
    assert codes() == {"a-1": "6100", "a-2": "a-2", "a-3": "a-3"}


@pytest.mark.both_databases
def test_account_numbers_of_another_company_file_do_not_matter(connection: Connection) -> None:
    stored(a_connection("other"), a_record("a-9", account_number="6100"))
    stored(connection, a_record("a-1", account_number="6100"))
    assert entry("a-1").code == "6100"


EUROS = a_record("v-1", ListKind.VENDOR, currency_name="Euro")


def a_multicurrency_connection() -> Connection:
    return a_connection("many", preferences={"multicurrency": True, "home_currency_name": "US Dollar"})


@pytest.mark.both_databases
def test_a_currency_is_kept_by_its_code(connection: Connection) -> None:
    stored(connection, EUROS, codes={"Euro": "EUR"})
    assert entry("v-1").currency == "EUR"


@pytest.mark.both_databases
@pytest.mark.usefixtures("database")
def test_a_currency_that_is_not_known_yet_is_never_taken_for_the_home_currency() -> None:
    many = a_multicurrency_connection()
    stored(many, EUROS, a_record("v-2", ListKind.VENDOR, currency_name="US Dollar"), a_record("v-3", ListKind.VENDOR))
    assert [entry(v).currency for v in ("v-1", "v-2", "v-3")] == ["Euro", "", ""]
    # The record itself did not change; what is known of its currency did.
    assert stored(many, EUROS, codes={"Euro": "EUR", "US Dollar": "USD"}) == 1
    assert entry("v-1").currency == "EUR"


@pytest.mark.both_databases
def test_without_multicurrency_every_entry_is_in_the_home_currency(connection: Connection) -> None:
    stored(connection, EUROS)
    assert entry("v-1").currency == ""


@pytest.mark.both_databases
def test_the_books_hold_what_the_codes_and_mappings_lead_to_and_nothing_else(connection: Connection) -> None:
    other = a_connection("other")
    for place in (connection, other):
        stored(place, *[a_record(f"a-{n}", account_number=f"6{n}00") for n in range(1, 5)])
        stored(place, *[a_record(f"v-{n}", ListKind.VENDOR) for n in range(1, 4)])
    Connection.objects.filter(pk=connection.pk).update(
        books_version=7, preferences={"home_currency": "CAD", "closing_date": "2024-02-29"}
    )
    mapping = Mapping(
        targets={
            (ListKind.ACCOUNT, "RENT"): ListId("a-3"),
            (ListKind.ACCOUNT, "6100"): ListId("a-4"),
            (ListKind.CLASS, "EAST"): ListId(""),
            (ListKind.VENDOR, "V9"): ListId("v-3"),
        }
    )
    wanted = {
        ListKind.ACCOUNT: {"6100", "RENT", "9999"},
        ListKind.VENDOR: {"v-1"},
        ListKind.CLASS: {"EAST"},
        ListKind.TERMS: set[str](),
    }
    books = lists.books_for(reread(connection), wanted, mapping)
    assert set(books.by_list_id) == {"a-1", "a-3", "a-4", "v-1"}
    assert books.by_code[ListKind.ACCOUNT, "6100"] == BookEntry(
        kind=ListKind.ACCOUNT, list_id=ListId("a-1"), code="6100", full_name="Parent:Name a-1"
    )
    assert books.version == 7
    assert books.preferences == Preferences(home_currency="CAD", closing_date=date(2024, 2, 29))


@pytest.mark.both_databases
def test_inactive_entries_stand_in_the_books_as_inactive(connection: Connection) -> None:
    stored(connection, a_record("a-1", active=False, account_type="Expense"))
    books = lists.books_for(connection, {ListKind.ACCOUNT: {"a-1"}}, Mapping())
    assert (books.by_list_id["a-1"].active, books.by_list_id["a-1"].account_type) == (False, "Expense")


@pytest.mark.both_databases
def test_preferences_survive_the_row(connection: Connection) -> None:
    company = CompanyFile(
        company_name="Acme",
        multicurrency=True,
        class_tracking=True,
        home_currency_name="Canadian Dollar",
        closing_date=date(2024, 1, 31),
    )
    connection.preferences = lists.preferences_as_json(company, "CAD")
    connection.save()
    assert lists.preferences_of(reread(connection)) == Preferences(
        home_currency="CAD", multicurrency=True, class_tracking=True, closing_date=date(2024, 1, 31)
    )


@pytest.mark.both_databases
def test_a_mapping_is_what_people_decided_for_this_connection(connection: Connection) -> None:
    other = a_connection("other")
    rules = [(connection, "account", "6100", "a-1"), (connection, "class", "E", ""), (other, "account", "6100", "a-2")]
    for place, kind, code, list_id in rules:
        MappingRule.objects.create(connection=place, kind=kind, code=code, list_id=list_id, set_by="anna", set_at=T0)
    assert lists.mapping_of(connection) == Mapping(
        version=0, targets={(ListKind.ACCOUNT, "6100"): ListId("a-1"), (ListKind.CLASS, "E"): ListId("")}
    )


@pytest.mark.both_databases
def test_every_change_of_the_books_is_counted(connection: Connection) -> None:
    stale = reread(connection)
    lists.books_changed(connection)
    lists.books_changed(stale)
    assert (connection.books_version, stale.books_version, reread(connection).books_version) == (1, 2, 2)


@pytest.mark.both_databases
def test_entries_are_found_exactly_before_they_are_found_by_a_part_of_their_name(connection: Connection) -> None:
    stored(
        connection,
        a_record("a-1", full_name="Rent", account_number="6100"),
        a_record("a-2", full_name="Rent:Office"),
        a_record("a-3", full_name="Travel"),
    )

    def found(text: str) -> list[str]:
        return [e.list_id for e in lists.find_entries(connection, ListKind.ACCOUNT, text)]

    assert [found(t) for t in ("a-3", "6100", "rent", "office", "ent", "nothing")] == [
        ["a-3"],
        ["a-1"],
        ["a-1"],
        ["a-2"],
        ["a-1", "a-2"],
        [],
    ]
    assert lists.find_entries(connection, ListKind.VENDOR, "Rent") == []

"""Names are derived: the same on every attempt, different for different things, never longer than their place."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core import identity
from ml_connector.core.books import ListId
from ml_connector.core.invoice import InvoiceId

IDS = st.text(min_size=1, max_size=36).map(InvoiceId)
#: Basware allows 100 characters; what is printed on paper has letters, digits, blanks, dashes and slashes.
NUMBERS = st.text(max_size=100)
PRINTED = st.text(alphabet="ABCDEFabcdef0123456789 -/~.", max_size=100)


@given(number=NUMBERS)
def test_a_ref_number_never_has_more_than_20_characters_and_is_always_the_same(number: str) -> None:
    short = identity.ref_number(number)
    assert len(short) <= 20
    assert short == identity.ref_number(number)


@given(number=PRINTED)
def test_a_number_that_fits_stays_as_it_is_but_for_its_blanks(number: str) -> None:
    plain = " ".join(number.split())
    short = identity.ref_number(number)
    if len(plain) <= 20 and not re.fullmatch(r".{13}~[0-9A-F]{6}", plain):
        assert short == plain
    else:
        assert re.fullmatch(r".{13}~[0-9A-F]{6}", short)
        assert short[:13] == plain[:13]


def test_numbers_that_share_a_beginning_stay_apart() -> None:
    numbers = [f"2024/PURCHASE-ORDER/{n:06d}" for n in range(600)]
    numbers += [f"INVOICE-{'0' * 20}{n}" for n in range(600)]
    numbers += [f"{'A' * n}" for n in range(1, 101)]
    assert len({identity.ref_number(number) for number in numbers}) == len(numbers)


def test_a_number_that_looks_like_a_shortened_one_cannot_be_taken_for_it() -> None:
    long = "2024/PURCHASE-ORDER/000001"
    shortened = identity.ref_number(long)
    assert identity.ref_number(shortened) != shortened
    assert len(identity.ref_number(shortened)) == 20


@given(first=PRINTED, second=PRINTED)
def test_two_numbers_share_a_ref_number_only_if_they_differ_in_blanks_alone(first: str, second: str) -> None:
    if identity.ref_number(first) == identity.ref_number(second):
        assert first.split() == second.split()


@given(company=st.text(min_size=1, max_size=32), invoice=IDS)
def test_a_document_has_one_name_whoever_computes_it(company: str, invoice: InvoiceId) -> None:
    guid = identity.document_guid(company, invoice)
    assert guid == identity.document_guid(company, invoice)
    assert UUID(identity.external_guid(guid)) == guid
    assert re.fullmatch(r"\{[0-9a-f-]{36}\}", identity.external_guid(guid))


def test_names_that_company_files_and_basware_already_hold_never_change() -> None:
    # Worked out from the written rule (UUID of version 5, SHA-256, base32), not taken from the functions. A release that
    # computed others would not recognise the Bills of the release before it.
    guid = identity.document_guid("US01", InvoiceId("4711"))
    assert str(guid) == "23d7392f-4e79-5a64-88b3-6beaed3c6ee0"
    assert identity.memo_tag(guid) == "[BW:23D7392F4E795A64]"
    assert identity.ref_number("2024/PURCHASE-ORDER/000001") == "2024/PURCHASE~29C3B0"
    assert identity.message_set_id("main", ("d1.1",), b"text") == "HVOJZ2WPCT6QYCCND6GM"
    code = identity.response_code(InvoiceId("4711"), "transfer", 1, "x")
    assert code == "99bb3791-5eae-5505-9f38-712f64cfb981"


def test_documents_of_different_companies_and_invoices_have_different_names() -> None:
    names = {identity.document_guid(f"C{c}", InvoiceId(f"i{i}")) for c in range(20) for i in range(100)}
    assert len(names) == 2000
    assert len({identity.memo_tag(name) for name in names}) == 2000


@given(invoice=IDS, before=st.text(), after=st.text())
def test_our_tag_is_found_in_a_memo_whatever_was_written_around_it(invoice: InvoiceId, before: str, after: str) -> None:
    tag = identity.memo_tag(identity.document_guid("US01", invoice))
    assert re.fullmatch(r"\[BW:[0-9A-F]{16}\]", tag)
    assert tag in identity.tags_in(before + tag + after)


@pytest.mark.parametrize("memo", ["", "[BW:]", "[BW:00112233445566a]", "[BW:00112233445566AG]", "BW:0011223344556677"])
def test_a_memo_without_a_whole_tag_carries_none(memo: str) -> None:
    assert identity.tags_in(memo) == ()


def test_every_tag_in_a_memo_is_found() -> None:
    memo = "first [BW:0011223344556677] and [BW:8899AABBCCDDEEFF]"
    assert identity.tags_in(memo) == ("[BW:0011223344556677]", "[BW:8899AABBCCDDEEFF]")


@given(document=st.integers(min_value=1, max_value=2**63), plan=st.integers(min_value=1, max_value=10**6))
def test_a_request_id_tells_its_document_and_plan(document: int, plan: int) -> None:
    assert identity.document_of(identity.request_id(document, plan)) == (document, plan)


@pytest.mark.parametrize("foreign", ["", "lists.vendor", "d1", "d1.", "d.1", "d1.1x", "xd1.1", "d-1.1", " d1.1"])
def test_a_request_id_of_another_origin_is_not_taken_for_ours(foreign: str) -> None:
    assert identity.document_of(foreign) is None


@given(connection=st.text(max_size=40), requests=st.lists(st.text(), max_size=200), content=st.binary(max_size=64))
def test_a_message_set_id_is_short_base32_and_always_the_same(
    connection: str, requests: list[str], content: bytes
) -> None:
    name = identity.message_set_id(connection, tuple(requests), content)
    assert re.fullmatch(r"[A-Z2-7]{1,23}", name)
    assert name == identity.message_set_id(connection, tuple(requests), content)


def test_another_connection_other_requests_or_other_content_make_another_message_set() -> None:
    names = [
        identity.message_set_id("main", ("d1.1", "d2.1"), b"a"),
        identity.message_set_id("other", ("d1.1", "d2.1"), b"a"),
        identity.message_set_id("main", ("d1.1", "d2.2"), b"a"),
        identity.message_set_id("main", ("d1.1",), b"a"),
        identity.message_set_id("main", ("d1.1", "d2.1"), b"b"),
    ]
    assert len(set(names)) == len(names)


@given(invoice=IDS, number=st.integers(min_value=0, max_value=10**6), content=st.text())
def test_a_response_code_has_at_most_36_characters_and_is_the_same_for_a_repeated_call(
    invoice: InvoiceId, number: int, content: str
) -> None:
    code = identity.response_code(invoice, "payment", number, content)
    assert len(code) <= 36
    assert code == identity.response_code(invoice, "payment", number, content)


def test_every_new_response_has_another_code() -> None:
    one, two = InvoiceId("1"), InvoiceId("2")
    told = [(one, "transfer", 1, "a"), (one, "transfer", 2, "a"), (one, "transfer", 1, "b"), (one, "payment", 1, "a")]
    told += [(two, "transfer", 1, "a")]
    assert len({identity.response_code(*what) for what in told}) == len(told)


@given(company=st.text(min_size=1, max_size=32), list_id=st.text(min_size=1, max_size=36).map(ListId))
def test_a_record_code_has_at_most_36_characters_and_never_changes(company: str, list_id: ListId) -> None:
    code = identity.record_code(company, list_id)
    assert len(code) <= 36
    assert code == identity.record_code(company, list_id)


def test_a_record_code_is_readable_where_it_fits() -> None:
    assert identity.record_code("US01", ListId("80000001-1234567890")) == "US01-80000001-1234567890"
    assert len(identity.record_code("A" * 32, ListId("80000001-1234567890"))) == 36

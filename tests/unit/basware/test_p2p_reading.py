"""Invoices as they come: taken apart byte by byte, read exactly, or held with every reason."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_basware import an_invoice

from ml_connector.basware.read import read_invoice, to_cents
from ml_connector.basware.wire import (
    RawInvoice,
    ResponseKind,
    Unreadable,
    payment_fields,
    responses_of,
    split_page,
)
from ml_connector.core.invoice import Invoice
from ml_connector.core.money import InexactAmount, Money

GOLDEN = Path(__file__).parents[2] / "golden" / "basware"


def read(**changes: Any) -> Invoice:
    return read_invoice(json.dumps(an_invoice(**changes)).encode())


def reasons(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as caught:
        read(**changes)
    return caught.value.reasons


def a_row(**changes: Any) -> dict[str, Any]:
    return {"externalCode": "r1", "rowIndex": 1, "accountCode": "6100", "grossTotal": 1.0, **changes}


def only(body: bytes) -> RawInvoice:
    (found,) = split_page(body).invoices
    return found


def test_the_page_of_the_golden_file_is_read_as_written_beside_it() -> None:
    page = (GOLDEN / "page.json").read_bytes()
    found = [asdict(read_invoice(raw.raw)) for raw in split_page(page).invoices]
    expected = json.loads((GOLDEN / "page.invoices.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(found, default=str)) == expected


def test_each_invoice_keeps_exactly_the_bytes_it_came_with() -> None:
    page = (GOLDEN / "page.json").read_bytes()
    first, second = split_page(page).invoices
    assert page.count(first.raw) == page.count(second.raw) == 1
    assert first.raw.startswith(b'{"invoiceId":"5b0c') and first.raw.endswith(b'"plannedAdditionalCostType":0}]}')
    assert second.raw.startswith(b'{ "invoiceId" : "credit-1"') and second.raw.endswith(b'"codingRows":null}')
    assert (second.invoice_id, second.processing_status, second.last_updated) == ("credit-1", "SomethingNew", "")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(), JSON_VALUES, max_size=4), max_size=5),
    st.dictionaries(st.text().filter(lambda name: name != "accountingDocuments"), JSON_VALUES, max_size=3),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_any_page_comes_apart_into_its_own_bytes(
    extras: list[dict[str, Any]], around: dict[str, Any], ascii_only: bool, indent: int | None
) -> None:
    invoices = [{**extra, "invoiceId": f"id{n}"} for n, extra in enumerate(extras)]
    body = json.dumps({**around, "accountingDocuments": invoices}, ensure_ascii=ascii_only, indent=indent)
    try:
        page = body.encode()
    except UnicodeEncodeError:
        return  # a lone surrogate is no text in UTF-8
    found = split_page(page).invoices
    assert [json.loads(raw.raw) for raw in found] == invoices
    assert all(raw.raw in page for raw in found)


@pytest.mark.parametrize(
    "body",
    [b'{"accountingDocuments":[]}', b'{"accountingDocuments":null}', b'\xef\xbb\xbf{"a":1,"accountingDocuments":[ ]} '],
)
def test_a_page_may_be_empty(body: bytes) -> None:
    assert split_page(body).invoices == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"accountingDocuments":{}}',
        b'{"accountingDocuments":[}',
        b'{"accountingDocuments":[{}',
        b'{"accountingDocuments":[{}]',
        b'{"accountingDocuments":[{}]} x',
        b'{"accountingDocuments":[{}],}',
        b'{"accountingDocuments":[{},]}',
        b'{1:2,"accountingDocuments":[]}',
        b'{"accountingDocuments":[' + b"[" * 100_000,
        b'{"accountingDocuments":["\xff"]}',
    ],
)
def test_a_page_that_is_broken_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        split_page(body)


@pytest.mark.parametrize(
    ("number", "cents"),
    [
        ("430.0", "430.00"),
        ("430", "430.00"),
        ("0.30000000000000004", "0.30"),
        ("1160.0000000000002", "1160.00"),
        ("-12.1", "-12.10"),
        ("-0.0", "0.00"),
        ("1e2", "100.00"),
        ("1.136E3", "1136.00"),
        ("9999999999999.99", "9999999999999.99"),
        ("0.009999", "0.01"),
        ("4.29999999", "4.30"),
    ],
)
def test_a_double_stands_for_the_cent_it_lies_at(number: str, cents: str) -> None:
    invoice = read_invoice(json.dumps(an_invoice(grossSum="@")).replace('"@"', number).encode())
    assert str(invoice.gross.amount) == cents


@pytest.mark.parametrize("number", ["0.005", "0.001", "12.3456", "0.0099", "1e-5", "430.0000011", "-3.333"])
def test_an_amount_between_two_cents_is_refused_and_never_rounded(number: str) -> None:
    with pytest.raises(Unreadable, match=r"grossSum .* is not exact to the cent"):
        read_invoice(json.dumps(an_invoice(grossSum="@")).replace('"@"', number).encode())


@pytest.mark.parametrize(
    "number", ["1e400", "1e-999999999", "9" * 60, "1e99999999999999999999", "NaN", "Infinity", "1" * 5000]
)
def test_a_number_beyond_all_amounts_is_held_without_a_fuss(number: str) -> None:
    body = json.dumps(an_invoice(grossSum="@")).replace('"@"', number).encode()
    try:
        assert read_invoice(body).gross == Money(Decimal(0), "USD")
    except Unreadable as unreadable:
        assert len(str(unreadable)) < 300


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.integers(-8, 8))
def test_the_noise_of_a_double_never_moves_a_cent(cents: Decimal, steps: int) -> None:
    double = float(cents)
    noisy = double + steps * 2**-52 * abs(double)
    if abs(Decimal(repr(noisy)) - cents) <= Decimal("0.000001"):
        assert to_cents(Decimal(repr(noisy))) == cents


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=5))
def test_an_amount_is_either_kept_to_a_millionth_or_refused(amount: Decimal) -> None:
    try:
        assert abs(to_cents(amount) - amount) <= Decimal("0.000001")
    except InexactAmount:
        assert abs(amount - round(amount, 2)) > Decimal("0.000001")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021-03-31T00:00:00", date(2021, 3, 31)),
        ("2021-03-31", date(2021, 3, 31)),
        ("2021-03-31T00:00:00.0000000", date(2021, 3, 31)),
        ("2021-03-31T00:00:00Z", date(2021, 3, 31)),
        ("2021-03-31T00:00:00+05:00", date(2021, 3, 31)),
        ("2021-03-31T23:59:59", date(2021, 3, 31)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_is_what_is_written_and_no_zone_moves_it(text: str | None, day: date | None) -> None:
    assert read(invoiceDate=text).invoice_date == day


@pytest.mark.parametrize("text", ["2021-03-31T22:00:00Z", "2021-03-31T00:00:01+00:00", "2021-03-31T00:30:00-05:00"])
def test_a_time_with_a_zone_is_held_for_a_person(text: str) -> None:
    assert "time zone" in reasons(voucherDate=text)[0]


@pytest.mark.parametrize("text", ["31.3.2021", "2021-02-30", "2021-03-31X", "2021-03-31T", "x" * 5000, 20210331])
def test_what_is_no_date_is_held(text: Any) -> None:
    (reason,) = reasons(dueDate=text)
    assert reason.startswith("dueDate")
    assert len(reason) < 120


def test_every_reason_is_told_at_once() -> None:
    found = reasons(
        currencyCode="",
        companyCode=None,
        grossSum="430.00",
        dueDate="soon",
        paymentBlock="no",
        orderNumbers=[1],
        codingRows=[a_row(grossTotal=0.005), "row", a_row(rowIndex=2.5, accountCode=6100)],
    )
    assert found == (
        "The currencyCode '' is not a currency.",
        "The invoice has no companyCode.",
        "grossSum is not a number.",
        "dueDate 'soon' is not a date.",
        "paymentBlock is neither true nor false.",
        "orderNumbers is not a list of texts.",
        "Coding row 1: grossTotal 0.005 is not exact to the cent.",
        "Coding row 2 is not an object.",
        "Coding row 3: the rowIndex is not a whole number.",
        "Coding row 3: accountCode is not a text.",
    )


def test_an_invoice_without_a_total_is_held() -> None:
    assert reasons(grossSum=None) == ("The invoice has no grossSum.",)


def test_what_is_missing_is_empty_and_what_is_new_is_passed_over() -> None:
    invoice = read(surprise={"grossSum": 1}, supplierCode=None, codingRows=[{"newField": 1}])
    assert invoice.supplier_code == ""
    assert invoice.rows[0].gross is None
    assert invoice.rows[0].account_code == ""
    assert invoice.rows[0].index == 1


def test_rows_come_in_their_own_order() -> None:
    rows = [a_row(rowIndex=7), a_row(rowIndex=0), a_row(rowIndex=3)]
    assert [row.index for row in read(codingRows=rows).rows] == [0, 3, 7]


def test_characters_that_nothing_can_store_are_marked_and_the_rest_is_kept() -> None:
    invoice = read(description="half \ud800 and \x00 nothing", orderNumbers=["PO\udfff"])
    assert invoice.description == "half \ufffd and \ufffd nothing"
    assert invoice.order_numbers == ("PO\ufffd",)


def test_an_id_that_nothing_can_store_names_no_invoice() -> None:
    page = split_page(json.dumps({"accountingDocuments": [an_invoice("a\ud800"), an_invoice("b")]}).encode())
    assert [invoice.invoice_id for invoice in page.invoices] == ["b"]
    assert len(page.nameless) == 1


def test_true_is_no_amount() -> None:
    assert reasons(grossSum=True) == ("grossSum is not a number.",)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_invoice_are_unreadable_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read_invoice(raw)


@given(st.dictionaries(st.sampled_from(sorted(an_invoice())), JSON_VALUES))
def test_an_invoice_with_anything_in_it_is_read_or_unreadable(changes: dict[str, Any]) -> None:
    try:
        read_invoice(json.dumps({**an_invoice(), **changes}).encode())
    except Unreadable as unreadable:
        assert unreadable.reasons


def test_the_answers_basware_holds_are_found_by_their_codes() -> None:
    page = {
        "accountingDocuments": [
            an_invoice(
                transferResponses=[{"externalCode": "t1"}, {"externalCode": "t2"}],
                paymentResponses=[{"externalCode": "p1"}, "odd"],
                prebookResponses=None,
            )
        ]
    }
    assert responses_of(only(json.dumps(page).encode())) == {
        ResponseKind.TRANSFER: ("t1", "t2"),
        ResponseKind.PAYMENT: ("p1",),
        ResponseKind.PREBOOK: (),
    }


def test_the_payment_fields_are_the_invoice_s_own() -> None:
    raw = json.dumps(an_invoice(paymentTermCode="NET30", paymentMethod=None, paymentBlock=True, paymentMessage="RF18"))
    fields = payment_fields(raw.encode())
    assert (fields.payment_term_code, fields.payment_method, fields.payment_block, fields.payment_message) == (
        "NET30",
        "",
        True,
        "RF18",
    )

"""Values to qbXML: exact, in order, within their lengths, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.core.errors import Defect
from ml_connector.core.money import Money, exact_decimal
from ml_connector.quickbooks import limits, orders
from ml_connector.quickbooks.checking import check_message_set
from ml_connector.quickbooks.limits import WireLimit
from ml_connector.quickbooks.render import clear, message_set, render_amount, render_request, status_check
from ml_connector.quickbooks.stamps import naive_local
from ml_connector.quickbooks.versions import NEWEST, Version


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_an_amount_comes_back_to_the_cent_or_is_refused(amount: Decimal) -> None:
    try:
        written = render_amount(amount)
    except WireLimit:
        assert not amount.is_finite() or abs(amount) >= 10**13 or amount != round(amount, 2)
    else:
        assert limits.AMOUNT.fullmatch(written)
        assert exact_decimal(written) == amount


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("1200", "1200.00"),
        ("97.5", "97.50"),
        ("-0.01", "-0.01"),
        ("-0", "0.00"),
        ("9999999999999.99",) * 2,
        ("1E+3", "1000.00"),
    ],
)
def test_amounts_have_two_decimals_always(amount: str, written: str) -> None:
    assert render_amount(Decimal(amount)) == written
    assert render_amount(Money(Decimal(amount), "USD")) == written


@pytest.mark.parametrize("amount", ["0.001", "10000000000000", "-10000000000000", "NaN", "Infinity", "1E+400"])
def test_amounts_quickbooks_cannot_hold_are_refused(amount: str) -> None:
    with pytest.raises(WireLimit):
        render_amount(Decimal(amount))


def test_elements_are_written_in_quickbooks_order_whatever_the_order_given() -> None:
    text = render_request(
        orders.ACCOUNT_QUERY,
        "a1",
        NEWEST,
        {"IncludeRetElement": ["Name"], "FromModifiedDate": naive_local("2026-08-01"), "ActiveStatus": "All"},
    )
    assert text == (
        '<AccountQueryRq requestID="a1"><ActiveStatus>All</ActiveStatus>'
        "<FromModifiedDate>2026-08-01T00:00:00</FromModifiedDate>"
        "<IncludeRetElement>Name</IncludeRetElement></AccountQueryRq>"
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"Colour": "red"}, "no place for Colour"),
        ({"ActiveStatus": "Some"}, "cannot hold"),
        ({"ListID": ["1-1"], "ActiveStatus": "All"}, "only one of these filters"),
        ({"ActiveStatus": ["All", "All"]}, "only once"),
        ({"FromModifiedDate": datetime(2026, 8, 1, tzinfo=UTC)}, "without an offset"),
        ({"FromModifiedDate": date(2026, 8, 1)}, "cannot hold"),
        ({"MaxReturned": True}, "cannot hold"),
    ],
)
def test_a_request_that_breaks_its_table_is_our_mistake(values: dict[str, Any], says: str) -> None:
    with pytest.raises(Defect, match=says):
        render_request(orders.VENDOR_QUERY, "v1", NEWEST, values)


@pytest.mark.parametrize(
    "values",
    [
        {"ListID": ["1" * 37]},
        {"ListID": ["é"]},
        {"FromModifiedDate": naive_local("2038-01-01")},
        {"IncludeRetElement": ["x" * 51]},
    ],
)
def test_what_does_not_fit_is_never_cut_in_a_request(values: dict[str, Any]) -> None:
    with pytest.raises(WireLimit):
        render_request(orders.VENDOR_QUERY, "v1", NEWEST, values)


def test_a_required_element_cannot_be_forgotten() -> None:
    with pytest.raises(Defect, match="without VendorRef"):
        render_request(orders.BILL_ADD, "d1.1", NEWEST, {"BillAdd": {"TxnDate": date(2026, 8, 3)}})


def test_names_of_requests_and_sets_keep_to_their_lengths() -> None:
    with pytest.raises(WireLimit):
        render_request(orders.HOST_QUERY, "r" * 51, NEWEST, {})
    with pytest.raises(WireLimit):
        message_set((), version=NEWEST, new_id="A" * 24)
    assert check_message_set(message_set((), version=NEWEST, new_id="A" * 23)) == []


def test_a_lists_attributes_are_refused_where_it_cannot_be_paged() -> None:
    with pytest.raises(Defect, match="no attribute iterator"):
        render_request(orders.CLASS_QUERY, "k1", NEWEST, {}, {"iterator": "Start"})


def test_rollback_is_never_asked_for() -> None:
    with pytest.raises(Defect):
        message_set((), version=NEWEST, on_error="rollbackOnError")


def test_a_status_check_names_the_set_twice_and_clearing_names_it_once() -> None:
    head = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>'
    assert status_check("BR7K2M0042", NEWEST) == (
        f'{head}<QBXMLMsgsRq onError="stopOnError" newMessageSetID="BR7K2M0042" oldMessageSetID="BR7K2M0042">'
        "</QBXMLMsgsRq></QBXML>"
    )
    assert clear("BR7K2M0042", Version(8, 0)) == (
        '<?xml version="1.0" encoding="utf-8"?><?qbxml version="8.0"?><QBXML>'
        '<QBXMLMsgsRq onError="stopOnError" oldMessageSetID="BR7K2M0042"></QBXMLMsgsRq></QBXML>'
    )
    with pytest.raises(Defect):
        clear("", NEWEST)
    with pytest.raises(Defect):
        status_check("", NEWEST)

"""Every request we send, against golden messages and against the tables."""

from __future__ import annotations

from datetime import date

import pytest
from quickbooks_builders import a_plan, golden_line

from ml_connector.core.books import ListId, TxnId
from ml_connector.core.errors import Defect
from ml_connector.core.records import TxnKind
from ml_connector.quickbooks import requests
from ml_connector.quickbooks.checking import check_message_set
from ml_connector.quickbooks.limits import WireLimit
from ml_connector.quickbooks.posting import bill_add
from ml_connector.quickbooks.render import message_set
from ml_connector.quickbooks.requests import Page
from ml_connector.quickbooks.stamps import naive_local
from ml_connector.quickbooks.versions import NEWEST, OLDEST, Version

ITERATOR = "{1b2c3d4e-0000-4000-8000-000000000001}"


def queries(version: Version) -> list[str]:
    since = naive_local("2026-08-01")
    return [
        requests.vendor_query("v1", version, modified_since=since),
        requests.customer_query("c2", version, page=Page(size=500, iterator_id=ITERATOR)),
        requests.account_query("a1", version, modified_since=since),
        requests.class_query("k1", version),
        requests.terms_query("t1", version),
        requests.txn_query_by_ref_numbers(
            TxnKind.BILL, ["INV-20931", "INV-20932", "INV-20931"], "b1", version, lines=True
        ),
        requests.txn_query_by_vendor_and_dates(
            TxnKind.VENDOR_CREDIT,
            [ListId("80000012-1446676743")],
            date(2026, 8, 1),
            date(2026, 8, 5),
            "b2",
            version,
        ),
        requests.txn_query_by_txn_ids(TxnKind.BILL, [TxnId("1CC54C-1785955489")], "b3", version),
        requests.txn_query_modified_since(TxnKind.BILL, since, "b4", version),
        requests.txn_query_modified_since(TxnKind.VENDOR_CREDIT, None, "b5", version, lines=True),
        requests.payment_query(
            TxnKind.BILL_PAYMENT_CHECK,
            "p1",
            version,
            modified_since=naive_local("2026-08-20T10:01:12"),
            page=Page(size=100),
        ),
        requests.payment_query(TxnKind.BILL_PAYMENT_CREDIT_CARD, "p2", version, txn_ids=[TxnId("1-1")]),
        requests.txn_deleted_query(
            [TxnKind.BILL, TxnKind.BILL_PAYMENT_CHECK], "x1", version, since=naive_local("2026-08-20")
        ),
        *requests.host_company_preferences("{6f0c1d0e-3b0a-4a55-9d33-2c8b7f5a1001}", version),
    ]


def test_queries_are_written_as_in_the_golden_message() -> None:
    every = queries(NEWEST)
    chosen = [every[i] for i in (0, 1, 4, 5, 6, 10, 12)]
    assert message_set(chosen, version=NEWEST) == golden_line("queries_13.0.xml")


@pytest.mark.parametrize("version", [OLDEST, Version(9, 0), Version(11, 0), NEWEST])
def test_every_query_keeps_to_its_table_in_every_version(version: Version) -> None:
    assert check_message_set(message_set(queries(version), version=version)) == []


def test_an_old_version_is_not_asked_for_elements_it_does_not_have() -> None:
    assert "ExternalGUID" not in "".join(queries(OLDEST))


@pytest.mark.parametrize(
    "name", ["queries_13.0.xml", "bill_add_13.0.xml", "bill_add_8.0.xml", "vendor_credit_add_13.0.xml"]
)
def test_the_golden_messages_keep_to_the_tables(name: str) -> None:
    assert check_message_set(golden_line(name)) == []


def test_a_query_without_its_filter_is_never_sent() -> None:
    with pytest.raises(Defect):
        requests.txn_query_by_ref_numbers(TxnKind.BILL, [], "b1", NEWEST)
    with pytest.raises(Defect):
        requests.txn_query_by_txn_ids(TxnKind.BILL, [TxnId("")], "b1", NEWEST)
    with pytest.raises(Defect):
        requests.txn_query_by_vendor_and_dates(TxnKind.BILL, [], date(2026, 1, 1), date(2026, 1, 2), "b", NEWEST)
    with pytest.raises(Defect):
        requests.txn_deleted_query([], "x1", NEWEST)


def test_a_kind_is_asked_for_with_its_own_query_only() -> None:
    with pytest.raises(Defect):
        requests.txn_query_by_ref_numbers(TxnKind.BILL_PAYMENT_CHECK, ["1"], "b1", NEWEST)
    with pytest.raises(Defect):
        requests.payment_query(TxnKind.BILL, "p1", NEWEST)
    with pytest.raises(Defect):
        requests.payment_query(
            TxnKind.BILL_PAYMENT_CHECK, "p1", NEWEST, txn_ids=[TxnId("1-1")], modified_since=naive_local("2026-01-01")
        )


def test_a_number_too_long_to_exist_is_not_cut_into_another_one() -> None:
    with pytest.raises(WireLimit):
        requests.txn_query_by_ref_numbers(TxnKind.BILL, ["1" * 21], "b1", NEWEST)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<TxnDate>2026-08-03</TxnDate>", "", ""),
        ("<TxnDate>2026-08-03</TxnDate>", "<TxnDate>03.08.2026</TxnDate>", "not of the form date"),
        ("<TxnDate>2026-08-03</TxnDate>", "<TxnDate>2026-02-30</TxnDate>", "not of the form date"),
        ("<Amount>120.00</Amount>", "<Amount>120.0</Amount>", "not of the form amount"),
        ("<Amount>120.00</Amount>", "", "Amount is missing"),
        ("<AccountRef>", "<Colour>red</Colour><AccountRef>", "Colour: unknown here, or out of order"),
        ("<RefNumber>INV-20931</RefNumber>", f"<RefNumber>{'1' * 21}</RefNumber>", "not of the form text"),
        ('onError="continueOnError"', 'onError="rollbackOnError"', "onError"),
        ('onError="continueOnError"', 'onError="stopOnError" colour="red"', "unknown attribute colour"),
        ('requestID="d1.1"', "", "requestID is missing"),
        ('version="13.0"', 'version="8.0"', "needs qbXML 9.0"),
        ('version="13.0"', 'version="14.0"', "declares qbXML"),
        ("BillAddRq", "InvoiceAddRq", "not a request we send"),
        ("INV-20931 [", "Décor [", "non-ASCII"),
        ("</QBXML>", "", "not well-formed"),
    ],
)
def test_the_check_names_the_rule_that_a_message_breaks(old: str, new: str, says: str) -> None:
    good = message_set([bill_add(a_plan(), "d1.1", NEWEST)], version=NEWEST)
    assert old in good
    found = check_message_set(good.replace(old, new))
    if says:
        assert any(says in sentence for sentence in found), found
    else:
        assert found == []


def test_an_element_out_of_order_is_found() -> None:
    good = message_set([bill_add(a_plan(due_date=date(2026, 9, 2)), "d1.1", NEWEST)], version=NEWEST)
    date_, due = "<TxnDate>2026-08-03</TxnDate>", "<DueDate>2026-09-02</DueDate>"
    assert check_message_set(good.replace(date_ + due, due + date_)) != []

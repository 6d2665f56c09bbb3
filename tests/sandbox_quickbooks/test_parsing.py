"""What QuickBooks refuses to read."""

import pytest
from simulated_desk import Desk

from ml_connector.sandbox.quickbooks.refusals import HResult

HEAD = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?>'


def refusal_of(desk: Desk, text: str) -> str:
    with pytest.raises(HResult) as raised:
        desk.processor.process(text)
    return raised.value.hexadecimal


def whole(requests: str, attributes: str = 'onError="stopOnError"', head: str = HEAD) -> str:
    return f"{head}<QBXML><QBXMLMsgsRq {attributes}>{requests}</QBXMLMsgsRq></QBXML>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml at all",
        whole("<VendorQueryRq>"),
        whole("<VendorQueryRq/>", head='<?xml version="1.0"?>'),
        whole("<VendorQueryRq/>", attributes=""),
        whole("<VendorQueryRq/>", attributes='onError="rollbackOnError"'),
        whole("<VendorQueryRq/>", attributes='onError="stopOnError" surprise="1"'),
        whole("<InvoiceFooRq/>"),
        whole("<VendorQueryRq><Colour>red</Colour></VendorQueryRq>"),
        whole("<VendorQueryRq><ActiveStatus>all</ActiveStatus></VendorQueryRq>"),
        whole("<VendorQueryRq><ActiveStatus>All</ActiveStatus><MaxReturned>5</MaxReturned></VendorQueryRq>"),
        whole("<VendorQueryRq><MaxReturned>5</MaxReturned><MaxReturned>5</MaxReturned></VendorQueryRq>"),
        whole("<VendorQueryRq><ListID>1-1</ListID><ActiveStatus>All</ActiveStatus></VendorQueryRq>"),
        whole("<VendorQueryRq>stray text</VendorQueryRq>"),
        whole('<AccountQueryRq iterator="Start"><MaxReturned>5</MaxReturned></AccountQueryRq>'),
        whole('<ClassQueryRq iterator="Start"/>'),
        whole('<HostQueryRq metaData="MetaDataOnly"/>'),
        whole("<BillAddRq/>"),
        whole("<BillAddRq><BillAdd><TxnDate>2026-10-01</TxnDate></BillAdd></BillAddRq>"),
        whole(
            "<BillQueryRq><IncludeLinkedTxns>true</IncludeLinkedTxns><IncludeLineItems>true</IncludeLineItems></BillQueryRq>"
        ),
        whole("<BillPaymentCheckQueryRq><IncludeLinkedTxns>true</IncludeLinkedTxns></BillPaymentCheckQueryRq>"),
        whole("<VendorQueryRq><FullName>Béton</FullName></VendorQueryRq>"),
        f'{HEAD}<!DOCTYPE QBXML><QBXML><QBXMLMsgsRq onError="stopOnError"/></QBXML>',
    ],
)
def test_a_text_against_the_schema_is_refused_as_a_whole(desk: Desk, text: str) -> None:
    assert refusal_of(desk, text) == "0x80040400"


def test_an_item_line_before_an_expense_line_refuses_the_set_and_leaves_earlier_requests_unexecuted(desk: Desk) -> None:
    lines = (
        "<ItemLineAdd><Amount>1.00</Amount></ItemLineAdd><ExpenseLineAdd><Amount>1.00</Amount></ExpenseLineAdd>"
        "</BillAdd></BillAddRq>"
    )
    wrong = f"<BillAddRq><BillAdd><VendorRef><ListID>{desk.vendor()}</ListID></VendorRef>{lines}"
    before = desk.amounts()
    assert refusal_of(desk, whole(desk.bill() + wrong)) == "0x80040400"
    assert desk.amounts() == before


@pytest.mark.parametrize("swapped", [("RefNumber", "Memo"), ("TxnDate", "RefNumber"), ("VendorRef", "TxnDate")])
def test_two_header_elements_swapped_refuse_the_set(desk: Desk, swapped: tuple[str, str]) -> None:
    parts = {
        "VendorRef": f"<VendorRef><ListID>{desk.vendor()}</ListID></VendorRef>",
        "TxnDate": "<TxnDate>2026-10-01</TxnDate>",
        "RefNumber": "<RefNumber>1</RefNumber>",
        "Memo": "<Memo>m</Memo>",
    }
    order = list(parts)
    first, second = order.index(swapped[0]), order.index(swapped[1])
    order[first], order[second] = order[second], order[first]
    text = whole(f"<BillAddRq><BillAdd>{''.join(parts[name] for name in order)}</BillAdd></BillAddRq>")
    assert refusal_of(desk, text) == "0x80040400"


@pytest.mark.parametrize(
    "declared", ["13.0.0", "13", "13.", ".", "", "013.0", "1\u0663.0", "13.0' encoding='x", "thirteen"]
)
def test_a_version_that_is_no_version_is_refused_with_a_code(desk: Desk, declared: str) -> None:
    head = f'<?xml version="1.0"?><?qbxml version="{declared}"?>'
    desk.processor = desk.new_session(refuse_raw_non_ascii=False)
    assert refusal_of(desk, whole("<HostQueryRq/>", head=head)) == "0x80040400"


def test_a_version_that_is_declared_twice_refuses_the_set(desk: Desk) -> None:
    assert refusal_of(desk, whole("<HostQueryRq/>", head=HEAD + '<?qbxml version="12.0"?>')) == "0x80040400"


@pytest.mark.parametrize("place", ["RefNumber", "TxnDate", "Memo", "Amount", "ListID"])
def test_a_macro_is_used_nowhere_in_a_bill(desk: Desk, place: str) -> None:
    request = desk.bill(memo="m").replace(f"<{place}>", f'<{place} useMacro="TxnID:b">')
    assert refusal_of(desk, whole(request)) == "0x80040400"


@pytest.mark.parametrize(("place", "allowed"), [("BillAdd", True), ("ExpenseLineAdd", True), ("VendorRef", False)])
def test_a_macro_is_defined_by_a_bill_and_its_lines_only(desk: Desk, place: str, allowed: bool) -> None:
    request = desk.bill().replace(f"<{place}>", f'<{place} defMacro="TxnID:b">')
    if allowed:
        assert desk.status(request) == "0"
    else:
        assert refusal_of(desk, whole(request)) == "0x80040400"


def test_a_version_above_the_hosts_is_not_supported(desk: Desk) -> None:
    head = '<?xml version="1.0"?><?qbxml version="17.0"?>'
    assert refusal_of(desk, whole("<HostQueryRq/>", head=head)) == "0x80040423"


def test_an_element_newer_than_the_declared_version_is_a_parse_error(desk: Desk) -> None:
    guid = "<ExternalGUID>{7f3a9c1e-0000-4000-8000-00000000002a}</ExternalGUID>"
    request = desk.bill(after_memo=guid)
    assert desk.status(request, version="9.0") == "0"
    assert refusal_of(desk, whole(request, head='<?xml version="1.0"?><?qbxml version="8.0"?>')) == "0x80040400"


def test_an_answer_in_an_old_version_leaves_new_elements_out(desk: Desk) -> None:
    query = f"<VendorQueryRq><ListID>{desk.vendor()}</ListID></VendorQueryRq>"
    assert desk.answer(query).find("VendorRet/CurrencyRef") is not None
    assert desk.answer(query, version="6.0").find("VendorRet/CurrencyRef") is None


@pytest.mark.parametrize(
    ("element", "status"),
    [
        ("<Amount>97.5</Amount>", "3040"),
        ("<Amount>1,200.00</Amount>", "3040"),
        ("<Amount>12345678901234.00</Amount>", "3040"),
        ("<Amount>-5</Amount>", "3210"),
        ("<Amount>1&#1632;0.00</Amount>", "3040"),
        (f"<Amount>1.00</Amount><Memo>{'m' * 4096}</Memo>", "3070"),
    ],
)
def test_a_bad_value_fails_its_own_request_only(desk: Desk, element: str, status: str) -> None:
    account = f"<AccountRef><ListID>{desk.account('6110')}</ListID></AccountRef>"
    bad = (
        f"<BillAddRq><BillAdd><VendorRef><ListID>{desk.vendor()}</ListID></VendorRef>"
        f"<ExpenseLineAdd>{account}{element}</ExpenseLineAdd></BillAdd></BillAddRq>"
    )
    answers = desk.asks(bad + desk.bill(), on_error="continueOnError")
    assert [rs.attrib["statusCode"] for rs in answers] == [status, "0"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"txn_date": "2026-02-30"}, "3020"),
        ({"txn_date": "20.10.2026"}, "3020"),
        ({"ref": "R" * 21}, "3070"),
        ({"txn_date": "2026-1&#1632;-01"}, "3020"),
        ({"vendor": "8" * 37}, "3000"),
        ({"vendor": "the one with the nice paper"}, "3000"),
        ({"after_memo": "<ExternalGUID>7f3a9c1e-0000-4000-8000-00000000002a</ExternalGUID>"}, "3000"),
    ],
)
def test_values_are_checked_by_type_and_length(desk: Desk, more: dict[str, str], status: str) -> None:
    assert desk.status(desk.bill(**more)) == status


@pytest.mark.parametrize("text", ["1", "0", "TRUE", "yes"])
def test_a_boolean_is_true_or_false(desk: Desk, text: str) -> None:
    assert desk.status(f"<BillQueryRq><IncludeLineItems>{text}</IncludeLineItems></BillQueryRq>") == "3010"


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01T10:00:00Z",
        "2026-10-01T10:00:00.5",
        "2039-01-01",
        "2026-10-01T25:00:00",
        "2026-10-01T10:00:00+25:00",
        "2026-10-01T1&#1632;:00:00",
    ],
)
def test_a_date_time_takes_no_zulu_no_fraction_and_ends_in_2038(desk: Desk, text: str) -> None:
    assert desk.status(f"<VendorQueryRq><FromModifiedDate>{text}</FromModifiedDate></VendorQueryRq>") == "3020"


def test_length_counts_characters_and_not_bytes(desk: Desk) -> None:
    assert desk.status(desk.bill(ref="&#233;" * 20)) == "0"


def test_stop_on_error_leaves_later_requests_unprocessed(desk: Desk) -> None:
    answers = desk.asks(desk.bill(ref="A") + desk.bill(vendor="1-1") + desk.bill(ref="C"))
    assert [rs.attrib["statusCode"] for rs in answers] == ["0", "3140", "3231"]
    assert len(desk.amounts()) == 1


def test_the_request_id_is_echoed_and_a_long_one_is_refused(desk: Desk) -> None:
    assert desk.answer(desk.bill(request_id="b42")).attrib["requestID"] == "b42"
    assert desk.status(desk.bill(request_id="x" * 51)) == "1060"


def test_an_answer_is_pure_ascii(desk: Desk) -> None:
    text = desk.processor.process(
        whole(f"<VendorQueryRq><ListID>{desk.firm.vendors[0].list_id}</ListID></VendorQueryRq>")
    )
    assert text.isascii()
    assert "&#" in text


def test_a_character_outside_windows_1252_is_not_kept(desk: Desk) -> None:
    txn_id = desk.adds_bill(memo="caf&#233; &#8364; &#322;&#128296;")
    assert desk.reads_bill(txn_id).findtext("Memo") == "caf\u00e9 \u20ac ??"

"""Answers of QuickBooks: read as a stream, whole or not believed."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quickbooks_builders import GOLDEN, any_text, golden_text, shown

from ml_connector.core.books import TxnId
from ml_connector.core.errors import Defect, TryAgain
from ml_connector.core.records import LedgerTxn, ListRecord, Payment
from ml_connector.quickbooks.answers import (
    Part,
    Recovered,
    ResponseHead,
    SetHead,
    UnreadableAnswer,
    UnreadableRecord,
    read_answer,
)
from ml_connector.quickbooks.text import ascii_xml, clean

HEAD = '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>'
END = "</QBXMLMsgsRs></QBXML>"
BILL_RET = (
    "<BillRet><TxnID>1-1</TxnID><VendorRef><ListID>8-1</ListID></VendorRef><TxnDate>2026-08-03</TxnDate>"
    "<AmountDue>12.00</AmountDue>{more}</BillRet>"
)


def answered(name: str, *records: str, status: str = "0") -> str:
    return f'{HEAD}<{name} requestID="r1" statusCode="{status}" statusSeverity="Info" statusMessage="Status OK">' + (
        "".join(records) + f"</{name}>{END}"
    )


@pytest.mark.parametrize("name", ["bill_adds", "lists", "transactions"])
def test_answers_are_read_as_the_golden_result_says(name: str) -> None:
    expected = GOLDEN / f"answer_{name}.expected.txt"
    text = golden_text(f"answer_{name}.xml")
    lines = [shown(part) for part in read_answer(text)]
    assert lines == expected.read_text("utf-8").splitlines()
    assert [shown(part) for part in read_answer(text.encode("utf-8-sig"))] == lines


def test_whatever_the_declaration_says_of_its_encoding_a_text_is_read_as_it_is() -> None:
    text = answered("BillQueryRs", BILL_RET.format(more="<Memo>Décor</Memo>")).replace(
        '<?xml version="1.0" ?>', '<?xml version="1.0" encoding="windows-1252" ?>'
    )
    bill = list(read_answer(text))[2]
    assert isinstance(bill, LedgerTxn)
    assert bill.memo == "Décor"


def test_a_status_reply_without_requests_is_a_head_alone() -> None:
    text = f'<QBXML><QBXMLMsgsRs newMessageSetID="A1" messageSetStatusCode="9002"/>{END[14:]}'
    assert list(read_answer(text)) == [SetHead(new_message_set_id="A1", message_set_status_code=9002)]


def test_a_recovered_write_tells_its_transaction_even_without_a_record() -> None:
    text = answered("BillAddRs", "<ErrorRecovery><TxnID>1-9</TxnID><EditSequence>7</EditSequence></ErrorRecovery>")
    assert list(read_answer(text))[2] == Recovered(txn_id=TxnId("1-9"), edit_sequence="7")


def test_unknown_elements_are_passed_over_at_every_level() -> None:
    text = answered(
        "BillQueryRs",
        "<Strange><BillRet2/></Strange>",
        BILL_RET.format(more="<New><TxnID>no</TxnID></New><Memo>m</Memo>"),
        "<TxnDeletedRet><TxnDelType>Invoice</TxnDelType><TxnID>1</TxnID></TxnDeletedRet>",
    ).replace(END, f'<FutureRs statusCode="x"><BillRet3/></FutureRs>{END}')
    parts = list(read_answer(text))
    assert [type(part) for part in parts] == [SetHead, ResponseHead, LedgerTxn]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (BILL_RET.format(more="").replace("12.00", "12,00"), "12,00"),
        (BILL_RET.format(more="").replace("12.00", "12.005"), "finer than a cent"),
        (BILL_RET.format(more="").replace("<AmountDue>12.00</AmountDue>", "<AmountDue/>"), "no AmountDue"),
        (BILL_RET.format(more="").replace("2026-08-03", "20260803"), "instead of a date"),
        (BILL_RET.format(more="").replace("2026-08-03", "2026-02-30"), "day"),
        (BILL_RET.format(more="<IsPaid>yes</IsPaid>"), "instead of true or false"),
        (BILL_RET.format(more="").replace("<VendorRef><ListID>8-1</ListID></VendorRef>", ""), "no VendorRef"),
    ],
)
def test_a_record_that_cannot_be_read_is_handed_over_raw_and_the_others_are_kept(record: str, says: str) -> None:
    text = answered("BillQueryRs", BILL_RET.format(more=""), record, BILL_RET.format(more=""))
    with pytest.raises(UnreadableRecord, match=says) as caught:
        list(read_answer(text))
    assert isinstance(caught.value, Defect)
    assert caught.value.raw == record
    assert caught.value.record_id == "1-1"
    unreadable: list[UnreadableRecord] = []
    parts = list(read_answer(text, on_unreadable=unreadable.append))
    assert sum(isinstance(part, LedgerTxn) for part in parts) == 2
    assert [error.raw for error in unreadable] == [record]


def test_a_payment_that_was_voided_has_nothing_left() -> None:
    text = answered(
        "BillPaymentCheckQueryRs",
        "<BillPaymentCheckRet><TxnID>1</TxnID><TxnDate>2026-08-03</TxnDate><Amount>0.00</Amount></BillPaymentCheckRet>",
    )
    payment = list(read_answer(text))[2]
    assert isinstance(payment, Payment)
    assert (payment.amount, payment.applied, payment.paid_on) == (Decimal(0), (), date(2026, 8, 3))


BOMB = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "garbage",
        "<html><body>Service unavailable</body></html>",
        "<QBXML/>",
        HEAD,
        f'{HEAD}<BillAddRs statusCode="0">',
        f"{HEAD}<BillAddRs>{END}",
        f'{HEAD}<BillAddRs statusCode="zero"/>{END}',
        f'{HEAD}<BillAddRs statusCode="0" retCount="-1"/>{END}',
        HEAD + "&nothing;" + END,
        HEAD + "a \ud800 b" + END,
        HEAD.replace("<QBXML>", BOMB + "<QBXML>") + "<Memo>&b;</Memo>" + END,
        HEAD.replace("<QBXML>", '<!DOCTYPE x SYSTEM "file:///etc/hostname"><QBXML>') + END,
        HEAD + "<a>" * 300 + "</a>" * 300 + END,
        HEAD + END + END,
        answered("BillQueryRs", BILL_RET.format(more=""))[:-5],
    ],
)
def test_garbage_bombs_and_broken_off_answers_are_refused_by_name(text: str) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        list(read_answer(text))
    assert isinstance(caught.value, TryAgain)
    assert caught.value.applied is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_bytes_that_are_not_utf_8_are_refused(encoding: str) -> None:
    with pytest.raises(UnreadableAnswer):
        list(read_answer(answered("BillQueryRs", BILL_RET.format(more="<Memo>é</Memo>")).encode(encoding)))


@given(any_text)
def test_a_memo_written_for_quickbooks_is_read_back_as_it_was(text: str) -> None:
    memo = clean(text, 4095).text
    bill = list(read_answer(answered("BillQueryRs", BILL_RET.format(more=f"<Memo>{ascii_xml(memo)}</Memo>"))))[2]
    assert isinstance(bill, LedgerTxn)
    assert bill.memo == memo


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_nothing_but_the_named_error_comes_out_of_noise(noise: str | bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        list(read_answer(noise))


@given(st.integers(min_value=0, max_value=2000))
def test_an_answer_cut_off_anywhere_is_never_taken_for_whole(at: int) -> None:
    text = golden_text("answer_bill_adds.xml").rstrip()
    with pytest.raises(UnreadableAnswer):
        list(read_answer(text[: min(at, len(text) - 1)]))


def a_long_list(vendors: int) -> str:
    return answered(
        "VendorQueryRs",
        *(
            f"<VendorRet><ListID>8-{n}</ListID><EditSequence>1</EditSequence><Name>Vendor {n}</Name>"
            f"<VendorAddress><Addr1>{'a' * 40}</Addr1></VendorAddress><Notes>{'n' * 200}</Notes></VendorRet>"
            for n in range(vendors)
        ),
    )


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    text = a_long_list(20_000)
    tracemalloc.start()
    try:
        count = sum(isinstance(part, ListRecord) for part in read_answer(text))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 4_000_000


MEASURE = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_quickbooks_answers import a_long_list
from ml_connector.quickbooks.answers import read_answer

def resident_kb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024

parts = read_answer(a_long_list(30_000))
first = [next(parts) for _ in range(3)]
before = resident_kb()
most = max(resident_kb() if n % 1000 == 999 else 0 for n, _ in enumerate(parts))
print(most - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is told by /proc on Linux only")
def test_the_parsers_own_memory_does_not_grow_either() -> None:
    # The parser's memory is not Python's, so it is looked at from outside: the tree of this list would take 40 MB.
    command = [sys.executable, "-c", MEASURE, str(Path(__file__).parent)]
    growth_kb = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert growth_kb < 10_000


def test_the_first_records_are_there_before_the_rest_is_read() -> None:
    text = a_long_list(2_000).removesuffix(END)
    first: list[Part] = list(islice(read_answer(text), 100))
    assert isinstance(first[99], ListRecord)

"""Queries: filters, paging, what counts as missing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_desk import Desk


def names(desk: Desk, inner: str, what: str = "Vendor") -> list[str]:
    return [e.text or "" for e in desk.answer(f"<{what}QueryRq>{inner}</{what}QueryRq>").findall(f"{what}Ret/Name")]


def page(
    desk: Desk, inner: str, *, mode: str, what: str = "Vendor", iterator_id: str = ""
) -> tuple[list[str], int, str]:
    identity = f' iteratorID="{iterator_id}"' if iterator_id else ""
    rs = desk.answer(f'<{what}QueryRq iterator="{mode}"{identity}>{inner}</{what}QueryRq>')
    tag = "TxnID" if what != "Vendor" else "ListID"
    found = [element.text or "" for element in rs.findall(f"{what}Ret/{tag}")]
    return found, int(rs.attrib["iteratorRemainingCount"]), rs.attrib["iteratorID"]


def test_inactive_entries_are_shown_only_on_request(desk: Desk) -> None:
    active, everything = names(desk, ""), names(desk, "<ActiveStatus>All</ActiveStatus>")
    inactive = names(desk, "<ActiveStatus>InactiveOnly</ActiveStatus>")
    assert len(everything) == 260
    assert sorted(active + inactive) == sorted(everything)
    assert len(inactive) == 5


def test_nothing_found_is_status_1_and_a_missing_id_status_500(desk: Desk) -> None:
    assert desk.status("<BillPaymentCheckQueryRq/>") == "1"
    rs = desk.answer(f"<VendorQueryRq><ListID>{desk.vendor()}</ListID><ListID>1-1</ListID></VendorQueryRq>")
    assert (rs.attrib["statusCode"], rs.attrib["statusSeverity"], len(rs)) == ("500", "Warn", 1)
    assert desk.status("<BillQueryRq><TxnID>1-1</TxnID></BillQueryRq>") == "500"


def test_a_warning_does_not_stop_the_set(desk: Desk) -> None:
    answers = desk.asks("<BillQueryRq><TxnID>1-1</TxnID></BillQueryRq><HostQueryRq/>")
    assert [rs.attrib["statusCode"] for rs in answers] == ["500", "0"]


def test_ref_numbers_are_found_with_and_without_regard_to_case(desk: Desk) -> None:
    desk.adds_bill(ref="abc")
    desk.adds_bill(ref="ABC")
    loose = desk.answer("<BillQueryRq><RefNumber>Abc</RefNumber></BillQueryRq>")
    assert [e.text for e in loose.findall("BillRet/RefNumber")] == ["abc", "ABC"]
    strict = "<BillQueryRq><RefNumberCaseSensitive>abc</RefNumberCaseSensitive></BillQueryRq>"
    assert [e.text for e in desk.answer(strict).findall("BillRet/RefNumber")] == ["abc"]
    assert desk.status("<BillQueryRq><RefNumber>nobody</RefNumber></BillQueryRq>") == "1"
    assert desk.status("<BillQueryRq><RefNumber>nobody</RefNumber><RefNumber>abc</RefNumber></BillQueryRq>") == "500"


def test_bills_are_filtered_by_vendor_and_their_own_date_and_come_oldest_first(desk: Desk) -> None:
    for ref, date in (("1", "2026-10-09"), ("2", "2026-10-01"), ("3", "2026-10-05")):
        desk.adds_bill(ref=ref, txn_date=date)
    desk.adds_bill(ref="other", vendor=desk.vendor(6))
    dates = "<FromTxnDate>2026-10-01</FromTxnDate><ToTxnDate>2026-10-05</ToTxnDate>"
    dates = f"<TxnDateRangeFilter>{dates}</TxnDateRangeFilter>"
    vendor = f"<EntityFilter><ListID>{desk.vendor()}</ListID></EntityFilter>"
    rs = desk.answer(f"<BillQueryRq>{dates}{vendor}</BillQueryRq>")
    assert [e.text for e in rs.findall("BillRet/RefNumber")] == ["2", "3"]


def test_lines_and_links_come_only_on_request(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    ret = desk.answer(f"<BillQueryRq><TxnID>{txn_id}</TxnID></BillQueryRq>").find("BillRet")
    assert ret is not None
    assert ret.find("ExpenseLineRet") is None


def test_asked_for_elements_come_with_the_identity_and_nothing_else(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    rs = desk.answer(
        f"<BillQueryRq><TxnID>{txn_id}</TxnID><IncludeRetElement>Memo</IncludeRetElement>"
        "<IncludeRetElement>AmountDue</IncludeRetElement></BillQueryRq>"
    )
    assert [child.tag for child in rs[0]] == ["TxnID", "AmountDue"]


def test_modification_filters_compare_host_local_time(desk: Desk) -> None:
    desk.adds_bill(ref="early")
    desk.passes(minutes=10)
    desk.adds_bill(ref="late")

    def since(text: str) -> list[str | None]:
        filtered = f"<ModifiedDateRangeFilter><FromModifiedDate>{text}</FromModifiedDate></ModifiedDateRangeFilter>"
        rs = desk.answer(f"<BillQueryRq>{filtered}</BillQueryRq>")
        return [e.text for e in rs.findall("BillRet/RefNumber")]

    assert since("2026-11-02T10:05:00") == ["late"]
    assert since("2026-11-02T10:10:00-08:00") == ["late"]
    assert since("2026-11-02T18:05:00+00:00") == ["late"]
    assert since("2026-11-02") == ["early", "late"]


def test_a_range_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    dates = "<FromModifiedDate>2026-11-02</FromModifiedDate><ToModifiedDate>2026-11-01</ToModifiedDate>"
    assert desk.status(f"<VendorQueryRq>{dates}</VendorQueryRq>") == "3030"


def test_an_iterator_hands_out_every_vendor_once(desk: Desk) -> None:
    inner = "<MaxReturned>100</MaxReturned><ActiveStatus>All</ActiveStatus>"
    first, remaining, iterator_id = page(desk, inner, mode="Start")
    assert (len(first), remaining) == (100, 160)
    assert re.fullmatch(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", iterator_id)
    second, remaining, _ = page(desk, inner, mode="Continue", iterator_id=iterator_id)
    third, left, _ = page(desk, inner, mode="Continue", iterator_id=iterator_id)
    assert (remaining, left) == (60, 0)
    assert len({*first, *second, *third}) == 260


@given(size=st.integers(1, 12), bills=st.integers(1, 11))
def test_pages_of_any_size_add_up(size: int, bills: int) -> None:
    desk = Desk()
    wanted = [desk.adds_bill(ref=str(number)) for number in range(bills)]
    inner = f"<MaxReturned>{size}</MaxReturned><EntityFilter><ListID>{desk.vendor()}</ListID></EntityFilter>"
    found, remaining, iterator_id = page(desk, inner, mode="Start", what="Bill")
    while remaining:
        more, remaining, _ = page(desk, inner, mode="Continue", what="Bill", iterator_id=iterator_id)
        found += more
    assert found == wanted


def test_an_iterator_dies_with_its_session(desk: Desk) -> None:
    inner = "<MaxReturned>10</MaxReturned>"
    _, _, iterator_id = page(desk, inner, mode="Start")
    desk.new_session()
    request = f'<VendorQueryRq iterator="Continue" iteratorID="{iterator_id}">{inner}</VendorQueryRq>'
    assert desk.status(request) == "3391"


def test_an_iterator_dies_of_idleness_of_other_filters_and_of_the_armed_fault(desk: Desk) -> None:
    inner = "<MaxReturned>10</MaxReturned>"
    more = '<VendorQueryRq iterator="Continue" iteratorID="{}">{}</VendorQueryRq>'
    _, _, iterator_id = page(desk, inner, mode="Start")
    assert desk.status(more.format(iterator_id, "<MaxReturned>20</MaxReturned>")) == "3391"
    desk.passes(minutes=11)
    assert desk.status(more.format(iterator_id, inner)) == "3391"
    _, _, iterator_id = page(desk, inner, mode="Start")
    desk.faults.arm("iterator_invalidated")
    assert desk.status(more.format(iterator_id, inner)) == "3391"


@pytest.mark.parametrize("attributes", ['iterator="Start" iteratorID="{}"', 'iteratorID="{}"', 'iterator="Continue"'])
def test_the_id_of_an_iterator_belongs_to_its_continuation_and_nowhere_else(desk: Desk, attributes: str) -> None:
    inner = "<MaxReturned>10</MaxReturned>"
    _, _, iterator_id = page(desk, inner, mode="Start")
    assert desk.status(f"<VendorQueryRq {attributes.format(iterator_id)}>{inner}</VendorQueryRq>") == "3391"


def test_a_filter_that_moved_into_another_one_is_another_filter(desk: Desk) -> None:
    size = "<MaxReturned>10</MaxReturned>"
    names_range = "<NameRangeFilter><FromName>{}</FromName>{}</NameRangeFilter>"
    _, _, iterator_id = page(desk, size + names_range.format("A", "<ToName>Z</ToName>"), mode="Start")
    other = size + names_range.format("A|ToName=Z", "")
    request = f'<VendorQueryRq iterator="Continue" iteratorID="{iterator_id}">{other}</VendorQueryRq>'
    assert desk.status(request) == "3391"


def test_an_iterator_shows_no_bill_deleted_since_it_started(desk: Desk) -> None:
    wanted = [desk.adds_bill(ref=str(number)) for number in range(4)]
    inner = f"<MaxReturned>2</MaxReturned><EntityFilter><ListID>{desk.vendor()}</ListID></EntityFilter>"
    first, _, iterator_id = page(desk, inner, mode="Start", what="Bill")
    desk.screen.delete(wanted[2])
    second, remaining, _ = page(desk, inner, mode="Continue", what="Bill", iterator_id=iterator_id)
    assert (first + second, remaining) == ([wanted[0], wanted[1], wanted[3]], 0)


def test_an_iterator_needs_a_page_size(desk: Desk) -> None:
    assert desk.status('<VendorQueryRq iterator="Start"/>') == "3150"


def test_meta_data_counts_without_rows(desk: Desk) -> None:
    rs = desk.answer('<VendorQueryRq metaData="MetaDataOnly"/>')
    assert (rs.attrib["retCount"], len(rs)) == ("255", 0)


def test_name_filters_match_full_names(desk: Desk) -> None:
    names_found = names(
        desk,
        "<NameFilter><MatchCriterion>StartsWith</MatchCriterion><Name>job costs:materials:</Name></NameFilter>",
        "Account",
    )
    assert "Lumber" in names_found
    assert len(names_found) == 9


def test_accounts_are_filtered_by_type_and_carry_their_numbers(desk: Desk) -> None:
    rs = desk.answer("<AccountQueryRq><AccountType>AccountsPayable</AccountType></AccountQueryRq>")
    assert sorted(e.text or "" for e in rs.findall("AccountRet/AccountNumber")) == ["2000", "2010"]


def test_terms_of_both_kinds_come_in_one_query(desk: Desk) -> None:
    rs = desk.answer("<TermsQueryRq/>")
    assert (len(rs.findall("StandardTermsRet")), len(rs.findall("DateDrivenTermsRet"))) == (9, 2)


@pytest.mark.parametrize("what", ["Host", "Company", "Preferences", "CompanyActivity"])
def test_the_place_itself_can_be_asked_about(desk: Desk, what: str) -> None:
    assert desk.answer(f"<{what}QueryRq/>")[0].tag == f"{what}Ret"


def test_preferences_tell_closing_date_classes_and_currency(desk: Desk) -> None:
    ret = desk.answer("<PreferencesQueryRq/>")[0]
    assert ret.findtext("AccountingPreferences/ClosingDate") == "2026-08-31"
    assert ret.findtext("AccountingPreferences/IsUsingClassTracking") == "true"
    assert ret.findtext("MultiCurrencyPreferences/HomeCurrencyRef/FullName") == "US Dollar"


def test_paid_and_unpaid_bills_are_told_apart(desk: Desk) -> None:
    paid, unpaid = desk.adds_bill(ref="paid"), desk.adds_bill(ref="unpaid")
    desk.screen.pay_bills(bills=[paid])
    by_status = {
        status: [
            e.text for e in desk.answer(f"<BillQueryRq><PaidStatus>{status}</PaidStatus></BillQueryRq>").iter("TxnID")
        ]
        for status in ("PaidOnly", "NotPaidOnly")
    }
    assert by_status["PaidOnly"] == [paid]
    assert unpaid in by_status["NotPaidOnly"]
    assert paid not in by_status["NotPaidOnly"]

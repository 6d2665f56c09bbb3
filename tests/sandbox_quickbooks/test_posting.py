"""Bills and vendor credits by request: references, periods, currencies, modification."""

import pytest
from simulated_desk import Desk

from ml_connector.sandbox.quickbooks import outside_view


def test_a_bill_is_answered_with_what_was_saved(desk: Desk) -> None:
    ret = desk.reads_bill(desk.adds_bill(amounts=("1200.00", "-34.56"), memo="BW:1"))
    seen = " ".join(child.tag for child in ret if child.tag not in ("VendorAddress", "CurrencyRef"))
    assert seen == (
        "TxnID TimeCreated TimeModified EditSequence TxnNumber VendorRef APAccountRef TxnDate DueDate AmountDue "
        "ExchangeRate AmountDueInHomeCurrency RefNumber Memo IsPaid ExpenseLineRet ExpenseLineRet OpenAmount"
    )
    assert ret.findtext("AmountDue") == "1165.44"
    assert ret.findtext("DueDate") == "2026-10-30"
    assert ret.findtext("TimeCreated") == "2026-11-02T10:00:00-08:00"


def test_in_summer_the_wall_clock_moves_and_the_printed_offset_does_not(desk: Desk) -> None:
    desk.now = desk.now.replace(month=7)
    ret = desk.reads_bill(desk.adds_bill())
    assert ret.findtext("TimeModified") == "2026-07-02T11:00:00-08:00"
    assert ret.findtext("EditSequence") == str(int(desk.now.timestamp()))


def test_the_same_ref_number_and_guid_are_accepted_twice(desk: Desk) -> None:
    guid = "<ExternalGUID>{7f3a9c1e-0000-4000-8000-00000000002a}</ExternalGUID>"
    desk.adds_bill(after_memo=guid, memo="PO 1 [BW:01]")
    desk.adds_bill(after_memo=guid, memo="[BW:01] PO 1")
    suspicions = {row["suspicion"] for row in outside_view.duplicates(desk.company)}
    assert suspicions == {"same mark in the memo", "same ExternalGUID", "same vendor, RefNumber and amount"}


def test_an_unknown_or_inactive_vendor_account_or_class_is_an_invalid_reference(desk: Desk) -> None:
    inactive = next(vendor for vendor in desk.firm.vendors if not vendor.is_active)
    assert desk.status(desk.bill(vendor="80000FFF-1")) == "3140"
    assert desk.status(desk.bill(vendor=inactive.list_id)) == "3140"
    assert desk.status(desk.bill(account="80000FFF-1")) == "3140"
    assert desk.status(desk.bill(account=desk.account("7950"))) == "3140"
    assert desk.status(desk.bill(line="<ClassRef><FullName>Nowhere</FullName></ClassRef>")) == "3140"
    assert desk.amounts() == []


def test_names_refer_without_regard_to_case(desk: Desk) -> None:
    assert desk.status(desk.bill(line="<ClassRef><FullName>COMMERCIAL</FullName></ClassRef>")) == "0"


@pytest.mark.parametrize("number", ["2000", "1100", "9000"])
def test_a_payables_receivables_or_non_posting_account_takes_no_expense_line(desk: Desk, number: str) -> None:
    assert desk.status(desk.bill(account=desk.account(number))) == "3140"


def test_a_bill_dated_on_the_closing_date_is_refused_and_the_day_after_is_not(desk: Desk) -> None:
    assert desk.status(desk.bill(txn_date="2026-08-31")) == "3171"
    assert desk.status(desk.bill(txn_date="2026-09-01")) == "0"


def test_a_closed_period_protects_its_bills_from_modification_voiding_and_deletion(desk: Desk) -> None:
    txn_id = desk.adds_bill(txn_date="2026-09-10")
    sequence = desk.reads_bill(txn_id).findtext("EditSequence")
    desk.screen.set_closing_date("2026-09-30")
    head = f"<TxnID>{txn_id}</TxnID><EditSequence>{sequence}</EditSequence><Memo>changed</Memo>"
    assert desk.status(f"<BillModRq><BillMod>{head}</BillMod></BillModRq>") == "3171"
    assert desk.status(f"<TxnVoidRq><TxnVoidType>Bill</TxnVoidType><TxnID>{txn_id}</TxnID></TxnVoidRq>") == "3171"
    assert desk.status(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{txn_id}</TxnID></TxnDelRq>") == "3171"


def test_a_class_is_refused_while_class_tracking_is_off(desk: Desk) -> None:
    desk.screen.set_class_tracking(False)
    assert desk.status(desk.bill(line="<ClassRef><FullName>Commercial</FullName></ClassRef>")) == "3250"


def test_a_bill_cannot_be_negative_and_may_be_zero(desk: Desk) -> None:
    assert desk.status(desk.bill(amounts=("10.00", "-10.01"))) == "3210"
    ret = desk.reads_bill(desk.adds_bill(amounts=("10.00", "-10.00")))
    assert (ret.findtext("AmountDue"), ret.findtext("IsPaid")) == ("0.00", "true")


def test_a_bill_is_in_the_currency_of_its_vendor(desk: Desk) -> None:
    canadian = next(vendor for vendor in desk.firm.vendors if vendor.currency == "CAD")
    ret = desk.reads_bill(desk.adds_bill(vendor=canadian.list_id))
    assert ret.findtext("CurrencyRef/FullName") == "Canadian Dollar"
    assert ret.findtext("APAccountRef/FullName") == "Accounts Payable - CAD"
    assert ret.findtext("AmountDueInHomeCurrency") == "72.82"


def test_an_account_of_the_wrong_currency_is_refused(desk: Desk) -> None:
    canadian = next(vendor for vendor in desk.firm.vendors if vendor.currency == "CAD")
    payables = f"<APAccountRef><ListID>{desk.account('2000')}</ListID></APAccountRef>"
    request = desk.bill(vendor=canadian.list_id).replace("</VendorRef>", f"</VendorRef>{payables}")
    assert desk.status(request) == "3140"
    assert desk.status(desk.bill(account=desk.account("1030"))) == "3140"


def test_terms_decide_the_due_date(desk: Desk) -> None:
    terms = desk.firm.terms_named("1% 10 Net 30")
    request = desk.bill().replace("<Memo>", f"<TermsRef><ListID>{terms.list_id}</ListID></TermsRef><Memo>")
    rs = desk.answer(request)
    assert rs.findtext("BillRet/DueDate") == "2026-11-19"


def test_a_customer_without_a_word_about_billing_makes_the_line_billable(desk: Desk) -> None:
    job = next(customer for customer in desk.firm.customers if customer.is_active and customer.parent_list_id)
    ref = f"<CustomerRef><ListID>{job.list_id}</ListID></CustomerRef>"
    assert desk.reads_bill(desk.adds_bill(line=ref)).findtext("ExpenseLineRet/BillableStatus") == "Billable"
    spoken = ref + "<BillableStatus>NotBillable</BillableStatus>"
    assert desk.reads_bill(desk.adds_bill(line=spoken)).findtext("ExpenseLineRet/BillableStatus") == "NotBillable"


def test_an_item_is_an_invalid_reference_in_a_file_without_items(desk: Desk) -> None:
    request = (
        f"<BillAddRq><BillAdd><VendorRef><ListID>{desk.vendor()}</ListID></VendorRef><ItemLineAdd><ItemRef>"
        "<FullName>Plank</FullName></ItemRef></ItemLineAdd></BillAdd></BillAddRq>"
    )
    assert desk.status(request) == "3140"


def mod(desk: Desk, txn_id: str, inner: str, sequence: str | None = None) -> str:
    sequence = sequence or desk.reads_bill(txn_id).findtext("EditSequence")
    head = f"<TxnID>{txn_id}</TxnID><EditSequence>{sequence}</EditSequence>"
    return f"<BillModRq><BillMod>{head}{inner}</BillMod></BillModRq>"


def test_a_modification_with_a_stale_edit_sequence_is_refused(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    sequence = desk.reads_bill(txn_id).findtext("EditSequence")
    desk.passes(seconds=1)
    desk.screen.edit_bill(txn_id, memo="by hand")
    assert desk.status(mod(desk, txn_id, "<Memo>by request</Memo>", sequence)) == "3200"
    assert desk.status(mod(desk, txn_id, "<Memo>by request</Memo>")) == "0"


def test_two_edits_within_one_second_share_an_edit_sequence(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    sequence = desk.reads_bill(txn_id).findtext("EditSequence")
    desk.screen.edit_bill(txn_id, memo="by hand")
    assert desk.reads_bill(txn_id).findtext("EditSequence") == sequence


def test_lines_not_sent_disappear_and_minus_one_makes_a_new_one(desk: Desk) -> None:
    txn_id = desk.adds_bill(amounts=("10.00", "20.00", "30.00"))
    ids = [line.text for line in desk.reads_bill(txn_id).findall("ExpenseLineRet/TxnLineID")]
    account = f"<AccountRef><ListID>{desk.account('6120')}</ListID></AccountRef>"
    new = f"<TxnLineID>-1</TxnLineID>{account}<Amount>5.00</Amount>"
    inner = (
        f"<ExpenseLineMod><TxnLineID>{ids[1]}</TxnLineID><Memo>kept</Memo></ExpenseLineMod>"
        f"<ExpenseLineMod>{new}</ExpenseLineMod>"
    )
    ret = desk.answer(mod(desk, txn_id, inner))
    assert [line.text for line in ret.findall("BillRet/ExpenseLineRet/Amount")] == ["20.00", "5.00"]


def test_lines_out_of_order_are_refused(desk: Desk) -> None:
    txn_id = desk.adds_bill(amounts=("10.00", "20.00"))
    ids = [line.text for line in desk.reads_bill(txn_id).findall("ExpenseLineRet/TxnLineID")]
    inner = "".join(f"<ExpenseLineMod><TxnLineID>{line_id}</TxnLineID></ExpenseLineMod>" for line_id in reversed(ids))
    assert desk.status(mod(desk, txn_id, inner)) == "3290"


def test_modifying_what_is_gone_is_not_found(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    request = mod(desk, txn_id, "<Memo>late</Memo>")
    desk.screen.delete(txn_id)
    assert desk.status(request) == "3120"


def test_voiding_keeps_the_bill_with_zero_amounts_and_a_marked_memo(desk: Desk) -> None:
    txn_id = desk.adds_bill(memo="BW:7")
    desk.passes(minutes=1)
    rs = desk.answer(f"<TxnVoidRq><TxnVoidType>Bill</TxnVoidType><TxnID>{txn_id}</TxnID></TxnVoidRq>")
    assert rs.findtext("TxnID") == txn_id
    ret = desk.reads_bill(txn_id)
    assert (ret.findtext("AmountDue"), ret.findtext("Memo")) == ("0.00", "VOID: BW:7")
    assert ret.findtext("TimeModified") == "2026-11-02T10:01:00-08:00"


def test_deleting_leaves_a_tombstone_for_ninety_days(desk: Desk) -> None:
    txn_id = desk.adds_bill()
    assert desk.status(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{txn_id}</TxnID></TxnDelRq>") == "0"
    query = "<TxnDeletedQueryRq><TxnDelType>Bill</TxnDelType></TxnDeletedQueryRq>"
    assert desk.answer(query).findtext("TxnDeletedRet/TxnID") == txn_id
    assert desk.status(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{txn_id}</TxnID></TxnDelRq>") == "3120"
    desk.passes(days=91)
    assert desk.status(query) == "1"


def test_a_vendor_credit_has_positive_amounts_and_no_due_date(desk: Desk) -> None:
    request = desk.bill(ref="CN-1").replace("BillAdd", "VendorCreditAdd")
    rs = desk.answer(request)
    ret = rs.find("VendorCreditRet")
    assert ret is not None
    assert (ret.findtext("CreditAmount"), ret.findtext("OpenAmount"), ret.find("DueDate")) == ("100.00", "100.00", None)
    assert desk.status(desk.bill(amounts=("-1.00",)).replace("BillAdd", "VendorCreditAdd")) == "3210"


def test_a_vendor_can_be_added_once_under_a_name_shared_with_customers(desk: Desk) -> None:
    add = "<VendorAddRq><VendorAdd><Name>{}</Name></VendorAdd></VendorAddRq>"
    assert desk.status(add.format("New Supplier")) == "0"
    assert desk.status(add.format("NEW SUPPLIER")) == "3100"
    client = next(customer for customer in desk.firm.customers if not customer.parent_list_id)
    assert desk.status(add.format(client.name.replace("&", "&amp;"))) == "3100"


def test_a_vendor_can_be_modified_with_its_edit_sequence(desk: Desk) -> None:
    query = f"<VendorQueryRq><ListID>{desk.vendor()}</ListID></VendorQueryRq>"
    sequence = desk.answer(query).findtext("VendorRet/EditSequence")
    head = f"<ListID>{desk.vendor()}</ListID><EditSequence>{sequence}</EditSequence>"
    rs = desk.answer(f"<VendorModRq><VendorMod>{head}<Name>Renamed</Name><Phone>1</Phone></VendorMod></VendorModRq>")
    assert (rs.findtext("VendorRet/Name"), rs.findtext("VendorRet/Phone")) == ("Renamed", "1")
    assert desk.status(f"<VendorModRq><VendorMod>{head}</VendorMod></VendorModRq>") == "3200"

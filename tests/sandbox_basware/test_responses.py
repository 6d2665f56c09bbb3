"""What the ERP says about an invoice: transfer, prebook and payment responses."""

from __future__ import annotations

import pytest
from basware_in_process import Desk


@pytest.fixture
def invoice_id(desk: Desk) -> str:
    return desk.offer()[0]


def test_a_successful_transfer_sets_the_vouchers_and_the_status(desk: Desk, invoice_id: str) -> None:
    desk.acknowledge(invoice_id)
    sent = {
        "externalCode": "c1",
        "success": True,
        "responseMessage": "Bill created",
        "sourceSystem": "QBD-US10",
        "voucherNumber1": "4F21-1764300000",
        "voucherNumber2": "5127",
        "transferDate": "2026-11-05",
        "paymentBlock": False,
    }
    reply = desk.post(f"/v1/accountingDocuments/{invoice_id}/transferResponses", sent)
    assert (reply.status, reply.json()) == (200, sent)
    shown = desk.shown(invoice_id)
    assert shown["processingStatus"] == "Transferred"
    assert (shown["voucherNumber1"], shown["voucherNumber2"]) == ("4F21-1764300000", "5127")
    assert shown["transferResponses"] == [{**sent, "transferDate": "2026-11-05T00:00:00"}]


def test_a_failed_transfer_keeps_only_the_message(desk: Desk, invoice_id: str) -> None:
    desk.acknowledge(invoice_id)
    desk.say(invoice_id, "transfer", externalCode="c1", success=False, voucherNumber1="9", responseMessage="no vendor")
    shown = desk.shown(invoice_id)
    assert shown["processingStatus"] == "TransferFailed"
    assert "voucherNumber1" not in shown
    assert shown["transferResponses"][0]["responseMessage"] == "no vendor"


def test_a_transfer_response_needs_no_acknowledgement(desk: Desk, invoice_id: str) -> None:
    assert desk.say(invoice_id, "transfer", externalCode="c1").status == 200
    assert desk.shown(invoice_id)["processingStatus"] == "Transferred"


@pytest.mark.parametrize("status", [400, 405, 409])
def test_a_second_transfer_is_refused_with_the_switched_status(desk: Desk, invoice_id: str, status: int) -> None:
    desk.book(invoice_id)
    desk.tenant.set_switches({"late_transfer_status": status})
    reply = desk.say(invoice_id, "transfer", externalCode="another")
    assert reply.status == status
    assert reply.json()["errors"][0]["code"] == "METHOD_NOT_ALLOWED"
    assert len(desk.shown(invoice_id)["transferResponses"]) == 1


def test_a_response_code_is_used_once_in_an_invoice(desk: Desk, invoice_id: str) -> None:
    desk.book(invoice_id)
    transfer = desk.say(invoice_id, "transfer", externalCode="booked")
    assert (transfer.status, transfer.json()["errors"][0]["code"]) == (400, "CONFLICT_IN_POST")
    assert desk.say(invoice_id, "payment", externalCode="p1", paidTotal=1).status == 200
    payment = desk.say(invoice_id, "payment", externalCode="p1", paidTotal=2)
    assert (payment.status, payment.json()["errors"][0]["code"]) == (409, "CONFLICT_IN_POST")
    assert desk.tenant.invoice_view(invoice_id)["payment"]["paidTotal"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"responseMessage": ""}, "responseMessage: minimum length is 1"),
        ({"responseMessage": "x" * 251}, "responseMessage: maximum length is 250"),
        ({"voucherNumber1": "1" * 26}, "voucherNumber1: maximum length is 25"),
        ({"externalCode": "x" * 37}, "externalCode: maximum length is 36"),
        ({"success": "true"}, "success: must be true or false"),
        ({"success": None}, "success: field required"),
        ({"transferDate": "5.11.2026"}, "transferDate: must be a date or date-time"),
        ({"transferDate": "2026-02-30"}, "transferDate: must be a date or date-time"),
        ({"voucher": "1"}, "voucher: property is not allowed"),
    ],
)
def test_a_faulty_transfer_response_is_refused_with_its_reason_and_changes_nothing(
    desk: Desk, invoice_id: str, change: dict[str, object], words: str
) -> None:
    reply = desk.say(invoice_id, "transfer", **{"externalCode": "c1", **change})
    assert reply.status == 400
    error = reply.json()["errors"][0]
    assert (error["code"], error["message"]) == ("SCHEMA_VALIDATION_ERROR", words)
    assert desk.shown(invoice_id)["processingStatus"] == "WaitingForTransfer"


def test_a_body_that_is_no_json_is_refused(desk: Desk, invoice_id: str) -> None:
    for raw in (b"", b"{", b"\xff", b'{"externalCode": NaN}', b"[" * 100_000):
        assert desk.post(f"/v1/accountingDocuments/{invoice_id}/transferResponses", raw=raw).status == 400


def test_a_payment_needs_a_transferred_invoice_and_is_refused_without_words(desk: Desk, invoice_id: str) -> None:
    reply = desk.say(invoice_id, "payment", externalCode="p1", paidTotal=1)
    assert (reply.status, reply.body) == (400, b"")
    desk.book(invoice_id)
    assert desk.say(invoice_id, "payment", externalCode="p1", paidTotal="1").status == 400
    assert desk.say("unknown", "payment", externalCode="p1").status == 404


def test_paid_is_reached_when_payments_and_discount_cover_the_gross_sum(desk: Desk) -> None:
    (invoice_id,) = desk.offer(1, grossSum=1160.0)
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p1", paidTotal=1136.79, cashDiscount=23.2)
    assert desk.shown(invoice_id)["processingStatus"] == "Transferred"
    desk.say(invoice_id, "payment", externalCode="p2", paidTotal=1136.8, cashDiscount=23.2)
    assert desk.shown(invoice_id)["processingStatus"] == "Paid"
    desk.say(invoice_id, "payment", externalCode="p3", paidTotal=0)
    assert desk.shown(invoice_id)["processingStatus"] == "Transferred"


def test_a_credit_note_is_paid_when_as_much_came_back(desk: Desk) -> None:
    (invoice_id,) = desk.offer(1, grossSum=-125.5)
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p1", paidTotal=-100)
    assert desk.shown(invoice_id)["processingStatus"] == "Transferred"
    desk.say(invoice_id, "payment", externalCode="p2", paidTotal=-125.5)
    assert desk.shown(invoice_id)["processingStatus"] == "Paid"


def test_by_switch_the_first_payment_makes_an_invoice_paid(desk: Desk, invoice_id: str) -> None:
    desk.tenant.set_switches({"paid_on_first_payment": True})
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p1", paidTotal=0.01)
    assert desk.shown(invoice_id)["processingStatus"] == "Paid"


def test_a_payment_clears_what_it_leaves_out(desk: Desk, invoice_id: str) -> None:
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p1", paidTotal=1, paymentMethod="Check", paymentTermCode="N30")
    assert desk.shown(invoice_id)["paymentMethod"] == "Check"
    desk.say(invoice_id, "payment", externalCode="p2", paidTotal=2, paymentTermCode="N30")
    shown = desk.shown(invoice_id)
    assert "paymentMethod" not in shown
    assert shown["paymentTermCode"] == "N30"
    payment = desk.tenant.invoice_view(invoice_id)["payment"]
    assert (payment["paidTotal"], payment["paymentDate"]) == (2, "2026-11-24")


def test_an_unsuccessful_payment_response_moves_nothing(desk: Desk, invoice_id: str) -> None:
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p1", success=False, paidTotal=10_000_000)
    assert desk.shown(invoice_id)["processingStatus"] == "Transferred"
    assert desk.tenant.invoice_view(invoice_id)["payment"] == {}


def test_only_the_newest_hundred_responses_are_kept(desk: Desk, invoice_id: str) -> None:
    desk.book(invoice_id)
    for number in range(103):
        desk.say(invoice_id, "payment", externalCode=f"p{number}", paidTotal=0)
    kept = [response["externalCode"] for response in desk.shown(invoice_id)["paymentResponses"]]
    assert kept == [f"p{number}" for number in range(3, 103)]


def test_prebooking_has_a_path_of_its_own(desk: Desk) -> None:
    document = {
        **desk.tenant.invoice_view(desk.offer()[0]),
        "invoiceId": "pre1",
        "processingStatus": "WaitingForPrebook",
    }
    for name in ("payment", "history", "acknowledged", "refusedAcknowledges"):
        document.pop(name)
    assert desk.control("POST", "/_control/invoices", document).json() == {"invoiceIds": ["pre1"]}
    assert desk.acknowledge("pre1") == 200
    assert desk.shown("pre1")["processingStatus"] == "PrebookInProgress"
    assert desk.say("pre1", "transfer", externalCode="t1").status == 400
    assert desk.say("pre1", "prebook", externalCode="b1").status == 200
    assert desk.shown("pre1")["processingStatus"] == "Prebooked"
    assert desk.say("pre1", "prebook", externalCode="b1").status == 409


def test_each_response_gets_a_request_status_that_names_its_invoice(desk: Desk, invoice_id: str) -> None:
    reply = desk.say(invoice_id, "transfer", externalCode="c1")
    entry = desk.get(f"/v1/requestStatus/{reply.headers['x-amzn-requestid']}").json()["requestStatus"][0]
    assert (entry["entityType"], entry["requestStatus"]) == ("TransferResponse", "Success")
    item = entry["systems"][0]["items"][0]
    assert item == {"externalCode": "c1", "parentExternalCode": invoice_id, "status": "Success"}

"""Listing, paging, redirects and acknowledging."""

from __future__ import annotations

import json
from typing import Any

import pytest
from basware_in_process import TOKEN_HEADER, Desk

LIST = "/v1/accountingDocuments"
WAITING = {"ProcessingStatus": "WaitingForTransfer", "companyCode": "US10"}


def test_nothing_to_list_is_404_without_a_body(desk: Desk) -> None:
    reply = desk.get(LIST, **WAITING)
    assert (reply.status, reply.body) == (404, b"")


def test_a_page_lies_on_another_host_that_wants_no_authorization(desk: Desk) -> None:
    desk.offer(2)
    reply = desk.get(LIST, **WAITING)
    assert reply.status == 302
    assert desk.follow(reply, Authorization="Bearer x").status == 400
    assert len(desk.follow(reply).json()["accountingDocuments"]) == 2


def test_a_page_expires(desk: Desk) -> None:
    desk.offer()
    reply = desk.get(LIST, **WAITING)
    desk.clock.pass_(899)
    assert desk.follow(reply).status == 200
    desk.clock.pass_(1)
    assert desk.follow(reply).status == 403


def test_a_page_is_fixed_when_its_url_is_made(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    reply = desk.get(LIST, **WAITING)
    desk.acknowledge(invoice_id)
    assert desk.follow(reply).json()["accountingDocuments"][0]["processingStatus"] == "WaitingForTransfer"
    assert desk.get(LIST, **WAITING).status == 404


def _walk(desk: Desk, **query: Any) -> list[str]:
    found: list[str] = []
    continuation = ""
    while True:
        reply = desk.follow(desk.get(LIST, continuation=continuation, **query))
        found += [document["invoiceId"] for document in reply.json()["accountingDocuments"]]
        continuation = reply.headers.get(TOKEN_HEADER, "")
        if not continuation:
            return found


def test_pages_follow_each_other_until_the_token_stops(desk: Desk) -> None:
    ids = desk.offer(23)
    assert _walk(desk, **WAITING, pageSize=10) == ids


def test_short_pages_lose_nothing() -> None:
    desk = Desk(short_page_chance=0.7)
    ids = desk.offer(120)
    assert _walk(desk, **WAITING, pageSize=10) == ids


def test_many_coding_rows_shrink_a_page() -> None:
    desk = Desk(rows_per_page=50)
    ids = desk.offer(6, lines=20)
    assert len(desk.page(**WAITING)) == 2
    assert _walk(desk, **WAITING) == ids


def test_invoices_acknowledged_between_pages_make_no_gap(desk: Desk) -> None:
    ids = desk.offer(6)
    first = desk.follow(desk.get(LIST, **WAITING, pageSize=3))
    for document in first.json()["accountingDocuments"]:
        desk.acknowledge(document["invoiceId"])
    second = desk.follow(desk.get(LIST, continuation=first.headers[TOKEN_HEADER], **WAITING, pageSize=3))
    assert [document["invoiceId"] for document in second.json()["accountingDocuments"]] == ids[3:]


def test_the_token_is_on_both_answers_or_by_switch_on_the_final_one(desk: Desk) -> None:
    desk.offer(2)
    reply = desk.get(LIST, **WAITING, pageSize=1)
    assert reply.headers[TOKEN_HEADER] == desk.follow(reply).headers[TOKEN_HEADER]
    desk.tenant.set_switches({"token_on_final_only": True})
    reply = desk.get(LIST, **WAITING, pageSize=1)
    assert TOKEN_HEADER not in reply.headers
    assert TOKEN_HEADER in desk.follow(reply).headers


def test_a_token_goes_with_its_query_and_only_as_a_header(desk: Desk) -> None:
    desk.offer(3)
    token = desk.get(LIST, **WAITING, pageSize=1).headers[TOKEN_HEADER]
    for reply in (
        desk.get(LIST, continuation=token, **WAITING, pageSize=2),
        desk.get(LIST, continuation="bm90IG91cnM=", **WAITING, pageSize=1),
        desk.get(LIST, **WAITING, pageSize=1, **{TOKEN_HEADER: token}),
    ):
        assert reply.status == 400
        assert reply.json()["errors"][0]["code"] == "PARAMETER_VALIDATION_ERROR"
    assert desk.get(LIST, continuation=token, **WAITING, pageSize=1).status == 302


@pytest.mark.parametrize(
    "query",
    [
        {"pageSize": 0},
        {"pageSize": 101},
        {"pageSize": "ten"},
        {"ProcessingStatus": "Waiting"},
        {"processingStatus": "WaitingForTransfer"},
        {"lastUpdated": "yesterday"},
    ],
)
def test_parameters_out_of_range_or_misspelt_are_refused(desk: Desk, query: dict[str, Any]) -> None:
    desk.offer()
    assert desk.get(LIST, **query).status == 400


def test_filters_for_company_time_and_mode(desk: Desk) -> None:
    (early,) = desk.offer()
    desk.clock.pass_(60)
    desk.offer(1, companyCode="US20")
    assert [d["invoiceId"] for d in desk.page(companyCode="US10")] == [early]
    assert [d["companyCode"] for d in desk.page(lastUpdated="2026-11-24T09:00:00.000Z")] == ["US20"]
    assert desk.get(LIST, p2pProcessingMode="InvoiceEnrichment").status == 404
    assert len(desk.page()) == 2


def test_one_invoice_comes_as_a_list_of_one(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    assert desk.shown(invoice_id)["invoiceId"] == invoice_id
    assert desk.get(f"{LIST}/unknown").status == 404


def test_absent_fields_are_left_out_and_unknown_ones_turn_up() -> None:
    desk = Desk(unknown_field_chance=1.0)
    desk.offer()
    (document,) = desk.page()
    assert "sustainabilityScore" in document
    assert None not in document.values()


def test_acknowledging_works_once_and_takes_the_invoice_off_the_list(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    assert desk.acknowledge(invoice_id) == 200
    assert desk.get(LIST, **WAITING).status == 404
    assert desk.page(ProcessingStatus="TransferInProgress")[0]["invoiceId"] == invoice_id
    assert desk.acknowledge(invoice_id) == 405
    view = desk.control("GET", f"/_control/invoices/{invoice_id}").json()
    assert (view["acknowledged"], view["refusedAcknowledges"]) == (1, 1)


def test_an_unknown_invoice_cannot_be_acknowledged(desk: Desk) -> None:
    assert desk.acknowledge("unknown") == 404


def test_acknowledging_needs_the_json_content_type(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    path = f"{LIST}/{invoice_id}/acknowledge"
    assert desk.post(path, content_type="text/plain").status == 415
    assert desk.post(path).status == 200


def test_a_retransferred_invoice_waits_again_under_its_old_id(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    desk.acknowledge(invoice_id)
    desk.say(invoice_id, "transfer", externalCode="r1", success=False)
    assert desk.shown(invoice_id)["processingStatus"] == "TransferFailed"
    before = desk.shown(invoice_id)["lastUpdated"]
    desk.clock.pass_(5)
    desk.control("POST", f"/_control/invoices/{invoice_id}/retransfer", {"description": "corrected", "dueDate": None})
    document = desk.shown(invoice_id)
    assert document["processingStatus"] == "WaitingForTransfer"
    assert document["description"] == "corrected"
    assert "dueDate" not in document
    assert document["lastUpdated"] > before
    assert desk.acknowledge(invoice_id) == 200
    assert desk.say(invoice_id, "transfer", externalCode="r1").status == 400
    assert desk.say(invoice_id, "transfer", externalCode="r2").status == 200


def test_attachments_appear_only_in_the_ledger(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    assert "attachments" not in desk.shown(invoice_id)
    desk.book(invoice_id)
    (attachment,) = desk.shown(invoice_id)["attachments"]
    file = desk.follow(desk.get(f"{LIST}/{invoice_id}/attachments/{attachment['externalCode']}"))
    assert file.body.startswith(b"%PDF")
    assert desk.get(f"{LIST}/{invoice_id}/attachments/other").status == 404


def test_the_status_search_finds_nothing_until_it_is_enabled(desk: Desk) -> None:
    (invoice_id,) = desk.offer()
    document = desk.shown(invoice_id)
    query = {
        "companyCode": "US10",
        "invoiceNumber": document["invoiceNumber"],
        "invoiceDate": document["invoiceDate"][:10],
        "grossSum": document["grossSum"],
    }
    assert desk.get(f"{LIST}/status", **query).status == 404
    desk.tenant.set_switches({"status_search_enabled": True})
    assert desk.get(f"{LIST}/status", **query).json()[0]["status"] == "InApprovalProcess"
    desk.book(invoice_id)
    assert desk.get(f"{LIST}/status", **query).json()[0]["status"] == "ReadyForPayment"
    assert desk.get(f"{LIST}/status", companyCode="US10").status == 400


def test_the_same_seed_offers_the_same_bytes() -> None:
    pages = []
    for _ in range(2):
        desk = Desk(short_page_chance=0.3, unknown_field_chance=0.3)
        desk.offer(30)
        pages.append(json.dumps(desk.page(pageSize=20)))
    assert pages[0] == pages[1]

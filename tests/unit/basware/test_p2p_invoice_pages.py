"""Reading invoices: pages, redirects, and what stands for nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from scripted_basware import BASE, TOKENS, Clock, ScriptedBasware, a_client, a_page, an_invoice

from ml_connector.basware.client import BaswareClient
from ml_connector.basware.config import BaswareConfig
from ml_connector.basware.read import read_invoice
from ml_connector.basware.wire import Unreadable
from ml_connector.core.errors import NeedsOperator, Refused, TryAgain
from ml_connector.core.invoice import InvoiceId
from ml_connector.core.secret import Secret

STORED = "https://bucket.example/page-1?X-Amz-Signature=topsecret"


def test_a_page_is_asked_for_by_status_company_and_size(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, a_page(an_invoice("one")))
    page = client.invoice_page("WaitingForTransfer", "US10", updated_after=datetime(2026, 11, 5, 9, tzinfo=UTC))
    assert [invoice.invoice_id for invoice in page.invoices] == ["one"]
    assert parse_qs(urlsplit(basware.last.url).query) == {
        "ProcessingStatus": ["WaitingForTransfer"],
        "companyCode": ["US10"],
        "pageSize": ["100"],
        "lastUpdated": ["2026-11-05T09:00:00Z"],
    }


def test_nothing_there_is_a_404_and_an_empty_page(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(404)
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert page.invoices == ()
    assert page.continuation == ""


def test_the_continuation_goes_back_as_a_header_with_the_same_question(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(200, a_page(an_invoice("one")), X_Amz_Meta_ContinuationToken="next-1")
    basware.answers(200, a_page(an_invoice("two")))
    first = client.invoice_page("WaitingForTransfer", "US10")
    second = client.invoice_page("WaitingForTransfer", "US10", first.continuation)
    assert first.continuation == "next-1"
    assert second.continuation == ""
    assert basware.calls[0].url == basware.calls[1].url
    assert basware.calls[1].headers["x-amz-meta-continuationtoken"] == "next-1"
    assert "x-amz-meta-continuationtoken" not in basware.calls[0].headers


def test_a_redirect_is_followed_without_authorization_and_without_cookies(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(302, b"", Location=STORED, Set_Cookie="a=b")
    basware.answers(200, a_page(an_invoice("one")), x_amz_meta_continuationtoken="next-1")
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert [invoice.invoice_id for invoice in page.invoices] == ["one"]
    assert page.continuation == "next-1"
    names = {name.lower() for name in basware.last.headers}
    assert basware.last.url == STORED
    assert names.isdisjoint({"authorization", "cookie", "x-amz-meta-continuationtoken"})


def test_the_continuation_may_come_with_the_redirect_alone(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(302, b"", Location=STORED, x_amz_meta_continuationtoken="next-1")
    basware.answers(200, a_page(an_invoice("one")))
    assert client.invoice_page("WaitingForTransfer", "US10").continuation == "next-1"


def test_a_pre_signed_address_is_kept_without_its_signature(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(302, b"", Location=STORED)
    basware.answers(200, a_page())
    exchange = client.invoice_page("WaitingForTransfer", "US10").exchange
    assert "topsecret" not in repr(exchange)
    assert "https://bucket.example/page-1" in exchange.what
    assert exchange.request_id == "req-302"


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_an_address_that_ran_out_is_asked_for_again(
    basware: ScriptedBasware, client: BaswareClient, status: int
) -> None:
    basware.answers(302, b"", Location=STORED)
    basware.answers(status, b"<Error>expired</Error>")
    basware.answers(302, b"", Location="https://bucket.example/page-1?X-Amz-Signature=fresh")
    basware.answers(200, a_page(an_invoice("one")))
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert [invoice.invoice_id for invoice in page.invoices] == ["one"]
    assert basware.calls[2].url == basware.calls[0].url


def test_addresses_that_always_run_out_are_left_for_later(basware: ScriptedBasware, client: BaswareClient) -> None:
    for _ in range(3):
        basware.answers(302, b"", Location=STORED)
        basware.answers(403)
    with pytest.raises(TryAgain) as caught:
        client.invoice_page("WaitingForTransfer", "US10")
    assert len(basware.calls) == 6
    assert "topsecret" not in repr(caught.value.exchange)


def test_a_token_may_end_between_two_pages(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(401)
    basware.answers(302, b"", Location=STORED)
    basware.answers(200, a_page(an_invoice("two")))
    page = client.invoice_page("WaitingForTransfer", "US10", "next-1")
    assert [invoice.invoice_id for invoice in page.invoices] == ["two"]
    assert basware.calls[1].headers["x-amz-meta-continuationtoken"] == "next-1"


@pytest.mark.parametrize(
    "location",
    ["http://bucket.example/page", "ftp://bucket.example/page", "http://127.0.0.1:22/page", "//[bad/page", ""],
)
def test_a_redirect_to_an_unsafe_place_is_not_followed(
    basware: ScriptedBasware, client: BaswareClient, location: str
) -> None:
    basware.answers(302, b"", Location=location)
    with pytest.raises(NeedsOperator, match="address"):
        client.invoice_page("WaitingForTransfer", "US10")
    assert len(basware.calls) == 1


def test_a_redirect_to_this_computer_itself_may_be_plain_http_if_the_api_is_there_too(basware: ScriptedBasware) -> None:
    config = BaswareConfig(base_url="http://127.0.0.1:8", token_url=TOKENS, company_codes=("US10",))
    client = BaswareClient(config, "client-1", Secret("s3cret/+"), basware, basware.clock)
    basware.answers(302, b"", Location="http://127.0.0.1:9/page")
    basware.answers(200, a_page())
    assert client.invoice_page("WaitingForTransfer", "US10").invoices == ()


@pytest.mark.parametrize(
    "location", ["/page?sig=1", "//basware.example/page?sig=1", "HTTPS://basware.example/page?sig=1"]
)
def test_a_redirect_may_be_relative_and_is_followed_without_our_token(
    basware: ScriptedBasware, client: BaswareClient, location: str
) -> None:
    basware.answers(302, b"", Location=location)
    basware.answers(200, a_page(an_invoice("one")))
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert [invoice.invoice_id for invoice in page.invoices] == ["one"]
    assert basware.last.url.lower() == f"{BASE}/page?sig=1"
    assert "Authorization" not in basware.last.headers


def test_a_number_of_many_digits_spoils_its_own_invoice_only(basware: ScriptedBasware, client: BaswareClient) -> None:
    odd = b'{"invoiceId":"two","grossSum":' + b"9" * 5000 + b"}"
    basware.answers(200, b'{"accountingDocuments":[' + json.dumps(an_invoice("one")).encode() + b"," + odd + b"]}")
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert [invoice.invoice_id for invoice in page.invoices] == ["one", "two"]
    with pytest.raises(Unreadable):
        read_invoice(page.invoices[1].raw)


def test_a_failing_store_is_tried_again_later(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(302, b"", Location=STORED)
    basware.answers(503, b"", Retry_After="9")
    with pytest.raises(TryAgain) as caught:
        client.invoice_page("WaitingForTransfer", "US10")
    assert caught.value.retry_after_s == 9


@pytest.mark.parametrize("body", [b"", b"<html/>", b"[]", b'{"accountingDocuments": [', b'{"other": []}', b"\xff\xfe"])
def test_a_page_that_cannot_be_read_is_tried_again(
    basware: ScriptedBasware, client: BaswareClient, body: bytes
) -> None:
    basware.answers(200, body)
    with pytest.raises(TryAgain, match="page of invoices") as caught:
        client.invoice_page("WaitingForTransfer", "US10")
    assert caught.value.exchange is not None
    assert caught.value.exchange.response == body


def test_a_place_in_the_list_that_ended_starts_over(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(400, {"hasErrors": True, "errors": [{"code": "PARAMETER_VALIDATION_ERROR"}]})
    with pytest.raises(TryAgain, match="first page"):
        client.invoice_page("WaitingForTransfer", "US10", "old")


def test_a_question_that_basware_does_not_accept_is_refused_in_its_words(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(400, {"hasErrors": True, "errors": [{"code": "PARAMETER_VALIDATION_ERROR", "message": "pageSize"}]})
    with pytest.raises(Refused, match="pageSize") as caught:
        client.invoice_page("WaitingForTransfer", "US10")
    assert caught.value.code == "PARAMETER_VALIDATION_ERROR"


def test_an_element_without_an_id_is_shown_and_holds_nothing_up(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(200, a_page({"companyCode": "US10"}, an_invoice("one")))
    page = client.invoice_page("WaitingForTransfer", "US10")
    assert [invoice.invoice_id for invoice in page.invoices] == ["one"]
    assert [json.loads(raw) for raw in page.nameless] == [{"companyCode": "US10"}]


def test_one_invoice_comes_in_the_same_wrapping(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(302, b"", Location=STORED)
    basware.answers(200, a_page(an_invoice("a/b", processingStatus="Transferred")))
    found = client.invoice(InvoiceId("a/b"))
    assert found is not None
    assert found.processing_status == "Transferred"
    assert basware.calls[0].url == f"{BASE}/v1/accountingDocuments/a%2Fb"


def test_an_invoice_that_basware_does_not_know_is_none(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(404)
    assert client.invoice(InvoiceId("gone")) is None


def test_another_invoice_is_never_taken_for_the_one_asked_for(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, a_page(an_invoice("two")))
    with pytest.raises(TryAgain, match="another invoice"):
        client.invoice(InvoiceId("one"))


def test_a_lost_page_was_not_a_write(clock: Clock) -> None:
    basware = ScriptedBasware(clock)
    basware.loses_the_answer()
    with pytest.raises(TryAgain) as caught:
        a_client(basware).invoice_page("WaitingForTransfer", "US10")
    assert caught.value.applied is False
    assert caught.value.exchange is not None
    assert caught.value.exchange.what.startswith("GET /v1/accountingDocuments?")

"""The view from outside: control interface and page."""

from __future__ import annotations

import pytest
from basware_in_process import Desk, an_account

from ml_connector.sandbox.basware.seed_invoices import firm_invoices


def test_requests_are_counted_by_path_template_and_status(desk: Desk) -> None:
    for invoice_id in desk.offer(2):
        desk.acknowledge(invoice_id)
        desk.acknowledge(invoice_id)
    counted = {(row["path"], row["status"]): row["count"] for row in desk.control("GET", "/_control/requests").json()}
    path = "/v1/accountingDocuments/{invoiceId}/acknowledge"
    assert (counted[path, 200], counted[path, 405]) == (2, 2)


def test_bodies_are_recorded_only_when_asked_for(desk: Desk) -> None:
    desk.post("/v1/accounts", [an_account()])
    assert desk.control("GET", "/_control/bodies").json() == []
    desk.control("POST", "/_control/bodies", {"record": True})
    desk.post("/v1/accounts", [{"externalCode": "x"}])
    (record,) = desk.control("GET", "/_control/bodies").json()
    assert (record["template"], record["status"], record["body"]) == ("/v1/accounts", 400, '[{"externalCode": "x"}]')
    assert desk.control("DELETE", "/_control/bodies").json() == {"forgotten": 1}


def test_invoices_are_offered_all_or_none(desk: Desk) -> None:
    good = firm_invoices(desk.firm, 7)[0].document
    reply = desk.control("POST", "/_control/invoices", [good, {"invoiceId": "x"}])
    assert (reply.status, reply.json()) == (400, {"error": "An invoice needs companyCode."})
    assert desk.control("GET", "/_control/invoices").json() == []
    assert desk.control("POST", "/_control/invoices", good).status == 200
    assert desk.control("POST", "/_control/invoices", good).status == 400


def test_generated_invoices_never_repeat_an_id_or_a_number(desk: Desk) -> None:
    ids = desk.offer(50) + desk.offer(50)
    assert len(set(ids)) == 100
    assert len({invoice["invoiceNumber"] for invoice in desk.tenant.invoices_view()}) == 100


def test_the_clock_can_be_set_off(desk: Desk) -> None:
    desk.control("POST", "/_control/clock", {"offsetSeconds": 3600})
    assert desk.get("/v1/vendors").status == 401
    assert desk.control("POST", "/_control/clock", {"offsetSeconds": "soon"}).status == 400


@pytest.mark.parametrize(
    "body", [{"nothing": 1}, {"token_lifetime_s": "60"}, {"token_lifetime_s": 0}, {"signature_form": "rot13"}, [1]]
)
def test_a_switch_that_makes_no_sense_is_refused(desk: Desk, body: object) -> None:
    before = desk.control("GET", "/_control/switches").json()
    assert desk.control("POST", "/_control/switches", body).status == 400
    assert desk.control("GET", "/_control/switches").json() == before


def test_the_page_shows_what_basware_shows(desk: Desk) -> None:
    for seed in firm_invoices(desk.firm, 7):
        desk.control("POST", "/_control/invoices", seed.document)
    desk.post("/v1/accounts", [an_account()])
    (first, *_) = desk.tenant.invoices_view()
    desk.book(first["invoiceId"])
    desk.say(first["invoiceId"], "payment", externalCode="p", paidTotal=100, responseMessage="Check <10482>")
    text = desk.control("GET", "/").body.decode()
    assert "Béton Façade Ltée" in text
    assert "Check &lt;10482&gt;" in text
    assert ">100.00<" in text
    assert "v1/accounts" in text


def test_an_unknown_control_path_is_said_to_be_unknown(desk: Desk) -> None:
    assert desk.control("GET", "/_control/nothing").status == 404
    assert desk.control("GET", "/_control/invoices/none").status == 404

"""Master data: the API layer, P2P's verdict, and requestStatus."""

from __future__ import annotations

from typing import Any

import pytest
from basware_in_process import TOKEN_HEADER, Desk, Reply, a_term, a_vendor, an_account


def _status(desk: Desk, reply: Reply, **query: Any) -> dict[str, Any]:
    assert reply.status == 200, reply.body
    found = desk.get(f"/v1/requestStatus/{reply.headers['x-amzn-requestid']}", **query)
    entry: dict[str, Any] = found.json()["requestStatus"][0]
    return entry


def _items(desk: Desk, reply: Reply) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = _status(desk, reply)["systems"][0]["items"]
    return items


def test_an_accepted_record_is_echoed_listed_and_in_p2p(desk: Desk) -> None:
    reply = desk.post("/v1/accounts", [an_account()])
    assert reply.json() == [{**an_account(), "lastUpdated": "2026-11-24T09:00:00.000Z"}]
    assert _items(desk, reply) == [{"externalCode": "US10-1", "status": "Success"}]
    assert desk.get("/v1/accounts").json() == {"accounts": reply.json()}
    assert desk.get("/v1/accounts/US10-1").json() == reply.json()[0]
    assert desk.tenant.accepted_records("v1/accounts") == {"US10-1": an_account()}


def test_the_verdict_comes_after_the_delay(desk: Desk) -> None:
    desk.tenant.set_switches({"status_delay_s": 30.0})
    reply = desk.post("/v1/accounts", [an_account()])
    assert _status(desk, reply)["requestStatus"] == "InProgress"
    desk.clock.pass_(30)
    assert _status(desk, reply)["requestStatus"] == "Success"


def test_an_unchanged_record_is_not_processed_even_if_p2p_lost_it(desk: Desk) -> None:
    desk.post("/v1/accounts", [an_account()])
    assert desk.control(
        "POST", "/_control/master-data/lose", {"api": "v1/accounts", "externalCode": "US10-1"}
    ).json() == {"lost": True}
    reordered = dict(reversed(an_account().items()))
    assert _items(desk, desk.post("/v1/accounts", [reordered]))[0]["status"] == "NotProcessed"
    assert desk.tenant.accepted_records("v1/accounts") == {}
    touched = desk.post("/v1/accounts", [an_account(text5="2")])
    assert _items(desk, touched)[0]["status"] == "Success"
    assert "US10-1" in desk.tenant.accepted_records("v1/accounts")


def test_an_unknown_company_is_an_error_of_the_item_later(desk: Desk) -> None:
    other = an_account("6200", "US99-2", companies=[{"companyCode": "US99", "inherit": False, "active": True}])
    reply = desk.post("/v1/accounts", [an_account(), other])
    assert _status(desk, reply)["requestStatus"] == "Error"
    good, bad = _items(desk, reply)
    assert good["status"] == "Success"
    words = "Company code US99 not found"
    assert bad["errors"] == [{"type": "Error", "message": words, "category": "DataValidation"}]
    assert len(desk.get("/v1/accounts").json()["accounts"]) == 2


def test_a_vendor_needs_its_payment_term_in_p2p_first(desk: Desk) -> None:
    vendor = a_vendor(paymentTerms={"paymentTermCode": "NET30"})
    first = desk.post("/v1/vendors", [vendor])
    assert _items(desk, first)[0]["errors"][0]["message"] == "Payment term NET30 not found"
    desk.post("/v1/paymentTerms", [a_term()])
    assert _items(desk, desk.post("/v1/vendors", [vendor]))[0]["status"] == "NotProcessed"
    touched = desk.post("/v1/vendors", [{**vendor, "description": "again"}])
    assert _items(desk, touched)[0]["status"] == "Success"


def test_a_record_code_belongs_to_one_record_in_a_company(desk: Desk) -> None:
    desk.post("/v1/accounts", [an_account("6100", "US10-1")])
    clash = desk.post("/v1/accounts", [an_account("6100", "US10-2")])
    assert "used by another record" in _items(desk, clash)[0]["errors"][0]["message"]
    desk.post("/v1/accounts", [an_account("6101", "US10-1")])
    freed = desk.post("/v1/accounts", [an_account("6100", "US10-2", text1="again")])
    assert _items(desk, freed)[0]["status"] == "Success"


def test_the_older_of_two_quick_versions_expires(desk: Desk) -> None:
    desk.tenant.set_switches({"status_delay_s": 5.0})
    older = desk.post("/v1/accounts", [an_account(text1="a")])
    desk.clock.pass_(0.9)
    newer = desk.post("/v1/accounts", [an_account(text1="b")])
    desk.clock.pass_(6)
    assert _items(desk, older)[0]["status"] == "RecordExpired"
    assert _items(desk, newer)[0]["status"] == "Success"
    assert desk.tenant.accepted_records("v1/accounts")["US10-1"]["text1"] == "b"


@pytest.mark.parametrize(("pause", "switches"), [(1.0, {}), (0.5, {"record_expires": False})])
def test_slower_versions_are_both_taken(desk: Desk, pause: float, switches: dict[str, Any]) -> None:
    desk.tenant.set_switches({"status_delay_s": 5.0, **switches})
    older = desk.post("/v1/accounts", [an_account(text1="a")])
    desk.clock.pass_(pause)
    desk.post("/v1/accounts", [an_account(text1="b")])
    desk.clock.pass_(6)
    assert _items(desk, older)[0]["status"] == "Success"
    assert desk.tenant.accepted_records("v1/accounts")["US10-1"]["text1"] == "b"


@pytest.mark.parametrize(
    ("path", "record", "words"),
    [
        ("/v1/accounts", an_account("1" * 26), "accountCode: maximum length is 25"),
        (
            "/v1/accounts",
            an_account(accountNames=[{"language": "en-US", "translation": "A"}]),
            "accountNames[0].translation: minimum length is 2",
        ),
        (
            "/v1/costCenters",
            {
                "externalCode": "c",
                "costCenterCode": "c",
                "costCenterNames": [],
                "companies": [{"companyCode": "US10", "active": True, "inherit": False}],
            },
            "companies[0].inherit: property is not allowed",
        ),
        (
            "/v1/vendors",
            a_vendor(companies=[{"companyCode": "US10", "active": False}]),
            "companies[0].active: property is not allowed",
        ),
        ("/v1/vendors", a_vendor(processingStatus=None), "processingStatus: must not be null"),
        ("/v1/vendors", a_vendor(orderingDetails={"orderEmail": "Bob@example.com"}), "orderingDetails.orderEmail"),
        ("/v1/paymentTerms", a_term(moveDueDatesTo=0), "moveDueDatesTo: must be a string"),
        ("/v1/paymentTerms", a_term(dueDateEom=13), "dueDateEom: value is out of range"),
        (
            "/v2/projects",
            {"externalCode": "p", "projectCode": "p", "projectNames": [], "companies": []},
            "projectName: field required",
        ),
    ],
)
def test_a_record_that_breaks_the_schema_is_named_and_nothing_is_stored(
    desk: Desk, path: str, record: dict[str, Any], words: str
) -> None:
    good = {**record, "externalCode": "good"}
    reply = desk.post(path, [record])
    assert reply.status == 400
    error = reply.json()["errors"][0]
    assert error["code"] == "SCHEMA_VALIDATION_ERROR"
    assert error["externalCode"] == record["externalCode"]
    assert words in error["message"]
    assert desk.post(path, [good, record]).status == 400
    assert desk.get(path).status == 404


def test_a_batch_has_its_limits(desk: Desk) -> None:
    assert desk.post("/v1/vendors", [a_vendor(f"V{n}") for n in range(201)]).status == 400
    assert desk.post("/v1/vendors", [a_vendor(f"V{n}") for n in range(200)]).status == 200
    twice = desk.post("/v1/accounts", [an_account("1"), an_account("2")])
    assert twice.json()["errors"][0]["message"] == "externalCode: occurs twice in the request"
    assert desk.post("/v1/accounts", []).status == 400
    assert desk.post("/v1/accounts", an_account()).status == 400
    assert desk.post("/v1/accounts", raw=b" " * (6 * 1024 * 1024 + 1)).status == 413


def test_lists_are_paged_and_filtered(desk: Desk) -> None:
    desk.post("/v1/accounts", [an_account(str(n), f"US10-{n}") for n in range(5)])
    desk.clock.pass_(10)
    desk.post("/v1/accounts", [an_account("0", "US10-0", text1="changed")])
    first = desk.get("/v1/accounts", pageSize=3)
    rest = desk.get("/v1/accounts", pageSize=3, continuation=first.headers[TOKEN_HEADER])
    codes = [account["externalCode"] for reply in (first, rest) for account in reply.json()["accounts"]]
    assert codes == ["US10-1", "US10-2", "US10-3", "US10-4", "US10-0"]
    assert TOKEN_HEADER not in rest.headers
    assert len(desk.get("/v1/accounts", lastUpdated="2026-11-24T09:00:00Z").json()["accounts"]) == 1
    assert desk.get("/v1/accounts", companyCode="US20").status == 404
    assert desk.get("/v1/accounts", pageSize=501).status == 400


def test_vendors_come_wrapped_or_by_switch_bare(desk: Desk) -> None:
    desk.post("/v1/vendors", [a_vendor()])
    assert list(desk.get("/v1/vendors").json()) == ["vendorEntities"]
    desk.tenant.set_switches({"vendors_as_bare_array": True})
    assert desk.get("/v1/vendors").json()[0]["vendorCode"] == "V1"


def test_patch_lays_properties_over_the_record(desk: Desk) -> None:
    desk.post("/v1/accounts", [an_account(text1="kept")])
    patched = desk.post("/v1/accounts/US10-1", an_account(text1=None, text2="new"), method="PATCH")
    assert (patched.json()["text1"], patched.json()["text2"]) == ("kept", "new")
    wrong = desk.post("/v1/accounts/US10-1", an_account(code="US10-9"), method="PATCH")
    assert wrong.json()["errors"][0]["code"] == "EXTERNAL_CODE_MISMATCH"
    assert desk.post("/v1/accounts/nobody", an_account(code="nobody"), method="PATCH").status == 404


def test_a_generic_list_overflows_only_in_p2p(desk: Desk) -> None:
    reply = desk.post("/v1/lists/ACC_LIST_11", [{"externalCode": "a", "text_1": "x" * 51}])
    assert _items(desk, reply)[0]["status"] == "Error"
    assert _status(desk, reply)["genericListKey"] == "ACC_LIST_11"
    wide = desk.post("/v1/lists/ACC_LIST_1", [{"externalCode": "a", "text_6": "x"}])
    assert _items(desk, wide)[0]["status"] == "Error"
    assert desk.post("/v1/lists/ACC_LIST_36", [{"externalCode": "a"}]).status == 404


def test_request_statuses_show_errors_unless_told_otherwise(desk: Desk) -> None:
    good = desk.post("/v1/accounts", [an_account()])
    bad = desk.post("/v1/vendors", [a_vendor(companies=[{"companyCode": "X"}]), a_vendor("US10-V2")])

    def ids(**query: Any) -> list[str]:
        reply = desk.get("/v1/requestStatus", **query)
        return [entry["requestId"] for entry in reply.json()["requestStatus"]] if reply.status == 200 else []

    good_id, bad_id = (reply.headers["x-amzn-requestid"] for reply in (good, bad))
    assert ids() == [bad_id]
    assert ids(status="Success") == [good_id]
    assert ids(entityType="Account") == [good_id]
    assert ids(system="P2P") == [good_id, bad_id]
    assert ids(system="Network") == []
    assert len(_status(desk, bad, ignoreSuccessfulItems="true")["systems"][0]["items"]) == 1
    assert desk.get("/v1/requestStatus", status="Bad").status == 400
    assert desk.get("/v1/requestStatus/nothing").status == 404


def test_acknowledging_takes_a_request_off_the_offer_once(desk: Desk) -> None:
    bad = desk.post("/v1/vendors", [a_vendor(companies=[{"companyCode": "X"}])])
    request_id = bad.headers["x-amzn-requestid"]

    def acknowledge(*ids: str) -> int:
        return desk.post("/v1/requestStatus/acknowledge", {"requestIds": list(ids)}).status

    assert acknowledge(request_id, "unknown") == 404
    assert acknowledge(request_id) == 200
    assert _status(desk, bad)["requestStatus"] == "AcknowledgedError"
    assert desk.get("/v1/requestStatus").status == 404
    assert acknowledge(request_id) == 405


def test_one_acknowledgement_names_a_request_once(desk: Desk) -> None:
    request_id = desk.post("/v1/accounts", [an_account()]).headers["x-amzn-requestid"]
    desk.tenant.settle()
    twice = desk.post("/v1/requestStatus/acknowledge", {"requestIds": [request_id, request_id]})
    assert twice.status == 405
    (entry,) = desk.get(f"/v1/requestStatus/{request_id}").json()["requestStatus"]
    assert entry["requestStatus"] == "Success"


def test_an_entity_type_that_does_not_exist_is_refused(desk: Desk) -> None:
    assert desk.get("/v1/requestStatus", entityType="Accounts").status == 400


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-0\u0665",
        "2026-11-05 10:00:00",
        "2026-11-05t10:00:00",
        "2026-11-05T10:00",
        "2026-11-05T10:00:00z",
        "2026-11-05T10:00:00+0100",
        "2026-11-05T10:00:00+25:00",
        "05.11.2026",
    ],
)
def test_a_date_in_another_form_is_refused(desk: Desk, text: str) -> None:
    assert desk.post("/v1/paymentTerms", [a_term(validFrom=text)]).status == 400


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1" + "0" * 400])
def test_a_number_beyond_all_doubles_is_refused_and_one_below_is_taken(desk: Desk, number: str) -> None:
    (invoice_id,) = desk.offer(1)
    desk.book(invoice_id)
    assert desk.say(invoice_id, "payment", externalCode="p", paidTotal=1e300).status == 200
    body = b'{"externalCode":"q","success":true,"paymentBlock":false,"paidTotal":%s}' % number.encode()
    assert desk.post(f"/v1/accountingDocuments/{invoice_id}/paymentResponses", raw=body).status == 400


_BANK = {"name": "Bank", "id": "NDEAFIHH", "schemeId": "BIC"}


def _paid_to(*numbers: str, scheme: str = "IBAN", currency: str = "USD") -> list[dict[str, Any]]:
    identifiers = [{"schemeId": scheme, "id": number} for number in numbers]
    account = {"financialInstitution": _BANK, "financialAccountIdentifiers": identifiers}
    return [{"paymentMeansCode": "WIRE", "currencyCode": currency, "financialAccounts": [account]}]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"paymentMeans": _paid_to("1")}, ""),
        ({"paymentMeans": _paid_to("1", "1")}, "Bank account occurs twice on the vendor"),
        ({"paymentMeans": _paid_to("1" * 33)}, "Account number is longer than 32 characters"),
        ({"paymentMeans": _paid_to("1", scheme="ABA")}, "Account type ABA is not known"),
        ({"paymentMeans": _paid_to("1", currency="QQQ")}, "Currency QQQ is not active"),
        ({"addresses": [{"externalCode": "A", "name": "a"}] * 2}, "Address occurs twice on the vendor"),
        ({"contacts": [{"name": "a"}] * 2}, "Contact occurs twice on the vendor"),
    ],
)
def test_p2p_finds_later_what_the_schema_of_a_vendor_does_not_say(desk: Desk, more: dict[str, Any], words: str) -> None:
    desk.post("/v1/paymentTerms", [a_term()])
    desk.tenant.settle()
    (item,) = _items(desk, desk.post("/v1/vendors", [a_vendor(**more)]))
    assert [error["message"] for error in item.get("errors", [])] == ([words] if words else [])


def test_terms_that_follow_rules_need_rules(desk: Desk) -> None:
    rule = {"externalCode": "r", "discountDays": 10, "discountPercent": 2, "active": True}
    (item,) = _items(desk, desk.post("/v1/paymentTerms", [a_term(cashDueDateCalc=2)]))
    assert item["status"] == "Error"
    (item,) = _items(desk, desk.post("/v1/paymentTerms", [a_term(cashDueDateCalc=2, paymentTermDiscountRules=[rule])]))
    assert item["status"] == "Success"

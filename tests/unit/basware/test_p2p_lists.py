"""Publishing lists: batches, refusals by record, and what P2P made of them later."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_basware import ScriptedBasware

from ml_connector.basware.client import Acknowledged, BaswareClient
from ml_connector.basware.limits import WireLimit
from ml_connector.basware.publishing import BODY_LIMIT_BYTES, ROUTES, RecordsRefused, batches
from ml_connector.core.books import ListKind
from ml_connector.core.errors import Defect, TryAgain

RECORD = b'{"externalCode":"US10-1"}'
OTHER = b'{"externalCode":"US10-2"}'


def outcome(**changes: Any) -> dict[str, Any]:
    entry = {"requestId": "r1", "entityType": "Account", "requestStatus": "Success", "systems": [], **changes}
    return {"requestStatus": [entry]}


def p2p(status: str, *items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"system": "P2P", "systemStatus": status, "items": list(items), **changes}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (ListKind.TERMS, "/v1/paymentTerms"),
        (ListKind.VENDOR, "/v1/vendors"),
        (ListKind.ACCOUNT, "/v1/accounts"),
        (ListKind.CLASS, "/v1/costCenters"),
        (ListKind.CUSTOMER, "/v2/projects"),
    ],
)
def test_each_list_goes_to_its_own_place_as_one_array(
    basware: ScriptedBasware, client: BaswareClient, kind: ListKind, path: str
) -> None:
    basware.answers(200, [])
    posted = client.post_records(kind, [RECORD, OTHER])
    assert posted.request_id == "req-200"
    assert basware.last.url.endswith(path)
    assert json.loads(basware.last.body) == [{"externalCode": "US10-1"}, {"externalCode": "US10-2"}]


def test_a_refused_batch_names_the_records_at_fault(basware: ScriptedBasware, client: BaswareClient) -> None:
    error = {"externalCode": "US10-2", "type": "VALIDATION", "code": "SCHEMA_VALIDATION_ERROR", "message": "too long"}
    basware.answers(400, {"requestId": "r", "hasErrors": True, "errors": [error]})
    with pytest.raises(RecordsRefused, match="US10-2: too long") as caught:
        client.post_records(ListKind.ACCOUNT, [RECORD, OTHER])
    assert caught.value.external_codes == {"US10-2"}
    assert caught.value.code == "SCHEMA_VALIDATION_ERROR"
    assert caught.value.exchange is not None


def test_a_conflict_that_names_no_record_is_worth_another_try(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(409, {"hasErrors": True, "errors": [{"code": "CONFLICT_IN_POST"}]})
    with pytest.raises(TryAgain) as caught:
        client.post_records(ListKind.ACCOUNT, [RECORD])
    assert caught.value.retry_after_s == 5


def test_a_conflict_about_one_record_is_refused(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(409, {"errors": [{"code": "CONFLICT_IN_POST", "externalCode": "US10-1"}]})
    with pytest.raises(RecordsRefused) as caught:
        client.post_records(ListKind.ACCOUNT, [RECORD])
    assert caught.value.external_codes == {"US10-1"}


def test_a_5xx_leaves_open_whether_the_records_were_stored(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(500)
    with pytest.raises(TryAgain) as caught:
        client.post_records(ListKind.ACCOUNT, [RECORD])
    assert caught.value.applied is None


@pytest.mark.parametrize("count", [0, 201])
def test_a_batch_of_the_wrong_size_is_not_sent(basware: ScriptedBasware, client: BaswareClient, count: int) -> None:
    with pytest.raises(Defect):
        client.post_records(ListKind.VENDOR, [RECORD] * count)
    assert basware.calls == []


@given(
    kind=st.sampled_from(list(ListKind)),
    sizes=st.lists(st.sampled_from([2, 30, 2_000_000, 3_000_000, BODY_LIMIT_BYTES - 2]), max_size=12),
    many=st.integers(0, 1200),
)
def test_batches_keep_every_record_in_order_and_every_limit(kind: ListKind, sizes: list[int], many: int) -> None:
    large = {size: b"x" * size for size in set(sizes)}
    records = [large[size] for size in sizes] + [b"{}"] * many
    made = batches(kind, records)
    assert [record for batch in made for record in batch] == records
    for batch in made:
        assert 1 <= len(batch) <= ROUTES[kind].batch
        assert sum(map(len, batch)) + len(batch) - 1 + 2 <= BODY_LIMIT_BYTES


def test_a_record_that_is_too_large_for_any_call_is_refused() -> None:
    with pytest.raises(WireLimit):
        batches(ListKind.ACCOUNT, [b"x" * BODY_LIMIT_BYTES])


def test_what_p2p_made_of_each_record_is_told_by_its_code(basware: ScriptedBasware, client: BaswareClient) -> None:
    error = {"type": "Error", "category": "DataValidation", "message": "Company code US99 not found"}
    items: list[dict[str, Any]] = [
        {"externalCode": "US10-1", "status": "NotProcessed"},
        {"externalCode": "US10-2", "status": "Error", "errors": [error]},
    ]
    basware.answers(200, outcome(requestStatus="Error", systems=[p2p("Error", *items)]))
    found = client.request_status("r1")
    assert found is not None
    assert found.state == "Error"
    assert found.final
    assert found.items["US10-1"].status == "NotProcessed"
    assert found.items["US10-2"].errors[0].message == "Company code US99 not found"
    assert found.items["US10-2"].errors[0].category == "DataValidation"


def test_only_what_p2p_itself_says_counts(basware: ScriptedBasware, client: BaswareClient) -> None:
    network = {"system": "Network", "systemStatus": "Error", "items": [{"externalCode": "US10-1", "status": "Error"}]}
    basware.answers(
        200,
        outcome(
            requestStatus="Error",
            systems=[network, p2p("Success", {"externalCode": "US10-1", "status": "Success"})],
        ),
    )
    found = client.request_status("r1")
    assert found is not None
    assert found.state == "Success"
    assert found.items["US10-1"].status == "Success"


def test_of_two_verdicts_on_one_record_the_worse_one_counts(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(
        200,
        outcome(
            systems=[
                p2p("Success", {"externalCode": "US10-1", "status": "Warning", "errors": [{"message": "first"}]}),
                p2p("InProgress", {"externalCode": "US10-1", "status": "Success", "errors": [{"message": "second"}]}),
            ]
        ),
    )
    found = client.request_status("r1")
    assert found is not None
    assert found.state == "InProgress"
    assert not found.final
    assert found.items["US10-1"].status == "Warning"
    assert [error.message for error in found.items["US10-1"].errors] == ["first", "second"]


def test_a_request_that_has_not_reached_p2p_yet_is_in_progress(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, outcome(systems=[{"system": "Network", "systemStatus": "Success", "items": []}]))
    found = client.request_status("r1")
    assert found is not None
    assert not found.final


@pytest.mark.parametrize("body", [b"", b"[]", b'{"requestStatus":[]}', b'{"requestStatus":[{"requestId":"other"}]}'])
def test_no_word_about_a_request_is_none(basware: ScriptedBasware, client: BaswareClient, body: bytes) -> None:
    basware.answers(200, body)
    assert client.request_status("r1") is None
    basware.answers(404)
    assert client.request_status("r1") is None


def test_outcomes_are_acknowledged_together(basware: ScriptedBasware, client: BaswareClient) -> None:
    basware.answers(200, "ok")
    made = client.acknowledge_request_status(["r1", "r2"])
    assert {name: one.outcome for name, one in made.items()} == dict.fromkeys(("r1", "r2"), Acknowledged.DONE)
    assert json.loads(basware.last.body) == {"requestIds": ["r1", "r2"]}


def test_one_bad_id_does_not_keep_the_others_from_being_acknowledged(
    basware: ScriptedBasware, client: BaswareClient
) -> None:
    basware.answers(405)
    for status in (200, 405, 404):
        basware.answers(status)
    made = client.acknowledge_request_status(["r1", "r2", "r3"])
    assert [one.outcome for one in made.values()] == [Acknowledged.DONE, Acknowledged.ALREADY, Acknowledged.GONE]


def test_nothing_to_acknowledge_makes_no_call(basware: ScriptedBasware, client: BaswareClient) -> None:
    assert client.acknowledge_request_status([]) == {}
    assert basware.calls == []

"""Whatever a caller sends, the tenant answers in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from basware_in_process import Desk, a_term, a_vendor, an_account
from hypothesis import given, settings
from hypothesis import strategies as st

KEYS = st.sampled_from(
    sorted({*an_account(), *a_vendor(), *a_term(), "success", "paymentBlock", "paidTotal", "text_1"})
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PATHS = [
    "/v1/accounts",
    "/v1/costCenters",
    "/v1/vendors",
    "/v1/paymentTerms",
    "/v1/taxCodes",
    "/v2/projects",
    "/v1/lists/INV_LIST_1",
    "/v1/requestStatus/acknowledge",
    "/v1/subscriptions",
    "/v1/accountingDocuments/{}/transferResponses",
    "/v1/accountingDocuments/{}/paymentResponses",
    "/v1/accountingDocuments/{}/prebookResponses",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_body_upsets_the_tenant(path: str) -> None:
    desk = Desk()
    (invoice_id,) = desk.offer()

    @settings(max_examples=60, deadline=None)
    @given(body=VALUES)
    def sent(body: Any) -> None:
        reply = desk.post(path.format(invoice_id), body)
        assert reply.status in (200, 400, 404, 405, 422)

    sent()
    desk.tenant.settle()


@settings(max_examples=80, deadline=None)
@given(
    base=st.sampled_from([("/v1/accounts", an_account()), ("/v1/vendors", a_vendor()), ("/v1/paymentTerms", a_term())]),
    changes=st.dictionaries(KEYS, VALUES, max_size=3),
)
def test_a_record_is_stored_whole_or_refused_by_name(base: tuple[str, dict[str, Any]], changes: dict[str, Any]) -> None:
    path, record = base
    desk = Desk()
    sent = {**record, **changes}
    reply = desk.post(path, [sent])
    if reply.status == 200:
        stored = {name: value for name, value in sent.items() if value is not None and name != "lastUpdated"}
        (shown,) = reply.json()
        shown.pop("lastUpdated")
        assert shown == stored
    else:
        assert reply.status == 400
        assert reply.json()["errors"][0]["code"] == "SCHEMA_VALIDATION_ERROR"
        assert desk.get(path).status == 404

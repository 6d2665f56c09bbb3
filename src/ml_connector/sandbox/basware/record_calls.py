"""The calls on master data and on requestStatus (P2P API, sections of each)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ml_connector.sandbox.basware.answers import Answer, Refusal, json_answer, refusal
from ml_connector.sandbox.basware.entities import REQUEST_IDS, MasterDataApi
from ml_connector.sandbox.basware.request_statuses import Entry
from ml_connector.sandbox.basware.wsgi import CONTINUATION_HEADER, Call

if TYPE_CHECKING:
    from ml_connector.sandbox.basware.tenant import BaswareTenant


class _Ordered(Protocol):
    change: int


_T = TypeVar("_T", bound=_Ordered)


def cut_page(call: Call, found: Iterable[_T], size: int) -> tuple[list[_T], tuple[tuple[str, str], ...]]:
    """Return one page and the header that leads to the next. Raises: Refusal 404 when there is nothing."""
    page: list[_T] = []
    for entry in found:
        if len(page) == size:
            return page, ((CONTINUATION_HEADER, call.token(page[-1].change)),)
        page.append(entry)
    if not page:
        raise Refusal(status=404)
    return page, ()


class RecordCalls:
    """Handlers of one master data API; each runs under the tenant's lock and may raise Refusal."""

    def __init__(self, tenant: BaswareTenant, api: MasterDataApi) -> None:
        self._tenant = tenant
        self._api = api

    def post(self, call: Call) -> Answer:
        """POST: store a batch, echo it, let P2P judge it later."""
        call.only()
        entities = self._tenant.master_data.check(self._api, call.json())
        return self._store(call, entities, one=False)

    def patch(self, call: Call) -> Answer:
        """PATCH one record: what is sent is laid over what is stored; null is not sent."""
        call.only()
        entity = self._tenant.master_data.patched(self._api, call.parts["externalCode"], call.json())
        return self._store(call, [entity], one=True)

    def list_page(self, call: Call) -> Answer:
        """GET: what was posted, not what P2P accepted; 404 when there is nothing."""
        call.only("pageSize", "companyCode", "lastUpdated")
        found = self._tenant.master_data.after(
            self._api, call.query.get("companyCode", ""), call.moment("lastUpdated"), call.position()
        )
        page, headers = cut_page(call, found, call.page_size(500, self._api.default_page))
        array = b"[" + b",".join(record.wire() for record in page) + b"]"
        if self._api.scope == "vendors" and self._tenant.switches.vendors_as_bare_array:
            return Answer(status=200, body=array, headers=headers)
        body = f'{{"{self._api.list_key}":'.encode() + array + b"}"
        return Answer(status=200, body=body, headers=headers)

    def one(self, call: Call) -> Answer:
        """GET one record, bare."""
        call.only()
        return Answer(status=200, body=self._tenant.master_data.get(self._api, call.parts["externalCode"]).wire())

    def _store(self, call: Call, entities: list[dict[str, Any]], *, one: bool) -> Answer:
        api, tenant = self._api, self._tenant
        echo, items = tenant.master_data.store(api, entities, call.now)
        if tenant.faults.strikes("publish-error", call.method, call.path):
            # The record stays in the API layer and never reaches P2P (codes SNS_ and SQS_PUBLISH_ERROR exist for this).
            raise refusal(500, "SNS_PUBLISH_ERROR", "Publishing the request failed", type_="TECHNICAL")
        tenant.open_status(
            call.request_id,
            api.entity_type,
            api.path[:2],
            call.method,
            call.client_id,
            items,
            partial(tenant.judge_records, api),
            path=call.path,
            list_key=api.path.rpartition("/")[2] if api.scope == "lists" else "",
        )
        return Answer(status=200, body=echo[1:-1] if one else echo)


class StatusCalls:
    """Handlers of requestStatus; each runs under the tenant's lock and may raise Refusal."""

    def __init__(self, tenant: BaswareTenant) -> None:
        self._tenant = tenant

    def list_page(self, call: Call) -> Answer:
        """GET /v1/requestStatus."""
        call.only("status", "entityType", "system", "ignoreSuccessfullItems", "pageSize", "lastUpdated")
        found = self._tenant.statuses.after(
            call.query.get("status", ""),
            call.query.get("entityType", ""),
            call.query.get("system", ""),
            call.moment("lastUpdated"),
            call.position(),
        )
        page, headers = cut_page(call, found, call.page_size(500))
        return self._answer(page, call.flag("ignoreSuccessfullItems"), headers)

    def one(self, call: Call) -> Answer:
        """GET /v1/requestStatus/{requestId}; the parameter is spelt with one l less than on the list."""
        call.only("system", "ignoreSuccessfulItems")
        entry = self._tenant.statuses.get(call.parts["requestId"])
        if call.query.get("system", "") not in ("", "P2P"):
            raise Refusal(status=404)
        return self._answer([entry], call.flag("ignoreSuccessfulItems"), ())

    def acknowledge(self, call: Call) -> Answer:
        """POST /v1/requestStatus/acknowledge: all or none."""
        call.only()
        body = call.json()
        faults = list(REQUEST_IDS.faults(body))
        if faults:
            raise refusal(400, "SCHEMA_VALIDATION_ERROR", "; ".join(faults))
        self._tenant.statuses.acknowledge(body["requestIds"], call.now)
        return json_answer("Acknowledged successfully")

    @staticmethod
    def _answer(page: list[Entry], skip_successful: bool, headers: tuple[tuple[str, str], ...]) -> Answer:
        entries = [entry.wire(skip_successful=skip_successful) for entry in page]
        return json_answer({"requestStatus": entries}, headers=headers)

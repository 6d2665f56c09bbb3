"""What became of each posted request: `requestStatus` (P2P API, requestStatus).

An entry is made when a request is taken and worked on when its time has come; until then it and its items are
InProgress. Success and Error stay on offer until they are acknowledged.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ml_connector.sandbox.basware.answers import Refusal, bad_parameter, refusal, stamp, to_the_millisecond
from ml_connector.sandbox.basware.schema import names

if TYPE_CHECKING:
    from ml_connector.sandbox.basware.master_data import StoredRecord

STATES = names("InProgress Success Error AcknowledgedSuccess AcknowledgedError")
ENTITY_TYPES = names(
    "Account Contract CostCenter TaxCode ExchangeRate PaymentTerm Budget User Project MatchingOrder MatchingOrderLine"
    " AccountingDocument GenericList MatchingGoodsReceipt AdvancedPermission TransferResponse PaymentResponse"
    " PrebookResponse Vendor AdvancedValidation PurchaseRequisition ErrorFeedback RedistributeData TaskStatus Company"
    " CompanyGroup CompanyView ExportedPurchaseOrder PurchaseOrder PurchaseGoodsReceipt ApplicationGroup"
    " ExportedPurchaseRequisition OperatorUser ExportedContract ExportedContractSpend RequestStatus Organization"
    " EnrichmentTransferResponse UserGroup UserGroupAssociatedUser UserGroupPermission"
)
_FINISHED = frozenset({"Success", "Error"})


@dataclass(slots=True, kw_only=True)
class Item:
    """One record or response of a request."""

    external_code: str
    parent_external_code: str = ""  #: the invoiceId, for responses
    status: str = "InProgress"
    errors: list[dict[str, str]] = field(default_factory=list)
    record: StoredRecord | None = None  #: the version to be judged; None if there is nothing to judge

    def fail(self, status: str, message: str, *, type_: str = "Error", category: str = "DataValidation") -> None:
        """Note why P2P did not take the record."""
        self.status = status
        self.errors.append({"type": type_, "message": message, "category": category})

    def wire(self) -> dict[str, Any]:
        """Return the item as the API shows it."""
        shown: dict[str, Any] = {"externalCode": self.external_code}
        if self.parent_external_code:
            shown["parentExternalCode"] = self.parent_external_code
        shown["status"] = self.status
        if self.errors:
            shown["errors"] = self.errors
        return shown


@dataclass(slots=True, kw_only=True)
class Entry:
    """The state of one request."""

    request_id: str
    entity_type: str
    entity_version: str
    operation: str  #: POST or PATCH
    changed_by: str
    list_key: str  #: generic lists only
    items: list[Item]
    due: datetime  #: when P2P gets to it
    work: Callable[[Entry], None]  #: sets the status of its items
    last_updated: datetime
    change: int
    state: str = "InProgress"

    def wire(self, *, skip_successful: bool) -> dict[str, Any]:
        """Return the entry as the API shows it."""
        items = [item.wire() for item in self.items if not (skip_successful and item.status == "Success")]
        updated = stamp(self.last_updated)
        shown: dict[str, Any] = {
            "requestId": self.request_id,
            "entityType": self.entity_type,
            "entityVersion": self.entity_version,
            "requestStatus": self.state,
            "changedBy": self.changed_by,
            "operationType": self.operation,
            "lastUpdated": updated,
            "systems": [{"system": "P2P", "systemStatus": self.state, "lastUpdated": updated, "items": items}],
        }
        if self.list_key:
            shown["genericListKey"] = self.list_key
        return shown


class RequestStatuses:
    """All entries of the tenant. Not locked; the tenant is."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._waiting: list[tuple[datetime, int, Entry]] = []  # heap by due time
        self._change = 0

    def open(
        self,
        request_id: str,
        *,
        entity_type: str,
        version: str,
        operation: str,
        changed_by: str,
        items: list[Item],
        now: datetime,
        due: datetime,
        work: Callable[[Entry], None],
        list_key: str = "",
    ) -> Entry:
        """Note a request that P2P is going to work on."""
        self._change += 1
        entry = Entry(
            request_id=request_id,
            entity_type=entity_type,
            entity_version=f"{entity_type}{version.upper()}",
            operation=operation,
            changed_by=changed_by,
            list_key=list_key,
            items=items,
            due=due,
            work=work,
            last_updated=to_the_millisecond(now),
            change=self._change,
        )
        self._entries[request_id] = entry
        heapq.heappush(self._waiting, (due, entry.change, entry))
        return entry

    def settle(self, now: datetime) -> list[Entry]:
        """Let P2P work on everything that is due, in order; returns the entries that are finished now."""
        finished = []
        while self._waiting and self._waiting[0][0] <= now:
            entry = heapq.heappop(self._waiting)[2]
            entry.work(entry)
            failed = any(item.status == "Error" for item in entry.items)
            self._advance(entry, "Error" if failed else "Success", max(entry.due, entry.last_updated))
            finished.append(entry)
        return finished

    def get(self, request_id: str) -> Entry:
        """Return an entry. Raises: Refusal 404."""
        try:
            return self._entries[request_id]
        except KeyError:
            raise Refusal(status=404) from None

    def after(
        self, state: str, entity_type: str, system: str, updated_after: datetime | None, change: int
    ) -> Iterator[Entry]:
        """Yield entries in the order of their changes; without entity type and system, only those in Error.

        Raises: Refusal 400 for an unknown state or entity type.
        """
        if entity_type and entity_type not in ENTITY_TYPES:
            raise bad_parameter(f"entityType {entity_type} is not known")
        if state and state not in STATES:
            raise bad_parameter(f"status {state} is not known")
        if not state and not entity_type and not system:
            state = "Error"
        for entry in self._entries.values():
            if (
                entry.change > change
                and state in ("", entry.state)
                and entity_type in ("", entry.entity_type)
                and system in ("", "P2P")
                and (updated_after is None or entry.last_updated > updated_after)
            ):
                yield entry

    def acknowledge(self, request_ids: list[str], now: datetime) -> None:
        """Take finished entries off the offer, all or none.

        Raises: Refusal 404 (one is unknown), 405 (one is acknowledged already, or named twice), 400 (one is still in progress).
        """
        entries = [self.get(request_id) for request_id in request_ids]
        seen: set[str] = set()
        for entry in entries:
            if entry.state == "InProgress":
                raise bad_parameter(f"Request {entry.request_id} is in progress")
            if entry.state not in _FINISHED or entry.request_id in seen:
                message = f"Request {entry.request_id} is acknowledged already"
                raise refusal(405, "METHOD_NOT_ALLOWED", message, type_="BUSINESS")
            seen.add(entry.request_id)
        for entry in entries:
            self._advance(entry, f"Acknowledged{entry.state}", to_the_millisecond(now))

    def _advance(self, entry: Entry, state: str, moment: datetime) -> None:
        self._change += 1
        entry.state, entry.change, entry.last_updated = state, self._change, moment
        # Taken out and put back, so that the order of the dictionary is the order of changes.
        del self._entries[entry.request_id]
        self._entries[entry.request_id] = entry

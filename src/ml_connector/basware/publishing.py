"""Lists sent to Basware: where each kind goes, how many fit in one call, and what became of them.

A 200 says only that the records were taken in; what P2P made of each of them is told later by `requestStatus`.
Source: P2P API, general information and requestStatus.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.basware.dialects import ApiError
from ml_connector.basware.limits import WireLimit
from ml_connector.core.books import ListKind
from ml_connector.core.errors import Refused
from ml_connector.core.exchange import Exchange

#: Bytes of one request body, at most. Source: P2P API, general information (6 MB).
BODY_LIMIT_BYTES = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRoute:
    """Where one kind of list goes."""

    path: str
    scope: str
    batch: int  #: records per call at most


#: Source: P2P API, the POST operations of the five lists. Projects of version 1 are deprecated.
ROUTES: dict[ListKind, ListRoute] = {
    ListKind.TERMS: ListRoute(path="/v1/paymentTerms", scope="paymentTerms.write", batch=500),
    ListKind.VENDOR: ListRoute(path="/v1/vendors", scope="vendors.write", batch=200),
    ListKind.ACCOUNT: ListRoute(path="/v1/accounts", scope="accounts.write", batch=500),
    ListKind.CLASS: ListRoute(path="/v1/costCenters", scope="costCenters.write", batch=500),
    ListKind.CUSTOMER: ListRoute(path="/v2/projects", scope="projects.write", batch=500),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Records that Basware took in. P2P's verdict follows under `request_id`."""

    exchange: Exchange
    request_id: str  #: `x-amzn-RequestId`, the key of the request's status; empty if Basware left it out


class RecordsRefused(Refused):
    """A batch was refused. `errors` name the records at fault where Basware said so.

    Whether the others were stored is not documented: send them again, which overwrites and harms nothing.
    """

    def __init__(self, code: str, words: str, errors: tuple[ApiError, ...]) -> None:
        super().__init__("Basware", code, words)
        self.errors = errors

    @property
    def external_codes(self) -> frozenset[str]:
        """The records at fault; empty if Basware did not say."""
        return frozenset(error.external_code for error in self.errors if error.external_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemError:
    """One error or warning of P2P about one record."""

    type: str  #: Error, Warning or RecordExpired
    category: str  #: DataValidation is ours to mend, Technical is Basware's
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemOutcome:
    """What P2P made of one record."""

    status: str  #: InProgress, NotProcessed (unchanged), Warning, Success, Error, RecordExpired or Unpublished
    errors: tuple[ItemError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcome:
    """What P2P made of one request."""

    request_id: str
    state: str  #: InProgress, Success, Error, AcknowledgedSuccess or AcknowledgedError; unknown words are possible
    items: dict[str, ItemOutcome]  #: by `externalCode`
    exchange: Exchange

    @property
    def final(self) -> bool:
        """Tell whether nothing more is to be expected."""
        return self.state in {"Success", "Error", "AcknowledgedSuccess", "AcknowledgedError"}


# Of two verdicts on one record, from two modules of P2P, the worse one counts; a word that is not listed is worst.
_FROM_GOOD_TO_BAD = ("Success", "NotProcessed", "Warning", "RecordExpired", "Unpublished", "InProgress", "Error")


def batches(kind: ListKind, records: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """Divide encoded records into calls that Basware takes: 200 vendors or 500 others, and 6 MB.

    Raises:
        WireLimit: one record alone is larger than a call may be.
    """
    most = ROUTES[kind].batch
    made: list[tuple[bytes, ...]] = []
    current: list[bytes] = []
    size = 2  # the brackets of the array
    for record in records:
        if len(record) + 2 > BODY_LIMIT_BYTES:
            raise WireLimit("record", f"{len(record)} bytes", f"{BODY_LIMIT_BYTES} bytes")
        if current and (len(current) == most or size + len(record) + 1 > BODY_LIMIT_BYTES):
            made.append(tuple(current))
            current, size = [], 2
        current.append(record)
        size += len(record) + 1
    if current:
        made.append(tuple(current))
    return made


def read_request_outcome(request_id: str, body: bytes, exchange: Exchange) -> RequestOutcome | None:
    """Read a request's status; None if the answer holds none for this request.

    A record may go to several systems; only what P2P says counts, and if no system is named, the whole.
    Source: P2P API, requestStatus.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    entries = [entry for entry in _dicts(value, "requestStatus") if _text(entry, "requestId") in {request_id, ""}]
    if not entries:
        return None
    states: list[str] = []
    items: dict[str, ItemOutcome] = {}
    for entry in entries:
        systems = _dicts(entry, "systems")
        ours = [system for system in systems if _text(system, "system").upper() == "P2P"]
        if not ours:
            # Not handed on to P2P yet: its own verdict is still to come.
            states.append("InProgress" if systems else _text(entry, "requestStatus"))
        for system in ours:
            states.append(_text(system, "systemStatus") or _text(entry, "requestStatus"))
            for item in _dicts(system, "items"):
                _note(items, _text(item, "externalCode"), _item(item))
    return RequestOutcome(request_id=request_id, state=_whole(states), items=items, exchange=exchange)


def _whole(states: list[str]) -> str:
    for state in ("InProgress", "Error", "AcknowledgedError", "Success", "AcknowledgedSuccess"):
        if state in states:
            return state
    return next((state for state in states if state), "InProgress")


def _note(items: dict[str, ItemOutcome], code: str, outcome: ItemOutcome) -> None:
    earlier = items.get(code)
    if earlier is None:
        items[code] = outcome
        return
    worse = outcome if _badness(outcome) > _badness(earlier) else earlier
    items[code] = ItemOutcome(status=worse.status, errors=earlier.errors + outcome.errors)


def _badness(outcome: ItemOutcome) -> int:
    try:
        return _FROM_GOOD_TO_BAD.index(outcome.status)
    except ValueError:
        return len(_FROM_GOOD_TO_BAD)


def _item(item: dict[str, Any]) -> ItemOutcome:
    errors = tuple(
        ItemError(type=_text(error, "type"), category=_text(error, "category"), message=_text(error, "message"))
        for error in _dicts(item, "errors")
    )
    return ItemOutcome(status=_text(item, "status"), errors=errors)


def _dicts(value: Any, member: str) -> list[dict[str, Any]]:
    listed = value.get(member) if isinstance(value, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _text(value: dict[str, Any], member: str) -> str:
    found = value.get(member)
    return found if isinstance(found, str) else ""

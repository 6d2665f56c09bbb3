"""Master data: the API layer that stores what is posted, and P2P that judges it later (P2P API, sections on POST).

Two stores, as at Basware: the API layer answers GET and knows nothing of P2P's verdict; P2P holds what it accepted. A
post that equals what the API layer holds is skipped, even when P2P lost the record or had refused it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ml_connector.sandbox.basware.answers import ErrorEntry, Refusal, dump, refusal, stamp, to_the_millisecond
from ml_connector.sandbox.basware.entities import MasterDataApi, list_overflow
from ml_connector.sandbox.basware.p2p_rules import term_fault, vendor_fault
from ml_connector.sandbox.basware.request_statuses import Item

_EXPIRY = timedelta(seconds=1)
_RULES = {"v1/paymentTerms": term_fault, "v1/vendors": vendor_fault}


@dataclass(slots=True, kw_only=True)
class StoredRecord:
    """One record as the API layer holds it."""

    external_code: str
    entity: dict[str, Any]  #: as posted, without lastUpdated
    content: bytes  #: the entity as compact JSON, for comparison and answers
    last_updated: datetime
    change: int  #: position in the order of changes of its API

    def wire(self) -> bytes:
        """Return the record as a GET shows it."""
        return self.content[:-1] + f',"lastUpdated":"{stamp(self.last_updated)}"}}'.encode()


class MasterDataStore:
    """One tenant's master data. Not locked; the tenant is."""

    def __init__(self, company_codes: frozenset[str]) -> None:
        self.company_codes = company_codes  #: companies that exist in P2P; they cannot be created through the API
        self._layer: dict[str, dict[str, StoredRecord]] = {}
        self._p2p: dict[str, dict[str, dict[str, Any]]] = {}
        # API, company code, record code -> externalCode that holds the record code in that company
        self._code_owners: dict[tuple[str, str, str], str] = {}
        self._change = 0

    # ---- the API layer

    def check(self, api: MasterDataApi, body: object) -> list[dict[str, Any]]:
        """Return the records of a POST body.

        Raises: Refusal 400 with every fault, one entry for each faulty record; nothing of the batch is stored then.
        """
        if not isinstance(body, list):
            raise refusal(400, "SCHEMA_VALIDATION_ERROR", "body: must be an array")
        if not body:
            raise refusal(400, "SCHEMA_VALIDATION_ERROR", "body: must hold at least one record")
        if len(body) > api.most_records:
            raise refusal(400, "SCHEMA_VALIDATION_ERROR", f"body: at most {api.most_records} records are allowed")
        errors = []
        seen: set[str] = set()
        for position, entity in enumerate(body):
            faults = list(api.schema.faults(entity))
            code = entity.get("externalCode") if isinstance(entity, dict) else None
            if not isinstance(code, str):
                code = ""
            if code and code in seen:
                faults.append("externalCode: occurs twice in the request")
            seen.add(code)
            if faults:
                info = f"Record {position + 1} of the request does not match the schema"
                errors.append(
                    ErrorEntry(code="SCHEMA_VALIDATION_ERROR", message="; ".join(faults), external_code=code, info=info)
                )
        if errors:
            raise Refusal(status=400, errors=tuple(errors))
        return body

    def store(self, api: MasterDataApi, entities: list[dict[str, Any]], now: datetime) -> tuple[bytes, list[Item]]:
        """Keep checked records; returns the echo of the stored array and an item to be worked on for each record."""
        layer = self._layer.setdefault(api.path, {})
        items = []
        echo = []
        for posted in entities:
            entity = {name: value for name, value in posted.items() if value is not None and name != "lastUpdated"}
            code = entity["externalCode"]
            content = dump(entity)
            known = layer.get(code)
            if known is not None and _same(known.entity, entity):
                items.append(Item(external_code=code, status="NotProcessed"))
                echo.append(known.wire())
                continue
            self._change += 1
            record = StoredRecord(
                external_code=code,
                entity=entity,
                content=content,
                last_updated=to_the_millisecond(now),
                change=self._change,
            )
            # Taken out first, so that the order of the dictionary is the order of changes.
            layer.pop(code, None)
            layer[code] = record
            items.append(Item(external_code=code, record=record))
            echo.append(record.wire())
        return b"[" + b",".join(echo) + b"]", items

    def patched(self, api: MasterDataApi, external_code: str, body: object) -> dict[str, Any]:
        """Return a record with the non-null properties of a PATCH body laid over it.

        Raises: Refusal 404 (unknown), 400 EXTERNAL_CODE_MISMATCH (body names another record) or schema faults.
        """
        known = self.get(api, external_code)
        if isinstance(body, dict) and body.get("externalCode") not in (None, external_code):
            raise refusal(
                400, "EXTERNAL_CODE_MISMATCH", "externalCode differs from the path", external_code=external_code
            )
        entity = self.check(api, [body])[0]
        return {**known.entity, **{name: value for name, value in entity.items() if value is not None}}

    def get(self, api: MasterDataApi, external_code: str) -> StoredRecord:
        """Return a record of the API layer. Raises: Refusal 404."""
        try:
            return self._layer.get(api.path, {})[external_code]
        except KeyError:
            raise Refusal(status=404) from None

    def after(
        self, api: MasterDataApi, company_code: str, updated_after: datetime | None, change: int
    ) -> Iterator[StoredRecord]:
        """Yield records of the API layer in the order of their changes, those after a position only."""
        for record in self._layer.get(api.path, {}).values():
            if record.change <= change or (updated_after is not None and record.last_updated <= updated_after):
                continue
            if company_code and company_code not in _companies(record.entity):
                continue
            yield record

    # ---- P2P

    def judge(self, api: MasterDataApi, item: Item, *, record_expires: bool) -> None:
        """Do P2P's work on one item: accept the record, or note why not."""
        record = item.record
        if record is None:
            return
        newest = self._layer[api.path][record.external_code]
        if record_expires and newest is not record and newest.last_updated - record.last_updated < _EXPIRY:
            item.fail("RecordExpired", "A newer version of the record exists", type_="RecordExpired")
            return
        entity = record.entity
        if not _companies(entity) and api.scope != "lists":
            item.fail("Error", "Wrong or missing CompanyCode")
            return
        unknown = sorted(_companies(entity) - self.company_codes)
        if unknown:
            item.fail("Error", f"Company code {', '.join(unknown)} not found")
            return
        term = (entity.get("paymentTerms") or {}).get("paymentTermCode") if api.path == "v1/vendors" else None
        if term and not any(("v1/paymentTerms", company, term) in self._code_owners for company in _companies(entity)):
            item.fail("Error", f"Payment term {term} not found")
            return
        rule = _RULES.get(api.path)
        if rule is not None and (fault := rule(entity)):
            item.fail("Error", fault)
            return
        if api.scope == "lists" and (overflow := list_overflow(api.path.rpartition("/")[2], entity)):
            item.fail("Error", overflow)
            return
        if api.code_field and not self._claim_code(api, entity, item):
            return
        self._p2p.setdefault(api.path, {})[record.external_code] = entity
        item.status = "Success"

    def lose(self, api_path: str, external_code: str) -> bool:
        """Make P2P lose a record it had accepted, without a word to anybody; returns whether it had it."""
        entity = self._p2p.get(api_path, {}).pop(external_code, None)
        if entity is None:
            return False
        self._release_codes(api_path, external_code)
        return True

    def accepted(self, api_path: str) -> dict[str, dict[str, Any]]:
        """Return what P2P holds of one API, by externalCode."""
        return dict(self._p2p.get(api_path, {}))

    def _claim_code(self, api: MasterDataApi, entity: dict[str, Any], item: Item) -> bool:
        code, owner = entity[api.code_field], entity["externalCode"]
        keys = [(api.path, company, code) for company in sorted(_companies(entity))]
        for key in keys:
            holder = self._code_owners.get(key)
            if holder is not None and holder != owner:
                item.fail("Error", f"{api.code_field} {code} is used by another record in company {key[1]}")
                return False
        previous = self._p2p.get(api.path, {}).get(owner)
        if previous is not None and (previous[api.code_field] != code or _companies(previous) != _companies(entity)):
            self._release_codes(api.path, owner)
        for key in keys:
            self._code_owners[key] = owner
        return True

    def _release_codes(self, api_path: str, owner: str) -> None:
        self._code_owners = {
            key: holder for key, holder in self._code_owners.items() if key[0] != api_path or holder != owner
        }


def _companies(entity: dict[str, Any]) -> set[str]:
    return {company["companyCode"] for company in entity.get("companies") or ()}


def _same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    # Two JSON objects are the same content whatever the order of their properties; Python compares them so.
    return old == new

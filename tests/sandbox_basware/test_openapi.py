"""The simulator held against Basware's own OpenAPI files, when they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from basware_in_process import Desk, a_vendor, an_account

from ml_connector.sandbox.basware import entities
from ml_connector.sandbox.basware.schema import Checker, Flag, ListOf, Moment, Number, Record, Text
from ml_connector.sandbox.basware.seed_invoices import firm_invoices
from ml_connector.sandbox.firm import build_firm

FOLDER = Path(__file__).parents[2] / "../shared/reference/basware-openapi"


def _read(name: str) -> dict[str, Any]:
    path = FOLDER / name
    if not path.exists():
        pytest.skip("Basware's OpenAPI files are not at hand.")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def p2p() -> dict[str, Any]:
    return _read("basware-p2p-openapi.json")


def _schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a JSON schema: OpenAPI 3.0 says nullable where JSON schema says null, and a bare date is a date-time."""

    def turned(node: Any) -> Any:
        if isinstance(node, list):
            return [turned(each) for each in node]
        if not isinstance(node, dict):
            return node
        node = {key: turned(value) for key, value in node.items() if key not in ("format", "example")}
        if node.pop("nullable", False):
            return {"anyOf": [node, {"type": "null"}]}
        return node

    schemas = {key: turned(value) for key, value in document["components"]["schemas"].items()}
    return {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}


def test_the_firms_invoices_match_the_schema(p2p: dict[str, Any]) -> None:
    validator = jsonschema.Draft7Validator(_schema(p2p, "AccountingDocumentEntity"))
    for seed in (1, 2):
        for invoice in firm_invoices(build_firm(seed), seed):
            assert [error.message for error in validator.iter_errors(invoice.document)] == [], invoice.kind


def test_what_the_api_shows_matches_the_schema(p2p: dict[str, Any], desk: Desk) -> None:
    (invoice_id,) = desk.offer(1, lines=9)
    desk.book(invoice_id)
    desk.say(invoice_id, "payment", externalCode="p", paidTotal=1, paymentMethod="Check", checkNumber="1")
    shown = {"AccountingDocumentResponse": {"accountingDocuments": [desk.shown(invoice_id)]}}
    desk.post("/v1/vendors", [a_vendor(), a_vendor("V2", companies=[{"companyCode": "X"}])])
    refused = desk.post("/v1/accounts", [an_account("1" * 26)])
    shown["ResponseEntityList"] = refused.json()
    shown["RequestStatusResponse"] = desk.get("/v1/requestStatus").json()
    shown["VendorResponse"] = desk.get("/v1/vendors").json()
    for name, value in shown.items():
        errors = jsonschema.Draft7Validator(_schema(p2p, name)).iter_errors(value)
        assert [error.message for error in errors] == [], name


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("TransferResponseEntity", entities.TRANSFER_RESPONSE),
        ("PrebookResponseEntity", entities.PREBOOK_RESPONSE),
        ("PaymentResponseEntity", entities.PAYMENT_RESPONSE),
        ("AccountEntity", entities.ACCOUNT),
        ("CostCenterEntity", entities.COST_CENTER),
        ("PaymentTermEntity", entities.PAYMENT_TERM),
        ("TaxCodeEntity", entities.TAX_CODE),
        ("ProjectEntityV2", entities.PROJECT),
        ("GenericListEntity", entities.GENERIC_LIST),
        ("VendorEntity", entities.VENDOR),
    ],
)
def test_our_tables_say_what_the_schema_says(p2p: dict[str, Any], name: str, table: Record) -> None:
    assert list(_differences(p2p["components"]["schemas"], {"$ref": f"#/x/{name}"}, table, name)) == []


#: Where our table is stricter on purpose: the documents say so in words.
_STRICTER = {"PaymentTermEntity.dueDateEom", "PaymentTermEntity.cashDueDateEom"}


def _differences(schemas: dict[str, Any], node: dict[str, Any], checker: Checker, at: str) -> list[str]:
    nullable = node.get("nullable", False)
    if "$ref" in node:
        node = schemas[node["$ref"].rpartition("/")[2]]
    found = []
    if isinstance(checker, Record):
        assert node["additionalProperties"] is False
        if set(node.get("required", ())) != checker.required:
            found.append(f"{at}: required {sorted(checker.required)}")
        if set(node["properties"]) != set(checker.fields):
            found.append(f"{at}: properties {sorted(set(node['properties']) ^ set(checker.fields))}")
        for name in set(node["properties"]) & set(checker.fields):
            inner, property_ = checker.fields[name], node["properties"][name]
            if name not in checker.required and inner.nullable != property_.get("nullable", False):
                found.append(f"{at}.{name}: nullable {inner.nullable}")
            found += _differences(schemas, property_, inner, f"{at}.{name}")
        return found
    kinds = {Text: "string", Moment: "string", Flag: "boolean", ListOf: "array"}
    kind = ("integer" if checker.whole else "number") if isinstance(checker, Number) else kinds[type(checker)]
    if node["type"] != kind:
        found.append(f"{at}: is {node['type']}, not {kind}, nullable {nullable}")
    if isinstance(checker, ListOf):
        found += _differences(schemas, node["items"], checker.item, f"{at}[]")
    if isinstance(checker, Moment) and node.get("format") != "date-time":
        found.append(f"{at}: is no date-time")
    if isinstance(checker, Text):
        if node.get("format") == "date-time":
            found.append(f"{at}: is a date-time")
        if checker.longest != node.get("maxLength") or checker.shortest != node.get("minLength", 0):
            found.append(f"{at}: length {node.get('minLength')} to {node.get('maxLength')}")
        if checker.one_of != set(node.get("enum", ())):
            found.append(f"{at}: values {sorted(checker.one_of ^ set(node.get('enum', ())))}")
    if isinstance(checker, Number) and at not in _STRICTER and not checker.one_of:
        bounds = (node.get("minimum"), node.get("maximum"))
        if bounds != (None, None) and (checker.low, checker.high) != bounds:
            found.append(f"{at}: range {bounds}")
    return found

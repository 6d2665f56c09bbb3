"""What is written to Basware: golden files, the official schemas, and every length kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.basware.limits import WireLimit, prose, tail
from ml_connector.basware.wire import PaymentFields
from ml_connector.basware.write import payment_response_body, transfer_response_body
from ml_connector.basware.write_lists import (
    ListPublication,
    account_body,
    cost_center_body,
    first_email,
    number,
    payment_term_body,
    project_body,
    vendor_body,
)
from ml_connector.core.books import ListId, ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.money import InexactAmount
from ml_connector.core.records import Address, ListRecord
from ml_connector.core.report import PaymentState, TransferReport

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "basware"
OPENAPI = ROOT.parent / "shared" / "reference" / "basware-openapi" / "basware-p2p-openapi.json"

PUBLICATION = ListPublication(company_codes=("US10", "US20"), source_system="QBD-US10")
TOUCHED = replace(PUBLICATION, touch=3, language="es-US")
KEEP = PaymentFields(payment_term_code="NET30", payment_method="Check")


def a_record(kind: ListKind, **changes: Any) -> ListRecord:
    values: dict[str, Any] = {
        "kind": kind,
        "list_id": ListId("80000012-1700000001"),
        "edit_sequence": "1700000001",
        "time_modified": "2026-11-05T12:00:00-05:00",
        "name": "Office",
        "full_name": "Overhead:Office",
        **changes,
    }
    return ListRecord(**values)


VENDOR = a_record(
    ListKind.VENDOR,
    name="Prairie Paper Co",
    full_name="Prairie Paper Co",
    company_name="Prairie Paper Company, Inc.",
    email="AR@PrairiePaper.example; second@prairiepaper.example",
    phone="701 555 0100",
    vendor_account_number="CUST-4711",
    address=Address(
        lines=("Prairie Paper Co", "12 Mill Rd", "Suite 4"),
        city="Fargo",
        state="ND",
        postal_code="58102",
        country="US",
    ),
)
STANDARD = a_record(
    ListKind.TERMS,
    name="2% 10 Net 30",
    full_name="2% 10 Net 30",
    due_days=30,
    discount_days=10,
    discount_percent=Decimal("2.00"),
)
DATE_DRIVEN = a_record(ListKind.TERMS, name="20th", full_name="20th", date_driven=True, day_of_month_due=20)
JOB = a_record(
    ListKind.CUSTOMER, name="Refit", full_name="Acme:Warehouse:Refit", description="Two\nlines", active=False
)
ONE_LETTER = a_record(ListKind.CLASS, name="A", full_name="A")
PAID = PaymentState(
    paid=Decimal("200.10"),
    discount=Decimal("4.00"),
    paid_on="2026-11-28",
    check_number="10482",
    payment_txn_id="5A03-1764900000",
    method="Check",
)
UNPAID = PaymentState(paid=Decimal(0), discount=Decimal(0), reversal_txn_id="5A03-1764900000")


def transfer(report: TransferReport, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "external_code": "c0a8f3d2-5b61-4e0a-9d77-3f2b1a6c9e10",
        "source_system": "QBD-US10",
        "payment_block": False,
        "transfer_date": date(2026, 11, 5),
        **changes,
    }
    return transfer_response_body(report, **values)


def payment(state: PaymentState, **changes: Any) -> bytes:
    values: dict[str, Any] = {
        "external_code": "7d4e2b90-1c3f-4a58-8e6d-90ab12cd34ef",
        "source_system": "QBD-US10",
        "keep": KEEP,
        "reported_on": date(2026, 12, 1),
        **changes,
    }
    return payment_response_body(state, **values)


SUCCESS = TransferReport(
    success=True,
    message="Bill created in QuickBooks (number 5127).",
    voucher_number_1="4F21-1764300000",
    voucher_number_2="5127",
)

#: Golden file -> schema of the official file, and the body that must equal the golden file.
BODIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "vendor": ("VendorEntity", lambda: vendor_body(VENDOR, PUBLICATION, "80000012-1700000001", term_code="NET30")),
    "vendor_inactive_touched": (
        "VendorEntity",
        lambda: vendor_body(
            replace(VENDOR, active=False, address=Address(), email="", phone=""),
            replace(TOUCHED, payment_means_code="CHECK"),
            "80000012-1700000001",
            currency="USD",
        ),
    ),
    "account": ("AccountEntity", lambda: account_body(a_record(ListKind.ACCOUNT), PUBLICATION, "6100")),
    "account_touched": (
        "AccountEntity",
        lambda: account_body(a_record(ListKind.ACCOUNT, active=False), TOUCHED, "6100"),
    ),
    "cost_center": ("CostCenterEntity", lambda: cost_center_body(ONE_LETTER, PUBLICATION, "A")),
    "cost_center_touched": ("CostCenterEntity", lambda: cost_center_body(ONE_LETTER, TOUCHED, "A")),
    "project": ("ProjectEntityV2", lambda: project_body(JOB, PUBLICATION, "WH-REFIT")),
    "project_touched": ("ProjectEntityV2", lambda: project_body(JOB, TOUCHED, "WH-REFIT")),
    "payment_term": ("PaymentTermEntity", lambda: payment_term_body(STANDARD, PUBLICATION, "2PCT10NET30")),
    "payment_term_date_driven": ("PaymentTermEntity", lambda: payment_term_body(DATE_DRIVEN, TOUCHED, "20TH")),
    "transfer_success": ("TransferResponseEntity", lambda: transfer(SUCCESS)),
    "transfer_failure": (
        "TransferResponseEntity",
        lambda: transfer(TransferReport(success=False, message="Not entered.\nNo vendor.", voucher_number_1="x")),
    ),
    "payment": ("PaymentResponseEntity", lambda: payment(PAID)),
    "payment_reversed": ("PaymentResponseEntity", lambda: payment(UNPAID)),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_body_is_that_of_the_golden_file(name: str) -> None:
    assert BODIES[name][1]() == (GOLDEN / f"{name}.json").read_bytes().strip()


@pytest.fixture(scope="module")
def official() -> Callable[[str], Any]:
    """Return a validator of one schema of Basware's own file."""
    if not OPENAPI.exists():
        pytest.skip("Basware's OpenAPI file is not beside the repository.")
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    schemas = _as_json_schema(document["components"]["schemas"])

    def validator(name: str) -> Any:
        return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schemas})

    return validator


def _as_json_schema(value: Any) -> Any:
    """Turn OpenAPI 3.0 into JSON Schema: `nullable` becomes a type, references move, patterns match numbers' texts."""
    if isinstance(value, list):
        return [_as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: _as_json_schema(item) for name, item in value.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = made["$ref"].replace("#/components/schemas/", "#/$defs/")
    if made.pop("nullable", False) is True and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


@pytest.mark.parametrize("name", BODIES)
def test_the_body_fits_the_official_schema(name: str, official: Callable[[str], Any]) -> None:
    schema, write = BODIES[name]
    official(schema).validate(json.loads(write()))


def test_the_official_schema_would_notice_a_fault(official: Callable[[str], Any]) -> None:
    body = json.loads(BODIES["vendor"][1]())
    for fault in ({"vendorCode": "x" * 26}, {"unknown": 1}, {"companies": None}, {"name": ""}):
        with pytest.raises(jsonschema.ValidationError):
            official("VendorEntity").validate({**body, **fault})


TEXT = st.text(max_size=300)
NAME = st.text(min_size=1, max_size=300).filter(lambda name: prose(name, 300) != "")


@settings(max_examples=60)
@given(
    name=NAME,
    texts=st.lists(TEXT, min_size=9, max_size=9),
    lines=st.lists(TEXT, max_size=5),
    active=st.booleans(),
    touch=st.integers(0, 99),
)
def test_whatever_a_list_holds_its_record_fits_the_official_schema(
    official: Callable[[str], Any], name: str, texts: list[str], lines: list[str], active: bool, touch: int
) -> None:
    company, email, phone, account, city, state, postal, country, description = texts
    record = a_record(
        ListKind.VENDOR,
        name=name,
        full_name=name,
        company_name=company,
        email=email,
        phone=phone,
        vendor_account_number=account,
        description=description,
        active=active,
        address=Address(lines=tuple(lines), city=city, state=state, postal_code=postal, country=country),
    )
    publication = replace(PUBLICATION, touch=touch)
    for schema, write in (
        ("VendorEntity", vendor_body),
        ("AccountEntity", account_body),
        ("CostCenterEntity", cost_center_body),
        ("ProjectEntityV2", project_body),
        ("PaymentTermEntity", payment_term_body),
    ):
        body = write(record, publication, "CODE-1")
        official(schema).validate(json.loads(body))
        assert body.decode().isprintable()


@settings(max_examples=60)
@given(message=st.text(max_size=600), success=st.booleans(), source=TEXT)
def test_any_message_becomes_one_that_basware_takes(
    official: Callable[[str], Any], message: str, success: bool, source: str
) -> None:
    body = json.loads(transfer(TransferReport(success=success, message=message), source_system=source))
    official("TransferResponseEntity").validate(body)
    assert "\n" not in body["responseMessage"]


def test_a_long_message_ends_with_dots() -> None:
    body = json.loads(transfer(TransferReport(success=False, message="word " * 100)))
    assert len(body["responseMessage"]) <= 250
    assert body["responseMessage"].endswith("word wo...")


def test_a_voucher_number_is_refused_rather_than_cut() -> None:
    with pytest.raises(WireLimit, match="voucherNumber1"):
        transfer(replace(SUCCESS, voucher_number_1="x" * 26))


def test_an_external_code_is_refused_rather_than_cut() -> None:
    with pytest.raises(WireLimit, match="externalCode"):
        transfer(SUCCESS, external_code="x" * 37)
    with pytest.raises(WireLimit, match="externalCode"):
        payment(PAID, external_code="")


def test_a_failure_carries_no_voucher_numbers() -> None:
    assert "voucherNumber1" not in json.loads(transfer(replace(SUCCESS, success=False)))


@pytest.mark.parametrize("state", [PAID, UNPAID])
def test_a_payment_leaves_out_nothing_that_would_be_cleared(state: PaymentState) -> None:
    body = json.loads(payment(state, keep=PaymentFields(payment_message="RF18")))
    always = {"paymentTermCode", "paymentMethod", "paymentBlock", "paidTotal", "cashDiscount", "paymentDate"}
    assert always | {"checkNumber", "paymentNumber", "paymentMessage"} <= body.keys()


def test_the_invoice_s_own_payment_method_is_kept() -> None:
    assert json.loads(payment(PAID, keep=PaymentFields(payment_method="WIRE")))["paymentMethod"] == "WIRE"
    assert json.loads(payment(PAID, keep=PaymentFields()))["paymentMethod"] == "Check"


@given(st.decimals(min_value=0, max_value=Decimal("9999999999999.99"), places=2))
def test_an_amount_paid_is_written_to_the_cent(paid: Decimal) -> None:
    body = payment(replace(PAID, paid=paid)).decode()
    assert json.loads(body, parse_float=Decimal)["paidTotal"] == paid


@pytest.mark.parametrize("paid", [Decimal("0.001"), Decimal("99999999999999999.99")])
def test_an_amount_that_cannot_be_said_exactly_is_refused(paid: Decimal) -> None:
    with pytest.raises((WireLimit, InexactAmount)):
        payment(replace(PAID, paid=paid))
    with pytest.raises(WireLimit):
        number("cashDiscount", Decimal("NaN"))


def test_a_code_is_refused_rather_than_cut() -> None:
    with pytest.raises(WireLimit, match="vendorCode"):
        vendor_body(VENDOR, PUBLICATION, "x" * 26)
    with pytest.raises(WireLimit, match="accountCode"):
        account_body(a_record(ListKind.ACCOUNT), PUBLICATION, "")


@pytest.mark.parametrize(
    "changes", [{"company_codes": ()}, {"company_codes": ("x" * 33,)}, {"source_system": "x" * 37}]
)
def test_a_publication_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NeedsOperator):
        replace(PUBLICATION, **changes)


def test_the_external_code_is_readable_where_it_fits_and_never_changes() -> None:
    list_id = ListId("80000012-1700000001")
    assert PUBLICATION.external_code(list_id) == "US10-80000012-1700000001"
    long = replace(PUBLICATION, company_codes=("A-COMPANY-CODE-OF-31-CHARACTERS",)).external_code(list_id)
    assert len(long) == 36
    assert long == replace(PUBLICATION, company_codes=("A-COMPANY-CODE-OF-31-CHARACTERS",)).external_code(list_id)


def test_a_name_of_one_letter_is_padded() -> None:
    names = json.loads(cost_center_body(ONE_LETTER, PUBLICATION, "A"))["costCenterNames"]
    assert names == [{"language": "en-US", "translation": "A (class)"}]


def test_a_long_project_name_keeps_its_end() -> None:
    body = json.loads(project_body(a_record(ListKind.CUSTOMER, full_name="Acme:" * 30 + "Refit"), PUBLICATION, "P"))
    assert len(body["projectName"]) <= 100
    assert body["projectName"].startswith("...")
    assert body["projectName"].endswith(":Refit")


def test_a_closed_job_is_no_longer_offered() -> None:
    body = json.loads(project_body(a_record(ListKind.CUSTOMER, job_status="Closed"), PUBLICATION, "P"))
    assert [company["active"] for company in body["companies"]] == [False, False]


def test_terms_without_days_are_due_at_once() -> None:
    body = json.loads(payment_term_body(a_record(ListKind.TERMS), PUBLICATION, "NOW"))
    assert (body["dueDateCalc"], body["dueDateDays"], body["cashDueDateCalc"]) == (1, 0, 0)


@pytest.mark.parametrize("write", [vendor_body, account_body, cost_center_body, project_body, payment_term_body])
def test_every_touch_changes_the_record_and_nothing_else_does(write: Callable[..., bytes]) -> None:
    record = a_record(ListKind.VENDOR)
    bodies = [write(record, replace(PUBLICATION, touch=touch), "CODE") for touch in (0, 1, 2)]
    assert len(set(bodies)) == 3
    assert write(record, PUBLICATION, "CODE") == bodies[0]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("AR@Example.com", "ar@example.com"),
        ("a@x.example, b@x.example", "a@x.example"),
        ("Jane <jane@x.example>; b@x.example", "jane@x.example"),
        ("none", ""),
        ("", ""),
        ("x" * 200 + "@y", ""),
        ("ap@x.example\x7f", "ap@x.example"),
        ("İ" * 198 + "@y", ""),
    ],
)
def test_the_first_email_is_taken_in_lower_case(text: str, email: str) -> None:
    assert first_email(text) == email


@given(st.text(max_size=300), st.integers(4, 250))
def test_prose_and_tail_keep_to_their_length_and_to_one_line(text: str, most: int) -> None:
    for cut in (prose(text, most), tail(text, most)):
        assert len(cut) <= most
        assert cut.isprintable()
        assert cut == cut.strip()


def test_what_is_written_is_compact_utf_8() -> None:
    body = account_body(a_record(ListKind.ACCOUNT, full_name="Büro"), PUBLICATION, "6100")
    assert "Büro".encode() in body
    assert b": " not in body

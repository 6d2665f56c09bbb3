"""A program does by the API what people do in the console; what it is answered is what the description says."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from program import Program

from ml_connector.core.roles import Role
from ml_connector.core.scopes import Scope
from ml_connector.core.states import State
from ml_connector.flows import alert_matters
from ml_connector.flows.alert_ways import AlertWays
from ml_connector.messaging.mail import Letter
from ml_connector.store.models import AlertMessage, AuditEntry
from restored_file import an_invoice_that_a_restored_file_lost
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def letters(world: World, tmp_path: Path) -> list[Letter]:
    taken: list[Letter] = []

    class Mailer:
        def send(self, letter: Letter) -> None:
            taken.append(letter)

    world.surroundings.ways = AlertWays(
        own_url="https://connector.example", home=tmp_path, mailer=Mailer(), ask=lambda *call: (204, b"")
    )
    return taken


def test_an_invoice_is_followed_from_basware_to_the_bill(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    invoice = world.basware.approves()
    world.run_until_idle()
    (listed,) = clerk.gets("documents", q=invoice.number)["documents"]
    found = clerk.gets(f"documents/{listed['id']}")
    assert found["state"] == State.CONFIRMED and found["txn_id"] == world.quickbooks.txn_id(invoice)
    assert found["sides"]["agrees"] and found["sides"]["basware_total"] == found["gross"]
    assert {"received", "added", "confirmed"} <= {chapter["event"] for chapter in found["story"]}
    said = next(chapter["exchange"] for chapter in found["story"] if chapter["exchange"])
    assert clerk.gets(f"documents/{found['id']}/said/{said}")["system"] in {
        "Basware",
        "basware",
        "QuickBooks",
        "quickbooks",
    }


def test_a_blocked_invoice_is_mapped_and_goes_on(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    invoice = world.basware.approves(supplierCode="NOBODY-KNOWS", supplierName="Nobody Knows Ltd")
    world.run_until_idle()
    assert world.connector.state(invoice) == State.BLOCKED
    (group,) = clerk.gets("inbox")["groups"]
    assert group["cause"] == "MLC-VENDOR-01" and group["documents"] == 1
    opened = clerk.gets("inbox/MLC-VENDOR-01")
    assert opened["documents"][0]["invoice_number"] == invoice.number and opened["documents"][0]["says"]
    mapping = clerk.gets("mapping", kind="vendor")
    assert [one["code"] for one in mapping["unmapped"]] == ["NOBODY-KNOWS"] and mapping["missing"] == {"vendor": 1}
    vendor = clerk.gets("lists/main/vendor")["entries"][0]
    assert clerk.gets("mapping/code", kind="vendor", code="NOBODY-KNOWS", q=vendor["name"][:5])["hits"]
    clerk.does("PUT", "mapping/code", {"kind": "vendor", "code": "NOBODY-KNOWS", "target": vendor["list_id"]})
    world.run_until_idle()
    assert world.connector.state(invoice) == State.CONFIRMED
    assert clerk.gets("mapping/history")["versions"][0]["by"] == f"{clerk.user} (API, nightly)"
    assert "NOBODY-KNOWS" in clerk.asks("GET", "mapping/file").body.decode("utf-8-sig")
    clerk.does("POST", "mapping/undo/1", {})
    assert clerk.gets("mapping", kind="vendor")["rules"] == []
    planned = clerk.does("POST", "mapping/file", {"text": "kind,code,target\nvendor,X-1,IGNORE\n", "plan": True})
    assert planned["taken"] == 0 and planned["lines"][0]["problem"]


def test_each_act_on_a_document_is_done_and_stands_in_its_story_with_the_program(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    first = world.basware.approves(paymentBlock=True)
    second = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    number = world.connector.document(first).pk
    clerk.does("POST", f"documents/{number}/note", {"words": "asked the supplier"})
    assert clerk.user is not None
    clerk.does("POST", f"documents/{number}/assign", {"person": clerk.user.name})
    assert clerk.gets("inbox", view="mine")["groups"][0]["assigned"] == 1
    assert clerk.does("POST", f"documents/{number}/skip", {"reason": "paid by card"})["state"] == State.SKIPPED
    assert clerk.does("POST", f"documents/{number}/retry", {})["id"] == number
    refused = clerk.asks("POST", f"documents/{number}/link", {"txn_id": "none"})
    assert refused.status == 409 and "TxnID" in refused.error
    given_up = clerk.does(
        "POST", f"documents/{world.connector.document(second).pk}/give-up", {"reason": "wrong supplier"}
    )
    assert given_up["state"] == State.GIVEN_UP
    world.run_until_idle()
    assert world.connector.state(second) == State.RETURNED
    assert AuditEntry.objects.filter(document=number, actor__endswith="(API, nightly)").count() >= 4
    assert clerk.gets("inbox/resolved")["documents"]


def test_a_number_stands_for_one_document_and_never_for_an_invoice_that_is_called_so(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    invoice = world.basware.approves(paymentBlock=True, invoiceNumber="4711")
    world.run_until_idle()
    assert world.connector.document(invoice).invoice_number == "4711"
    refused = clerk.asks("POST", "documents/4711/skip", {"reason": "a test"})
    assert refused.status == 409 and refused.error == "There is no document 4711; the list of documents has its number."
    assert clerk.asks("GET", "documents/4711").status == 409 and world.connector.state(invoice) == State.BLOCKED


def test_a_call_that_is_repeated_because_its_answer_was_lost_does_nothing_twice(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    given_up, skipped, mended = (world.basware.approves(paymentBlock=True) for _ in range(3))
    world.run_until_idle()
    numbers = [world.connector.document(invoice).pk for invoice in (given_up, skipped, mended)]
    said = [
        clerk.asks("POST", f"documents/{numbers[0]}/give-up", {"reason": "wrong supplier"}).status for _ in range(2)
    ]
    assert said == [200, 409]
    plan = clerk.does("POST", "replays", {"act": "skip", "numbers": [numbers[1]]})
    ran = [
        clerk.asks("POST", f"replays/{plan['id']}/run", {"documents": 1, "words": "a test"}).status for _ in range(2)
    ]
    assert ran == [200, 409]
    Program(world, Role.ADMIN).does("PATCH", "connections/main", {"settings": {"post_payment_blocked": "yes"}})
    for _ in range(3):
        clerk.asks("POST", f"documents/{numbers[2]}/retry", {})
    world.run_until_idle()
    for _ in range(2):
        clerk.asks("POST", f"documents/{numbers[2]}/retry", {})
    world.run_until_idle()
    assert len(world.basware.heard_about(given_up)) == 1 and world.connector.state(skipped) == State.SKIPPED
    assert len(world.quickbooks.documents_for(mended)) == 1 and world.quickbooks.duplicates() == []
    assert world.quickbooks.documents_for(given_up) == world.quickbooks.documents_for(skipped) == []


def test_many_are_planned_first_and_run_once_the_number_is_named(world: World) -> None:
    clerk = Program(world, Role.CLERK)
    for _ in range(3):
        world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    plan = clerk.does("POST", "replays", {"act": "skip", "cause": "MLC-BLOCK-01"})
    assert plan["would_run"] == 3 and plan["stage"] == "planned"
    part = plan["parts"][0]
    assert len(clerk.gets(f"replays/{plan['id']}/{part['outcome']}", code=part["code"])["documents"]) == 3
    refused = clerk.asks("POST", f"replays/{plan['id']}/run", {"documents": 2, "words": "a test"})
    assert refused.status == 409
    ran = clerk.does("POST", f"replays/{plan['id']}/run", {"documents": 3, "words": "a test"})
    assert ran["left_out"] == [] and {row["state"] for row in clerk.gets("documents")["documents"]} == {State.SKIPPED}
    assert clerk.gets("replays")["replays"][0]["id"] == plan["id"] == clerk.gets(f"replays/{plan['id']}")["id"]


def test_two_programs_of_one_person_are_one_person_where_two_are_wanted(world: World) -> None:
    admin, controller = Program(world, Role.ADMIN), Program(world, Role.CONTROLLER)
    admin.does("PATCH", "connections/main", {"settings": {"mapping_approval": "yes"}})
    vendor = controller.gets("lists/main/vendor")["entries"][0]
    controller.does("PUT", "mapping/code", {"kind": "vendor", "code": "77-NEW", "target": vendor["list_id"]})
    (proposal,) = controller.gets("mapping/proposals")
    own = controller.asks("POST", "mapping/decide", {"numbers": [proposal["id"]], "approve": True})
    assert own.status == 409 and controller.gets("mapping", kind="vendor")["rules"] == []
    admin.does("POST", "mapping/decide", {"numbers": [proposal["id"]], "approve": True})
    assert [rule["code"] for rule in admin.gets("mapping", kind="vendor")["rules"]] == ["77-NEW"]


def test_a_month_is_signed_as_it_was_looked_at(world: World) -> None:
    controller = Program(world, Role.CONTROLLER)
    world.basware.approves()
    world.run_until_idle()
    period = f"{world.clock.now():%Y-%m}"
    found = controller.gets("reconciliation", month=period)
    other = controller.asks("POST", "reconciliation/sign", {"month": period, "digest": "of other figures"})
    assert other.status == 409
    unseen = controller.asks("POST", "reconciliation/sign", {"month": period, "digest": ""})
    assert unseen.status == 409 and "looked at" in unseen.error, "nobody signs figures without having looked at them"
    sent = {"month": period, "digest": found["digest"], "remark": "" if found["agrees"] else "as it stands"}
    assert controller.does("POST", "reconciliation/sign", sent)["signed_by"] == f"{controller.user} (API, nightly)"
    assert controller.gets("reconciliation", month=period)["changed_since"] == 0
    assert controller.gets("reconciliation/documents", month=period)["documents"] == []
    sheet = controller.asks("GET", "reconciliation/sheet.csv", month=period)
    assert sheet.headers["content-type"].startswith("text/csv") and b"Basware" in sheet.body


def test_payments_lists_and_the_first_page_are_read(world: World) -> None:
    controller = Program(world, Role.CONTROLLER)
    invoice = world.basware.approves()
    world.run_until_idle()
    world.quickbooks.pays(invoice)
    world.run_until_idle()
    (payment,) = controller.gets("payments")["payments"]
    assert payment["invoice_number"] == invoice.number
    lists = {one["kind"]: one for one in controller.gets("lists")}
    assert lists["vendor"]["entries"] == sum(lists["vendor"]["standing"].values()) > 0
    entry = controller.gets("lists/main/vendor")["entries"][0]
    assert controller.gets(f"lists/main/vendor/{entry['list_id']}")["fields"]
    controller.does("POST", f"lists/main/vendor/{entry['list_id']}/send")
    assert controller.does("POST", "lists/main/send", {"kind": "vendor"}) == {"resent": 0}
    controller.does("POST", "lists/main/read", {})
    overview = controller.gets("overview")
    assert len(overview["charts"]) >= 4 and {total["name"] for total in overview["totals"]} >= {"Done"}
    saved = controller.does("POST", "views", {"name": "done", "state": ["paid"]})
    assert controller.gets("views") == [saved]
    controller.does("DELETE", f"views/{saved['number']}")
    assert controller.gets("views") == []


def test_the_trail_is_searched_taken_along_and_verified(world: World) -> None:
    auditor = Program(world, Role.AUDITOR)
    world.basware.approves()
    world.run_until_idle()
    found = auditor.gets("audit", event="added")
    assert found["connection"] == "main" and {entry["event"] for entry in found["entries"]} == {"added"}
    entry = auditor.gets(f"audit/{found['entries'][0]['id']}")
    assert entry["exchange"] is not None and "BillAdd" in entry["exchange"]["request"]
    export = auditor.asks("POST", "audit/export", {"event": "added"})
    assert {"manifest.json"} < set(zipfile.ZipFile(io.BytesIO(export.body)).namelist())
    assert b"def " in auditor.asks("GET", "audit/verifier").body
    check = auditor.does("POST", "audit/checks", {})
    while not check["ended"]:
        check = auditor.does("POST", f"audit/checks/{check['number']}")
    assert check["ok"] is True and auditor.gets(f"audit/checks/{check['number']}") == check


def test_a_connection_is_looked_at_tested_changed_and_paused(world: World) -> None:
    admin = Program(world, Role.ADMIN)
    assert [one["name"] for one in admin.gets("connections")] == ["main"]
    assert admin.does("POST", "connections/main/check")["ok"] and admin.gets("connections/main/check")["left"] == []
    assert admin.does("PATCH", "connections/main", {"settings": {"page_size": 50}})["changed"]
    found = admin.gets("connections/main")
    assert found["settings"]["page_size"] == 50 and "sandbox-secret" not in str(found)
    admin.does("POST", "connections/main/pause", {"reason": "stocktaking"})
    assert admin.gets("connections/main")["pause_reason"] == "stocktaking"
    admin.does("POST", "connections/main/resume")
    assert b"<?xml" in admin.asks("GET", "connections/main/qwc").body
    assert admin.does("POST", "connections/main/password")["web_connector_user"] == world.connector.row().qb_user
    assert admin.gets("connections/main/onboarding")["next"] == "company"
    admin.does("POST", "connections/main/company", {"right": True})
    assert {stage["key"]: stage["done"] for stage in admin.gets("connections/main/onboarding")["stages"]}["company"]
    admin.does("POST", "connections/main/dry-run")
    world.basware.approves()
    world.fetches()
    world.polls()
    world.works()
    trial = admin.gets("connections/main/trial")
    assert [one["sides"]["agrees"] for one in trial["documents"]] == [True]
    admin.does("POST", "connections/main/trial/again")
    company = world.connector.row().company_name
    assert admin.asks("POST", "connections/main/live", {"company": "another"}).status == 409
    admin.does("POST", "connections/main/live", {"company": company})
    assert not admin.gets("connections/main")["dry_run"]
    made = admin.does(
        "POST", "connections",
        {"name": "second", "base_url": "https://test-api.basware.com", "company_codes": ["ZZ99"], "client_id": "id",
         "client_secret": "a secret", "settings": {"time_zone": "America/Denver"}},
    )  # fmt: skip
    assert made["password"] and admin.gets("connections/second")["dry_run"]
    assert admin.gets("system")["facts"]


def test_what_a_restored_company_file_lost_is_entered_again(world: World) -> None:
    admin = Program(world, Role.ADMIN)
    invoice = an_invoice_that_a_restored_file_lost(world)
    found = admin.gets("connections/main/restored")
    assert found["stopped"] and [one["invoice_number"] for one in found["documents"]] == [invoice.number]
    assert admin.asks("POST", "connections/main/restored", {"repost": True, "documents": 7}).status == 409
    admin.does("POST", "connections/main/restored", {"repost": True, "documents": 1})
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["200.00"]


def test_people_are_let_in_changed_and_let_in_no_more(world: World) -> None:
    admin = Program(world, Role.ADMIN)
    made = admin.does("POST", "users", {"name": "carla", "role": "clerk", "email": "carla@acme.example"})
    assert made["link"].startswith("https://") and "/console/sign-in/" in made["link"]
    changed = admin.does("PATCH", "users/carla", {"role": "controller", "email": "c@acme.example"})
    assert (changed["role"], changed["email"], changed["active"]) == ("controller", "c@acme.example", True)
    half = admin.asks("PATCH", "users/carla", {"role": "admin", "email": "no address"})
    assert half.status == 409 and admin.gets("users/carla")["role"] == "controller", "all of it is done, or nothing"
    assert admin.does("POST", "users/carla/link")["link"] != made["link"]
    admin.does("PATCH", "users/carla", {"active": False})
    found = admin.gets("users/carla")
    assert not found["active"] and found["history"][0]["actor"] == f"{admin.user} (API, nightly)"
    assert [one["name"] for one in admin.gets("users")["people"]] == [str(admin.user), "carla"]
    assert admin.asks("PATCH", f"users/{admin.user}", {"active": False}).status == 409, "somebody must keep the keys"
    clerk = Program(world, Role.CLERK)
    (token,) = admin.gets(f"users/{clerk.user}")["tokens"]
    admin.does("DELETE", f"users/{clerk.user}/tokens/{token['number']}")
    assert clerk.asks("GET", "me").status == 401


def test_alerts_are_made_tested_and_looked_through(world: World, letters: list[Letter]) -> None:
    clerk = Program(world, Role.CLERK)
    world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    alert_matters.look(world.connector.row(), world.clock.now())
    (matter,) = clerk.gets("alerts/now")
    assert matter["kind"] == "held_up" and matter["address"].startswith("https://connector.example/console/inbox/")
    rule = clerk.does("POST", "alerts/rules", {"name": "mine", "kinds": ["held_up"]})
    assert clerk.does("POST", f"alerts/rules/{rule['number']}/test")["state"] == "sent" and len(letters) == 1
    clerk.does("PUT", f"alerts/rules/{rule['number']}", {"name": "mine", "kinds": ["held_up"], "cadence": "daily"})
    assert clerk.gets(f"alerts/rules/{rule['number']}")["cadence"] == "daily"
    assert not clerk.does("POST", f"alerts/rules/{rule['number']}/turn", {"on": False})["on"]
    (message,) = clerk.gets("alerts/messages")
    AlertMessage.objects.update(state="given up")
    assert clerk.does("POST", f"alerts/messages/{message['number']}/again")["state"] == "sent"
    assert clerk.gets(f"alerts/messages/{message['number']}")["text"].startswith("This is a test")
    assert clerk.asks("POST", f"alerts/rules/{rule['number']}/secret", {}).status == 409
    other = Program(world, Role.CONTROLLER)
    assert other.asks("GET", f"alerts/rules/{rule['number']}").status == 409 and other.gets("alerts/rules") == []
    clerk.does("DELETE", f"alerts/rules/{rule['number']}")
    assert clerk.gets("alerts/rules") == []


def test_a_program_that_only_reads_is_kept_from_writing(world: World) -> None:
    invoice = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    reader = Program(world, Role.CONTROLLER, Scope.READ)
    number = world.connector.document(invoice).pk
    refused = reader.asks("POST", f"documents/{number}/skip", {"reason": "a test"})
    assert refused.status == 403 and "does not have the scope work" in refused.error
    assert world.connector.state(invoice) == State.BLOCKED

"""The mapping editor: what is missing first, suggestions, versions, a second person, and files."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.books import ListKind
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.flows import connections, mapping_changes, mapping_desk, mappings
from ml_connector.store.models import AuditEntry, ListEntry, MappingChange, MissingCode
from world import World

pytestmark = pytest.mark.both_databases

_ANN, _BOB = "ann (console)", "bob (console)"
_ACCOUNT = "/console/mapping/code?connection=main&kind=account&code=9999-OLD"


@pytest.fixture
def clerk(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CLERK)


def _coded(world: World, *accounts: str, gross: str = "120.00", **invoice: object) -> Approved:
    lines = [{"gross": gross if n == 0 else "0.00", "account": account} for n, account in enumerate(accounts)]
    return world.basware.approves(gross=gross, lines=lines, **invoice)


def _missing(world: World, kind: ListKind = ListKind.ACCOUNT) -> dict[str, tuple[int, list[str], int]]:
    listed, _ = mapping_desk.unmapped(world.connector.row(), kind)
    return {one.code: (one.freed.count, [str(s.amount) for s in one.freed.sums], one.freed.still) for one in listed}


def _means(world: World, code: str = "9999-OLD") -> str:
    return next((rule.target_name for rule in mappings.rules(world.connector.row()) if rule.code == code), "")


def _approval(world: World) -> None:
    connections.change(world.surroundings, world.connector.row(), "ada", settings={"mapping_approval": "yes"})


def test_missing_codes_come_with_what_mapping_them_sets_free(world: World, clerk: Visitor) -> None:
    _coded(world, "9999-OLD"), _coded(world, "9999-OLD", gross="30.00"), _coded(world, "9999-OLD", "7001")
    world.basware.approves(supplierCode="SUP-9", supplierName="Nobody Knows Ltd")
    world.run_until_idle()
    assert _missing(world) == {"9999-OLD": (2, ["150.00"], 1), "7001": (0, [], 1)}
    text = clerk.get("/console/mapping?kind=account").text
    assert text.index("9999-OLD") < text.index(">7001<") and "150.00 USD" in text
    assert "Nobody Knows Ltd" in clerk.get("/console/mapping?kind=vendor").text


def test_what_is_missing_follows_the_documents(world: World) -> None:
    one, two = _coded(world, "9999-OLD"), _coded(world, "7001")
    world.run_until_idle()
    world.connector.skips(one, "paid by card")
    assert set(_missing(world)) == {"7001"}
    world.connector.retries(one)
    world.run_until_idle()
    assert set(_missing(world)) == {"7001", "9999-OLD"}
    world.connector.maps("account", "7001", "6110")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(two) == ["120.00"]
    assert [row.code for row in MissingCode.objects.all()] == ["9999-OLD"]


def test_a_supplier_is_suggested_by_its_name_and_taken_with_one_button(world: World, clerk: Visitor) -> None:
    vendor = world.firm.vendor_named("Q")
    invoice = world.basware.approves(supplierCode="SUP-1", supplierName=vendor.name)
    world.run_until_idle()
    page = "/console/mapping?kind=vendor"
    text = clerk.get(page).text
    assert "equal name, 100 of 100" in text
    suggested = re.search(r'name="target" value="([^"]+)"', text)
    assert suggested is not None and suggested[1] == vendor.list_id
    answer = clerk.send(
        "/console/mapping/save", page, connection="main", kind="vendor", code="SUP-1", target=suggested[1]
    )
    assert answer.location.startswith("/console/mapping/freed")
    assert "See what would be entered" in clerk.get(answer.location).text
    plan = clerk.send(
        "/console/replay/plan", answer.location, act="retry", connection="main", waits_kind="vendor", waits_code="SUP-1"
    )
    assert "Would be entered" in clerk.get(plan.location).text
    world.run_until_idle()
    assert world.quickbooks.documents_for(Approved({**invoice.document, "supplierCode": vendor.list_id}))
    assert "Nothing waits for it any more" in clerk.get(answer.location).text


def test_an_inactive_entry_is_neither_suggested_nor_taken(world: World, clerk: Visitor) -> None:
    vendor = world.firm.vendor_named("Q")
    world.basware.approves(supplierCode="SUP-1", supplierName=vendor.name)
    world.run_until_idle()
    ListEntry.objects.filter(list_id=vendor.list_id).update(active=False)
    assert vendor.list_id not in clerk.get("/console/mapping?kind=vendor").text
    form = {"connection": "main", "kind": "vendor", "code": "SUP-1", "target": vendor.list_id}
    answer = clerk.send("/console/mapping/save", "/console/mapping", **form)
    assert answer.status == 409 and "is inactive in QuickBooks" in answer.text
    assert mappings.rules(world.connector.row()) == []


def test_a_clerk_looks_for_an_entry_and_maps_a_code_to_it(world: World, clerk: Visitor) -> None:
    invoice = _coded(world, "9999-OLD")
    world.run_until_idle()
    assert "9999-OLD" in clerk.get("/console/inbox/MLC-ACCOUNT-01").text
    lumber = ListEntry.objects.get(kind="account", code="6110")
    assert f'value="{lumber.list_id}"' in clerk.get(f"{_ACCOUNT}&q=6110").text
    assert "No active account has this number" in clerk.get(f"{_ACCOUNT}&q=nothing+of+the+kind").text
    form = {"connection": "main", "kind": "account", "code": "9999-OLD"}
    assert clerk.send("/console/mapping/save", _ACCOUNT, **form).status == 409
    assert clerk.send("/console/mapping/save", _ACCOUNT, **form, target="IGNORE").status == 409
    assert clerk.send("/console/mapping/save", _ACCOUNT, **form, target=lumber.list_id).status == 302
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert clerk.send("/console/mapping/save", _ACCOUNT, **form, target="REMOVE").status == 302
    assert mappings.rules(world.connector.row()) == []
    entry = AuditEntry.objects.filter(event="mapping").order_by("seq").first()
    assert entry is not None and entry.actor.endswith("(console)") and "account 9999-OLD means" in entry.words


def test_every_change_is_a_version_that_can_be_taken_back(world: World, clerk: Visitor) -> None:
    world.connector.maps("account", "9999-OLD", "6110")
    first = world.connector.row().mapping_version
    before = _means(world)
    world.connector.maps("account", "9999-OLD", "6120")
    after = _means(world)
    text = clerk.get("/console/mapping/history?connection=main").text
    assert f"Version {first}" in text and before in text and after in text
    with pytest.raises(NeedsOperator, match="changed since"):
        mapping_changes.take_back(world.surroundings, world.connector.row(), first, _ANN)
    undo = f"/console/mapping/undo/{first + 1}?connection=main"
    assert clerk.get(undo).status == 200
    assert _means(world) == after
    assert clerk.send(undo, connection="main").status == 302
    assert _means(world) == before
    assert clerk.send(f"/console/mapping/undo/{first}?connection=main", connection="main").status == 302
    assert _means(world) == ""
    assert world.connector.row().mapping_version == first + 3 and world.audit_chain_holds()


def test_a_change_that_needs_a_second_person_changes_nothing_until_that_person_approves(world: World) -> None:
    invoice = _coded(world, "9999-OLD")
    world.run_until_idle()
    _approval(world)
    row = world.connector.row()
    said = mappings.set_rule(world.surroundings, row, ListKind.ACCOUNT, "9999-OLD", "6110", _ANN)
    assert said.startswith("Proposed") and mappings.rules(row) == []
    world.run_until_idle()
    assert world.connector.state(invoice) == "blocked"
    number = MappingChange.objects.get().pk
    with pytest.raises(NeedsOperator, match="another person"):
        mapping_changes.approve(world.surroundings, row, [number], "ann (command line)")
    boss = Visitor(world).comes_in_as(Role.CONTROLLER)
    page = "/console/mapping/proposals?connection=main"
    assert "ann (console)" in boss.get(page).text
    assert boss.send("/console/mapping/decide", page, connection="main", decision="approve").status == 409
    form = {"connection": "main", "decision": "approve", "number": str(number)}
    assert boss.send("/console/mapping/decide", page, **form).status == 302
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    entry = AuditEntry.objects.filter(event="mapping").get()
    assert "Proposed by ann (console), approved by controller-" in entry.words
    assert boss.send("/console/mapping/decide", page, **form).status == 409


def test_what_a_second_person_refuses_or_a_newer_proposal_replaces_is_kept_and_changes_nothing(world: World) -> None:
    _approval(world)
    row = world.connector.row()
    for target in ("6110", "6120"):
        mappings.set_rule(world.surroundings, row, ListKind.ACCOUNT, "9999-OLD", target, _ANN)
    (waiting,) = MappingChange.objects.filter(stage="proposed")
    assert "Refused: 1 change" in mapping_changes.refuse(world.surroundings, row, [waiting.pk], _BOB)
    assert mappings.rules(row) == [] and MappingChange.objects.filter(stage="refused").count() == 2
    assert AuditEntry.objects.filter(event="mapping_refused").get().actor == _BOB
    with pytest.raises(NeedsOperator, match="decided on one"):
        mapping_changes.approve(world.surroundings, row, [waiting.pk], _BOB)


def test_a_file_shows_what_it_changes_before_it_does(world: World, clerk: Visitor) -> None:
    _coded(world, "9999-OLD")
    world.run_until_idle()
    text = clerk.get("/console/mapping/file?connection=main").text
    assert "account,9999-OLD,,\n" in text
    filled = text.replace("account,9999-OLD,,", "account,9999-OLD,6110,") + "class,DIV-77,IGNORE,\n"
    page = "/console/mapping/import?connection=main"
    plan = clerk.send(page, connection="main", text=filled).text
    assert "2 mappings change;" in plan and "not mapped" in plan and mappings.rules(world.connector.row()) == []
    wrong = clerk.send(page, connection="main", text=filled + "vendor,X,no such vendor,\n")
    assert "1 line cannot be taken" in wrong.text and "Line 4" in wrong.text and "Take 2" not in wrong.text
    assert clerk.send(page, connection="main", text=filled, confirmed="1").status == 302
    assert {rule.code for rule in mappings.rules(world.connector.row())} == {"9999-OLD", "DIV-77"}
    (version,), _ = mapping_desk.versions(world.connector.row())
    assert (version.count, version.how) == (2, "from a file")
    assert clerk.send(page, connection="main", text="no columns").status == 409
    assert clerk.send(page, connection="main", text=" ").status == 409


def test_rules_whose_entry_is_gone_stand_apart_and_rules_are_found_by_code_and_name(
    world: World, clerk: Visitor
) -> None:
    world.connector.maps("account", "9999-OLD", "6110")
    world.connector.maps("account", "7001", "6120")
    ListEntry.objects.filter(kind="account", code="6120").update(active=False)
    text = clerk.get("/console/mapping?kind=account").text
    assert "Mapped to what is no longer there" in text and "Inactive in QuickBooks" in text
    found = clerk.get("/console/mapping?kind=account&q=Lumber").text
    assert "Change: 9999-OLD" in found and "Change: 7001" not in found
    assert "Change: 7001" in clerk.get("/console/mapping?kind=account&q=700").text


def test_many_missing_codes_and_rules_come_in_pages_without_a_gap(world: World, clerk: Visitor) -> None:
    for n in range(30):
        _coded(world, f"X-{n:02}", gross=f"{10 + n}.00")
    world.run_until_idle()
    row = world.connector.row()
    first, more = mapping_desk.unmapped(row, ListKind.ACCOUNT)
    rest, end = mapping_desk.unmapped(row, ListKind.ACCOUNT, more)
    assert [one.code for one in (*first, *rest)] == [f"X-{n:02}" for n in range(30)] and end is None
    for n in range(30):
        world.connector.maps("account", f"X-{n:02}", "6110")
    text = clerk.get("/console/mapping?kind=account").text
    following = re.search(r'rel="next" href="(\?[^"]*after=[^"]+)"', text)
    assert following is not None
    found = re.findall(
        r"Change: (X-\d+)", text + clerk.get("/console/mapping" + following[1].replace("&amp;", "&")).text
    )
    assert found == [f"X-{n:02}" for n in range(30)]


def test_an_unknown_kind_or_connection_is_said(clerk: Visitor) -> None:
    for query in ("kind=nonsense", "connection=other"):
        assert clerk.get(f"/console/mapping?{query}").status == 409
    assert clerk.get("/console/mapping/undo/99?connection=main").status == 409

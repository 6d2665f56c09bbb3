"""The error inbox: what is held up by cause, who takes care of it, and how it empties by itself."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.causes import cause_of
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.faults import REGISTER
from ml_connector.core.roles import Role
from ml_connector.flows import inbox, operator, people
from ml_connector.store.models import AuditEntry
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def clerk(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CLERK)


def _unmapped(world: World, gross: str = "120.00", **invoice: object) -> Approved:
    return world.basware.approves(gross=gross, lines=[{"gross": gross, "account": "9999-OLD"}], **invoice)


def _groups() -> dict[str, tuple[int, list[tuple[str, str]]]]:
    return {
        group.cause.code: (group.count, [(entry.currency, f"{entry.amount:.2f}") for entry in group.sums])
        for group in inbox.groups()
    }


def test_every_fault_code_has_a_sentence_for_a_group() -> None:
    unsaid = [code for code in REGISTER if cause_of(code).says == cause_of("unheard of").says]
    assert unsaid == []


def test_what_is_held_up_is_grouped_by_cause_with_its_money(world: World, clerk: Visitor) -> None:
    _unmapped(world)
    _unmapped(world, "1200.50")
    world.basware.approves(paymentBlock=True)
    world.basware.approves()
    world.run_until_idle()
    assert _groups() == {"MLC-ACCOUNT-01": (2, [("USD", "1320.50")]), "MLC-BLOCK-01": (1, [("USD", "120.00")])}
    text = clerk.get("/console/inbox").text
    assert "1,320.50 USD" in text and "QuickBooks has no account for codes in these invoices." in text
    assert "Owner: AP clerk" in text and "MLC-ACCOUNT-01" in text


def test_a_lost_answer_is_in_the_inbox_and_says_that_nobody_must_act(world: World, clerk: Visitor) -> None:
    invoice = world.basware.approves()
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    world.passes(60)
    world.polls()
    assert world.connector.state(invoice) == "in_doubt" and "in_doubt" in _groups()
    assert "Goes on by itself" in clerk.get("/console/inbox").text
    world.run_until_idle()
    assert _groups() == {}
    assert "Nothing is held up" in clerk.get("/console/inbox").text
    assert invoice.number in clerk.get("/console/inbox?view=resolved").text


def test_an_answer_that_basware_refuses_is_in_the_inbox_until_it_is_taken(world: World) -> None:
    invoice = world.basware.approves()
    world.transport.refuses = lambda path, body: path.endswith("transferResponses") or "transferResponses" in path
    world.run_until_idle(limit_s=600)
    assert _groups() == {"MLC-BW-01": (1, [("USD", "120.00")])}
    world.transport.refuses = lambda path, body: False
    world.connector.retries(invoice)
    world.run_until_idle()
    assert _groups() == {} and world.connector.document(invoice).resolved_cause == "MLC-BW-01"


def test_a_document_leaves_the_inbox_as_it_moves_on_and_comes_back_if_it_must(world: World, clerk: Visitor) -> None:
    invoice = _unmapped(world)
    world.run_until_idle()
    world.connector.skips(invoice, "paid by card")
    assert _groups() == {}
    assert "Skipped" in clerk.get("/console/inbox?view=resolved").text
    world.connector.retries(invoice)
    world.run_until_idle()
    assert list(_groups()) == ["MLC-ACCOUNT-01"]
    assert invoice.number not in clerk.get("/console/inbox?view=resolved").text
    world.connector.maps("account", "9999-OLD", "6110")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["120.00"] and _groups() == {}
    assert invoice.number in clerk.get("/console/inbox?view=resolved").text


def test_a_group_opens_to_its_documents_in_pages_without_a_gap(world: World, clerk: Visitor) -> None:
    for position in range(101):
        _unmapped(world, f"{100 + position}.00")
    world.run_until_idle()
    pages: list[list[str]] = []
    address = "/console/inbox/MLC-ACCOUNT-01"
    while address:
        text = clerk.get(address).text
        pages.append(re.findall(r'<a id="d-\d+" href="[^"]+">([^<]+)</a>', text))
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/console/inbox/MLC-ACCOUNT-01" + found[1].replace("&amp;", "&") if found else ""
    assert [len(page) for page in pages] == [50, 50, 1] and len({n for page in pages for n in page}) == 101
    back = re.search(r'rel="prev" href="([^"]+)"', text)
    assert back is not None
    text = clerk.get("/console/inbox/MLC-ACCOUNT-01" + back[1].replace("&amp;", "&")).text
    assert re.findall(r'<a id="d-\d+" href="[^"]+">([^<]+)</a>', text) == pages[1]


def test_whoever_it_is_assigned_to_finds_it_under_mine(world: World, clerk: Visitor) -> None:
    mine, other = _unmapped(world), _unmapped(world, paymentBlock=True)
    world.run_until_idle()
    zoe, _ = people.add(world.surroundings, "zoe", "clerk", "a test")
    number = world.connector.document(mine).pk
    assert '<option value="zoe"' in clerk.get(f"/console/documents/{number}/assign").text
    assert clerk.send(f"/console/documents/{number}/assign", person="zoe").status == 302
    assert [g.count for g in inbox.groups(view=inbox.MINE, person=zoe.name)] == [1]
    assert [g.count for g in inbox.groups(view=inbox.ASSIGNED)] == [1]
    assert inbox.counts("", "zoe") == {"open": 2, "assigned": 1, "mine": 1}
    assert world.connector.state(mine) == "blocked" and world.connector.document(other).assigned_to == ""
    entry = AuditEntry.objects.filter(event="assigned").get()
    assert entry.words == "Assigned to zoe." and entry.actor.endswith("(console)")
    operator.assign(world.surroundings, world.connector.document(mine), "", "a test")
    assert inbox.groups(view=inbox.MINE, person=zoe.name) == []
    assert world.audit_chain_holds()


def test_nothing_is_assigned_to_who_cannot_act(world: World) -> None:
    invoice = _unmapped(world)
    world.run_until_idle()
    people.add(world.surroundings, "max", "auditor", "a test")
    for name in ("max", "nobody-of-this-name"):
        with pytest.raises(NeedsOperator):
            operator.assign(world.surroundings, world.connector.document(invoice), name, "a test")


def test_another_connections_inbox_is_apart_and_an_unknown_one_is_said(world: World, clerk: Visitor) -> None:
    _unmapped(world)
    world.run_until_idle()
    assert "9999" not in clerk.get("/console/inbox?connection=other").text
    assert clerk.get("/console/inbox?connection=other").status == 400
    assert clerk.get("/console/inbox?view=resolved&before=nonsense").status == 400
    assert "Nothing left here" in clerk.get("/console/inbox/MLC-READ-01").text

"""The work list and the story of a document, as a person asks for them."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from desks import Approved
from ml_connector.core.roles import Role
from ml_connector.store.models import Connection
from world import World

pytestmark = pytest.mark.both_databases


def _rows(text: str) -> list[str]:
    return re.findall(r'<a id="d-\d+" href="[^"]+">([^<]+)</a>', text)


def _blocked(world: World) -> Approved:
    return world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])


@pytest.fixture
def clerk(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CLERK)


def test_filters_in_the_address_show_what_fits_them(world: World, clerk: Visitor) -> None:
    done, stuck = world.basware.approves(), _blocked(world)
    world.run_until_idle()
    name = world.connector.document(done).supplier_name
    for query, expected in {
        "": [stuck.number, done.number],
        "state=confirmed": [done.number],
        "state=Needs+mapping": [stuck.number],
        "fault=MLC-ACCOUNT-01": [stuck.number],
        "state=confirmed&state=blocked": [stuck.number, done.number],
        f"vendor={name[:4].lower()}&state=confirmed": [done.number],
        "vendor=nobody+of+this+name": [],
        "since=2000-01-01&until=2000-01-02": [],
        "since=2000-01-01": [stuck.number, done.number],
        "since=2999-01-01": [],
        "connection=main&state=blocked": [stuck.number],
    }.items():
        answer = clerk.get(f"/console/documents?{query}")
        assert (answer.status, _rows(answer.text)) == (200, expected), query
    for query in ("state=nope", "fault=MLC-X", "since=yesterday", "connection=other"):
        assert clerk.get(f"/console/documents?{query}").status == 400, query


def test_any_number_leads_to_the_story(world: World, clerk: Visitor) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    row = world.connector.document(invoice)
    request_id = next(chapter.request_id for chapter in world.connector.story(invoice) if chapter.request_id)
    for text in (row.invoice_number, row.invoice_id, row.ref_number, row.txn_id, str(row.pk), request_id):
        assert clerk.get(f"/console/documents?q={text}").location == f"/console/documents/{row.pk}", text
    answer = clerk.get(f"/console/documents?q={row.supplier_name}")
    assert answer.location == "/console/documents?vendor=" + row.supplier_name.replace(" ", "+")


def test_pages_follow_each_other_without_a_gap_in_both_directions(world: World, clerk: Visitor) -> None:
    world.basware.approves_many(120)
    world.run_until_idle()
    forward: list[list[str]] = []
    address = "/console/documents?state=confirmed"
    while address:
        text = clerk.get(address).text
        forward.append(_rows(text))
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = "/console/documents" + found[1].replace("&amp;", "&") if found else ""
    assert [len(page) for page in forward] == [50, 50, 20]
    assert len({number for page in forward for number in page}) == 120
    back = re.search(r'rel="prev" href="([^"]+)"', text)
    assert back is not None
    assert _rows(clerk.get("/console/documents" + back[1].replace("&amp;", "&")).text) == forward[1]


def test_a_saved_view_is_there_the_next_time_and_for_nobody_else(world: World, clerk: Visitor) -> None:
    clerk.send("/console/documents/views", "/console/documents?state=blocked", name="Mine", query="state=blocked&x=1")
    assert '<a href="?state=blocked">Mine</a>' in clerk.get("/console/documents").text
    assert ">Mine</a>" not in Visitor(world).comes_in_as(Role.CLERK).get("/console/documents").text


def test_the_story_shows_both_sides_what_comes_next_and_what_was_said(world: World, clerk: Visitor) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    row = world.connector.document(invoice)
    text = clerk.get(f"/console/documents/{row.pk}").text
    assert "Agree to the cent" in text and row.txn_id in text and "Goes on by itself" in text
    said = re.search(rf"/console/documents/{row.pk}/said/(\d+)", text)
    assert said is not None
    answer = clerk.get(said[0])
    assert answer.status == 200 and "SHA-256" in answer.text and "sandbox-secret" not in answer.text
    other = world.basware.approves()
    world.run_until_idle()
    number = world.connector.document(other).pk
    foreign = {chapter.exchange for chapter in world.connector.story(other)}
    assert int(said[1]) not in foreign
    assert clerk.get(f"/console/documents/{number}/said/{said[1]}").status == 404


def test_what_a_supplier_writes_is_text_and_nothing_else(world: World, clerk: Visitor) -> None:
    invoice = world.basware.approves(number="<script>alert(1)</script>")
    world.run_until_idle()
    for path in ("/console/documents", f"/console/documents/{world.connector.document(invoice).pk}"):
        assert "<script>alert" not in clerk.get(path).text


def test_each_act_asks_first_and_is_kept_with_the_person_who_did_it(world: World, clerk: Visitor) -> None:
    skipped, given_up, noted = _blocked(world), _blocked(world), _blocked(world)
    world.run_until_idle()

    def story(invoice: Approved) -> str:
        return f"/console/documents/{world.connector.document(invoice).pk}"

    assert clerk.get(f"{story(skipped)}/skip").status == 200
    assert world.connector.state(skipped) == "blocked"
    assert clerk.send(f"{story(skipped)}/skip", reason="  ").status == 409
    assert clerk.send(f"{story(skipped)}/skip", reason="paid by card").status == 302
    assert clerk.send(f"{story(given_up)}/give-up", reason="wrong supplier").status == 302
    assert clerk.send(f"{story(noted)}/note", words="Asked the supplier.").status == 302
    assert clerk.send(f"{story(noted)}/link", txn_id="not a TxnID").status == 409
    world.run_until_idle()
    assert world.connector.state(skipped) == "skipped"
    assert world.basware.heard_about(given_up) == ["failure"]
    assert world.connector.state(noted) == "blocked"
    last = world.connector.story(noted)[-1]
    assert (last.event, last.words) == ("note", "Asked the supplier.") and last.actor.endswith("(console)")
    assert clerk.send(f"{story(skipped)}/retry").status == 302
    assert world.audit_chain_holds()


def test_a_connection_that_never_polled_teaches_why(world: World, clerk: Visitor) -> None:
    assert ">Working</span>" in clerk.get("/console/connections").text
    Connection.objects.update(last_poll_at=None, last_success_at=None)
    assert "The usual reasons" in clerk.get("/console/connections").text

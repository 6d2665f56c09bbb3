"""Master data: QuickBooks against Basware, with Basware's own words per record, and a verb beside what is red."""

from __future__ import annotations

import re

import pytest
from visitor import Visitor

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import EntryStanding
from ml_connector.core.roles import Role
from ml_connector.flows import list_desk
from ml_connector.store.models import AuditEntry, Connection, ListEntry
from world import World

pytestmark = pytest.mark.both_databases

_NAME = "Zylstra Electric"


@pytest.fixture
def controller(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CONTROLLER)


def _entry(name: str = _NAME, kind: str = "vendor") -> ListEntry:
    return ListEntry.objects.get(kind=kind, full_name=name)


def _page_of(entry: ListEntry) -> str:
    return f"/console/lists/main/{entry.kind}/{entry.list_id}"


def _refused(world: World, name: str) -> frozenset[str]:
    """Rename the vendor while Basware refuses; return what makes Basware take it again."""
    known = world.outside.basware.master_data.company_codes
    world.outside.basware.master_data.company_codes = frozenset()
    world.passes(3600)
    world.quickbooks.screen.rename("Vendor", _NAME, name)
    world.run_until_idle()
    return known


def test_the_first_page_counts_every_list_by_how_its_entries_stand_and_says_when_it_was_read_and_sent(
    world: World, controller: Visitor
) -> None:
    text = controller.get("/console/lists").text
    vendors = ListEntry.objects.filter(kind="vendor", standing="equal").count()
    assert f"{vendors} In Basware</a>" in text
    assert f"complete: {len(world.firm.vendors)}" in text
    assert all(words in text for words in ("Vendors", "cost centers", "Next reading", "Next sending to Basware"))
    assert "Refused by Basware</a>" not in text and "Send all refused" not in text


def test_a_refused_record_shows_basware_s_own_words_and_can_be_sent_again_there(
    world: World, controller: Visitor
) -> None:
    known = _refused(world, "Zylstra & Sons")
    entry = _entry("Zylstra & Sons")
    words = entry.complaint
    assert "not found" in words and "1 Refused by Basware</a>" in controller.get("/console/lists").text
    listed = controller.get("/console/lists/main/vendor?standing=refused").text
    assert "Zylstra &amp; Sons" in listed and words in listed and ">Send again</button>" in listed
    one = controller.get(_page_of(entry)).text
    assert f"Basware: {words}" in one and "<strong>Next:</strong>" in one
    world.outside.basware.master_data.company_codes = known
    sent = controller.send(f"{_page_of(entry)}/send", page=_page_of(entry))
    assert (sent.status, sent.location) == (302, _page_of(entry))
    assert "is sent to Basware again" in controller.get(_page_of(entry)).text
    world.run_until_idle()
    after = controller.get(_page_of(entry)).text
    assert re.search(r'badge good">In Basware', after) and after.count("To be sent again") == 1 and words in after
    assert "(console)" in AuditEntry.objects.get(event="list_resent").actor


def test_all_that_was_refused_is_sent_again_with_one_button(world: World, controller: Visitor) -> None:
    known = _refused(world, "Zylstra & Sons")
    world.outside.basware.master_data.company_codes = known
    text = controller.get("/console/lists/main/vendor").text
    assert "Send all 1 refused again" in text
    answer = controller.send("/console/lists/send", page="/console/lists", connection="main", kind="vendor")
    assert answer.location == "/console/lists/main/vendor"
    assert "1 refused entry is sent to Basware again" in controller.get(answer.location).text
    world.run_until_idle()
    assert "Basware refused nothing" in controller.get("/console/lists/main/vendor?standing=refused").text


def test_both_sides_stand_side_by_side_and_what_is_still_to_be_sent_is_marked(
    world: World, controller: Visitor
) -> None:
    entry = _entry()
    text = controller.get(_page_of(entry)).text
    assert "Basware was last sent" in text and ">to be sent<" not in text
    terms = ListEntry.objects.get(list_id=entry.record["terms"]) if entry.record.get("terms") else None
    assert terms is None or f"{terms.full_name} ({terms.code})" in text
    world.passes(3600)
    world.quickbooks.screen.rename("Vendor", _NAME, "Zylstra & Daughters")
    world.polls()
    shown = list_desk.details(world.connector.row(), ListKind.VENDOR, entry.list_id)
    assert shown is not None
    assert [(f.label, f.quickbooks, f.basware) for f in shown.sides.fields if f.differs and f.label == "Name"] == [
        ("Name", "Zylstra & Daughters", "Zylstra Electric")
    ]
    text = controller.get(_page_of(entry)).text
    assert ">to be sent<" in text and "Changed, to be sent" in text
    assert "name Zylstra Electric -&gt; Zylstra &amp; Daughters" in text


@pytest.mark.parametrize("kind", list(ListKind), ids=str)
def test_an_entry_of_every_list_has_its_name_code_and_whether_it_is_active_on_both_sides(
    world: World, kind: ListKind
) -> None:
    entry = ListEntry.objects.filter(kind=kind, active=True).order_by("pk")[0]
    shown = list_desk.details(world.connector.row(), kind, entry.list_id)
    assert shown is not None and shown.sides.sent_at is not None
    both = {field.label: (field.quickbooks, field.basware) for field in shown.sides.fields}
    assert both["Active"] == ("yes", "yes")
    assert both["Name"][0] == entry.full_name and both["Name"][1]
    assert both["Code"][1] == entry.code
    assert not any(field.differs for field in shown.sides.fields)


def test_an_entry_is_found_by_name_number_and_list_id_in_all_lists(world: World, controller: Visitor) -> None:
    account = world.firm.account_numbered("6120")
    for text, name in (("zylSTRA", _NAME), ("6120", account.full_name), (account.list_id, account.full_name)):
        found = controller.get(f"/console/lists?q={text}").text
        assert f">{name}</a>" in found, text
    assert "Nothing is called “100%”" in controller.get("/console/lists?q=100%25").text
    assert f">{_NAME}</a>" in controller.get("/console/lists/main/vendor?q=strA").text
    assert "No account is called" in controller.get("/console/lists/main/account?q=zylstra").text


def test_a_list_is_paged_by_name_each_entry_once_and_those_first_that_need_somebody(
    world: World, controller: Visitor
) -> None:
    for number in range(60):
        world.quickbooks.screen.add_vendor(f"Added {number % 7} {number}")
    world.run_until_idle()
    _refused(world, "Zz Last")
    seen: list[str] = []
    address = "/console/lists/main/vendor"
    while address:
        text = controller.get(address).text
        seen += re.findall(r'<td data-label="Name"[^>]*><a href="[^"]*/([\w-]+)">', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = f"/console/lists/main/vendor{following[1].replace('&amp;', '&')}" if following else ""
    assert seen[0] == _entry("Zz Last").list_id
    assert len(seen) == len(set(seen)) == ListEntry.objects.filter(kind="vendor").count() > 50


def test_a_merged_vendor_leads_to_the_one_it_is_part_of_and_to_the_mapping_of_its_code(
    world: World, controller: Visitor
) -> None:
    world.basware.approves(vendor=world.firm.vendor_named(_NAME))
    world.run_until_idle()
    world.passes(3600)
    winner = world.firm.vendor_named("Q")
    world.quickbooks.screen.merge("Vendor", _NAME, winner.list_id)
    world.run_until_idle()
    invoice = world.basware.approves(vendor=world.firm.vendor_named(_NAME))
    world.run_until_idle()
    text = controller.get(_page_of(_entry())).text
    assert f'/console/lists/main/vendor/{winner.list_id}">Q</a> now' in text and "Map its code" in text
    assert "1 document waits for it" in text and f">{invoice.number}</a>" in text
    assert "Merged into Q." in controller.get("/console/lists/main/vendor?standing=merged").text
    world.connector.maps("vendor", _entry().code, winner.list_id)
    mapped = controller.get(_page_of(_entry("Q"))).text
    assert '1 mapping names it: <a href="/console/mapping/code?' in mapped and f">{_entry().code}</a>" in mapped


def test_a_list_is_read_anew_on_demand_and_the_page_says_so(world: World, controller: Visitor) -> None:
    answer = controller.send("/console/lists/read", page="/console/lists", connection="main", kind="vendor")
    text = controller.get(answer.location).text
    assert "read from QuickBooks as a whole in the next session" in text and "with the next session" in text
    assert controller.send("/console/lists/read", page="/console/lists").location == "/console/lists?connection=main"
    assert {entry.words.split(" ")[0] for entry in AuditEntry.objects.filter(event="list_reread")} == {"The", "All"}


def test_a_clerk_sees_the_words_and_no_button_and_the_page_of_the_entry_is_the_way_on(world: World) -> None:
    _refused(world, "Zylstra & Sons")
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    text = clerk.get("/console/lists/main/vendor?standing=refused").text
    assert "Send again" not in text and ">Open it</a>" in text and "not found" in text
    assert "Read this list anew" not in text
    assert clerk.send(f"{_page_of(_entry('Zylstra & Sons'))}/send", page="/console/lists").status == 403


def test_a_dry_run_says_that_nothing_is_sent_and_offers_no_sending(world: World, controller: Visitor) -> None:
    entry = _entry()
    Connection.objects.update(dry_run=True)
    assert "in dry run" in controller.get("/console/lists").text
    assert "Send again" not in controller.get(_page_of(entry)).text
    refused = controller.send(f"{_page_of(entry)}/send", page="/console/lists")
    assert "nothing is sent to Basware until it goes live" in refused.text


def test_what_does_not_exist_is_said_in_a_sentence(world: World, controller: Visitor) -> None:
    assert controller.get("/console/lists/main/vendor/80000000-1").status == 404
    assert "There is no list" in controller.get("/console/lists/main/colours").text
    assert "never stand" in controller.get("/console/lists/main/vendor?standing=lost").text
    assert controller.get("/console/lists/main/vendor?after=equal~x").status == 200
    assert "There is no connection" in controller.get("/console/lists?connection=nobody").text


def test_before_anything_was_read_the_page_says_why(database: object) -> None:
    world = World(1)
    visitor = Visitor(world).comes_in_as(Role.AUDITOR)
    text = visitor.get("/console/lists").text
    assert text.count("not read yet") == len(ListKind)
    assert "Not read yet" in visitor.get("/console/lists/main/vendor").text


def test_every_way_to_stand_has_words_and_its_own_tone() -> None:
    from ml_connector.core.entry_standing import WORDS
    from ml_connector.web.console.tags import tone_of

    tones = {standing: tone_of(WORDS[standing][0]) for standing in EntryStanding}
    assert [standing for standing, tone in tones.items() if tone == "bad"] == [EntryStanding.REFUSED]
    assert [standing for standing, tone in tones.items() if tone == "good"] == [EntryStanding.EQUAL]

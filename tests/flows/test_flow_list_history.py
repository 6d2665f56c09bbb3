"""What happened to an entry of a list is known, in order, with the words of whoever said it."""

from __future__ import annotations

import pytest

from ml_connector.core.books import ListKind
from ml_connector.core.entry_standing import EntryStanding
from ml_connector.core.errors import NeedsOperator
from ml_connector.flows import list_acts, onboarding
from ml_connector.store import duties, entry_events, list_pages, list_progress
from ml_connector.store.models import AuditEntry, Connection, EntryEvent, ListEntry, ListProgress
from world import World

pytestmark = pytest.mark.both_databases

_NAME = "Zylstra Electric"


def _entry(world: World, name: str = _NAME) -> ListEntry:
    return ListEntry.objects.get(connection=world.connection, kind="vendor", full_name=name)


def _history(entry: ListEntry) -> list[tuple[str, str]]:
    """Return what happened, the first first."""
    return [(event.event, event.words) for event in reversed(entry_events.of(entry.pk, 50))]


def _counts(world: World, kind: str = "vendor") -> dict[EntryStanding, int]:
    return list_pages.counts(world.connection.pk)[kind]


def _nobody_knows_the_company(world: World) -> frozenset[str]:
    """Let Basware refuse every vendor; return what makes it take them again."""
    known = world.outside.basware.master_data.company_codes
    world.outside.basware.master_data.company_codes = frozenset()
    return known


def _renamed(world: World, new: str) -> None:
    world.passes(3600)
    world.quickbooks.screen.rename("Vendor", _NAME, new)
    world.run_until_idle()


def test_an_entry_that_basware_has_stands_equal_and_its_sending_and_answer_can_be_looked_up(world: World) -> None:
    entry = _entry(world)
    assert entry.standing == EntryStanding.EQUAL and entry.first_read_at is not None
    (event,) = entry_events.of(entry.pk, 5)
    assert event.event == "accepted" and event.sent is not None and event.said is not None
    assert entry.code.encode() in bytes(event.sent.request)
    assert event.at == entry.stands_since


def test_a_change_is_told_field_by_field(world: World) -> None:
    entry = _entry(world)
    _renamed(world, "Zylstra Electric & Sons")
    assert _history(entry)[1:] == [("changed", "name Zylstra Electric -> Zylstra Electric & Sons"), ("accepted", "")]


def test_a_refusal_stands_with_basware_s_own_words_until_it_is_sent_again(world: World) -> None:
    known = _nobody_knows_the_company(world)
    _renamed(world, "Zylstra & Sons")
    entry = _entry(world, "Zylstra & Sons")
    assert entry.standing == EntryStanding.REFUSED
    assert _counts(world)[EntryStanding.REFUSED] == 1
    last = entry_events.of(entry.pk, 1)[0]
    assert (last.event, last.words) == ("refused", entry.complaint) and "not found" in last.words
    assert last.sent is not None and b"Zylstra & Sons" in bytes(last.sent.request)
    world.outside.basware.master_data.company_codes = known
    said = list_acts.send_again(world.surroundings, world.connector.row(), ListKind.VENDOR, entry.list_id, "carla")
    assert said == "Zylstra & Sons is sent to Basware again."
    assert _entry(world, "Zylstra & Sons").standing == EntryStanding.CHANGED
    wanted = entry_events.of(entry.pk, 1)[0]
    assert (wanted.event, wanted.actor) == ("wanted", "carla") and "not found" in wanted.words
    assert AuditEntry.objects.get(event="list_resent").actor == "carla"
    world.run_until_idle()
    assert _entry(world, "Zylstra & Sons").standing == EntryStanding.EQUAL
    assert "Zylstra & Sons" in {vendor["name"] for vendor in world.basware.knows("v1/vendors").values()}


def test_what_is_to_be_sent_or_on_its_way_is_not_sent_again(world: World) -> None:
    world.quickbooks.screen.rename("Vendor", _NAME, "Zylstra & Sons")
    world.passes(3600)
    world.polls()
    entry = _entry(world, "Zylstra & Sons")
    for standing, words in (("changed", "next round"), ("sent", "on its way")):
        assert _entry(world, "Zylstra & Sons").standing == standing
        with pytest.raises(NeedsOperator, match=words):
            list_acts.send_again(world.surroundings, world.connector.row(), ListKind.VENDOR, entry.list_id, "carla")
        world.basware_answers("GET", "/v1/requestStatus/*", 404, times=0)
        world.works()


def test_all_that_was_refused_is_sent_again_at_once(world: World) -> None:
    known = _nobody_knows_the_company(world)
    world.passes(3600)
    for old, new in zip(sorted(v.name for v in world.firm.vendors)[:3], ("A1", "A2", "A3"), strict=True):
        world.quickbooks.screen.rename("Vendor", old, new)
    world.run_until_idle()
    assert _counts(world)[EntryStanding.REFUSED] == 3
    world.outside.basware.master_data.company_codes = known
    assert list_acts.resend(world.surroundings, world.connector.row(), ListKind.ACCOUNT, actor="carla") == 0
    assert list_acts.resend(world.surroundings, world.connector.row(), ListKind.VENDOR, actor="carla") == 3
    assert EntryEvent.objects.filter(event="wanted", actor="carla").count() == 3
    world.run_until_idle()
    assert EntryStanding.REFUSED not in _counts(world)


def test_a_merged_vendor_names_the_one_it_is_part_of(world: World) -> None:
    winner = world.firm.vendor_named("Q")
    world.basware.approves(vendor=world.firm.vendor_named(_NAME))
    world.run_until_idle()
    world.passes(3600)
    world.quickbooks.screen.merge("Vendor", _NAME, winner.list_id)
    world.run_until_idle()
    entry = _entry(world)
    assert (entry.standing, entry.merged_into) == (EntryStanding.MERGED, winner.list_id)
    told = _history(entry)
    assert ("merged", "into Q") in told and "gone" in dict(told)
    assert entry.full_name in {
        vendor["name"]
        for vendor in world.basware.knows("v1/vendors").values()
        if not vendor["processingStatus"]["active"]
    }


def test_an_entry_that_is_gone_and_then_in_quickbooks_again_is_no_longer_gone(world: World) -> None:
    entry = _entry(world)
    ListEntry.objects.filter(pk=entry.pk).update(deleted=True, active=False, merged_into="80000001-1")
    ListEntry.objects.filter(pk=entry.pk).update(record={**entry.record, "active": False})
    assert _entry(world).standing == EntryStanding.MERGED
    list_acts.read_anew(world.surroundings, world.connector.row(), ListKind.VENDOR, "ida")
    world.run_until_idle()
    assert _entry(world).standing == EntryStanding.EQUAL
    assert "back" in dict(_history(entry))


def test_a_list_that_is_read_anew_is_read_from_its_first_to_its_last_entry_and_counted(world: World) -> None:
    before = list_progress.of(world.connection.pk)["vendor"]
    assert before.whole_seen == before.whole_kept == len(world.firm.vendors)
    world.passes(7200)
    world.run_until_idle()
    again = list_progress.of(world.connection.pk)["vendor"]
    assert again.read_at > before.read_at and again.whole_at == before.whole_at
    words = list_acts.read_anew(world.surroundings, world.connector.row(), ListKind.VENDOR, "ida")
    assert words == "The vendor list is read from QuickBooks as a whole in the next session of the Web Connector."
    world.run_until_idle()
    anew = list_progress.of(world.connection.pk)
    assert anew["vendor"].whole_at > before.whole_at
    assert anew["account"].whole_at == list_progress.of(world.connection.pk)["account"].whole_at
    assert AuditEntry.objects.get(event="list_reread").actor == "ida"


def test_a_list_that_quickbooks_does_not_hand_out_says_why(world: World) -> None:
    world.passes(3600)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.LISTS)
    world.quickbooks.cannot_read("VendorQueryRq")
    world.polls()
    vendor = list_progress.of(world.connection.pk)["vendor"]
    assert vendor.read_problem
    world.quickbooks.desktop.unreadable.clear()
    world.passes(7200)
    world.run_until_idle()
    assert list_progress.of(world.connection.pk)["vendor"].read_problem == ""


def test_what_was_read_from_a_wrong_company_file_leaves_no_history(database: object) -> None:
    world = World(1)
    Connection.objects.update(dry_run=True)
    world.polls()
    world.quickbooks.screen.rename("Vendor", _NAME, "Another")
    world.passes(7200)
    world.polls()
    assert EntryEvent.objects.filter(event="changed").exists() and ListProgress.objects.exists()
    onboarding.reject_company(world.surroundings, world.connector.row(), "ida")
    assert not (EntryEvent.objects.exists() or ListProgress.objects.exists() or ListEntry.objects.exists())


def test_nothing_is_sent_again_in_dry_run(world: World) -> None:
    Connection.objects.update(dry_run=True)
    with pytest.raises(NeedsOperator, match="dry run"):
        list_acts.resend(world.surroundings, world.connector.row(), actor="carla")

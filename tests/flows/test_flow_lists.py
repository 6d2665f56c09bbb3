"""QuickBooks' lists travel to Basware: all of them once, then only what changed, until Basware has really taken them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml_connector.flows.publication import resend
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.store.models import ListEntry
from world import World

pytestmark = pytest.mark.both_databases

_APIS = ("vendors", "accounts", "costCenters", "projects", "paymentTerms")


def _posted(world: World) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return every batch of list records that was sent, by its API."""
    return [
        (path.rpartition("/")[2], json.loads(body))
        for method, path, body in world.transport.bodies
        if method == "POST" and path.rpartition("/")[2] in _APIS
    ]


def _forget_what_was_sent(world: World) -> None:
    world.transport.bodies.clear()


def _vendors(world: World) -> dict[str, dict[str, Any]]:
    return {vendor["name"]: vendor for vendor in world.basware.knows("v1/vendors").values()}


def test_everything_is_in_basware_after_the_first_session(world: World) -> None:
    company = world.outside.company
    counts = {path.rpartition("/")[2]: count for path, count in world.outside.basware.accepted_counts().items()}
    assert counts["vendors"] == len(outside_view.list_entries(company, "Vendor"))
    assert counts["costCenters"] == len(outside_view.list_entries(company, "Class"))
    assert counts["paymentTerms"] == len(world.firm.terms)
    assert counts["accounts"] > 40
    assert not ListEntry.objects.filter(publication__in=["due", "sent", "refused"]).exists()


def test_terms_come_before_the_vendors_that_point_to_them(world: World) -> None:
    order = [api for api, _ in _posted(world)]
    assert order.index("paymentTerms") < order.index("vendors")
    codes = {term["paymentTermCode"] for term in world.basware.knows("v1/paymentTerms").values()}
    pointing = [v["paymentTerms"]["paymentTermCode"] for v in _vendors(world).values() if v.get("paymentTerms")]
    assert pointing and set(pointing) <= codes


def test_a_second_reading_without_a_change_sends_nothing(world: World) -> None:
    _forget_what_was_sent(world)
    for _ in range(3):
        world.passes(3600)
        world.run_until_idle()
    assert _posted(world) == []


def test_only_what_changed_is_sent(world: World) -> None:
    world.passes(3600)
    _forget_what_was_sent(world)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra Electric & Sons")
    world.run_until_idle()
    assert [(api, [record["name"] for record in records]) for api, records in _posted(world)] == [
        ("vendors", ["Zylstra Electric & Sons"])
    ]
    assert "Zylstra Electric & Sons" in _vendors(world)


def test_an_inactive_vendor_is_made_inactive_in_basware_and_active_again(world: World) -> None:
    for active in (False, True):
        world.passes(3600)
        world.quickbooks.screen.set_active("Vendor", "Zylstra Electric", active)
        world.run_until_idle()
        assert _vendors(world)["Zylstra Electric"]["processingStatus"]["active"] is active


def test_a_renumbered_account_keeps_the_code_by_which_basware_knows_it(world: World) -> None:
    before = {a["externalCode"]: a["accountCode"] for a in world.basware.knows("v1/accounts").values()}
    world.passes(3600)
    world.quickbooks.screen.set_account_number(world.firm.account_numbered("6120").list_id, "6129")
    world.run_until_idle()
    assert {a["externalCode"]: a["accountCode"] for a in world.basware.knows("v1/accounts").values()} == before
    invoice = world.basware.approves(lines=[{"gross": "120.00", "account": "6120"}])
    world.run_until_idle()
    (bill,) = world.quickbooks.documents_for(invoice)
    assert bill["lines"][0]["account_id"] == world.firm.account_numbered("6120").list_id


def test_a_merged_vendor_misleads_nobody(world: World) -> None:
    gone = world.firm.vendor_named("Zylstra Electric")
    world.passes(3600)
    world.quickbooks.screen.merge("Vendor", gone.list_id, world.firm.vendor_named("Q").list_id)
    invoice = world.basware.approves(vendor=gone)
    world.run_until_idle()
    assert world.connector.state(invoice) in {"blocked", "confirmed"}
    assert world.quickbooks.bills() == [] or world.quickbooks.amounts_billed_for(invoice) == ["120.00"]
    assert world.connector.state(invoice) != "blocked" or world.connector.says(invoice)


@pytest.mark.parametrize(
    "kind", ["publish-error", "error-after", "connection-lost", "error-before", "item-timeout", "throttle"]
)
def test_records_that_basware_kept_without_handing_them_on_arrive_in_the_end(database: object, kind: str) -> None:
    world = World(1)
    world.basware.suffers(kind, times=3, path="/v1/vendors" if kind != "item-timeout" else "*", seconds=5.0)
    world.run_until_idle()
    assert set(_vendors(world)) == {vendor.name for vendor in world.firm.vendors}
    assert not ListEntry.objects.filter(publication="refused").exists()


def test_a_slow_basware_is_asked_until_it_has_said(database: object) -> None:
    world = World(1, switches=Switches(status_delay_s=900.0, short_page_chance=0.0))
    world.run_until_idle(24 * 3600)
    assert len(_vendors(world)) == len(world.firm.vendors)
    assert not ListEntry.objects.exclude(publication__in=["accepted", "none"]).exists()


def test_two_changes_in_one_second_end_with_the_later_one(database: object) -> None:
    world = World(1, switches=Switches(status_delay_s=30.0, short_page_chance=0.0))
    world.run_until_idle()
    world.passes(3600)
    for name in ("Zylstra I", "Zylstra II"):
        old = next(
            v
            for v in ("Zylstra Electric", "Zylstra I")
            if v in {e["name"] for e in outside_view.list_entries(world.outside.company, "Vendor")}
        )
        world.quickbooks.screen.rename("Vendor", old, name)
        from ml_connector.store import duties

        duties.wake_all(world.connection.pk, world.clock.now())
        world.polls()
        duties.wake_all(world.connection.pk, world.clock.now())
        world.works()
    world.run_until_idle()
    assert "Zylstra II" in _vendors(world)
    assert "Zylstra I" not in _vendors(world)


def test_a_refused_record_is_shown_with_basware_s_words_and_holds_up_nothing(world: World) -> None:
    known = world.outside.basware.master_data.company_codes
    world.outside.basware.master_data.company_codes = frozenset()
    world.passes(3600)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra Electric & Sons")
    invoice = world.basware.approves()
    world.run_until_idle()
    (refused,) = ListEntry.objects.filter(publication="refused")
    assert refused.full_name == "Zylstra Electric & Sons"
    assert "not found" in refused.complaint
    assert world.basware.heard_about(invoice) == ["success"]
    world.outside.basware.master_data.company_codes = known
    assert resend(world.surroundings, world.connector.row()) == 1
    world.run_until_idle()
    assert "Zylstra Electric & Sons" in _vendors(world)


def test_a_list_that_basware_lost_can_be_sent_again_as_a_whole(world: World) -> None:
    (code,) = [c for c, v in world.basware.knows("v1/vendors").items() if v["name"] == "Zylstra Electric"]
    assert world.outside.basware.lose_record("v1/vendors", code)
    from ml_connector.core.books import ListKind

    resend(world.surroundings, world.connector.row(), ListKind.VENDOR, all_of_it=True)
    world.run_until_idle()
    assert "Zylstra Electric" in _vendors(world)


def test_an_iterator_that_breaks_half_way_reads_the_list_again(database: object) -> None:
    world = World(1, settings={"list_page": 10})
    world.quickbooks.suffers("iterator_invalidated", times=2)
    world.run_until_idle()
    assert set(_vendors(world)) == {vendor.name for vendor in world.firm.vendors}

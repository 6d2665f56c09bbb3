"""QuickBooks' lists travel to Basware: all of them once, then only what changed, until Basware has really taken them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml_connector.core.books import ListKind
from ml_connector.flows.list_acts import resend
from ml_connector.sandbox.basware.switches import Switches
from ml_connector.sandbox.quickbooks import outside_view
from ml_connector.store import duties
from ml_connector.store.models import ImportRequest, ListEntry
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
    assert resend(world.surroundings, world.connector.row(), actor="a test") == 1
    world.run_until_idle()
    assert "Zylstra Electric & Sons" in _vendors(world)


def test_a_list_that_basware_lost_can_be_sent_again_as_a_whole(world: World) -> None:
    (code,) = [c for c, v in world.basware.knows("v1/vendors").items() if v["name"] == "Zylstra Electric"]
    assert world.outside.basware.lose_record("v1/vendors", code)
    from ml_connector.core.books import ListKind

    resend(world.surroundings, world.connector.row(), ListKind.VENDOR, all_of_it=True, actor="a test")
    world.run_until_idle()
    assert "Zylstra Electric" in _vendors(world)


def test_an_iterator_that_breaks_half_way_reads_the_list_again(database: object) -> None:
    world = World(1, settings={"list_page": 10})
    world.quickbooks.suffers("iterator_invalidated", times=2)
    world.run_until_idle()
    assert set(_vendors(world)) == {vendor.name for vendor in world.firm.vendors}


def _reads_lists(world: World) -> None:
    world.passes(1)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.LISTS)
    world.polls()


def _vendor_with_terms(world: World) -> tuple[ListEntry, ListEntry]:
    """Return a vendor that has terms, and the terms."""
    vendor = next(e for e in ListEntry.objects.filter(kind="vendor").order_by("pk") if e.record.get("terms"))
    return vendor, ListEntry.objects.get(list_id=vendor.record["terms"])


def test_a_vendor_that_changes_while_its_list_is_sent_is_sent_as_it_is_then(world: World) -> None:
    def renamed_once_more() -> None:
        world.quickbooks.screen.rename("Vendor", "Zylstra & Sons", "Zylstra & Daughters")
        _reads_lists(world)

    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    world.happens("POST", "/v1/vendors", renamed_once_more, after=True)
    world.run_until_idle()
    assert "Zylstra & Daughters" in _vendors(world)
    assert ListEntry.objects.get(full_name="Zylstra & Daughters").publication == "accepted"


def test_records_whose_outcome_never_comes_are_sent_again_and_end_with_a_person(world: World) -> None:
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    world.basware_answers("GET", "/v1/requestStatus/*", 404, times=0)
    _reads_lists(world)
    world.works()
    shown = []
    for _ in range(30):
        world.passes(3600)
        world.works()
        shown.append(world.connector.duty(duties.IMPORTS).last_error)
    assert any("said nothing for 4 hours" in sentence for sentence in shown)
    entry = ListEntry.objects.get(full_name="Zylstra & Sons")
    assert entry.publication == "refused"
    assert entry.complaint


def test_records_that_basware_takes_without_an_id_of_the_request_are_sent_again(world: World) -> None:
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    world.basware_answers("POST", "/v1/vendors", 200, [])
    world.run_until_idle()
    assert "Zylstra & Sons" in _vendors(world)


def test_vendors_do_not_wait_for_terms_that_basware_accepted_before(world: World) -> None:
    vendor, terms = _vendor_with_terms(world)
    world.basware_answers("GET", "/v1/requestStatus/*", 404, times=0)
    resend(world.surroundings, world.connector.row(), ListKind.TERMS, all_of_it=True, actor="a test")
    world.works()
    world.quickbooks.screen.set_active("Vendor", vendor.list_id, False)
    _reads_lists(world)
    _forget_what_was_sent(world)
    world.works()
    ((api, (sent,)),) = _posted(world)
    assert (api, sent["vendorCode"]) == ("vendors", vendor.code)
    assert sent["paymentTerms"] == {"paymentTermCode": terms.code}


def test_a_vendor_keeps_the_terms_that_basware_accepted_when_it_refuses_a_later_version(world: World) -> None:
    vendor, terms = _vendor_with_terms(world)
    ListEntry.objects.filter(pk=terms.pk).update(publication="refused", complaint="no longer wanted")
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", vendor.list_id, "A New Name")
    world.run_until_idle()
    assert _vendors(world)["A New Name"]["paymentTerms"] == {"paymentTermCode": terms.code}


def test_vendors_that_went_without_their_terms_are_sent_again_when_these_are_accepted(database: object) -> None:
    world = World(1)
    refusal = {
        "hasErrors": True,
        "errors": [{"type": "VALIDATION", "code": "SCHEMA_VALIDATION_ERROR", "message": "no"}],
    }
    world.basware_answers("POST", "/v1/paymentTerms", 400, refusal, times=0)
    world.run_until_idle()
    assert not any(vendor.get("paymentTerms") for vendor in _vendors(world).values())
    world.transport.scripted.clear()
    resend(world.surroundings, world.connector.row(), ListKind.TERMS, actor="a test")
    world.run_until_idle()
    vendor, terms = _vendor_with_terms(world)
    assert _vendors(world)[vendor.record["name"]]["paymentTerms"] == {"paymentTermCode": terms.code}


def test_one_outcome_that_cannot_be_asked_for_does_not_hold_up_the_others(world: World) -> None:
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    _reads_lists(world)
    duties.wake_all(world.connection.pk, world.clock.now(), duties.PUBLICATION)
    world.works()
    request = ImportRequest.objects.exclude(next_check_at=None).get()
    world.basware_answers("GET", f"/v1/requestStatus/{request.request_id}", 500, times=0)
    world.quickbooks.screen.add_vendor("Second Vendor")
    _reads_lists(world)
    for _ in range(6):
        world.passes(61)
        world.works()
    assert ListEntry.objects.get(full_name="Second Vendor").publication == "accepted"
    assert ListEntry.objects.get(full_name="Zylstra & Sons").publication == "sent"
    assert world.transport.count("GET", f"/v1/requestStatus/{request.request_id}") < 10


def test_outcomes_that_could_not_be_acknowledged_are_acknowledged_later(world: World) -> None:
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    world.basware_answers("POST", "/v1/requestStatus/acknowledge", 500)
    world.run_until_idle()
    for _ in range(3):
        world.passes(3600)
        world.works()
    assert set(ImportRequest.objects.values_list("outcome", flat=True)) == {"acknowledged"}


def test_one_record_that_basware_refuses_without_naming_it_does_not_hold_up_the_others(world: World) -> None:
    world.passes(61)
    for old, new in zip(sorted(_vendors(world))[:5], ("BAD", "Good 1", "Good 2", "Good 3", "Good 4"), strict=True):
        world.quickbooks.screen.rename("Vendor", old, new)
    world.transport.refuses = lambda path, body: path == "/v1/vendors" and b'"name":"BAD"' in body
    world.run_until_idle()
    assert {"Good 1", "Good 2", "Good 3", "Good 4"} <= set(_vendors(world))
    assert list(ListEntry.objects.filter(publication="refused").values_list("full_name", flat=True)) == ["BAD"]


def test_a_batch_that_is_too_large_is_divided(world: World) -> None:
    world.passes(61)
    for old, new in zip(sorted(_vendors(world))[:4], "ABCD", strict=True):
        world.quickbooks.screen.rename("Vendor", old, f"{new} renamed")
    world.basware_answers("POST", "/v1/vendors", 413)
    world.run_until_idle()
    assert {"A renamed", "B renamed", "C renamed", "D renamed"} <= set(_vendors(world))


def test_a_record_somebody_else_is_writing_to_is_sent_again_later(world: World) -> None:
    entry = ListEntry.objects.get(full_name="Zylstra Electric")
    code = next(key for key, vendor in world.basware.knows("v1/vendors").items() if vendor["vendorCode"] == entry.code)
    conflict = {"externalCode": code, "type": "BUSINESS", "code": "CONFLICT_IN_POST", "message": "being updated"}
    world.passes(61)
    world.quickbooks.screen.rename("Vendor", "Zylstra Electric", "Zylstra & Sons")
    world.basware_answers("POST", "/v1/vendors", 409, {"hasErrors": True, "errors": [conflict]})
    world.run_until_idle()
    assert "Zylstra & Sons" in _vendors(world)
    assert not ListEntry.objects.filter(publication="refused").exists()


def test_one_workstation_whose_clock_runs_ahead_hides_no_vendor(world: World) -> None:
    world.quickbooks.screen.set_clock_skew(86400)
    world.quickbooks.screen.add_vendor("Fast Vendor")
    world.quickbooks.screen.set_clock_skew(0)
    world.run_until_idle()
    world.passes(600)
    world.quickbooks.screen.add_vendor("Later Vendor")
    world.run_until_idle()
    assert {"Fast Vendor", "Later Vendor"} <= set(_vendors(world))


def test_a_vendor_that_was_merged_away_is_inactive_in_basware_and_its_invoices_are_asked_about(world: World) -> None:
    loser, winner = world.firm.vendors[2:4]
    world.quickbooks.screen.merge("Vendor", loser.list_id, winner.list_id)
    world.passes(7200)
    world.run_until_idle()
    assert _vendors(world)[loser.name]["processingStatus"]["active"] is False
    assert _vendors(world)[winner.name]["processingStatus"]["active"] is True
    invoice = world.basware.approves(vendor=loser)
    world.run_until_idle()
    assert world.connector.faults(invoice) == ["MLC-VENDOR-03"]

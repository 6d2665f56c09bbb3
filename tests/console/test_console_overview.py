"""The first page: what needs a person, totals, and charts with the same in words and figures."""

from __future__ import annotations

import html
import re

import pytest
from visitor import Visitor

from ml_connector.core.roles import Role
from ml_connector.flows import month_close, overview
from ml_connector.store.day_figures import CAME_IN, ENTERED, HELD_UP, TOLD, DayFigure
from world import World

pytestmark = pytest.mark.both_databases


def _needs(text: str) -> list[str]:
    return re.findall(r'<li class="need"><div><strong>([^<]+)</strong>', text)


def test_a_quiet_day_says_so_and_leads_on(world: World) -> None:
    world.basware.approves()
    world.run_until_idle()
    text = Visitor(world).comes_in_as(Role.CLERK).get("/console/").text
    assert "no payment is a question" in text and _needs(text) == []
    assert re.search(r"<strong>1</strong> Done", text)


def test_what_needs_a_person_stands_first_with_money_and_a_verb(world: World) -> None:
    for _ in range(2):
        world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    visitor = Visitor(world).comes_in_as(Role.CLERK)
    text = visitor.get("/console/").text
    assert _needs(text) == ["Needs mapping: 2 invoices, 240.00 USD"]
    address = re.search(r'href="(/console/inbox/[^"]+)"', text)
    assert address is not None and visitor.get(address[1]).status == 200


def test_a_connection_that_needs_a_person_is_said_with_its_own_sentence(world: World) -> None:
    world.passes(3 * 86400)  # nobody opens the Web Connector
    world.works()
    text = Visitor(world).comes_in_as(Role.ADMIN).get("/console/").text
    assert "Cascade Ridge Builders" in _needs(text) and "Look at the connection" in text


def test_a_controller_is_told_of_a_month_that_is_not_signed_or_was_changed_since(world: World) -> None:
    invoice = world.basware.approves(gross="100.00")
    world.run_until_idle()
    world.passes(10 * 86400)  # December has begun
    world.run_until_idle()
    controller, clerk = (Visitor(world).comes_in_as(role) for role in (Role.CONTROLLER, Role.CLERK))
    assert "November 2026 of Cascade Ridge Builders" in _needs(controller.get("/console/").text)
    assert "November 2026 of Cascade Ridge Builders" not in _needs(clerk.get("/console/").text)
    month_close.sign(world.surroundings, world.connector.row(), "2026-11", "", "max")
    assert "November 2026 of Cascade Ridge Builders" not in _needs(controller.get("/console/").text)
    world.quickbooks.screen.void(world.quickbooks.txn_id(invoice))
    world.passes(60)
    world.run_until_idle()
    assert "November 2026 of Cascade Ridge Builders" in _needs(controller.get("/console/").text)


def test_days_are_counted_as_things_happen(world: World) -> None:
    world.basware.approves_many(3)
    world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    counted = dict(DayFigure.objects.values_list("name", "count"))
    assert counted == {CAME_IN: 4, ENTERED: 3, HELD_UP: 1, TOLD: 3}
    assert len(world.quickbooks.bills()) == counted[ENTERED]


def test_each_chart_says_the_same_in_words_and_in_a_table(world: World) -> None:
    world.basware.approves_many(3)
    world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    text = Visitor(world).comes_in_as(Role.AUDITOR).get("/console/").text
    days, waiting, took, hours = overview.look("", "max", Role.AUDITOR, world.clock.now()).charts
    assert days.says == "4 came in, 3 were entered in QuickBooks, 1 were held up at first or later."
    assert [one.counts[-1] for one in days.series] == [4, 3, 1]
    assert waiting.series[0].counts[0] == 1 and took.series[0].counts[0] == 3 and sum(hours.series[0].counts) >= 1
    for chart in (days, waiting, took, hours):
        assert chart.says in text.replace("&#x27;", "'")
    assert text.count('<svg viewBox="0 0 560 220" role="') == 4
    assert text.count("In figures") == 4 and " style=" not in text


def test_a_bar_leads_to_its_documents_and_says_where_it_stands_for_who_sees_no_colours(world: World) -> None:
    invoices = world.basware.approves_many(3)
    world.run_until_idle()
    visitor = Visitor(world).comes_in_as(Role.CLERK)
    text = visitor.get("/console/").text
    link = re.search(r'<a href="(/console/documents\?[^"]+)" aria-label="[^"]+: 3 came in"><rect', text)
    assert link is not None and ("Came in <small>left</small>" in text and "Held up <small>right</small>" in text)
    listed = visitor.get(html.unescape(link[1])).text
    assert all(invoice.number in listed for invoice in invoices)


def test_the_page_of_a_connection_shows_when_its_web_connector_calls(world: World) -> None:
    text = Visitor(world).comes_in_as(Role.CLERK).get("/console/connections/main/health").text
    assert "When the Web Connector calls" in text and '<svg viewBox="0 0 560 220" role="img"' in text


def test_a_connection_that_is_none_is_refused(world: World) -> None:
    assert Visitor(world).comes_in_as(Role.CLERK).get("/console/?connection=nobody").status == 400

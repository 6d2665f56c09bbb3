"""Replay: a plan first, then the same act on many documents, and never on one whose outcome is unknown."""

from __future__ import annotations

import re

import pytest
from visitor import Answer, Visitor

from desks import Approved
from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.flows import connections, replay, replaying
from ml_connector.flows.replay import Choice, Outcome
from ml_connector.store.chain import verify
from ml_connector.store.models import AuditEntry, Document, Replay
from world import World

pytestmark = pytest.mark.both_databases

_ANN, _BOB = "ann (console)", "bob (console)"


@pytest.fixture
def clerk(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.CLERK)


def _unmapped(world: World, gross: str = "120.00") -> Approved:
    return world.basware.approves(gross=gross, lines=[{"gross": gross, "account": "9999-OLD"}])


def _planned(world: World, **choice: object) -> Replay:
    return replay.plan(world.surroundings, Choice(**choice), _ANN)  # type: ignore[arg-type]


def _outcomes(row: Replay) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in replay.parts(row):
        found[part.outcome.value] = found.get(part.outcome.value, 0) + part.count
    return found


def _the_plan(clerk: Visitor, answer: Answer) -> str:
    assert answer.status == 302, answer.text
    return answer.location


def test_a_plan_says_what_would_be_entered_and_what_stays_held_up_and_writes_nothing(world: World) -> None:
    healed, stuck = _unmapped(world), world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    world.connector.maps("account", "9999-OLD", "6110")  # not planned again yet
    before = list(Document.objects.order_by("pk").values())
    heads = AuditEntry.objects.count()
    row = _planned(world)
    assert _outcomes(row) == {"goes": 1, "blocked": 1}
    assert [line.number for line in replay.running_lines(row)] == [world.connector.document(healed).pk]
    assert next(part.code for part in replay.parts(row) if not part.runs) == "MLC-BLOCK-01"
    assert list(Document.objects.order_by("pk").values()) == before and AuditEntry.objects.count() == heads
    assert world.connector.state(stuck) == "blocked"


def test_what_is_entered_already_on_its_way_or_unknown_is_left_out(world: World) -> None:
    done, lost = world.basware.approves(), None
    world.run_until_idle()
    lost, waiting = world.basware.approves(gross="7.00"), _unmapped(world)
    world.fetches()
    world.quickbooks.loses_request("BillAddRq")
    world.polls()
    world.passes(60)
    world.polls()
    coming = world.basware.approves(gross="9.00")
    world.fetches()
    invoices = (done, lost, waiting, coming)
    row = _planned(world, numbers=tuple(world.connector.document(invoice).pk for invoice in invoices))
    assert _outcomes(row) == {"blocked": 1, "posted": 1, "unknown": 1, "under_way": 1}
    with pytest.raises(NeedsOperator, match="nothing to do"):
        replaying.run(world.surroundings, row, _ANN, typed="0")
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(done) == ["120.00"]
    assert world.quickbooks.amounts_billed_for(lost) == ["7.00"]


def test_a_question_goes_to_quickbooks_once_more_and_is_never_entered_twice(world: World) -> None:
    world.basware.approves(number="TWICE-1", gross="100.00")
    world.run_until_idle()
    second = world.basware.approves(number="TWICE-1", gross="130.00")
    world.run_until_idle()
    row = _planned(world)
    assert [(part.outcome, part.code) for part in replay.parts(row)] == [(Outcome.ASKS, "quickbooks")]
    replaying.run(world.surroundings, row, _ANN, typed="1")
    world.run_until_idle()
    assert world.connector.state(second) == "blocked"
    assert world.quickbooks.amounts_billed_for(second) == ["100.00"]


def test_a_clerk_plans_confirms_with_the_number_and_sees_what_became_of_it(world: World, clerk: Visitor) -> None:
    invoices = [_unmapped(world, f"{10 + n}.00") for n in range(3)]
    world.run_until_idle()
    world.connector.maps("account", "9999-OLD", "6110")
    plan = _the_plan(clerk, clerk.send("/console/replay/plan", "/console/replay", act="retry", cause="MLC-ACCOUNT-01"))
    text = clerk.get(plan).text
    assert "33.00 USD" in text and "Type 3 to confirm" in text
    assert clerk.send(f"{plan}/run", plan, typed="33").status == 409
    assert world.connector.state(invoices[0]) == "blocked"
    assert clerk.send(f"{plan}/run", plan, typed="3").location == plan
    world.run_until_idle()
    assert [world.quickbooks.amounts_billed_for(invoice) for invoice in invoices] == [["10.00"], ["11.00"], ["12.00"]]
    text = clerk.get(plan).text
    assert "3 done" in text and re.search(r"<li>3 <span class=\"badge good\">Confirmed", text)
    assert "3 of 3 done" in text and "No. " in clerk.get("/console/replay").text
    entry = AuditEntry.objects.get(event="replay")
    numbers = ", ".join(str(world.connector.document(invoice).pk) for invoice in invoices)
    assert "3 documents over 33.00 USD" in entry.words and f"Documents: {numbers}." in entry.words
    assert clerk.send(f"{plan}/run", "/console/replay", typed="3").status == 409
    assert world.audit_chain_holds()


def test_what_is_ticked_in_the_inbox_is_skipped_with_a_reason_and_the_rest_is_left(
    world: World, clerk: Visitor
) -> None:
    one, other = _unmapped(world), _unmapped(world)
    world.run_until_idle()
    group = "/console/inbox/MLC-ACCOUNT-01"
    assert clerk.send("/console/replay/plan", group, act="skip", ticked="1").status == 409
    number = str(world.connector.document(one).pk)
    plan = _the_plan(clerk, clerk.send("/console/replay/plan", group, act="skip", ticked="1", number=number))
    assert clerk.send(f"{plan}/run", plan, typed="1", words=" ").status == 409
    assert clerk.send(f"{plan}/run", plan, typed="1", words="paid by card").status == 302
    assert (world.connector.state(one), world.connector.state(other)) == ("skipped", "blocked")
    assert world.connector.story(one)[-1].words == "Skipped: paid by card"


def test_a_whole_group_is_given_up_and_basware_hears_of_each(world: World, clerk: Visitor) -> None:
    invoices = [_unmapped(world), _unmapped(world)]
    world.run_until_idle()
    group = "/console/inbox/MLC-ACCOUNT-01"
    plan = _the_plan(clerk, clerk.send("/console/replay/plan", group, act="give-up", cause="MLC-ACCOUNT-01"))
    assert clerk.send(f"{plan}/run", plan, typed="2", words="wrong company").status == 302
    world.run_until_idle()
    assert [world.basware.heard_about(invoice) for invoice in invoices] == [["failure"], ["failure"]]


def test_what_moves_on_between_plan_and_run_is_left_as_it_is_and_named(world: World, clerk: Visitor) -> None:
    stays, moves = _unmapped(world), _unmapped(world)
    world.run_until_idle()
    row = _planned(world, act="skip")
    world.connector.gives_up(moves, "wrong company")
    said = replaying.run(world.surroundings, row, _ANN, typed="2", words="paid by card")
    assert said == "Done for 1 document. Left as it is, because it had moved on meanwhile: 1 document."
    row.refresh_from_db()
    number = world.connector.document(moves).pk
    assert row.left_out == [[number, "It was Blocked, and is Giving up now."]]
    assert f"No. {number}" in clerk.get(f"/console/replay/{row.pk}").text
    assert world.connector.state(stays) == "skipped"


def test_a_run_that_was_cut_off_goes_on_with_the_rest_and_does_nothing_twice(world: World) -> None:
    for n in range(120):
        _unmapped(world, f"{10 + n}.00")
    world.run_until_idle()
    row = _planned(world, act="note")
    calls = []
    clock = world.surroundings.clock

    def dies_at_the_second_portion() -> object:
        calls.append(1)
        if len(calls) == 3:  # begun, first portion, second portion
            raise RuntimeError("the process ends here")
        return clock()

    world.surroundings.clock = dies_at_the_second_portion  # type: ignore[assignment]
    with pytest.raises(RuntimeError):
        replaying.run(world.surroundings, row, _ANN, typed="120", words="asked the supplier")
    world.surroundings.clock = clock
    row = replay.named(row.pk)
    assert (row.stage, row.worked) == ("running", 100)
    replaying.run(world.surroundings, row, _BOB, typed="")
    assert AuditEntry.objects.filter(event="note").count() == 120
    assert AuditEntry.objects.filter(event="replay").count() == 1
    assert replay.named(row.pk).stage == "done" and not verify(world.connector.row()).breaks


def test_more_money_than_one_person_may_move_needs_another_one(world: World) -> None:
    invoice = _unmapped(world, "900.00")
    world.run_until_idle()
    world.connector.maps("account", "9999-OLD", "6110")
    connections.change(world.surroundings, world.connector.row(), "ada", settings={"replay_approval_above": "500"})
    row = _planned(world)
    assert "second person" in replaying.run(world.surroundings, row, _ANN, typed="1")
    assert world.connector.state(invoice) == "blocked"
    row = replay.named(row.pk)
    with pytest.raises(NeedsOperator, match="another person"):
        replaying.approve(world.surroundings, row, "ann (command line)")
    assert replaying.approve(world.surroundings, row, _BOB) == "Done for 1 document."
    world.run_until_idle()
    assert world.quickbooks.amounts_billed_for(invoice) == ["900.00"]
    entry = AuditEntry.objects.get(event="replay")
    assert "wanted by ann (console), approved by bob (console)" in entry.words


def test_what_another_person_refuses_is_not_done(world: World) -> None:
    invoice = _unmapped(world, "900.00")
    world.run_until_idle()
    connections.change(world.surroundings, world.connector.row(), "ada", settings={"replay_approval_above": "500"})
    row = _planned(world, act="give-up")
    replaying.run(world.surroundings, row, _ANN, typed="1", words="wrong company")
    boss = Visitor(world).comes_in_as(Role.CONTROLLER)
    plan = f"/console/replay/{row.pk}"
    assert "A second person must approve it" in boss.get(plan).text
    assert boss.send(f"{plan}/decide", plan, decision="refuse").status == 302
    assert replay.named(row.pk).stage == "refused" and world.connector.state(invoice) == "blocked"
    assert "Refused; nothing was done." in AuditEntry.objects.get(event="replay_refused").words


def test_a_plan_that_cannot_hold_all_says_so(world: World, clerk: Visitor) -> None:
    now = world.clock.now()
    Document.objects.bulk_create(
        Document(
            connection=world.connection, invoice_id=f"x{n}", company_code="US10", state="blocked", raw=b"{}",
            received_at=now, changed_at=now,
        )
        for n in range(replay.MOST + 1)
    )  # fmt: skip
    row = _planned(world)
    assert row.more and len(row.lines) == replay.MOST
    assert "More documents fit than one plan holds" in clerk.get(f"/console/replay/{row.pk}").text
    address, listed = f"/console/replay/{row.pk}/blocked?code=MLC-READ-01", 0
    while address:
        text = clerk.get(address).text
        listed += text.count('data-label="No."')
        found = re.search(r'rel="next" href="([^"]+)"', text)
        address = f"/console/replay/{row.pk}/blocked" + found[1].replace("&amp;", "&") if found else ""
    assert listed == replay.MOST


def test_filters_choose_what_the_plan_is_about(world: World, clerk: Visitor) -> None:
    mapped, blocked = _unmapped(world), world.basware.approves(paymentBlock=True, number="SEEK-1")
    world.run_until_idle()
    name = world.connector.document(mapped).supplier_name
    for choice, expected in (
        ({"cause": "MLC-BLOCK-01"}, [blocked]),
        ({"q": "SEEK-1"}, [blocked]),
        ({"q": name}, [mapped, blocked]),
        ({"connection": "main", "since": "2000-01-01"}, [mapped, blocked]),
    ):
        row = _planned(world, **choice)
        assert [line.number for line in replay.lines_of(row)] == [world.connector.document(i).pk for i in expected]
        assert not row.more
    for choice in ({"cause": "MLC-READ-01"}, {"until": "2000-01-01"}, {"q": "nothing of the kind"}, {"since": "x"},
                   {"connection": "other"}, {"act": "dance"}):  # fmt: skip
        answer = clerk.send("/console/replay/plan", "/console/replay", **{"act": "retry", **choice})
        assert answer.status == 400 and 'role="alert"' in answer.text, choice

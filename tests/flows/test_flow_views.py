"""What people are shown: by state, by problem, in words, and null for what never was."""

from __future__ import annotations

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.flows.by_state import in_states
from ml_connector.flows.standing import details, standings
from ml_connector.store import duties
from ml_connector.store.models import Connection, Document, Duty
from world import World


def _in_states(*names: str, limit: int = 10) -> list[str]:
    return [document.state for document in in_states(Document.objects.order_by("pk"), names, limit)]


def test_documents_are_found_by_their_states_value_or_words(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    state = world.connector.state(invoice)
    assert state == "confirmed"
    for name in ("confirmed", "CONFIRMED", "Confirmed"):
        assert _in_states(name) == [state]
    assert _in_states("in-doubt") == _in_states("checking  Outcome") == _in_states("partly paid") == []
    assert _in_states() == [state]


def test_words_for_a_kind_of_block_find_only_that_kind(world: World) -> None:
    world.basware.approves(paymentBlock=True)
    world.basware.approves(lines=[{"gross": "120.00", "account": "9999-OLD"}])
    world.run_until_idle()
    assert _in_states("blocked") == ["blocked", "blocked"]
    assert len(_in_states("Needs mapping")) == 1
    assert len(_in_states("needs-mapping", "confirmed")) == 1
    assert _in_states("Possible duplicate") == []
    assert len(_in_states("blocked", limit=1)) == 1


@pytest.mark.parametrize("name", ["nope", "", "block"])
def test_a_state_that_there_is_not_is_refused_with_the_list(world: World, name: str) -> None:
    with pytest.raises(NeedsOperator, match=r"the states are: received, .*Needs mapping") as refused:
        _in_states(name)
    assert repr(name) in str(refused.value)


def test_one_cause_that_stops_several_duties_is_said_once_with_what_it_stops(world: World) -> None:
    row = world.connector.row()
    failing = Duty.objects.filter(connection=row)
    failing.filter(name__in=[duties.INVOICES, duties.ANSWERS]).update(last_error="Basware does not answer.")
    failing.filter(name=duties.LISTS).update(last_error="The list cannot be read.")
    (standing,) = standings(world.clock.now())
    assert standing.problems == (
        "Fetching invoices from Basware and telling Basware about transfers and payments: Basware does not answer.",
        "Reading lists from QuickBooks: The list cannot be read.",
    )
    assert standing.state == "Needs attention"


def test_what_fails_or_is_paused_is_not_hidden_by_a_web_connector_that_never_called(world: World) -> None:
    Connection.objects.update(last_poll_at=None, last_success_at=None)
    assert standings(world.clock.now())[0].state == "Waiting for the first poll"
    Duty.objects.filter(name=duties.INVOICES).update(last_error="The secret has expired.")
    assert standings(world.clock.now())[0].state == "Needs attention"
    world.connector.pauses("year end")
    paused = details(world.connector.row(), world.clock.now())
    assert (paused["state"], paused["pause_reason"]) == ("Paused", "year end")
    assert paused["last_poll_at"] is None and paused["last_success_at"] is None


def test_the_story_as_plain_values_has_times_in_iso_8601(world: World) -> None:
    invoice = world.basware.approves()
    world.run_until_idle()
    times = [chapter.as_dict()["at"] for chapter in world.connector.story(invoice)]
    assert times and all(at[10] == "T" and at.endswith("+00:00") for at in times)


def test_a_state_inside_of_a_sentence_keeps_the_capitals_of_names(world: World) -> None:
    invoice = world.basware.approves(paymentBlock=True)
    world.run_until_idle()
    world.connector.gives_up(invoice, "a test")
    world.run_until_idle()
    with pytest.raises(NeedsOperator, match="it is returned to Basware"):
        world.connector.skips(invoice, "a test")

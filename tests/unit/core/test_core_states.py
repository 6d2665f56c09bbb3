"""The transition table keeps the promise that no Bill is entered twice."""

from __future__ import annotations

import pytest

from ml_connector.core.errors import Defect
from ml_connector.core.states import HAS_OR_MAY_HAVE_BILL, TRANSITIONS, WORDS, Event, State, advance, can

#: States of a document whose TxnID is known.
HAS_BILL = {State.POSTED, State.CONFIRMED, State.PAID, State.CHANGED, State.MODIFYING}
#: States from which the next session would add a Bill, or from which planning leads there.
MAY_STILL_BE_ADDED = {State.RECEIVED, State.ACCEPTED, State.PLANNED}


#: What a person does to end a matter. Before anything is entered after it, QuickBooks is asked for the earlier Bill.
ENDED_BY_A_PERSON = {Event.GAVE_UP, Event.SKIPPED}
#: What else only a person does that leads away from a Bill: to enter again what an older company file lost.
BY_A_PERSON = ENDED_BY_A_PERSON | {Event.REPOSTED}


def reachable(start: State, but: frozenset[Event] | set[Event] = frozenset()) -> set[State]:
    found, fresh = {start}, [start]
    while fresh:
        state = fresh.pop()
        steps = {after for (before, event), after in TRANSITIONS.items() if before is state and event not in but}
        following = steps - found
        found |= following
        fresh += following
    return found


def test_every_state_can_be_reached() -> None:
    assert reachable(State.RECEIVED) == set(State)


def test_every_event_can_happen_somewhere() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_no_state_is_a_dead_end() -> None:
    assert {before for before, _ in TRANSITIONS} == set(State)


def test_from_a_state_that_may_have_a_bill_only_a_no_of_quickbooks_or_a_person_leads_back_to_adding_one() -> None:
    back = {
        (before, event)
        for (before, event), after in TRANSITIONS.items()
        if before in HAS_OR_MAY_HAVE_BILL and after in MAY_STILL_BE_ADDED
    }
    assert back == {(State.IN_DOUBT, Event.NOT_THERE), (State.CHANGED, Event.REPOSTED)}


def test_a_document_that_has_a_bill_keeps_it_unless_a_person_ends_the_matter() -> None:
    for state in HAS_BILL:
        assert reachable(state, BY_A_PERSON) <= HAS_BILL


def test_nothing_but_an_answer_or_its_loss_follows_upon_sending() -> None:
    assert {event for before, event in TRANSITIONS if before is State.SENT} == {
        Event.ADDED,
        Event.REFUSED,
        Event.ANSWER_LOST,
    }


def test_a_bill_is_handed_over_from_planned_alone() -> None:
    assert {before for before, event in TRANSITIONS if event is Event.HANDED_OVER} == {State.PLANNED}
    assert {before for (before, _), after in TRANSITIONS.items() if after is State.SENT} == {State.PLANNED}


def test_a_person_cannot_give_up_on_or_skip_what_is_under_way() -> None:
    for state in (State.SENT, State.IN_DOUBT, State.MODIFYING):
        for event in ENDED_BY_A_PERSON:
            assert not can(state, event)


def test_a_person_cannot_have_entered_anew_what_may_have_a_bill() -> None:
    for state in HAS_OR_MAY_HAVE_BILL:
        assert not can(state, Event.RETRIED)


def test_an_offer_repeated_unchanged_does_not_disturb_a_bill_under_way() -> None:
    for state in (State.SENT, State.IN_DOUBT, State.MODIFYING):
        assert not can(state, Event.OFFERED_AGAIN)
        assert not can(state, Event.OFFERED_CHANGED)


def test_what_may_have_a_bill_is_what_was_sent_and_everything_after() -> None:
    assert reachable(State.POSTED, BY_A_PERSON) | {State.SENT, State.IN_DOUBT} == HAS_OR_MAY_HAVE_BILL


@pytest.mark.parametrize("state", State)
def test_each_event_leads_on_or_is_a_defect(state: State) -> None:
    for event in Event:
        if can(state, event):
            assert advance(state, event) is TRANSITIONS[state, event]
        else:
            with pytest.raises(Defect, match=f"{event.name} cannot happen in {state.name}"):
                advance(state, event)


def test_every_state_has_words_of_its_own_for_people() -> None:
    assert set(WORDS) == set(State)
    assert len(set(WORDS.values())) == len(State)


def test_the_names_fit_their_columns() -> None:
    assert max(len(state.value) for state in State) <= 10
    assert max(len(event.value) for event in Event) <= 40

"""`ml-connector why`: one right answer for each situation, every one of them really brought about."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from situations import SITUATIONS, Situation, waiting

from ml_connector.flows.story import told, why
from world import World

pytestmark = pytest.mark.both_databases

_WINDOW = timedelta(seconds=172800)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_there_is_one_right_answer(world: World, situation: Situation) -> None:
    invoice = situation.comes_about(world)
    document, now = world.connector.document(invoice), world.clock.now()
    answer = why(document, now)
    assert answer.state == situation.state
    assert situation.cause in answer.cause
    assert (answer.owner, situation.step in answer.next_step) == (situation.owner, True), answer
    assert answer.next_try == situation.next_try(world, invoice)
    acknowledged = document.acknowledged_at
    deadline = acknowledged + _WINDOW if situation.waits and acknowledged is not None else None
    assert (answer.deadline, answer.overdue) == (deadline, deadline is not None and deadline <= now)
    # The same for a script, and for a person.
    value = json.loads(json.dumps(answer.as_dict()))
    assert value["next_try"] == (answer.next_try.isoformat() if answer.next_try else None)
    assert value["deadline"] == (deadline.isoformat() if deadline else None)
    lines = told(document, answer, now)
    assert [line.partition(":")[0] for line in lines[1:]] == ["Who acts", "Next step", "Next try", "Deadline"]
    assert lines[0] == f"{answer.state}: {answer.cause}" and lines[0].endswith((".", ")"))
    assert "<ID>" not in lines[2]


def test_before_the_first_session_the_answer_is_to_run_the_web_connector(database: object) -> None:
    world = World(1)
    invoice = world.basware.approves()
    world.works()
    answer = why(world.connector.document(invoice), world.clock.now())
    assert "have not been read yet" in answer.cause and "has never called" in answer.cause
    assert (answer.owner, answer.next_try) == ("IT admin", None)
    assert "ml-connector connection qwc main" in answer.next_step


def test_times_are_told_in_the_time_zone_of_the_company(database: object) -> None:
    world = World(1, settings={"time_zone": "America/Los_Angeles"})
    world.run_until_idle()
    invoice = waiting(world)
    document, now = world.connector.document(invoice), world.clock.now()
    lines = told(document, why(document, now), now)
    assert "PST (in 2 days)" in lines[-1]
    assert "PST" in lines[-2]

"""The Web Connector's password is changed without a visit to its machine that minute, and a wrong one is seen."""

from __future__ import annotations

import pytest

from desks import OWN_URL
from ml_connector.core.secret import Secret
from ml_connector.flows import connections
from ml_connector.flows.standing import standings
from world import World

pytestmark = pytest.mark.both_databases

_WEEK_S = 604_800


def _sets(world: World, password: str) -> None:
    connections.change(world.surroundings, world.connector.row(), "an admin", password=Secret(password))


def _types(world: World, password: str) -> None:
    """Type a password into the Web Connector."""
    world.outside.workstation.add_application(connections.qwc_file(world.connection, OWN_URL).decode("ascii"), password)


def _signs_in(world: World) -> bool:
    before = world.connector.row().last_poll_at
    world.passes(60)
    world.polls()
    return world.connector.row().last_poll_at != before


def test_the_earlier_password_is_taken_until_the_new_one_was_used(world: World) -> None:
    invoice = world.basware.approves()
    _sets(world, "the new one")
    world.run_until_idle()
    assert world.basware.heard_about(invoice) == ["success"]
    assert standings(world.clock.now())[0].earlier_password_until is not None
    _types(world, "the new one")
    assert _signs_in(world)
    assert standings(world.clock.now())[0].earlier_password_until is None
    from world import PASSWORD

    _types(world, PASSWORD)
    assert not _signs_in(world)


def test_the_earlier_password_ends_with_its_time(world: World) -> None:
    _sets(world, "the new one")
    assert _signs_in(world)
    world.passes(_WEEK_S)
    assert not _signs_in(world)
    (standing,) = standings(world.clock.now())
    assert standing.earlier_password_until is None
    assert any("password was wrong" in problem and "QBWC1040" in problem for problem in standing.problems)
    _types(world, "the new one")
    assert _signs_in(world)
    assert not any("password" in problem for problem in standings(world.clock.now())[0].problems)


def test_a_short_time_of_overlap_ends_the_earlier_password_at_once(world: World) -> None:
    _sets(world, "the new one")
    connections.change(world.surroundings, world.connector.row(), "an admin", settings={"password_overlap_s": 1})
    world.passes(2)
    assert not _signs_in(world)


def test_two_changes_in_a_row_keep_the_password_that_the_machine_still_has(world: World) -> None:
    _sets(world, "the second")
    _sets(world, "the third")
    assert _signs_in(world)
    _types(world, "the second")
    assert not _signs_in(world)
    _types(world, "the third")
    assert _signs_in(world)


def test_neither_password_opens_the_door_for_another_user(world: World) -> None:
    _sets(world, "the new one")
    world.connection.qb_user = "somebody else"
    _types(world, "the new one")
    assert not _signs_in(world)


def test_refused_sign_ins_are_noted_once_a_minute_at_most(world: World) -> None:
    _types(world, "mistyped")
    world.passes(61)
    world.polls()
    noted = world.connector.row().last_refused_at
    assert noted == world.clock.now()
    world.passes(30)
    world.polls()
    assert world.connector.row().last_refused_at == noted

"""Users and the system, as an admin asks for them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from django.db import connection as database
from visitor import Visitor

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.roles import Role
from ml_connector.flows import people, upkeep
from ml_connector.store.models import AccessEntry, Connection, ConsoleSession, User
from world import World

pytestmark = pytest.mark.both_databases


@pytest.fixture
def admin(world: World) -> Visitor:
    return Visitor(world).comes_in_as(Role.ADMIN)


def _link(text: str) -> str:
    found = re.search(r'id="secret" class="secret">https://connector\.example([^<]+)<', text)
    assert found is not None
    return found[1]


def test_an_admin_lets_somebody_in_by_a_link_that_is_shown_once(world: World, admin: Visitor) -> None:
    answer = admin.send("/console/users", name="Carla", full_name="Carla C.", email="", role="controller")
    link = _link(answer.text)
    assert link not in admin.get("/console/users").text and "Carla C." in admin.get("/console/users").text
    carla = Visitor(world)
    assert carla.send(link).status == 302
    assert carla.get("/console/users").status == 403
    again = admin.send("/console/users", name="carla", role="clerk")
    assert again.status == 400 and "There is a user" in again.text


def test_a_role_is_changed_and_holds_from_the_next_page_on(world: World, admin: Visitor) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    row = User.objects.get(role="clerk")
    admin.send(f"/console/users/{row.pk}/role", f"/console/users/{row.pk}", role="admin")
    assert clerk.get("/console/users").status == 200
    assert "is now" in admin.get(f"/console/users/{row.pk}").text


def test_who_is_let_in_no_more_is_out_at_once_and_the_last_admin_stays(world: World, admin: Visitor) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    row = User.objects.get(role="clerk")
    admin.send(f"/console/users/{row.pk}/active", f"/console/users/{row.pk}", active="no")
    assert clerk.get("/console/documents").status == 302
    assert admin.send(f"/console/users/{row.pk}/link", "/console/users").status == 409, "a disabled user gets no link"
    own = User.objects.get(role="admin")
    answer = admin.send(f"/console/users/{own.pk}/active", f"/console/users/{own.pk}", active="no")
    assert answer.status == 409 and "the only admin" in answer.text
    admin.send(f"/console/users/{row.pk}/active", f"/console/users/{row.pk}", active="yes")
    assert User.objects.get(pk=row.pk).is_active


def test_a_session_of_somebody_else_is_ended_and_what_was_done_stands_in_the_history(
    world: World, admin: Visitor
) -> None:
    clerk = Visitor(world).comes_in_as(Role.CLERK)
    row = User.objects.get(role="clerk")
    key = ConsoleSession.objects.get(user=row).session_key
    admin.send(f"/console/users/{row.pk}/sessions/{key}/end", f"/console/users/{row.pk}")
    assert clerk.get("/console/documents").status == 302
    assert "was ended" in admin.get(f"/console/users/{row.pk}").text
    assert AccessEntry.objects.get(event="session_ended").actor.endswith("(console)")


def test_a_thousand_users_come_page_by_page(world: World, admin: Visitor) -> None:
    for number in range(120):
        people.add(world.surroundings, f"user-{number:03}", "clerk", "a test")
    seen: list[str] = []
    address = "/console/users"
    while address:
        text = admin.get(address).text
        seen += re.findall(r'<a href="/console/users/\d+">([^<]+)</a>', text)
        following = re.search(r'rel="next" href="(\?after=[^"]+)"', text)
        address = f"/console/users{following[1]}" if following else ""
    assert len(seen) == len(set(seen)) == 121


def test_the_system_page_says_how_old_the_backup_is_and_what_to_do(world: World, admin: Visitor) -> None:
    assert (
        "none known" in admin.get("/console/system").text and "ml-connector backup" in admin.get("/console/system").text
    )
    upkeep.note_backup(world.surroundings, "the tape", "a test")
    text = admin.get("/console/system").text
    assert "the tape" in text and "none known" not in text
    world.passes(3 * 86400)
    assert "Look after it" in admin.get("/console/system").text


def test_a_copy_of_the_database_is_whole_and_never_written_over_another(world: World, tmp_path: Path) -> None:
    out = tmp_path / "copy.sqlite3"
    if database.vendor != "sqlite":
        with pytest.raises(NeedsOperator, match="pg_dump"):
            upkeep.back_up(world.surroundings, out, "a test")
        return
    upkeep.back_up(world.surroundings, out, "a test")
    with sqlite3.connect(out) as copy:
        assert copy.execute("SELECT name FROM store_connection").fetchall() == [("main",)]
    with pytest.raises(NeedsOperator, match="exists already"):
        upkeep.back_up(world.surroundings, out, "a test")


def test_the_state_of_every_audit_chain_is_shown_with_its_verb(world: World, admin: Visitor) -> None:
    def state() -> str:
        found = re.search(r'data-label="State"><span class="badge \w+">([^<]+)<', admin.get("/console/system").text)
        assert found is not None
        return found[1]

    def checked() -> str:
        answer = admin.send("/console/audit/verify", "/console/system", connection="main")
        admin.send(answer.location)  # a small chain is one piece
        return state()

    assert state() == "Check it"
    assert checked() == "Holds"
    Connection.objects.update(chain_hash="0" * 64)  # as if the latest entries had been cut off
    assert checked() == "Does not hold"

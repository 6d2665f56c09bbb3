"""Worlds for the stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # it names rows, and this file is read before Django is set up
    from world import World


@pytest.fixture
def world(database: object) -> World:
    """A world in which the lists have travelled already and nothing goes wrong unless a story says so."""
    from world import World

    made = World(1)
    made.run_until_idle()
    return made

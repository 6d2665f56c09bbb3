"""Worlds for the stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from databases import Database

if TYPE_CHECKING:  # it names rows, and this file is read before Django is set up
    from world import World


@pytest.fixture
def world(database: Database) -> World:
    """A world in which the lists have travelled already and nothing goes wrong unless a story says so."""
    from rested import a_rested_world

    return a_rested_world(database)

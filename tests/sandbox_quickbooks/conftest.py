"""Fixtures of the QuickBooks simulator's tests."""

import pytest
from simulated_desk import Bridge, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()

from __future__ import annotations

import pytest
from scripted_basware import Clock, ScriptedBasware, a_client

from ml_connector.basware.client import BaswareClient


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def basware(clock: Clock) -> ScriptedBasware:
    return ScriptedBasware(clock)


@pytest.fixture
def client(basware: ScriptedBasware) -> BaswareClient:
    return a_client(basware)

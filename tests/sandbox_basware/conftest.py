"""A desk for each test: one fresh tenant on a clock that stands still."""

from __future__ import annotations

import pytest
from basware_in_process import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()

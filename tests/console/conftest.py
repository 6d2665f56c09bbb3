"""A running console, for the stories that are told in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # these name rows, and this file is read before Django is set up
    from live_console import Running
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation whose invoices have come to rest; it is shared, so a story finds what earlier ones left."""
    from live_console import a_running_console

    with a_running_console(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; while it runs, its thread can ask no rows."""
    from browser import a_browser

    with a_browser() as found:
        yield found

"""Quiet hours: a window of each day, in the company's own time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ml_connector.core.errors import NeedsOperator
from ml_connector.core.quiet import is_window, quiet_until
from ml_connector.core.settings import ConnectionSettings

_ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize("text", ["22:00-06:00", "00:00-23:59", "07:30-18:00"])
def test_a_window_is_taken(text: str) -> None:
    assert is_window(text) and ConnectionSettings().changed({"quiet_hours": text}).quiet_hours == text


@pytest.mark.parametrize("text", ["22-6", "24:00-06:00", "08:00-08:00", "8:00-9:00", "at night", "08:00-09:60"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(NeedsOperator, match="is a window such as 22:00-06:00, or empty"):
        ConnectionSettings().changed({"quiet_hours": text})


@pytest.mark.parametrize(
    ("window", "now", "end"),
    [
        ("", "2026-03-02 12:00", None),
        ("08:00-18:00", "2026-03-02 07:59", None),
        ("08:00-18:00", "2026-03-02 08:00", "2026-03-02 18:00"),
        ("08:00-18:00", "2026-03-02 18:00", None),
        ("22:00-06:00", "2026-03-02 23:00", "2026-03-03 06:00"),
        ("22:00-06:00", "2026-03-02 05:59", "2026-03-02 06:00"),
        ("22:00-06:00", "2026-03-02 12:00", None),
        ("22:00-06:00", "2026-03-07 23:00", "2026-03-08 06:00"),  # an hour is left out in this night
    ],
)
def test_the_end_of_a_window_is_told_in_local_time(window: str, now: str, end: str | None) -> None:
    found = quiet_until(window, datetime.fromisoformat(now).replace(tzinfo=_ZONE))
    assert found == (datetime.fromisoformat(end).replace(tzinfo=_ZONE) if end else None)

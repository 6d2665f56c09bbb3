"""The campaign finds what it is made for: each bug is planted in a copy of the source and must be found within few seeds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from campaign_runs import run_campaign

from campaign.planted import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_the_campaign_fails_when_the_connector(name: str, tmp_path: Path) -> None:
    source = BUGS[name].plant(tmp_path)
    made = run_campaign("--seeds", "1-20", "--until-failure", source=source)
    assert made.returncode == 1, made.stdout[-3000:] + made.stderr[-2000:]
    kinds = set(re.findall(r"^  (\w+): ", made.stdout, re.MULTILINE))
    assert BUGS[name].found_as in kinds, made.stdout[-3000:]

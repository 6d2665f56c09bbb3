"""A slice of the campaign: whole lives with every fault. `make campaign` runs as many as one likes."""

from __future__ import annotations

import re

import pytest
from campaign_runs import run_campaign


@pytest.mark.parametrize("seeds", ["1-4", "5-8", "9-12", "13-16"])
def test_after_every_storm_each_invoice_has_exactly_its_bill_or_waits_with_a_reason(seeds: str) -> None:
    made = run_campaign("--seeds", seeds)
    assert made.returncode == 0, made.stdout[-6000:] + made.stderr[-2000:]
    table = dict(re.findall(r"^(\S[\w ]*?) {2,}([\d,]+)$", made.stdout, re.MULTILINE))
    assert int(table["seeds"]) == 4
    assert int(table["invoices approved"].replace(",", "")) > 40
    assert int(table["faults injected"].replace(",", "")) > 100


def test_the_same_seed_tells_the_same_story_in_every_process() -> None:
    def told(seeds: str, hash_seed: str) -> list[str]:
        made = run_campaign("--seeds", seeds, "--digests", PYTHONHASHSEED=hash_seed)
        return re.findall(r"^\d+ [0-9a-f]{64}$", made.stdout, re.MULTILINE)

    first, again = told("40-41", "1"), told("41-41", "2")
    assert len(again) == 1
    assert first[1:] == again

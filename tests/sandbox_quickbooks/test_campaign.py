"""Every misfortune at once, from seeds: the simulator itself keeps its promises."""

import pytest
from simulated_desk import Bridge, Desk
from test_web_connector import Site

from ml_connector.sandbox.quickbooks.faults import KINDS

RESULTS = {"completed", "error", "killed"}


@pytest.mark.parametrize("seed", range(20))
def test_one_message_set_is_never_executed_twice_however_often_it_is_sent(seed: int) -> None:
    site = Site(Desk(), Bridge())
    site.desk.faults.reseed(seed)
    for number, kind in enumerate(KINDS):
        # The one misfortune that does make a second bill: QuickBooks forgot that it had saved the first.
        if kind != "hresult_after_save_unrecorded":
            site.desk.faults.arm(kind, times=None, probability=0.02 + 0.01 * ((seed + number) % 7))
    texts = [site.queues_bill(f"S{number}") for number in range(6)]
    for _ in range(12):
        site.bridge.queue = list(texts)
        assert site.runs().result in RESULTS
        assert len(site.desk.amounts()) <= len(texts)
    assert site.desk.faults.counts.total() > 0


@pytest.mark.parametrize("seed", [3, 4])
def test_the_same_seed_tells_the_same_story(seed: int) -> None:
    def story() -> list[tuple[str, str, int]]:
        site = Site(Desk(), Bridge())
        site.desk.faults.reseed(seed)
        site.desk.faults.arm_realistic_mix()
        told = []
        for number in range(40):
            site.queues_bill(f"S{number}")
            outcome = site.runs()
            told.append((outcome.result, outcome.detail, outcome.calls))
            site.bridge.queue.clear()
        return told

    assert story() == story()

"""The `.qwc` file: as the Web Connector wants it, or refused with every reason at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree
from quickbooks_builders import golden_text

from ml_connector.quickbooks.qwc import Qwc, QwcRefused, broken_rules, render_qwc

GOOD = Qwc(
    app_name="Basware to QuickBooks",
    app_url="https://bridge.example.com/qbwc/acme",
    support_url="https://bridge.example.com/help",
    description="Posts approved invoices as Bills",
    user_name="acme-7f3",
    owner_id="{6f0c1d0e-3b0a-4a55-9d33-2c8b7f5a1001}",
    file_id="{0d7b8c52-77a1-4e0e-9f40-6d1f0e9c2002}",
    unique_name="ml-connector acme",
    run_every_minutes=5,
)


def test_a_good_file_is_written_as_the_golden_one() -> None:
    assert render_qwc(GOOD).decode("ascii").splitlines() == golden_text("connection.qwc").splitlines()


def test_seconds_and_names_with_accents_are_written_too() -> None:
    written = render_qwc(replace(GOOD, app_name="Décor & Co", run_every_minutes=None, run_every_seconds=90))
    root = etree.fromstring(written)
    assert root.findtext("AppName") == "Décor & Co"
    assert root.findtext("Scheduler/RunEveryNSeconds") == "90"
    assert b"password" not in written.lower()


@pytest.mark.parametrize(
    "qwc",
    [
        replace(GOOD, app_url="http://localhost:8420/qbwc", support_url="http://localhost:8420/"),
        replace(GOOD, app_url="http://books-pc:8420/q", support_url="http://books-pc:8420/", machine_name="BOOKS-PC"),
        replace(GOOD, support_url="https://example.com/help"),
        replace(GOOD, run_every_minutes=None),
    ],
)
def test_local_addresses_and_the_parent_domain_are_allowed(qwc: Qwc) -> None:
    assert broken_rules(qwc) == ()


@pytest.mark.parametrize(
    ("qwc", "says"),
    [
        (replace(GOOD, app_url="http://bridge.example.com/q"), "use https"),
        (replace(GOOD, app_url="https://10.0.0.5/q", support_url="https://10.0.0.5/"), "QBWC1001"),
        (replace(GOOD, app_url="https://[::1]/q"), "IP address"),
        (replace(GOOD, app_url="ftp://bridge.example.com/"), "no web address"),
        (replace(GOOD, app_url="https://bridge.example.com:99999/"), "no web address"),
        (replace(GOOD, app_url="bridge"), "no web address"),
        (replace(GOOD, app_url="https://bridge example.com/"), "no web address"),
        (replace(GOOD, support_url="https://help.example.org/"), "QBWC1000"),
        (
            replace(GOOD, support_url="https://notbridge.example.com/", app_url="https://bridge.example.com/"),
            "QBWC1000",
        ),
        (replace(GOOD, owner_id="6f0c1d0e-3b0a-4a55-9d33-2c8b7f5a1001"), "OwnerID"),
        (replace(GOOD, file_id="{1}"), "FileID"),
        (replace(GOOD, description="x" * 81), "shorten it to 80"),
        (replace(GOOD, description=" "), "description is empty"),
        (replace(GOOD, user_name=""), "user name is empty"),
        (replace(GOOD, run_every_seconds=60), "choose one"),
        (replace(GOOD, run_every_minutes=0), "1 or more"),
    ],
)
def test_a_broken_rule_is_refused_with_the_next_step(qwc: Qwc, says: str) -> None:
    with pytest.raises(QwcRefused, match=says):
        render_qwc(qwc)


def test_all_broken_rules_are_told_at_once() -> None:
    with pytest.raises(QwcRefused) as caught:
        render_qwc(replace(GOOD, app_url="http://bridge.example.com/", owner_id="", description="x" * 81))
    assert len(caught.value.reasons) == 3

"""The loop with real processes: both simulated systems, the service, and what ends it in the middle of its work."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from installation import Installation

from ml_connector.cli.demo_processes import Control, wait_until
from ml_connector.cli.demo_views import compare

_FAST = (
    "invoice_poll_s=1", "list_read_s=5", "list_publish_s=1", "request_status_s=1", "payment_read_s=2", "answer_s=1",
    "web_connector_every_s=1", "sweep_s=20", "retry_base_s=1", "bills_per_set=4",
)  # fmt: skip
_PASSWORD = "SIMULATED_WEB_CONNECTOR_PASSWORD"
_INVOICES = 30


def test_a_service_killed_in_the_middle_of_its_work_ends_with_the_same_ledger(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    installation.run("init")
    python = [sys.executable, "-m"]
    try:
        basware = _basware(installation, tmp_path)
        people = Control(basware["control_url"])
        installation.serve()
        made = installation.run(
            "connection", "add", "main", "--base-url", basware["base_url"], "--company-code", basware["company_codes"][0],
            "--client-id", basware["client_id"], "--client-secret", basware["client_secret"], "--password", "a password",
            *(word for setting in _FAST for word in ("--set", setting)),
        )  # fmt: skip
        assert made.code == 0, made
        before = len(people.get("invoices"))
        qwc = tmp_path / "connector.qwc"
        assert (
            installation.run("connection", "qwc", "main", "--public-url", installation.url, "--out", str(qwc)).code == 0
        )
        quickbooks = installation.program(
            "QuickBooks",
            [*python, "ml_connector.sandbox.quickbooks", "--seed", "1", "--data", "firm", "--qwc", str(qwc),
             "--password-env", _PASSWORD, "--poll-seconds", "1", "--time-scale", "0.1", "--timeout-seconds", "5"],
            tmp_path / "quickbooks.log",
            {_PASSWORD: "a password"},
        ).start()  # fmt: skip
        books = Control(quickbooks["control"])
        people.post("invoices", {"count": _INVOICES, "lines": 2})
        for wanted in (3, 15, 25):
            assert wait_until(lambda wanted=wanted: len(_ours(books)) >= wanted, 60, 0.1)
            installation.kill()
            installation.serve()

        def all_told() -> bool:
            rows = people.get("invoices")[before:]
            return len(rows) == _INVOICES and all(row["processingStatus"] == "Transferred" for row in rows)

        assert wait_until(all_told, 60), [row["processingStatus"] for row in people.get("invoices")[before:]]
        told = people.get("invoices")[before:]
        ids = {row["invoiceId"] for row in told}
        documents = [row for row in installation.run("documents", "--limit", "1000").value if row["invoice_id"] in ids]
        found = compare(told, books.get("bills"), [], books.get("duplicates"), documents)
        assert {row.number: row.problems for row in found.rows if row.problems} == {}
        assert books.get("duplicates") == []
        numbers = [bill["ref_number"] for bill in _ours(books) if bill["ref_number"].startswith("BN-")]
        assert sorted(numbers) == sorted(row["invoiceNumber"] for row in told)
        assert installation.run("audit", "verify", "main").code == 0
    finally:
        installation.leave()


def _basware(installation: Installation, tmp_path: Path) -> dict[str, Any]:
    ports = [word for name in ("--port", "--presigned-port", "--control-port") for word in (name, "0")]
    command = [sys.executable, "-m", "ml_connector.sandbox.basware", "--seed", "1", "--data", "firm", *ports]
    return dict(installation.program("Basware", command, tmp_path / "basware.log", {}).start())


def test_a_subscription_ended_by_the_command_is_forgotten_on_both_sides(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    installation.run("init")
    try:
        basware = _basware(installation, tmp_path)
        installation.run(
            "connection", "add", "main", "--base-url", basware["base_url"], "--company-code", basware["company_codes"][0],
            "--client-id", basware["client_id"], "--client-secret", basware["client_secret"], "--password", "a password",
        )  # fmt: skip
        installation.serve()
        assert installation.run("webhook", "create", "main", "--public-url", installation.url).code == 0
        assert installation.run("webhook", "delete", "main").value == {"deleted": 1}
        assert installation.run("webhook", "list", "main").value == []
        with closing(sqlite3.connect(installation.home / "connector.sqlite3")) as database:
            secrets = {name for (name,) in database.execute("SELECT name FROM store_credential")}
            told = [
                words for (words,) in database.execute("SELECT words FROM store_auditentry WHERE actor = 'a clerk'")
            ]
        assert secrets == {"basware client id", "basware client secret", "web connector password"}
        assert "1 subscriptions of the type WaitingForTransfer were ended." in told
    finally:
        installation.leave()


def _ours(books: Control) -> list[dict[str, str]]:
    return [bill for bill in books.get("bills") if "[BW:" in bill["memo"]]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="Whose child a process is, is asked of /proc.")
def test_a_demonstration_that_is_told_to_end_ends_what_it_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ml_connector", "demo", "--folder", str(tmp_path / "demo")]
    with (tmp_path / "words").open("w") as words:
        demo = subprocess.Popen(command, stdout=words, stderr=words)
    try:
        assert wait_until(lambda: len(_children(demo.pid)) >= 2, 60, 0.1)
        started = _children(demo.pid)
    finally:
        demo.terminate()
    assert demo.wait(60) == 0, (tmp_path / "words").read_text()
    assert wait_until(lambda: not any(_is_alive(child) for child in started), 10, 0.1)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


@pytest.mark.parametrize("words", [(), ("--faults",)], ids=["on a good day", "on a bad day"])
def test_the_demonstration_ends_in_agreement(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ml_connector", "demo", "--once", *words, "--folder", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=420,
        env={**os.environ},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "agree to the cent" in done.stdout

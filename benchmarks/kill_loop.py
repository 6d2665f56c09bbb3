"""Kill the server again and again while it works, and compare the ledgers with those of a run that nobody disturbed.

    python benchmarks/kill_loop.py [--invoices 2000] [--kills 40] [--database postgresql://...]

Two runs over real HTTP, SOAP and qbXML, with the same invoices: one is left alone; in the other the service's process is
ended with SIGKILL at random moments and started again, until everything is told. Then the simulators are asked what they
hold: every Bill with its vendor, number, date, lines and cents, and what Basware heard of every invoice. The exit status
is 1 if anything differs, was entered twice, or was told twice.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ml_connector.cli.demo_processes import Cli, Control, Program, free_port, wait_until

_NAME = "kill"
_PASSWORD = "SANDBOX_QBWC_PASSWORD"
_SETTINGS = (
    "invoice_poll_s=1", "list_read_s=600", "list_publish_s=2", "request_status_s=2", "payment_read_s=600",
    "answer_s=1", "web_connector_every_s=1", "sweep_s=60", "retry_base_s=1", "bills_per_set=20",
)  # fmt: skip
_TOLD = frozenset({"Transferred", "Paid"})


class Run:
    """One run from an empty home to the last confirmation."""

    def __init__(self, folder: Path, invoices: int, database: str, limit_s: float) -> None:
        self._folder = folder
        self._invoices = invoices
        self._limit_s = limit_s
        self._programs: list[Program] = []
        self._cli = Cli(folder / "home")
        self._environment = self._cli.environment | ({"ML_CONNECTOR_DATABASE": database} if database else {})
        self.kills = 0
        self.moments: Counter[str] = Counter()  #: kills by how much was entered, in tenths of the whole

    def work(self, kills: int, dice: random.Random) -> dict[str, Any]:
        """Run, with so many kills; return what both outside systems hold."""
        self._start()
        self._basware.post("invoices", {"count": self._invoices, "lines": 3})
        end = time.monotonic() + self._limit_s
        for number in range(kills):
            if dice.random() < 0.3:
                time.sleep(dice.uniform(0.0, 1.0))  # some lives end while they begin
            else:
                share = (number + dice.random()) / kills
                wait_until(lambda share=share: self._entered() >= share * self._invoices, 20.0, 0.05)
                time.sleep(dice.uniform(0.0, 0.5))
            if time.monotonic() > end or self._told() >= self._invoices:
                break
            self._connector.kill()
            self.kills += 1
            self.moments[f"{100 * self._entered() // self._invoices // 10 * 10:>2} %"] += 1
            self._connector.start()
        if not wait_until(lambda: self._told() >= self._invoices, max(end - time.monotonic(), 1.0), 1.0):
            raise SystemExit(f"Only {self._told()} of {self._invoices} invoices were told in {self._limit_s:.0f} s.")
        return self._holdings()

    def stop(self) -> None:
        """End every process that was started."""
        for program in reversed(self._programs):
            program.stop()

    def _program(self, name: str, command: list[str], environment: dict[str, str]) -> Program:
        program = Program(name, command, self._folder / f"{name}.log", environment)
        self._programs.append(program)
        return program

    def _start(self) -> None:
        sandbox = [sys.executable, "-m", "ml_connector.sandbox.basware", "--data", "firm", "--invoices", "0"]
        ready = self._program("basware", sandbox, {}).start()
        self._basware = Control(ready["control_url"])
        os.environ.pop("ML_CONNECTOR_DATABASE", None)
        if "ML_CONNECTOR_DATABASE" in self._environment:
            os.environ["ML_CONNECTOR_DATABASE"] = self._environment["ML_CONNECTOR_DATABASE"]
        self._cli("init")
        self._cli(
            "connection", "add", _NAME, "--base-url", ready["base_url"], "--company-code", ready["company_codes"][0],
            "--client-id", ready["client_id"], "--client-secret", ready["client_secret"], "--password", "kill",
            *(word for setting in _SETTINGS for word in ("--set", setting)),
        )  # fmt: skip
        port = free_port()
        url = f"http://localhost:{port}"
        serve = self._cli.command("serve", "--port", str(port), "--public-url", url)
        self._connector = self._program("connector", serve, self._environment | {"ML_CONNECTOR_LOG_LEVEL": "ERROR"})
        self._connector.start()
        qwc = self._folder / "kill.qwc"
        self._cli("connection", "qwc", _NAME, "--public-url", url, "--out", str(qwc))
        command = [sys.executable, "-m", "ml_connector.sandbox.quickbooks", "--data", "firm", "--instant"]
        command += ["--qwc", str(qwc), "--password-env", _PASSWORD, "--poll-seconds", "1", "--timeout-seconds", "10"]
        ready = self._program("quickbooks", command, {_PASSWORD: "kill"}).start()
        self._quickbooks = Control(ready["control"])

    def _entered(self) -> int:
        return int(self._quickbooks.get("counters")["requests"].get("BillAddRq", 0))

    def _told(self) -> int:
        return sum(1 for row in self._basware.get("invoices") if row["processingStatus"] in _TOLD)

    def _holdings(self) -> dict[str, Any]:
        """What both hold, without the names that QuickBooks draws anew in every run."""
        bills = {
            (
                row["vendor"], row["ref_number"], row["txn_date"], row["due_date"], row["amount"],
                tuple(sorted((line["account"], line["class"], line["customer"], line["amount"]) for line in row["lines"])),
            ): row["txn_id"]
            for row in self._quickbooks.get("bills")
            if "[BW:" in row["memo"]
        }  # fmt: skip
        by_id = {txn_id: bill for bill, txn_id in bills.items()}
        heard: dict[str, Any] = {}
        for row in self._basware.get("invoices"):
            told = [r for r in row.get("transferResponses", []) if r["success"]]
            named = [by_id.get(r.get("voucherNumber1", "")) for r in told]
            heard[row["invoiceNumber"]] = (row["processingStatus"], tuple(named))
        return {
            "bills": sorted(bills),
            "heard": heard,
            "count": sum(1 for row in self._quickbooks.get("bills") if "[BW:" in row["memo"]),
            "duplicates": self._quickbooks.get("duplicates"),
            "chain": bool(self._cli("audit", "verify", _NAME)[0]["ok"]),
        }


def main() -> int:
    """Run both, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument(
        "--database", default="", help="address of a PostgreSQL server; databases are made and dropped on it"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which it is killed")
    parser.add_argument("--limit-seconds", type=float, default=600.0, help="longest time of one run")
    given = parser.parse_args()
    began = time.monotonic()
    calm, _, _ = _run(given, 0)
    disturbed, kills, moments = _run(given, given.kills)
    problems = _problems(calm, disturbed, given.invoices)
    kind = "PostgreSQL" if given.database else "SQLite"
    print(f"{kind}: {given.invoices} invoices, killed {kills} times, {time.monotonic() - began:.0f} s")
    print(f"  killed when so much was entered: {', '.join(f'{k}: {n}' for k, n in sorted(moments.items()))}")
    print(f"  Bills {disturbed['count']}, duplicates {len(disturbed['duplicates'])}")
    for problem in problems:
        print(f"  DIFFERS: {problem}")
    print("  The ledgers are the same." if not problems else "  The ledgers are NOT the same.")
    return 1 if problems else 0


def _problems(calm: dict[str, Any], disturbed: dict[str, Any], invoices: int) -> list[str]:
    found = []
    for name, holdings in (("undisturbed", calm), ("killed", disturbed)):
        if holdings["count"] != invoices:
            found.append(f"the {name} run has {holdings['count']} Bills of {invoices} invoices")
        if holdings["duplicates"]:
            found.append(f"the {name} run has duplicates: {holdings['duplicates'][:3]}")
        if not holdings["chain"]:
            found.append(f"the audit chain of the {name} run does not hold")
        twice = [number for number, (_, told) in holdings["heard"].items() if len(told) != 1 or told[0] is None]
        if twice:
            found.append(f"in the {name} run Basware did not hear exactly one success of {twice[:5]}")
    if calm["bills"] != disturbed["bills"]:
        found.append("the Bills are not the same")
    if calm["heard"] != disturbed["heard"]:
        found.append("what Basware heard is not the same")
    return found


def _run(given: argparse.Namespace, kills: int) -> tuple[dict[str, Any], int, Counter[str]]:
    folder = Path(tempfile.mkdtemp(prefix="ml-connector-kill-"))
    name = f"ml_connector_kill_{os.getpid()}_{kills}"
    database = ""
    if given.database:
        _tell_server(given.database, f'CREATE DATABASE "{name}"')
        database = urlunsplit(urlsplit(given.database)._replace(path=f"/{name}"))
    run = Run(folder, given.invoices, database, given.limit_seconds)
    try:
        return run.work(kills, random.Random(given.seed)), run.kills, run.moments
    finally:
        run.stop()
        if database:
            _tell_server(given.database, f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(folder, ignore_errors=True)


def _tell_server(address: str, statement: str) -> None:
    import psycopg

    with closing(psycopg.connect(address, autocommit=True)) as server:
        server.execute(statement)


if __name__ == "__main__":
    sys.exit(main())

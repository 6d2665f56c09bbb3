"""The command `demo`: the whole loop between two running systems, from an empty home to the last payment confirmation."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.status import Status
from rich.table import Table

from ml_connector.cli.context import NOT_OK
from ml_connector.cli.demo_processes import Cli, Control, Program, end_when_told, free_port, wait_until
from ml_connector.cli.demo_views import Comparison, compare
from ml_connector.core.roles import ROLE_WORDS, Role

_NAME = "cascade-ridge"
#: Who may sign in once it runs: name, full name and role.
_PEOPLE = (
    ("carla", "Carla Clerk", Role.CLERK),
    ("conrad", "Conrad Controller", Role.CONTROLLER),
    ("ada", "Ada Admin", Role.ADMIN),
)
_PASSWORD = "SANDBOX_QBWC_PASSWORD"  # noqa: S105  # a variable's name
_SETTLED = frozenset({"confirmed", "paid", "blocked", "changed", "skipped", "returned"})

#: Every interval at its shortest, so that the loop can be watched.
_FAST = (
    "invoice_poll_s=2", "list_read_s=5", "list_publish_s=1", "request_status_s=1", "payment_read_s=1", "answer_s=1",
    "web_connector_every_s=1", "sweep_s=20", "retry_base_s=1", "session_expires_s=60",
)  # fmt: skip


@click.command()
@click.option("--once", is_flag=True, help="End by itself: exit code 0 only if all three views agree.")
@click.option("--faults", is_flag=True, help="With lost answers, killed programs, refusals and forged notifications.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="Where its data goes."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the firm's data and the faults.")
@click.option("--database", help="PostgreSQL address; without it SQLite.")
def demo(once: bool, faults: bool, folder: Path, seed: int, database: str | None) -> None:
    """Run the whole loop between a simulated Basware and a simulated QuickBooks, live in the terminal."""
    home = folder / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    home.mkdir(parents=True, exist_ok=True)
    if database:
        os.environ["ML_CONNECTOR_DATABASE"] = database
    end_when_told()
    show = _Demo(home=home, seed=seed, faults=faults, console=_console())
    try:
        agree = show.run()
        if not once:
            show.stay()
    except KeyboardInterrupt:
        agree = True
    finally:
        show.stop()
    if not agree:
        raise SystemExit(NOT_OK)


def _console() -> Console:
    console = Console(highlight=False)
    # Written to a file or a pipe there is no width to keep to, and a table of 80 columns cannot be read.
    return console if console.is_terminal else Console(highlight=False, width=170)


@dataclass(slots=True)
class _Demo:
    """One run."""

    home: Path
    seed: int
    faults: bool
    console: Console
    programs: list[Program] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)  #: documents by state, when last looked at
    basware: Control = field(init=False)
    quickbooks: Control = field(init=False)
    connector: Program = field(init=False)
    cli: Cli = field(init=False)
    basware_ready: dict[str, Any] = field(init=False)
    url: str = ""
    password: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def _patience_s(self) -> float:
        return 120.0 if self.faults else 60.0

    def run(self) -> bool:
        """Run the loop; return whether all three views agree in the end."""
        self._heading("Two outside worlds and the connector start")
        self._start_basware()
        self._start_connector()
        self._start_quickbooks()
        if self.faults:
            self._arm_faults()
        self._heading("Lists, invoices, Bills and confirmations travel")
        offered = len(self.basware.get("invoices"))
        if self.faults:
            self._torment()
        self._wait("invoices", lambda: self._settled(offered), lambda: self._progress(offered))
        self._tell_lists()
        self._heading("Four more invoices are approved, and Basware notifies the connector")
        offered += len(self.basware.post("invoices", {"count": 4, "lines": 3})["invoiceIds"])
        self._wait("notified invoices", lambda: self._settled(offered), lambda: self._progress(offered))
        self._heading("A person maps a code, and what waited for it goes on by itself")
        self._map_codes()
        self._wait("released invoices", lambda: self._settled(offered), lambda: self._progress(offered))
        self._heading("Bills are paid in QuickBooks, and Basware hears of it")
        self._pay()
        found: list[Comparison] = []
        self._wait("payments", lambda: self._agrees(found), lambda: self._payments_progress(found))
        return self._tell_result(self._compare())

    # Starting.

    def _start_basware(self) -> None:
        command = [sys.executable, "-m", "ml_connector.sandbox.basware", "--seed", str(self.seed), "--data", "firm"]
        command += ["--port", "0", "--presigned-port", "0", "--control-port", "0"]
        ready = self._program("simulated Basware", command).start()
        self.basware = Control(ready["control_url"])
        self.basware_ready = ready
        self._say(f"Basware (simulated) answers at {ready['base_url']}; what it holds: {ready['control_url']}/")

    def _start_connector(self) -> None:
        self.cli = Cli(self.home)
        self.cli("init")
        port = free_port()
        serve = self.cli.command("serve", "--port", str(port), "--public-url", f"http://localhost:{port}")
        self.connector = self._program("connector", serve, self.cli.environment)
        ready = self.connector.start()
        self.url = ready["url"]
        self._say(f"The connector answers at {self.url}; its home is {self.home}")
        made = self.cli(
            "connection", "add", _NAME, "--base-url", self.basware_ready["base_url"],
            "--company-code", self.basware_ready["company_codes"][0],
            "--client-id", self.basware_ready["client_id"], "--client-secret", self.basware_ready["client_secret"],
            *(word for setting in _FAST for word in ("--set", setting)),
        )  # fmt: skip
        self.password = made["password"]
        report = self.cli("connection", "ping", _NAME)
        for step in report["steps"]:
            self._say(f"  ping {step['name']}: {step['sentence']} ({step['milliseconds']} ms)")
        self.cli("connection", "qwc", _NAME, "--public-url", self.url, "--out", str(self.home / "connector.qwc"))
        self.cli("webhook", "create", _NAME, "--public-url", self.url)

    def _start_quickbooks(self) -> None:
        command = [sys.executable, "-m", "ml_connector.sandbox.quickbooks", "--seed", str(self.seed), "--data", "firm"]
        command += ["--qwc", str(self.home / "connector.qwc"), "--password-env", _PASSWORD]
        command += ["--poll-seconds", "1", "--time-scale", "0.1", "--timeout-seconds", "10"]
        ready = self._program("simulated QuickBooks", command, {_PASSWORD: self.password}).start()
        self.quickbooks = Control(ready["control"])
        self._say(f"QuickBooks with its Web Connector (simulated) polls; what it holds: {ready['page']}")

    def _program(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Program:
        program = Program(name, command, self.home / f"{name.replace(' ', '-')}.log", environment or {})
        self.programs.append(program)
        return program

    # Misfortunes.

    def _arm_faults(self) -> None:
        self.basware.post("faults", "realistic")
        self.quickbooks.post("faults", {"realistic": True})
        # Whatever chance brings, these happen for certain.
        for kind in ("answer_lost", "request_lost", "hresult_after_save_unrecorded"):
            self.quickbooks.post("faults", {"kind": kind, "times": 1, "only": "BillAddRq"})
        self.quickbooks.post("faults", {"kind": "crash", "times": 1})
        for kind in ("token-revoked", "throttle", "error-after", "webhook-duplicate", "webhook-forged"):
            self.basware.post("faults", {"kind": kind, "remaining": 2, "seconds": 1})
        self._say("Faults are armed on both sides.")

    def _torment(self) -> None:
        """Kill the connector in the middle of its work, more than once, and start it again."""
        dice = random.Random(self.seed)  # noqa: S311  # a demonstration
        for _ in range(3):
            time.sleep(dice.uniform(1.5, 3.5))
            self.connector.kill()
            self._say("The connector was killed (kill -9) and starts again.")
            self.connector.start()

    # Waiting.

    def _wait(self, what: str, done: Callable[[], bool], progress: Callable[[], str]) -> None:
        with Status("", console=self.console) as status:

            def look() -> bool:
                finished = done()
                status.update(progress())
                return finished

            if not wait_until(look, self._patience_s):
                self._say(f"Still not settled after {self._patience_s:.0f} s: {what}. {progress()}")
        self._say(progress())

    def _documents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cli("documents", "--limit", "100000")
        return found

    def _settled(self, offered: int) -> bool:
        if any(row["processingStatus"] == "WaitingForTransfer" for row in self.basware.get("invoices")):
            return False
        now = self._documents()
        self.seen = Counter(row["state_words"] for row in now)
        return len(now) == offered and all(row["state"] in _SETTLED for row in now)

    def _progress(self, offered: int) -> str:
        words = ", ".join(f"{count} {state.lower()}" for state, count in sorted(self.seen.items()))
        return (
            f"{offered} invoices in Basware: {words}."
            if words
            else f"{offered} invoices in Basware are being taken in."
        )

    def _agrees(self, found: list[Comparison]) -> bool:
        found[:] = [self._compare()]
        return found[0].agree

    def _payments_progress(self, found: list[Comparison]) -> str:
        paid = sum(1 for row in found[0].rows if row.paid) if found else 0
        return f"Basware knows of payments on {paid} invoices."

    def _compare(self) -> Comparison:
        return compare(
            self.basware.get("invoices"),
            self.quickbooks.get("bills"),
            self.quickbooks.get("vendor-credits"),
            self.quickbooks.get("duplicates"),
            self._documents(),
        )

    # What people do.

    def _map_codes(self) -> None:
        for code in self.cli("mapping", "list")["unmapped"]:
            if code["kind"] == "account":
                said = self.cli("mapping", "set", "account", code["code"], "6110")
                self._say(said["said"])

    def _pay(self) -> None:
        ours = [row["txn_id"] for row in self._documents() if row["kind"] == "Bill" and row["txn_id"]]
        if len(ours) < 12:
            self._say(f"Only {len(ours)} Bills are there to be paid.")
            return
        pay = "do/pay_bills"
        half = self.quickbooks.post(pay, {"bills": ours[:6], "fraction": "0.5"})["result"]
        self.quickbooks.post(pay, {"bills": ours[6:14], "ref_number": "20417"})
        self.quickbooks.post(pay, {"bills": ours[14:18], "discount_percent": "2", "by": "credit_card"})
        wrong = self.quickbooks.post(pay, {"bills": ours[18:20], "one_check": False})["result"]
        self._say("Paid: six Bills by half, eight with checks, four by card with a discount, two by mistake.")
        wait_until(lambda: self._paid_in_basware() >= 18, 30)
        self.quickbooks.post("do/void", {"txn_id": wrong[0]})
        self.quickbooks.post("do/delete", {"txn_id": wrong[-1]})
        self.quickbooks.post(pay, {"bills": ours[:3]})
        self._say(
            f"One payment was voided, one deleted, and the rest of three Bills was paid (after {len(half)} part payments)."
        )

    def _paid_in_basware(self) -> int:
        return sum(1 for row in self.basware.get("invoices") if (row.get("payment") or {}).get("paidTotal"))

    # Telling.

    def _tell_lists(self) -> None:
        accepted = self.basware.get("master-data")
        self._say(
            "Basware holds: " + ", ".join(f"{count} {path.split('/')[-1]}" for path, count in accepted.items()) + "."
        )

    def _tell_result(self, found: Comparison) -> bool:
        table = Table(title="Every invoice, in three views", title_justify="left")
        for name in ("Basware number", "Supplier", "Amount", "State", "Basware says", "Bill TxnID", "Paid"):
            table.add_column(name, justify="right" if name in {"Amount", "Paid"} else "left", overflow="fold")
        for row in found.rows:
            table.add_row(
                row.number, row.supplier, f"{row.amount:,.2f} {row.currency}", row.state, row.basware, row.txn_id,
                f"{row.paid:,.2f}" if row.paid else "", style="red" if row.problems else None,
            )  # fmt: skip
        self.console.print(table)
        for row in found.rows:
            if row.reason:
                self.console.print(
                    f"waits: {row.number or '(no number)'} of {row.supplier}: {row.reason}", markup=False
                )
        for row in found.rows:
            for problem in row.problems:
                self.console.print(f"DIFFERS: {row.number} of {row.supplier}: {problem}", markup=False)
        for problem in found.problems:
            self.console.print(f"DIFFERS: {problem}", markup=False)
        chain = self.cli("audit", "verify", _NAME)[0]
        posted = sum(1 for row in found.rows if row.txn_id)
        waiting = sum(1 for row in found.rows if row.reason and not row.txn_id)
        self._say(
            f"{len(found.rows)} invoices: {posted} in QuickBooks and confirmed, {waiting} wait with a named reason;"
            f" the audit chain of {chain['entries']} entries {'holds' if chain['ok'] else 'DOES NOT HOLD'}."
        )
        if self.faults:
            struck = self.basware.get("faults")["struck"] | self.quickbooks.get("faults").get("fired", {})
            self._say(
                "Faults that struck: "
                + ", ".join(f"{kind} {count}" for kind, count in sorted(struck.items()) if count)
                + "."
            )
        agree = found.agree and bool(chain["ok"])
        self._say("Basware, QuickBooks and the connector agree to the cent." if agree else "The views DO NOT agree.")
        return agree

    def stay(self) -> None:
        """Leave everything running, to be looked at."""
        self._heading("Everything is left running; Ctrl-C ends it")
        self._say(f"What Basware shows:     {self.basware.url}/")
        self._say(f"What QuickBooks shows:  {self.quickbooks.url}/")
        self._say(f"The connector:          {self.url}/health, {self.url}/qbwc/{_NAME}?wsdl")
        self._say(f"The console:            {self.url}/console/   Each of these links signs in once, within an hour:")
        for name, full_name, role in _PEOPLE:
            self.cli("user", "add", name, "--role", role, "--full-name", full_name)
            link = self.cli("user", "link", name, "--public-url", self.url)["link"]
            self.console.print(f"        {ROLE_WORDS[role]:<12} {link}", markup=False, soft_wrap=True)
        self._say(f"Ask it: ML_CONNECTOR_HOME={self.home} ml-connector documents   (show, why, mapping, doctor ...)")
        while True:
            time.sleep(3600)

    def stop(self) -> None:
        """End every process that was started."""
        for program in reversed(self.programs):
            program.stop()

    def _heading(self, words: str) -> None:
        self.console.print(f"\n{words}", style="bold", markup=False)

    def _say(self, words: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:5.1f} s  {words}", markup=False)

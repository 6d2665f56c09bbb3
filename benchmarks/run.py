"""Measure the connector against instant simulators, each a process of its own, over real HTTP, SOAP and qbXML.

    python benchmarks/run.py [--bills 5000] [--lines 5] [--vendors 20000] [--database postgresql://...]

A vendor list of 20,000 is read and published first, then the invoices are taken in, planned, looked up, posted and
confirmed, with everything on: duplicate check, audit trail, confirmation. Counted is the CPU time of the connector's
process alone, and its peak memory, both read from the operating system; round trips are counted by the simulators.
The exit status is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_connector.cli.demo_processes import Cli, Control, Program, free_port

_NAME = "bench"
_PASSWORD = "SANDBOX_QBWC_PASSWORD"
_CPU_PER_1000_S = 1.5
_PEAK_MB = 200.0
_ROUND_TRIPS_PER_100 = 6.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_SETTINGS = (
    "invoice_poll_s=1", "list_read_s=86400", "list_publish_s=2", "request_status_s=2", "payment_read_s=86400",
    "answer_s=1", "web_connector_every_s=1", "sweep_s=86400",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usage:
    """What the connector's process has used so far."""

    cpu_s: float  #: user and system time together
    system_s: float
    peak_mb: float


def usage(pid: int) -> Usage:
    """Read it from the operating system (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    user, system = int(fields[11]) * _TICK_S, int(fields[12]) * _TICK_S
    return Usage(user + system, system, int(status["VmHWM"].split()[0]) / 1024)


class Bench:
    """One measured run."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.programs: list[Program] = []
        self.figures: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Run it; return the figures."""
        self._start()
        self._lists()
        self._bills()
        return self.figures

    def stop(self) -> None:
        """End every process."""
        for program in reversed(self.programs):
            program.stop()

    def _program(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> Program:
        program = Program(name, command, self.folder / f"{name}.log", environment or {})
        self.programs.append(program)
        return program

    def _start(self) -> None:
        sandbox = [sys.executable, "-m", "ml_connector.sandbox.basware", "--data", "firm", "--invoices", "0"]
        sandbox += ["--switch", "short_page_chance=0", "--switch", "unknown_field_chance=0"]
        ready = self._program("basware", sandbox).start()
        self.basware = Control(ready["control_url"])
        self.cli = Cli(self.folder / "home")
        if self.options.database:
            os.environ["ML_CONNECTOR_DATABASE"] = self.options.database
        self.cli("init")
        self.cli(
            "connection", "add", _NAME, "--base-url", ready["base_url"], "--company-code", ready["company_codes"][0],
            "--client-id", ready["client_id"], "--client-secret", ready["client_secret"], "--password", "bench",
            *(word for setting in _SETTINGS for word in ("--set", setting)),
        )  # fmt: skip
        port = free_port()
        url = f"http://localhost:{port}"
        serve = self.cli.command("serve", "--port", str(port), "--public-url", url)
        self.connector = self._program("connector", serve, self.cli.environment | {"ML_CONNECTOR_LOG_LEVEL": "WARNING"})
        self.connector.start()
        self.cli("connection", "qwc", _NAME, "--public-url", url, "--out", str(self.folder / "bench.qwc"))
        command = [sys.executable, "-m", "ml_connector.sandbox.quickbooks", "--data", "firm", "--instant"]
        command += ["--vendors", str(self.options.vendors), "--qwc", str(self.folder / "bench.qwc")]
        command += ["--password-env", _PASSWORD, "--poll-seconds", "1"]
        ready = self._program("quickbooks", command, {_PASSWORD: "bench"}).start()
        self.quickbooks = Control(ready["control"])

    def _usage(self) -> Usage:
        return usage(self.connector.pid)

    def _lists(self) -> None:
        began, start = time.monotonic(), self._usage()

        def published() -> bool:
            accepted = self.basware.get("master-data")
            return bool(accepted.get("v1/vendors", accepted.get("/v1/vendors", 0)) >= self.options.vendors)

        _wait(published, 300, 1.0)
        end = self._usage()
        self.figures |= {
            "vendors": self.options.vendors,
            "lists_seconds": round(time.monotonic() - began, 1),
            "lists_cpu_s": round(end.cpu_s - start.cpu_s, 2),
            "peak_mb_after_lists": round(end.peak_mb, 1),
        }

    def _bills(self) -> None:
        count = self.options.bills
        before = self._calls()
        self.basware.post("invoices", {"count": count, "lines": self.options.lines})
        began, start = time.monotonic(), self._usage()
        marks: list[tuple[int, float, float]] = []
        done = 0
        while done < count and time.monotonic() - began < 600:
            time.sleep(0.5)
            done = Counter(row["processingStatus"] for row in self.basware.get("invoices"))["Transferred"]
            marks.append((done, time.monotonic() - began, self._usage().cpu_s - start.cpu_s))
        end = self._usage()
        after = self._calls()
        duplicates = len(self.quickbooks.get("duplicates"))
        cpu_s = end.cpu_s - start.cpu_s
        trips = sum(after[name] - before[name] for name in ("sendRequestXML", "receiveResponseXML"))
        self.figures |= {
            "bills": done,
            "lines": self.options.lines,
            "bills_seconds": round(time.monotonic() - began, 1),
            "cpu_s_per_1000_bills": round(cpu_s / count * 1000, 3),
            "of_it_system": round((end.system_s - start.system_s) / count * 1000, 3),
            "peak_mb": round(end.peak_mb, 1),
            "round_trips_per_100_bills": round(trips / count * 100, 2),
            "duplicates": duplicates,
            "confirmed_over_time": [(n, round(t, 1), round(c, 2)) for n, t, c in marks[:: max(1, len(marks) // 12)]],
        }

    def _calls(self) -> Counter[str]:
        return Counter(self.quickbooks.get("counters")["soap_calls"])


def _wait(condition: Any, limit_s: float, every_s: float) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("the benchmark did not come to its end")
        time.sleep(every_s)


def main() -> int:
    """Run it and print the figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bills", type=int, default=5000)
    parser.add_argument("--lines", type=int, default=5)
    parser.add_argument("--vendors", type=int, default=20000)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; without it SQLite")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ml-connector-bench-"))
    bench = Bench(options, folder)
    try:
        figures = bench.run()
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, indent=2))
    met = {
        f"CPU per 1,000 Bills at most {_CPU_PER_1000_S} s": figures["cpu_s_per_1000_bills"] <= _CPU_PER_1000_S,
        f"peak memory at most {_PEAK_MB:.0f} MB": figures["peak_mb"] <= _PEAK_MB,
        f"round trips per 100 Bills at most {_ROUND_TRIPS_PER_100:.0f}": (
            figures["round_trips_per_100_bills"] <= _ROUND_TRIPS_PER_100
        ),
        "every invoice confirmed": figures["bills"] == options.bills,
        "no duplicates": figures["duplicates"] == 0,
    }
    for target, reached in met.items():
        print(("met     " if reached else "MISSED  ") + target)
    return 0 if all(met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

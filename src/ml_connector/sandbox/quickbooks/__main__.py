"""The simulated QuickBooks as a process of its own: `python -m ml_connector.sandbox.quickbooks`.

Prints one line of JSON with its address when it is ready, and ends in order on SIGTERM or SIGINT.
"""

import argparse
import json
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server

from ml_connector.sandbox.firm import build_firm
from ml_connector.sandbox.quickbooks.control import ControlApp
from ml_connector.sandbox.quickbooks.desktop import QuickBooksDesktop
from ml_connector.sandbox.quickbooks.hostclock import HostClock
from ml_connector.sandbox.quickbooks.pace import INSTANT, REALISTIC
from ml_connector.sandbox.quickbooks.qwc_file import QwcRefused
from ml_connector.sandbox.quickbooks.seeding import add_vendors, company_of_firm, empty_company
from ml_connector.sandbox.quickbooks.transports import HttpTransport
from ml_connector.sandbox.quickbooks.workstation import Workstation, seeded

_SCHEDULER_TICK_S = 0.25
_SECOND_FILE = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Other Company.QBW"


def main(arguments: list[str] | None = None) -> int:
    """Run until told to end; returns the exit code."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    try:
        password = _password(options)
        workstation = _workstation(options, stop)
        if options.qwc is not None:
            text = Path(options.qwc).read_text(encoding="utf-8-sig")
            workstation.add_application(text, password, every_s=options.poll_seconds)
    except (OSError, UnicodeDecodeError, QwcRefused) as reason:
        print(f"The sandbox cannot start: {reason}", file=sys.stderr)
        return 1
    server = Server(("127.0.0.1", options.control_port), ControlApp(workstation), numthreads=4, server_name="localhost")
    server.nodelay = True
    server.prepare()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = threading.Thread(target=server.serve, name="control", daemon=True)
    serving.start()
    scheduler = threading.Thread(target=_schedule, args=(workstation, stop), name="auto-run", daemon=True)
    scheduler.start()
    port = server.bind_addr[1]
    ready = {"control": f"http://127.0.0.1:{port}", "page": f"http://127.0.0.1:{port}/", "pid": os.getpid()}
    print(json.dumps(ready), flush=True)
    while not stop.wait(0.5):
        pass
    server.stop()
    serving.join(timeout=5)
    scheduler.join(timeout=5)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml_connector.sandbox.quickbooks", description=__doc__)
    parser.add_argument("--qwc", help="path of the .qwc file of the application to poll; may be given later")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--password-env", help="environment variable that holds the application's password")
    secret.add_argument("--password-file", help="file that holds the application's password")
    parser.add_argument("--control-port", type=int, default=0, help="loopback port of the control interface, 0 is any")
    parser.add_argument("--seed", type=int, default=1, help="seed of the firm, of pace and of misfortunes")
    parser.add_argument("--data", choices=("firm", "empty"), default="firm", help="what the company file holds")
    parser.add_argument("--vendors", type=int, default=0, help="so many plain vendors more, for measuring")
    parser.add_argument("--poll-seconds", type=float, help="poll every so many seconds instead of the file's Scheduler")
    parser.add_argument("--faults", choices=("off", "on"), default="off", help="on arms the realistic mix")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--instant", action="store_true", help="QuickBooks takes no time (the default)")
    pace.add_argument("--realistic", action="store_true", help="QuickBooks takes the time it takes")
    parser.add_argument("--time-scale", type=float, default=1.0, help="factor on the Web Connector's waits, e.g. NoOp")
    parser.add_argument("--timeout-seconds", type=float, default=120.0, help="patience with the service, per call")
    parser.add_argument(
        "--ca-file", help="certificates to trust instead of the public ones, for a service with its own authority"
    )
    parser.add_argument("--log-file", help="append the Web Connector's log to this file")
    return parser


def _password(options: argparse.Namespace) -> str:
    if options.password_env is not None:
        return os.environ.get(options.password_env, "")
    if options.password_file is not None:
        return Path(options.password_file).read_text(encoding="utf-8").rstrip("\r\n")
    return ""


def _workstation(options: argparse.Namespace, stop: threading.Event) -> Workstation:
    host_clock = HostClock(_now)
    if options.data == "firm":
        company = company_of_firm(build_firm(options.seed), host_clock)
    else:
        company = empty_company(host_clock)
    add_vendors(company, options.vendors)
    rng, faults = seeded(options.seed)
    desktop = QuickBooksDesktop(company, rng=rng, faults=faults, pace=REALISTIC if options.realistic else INSTANT)
    desktop.add_file(empty_company(host_clock, path=_SECOND_FILE, name="Other Company"))
    if options.faults == "on":
        faults.arm_realistic_mix()

    def sleep(seconds: float) -> None:
        if seconds > 0:
            stop.wait(seconds)

    return Workstation(
        desktop,
        clock=_now,
        transport=lambda qwc: HttpTransport(timeout_s=options.timeout_seconds, ca_file=options.ca_file),
        sleep=sleep,
        time_scale=options.time_scale,
        log=_log_writer(options.log_file),
    )


def _log_writer(path: str | None) -> Any:
    if path is None:
        return None
    target = Path(path)

    def write(line: str) -> None:
        with target.open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    return write


def _schedule(workstation: Workstation, stop: threading.Event) -> None:
    while not stop.wait(_SCHEDULER_TICK_S):
        workstation.advance()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())

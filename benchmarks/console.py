"""Measure every screen of the console in front of a database with 100,000 documents, through the real server.

    python benchmarks/console.py [--documents 100000] [--times 20] [--only audit] [--home FOLDER] [--database postgresql://...]

The database is built with bulk inserts, a year of a large firm (`large_database.py`); with `--home` it is kept, and used
again the next time. Each GET row of the table of screens is asked for again and again, one request at a time, with the
addresses of `_ALSO` beside it, and what programs ask of the API; told are the median and the 95th percentile of the time
until the whole answer was there. The exit status is 1 if one takes longer than 300 ms in the 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from ml_connector.cli.demo_processes import Cli, Program, free_port
from ml_connector.web.database import open_database
from ml_connector.web.service_config import read_config

_P95_MS = 300.0
_NAME = "bench"
_ROLES = ("admin", "controller", "clerk", "auditor")

#: What stands for the parameters of a path; `{middle}` is a document in the middle of the year.
_SAMPLES = {
    "int:number": "{middle}", "int:exchange": "{exchange}", "slug:name": _NAME, "str:name": _NAME, "slug:connection": _NAME,
    "slug:kind": "customer", "slug:list_id": "A0000001-1700000000", "slug:stage": "trial", "int:user": "1",
    "slug:cause": "MLC-ACCOUNT-01", "int:replay_no": "1", "slug:outcome": "goes", "int:version": "1",
}  # fmt: skip

#: More addresses of a screen, by its name: what stands after the question mark.
_ALSO: Mapping[str, tuple[str, ...]] = {
    "documents": (
        "state=blocked", "state=confirmed&connection=bench", "vendor=Roofing", "q=INV-{middle}x", "before={middle}",
        "after={middle}", "since={since}&until={until}", "vendor=Roofing&state=paid&since={since}",
    ),
    "inbox": ("view=mine", "view=assigned", "view=resolved", "connection=bench"),
    "inbox-group": ("view=open&connection=bench", "before={middle}", "after={middle}"),
    "lists": ("q=Lot+4", "q=A0000777-1700000000", "q=nobody+has+this"),
    "list": (
        "standing=refused", "standing=equal", "standing=merged", "after=equal~60000~Harbor+Homes+5:Lot+1", "q=Homes+99",
        "q=nothing",
    ),
    "mapping": ("kind=account", "kind=vendor&q=Roofing"),
    "mapping-code": ("kind=account&code=9999-OLD", "kind=vendor&code=S-1&q=Roofing"),
    "mapping-freed": ("kind=account&code=9999-OLD",),
    "audit": (
        "since={since}&until={until}", "q=INV-{middle}", "actor=connector&event=merged", "event=found_faults",
        "actor=admin+(console)", "event=received&actor=web+connector", "event=added&since={since}", "q=req-{middle}-added",
    ),
    "payments": ("view=waiting", "view=questions", "view=reversed", "q=INV-{middle}", "before=30000"),
    "reconciliation": ("month={month}", "month={month}&shown=1000"),
    "reconciliation-documents": ("month={month}", "month={month}&currency=USD&vendor=80000014-1700000000"),
    "reconciliation-sign": ("month={month}",),
    "reconciliation-sheet": ("month={month}",),
    "reconciliation-csv": ("month={month}",),
}  # fmt: skip
#: What programs ask for, time and again.
_API = (
    "me", "overview", "documents", "documents?state=blocked", "documents?vendor=Roofing&state=paid", "documents?q=INV-{middle}x",
    "documents?before={middle}", "documents/{middle}", "inbox", "inbox/resolved", "inbox/MLC-ACCOUNT-01",
    "mapping?kind=account", "mapping/code?kind=account&code=9999-OLD", "mapping/history", "mapping/file", "lists",
    "lists/bench/customer", "lists/bench/customer?q=Homes+99", "lists/bench/customer/A0000001-1700000000", "payments",
    "reconciliation?month={month}", "reconciliation/documents?month={month}", "reconciliation/sheet.csv?month={month}", "audit",
    "audit?q=INV-{middle}", "connections", "connections/bench", "alerts/now", "openapi.json",
)  # fmt: skip
_NOT_PAGES = {"static", "nowhere", "sign-in", "sign-in-link", "setup", "company-answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How long one address takes."""

    name: str  #: of the screen
    address: str
    status: int
    p50_ms: float
    p95_ms: float
    kilobytes: float


class Caller:
    """Whoever asks for addresses, and is known to the service."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        if token:
            self._opener.addheaders.append(("Authorization", f"Bearer {token}"))

    def sign_in(self, link: str) -> Caller:
        """Sign in as a browser does, by a link."""
        key = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self._get(link)[1])
        assert key is not None
        form = urlencode({"csrfmiddlewaretoken": key[1].decode()}).encode()
        self._opener.open(Request(link, form, {"Referer": link})).read()
        return self

    def _get(self, address: str) -> tuple[int, bytes]:
        try:
            with self._opener.open(address) as answer:
                return answer.status, answer.read()
        except HTTPError as refused:
            return refused.code, refused.read()

    def measure(self, name: str, path: str, times: int) -> Measured:
        """Ask for an address again and again."""
        took: list[float] = []
        status, body = self._get(self._url + path)  # the first answer compiles the template
        for _ in range(times):
            began = time.perf_counter()
            status, body = self._get(self._url + path)
            took.append((time.perf_counter() - began) * 1000)
        took.sort()
        return Measured(
            name=name,
            address=path,
            status=status,
            p50_ms=round(took[len(took) // 2], 1),
            p95_ms=round(took[min(len(took) - 1, int(len(took) * 0.95))], 1),
            kilobytes=round(len(body) / 1000, 1),
        )


def build(cli: Cli, home: Path, database: str, count: int) -> None:
    """Make the database, unless it is there."""
    if cli("connection", "list") if (home / "master.key").exists() else []:
        open_database(read_config(home=home, database=database))
        return
    cli("init")
    cli(
        "connection", "add", _NAME, "--base-url", "https://basware.invalid", "--company-code", "US10", "--client-id", "id",
        "--client-secret", "secret", "--password", "bench", "--set", "time_zone=America/New_York",
    )  # fmt: skip
    for role in _ROLES:
        cli("user", "add", role, "--role", role)
    open_database(read_config(home=home, database=database))
    from large_database import fill  # names rows, which must be set up first

    from ml_connector.store.models import Connection

    began = time.monotonic()
    fill(Connection.objects.get(name=_NAME), count)
    print(f"{count} documents written in {time.monotonic() - began:.0f} s", file=sys.stderr)


def addresses(only: str) -> list[tuple[str, str, str]]:
    """Return name, role and address of everything to be asked for."""
    from ml_connector.store.models import AuditEntry, Document
    from ml_connector.web.console.screens import SCREENS

    middle = list(Document.objects.filter(state="paid").order_by("pk").values_list("pk", flat=True)[:100_000:1000])
    number = middle[len(middle) // 2]
    spoken = AuditEntry.objects.filter(document=number, exchange__isnull=False).values_list("exchange", flat=True)
    received = Document.objects.values_list("received_at", flat=True).get(pk=number).date()
    known = {"middle": number, "exchange": spoken[0], "since": received.replace(day=1), "until": received.replace(day=28),
             "month": f"{received:%Y-%m}"}  # fmt: skip
    found = []
    for screen in SCREENS:
        if "GET" not in screen.methods or screen.name in _NOT_PAGES or only not in screen.name:
            continue
        role = next(role for role in _ROLES if screen.roles is None or role in screen.roles)
        path = re.sub(r"<([\w:]+)>", lambda match: _SAMPLES.get(match[1], "0"), screen.path)
        for query in ("", *_ALSO.get(screen.name, ())):
            found.append((screen.name, role, f"/console/{path}{'?' if query else ''}{query}".format_map(known)))
    found += [("api", "api", f"/api/v1/{path}".format_map(known)) for path in _API if only in "api"]
    return found


def main() -> int:
    """Measure, and print the figures; 1 if a screen is too slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--only", default="", help="screens with this in their name")
    parser.add_argument("--home", type=Path, help="a folder that is kept")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; without it SQLite")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="ml-connector-bench-"))
    if options.database:
        os.environ["ML_CONNECTOR_DATABASE"] = options.database
    home.mkdir(parents=True, exist_ok=True)
    cli = Cli(home)
    server = Program("connector", [], home / "server.log", {})
    try:
        build(cli, home, options.database, options.documents)
        url = f"http://localhost:{(port := free_port())}"
        serve = cli.command("serve", "--port", str(port), "--public-url", url)
        server = Program(
            "connector", serve, home / "server.log", cli.environment | {"ML_CONNECTOR_LOG_LEVEL": "WARNING"}
        )
        server.start()
        callers = {role: Caller(url).sign_in(cli("user", "link", role, "--public-url", url)["link"]) for role in _ROLES}
        scopes = ("--scope", "read", "--scope", "audit")
        callers["api"] = Caller(url, cli("token", "add", "controller", f"bench {port}", *scopes)["token"])
        found = [callers[role].measure(name, path, options.times) for name, role, path in addresses(options.only)]
    finally:
        server.stop()
        if not options.home:
            shutil.rmtree(home, ignore_errors=True)
    for row in found:
        verdict = "met   " if row.p95_ms <= _P95_MS and row.status in {200, 400, 404, 409} else "MISSED"
        print(
            f"{verdict} {row.status} p50 {row.p50_ms:7.1f} ms  p95 {row.p95_ms:7.1f} ms  {row.kilobytes:7.1f} kB  {row.address}"
        )
    print(json.dumps({"documents": options.documents, "worst_p95_ms": max(row.p95_ms for row in found)}))
    return 1 if any(row.p95_ms > _P95_MS or row.status >= 500 for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())

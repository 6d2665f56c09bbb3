"""An installation that runs, with a simulated Basware and QuickBooks around it, and people who are signed in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Complaints
from playwright.sync_api import Browser, Page

from alert_receivers import MailBox, a_mail_server
from ml_connector.cli.demo_processes import Cli, Control, Program, free_port, wait_until

_FAST = (
    "invoice_poll_s=1", "list_read_s=5", "list_publish_s=1", "request_status_s=1", "payment_read_s=2", "answer_s=1",
    "web_connector_every_s=1", "sweep_s=3600", "retry_base_s=1", "deadline_alert_s=8", "time_zone=America/New_York",
)  # fmt: skip
_VARIABLE = "SIMULATED_WEB_CONNECTOR_PASSWORD"
_SETTLED = {"confirmed", "paid", "blocked"}


@dataclass(frozen=True)
class Running:
    """A running installation whose invoices have come to rest, and the programs around it."""

    url: str
    cli: Cli
    basware: Control
    mail: MailBox  #: what people were sent

    def documents(self, *options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cli("documents", "--limit", "1000", *options)
        return found


@contextmanager
def a_running_console(folder: Path) -> Iterator[Running]:
    """Start an installation with both simulators, and wait until its invoices have come to rest."""
    with a_mail_server() as mail:
        yield from _running(folder, mail)


def _running(folder: Path, mail: MailBox) -> Iterator[Running]:
    programs: list[Program] = []
    python = [sys.executable, "-m"]

    def start(name: str, command: list[str], environment: dict[str, str] | None = None) -> dict[str, Any]:
        programs.append(Program(name, command, folder / f"{name}.log", environment or {}))
        return programs[-1].start()

    try:
        ports = [word for name in ("--port", "--presigned-port", "--control-port") for word in (name, "0")]
        command = [*python, "ml_connector.sandbox.basware", "--seed", "1", "--data", "firm", *ports]
        basware = start("basware", command)
        cli = Cli(folder / "home")
        cli("init")
        (folder / "home" / "ml-connector.toml").write_text(
            f'mail_server = "127.0.0.1:{mail.port}"\nmail_security = "NONE"\nmail_from = "books@acme.example"\n'
        )
        url = f"http://localhost:{(port := free_port())}"
        start("connector", cli.command("serve", "--port", str(port), "--public-url", url), cli.environment)
        cli(
            "connection", "add", "main", "--base-url", basware["base_url"], "--company-code", basware["company_codes"][0],
            "--client-id", basware["client_id"], "--client-secret", basware["client_secret"], "--password", "a password",
            *(word for setting in _FAST for word in ("--set", setting)),
        )  # fmt: skip
        qwc = folder / "connector.qwc"
        cli("connection", "qwc", "main", "--public-url", url, "--out", str(qwc))
        start(
            "quickbooks",
            [*python, "ml_connector.sandbox.quickbooks", "--seed", "1", "--data", "firm", "--qwc", str(qwc),
             "--password-env", _VARIABLE, "--poll-seconds", "1", "--time-scale", "0.1"],
            {_VARIABLE: "a password"},
        )  # fmt: skip
        made = Running(url, cli, Control(basware["control_url"]), mail)
        offered = len(made.basware.get("invoices"))

        def at_rest() -> bool:
            rows = made.documents()
            return len(rows) >= offered * 0.8 and all(row["state"] in _SETTLED for row in rows)

        assert wait_until(at_rest, 90), made.documents()
        cli("user", "add", "zoe", "--role", "clerk", "--full-name", "Zoe Clerk")
        cli("user", "add", "mia", "--role", "controller", "--email", "mia@acme.example")
        cli("user", "add", "ada", "--role", "admin", "--email", "ada@acme.example")
        cli("user", "add", "max", "--role", "auditor")
        yield made
    finally:
        for program in reversed(programs):
            program.stop()


@contextmanager
def signed_in(running: Running, browser: Browser, name: str) -> Iterator[Page]:
    """Sign somebody in by a link; whatever the browser complains of until the end is an error."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = Complaints(page)
    page.goto(running.cli("user", "link", name, "--public-url", running.url)["link"])
    page.get_by_role("button", name="Sign in as").click()
    page.get_by_role("link", name="Documents", exact=True).first.click()
    yield page
    assert list(complaints) == [], "\n".join(complaints)
    context.close()

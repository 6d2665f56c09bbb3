"""From an empty database to posted Bills, as a person does it: through the pages alone, against both simulators."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from accessibility import what_keeps_people_out
from browser import Complaints, needs_browser
from playwright.sync_api import Browser, Page, expect

from ml_connector.cli.demo_processes import Cli, Control, Program, free_port, wait_until

pytestmark = needs_browser

_PASSWORD = "four plain words together"
_PATIENCE_MS = 30_000
_PYTHON = [sys.executable, "-m"]


def test_an_empty_installation_comes_to_posted_bills_through_the_pages_alone(tmp_path: Path, browser: Browser) -> None:
    programs: list[Program] = []

    def start(name: str, command: list[str], environment: dict[str, str] | None = None) -> dict[str, Any]:
        programs.append(Program(name, command, tmp_path / f"{name}.log", environment or {}))
        return programs[-1].start()

    try:
        ports = [word for name in ("--port", "--presigned-port", "--control-port") for word in (name, "0")]
        command = [*_PYTHON, "ml_connector.sandbox.basware", "--seed", "1", "--data", "firm", *ports]
        basware = start("basware", command)
        cli = Cli(tmp_path / "home")
        cli("init")
        url = f"http://localhost:{(port := free_port())}"
        served = start("connector", cli.command("serve", "--port", str(port), "--public-url", url), cli.environment)
        page = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        complaints = Complaints(page)
        _make_the_first_account(page, served["setup_link"])
        _connect_basware(page, basware)
        qwc, password = tmp_path / "acme.qwc", _connect_quickbooks(page, tmp_path / "acme.qwc")
        start(
            "quickbooks",
            [*_PYTHON, "ml_connector.sandbox.quickbooks", "--seed", "1", "--data", "firm", "--qwc", str(qwc),
             "--password-env", "SIMULATED", "--poll-seconds", "1", "--time-scale", "0.1"],
            {"SIMULATED": password},
        )  # fmt: skip
        page.get_by_role("link", name="See whether it is the right company file").click()
        page.get_by_role("button", name="Yes, invoices of").click()
        expect(page.get_by_text("Read", exact=True)).to_be_visible(timeout=_PATIENCE_MS)
        _map_a_code(page, url)
        _look_at_the_dry_run(page, url)
        held = Control(basware["control_url"]).get("invoices")
        assert {invoice["processingStatus"] for invoice in held} == {"WaitingForTransfer"}, "nothing was written"
        _go_live(page, url)
        page.goto(f"{url}/console/documents?state=confirmed")
        expect(page.locator("tbody tr").first).to_be_visible(timeout=_PATIENCE_MS)
        assert complaints == []
        told = Control(basware["control_url"]).get("invoices")
        assert any(response["success"] for invoice in told for response in invoice.get("transferResponses", []))
    finally:
        for program in reversed(programs):
            program.stop()


def _make_the_first_account(page: Page, link: str) -> None:
    page.goto(link)
    assert what_keeps_people_out(page) == []
    page.get_by_label("Name to sign in with").fill("ada")
    page.get_by_label("Your full name").fill("Ada Admin")
    page.get_by_label("Password", exact=True).fill(_PASSWORD)
    page.get_by_label("The same password again").fill(_PASSWORD)
    page.get_by_role("button", name="Make the account").click()


def _connect_basware(page: Page, basware: dict[str, Any]) -> None:
    page.get_by_label("Short name").fill("acme")
    page.get_by_label("Basware company code").fill(basware["company_codes"][0])
    page.get_by_label("Basware's API address").fill(basware["base_url"])
    page.get_by_label("Client id").fill(basware["client_id"])
    page.get_by_label("Client secret").fill("wrong")
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_role("button", name="Make the connection").click()
    expect(page.get_by_text("Basware does not accept the client id or client secret")).to_be_visible(
        timeout=_PATIENCE_MS
    )
    page.get_by_label("Client secret").fill(basware["client_secret"])
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("Everything that is needed works")).to_be_visible(timeout=_PATIENCE_MS)


def _connect_quickbooks(page: Page, file: Path) -> str:
    """Download the file, and return the password that is shown once."""
    page.get_by_role("link", name="Next: Web Connector").click()
    expect(page.get_by_text("Waiting for the first call")).to_be_visible(timeout=_PATIENCE_MS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download acme.qwc").click()
    download.value.save_as(file)
    page.get_by_role("button", name="Show a new password").click()
    password = page.locator("#secret").inner_text()
    page.get_by_role("link", name="I have it").click()
    return password


def _map_a_code(page: Page, url: str) -> None:
    def asked() -> bool:
        page.goto(f"{url}/console/onboarding/acme/mapping")
        return page.get_by_text("9999-OLD").count() > 0

    assert wait_until(asked, 30)
    row = page.get_by_role("row").filter(has_text="9999-OLD")
    row.get_by_role("combobox").fill("6110")
    row.get_by_role("button", name="Map").click()
    expect(page.get_by_role("status").filter(has_text="9999-OLD means")).to_be_visible(timeout=_PATIENCE_MS)


def _look_at_the_dry_run(page: Page, url: str) -> None:
    def tried() -> bool:
        page.goto(f"{url}/console/onboarding/acme/trial?only=post")
        return page.get_by_text("Agrees to the cent").count() > 0

    assert wait_until(tried, 30)
    assert what_keeps_people_out(page) == []
    page.goto(f"{url}/console/connections/acme/trial")
    assert what_keeps_people_out(page) == []


def _go_live(page: Page, url: str) -> None:
    page.goto(f"{url}/console/onboarding/acme/live")
    page.get_by_role("link", name="Go live…").click()
    assert what_keeps_people_out(page) == []
    company = page.locator("#h-company strong").inner_text()
    page.get_by_label("Type the name of the company file").fill(company)
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_role("heading", name=f"{company} is live")).to_be_visible(timeout=_PATIENCE_MS)

"""The console as a person sees it: a real browser, a running service, and a simulated Basware and QuickBooks."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from browser import Complaints, a_browser, needs_browser
from playwright.sync_api import Browser, Page, expect

from ml_connector.cli.demo_processes import Cli, Control, Program, free_port, wait_until

pytestmark = needs_browser

_FAST = (
    "invoice_poll_s=1", "list_read_s=5", "list_publish_s=1", "request_status_s=1", "payment_read_s=2", "answer_s=1",
    "web_connector_every_s=1", "sweep_s=3600", "retry_base_s=1", "time_zone=America/New_York",
)  # fmt: skip
_VARIABLE = "SIMULATED_WEB_CONNECTOR_PASSWORD"
_SETTLED = {"confirmed", "paid", "blocked"}


@dataclass(frozen=True)
class Running:
    """A running installation whose invoices have come to rest, and the programs around it."""

    url: str
    cli: Cli
    basware: Control

    def documents(self, *options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cli("documents", "--limit", "1000", *options)
        return found


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("console")
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
        made = Running(url, cli, Control(basware["control_url"]))
        offered = len(made.basware.get("invoices"))

        def at_rest() -> bool:
            rows = made.documents()
            return len(rows) >= offered * 0.8 and all(row["state"] in _SETTLED for row in rows)

        assert wait_until(at_rest, 90), made.documents()
        cli("user", "add", "zoe", "--role", "clerk", "--full-name", "Zoe Clerk")
        cli("user", "add", "max", "--role", "auditor")
        yield made
    finally:
        for program in reversed(programs):
            program.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as found:
        yield found


@pytest.fixture
def clerk(running: Running, browser: Browser) -> Iterator[Page]:
    yield from _signed_in(running, browser, "zoe")


def _signed_in(running: Running, browser: Browser, name: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints = Complaints(page)
    page.goto(running.cli("user", "link", name, "--public-url", running.url)["link"])
    page.get_by_role("button", name="Sign in as").click()
    page.get_by_role("link", name="Documents", exact=True).first.click()
    yield page
    assert complaints == []
    context.close()


def _first_blocked(page: Page, running: Running) -> str:
    page.goto(f"{running.url}/console/documents?state=blocked")
    number = page.locator("tbody a[id]").first.inner_text()
    page.locator("tbody a[id]").first.click()
    return number


def test_a_clerk_skips_an_invoice_with_a_reason_and_finds_it_again_by_its_number(clerk: Page, running: Running) -> None:
    number = _first_blocked(clerk, running)
    clerk.get_by_role("link", name="Skip", exact=True).click()
    clerk.get_by_label("Reason").fill("Paid by card")
    clerk.get_by_role("button", name="Skip", exact=True).click()
    expect(clerk.get_by_role("status")).to_contain_text("Skipped")
    expect(clerk.locator("#live .badge")).to_have_text("Skipped")
    clerk.get_by_label("Search any number").fill(number)
    clerk.keyboard.press("Enter")
    expect(clerk.locator("h1")).to_contain_text(number)
    expect(clerk.locator(".timeline")).to_contain_text("Skipped: Paid by card")
    expect(clerk.locator(".timeline")).to_contain_text("zoe (console)")
    assert [row["state"] for row in running.documents() if row["invoice_number"] == number] == ["skipped"]


def test_a_clerk_ticks_documents_looks_at_the_plan_and_takes_care_of_them(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/inbox")
    clerk.get_by_role("link", name=re.compile("^Open the")).first.click()
    clerk.get_by_role("checkbox").first.check()
    clerk.get_by_label("Do", exact=True).select_option("Assign")
    clerk.get_by_role("button", name="with the ticked ones").click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("Assign: 1 of 1 documents")
    clerk.get_by_label("Type 1 to confirm").fill("1")
    clerk.get_by_role("button", name="Assign: 1 document").click()
    expect(clerk.get_by_role("status")).to_contain_text("Done for 1 document.")
    clerk.goto(f"{running.url}/console/inbox?view=mine")
    expect(clerk.get_by_role("link", name="Mine 1")).to_be_visible()


def test_a_clerk_maps_a_code_finds_it_under_versions_and_takes_it_back(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/mapping?kind=account")
    clerk.get_by_label("Map another account code").fill("77-NEW")
    clerk.get_by_role("button", name="Go on").click()
    clerk.get_by_label("Look for the account").fill("Lumber")
    clerk.locator("main").get_by_role("button", name="Find").click()
    clerk.get_by_role("radio").first.check()
    clerk.get_by_role("button", name="Map it").click()
    expect(clerk.get_by_role("status")).to_contain_text("account 77-NEW means")
    clerk.get_by_role("link", name="Versions").click()
    clerk.get_by_role("link", name="Take back").first.click()
    clerk.get_by_role("button", name="Take it back").click()
    expect(clerk.get_by_role("status")).to_contain_text("was taken back")
    assert [rule["code"] for rule in running.cli("mapping", "list")["rules"]] == []


def test_a_file_of_mappings_is_shown_before_it_is_taken(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/mapping/import")
    file = {
        "name": "m.csv",
        "mimeType": "text/csv",
        "buffer": b"\xef\xbb\xbfkind;code;target\nclass;NO-SUCH-DIV;IGNORE\n",
    }
    clerk.get_by_label("File, CSV in UTF-8").set_input_files(file)  # type: ignore[arg-type]
    clerk.get_by_role("button", name="Show what it changes").click()
    expect(clerk.get_by_role("region", name="Changes", exact=True)).to_contain_text("NO-SUCH-DIV")
    clerk.get_by_role("button", name="Take 1 change").click()
    expect(clerk.get_by_role("status")).to_contain_text("Taken from the file: 1.")
    running.cli("mapping", "remove", "class", "NO-SUCH-DIV")


def test_what_was_said_opens_in_the_story_without_leaving_it(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/documents?state=confirmed")
    clerk.locator("tbody a[id]").first.click()
    address = clerk.url
    clerk.get_by_role("link", name="What was said").first.click()
    expect(clerk.locator(".timeline pre").first).to_be_visible()
    assert clerk.url == address


def test_a_page_follows_what_happens_without_being_loaded_again(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/documents")
    first = clerk.locator("tbody a[id]").first.inner_text()
    running.basware.post("invoices", {"count": 1, "lines": 1})
    expect(clerk.locator("tbody a[id]").first).not_to_have_text(first, timeout=30_000)


def test_times_are_those_of_the_company(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/documents")
    assert clerk.locator("tbody time").first.inner_text().endswith(("EST", "EDT"))


def test_the_look_is_switched_and_kept(clerk: Page, running: Running) -> None:
    clerk.get_by_role("button", name="Look: auto").click()
    clerk.get_by_role("button", name="Look: light").click()
    assert clerk.locator("html").get_attribute("data-look") == "dark"
    assert clerk.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 21)"


@pytest.mark.parametrize("width", [320, 390, 640, 1280])  # 640 is a window of 1280 at 200 % zoom
def test_no_page_is_wider_than_the_window(clerk: Page, running: Running, width: int) -> None:
    _first_blocked(clerk, running)
    story = clerk.url
    clerk.set_viewport_size({"width": width, "height": 800})
    paths = ("documents", "inbox", "replay", "mapping", "mapping/import", "mapping/history", "connections", "account")
    for address in (*(f"{running.url}/console/{path}" for path in paths), story, f"{story}/skip"):
        clerk.goto(address)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert clerk.evaluate(wide) <= 0, address


def test_the_first_key_press_leads_past_the_menu(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/documents")
    clerk.keyboard.press("Tab")
    expect(clerk.get_by_role("link", name="Skip to the content")).to_be_focused()
    clerk.keyboard.press("Enter")
    assert clerk.evaluate("document.activeElement.id") == "main"


def test_an_auditor_sees_the_story_and_no_verb(running: Running, browser: Browser) -> None:
    for page in _signed_in(running, browser, "max"):
        _first_blocked(page, running)
        expect(page.get_by_role("heading", name="What happened, the latest first")).to_be_visible()
        expect(page.get_by_role("link", name="Skip", exact=True)).to_have_count(0)


def test_a_stranger_signs_in_first_and_comes_to_where_he_wanted(running: Running, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{running.url}/console/connections")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Name").fill("zoe")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not fit")
    page.close()

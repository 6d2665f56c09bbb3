"""The console as a person sees it: a real browser, a running service, and a simulated Basware and QuickBooks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser import needs_browser
from live_console import Running, signed_in
from playwright.sync_api import Browser, Page, expect

from ml_connector.cli.demo_processes import wait_until

pytestmark = needs_browser


@pytest.fixture
def clerk(running: Running, browser: Browser) -> Iterator[Page]:
    with signed_in(running, browser, "zoe") as page:
        yield page


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


def test_a_clerk_notes_assigns_retries_links_and_gives_up(clerk: Page, running: Running) -> None:
    clerk.goto(f"{running.url}/console/documents?fault=MLC-DUP-01")
    clerk.locator("tbody a[id]").first.click()
    clerk.get_by_role("link", name="Add a note", exact=True).click()
    clerk.get_by_label("Note").fill("Asked the supplier")
    clerk.get_by_role("button", name="Add a note").click()
    expect(clerk.locator(".timeline")).to_contain_text("Asked the supplier")
    clerk.get_by_role("link", name="Assign", exact=True).click()
    clerk.get_by_label("Who takes care of it").select_option("zoe")
    clerk.get_by_role("button", name="Assign").click()
    expect(clerk.locator(".timeline")).to_contain_text("zoe (console)")
    clerk.get_by_role("link", name="Try again", exact=True).click()
    clerk.get_by_role("button", name="Try again").click()
    document = clerk.url

    def asked_again() -> bool:
        clerk.goto(document)
        return clerk.get_by_role("link", name="Link to a Bill", exact=True).count() > 0

    assert wait_until(asked_again, 30), "QuickBooks is asked once more, and has the look-alike still"
    clerk.get_by_role("link", name="Link to a Bill", exact=True).click()
    clerk.get_by_label("TxnID in QuickBooks").fill("1-1")
    clerk.get_by_role("button", name="Link to a Bill").click()
    assert clerk.url == document

    def looked_for() -> bool:
        clerk.goto(document)
        return "that was named for linking is not in QuickBooks" in clerk.locator("main").inner_text()

    assert wait_until(looked_for, 30), "nothing is linked that QuickBooks does not have"
    clerk.get_by_role("link", name="Give up", exact=True).click()
    clerk.get_by_label("Reason").fill("The supplier sends another one")
    clerk.get_by_role("button", name="Give up").click()
    expect(clerk.locator(".timeline")).to_contain_text("The supplier sends another one")
    number = clerk.locator("h1").inner_text().splitlines()[0]

    def told() -> bool:
        return any(row["invoice_number"] == number and row["state"] == "returned" for row in running.documents())

    assert wait_until(told, 30), "Basware is told that it failed"


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
    assert "77-NEW" not in [rule["code"] for rule in running.cli("mapping", "list")["rules"]]


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
    with signed_in(running, browser, "max") as page:
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


def test_a_clerk_asks_to_be_told_and_a_letter_comes_with_a_link_to_what_needs_her(
    running: Running, browser: Browser
) -> None:
    running.cli("user", "email", "zoe", "zoe@acme.example")
    with signed_in(running, browser, "zoe") as page:
        page.get_by_role("link", name="Alerts", exact=True).click()
        page.get_by_role("link", name="Make a rule").click()
        expect(page.get_by_role("checkbox", name="Invoices need a person")).to_be_checked()
        page.get_by_role("button", name="Make the rule").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_role("status")).to_contain_text("was taken by the mail server")

        assert wait_until(lambda: _links_to_causes(running, "zoe"), 60)
        link = _links_to_causes(running, "zoe")[0]
        page.goto(link)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.url == link


def _links_to_causes(running: Running, name: str) -> list[str]:
    texts = [letter.get_content() for letter in running.mail.letters if letter["To"] == f"{name}@acme.example"]
    return re.findall(rf"{re.escape(running.url)}/console/inbox/\S+", " ".join(texts))

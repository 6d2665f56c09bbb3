"""Every screen of the console, looked at by an engine that knows what keeps people out of a page.

A controller and an IT admin follow the links from the first page on, and do the few things that make a screen appear at all.
Each screen is looked at on a desk in light colours and on a telephone in dark ones. `ML_CONNECTOR_SCREENSHOTS=FOLDER` keeps
pictures, of all four combinations.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pyotp
from accessibility import what_keeps_people_out
from browser import needs_browser
from django.urls import resolve
from live_console import Running, signed_in
from playwright.sync_api import Browser, Page, expect

pytestmark = needs_browser

_DESK, _TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_LOOKED_AT = (("light", _DESK), ("dark", _TELEPHONE))
_PICTURES = os.environ.get("ML_CONNECTOR_SCREENSHOTS", "")
#: Screens of which each person looks at more than one address, because they differ.
_SIDES = {"document": 3, "inbox-group": 2, "replay-plan": 2}
_PLAIN_PASSWORD = "four plain words together"

#: Screens that are no pages: files, parts of pages, and addresses that lead on.
_NO_PAGES = {
    "static", "qwc", "mapping-file", "reconciliation-csv", "audit-verifier", "company-sign-in", "company-answer",
    "onboarding-next",
}  # fmt: skip
#: Pages of the first minutes; `test_onboarding_in_a_browser.py` looks at them.
_OF_THE_BEGINNING = {"setup", "trial", "go-live"}


class Walk:
    """Looks at pages, and remembers which screens they were of."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.seen: Counter[str] = Counter()
        self.found: list[str] = []

    def looks_at(self, page: Page, name: str = "") -> None:
        """Look at the page as it stands."""
        name = name or screen_at(page.url)
        self.seen[name] += 1
        looks = [(c, w) for w in (_DESK, _TELEPHONE) for c in ("light", "dark")] if _PICTURES else _LOOKED_AT
        for colours, window in looks:
            page.emulate_media(color_scheme="dark" if colours == "dark" else "light", reduced_motion="reduce")
            page.set_viewport_size({"width": window["width"], "height": window["height"]})
            if (colours, window) in _LOOKED_AT:
                self.found += [f"{colours}, {words}" for words in what_keeps_people_out(page)]
            if _PICTURES:
                place = "desk" if window is _DESK else "phone"
                file = f"{name}-{self.seen[name]}-{place}-{colours}.png"
                page.screenshot(path=Path(_PICTURES) / file, full_page=True)
        page.set_viewport_size({"width": _DESK["width"], "height": _DESK["height"]})

    def follows_links(self, page: Page, *, looked_at: tuple[str, ...] = ("",)) -> None:
        """Look at this page and at all that links lead to from it: at what nobody looked at yet, and at screens whose name
        begins with one of these, because they differ for this person."""
        waiting, known = deque([page.url]), {page.url}
        sides: Counter[str] = Counter()
        while waiting:
            address = waiting.popleft()
            name = screen_at(address)
            if sides[name] >= _SIDES.get(name, 1):
                continue
            sides[name] += 1
            page.goto(address)
            if not self.seen[name] or name.startswith(looked_at):
                self.looks_at(page, name)
            for link in _links(page):
                if link not in known and screen_at(link) not in _NO_PAGES:
                    known.add(link)
                    waiting.append(link)


def screen_at(url: str) -> str:
    """Return the name of the screen that an address belongs to."""
    return str(resolve(urlsplit(url).path).url_name)


def _links(page: Page) -> Iterator[str]:
    for href in page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))"):
        link = urljoin(page.url, href.partition("#")[0])
        if urlsplit(link).netloc == urlsplit(page.url).netloc and urlsplit(link).path.startswith("/console/"):
            yield link


def test_no_screen_keeps_anybody_out(running: Running, browser: Browser) -> None:
    from ml_connector.web.console.screens import SCREENS

    walk = Walk(running)
    _as_a_stranger(walk, browser)
    with signed_in(running, browser, "mia") as page:
        _makes_a_plan(page, running)
        walk.looks_at(page)
        _maps_a_code(page, running)
        _makes_a_rule(page, running)
        for path in (
            "mapping/freed?kind=account&code=9999-OLD",
            "mapping/proposals",
            "replay/1/goes",
            "connections/main/restored",
        ):
            page.goto(f"{running.url}/console/{path}")
            walk.looks_at(page)
        for beginning in ("documents?state=blocked", ""):
            page.goto(f"{running.url}/console/{beginning}")
            walk.follows_links(page)
    with signed_in(running, browser, "ada") as page:
        page.goto(f"{running.url}/console/audit")
        page.get_by_role("button", name="Verify").click()
        walk.looks_at(page)
        for stage in ("basware", "quickbooks", "company", "lists", "mapping"):
            page.goto(f"{running.url}/console/onboarding/main/{stage}")
            walk.looks_at(page)
        page.goto(f"{running.url}/console/")
        walk.follows_links(page, looked_at=("connection", "home", "alerts", "account"))
        _takes_a_second_factor(walk, page, browser)
    assert walk.found == [], "\n".join(walk.found)
    pages = {screen.name for screen in SCREENS if "GET" in screen.methods}
    missed = pages - _NO_PAGES - _OF_THE_BEGINNING - set(walk.seen)
    assert not missed, ", ".join(sorted(missed))


def _as_a_stranger(walk: Walk, browser: Browser) -> None:
    page = browser.new_context().new_page()
    for path in ("sign-in", "nothing-of-this-name"):
        page.goto(f"{walk.running.url}/console/{path}")
        walk.looks_at(page)
    page.goto(walk.running.cli("user", "link", "zoe", "--public-url", walk.running.url)["link"])
    walk.looks_at(page)
    page.context.close()


def _makes_a_rule(page: Page, running: Running) -> None:
    """Make an alert and test it, so that there is a rule and a message to look at."""
    page.goto(f"{running.url}/console/alerts/new")
    page.get_by_role("button", name="Make the rule").click()
    page.get_by_role("button", name="Send a test").click()


def _makes_a_plan(page: Page, running: Running) -> None:
    page.goto(f"{running.url}/console/inbox")
    page.get_by_role("link", name=re.compile("^Open the")).first.click()
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Do", exact=True).select_option("Assign")
    page.get_by_role("button", name="with the ticked ones").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Assign: 1 of 1 documents")


def _maps_a_code(page: Page, running: Running) -> None:
    page.goto(f"{running.url}/console/mapping/code?kind=account&code=78-SEEN&q=Lumber")
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Map it").click()


def _takes_a_second_factor(walk: Walk, page: Page, browser: Browser) -> None:
    """Set a password and a second factor, and come in with both."""
    url = walk.running.url
    page.goto(f"{url}/console/account/password")
    page.get_by_label("New password", exact=True).fill(_PLAIN_PASSWORD)
    page.get_by_label("New password again").fill(_PLAIN_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.goto(f"{url}/console/account/second-factor")
    page.get_by_role("button", name="Set it up").click()
    walk.looks_at(page)
    key = pyotp.TOTP(page.locator("pre code").inner_text().replace(" ", ""))
    page.get_by_label("Code of six digits").fill(key.now())
    page.get_by_role("button", name="Turn it on").click()
    walk.looks_at(page, "recovery-codes-shown")
    for path in ("", "/codes", "/off"):
        page.goto(f"{url}/console/account/second-factor{path}")
        walk.looks_at(page)
    other = browser.new_context().new_page()
    other.goto(f"{url}/console/sign-in")
    other.get_by_label("Name").fill("ada")
    other.get_by_label("Password").fill(_PLAIN_PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_label("Code")).to_be_visible()
    walk.looks_at(other, "sign-in-code")
    other.context.close()

"""A real browser in front of a real installation: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

needs_browser = pytest.mark.skipif(
    not CHROMIUM, reason="There is no chromium on this machine; install Debian's package."
)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Start the browser, and end it."""
    with sync_playwright() as playwright:
        # The sandbox of Chromium needs rights that containers do not have; it opens our own pages only.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Complaints(list[str]):
    """What the browser itself complained of: errors of scripts, and what the page's policy forbade."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self._foreign(page, request.url))

    def _foreign(self, page: Page, url: str) -> None:
        if not url.startswith(("http://localhost:", "data:")):
            self.append(f"asked another host: {url}")

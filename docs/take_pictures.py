"""Take the pictures of the manual from a demonstration that runs: python docs/take_pictures.py LINK

LINK is the controller's one-time link, with which `make demo` ends. Needs the developer's environment and Chromium. The
pictures go to `docs/images`; each shows one screen at the size of a desk, and one at the size of a telephone.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
_DESK = {"width": 1280, "height": 720}
_TELEPHONE = {"width": 390, "height": 760}

#: Name of the picture, and what is opened for it: an address, or the first link on it that fits.
_PICTURES: tuple[tuple[str, str, str], ...] = (
    ("overview", "", ""),
    ("inbox", "inbox", ""),
    ("document", "documents?state=blocked", r"/console/documents/\d+$"),
    ("mapping", "mapping?kind=class", r"/console/mapping/code\?"),
    ("lists", "lists", ""),
    ("reconciliation", "reconciliation", ""),
    ("health", "connections/cascade-ridge/health", ""),
    ("alerts", "alerts/new", ""),
)


def main(link: str) -> None:
    """Sign in, and take every picture."""
    IMAGES.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={**_DESK}, reduced_motion="reduce")
        page.goto(link)
        page.get_by_role("button", name="Sign in as").click()
        parts = urlsplit(link)
        console = f"{parts.scheme}://{parts.netloc}/console/"
        for name, address, wanted in _PICTURES:
            _open(page, console + address, wanted)
            page.screenshot(path=IMAGES / f"{name}.png")
        page.set_viewport_size({**_TELEPHONE})
        page.emulate_media(color_scheme="dark")
        _open(page, console + "documents", "")
        page.screenshot(path=IMAGES / "telephone.png")
        browser.close()


def _open(page: Page, address: str, wanted: str) -> None:
    page.goto(address)
    if wanted:
        links = page.eval_on_selector_all("main a[href]", "all => all.map(a => a.href)")
        page.goto(next(link for link in links if re.search(wanted, link)))


if __name__ == "__main__":
    main(sys.argv[1])

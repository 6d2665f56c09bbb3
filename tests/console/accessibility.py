"""What keeps people out of a page: the findings of axe-core, in words that lead to the place."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_ENGINE = Path(__file__).parent / "vendored" / "axe.min.js"
_SERIOUS = frozenset({"serious", "critical"})


def what_keeps_people_out(page: Page) -> list[str]:
    """Have the page looked at as it stands; return what is serious or critical."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(_engine())
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
    return [
        f"{page.url}: {rule['id']} at {', '.join(str(node['target'][-1]) for node in rule['nodes'][:5])}: {rule['help']}"
        for rule in found
        if rule["impact"] in _SERIOUS
    ]


@lru_cache(maxsize=1)
def _engine() -> str:
    return _ENGINE.read_text(encoding="utf-8")

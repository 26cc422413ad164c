"""What axe-core finds against WCAG 2.2 AA on a page, in each width and color scheme."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}
WIDTHS = [1280, 320]
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]


def faults(page: Page) -> list[str]:
    """Return rule, what is wrong, and where."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    assert found["testEngine"]["version"].startswith("4.")
    assert found["passes"]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def faults_wide_and_narrow(page: Page) -> list[str]:
    """Return what is wrong with a page as it stands, also what reaches over the right edge.

    Each width and each color scheme is looked at once; what surrounds every page is looked at in
    all four by `tests.browser.test_accessibility`.
    """
    page.emulate_media(reduced_motion="reduce")
    found = []
    for width, scheme in zip(WIDTHS, SCHEMES, strict=True):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: wider than the screen")
        found += [f"{width}, {scheme}: {each}" for each in faults(page)]
    return found

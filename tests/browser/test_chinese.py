"""The shop in Simplified Chinese, on a narrow screen: asked, answered, nothing too wide."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shop

ADDRESSES = {
    "preferences": "/attention/preferences/",
    "rights": "/attention/rights/",
    "guest": "/attention/rights/guest/",
    "policy": "/attention/policy/",
    "verify": "/attention/verify/",
    "interests": "/attention/interests/",
    "history": "/attention/history/",
    "home": "/",
    "basket": "/basket/",
}
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(each => each.checkVisibility({visibilityProperty: true}))
  .filter(each => {
    const box = each.getBoundingClientRect();
    const shown = box.width > 1 && box.height > 1;
    const scrolls = each.closest(".attn-scroll, .attn-code, .departments-row");
    return shown && !scrolls && (box.right > innerWidth + 0.5 || box.left < -0.5);
  })
  .map(each => `${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 60)}`)"""
PICTURES = os.environ.get("ATTENTION_PICTURES")
"""Folder to keep pictures of the pages in, for somebody to look at."""


@pytest.fixture
def narrow(chromium: Browser, shop: Shop) -> Iterator[Page]:
    """A browser that asks for Chinese, 320 pixels wide."""
    context = chromium.new_context(
        base_url=shop.url, locale="zh-CN", viewport={"width": 320, "height": 640}
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def fits(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"chinese-{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    assert page.evaluate(TOO_WIDE) == [], name


def test_the_notice_asks_in_chinese_with_three_equal_answers(narrow: Page) -> None:
    narrow.goto("/")

    notice = narrow.locator(".attn-notice")
    buttons = notice.get_by_role("button")
    assert [each.inner_text() for each in buttons.all()] == ["拒绝", "仅限本次访问", "接受"]
    expect(notice.get_by_role("heading")).to_have_text("本店如何使用您在这里的行为")
    boxes = [each.bounding_box() for each in buttons.all()]
    assert len({(round(box["width"]), round(box["height"])) for box in boxes if box}) == 1
    fits(narrow, "notice")


@pytest.mark.parametrize("choice", ["拒绝", "仅限本次访问", "接受"])
def test_the_pages_fit_whatever_was_chosen(narrow: Page, choice: str) -> None:
    narrow.goto("/")
    narrow.get_by_role("button", name=choice, exact=True).click()
    expect(narrow.locator(".attn-notice")).to_have_count(0)
    narrow.locator("main a[href*='/product/']").first.click()
    fits(narrow, f"product-{choice}")

    for name, address in ADDRESSES.items():
        narrow.goto(address)
        expect(narrow.locator("html")).to_have_attribute("lang", "zh-hans")
        fits(narrow, f"{name}-{choice}")


def test_a_column_of_the_rights_page_is_wide_enough_to_read(narrow: Page) -> None:
    narrow.goto("/")
    narrow.get_by_role("button", name="接受", exact=True).click()
    expect(narrow.locator(".attn-notice")).to_have_count(0)
    narrow.goto("/attention/rights/")

    cells = narrow.locator(".attn-table td:not(.attn-number)")

    sizes = [
        cell.evaluate("cell => parseFloat(getComputedStyle(cell).fontSize)") for cell in cells.all()
    ]
    boxes = [cell.bounding_box() for cell in cells.all()]
    assert len(sizes) >= 8
    assert all(box and box["width"] >= 8 * size for box, size in zip(boxes, sizes, strict=True))

"""The rights page in a real browser: without a script, by keyboard, on a narrow screen."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Shop

RIGHTS = "/attention/rights/"


def _accept(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".attn-notice")).to_have_count(0)


def _download(page: Page, name: str | re.Pattern[str]) -> Path:
    with page.expect_download() as download:
        page.get_by_role("link", name=name).first.click()
    return Path(download.value.path())


def test_everything_works_without_a_script(chromium: Browser, shop: Shop) -> None:
    # Given a browser that runs no script
    context = chromium.new_context(base_url=shop.url, locale="en-US", java_script_enabled=False)
    page = context.new_page()
    _accept(page)

    # When the person looks, takes copies, and keeps a receipt
    page.goto(RIGHTS)
    expect(page.get_by_role("heading", level=1)).to_have_text("What is held about you")
    copy = json.loads(_download(page, "Take a copy (JSON)").read_text())
    assert {"shopper", "decisions"} <= {each["label"] for each in copy["holdings"]}
    assert _download(page, "Take a copy (CSV tables)").read_bytes()[:2] == b"PK"
    receipt = _download(page, re.compile(r"^Receipt \d+$")).read_text()

    # Then anybody verifies the receipt
    page.get_by_role("link", name="Verify a receipt").click()
    page.get_by_label("Paste the document").fill(receipt)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("status")).to_contain_text("Genuine")

    # And the person keeps without using, uses again, and deletes
    page.goto(RIGHTS)
    page.get_by_role("button", name="Do not use it").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing is used from now on")
    page.get_by_role("button", name="Use it again").click()
    expect(page.get_by_role("status")).to_contain_text("in use again")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("status")).to_contain_text("Deleted")
    page.get_by_role("link", name="Your signed proof").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Proof of deletion")
    context.close()


def test_the_page_fits_a_narrow_screen_and_breaks_no_policy(
    page: Page, context: BrowserContext
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.set_viewport_size({"width": 320, "height": 700})
    _accept(page)

    for path in (RIGHTS, f"{RIGHTS}guest/", "/attention/verify/", f"{RIGHTS}held/decisions/"):
        page.goto(path)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, path
        small = page.locator("main .attn-button").evaluate_all(
            "buttons => buttons.filter(each => each.getBoundingClientRect().height < 24).length"
        )
        assert small == 0

    assert [text for text in refused if "Content Security Policy" in text] == []


def test_a_guest_asks_by_keyboard(page: Page, shop: Shop) -> None:
    page.goto(f"{RIGHTS}guest/")

    page.get_by_label("Mail address of your order").focus()
    page.keyboard.type("nobody@example.com")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_contain_text("on its way")
    assert page.context.cookies() == []

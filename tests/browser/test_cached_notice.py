"""Pages kept for everybody: the script shows the notice to whom it concerns, and nothing moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shop, served
from tests.browser.test_accessibility import SETTLING, SHIFTS, faults


@pytest.fixture(scope="module")
def address(shop: Shop) -> Iterator[str]:
    """The same shop, served once more with ``CACHED_PAGES``."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.browser.cached_settings"}
    with served(shop.database, {**shop.environment, **settings}, "cached.log") as cached:
        yield cached.url


@pytest.fixture(params=[1280, 320])
def visitor(request: pytest.FixtureRequest, chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=address, locale="en-US", viewport={"width": request.param, "height": 800}
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def test_the_script_shows_and_hides_and_nothing_moves(visitor: Page) -> None:
    notice, off = visitor.locator(".attn-notice"), visitor.locator(".attn-control-off")

    visitor.goto("/")
    expect(notice).to_be_visible()
    expect(off).to_be_hidden()
    assert visitor.evaluate(SHIFTS) < SETTLING
    assert faults(visitor) == []

    visitor.get_by_role("button", name="Accept").click()
    expect(off).to_be_visible()
    expect(notice).to_be_hidden()
    assert visitor.evaluate(SHIFTS) < SETTLING

    off.click()
    expect(off).to_be_hidden()
    expect(notice).to_be_hidden()
    assert {cookie["name"] for cookie in visitor.context.cookies()} == {"attention_choice"}


def test_without_a_script_nobody_is_asked_and_nothing_is_kept(
    chromium: Browser, address: str
) -> None:
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()

    page.goto("/")

    expect(page.locator(".attn-notice")).to_be_hidden()
    expect(page.get_by_role("link", name="Privacy choices").first).to_be_visible()
    assert context.cookies() == []
    context.close()

"""Shopping for somebody else, and forgetting one product, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Shop

EVENTS = "attention_recommender_event"
SHELF = "section.attn-slate"


def _products(page: Page) -> list[str]:
    """Addresses of some products, found as a person would."""
    page.goto("/")
    department = page.locator("nav a[href*='/c/']").nth(1).get_attribute("href")
    page.goto(str(department))
    links = page.locator("main a[href*='/product/']")
    found = links.evaluate_all(
        "links => [...new Set(links.map(link => link.getAttribute('href')))]"
    )
    return [str(each) for each in found]


def _accept(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".attn-notice")).to_have_count(0)


def _mode(page: Page) -> str | None:
    page.goto("/")
    return page.locator(SHELF).first.get_attribute("data-attention-mode")


def test_nothing_is_learned_from_a_gift(page: Page, context: BrowserContext, shop: Shop) -> None:
    # Given a remembered person with a history
    _accept(page)
    first, second, *_ = _products(page)
    page.goto(first)
    assert _mode(page) == "personal"

    # When they press the control, by keyboard, and look at something else
    page.get_by_role("button", name="This visit is a gift").press("Enter")
    expect(page.get_by_role("button", name="Use my history again")).to_be_visible()
    before = shop.count(EVENTS)
    page.goto(second)
    page.wait_for_timeout(1500)

    # Then the shelf is anybody's, and no event joined
    assert _mode(page) == "contextual"
    assert shop.count(EVENTS) == before
    gift = next(each for each in context.cookies() if each["name"] == "attention_gift")
    assert (gift["value"], gift["expires"]) == ("on", -1)

    # And with one click everything is as before
    page.get_by_role("button", name="Use my history again").click()
    assert _mode(page) == "personal"


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])
def test_a_forgotten_product_leaves_no_event(
    chromium: Browser, shop: Shop, has_script: bool
) -> None:
    context = chromium.new_context(base_url=shop.url, java_script_enabled=has_script)
    page = context.new_page()
    _accept(page)
    before = shop.count(EVENTS)
    page.goto(_products(page)[-1])
    assert shop.count(EVENTS) > before

    # When the person stays a while and presses the button
    page.wait_for_timeout(1500)
    sku = page.locator("form.attn-forget input[name=product]").get_attribute("value")
    page.get_by_role("button", name="Forget this product").click()

    # Then the history says so, and nothing that the page still had to report brings it back
    expect(page.get_by_role("status")).to_contain_text("Forgotten.")
    expect(page.locator(".attn-list")).to_have_count(0)
    page.wait_for_timeout(500)
    product = f"(SELECT id FROM attention_recommender_product WHERE host_key = '{sku}')"
    kinds = "(3, 4)"  # viewed, stayed
    own = "shopper_id IN (SELECT id FROM attention_consent_shopper WHERE is_imported = 0)"
    assert shop.count(EVENTS, f"product_id = {product} AND kind IN {kinds} AND {own}") == 0
    context.close()


def test_the_controls_fit_a_small_phone(chromium: Browser, shop: Shop) -> None:
    context = chromium.new_context(base_url=shop.url, viewport={"width": 320, "height": 640})
    page = context.new_page()
    _accept(page)
    product = _products(page)[0]
    page.goto(product)
    page.get_by_role("button", name="This visit is a gift").click()
    for address in ("/", product, "/attention/history/", "/attention/preferences/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    context.close()

"""WCAG 2.2 AA where people correct what was learned, and where guests use their rights."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import faults_wide_and_narrow
from tests.browser.conftest import Shop

INTERESTS = "/attention/interests/"
GUEST = "/attention/rights/guest/"
ORDER = {
    "Full name": "Robin Vale",
    "Street": "12 Fern Lane",
    "Postal code": "90210",
    "City": "Springfield",
    "Country": "USA",
}


def _products(page: Page, departments: int) -> list[str]:
    """Addresses of the first product of some departments."""
    page.goto("/")
    links = page.locator("nav a[href*='/c/']")
    places = list(dict.fromkeys(str(link.get_attribute("href")) for link in links.all()))
    found = []
    for place in places[:departments]:
        page.goto(place)
        first = page.locator("main a[href*='/product/']").first
        found.append(str(first.get_attribute("href")))
    return found


def _order_as_guest(page: Page, mail: str) -> None:
    page.goto("/")
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator(".attn-notice")).to_have_count(0)
    page.goto(_products(page, 1)[0])
    page.get_by_role("button", name="Add to basket").click()
    page.goto("/basket/")
    page.get_by_role("link", name="Go to checkout").click()
    for label, text in {**ORDER, "Email": mail}.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Place the order").click()
    expect(page.locator("main")).to_contain_text("Thank you")


def _mailed_link(shop: Shop, mail: str) -> str:
    """Let the shop send what it owes, and return the path of the link in the latest mail."""
    shop.manage("shell", "-v0", "-c", "from consent.rights import tasks; tasks.follow_requests()")
    letters = [each.read_text() for each in (shop.database.parent / "mail").iterdir()]
    to = [letter for letter in letters if mail in letter]
    path = re.search(rf"https?://[^/\s]+({GUEST}link/\S+)", to[-1])
    assert path is not None
    return path[1]


@pytest.mark.parametrize("choice", ["Accept", "Only this visit"])
def test_what_was_learned_can_be_read_and_corrected_by_everybody(page: Page, choice: str) -> None:
    # Given somebody who looked at products of three departments
    page.goto("/")
    page.get_by_role("button", name=choice).click()
    expect(page.locator(".attn-notice")).to_have_count(0)
    for address in _products(page, 3):
        page.goto(address)

    page.goto(INTERESTS)

    expect(page.get_by_role("heading", level=1)).to_have_text("What was learned of you")
    shown = ".attn-interest" if choice == "Accept" else ".attn-viewed li"
    assert page.locator(shown).count() == 3
    assert faults_wide_and_narrow(page) == []

    # When something was corrected, then what says so is as good
    if choice == "Accept":
        page.locator(".attn-interest").first.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("status")).to_contain_text("Paused")
        assert faults_wide_and_narrow(page) == []
        resting = page.get_by_role("region", name="Paused")
        resting.get_by_role("button", name="Remove and delete").click()
        expect(page.get_by_role("region", name="Removed")).to_be_visible()
    else:
        page.locator(shown).first.get_by_role("button", name="Take out").click()
        expect(page.locator(shown)).to_have_count(2)
    assert faults_wide_and_narrow(page) == []


def test_a_guest_of_whatever_ability_comes_through_the_mailed_door(
    chromium: Browser, page: Page, shop: Shop
) -> None:
    # Given somebody who ordered without an account
    mail = "robin.vale@example.com"
    _order_as_guest(page, mail)
    visitor = chromium.new_context(base_url=shop.url, locale="en-US").new_page()

    # When they ask, first with an address that is none
    visitor.goto(GUEST)
    assert faults_wide_and_narrow(visitor) == []
    visitor.locator("form.attn-card").evaluate("form => { form.noValidate = true }")
    visitor.get_by_label("Mail address of your order").fill("robin")
    visitor.get_by_role("button", name="Send me a link").click()
    expect(visitor.get_by_label("Mail address of your order")).to_have_attribute(
        "aria-invalid", "true"
    )
    assert faults_wide_and_narrow(visitor) == []
    visitor.get_by_label("Mail address of your order").fill(mail)
    visitor.get_by_role("button", name="Send me a link").click()
    expect(visitor.get_by_role("status")).to_contain_text("on its way")
    assert faults_wide_and_narrow(visitor) == []

    # Then every page behind the mailed link can be read and used
    link = _mailed_link(shop, mail)
    visitor.goto(link)
    assert faults_wide_and_narrow(visitor) == []
    visitor.get_by_role("button", name="Show it to me").click()
    expect(visitor.get_by_role("main")).to_contain_text("12 Fern Lane")
    assert faults_wide_and_narrow(visitor) == []
    visitor.get_by_role("button", name="Delete everything").click()
    expect(visitor.get_by_role("status")).to_contain_text("Deleted")
    assert faults_wide_and_narrow(visitor) == []
    visitor.goto(link)
    visitor.get_by_role("button", name="Show it to me").click()
    expect(visitor.get_by_role("alert")).to_contain_text("was used or is over")
    assert faults_wide_and_narrow(visitor) == []
    visitor.context.close()

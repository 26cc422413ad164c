"""Correcting what was learned, in a real browser: no script, a narrow screen, the keyboard."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shop

EVENTS = "attention_recommender_event"
CHOICES = "attention_recommender_interestchoice"
PAGE = "/attention/interests/"
PICTURES = os.environ.get("ATTENTION_PICTURES")
"""Folder to keep pictures of the pages in, for somebody to look at."""


def _open(chromium: Browser, shop: Shop, choice: str) -> Page:
    """A narrow browser without scripts, of somebody who answered the notice."""
    context = chromium.new_context(
        base_url=shop.url,
        locale="en-US",
        java_script_enabled=False,
        viewport={"width": 320, "height": 640},
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name=choice).click()
    return page


def _look(page: Page, departments: int, products: int) -> list[str]:
    """Open the first products of the first departments; return their titles."""
    titles = []
    page.goto("/")
    links = page.locator("nav a[href*='/c/']")
    places = list(dict.fromkeys(link.get_attribute("href") for link in links.all()))
    for place in places[:departments]:
        page.goto(str(place))
        found = page.locator("main a[href*='/product/']").all()
        addresses = dict.fromkeys(link.get_attribute("href") for link in found)
        for address in list(addresses)[:products]:
            page.goto(str(address))
            titles.append(page.locator("h1").inner_text())
    return titles


def _fits(page: Page, name: str) -> None:
    """Nothing reaches over the right edge."""
    for element in page.locator(".attn-page *:visible").all():
        box = element.bounding_box()
        assert box is None or box["x"] + box["width"] <= 320.5, element.inner_text()
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_a_remembered_person_corrects_what_was_learned(chromium: Browser, shop: Shop) -> None:
    # Given somebody who looked at products of three departments
    page = _open(chromium, shop, "Accept")
    _look(page, 3, 2)
    before, choices = shop.count(EVENTS), shop.count(CHOICES)

    # When they come to the page by the link below their list
    page.goto("/")
    page.locator(".attn-why summary").first.press("Enter")
    page.get_by_role("link", name="See and correct what was learned of you").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What was learned of you")
    cards = page.locator(".attn-interest")
    count = cards.count()
    assert count >= 3
    _fits(page, "interests")

    # And pause the first with the keyboard
    name = cards.first.get_by_role("heading").inner_text()
    cards.first.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Paused")
    resting = page.get_by_role("region", name="Paused")
    expect(resting.get_by_role("heading", level=4)).to_have_text(name)
    assert shop.count(EVENTS) == before

    # And remove it for good
    resting.get_by_role("button", name="Remove and delete").press("Enter")
    gone = page.get_by_role("region", name="Removed")
    expect(gone.get_by_role("heading", level=4)).to_have_text(name)
    assert shop.count(EVENTS) < before
    assert shop.count(CHOICES) == choices + 1
    _fits(page, "interests-removed")

    # And want more of another
    page.locator(".attn-interest").first.get_by_role("button", name="More").press("Enter")
    pressed = page.locator(".attn-interest").first.locator("[aria-pressed=true]")
    expect(pressed).to_have_text("More")
    assert shop.count(CHOICES) == choices + 2

    # Then undoing all of it is one click
    page.get_by_role("button", name="Undo all my corrections").click()
    assert shop.count(CHOICES) == choices
    page.context.close()


def test_a_visit_lets_go_of_a_product(chromium: Browser, shop: Shop) -> None:
    # Given somebody in level "this visit"; without a script the shop itself notes the views
    before = shop.count(EVENTS)
    page = _open(chromium, shop, "Only this visit")
    first, second = _look(page, 1, 2)

    page.goto(PAGE)
    products = page.locator(".attn-viewed li")
    expect(products.locator("a")).to_contain_text([second, first])
    _fits(page, "interests-visit")

    products.first.get_by_role("button", name="Take out").press("Enter")

    expect(products.locator("a")).to_contain_text([first])
    assert shop.count(EVENTS) == before
    page.context.close()

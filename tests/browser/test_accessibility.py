"""Everybody can read, reach and answer: WCAG 2.2 AA by axe-core, and equal answers by measure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.axe import SCHEMES, WIDTHS, faults
from tests.browser.conftest import Shop

ANSWERS = ["Refuse", "Only this visit", "Accept"]
PAGES = [
    "/",
    "/attention/preferences/",
    "/attention/rights/",
    "/attention/policy/",
    "/attention/policy/versions/",
]
LOOK = """element => {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    width: Math.round(box.width), height: Math.round(box.height),
    text: style.color, background: style.backgroundColor, border: style.border,
    size: style.fontSize, weight: style.fontWeight, opacity: style.opacity,
    shadow: style.boxShadow, radius: style.borderRadius, padding: style.padding,
  };
}"""
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 500);
})"""


SETTLING = 0.01
"""A tenth of what counts as good (0.1): a page that arrives in parts may settle by a hair."""

PLACES = """() => [...document.querySelectorAll("header, main, footer")].map(element => {
  const box = element.getBoundingClientRect();
  return [box.x, box.y + scrollY, box.width];
})"""


@pytest.fixture(params=[(w, s) for w in WIDTHS for s in SCHEMES], ids=lambda each: f"{each}")
def screen(request: pytest.FixtureRequest, chromium: Browser, shop: Shop) -> Iterator[Page]:
    """A page of a browser nobody has used, in each width and color scheme."""
    width, scheme = request.param
    context = chromium.new_context(
        base_url=shop.url,
        locale="en-US",
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def answers(page: Page) -> list[Locator]:
    return [page.locator(".attn-notice").get_by_role("button", name=name) for name in ANSWERS]


@pytest.mark.parametrize("choice", [None, "Only this visit", "Accept", "Refuse"])
def test_axe_finds_nothing_whatever_was_chosen(screen: Page, choice: str | None) -> None:
    screen.goto("/")
    if choice:
        screen.get_by_role("button", name=choice, exact=True).click()
        expect(screen.locator(".attn-notice")).to_have_count(0)

    for address in PAGES:
        screen.goto(address)
        assert screen.locator(".attn-notice").count() == (choice is None and address == "/")
        assert faults(screen) == [], address
        width = screen.viewport_size["width"]  # type: ignore[index]
        assert screen.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_answers_are_equal_and_large_enough(screen: Page) -> None:
    screen.goto("/")

    looks = [answer.evaluate(LOOK) for answer in answers(screen)]

    assert looks[0] == looks[1] == looks[2]
    assert looks[0]["height"] >= 44
    assert looks[0]["width"] >= 44
    boxes = [answer.bounding_box() for answer in answers(screen)]
    assert len({round(box["y"]) for box in boxes if box}) == 1


def test_targets_have_the_size_wcag_asks_for(screen: Page) -> None:
    """SC 2.5.8: 24 by 24 pixels, for everything on our pages that is not a link in a text."""
    screen.goto("/")
    screen.get_by_role("button", name="Accept").click()
    for address in PAGES[:3]:
        screen.goto(address)
        for target in screen.locator(".attn-page button, .attn-button, .attn-control-off").all():
            box = target.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24, target.inner_text()


def test_every_answer_is_one_key_press_away_from_the_one_before(page: Page) -> None:
    page.goto("/")
    page.locator(".attn-notice a").last.focus()

    for name in ANSWERS:
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.inner_text() == name
        outline = focused.evaluate("element => getComputedStyle(element).outlineStyle")
        assert outline == "solid"

    page.keyboard.press("Enter")
    expect(page.locator(".attn-notice")).to_have_count(0)
    assert "attention_key" in {cookie["name"] for cookie in page.context.cookies()}


def test_a_screen_reader_finds_the_question_by_its_name(page: Page) -> None:
    page.goto("/")

    region = page.get_by_role("region", name="How this shop uses what you do here")

    expect(region).to_be_visible()
    assert [button.inner_text() for button in region.get_by_role("button").all()] == ANSWERS
    expect(region.get_by_role("heading", level=2)).to_have_count(1)


def test_taking_back_takes_no_more_clicks_than_giving(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".attn-notice")).to_have_count(0)

    for address in ("/", "/basket/", "/attention/policy/"):
        page.goto(address)
        expect(page.get_by_role("button", name="Turn off")).to_have_count(1)
        expect(page.get_by_role("link", name="Privacy choices").first).to_be_visible()

    page.goto("/")
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn off")).to_have_count(0)
    assert {cookie["name"] for cookie in page.context.cookies()} == {"attention_choice"}


def test_nothing_moves_when_the_notice_is_there_and_when_it_goes(page: Page) -> None:
    page.goto("/")
    with_notice = page.evaluate(PLACES)
    page.evaluate("document.querySelector('.attn-notice').remove()")
    assert page.evaluate(PLACES) == with_notice

    page.goto("/")
    assert page.evaluate(SHIFTS) < SETTLING
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator(".attn-notice")).to_have_count(0)
    assert page.evaluate(SHIFTS) < SETTLING


@pytest.mark.parametrize(
    ("width", "text"), [(640, "100%"), (320, "100%"), (1280, "200%")], ids=lambda each: str(each)
)
def test_enlarged_the_notice_leaves_room_and_can_be_answered(
    chromium: Browser, shop: Shop, width: int, text: str
) -> None:
    """Zoom of 200 % and 400 % on 1280 pixels, and text alone at 200 % (SC 1.4.4, 1.4.10)."""
    context = chromium.new_context(
        base_url=shop.url, viewport={"width": width, "height": 400}, locale="en-US"
    )
    page = context.new_page()
    page.goto("/")
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)

    notice = page.locator(".attn-notice").bounding_box()
    assert notice is not None
    assert notice["height"] <= 400 * 0.7 + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for answer in answers(page):
        answer.scroll_into_view_if_needed()
        box = answer.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    answers(page)[0].click()
    expect(page.locator(".attn-notice")).to_have_count(0)
    context.close()


def test_a_new_visitor_finds_nothing_kept_in_the_browser(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for address in PAGES:
        page.goto(address)
        kept = page.evaluate(
            "async () => [localStorage.length, sessionStorage.length,"
            " (await indexedDB.databases()).length, (await caches.keys()).length,"
            " (await navigator.serviceWorker.getRegistrations()).length]"
        )
        assert kept == [0, 0, 0, 0, 0]
    assert context.cookies() == []
    assert [url for url in asked if not url.startswith(shop.url)] == []

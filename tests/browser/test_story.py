"""The whole story: arrive, accept, look, see it change, order, withdraw, and it stops."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Shop

SHELF = "section.attn-slate"
EVENTS = "attention_recommender_event"
SHOPPERS = "attention_consent_shopper"


def _keys(page: Page) -> list[str]:
    """Products on the home shelf, in order."""
    items = page.locator(f"{SHELF} [data-attention-item]")
    return [str(items.nth(i).get_attribute("data-attention-item")) for i in range(items.count())]


def _mode(page: Page) -> str | None:
    return page.locator(SHELF).first.get_attribute("data-attention-mode")


def _cookies(context: BrowserContext) -> set[str]:
    return {cookie["name"] for cookie in context.cookies()}


def _choose(page: Page, button: str) -> None:
    """Answer the notice and wait until it is gone."""
    page.get_by_role("button", name=button).click()
    expect(page.locator(".attn-notice")).to_have_count(0)


def _switch_off(page: Page) -> None:
    """Say no on the preferences page and go home."""
    page.goto("/attention/preferences/")
    page.locator("input[name=choice][value=off]").check()
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.goto("/")


def _look_at(page: Page, number: int) -> list[str]:
    """Open the first products of one department, as a person would, and go home."""
    page.goto("/")
    page.locator("nav a[href*='/c/']").nth(1).click()
    addresses = page.locator("main a[href*='/product/']").evaluate_all(
        "links => [...new Set(links.map(link => link.getAttribute('href')))]"
    )
    titles = []
    for address in addresses[:number]:
        page.goto(address)
        titles.append(page.locator("h1").inner_text())
    page.goto("/")
    return titles


def test_a_first_visit_leaves_no_trace(page: Page, context: BrowserContext, shop: Shop) -> None:
    before = shop.count(EVENTS), shop.count(SHOPPERS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/")
    page.locator("nav a").nth(1).click()
    page.goto("/attention/preferences/")

    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert (shop.count(EVENTS), shop.count(SHOPPERS)) == before
    assert [url for url in asked if not url.startswith(shop.url)] == []


def test_remembered_the_home_page_is_personal_at_once_and_forgets_when_told(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    imported = shop.count(EVENTS)
    page.goto("/")
    assert _mode(page) == "contextual"
    everybodys = _keys(page)

    _choose(page, "Accept")
    assert "attention_key" in _cookies(context)
    _look_at(page, 3)

    assert _mode(page) == "personal"
    assert page.locator(SHELF).first.get_attribute("data-attention-rung") == "model"
    assert _keys(page) != everybodys
    reasons = page.locator(f"{SHELF} .attn-reason").all_inner_texts()
    assert reasons
    assert all(reasons)
    page.locator(".attn-why summary").first.click()
    expect(page.locator(".attn-why").first).to_contain_text("Model version")
    assert shop.count(EVENTS) >= imported + 3

    _order(page)

    _switch_off(page)

    assert _mode(page) == "contextual"
    assert _keys(page) == everybodys
    assert shop.count(EVENTS) == imported
    assert "attention_key" not in _cookies(context)
    assert "attention_choice" in _cookies(context)


def _order(page: Page) -> None:
    """Put the first product of the shelf in the basket and order it."""
    page.locator(f"{SHELF} [data-attention-item] a").first.click()
    page.get_by_role("button", name="Add to basket").click()
    page.goto("/basket/")
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("Full name").fill("Ada Example")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Street").fill("1 Example Street")
    page.get_by_label("Postal code").fill("10115")
    page.get_by_label("City").fill("Berlin")
    page.get_by_label("Country").fill("Germany")
    page.get_by_role("button", name="Place the order").click()
    expect(page.locator("main")).to_contain_text("Thank you")


def test_for_this_visit_the_server_stores_nothing(
    page: Page, context: BrowserContext, shop: Shop
) -> None:
    before = shop.count(EVENTS), shop.count(SHOPPERS)
    page.goto("/")
    everybodys = _keys(page)

    _choose(page, "Only this visit")
    _look_at(page, 3)

    assert _mode(page) == "visit"
    assert _keys(page) != everybodys
    assert _cookies(context) == {"attention_visit"}
    assert (shop.count(EVENTS), shop.count(SHOPPERS)) == before

    _switch_off(page)

    assert _mode(page) == "contextual"
    assert _keys(page) == everybodys
    assert _cookies(context) == {"attention_choice"}


def test_two_people_on_one_machine_never_mix(
    chromium: Browser, page: Page, context: BrowserContext, shop: Shop
) -> None:
    page.goto("/")
    _choose(page, "Accept")
    firsts = _look_at(page, 3)
    assert _mode(page) == "personal"

    _register(page, "second@example.com")
    page.goto("/")

    assert _mode(page) == "contextual"
    page.goto("/attention/rights/")
    for title in firsts:
        expect(page.locator("main")).not_to_contain_text(title)

    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert "attention_key" not in _cookies(context)


def _register(page: Page, email: str) -> None:
    page.goto("/account/register/")
    page.get_by_label("Name", exact=True).fill("Second Person")
    page.get_by_label("Email").fill(email)
    for box in page.locator("input[type=password]").all():
        box.fill("correct horse battery")
    page.get_by_role("main").get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_without_javascript_the_story_is_the_same(chromium: Browser, shop: Shop) -> None:
    context = chromium.new_context(base_url=shop.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    _choose(page, "Accept")
    _look_at(page, 3)

    assert _mode(page) == "personal"
    context.close()


def test_a_phone_sees_the_shop_without_scrolling_sideways(chromium: Browser, shop: Shop) -> None:
    context = chromium.new_context(base_url=shop.url, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for address in ("/", "/attention/preferences/", "/basket/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    context.close()

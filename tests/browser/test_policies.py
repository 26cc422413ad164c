"""A changed text in a real browser: it asks again, fits a small screen, and a yes ends it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import faults_wide_and_narrow
from tests.browser.conftest import Shop, served

SMALL = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def shop(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A copy of the shop: a published text stays, and the other tests know the first one."""
    var = tmp_path_factory.mktemp("policies") / "var"
    skipped = shutil.ignore_patterns("shop.sqlite3*", "runs", "*.log")
    shutil.copytree(shop.database.parent, var, ignore=skipped)
    with (
        closing(sqlite3.connect(shop.database)) as source,
        closing(sqlite3.connect(var / shop.database.name)) as target,
    ):
        source.backup(target)
    environment = {**shop.environment, "ATTENTION_VAR": str(var)}
    with served(var / shop.database.name, environment) as own:
        yield own


def _publish(shop: Shop, folder: Path, word: str, *options: str) -> None:
    text = {"title": "How it is used", "notice": f"If you accept, {word}.", "body": "All of it."}
    file = folder / "texts.json"
    file.write_text(json.dumps({"en": text}), "utf-8")
    shop.manage("consent_policy", "--publish", "--file", str(file), *options)


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_material_change_asks_again_until_it_is_answered(
    chromium: Browser, shop: Shop, tmp_path: Path
) -> None:
    context = chromium.new_context(base_url=shop.url, locale="en-US", viewport=SMALL)  # type: ignore[arg-type]
    page = context.new_page()
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.goto("/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".attn-notice")).to_have_count(0)

    _publish(shop, tmp_path, "more is recorded", "--material")
    page.goto("/")

    notice = page.locator(".attn-notice")
    expect(notice).to_contain_text("This text has changed")
    expect(notice).to_contain_text("more is recorded")
    assert _fits(page)
    notice.get_by_role("link", name="What changed").click()
    expect(page.locator("ins").first).to_be_visible()
    assert _fits(page)
    page.goto("/attention/preferences/")
    expect(page.get_by_role("heading", name="Please decide again")).to_be_visible()
    assert _fits(page)
    page.goto("/")
    page.get_by_role("button", name="Accept").press("Enter")
    expect(page.locator(".attn-notice")).to_have_count(0)
    assert errors == []
    context.close()


def test_a_changed_text_can_be_read_by_everybody(
    chromium: Browser, shop: Shop, tmp_path: Path
) -> None:
    # Given somebody who accepted the text before
    context = chromium.new_context(base_url=shop.url, locale="en-US")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".attn-notice")).to_have_count(0)

    # When it changes
    _publish(shop, tmp_path, "another thing is recorded", "--material")
    page.goto("/")

    # Then the notice, the difference, and the page that asks again are for everybody
    notice = page.locator(".attn-notice")
    expect(notice).to_contain_text("another thing is recorded")
    assert faults_wide_and_narrow(page) == []
    notice.get_by_role("link", name="What changed").click()
    expect(page.locator("ins").first).to_be_visible()
    expect(page.locator("del").first).to_be_visible()
    assert faults_wide_and_narrow(page) == []
    page.goto("/attention/preferences/")
    expect(page.get_by_role("heading", name="Please decide again")).to_be_visible()
    assert faults_wide_and_narrow(page) == []
    context.close()


def test_the_signal_and_the_language_are_seen_on_the_first_page(
    chromium: Browser, shop: Shop
) -> None:
    context = chromium.new_context(
        base_url=shop.url,
        locale="zh-CN",
        viewport=SMALL,  # type: ignore[arg-type]
        extra_http_headers={"Sec-GPC": "1"},
    )
    page = context.new_page()
    page.goto("/attention/preferences/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_text("全球隐私控制")).to_be_visible()
    assert _fits(page)
    assert context.cookies() == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert [cookie["name"] for cookie in context.cookies()] == ["django_language"]
    context.close()

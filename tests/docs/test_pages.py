"""The documentation names what exists: pages, settings, tasks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from recommender.conf import RecommenderSettings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_every_key_of_the_recommender_is_described_with_nothing_more() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    table = page.split("## `ATTENTION_RECOMMENDER`")[1].split("\n## ")[0]

    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.M)) == set(RecommenderSettings.options)


def test_every_periodic_task_exists_and_expires() -> None:
    from attention_shop.celery import app

    app.loader.import_default_modules()

    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["task"] in app.tasks, name
        assert entry["options"]["expires"] > 0, name

"""The page on law names files that exist, and every article it was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/explanation/law.md").read_text()
PATHS = sorted(set(re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)`", PAGE)))
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| article", "| section"))
]
GDPR = "5 6 7 8 9 12 13 14 15 16 17 18 19 20 21 22 25 30 32 33 35"


@pytest.mark.parametrize("path", PATHS)
def test_a_path_named_there_exists(path: str) -> None:
    assert (ROOT / path).is_file()


def test_there_are_paths_of_code_and_of_tests() -> None:
    assert len([path for path in PATHS if path.startswith("tests/")]) > 20
    assert len([path for path in PATHS if not path.startswith("tests/")]) > 20


@pytest.mark.parametrize(
    ("law", "articles"),
    [
        ("GDPR", GDPR),
        ("ePrivacy directive", "5"),
        ("CCPA / CPRA", "1798"),
        ("PIPL", "13 14 15 16 24 44 45 46 47"),
        ("DSA", "26 27 28 38"),
    ],
)
def test_every_article_is_there(law: str, articles: str) -> None:
    part = PAGE.split(f"\n## {law}\n")[1].split("\n## ")[0]
    first = [line.split("|")[1] for line in part.splitlines() if line.startswith("| ")]
    named = {number for cell in first for number in re.findall(r"\d+", cell)}

    assert set(articles.split()) <= named


def test_every_row_names_its_code() -> None:
    assert len(ROWS) > 40
    assert [row[0] for row in ROWS if "`" not in row[2]] == []

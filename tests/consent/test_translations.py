"""The Chinese catalog: compiled as written, and complete where shoppers decide."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

from consent.purposes import Purpose

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "consent/locale/zh_Hans/LC_MESSAGES"
PAGES = [
    "control.html",
    "news.html",
    "notice.html",
    "parts/signal.html",
    "policy.html",
    "policy_history.html",
    "policy_version.html",
    "preferences.html",
]
MARKED = re.compile(
    r'{% translate "([^"]+)"|{% blocktranslate[^%]*%}(.*?){% (?:plural|endblocktranslate)',
    re.DOTALL,
)
PLACE = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as file:
        return gettext.GNUTranslations(file)


def written() -> dict[str, str]:
    """The entries of the .po file, plurals by their singular."""
    entries = {}
    for block in (FOLDER / "django.po").read_text("utf-8").split("\n\n"):
        source = re.search(r'^msgid (".*")$', block, re.MULTILINE)
        target = re.search(r'^msgstr(?:\[0\])? (".*")$', block, re.MULTILINE)
        assert source is not None, block
        assert target is not None, block
        entries[ast.literal_eval(source[1])] = ast.literal_eval(target[1])
    entries.pop("", None)
    return entries


def test_the_compiled_catalog_is_the_written_one(compiled: gettext.GNUTranslations) -> None:
    """``msgfmt django.po -o django.mo`` brings them together again."""
    assert {source: _told(compiled, source) for source in written()} == written()


def test_every_translation_keeps_its_places() -> None:
    for source, target in written().items():
        assert set(PLACE.findall(source)) == set(PLACE.findall(target)), source
        assert re.findall(r"</?\w+>", source) == re.findall(r"</?\w+>", target), source


@pytest.mark.parametrize("page", PAGES)
def test_every_string_of_a_page_is_translated(page: str, compiled: gettext.GNUTranslations) -> None:
    text = (ROOT / "templates/attention_consent" / page).read_text("utf-8")
    strings = [
        re.sub(r"{{ (\w+) }}", r"%(\1)s", short or block) for short, block in MARKED.findall(text)
    ]
    assert [each for each in strings if _told(compiled, each) == each] == []


def test_every_purpose_is_named_and_explained(compiled: gettext.GNUTranslations) -> None:
    for purpose in Purpose:
        for text in (purpose.title, purpose.explanation):
            assert _told(compiled, str(text)) != str(text)


def _told(catalog: gettext.GNUTranslations, source: str) -> str:
    plain = catalog.gettext(source)
    return plain if plain != source else catalog.ngettext(source, source, 1)

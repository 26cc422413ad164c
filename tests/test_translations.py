"""The Chinese catalogs: complete, faithful to their sources, compiled as written."""

from __future__ import annotations

import ast
import gettext
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGS = ["consent", "recommender", "attention_shop/storefront"]
SINGULAR = {"gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
LITERAL = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
IN_TEMPLATE = re.compile(rf"\b(?:gettext|_)\({LITERAL}\)|\bngettext\({LITERAL}, *{LITERAL}")
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>|https?://\S+")


@dataclass(frozen=True)
class Source:
    """A marked text; ``plural`` is empty where the text does not count."""

    text: str
    plural: str = ""


@pytest.fixture(params=CATALOGS)
def package(request: pytest.FixtureRequest) -> Path:
    return ROOT / str(request.param)


def test_every_text_is_translated_and_nothing_else_is_kept(package: Path) -> None:
    """``makemessages`` finds what is new; an entry without a source is deleted."""
    sources = set(marked(package))
    assert set(written(package)) == sources
    assert [source for source, target in written(package).items() if not target] == []


def test_no_translation_is_a_guess_or_a_relic(package: Path) -> None:
    lines = po(package).read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith(("#~", "#,")) and "format" not in line] == []
    assert [line for line in lines if "fuzzy" in line] == []


def test_every_translation_keeps_its_places_and_marks(package: Path) -> None:
    for source, target in written(package).items():
        expected = sorted(PLACE.findall(source.plural or source.text))
        assert sorted(PLACE.findall(target)) == expected, source


def test_the_compiled_catalog_is_the_written_one(package: Path) -> None:
    """``msgfmt django.po -o django.mo`` brings them together again."""
    path = po(package).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    entries = written(package)
    assert {source: told(compiled, source) for source in entries} == entries
    header = 1
    assert struct.unpack("<I", path.read_bytes()[8:12])[0] == len(entries) + header


def test_django_shows_what_is_written(package: Path) -> None:
    """No other catalog of the installed apps answers for the same text in other words."""
    with translation.override("zh-hans"):
        for source, target in written(package).items():
            if source.plural:
                shown = [translation.ngettext(source.text, source.plural, n) for n in (1, 2, 5)]
            else:
                shown = [translation.gettext(source.text)]
            assert set(shown) == {target}, source


def po(package: Path) -> Path:
    return package / "locale/zh_Hans/LC_MESSAGES/django.po"


def written(package: Path) -> dict[Source, str]:
    """The entries of the .po file without its header; Chinese has one form for every count."""
    entries = {}
    for block in po(package).read_text("utf-8").split("\n\n")[1:]:
        source = Source(_field(block, "msgid"), _field(block, "msgid_plural"))
        assert source not in entries, source
        entries[source] = _field(block, "msgstr[0]" if source.plural else "msgstr")
    return entries


def told(catalog: gettext.GNUTranslations, source: Source) -> str:
    if source.plural:
        return catalog.ngettext(source.text, source.plural, 1)
    return catalog.gettext(source.text)


def marked(package: Path) -> Iterator[Source]:
    """Every text that the package's Python and templates mark for translation."""
    for path in package.rglob("*.py"):
        yield from _marked_in_python(ast.parse(path.read_text("utf-8")))
    for folder in (package / "templates").iterdir():
        for path in folder.resolve().rglob("*.*"):
            yield from _marked_in_template(path.read_text("utf-8"))


def _marked_in_python(tree: ast.Module) -> Iterator[Source]:
    names = {
        each.asname or each.name: each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for each in node.names
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        name = names.get(node.func.id)
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if name in SINGULAR:
            yield from (Source(str(text)) for text in texts)
        elif name in PLURAL:
            yield Source(str(texts[0]), str(texts[1]))


def _marked_in_template(text: str) -> Iterator[Source]:
    for single, one, many in IN_TEMPLATE.findall(templatize(text)):
        yield Source(*(ast.literal_eval(each) for each in (single or one, many) if each))


def _field(block: str, name: str) -> str:
    found = re.search(rf'^{re.escape(name)} ((?:".*"\n?)+)', block, re.MULTILINE)
    return str(ast.literal_eval(f"({found[1]})")) if found else ""

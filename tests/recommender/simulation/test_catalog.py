from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from django.contrib.staticfiles import finders

from recommender.imports.grocery import words
from recommender.simulation.pictures import (
    COLORWAYS,
    PREFIX,
    TONES,
    picture_path,
    recolor,
    refresh,
)
from recommender.simulation.shop import Shop
from recommender.simulation.vocabulary import vocabulary

TYPES = [kind.key for kind in vocabulary().types]
GROCERY = sorted(
    {name for _, name in words()["pictures"]["fragments"]}
    | set(words()["pictures"]["departments"].values())
)


def _text(path: str) -> str:
    found = finders.find(path)
    assert isinstance(found, str), path
    with open(found, encoding="utf-8") as file:
        return file.read()


def test_the_shop_is_as_large_as_promised(shop: Shop) -> None:
    records = list(shop.products(pictures="/static/"))

    assert len(records) == 2400
    assert len(TYPES) >= 60
    assert len({record.brand for record in records}) >= 12
    assert len({record.category.parent_key for record in records if record.category}) == 8
    assert len({record.key for record in records}) == 2400
    assert len({record.title for record in records}) == 2400


def test_products_are_believable(shop: Shop) -> None:
    kinds = {kind.key: kind for kind in vocabulary().types}
    for record, row in zip(shop.products(pictures="/s/"), shop.catalog.type_of, strict=True):
        kind = vocabulary().types[row]
        assert record.price_micros is not None
        assert record.price_micros % 10_000 == 0
        price = record.price_micros / 1_000_000
        assert price >= 0.99
        assert kind.price / 12 < price < kind.price * 12
        assert record.rating is not None
        assert 1.0 <= record.rating <= 5.0
        assert record.title.startswith(record.brand)
        assert kind.noun in record.title
        assert len(record.text) > 40
        assert record.tags
        assert record.created_at is not None
        assert record.created_at < shop.plan.end
    assert len(kinds) == len(TYPES)


def test_every_product_has_its_picture(shop: Shop) -> None:
    paths = {record.picture_url for record in shop.products(pictures="/static/")}

    for path in paths:
        assert finders.find(path.removeprefix("/static/")), path


def test_without_an_address_there_is_no_picture(small_shop: Shop) -> None:
    assert {record.picture_url for record in small_shop.products()} == {""}


@pytest.mark.parametrize("key", TYPES)
def test_drawings_are_small_safe_and_of_one_hand(key: str) -> None:
    clay = _text(picture_path(key, "clay"))

    for colorway in COLORWAYS:
        drawing = _text(picture_path(key, colorway))
        assert drawing == recolor(clay, colorway)
        assert len(drawing.encode()) < 3000
        tags = {
            element.tag.rsplit("}", 1)[-1] for element in ElementTree.fromstring(drawing).iter()
        }
        assert tags <= {"svg", "g", "path", "rect", "circle", "ellipse"}
        assert TONES[colorway][0] in drawing


@pytest.mark.parametrize("name", GROCERY)
def test_every_grocery_drawing_is_there(name: str) -> None:
    drawing = _text(f"{PREFIX}grocery-{name}.svg")

    assert len(drawing.encode()) < 3000
    assert ElementTree.fromstring(drawing).tag.endswith("svg")


def test_refresh_writes_the_other_colorways(tmp_path: Path) -> None:
    (tmp_path / "mug-clay.svg").write_text('<svg fill="#D9734E"><path fill="#FFFDF9"/></svg>')

    assert refresh(tmp_path) == 3
    assert (tmp_path / "mug-moss.svg").read_text() == (
        '<svg fill="#6B9A52"><path fill="#FFFDF9"/></svg>'
    )


def test_vocabulary_refers_to_what_exists() -> None:
    words = vocabulary()
    types, intents = set(TYPES), {intent.key for intent in words.intents}
    departments = {department.key for department in words.departments}

    for kind in words.types:
        assert set(kind.goes_with) <= types
        assert kind.key not in kind.goes_with
    for intent in words.intents:
        assert set(intent.path) <= types
    for persona in words.personas:
        assert set(persona.intents) <= intents
    for brand in words.brands:
        assert set(brand.departments) <= departments
    for department in departments:
        assert sum(department in brand.departments for brand in words.brands) >= 3


def test_ratings_tell_of_quality(shop: Shop) -> None:
    assert np.corrcoef(shop.catalog.rating, shop.catalog.quality)[0, 1] > 0.8

"""The artificial catalog as product records: names, descriptions and categories to read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.simulation.catalog import Catalog
from recommender.simulation.pictures import COLORWAYS, picture_path
from recommender.simulation.plan import Plan
from recommender.simulation.vocabulary import LINES, Vocabulary

LINE_WORDS = {
    "Alta": "Part of Alta: straight lines and light wood.",
    "Brisa": "Part of Brisa: airy shapes in pale tones.",
    "Cala": "Part of Cala: rounded edges, made to be touched.",
    "Duna": "Part of Duna: warm tones and natural fiber.",
    "Faro": "Part of Faro: bold color, seen from afar.",
    "Luma": "Part of Luma: soft light and matte surfaces.",
    "Nord": "Part of Nord: sober, sturdy, made for weather.",
    "Vela": "Part of Vela: thin, light and quick.",
}


def product_key(index: int) -> str:
    """The shop's key of a product: ``sim-00042``."""
    return f"sim-{index:05d}"


def category_records(words: Vocabulary) -> dict[str, CategoryRecord]:
    """Departments and the categories below them, by key."""
    records = {
        each.slug: CategoryRecord(key=each.slug, name=each.name) for each in words.departments
    }
    for shelf in words.shelves:
        records[shelf.key] = CategoryRecord(
            key=shelf.key,
            name=shelf.name,
            parent_key=shelf.department,
            sensitive=shelf.sensitive,
        )
    return records


def product_records(
    plan: Plan, words: Vocabulary, catalog: Catalog, *, pictures: str = ""
) -> Iterator[ProductRecord]:
    """Every product as the catalog's record; same plan, same records.

    Args:
        pictures: address of the static root; empty leaves products without pictures.
    """
    shelves = category_records(words)
    rng = np.random.Generator(np.random.PCG64([plan.seed, 5]))
    age = rng.integers(30, 900, len(catalog))
    first = rng.integers(0, 4, len(catalog))
    seen: dict[str, int] = {}
    for index in range(len(catalog)):
        kind = words.types[catalog.type_of[index]]
        brand = words.brands[catalog.brand_of[index]].name
        line = LINES[catalog.line_of[index]]
        option = kind.options[catalog.option_of[index]]
        colorway = COLORWAYS[catalog.color_of[index]]
        title = f"{brand} {line} {kind.noun}, {option}"
        seen[title] = seen.get(title, 0) + 1
        if seen[title] > 1:
            title = f"{title}, edition {seen[title]}"
        lead, facts = kind.lead, kind.features
        one, two = facts[first[index] % len(facts)], facts[(first[index] + 1) % len(facts)]
        yield ProductRecord(
            key=product_key(index),
            title=title,
            text=f"{lead} {one[0].upper()}{one[1:]}, {two}. {LINE_WORDS[line]}",
            category=shelves[kind.category],
            brand=brand,
            price_micros=round(float(catalog.price[index]) * 100) * 10_000,
            tags=(*kind.tags, line.lower(), colorway),
            rating=round(float(catalog.rating[index]), 1),
            picture_url=f"{pictures}{picture_path(kind.key, colorway)}" if pictures else "",
            created_at=plan.end - timedelta(days=plan.days + int(age[index])),
        )

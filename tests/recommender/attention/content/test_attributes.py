"""Attributes as sources tell them: what cannot be true is removed and counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from recommender.attention.content.attributes import (
    LONGEST_TEXT,
    MOST_TAGS,
    ProductRow,
    clean_attributes,
)


def test_a_whole_row_is_kept_as_it_is() -> None:
    row = ProductRow(
        categories=("Food", "Tea"),
        brand="Leaf",
        tags=("green", "loose"),
        price_micros=4_990_000,
        currency="EUR",
        rating=4.5,
        title="Sencha",
        text="Grown in the shade.",
    )

    found = clean_attributes([row, ProductRow(categories=("Food",))])

    names = [found.labels[label] for label in found.categories[: found.category_offsets[1]]]
    assert names == ["Food", "Tea"]
    assert [found.labels[label] for label in found.tags] == ["green", "loose"]
    assert found.labels[found.brands[0]] == "Leaf"
    assert found.labels[found.currencies[0]] == "EUR"
    assert found.prices.tolist() == [4_990_000, -1]
    assert found.ratings[0] == 4.5
    assert np.isnan(found.ratings[1])
    assert found.texts == ("Sencha\nGrown in the shade.", "")
    assert found.brands[1] == -1
    assert found.categories[found.category_offsets[1] :].tolist() == [found.categories[0]]
    assert found.cleaned == {}


@pytest.mark.parametrize("price", [math.nan, -1, math.inf, 1e300, "free", True, []])
def test_a_price_that_cannot_be_one_is_no_price(price: Any) -> None:
    found = clean_attributes([ProductRow(price_micros=price), ProductRow(price_micros=0)])

    assert found.prices.tolist() == [-1, 0]
    assert found.cleaned == {"price": 1}


@pytest.mark.parametrize("rating", [math.nan, -0.1, 5.1, "good"])
def test_a_rating_out_of_range_is_no_rating(rating: Any) -> None:
    found = clean_attributes([ProductRow(rating=rating)])

    assert np.isnan(found.ratings[0])
    assert found.cleaned == {"rating": 1}


def test_thousands_of_tags_become_the_first_ones() -> None:
    found = clean_attributes([ProductRow(tags=[f"tag {number}" for number in range(5000)])])

    assert [found.labels[label] for label in found.tags] == [f"tag {n}" for n in range(MOST_TAGS)]
    assert found.cleaned == {"tags": 1}


@pytest.mark.parametrize("tags", [["a", 3, None, "a"], ["a", {"b": 1}]])
def test_tags_that_are_no_words_are_left_out_and_others_kept_once(tags: Any) -> None:
    found = clean_attributes([ProductRow(tags=tags)])

    assert [found.labels[label] for label in found.tags] == ["a"]
    assert found.cleaned == {"tags": 1}


@pytest.mark.parametrize("tags", ["a,b", {"a": 1}, 7])
def test_tags_that_are_no_list_are_none(tags: Any) -> None:
    found = clean_attributes([ProductRow(tags=tags)])

    assert found.tags.tolist() == []
    assert found.cleaned == {"tags": 1}


def test_text_without_end_or_that_cannot_be_stored_is_cut_and_counted_once() -> None:
    found = clean_attributes(
        [
            ProductRow(title="a\x00b\ud800c", text="x" * (LONGEST_TEXT + 1)),
            ProductRow(title=None, text=None),  # type: ignore[arg-type]
            ProductRow(title=3, text="fine"),  # type: ignore[arg-type]
        ]
    )

    assert found.texts == ("abc\n" + "x" * LONGEST_TEXT, "", "fine")
    assert found.cleaned == {"text": 2}


def test_names_are_compared_by_what_a_reader_sees() -> None:
    found = clean_attributes([ProductRow(brand="Ａcme  Inc"), ProductRow(brand=" Acme Inc ")])

    assert found.brands.tolist() == [0, 0]
    assert found.labels == ("Acme Inc",)


def test_no_products_are_no_rows() -> None:
    found = clean_attributes([])

    assert len(found) == 0
    assert found.category_offsets.tolist() == [0]

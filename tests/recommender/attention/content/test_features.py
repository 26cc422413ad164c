"""Hashed attributes: the same everywhere, scaled by how many a product has."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from recommender.attention.content.attributes import ProductRow, clean_attributes
from recommender.attention.content.features import ProductContent, product_content

FOOD = (
    ProductRow(categories=("Food", "Tea"), brand="Leaf", tags=("green",)),
    ProductRow(categories=("Food", "Tea"), brand="leaf", tags=("green",)),
    ProductRow(categories=("Food", "Oil"), brand="Press", tags=("cold",)),
    ProductRow(categories=("Garden",), brand="Press", rating=4.4),
    ProductRow(categories=("Garden",), rating=4.6),
)


def _of(content: ProductContent, item: int) -> dict[int, float]:
    span = slice(content.indptr[item], content.indptr[item + 1])
    return dict(zip(content.indices[span].tolist(), content.data[span].tolist(), strict=True))


def test_products_alike_have_the_same_features() -> None:
    content = product_content(clean_attributes(FOOD))

    assert _of(content, 0) == _of(content, 1)
    assert len(_of(content, 0)) == 4  # food, food > tea, leaf, green
    shared = set(_of(content, 0)) & set(_of(content, 2))
    assert len(shared) == 1  # food
    assert len(_of(content, 2)) == 2  # food, press: oil and cold are of one product alone
    assert len(_of(content, 3)) == 3  # garden, press, four and a half stars
    assert set(_of(content, 4)) < set(_of(content, 3))


def test_the_squares_of_a_product_sum_to_one() -> None:
    content = product_content(clean_attributes(FOOD))

    sums = np.add.reduceat(content.data**2, content.indptr[:-1])
    assert sums == pytest.approx([1.0] * 5)


def test_what_all_products_have_says_nothing() -> None:
    content = product_content(clean_attributes([ProductRow(brand="Leaf", tags=("a",))] * 3))

    assert content.indptr.tolist() == [0, 0, 0, 0]


def test_prices_are_features_of_the_catalog_and_of_their_kind() -> None:
    rows = [
        ProductRow(categories=(name,), price_micros=base + place)
        for name, base in (("Pens", 1_000), ("Desks", 1_000_000))
        for place in range(20)
    ]

    content = product_content(clean_attributes(rows))

    # The cheapest of both kinds share that they are cheap for their kind, and nothing else.
    assert len(set(_of(content, 0)) & set(_of(content, 20))) == 1
    assert len(_of(content, 0)) == 3


def test_a_process_with_another_hash_seed_makes_the_same_features() -> None:
    program = (
        "from tests.recommender.attention.content.test_features import *;"
        "content = product_content(clean_attributes(FOOD));"
        "print(content.indices.tolist(), content.data.tolist(), content.buckets)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    content = product_content(clean_attributes(FOOD))
    expected = f"{content.indices.tolist()} {content.data.tolist()} {content.buckets}\n"
    assert found == {expected}


def test_the_table_grows_with_the_names_to_a_limit() -> None:
    def rows(count: int) -> list[ProductRow]:
        return [ProductRow(tags=(f"tag {number}",)) for number in range(count) for _ in range(2)]

    assert product_content(clean_attributes(rows(10))).buckets == 256
    assert product_content(clean_attributes(rows(600))).buckets == 2048
    assert product_content(clean_attributes(rows(600)), buckets=64).indices.max() < 64


def test_dense_features_must_be_of_the_same_products() -> None:
    dense = np.ones((4, 2), dtype=np.float32)

    with pytest.raises(ValueError, match="4 rows of dense features for 5 products"):
        product_content(clean_attributes(FOOD), dense)


def test_an_empty_catalog_has_no_features() -> None:
    content = product_content(clean_attributes([]))

    assert (len(content), content.indptr.tolist(), content.dense.shape) == (0, [0], (0, 0))

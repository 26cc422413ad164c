"""Attributes of products as numbers: hashed words for a table, dense features for a matrix.

Names are hashed into a table of fixed size with a sign, so that two names in one row cancel rather
than add up: feature hashing (Weinberger et al., 2009, arXiv:0902.2206). The hash is BLAKE2, the
same in every process and on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recommender.attention.content.attributes import ProductAttributes
from recommender.attention.content.bands import NO_PRICE, bands_within, price_bands

PRICE_BANDS = 11
FEWEST_BUCKETS, MOST_BUCKETS = 256, 2**16
FEWEST_PRODUCTS = 2
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductContent:
    """What the content tower reads of n products.

    Attributes:
        indptr: int64[n+1]; the attributes of item i are ``indptr[i]:indptr[i + 1]`` of
            ``indices`` and ``data``.
        indices: int32, rows of the table of attributes, below ``buckets``.
        data: float32, signs scaled so that the squares of a product sum to 1.
        buckets: rows of the table.
        dense: float32[n, m], features of the text; m is 0 without any.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    data: npt.NDArray[np.float32]
    buckets: int
    dense: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indptr) - 1


def product_content(
    attributes: ProductAttributes,
    dense: npt.NDArray[np.float32] | None = None,
    *,
    buckets: int | None = None,
) -> ProductContent:
    """Return the features of ``attributes``.

    Hashed are every prefix of the category path, brand, tags, price band within the catalog and
    within the leaf category, and the rating in half stars. A name that a single product has is
    left out: it could only repeat that product's own row. So is one that all of them have.

    Args:
        attributes: of n products.
        dense: float32[n, m], for example `recommender.attention.content.text.text_features`.
        buckets: rows of the table; by default twice the number of names, a power of two.

    Raises:
        ValueError: ``dense`` has another number of rows.
    """
    n = len(attributes)
    dense = np.zeros((n, 0), dtype=np.float32) if dense is None else dense
    if len(dense) != n:
        raise ValueError(f"{len(dense)} rows of dense features for {n} products.")
    owners, names, words = _names(attributes)
    holders = np.bincount(names, minlength=len(words))
    shared = (holders >= FEWEST_PRODUCTS) & (holders < n)
    kept = shared[names]
    owners, names = owners[kept], names[kept]
    size = buckets or _buckets(int(shared.sum()))
    rows, signs = _hashed(words, size)
    matrix = sparse.csr_matrix(
        (signs[names], (owners, rows[names])), shape=(n, size), dtype=np.float32
    )
    matrix.eliminate_zeros()
    matrix.sort_indices()
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    scale = 1 / np.sqrt(np.maximum(squares, 1.0))
    counts = np.diff(matrix.indptr)
    return ProductContent(
        indptr=matrix.indptr.astype(np.int64),
        indices=matrix.indices.astype(np.int32),
        data=(matrix.data * np.repeat(scale, counts)).astype(np.float32),
        buckets=size,
        dense=np.ascontiguousarray(dense, dtype=np.float32),
    )


def _names(
    attributes: ProductAttributes,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[str]]:
    """Return owner int64[e] and name int64[e] of every attribute, and the distinct names."""
    known: dict[str, int] = {}
    owners: list[int] = []
    names: list[int] = []
    for item, own in enumerate(_of_each(attributes)):
        for name in dict.fromkeys(own):
            owners.append(item)
            names.append(known.setdefault(name, len(known)))
    return np.array(owners, dtype=np.int64), np.array(names, dtype=np.int64), list(known)


def _of_each(attributes: ProductAttributes) -> Iterator[list[str]]:
    labels = [label.casefold() for label in attributes.labels]
    catalog = price_bands(attributes, PRICE_BANDS)
    kin = bands_within(attributes.prices, _leaf_groups(attributes), PRICE_BANDS)
    stars = np.round(attributes.ratings * 2) / 2
    for item in range(len(attributes)):
        start, end = attributes.category_offsets[item : item + 2]
        path = [labels[row] for row in attributes.categories[start:end]]
        own = [f"category:{SEPARATOR.join(path[: depth + 1])}" for depth in range(len(path))]
        start, end = attributes.tag_offsets[item : item + 2]
        own += [f"tag:{labels[row]}" for row in attributes.tags[start:end]]
        if attributes.brands[item] >= 0:
            own.append(f"brand:{labels[attributes.brands[item]]}")
        own.append(f"price:{catalog[item]}")
        if kin[item] != NO_PRICE:
            own.append(f"price among its kind:{kin[item]}")
        if not np.isnan(stars[item]):
            own.append(f"rating:{stars[item]}")
        yield own


def _leaf_groups(attributes: ProductAttributes) -> npt.NDArray[np.int64]:
    """Return int64[n], one number for each pair of category path and currency."""
    known: dict[tuple[bytes, int], int] = {}
    groups = np.zeros(len(attributes), dtype=np.int64)
    for item in range(len(attributes)):
        start, end = attributes.category_offsets[item : item + 2]
        key = (attributes.categories[start:end].tobytes(), int(attributes.currencies[item]))
        groups[item] = known.setdefault(key, len(known))
    return groups


def _buckets(names: int) -> int:
    size = FEWEST_BUCKETS
    while size < 2 * names and size < MOST_BUCKETS:
        size *= 2
    return size


def _hashed(
    words: list[str], buckets: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the row int64[w] and the sign float32[w] of each word."""
    numbers = np.array(
        [
            int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
            for word in words
        ],
        dtype=np.uint64,
    )
    rows = (numbers >> np.uint64(1)) % np.uint64(buckets)
    signs = np.where(numbers & np.uint64(1), 1.0, -1.0)
    return rows.astype(np.int64), signs.astype(np.float32)

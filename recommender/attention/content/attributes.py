"""What the products of a catalog are, cleaned, as flat arrays: item i is row i of everything."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST_PRICE_MICROS = 10**15
LARGEST_RATING = 5.0
MOST_TAGS = 64
DEEPEST_PATH = 16
LONGEST_LABEL = 255
LONGEST_TEXT = 2000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """One product as its source tells it, not yet cleaned.

    Attributes:
        categories: names of the categories it is filed under, from the root to the leaf.
        brand: empty when unknown.
        tags: free words.
        price_micros: in micro-units of ``currency``; None when it has no price.
        currency: ISO 4217 code; prices are compared within a currency alone.
        rating: mean rating from 0 to 5; None when unrated.
        title: what a person reads on the card.
        text: description.
    """

    categories: Sequence[str] = ()
    brand: str = ""
    tags: Sequence[str] = ()
    price_micros: float | None = None
    currency: str = ""
    rating: float | None = None
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAttributes:
    """Attributes of n products.

    Attributes:
        labels: distinct names of categories, brands, tags and currencies.
        category_offsets: int64[n+1], the path of item i is
            ``categories[category_offsets[i]:category_offsets[i + 1]]``.
        categories: int32, rows of ``labels``, each path from the root to the leaf.
        tag_offsets: int64[n+1], as for categories.
        tags: int32, rows of ``labels``.
        brands: int32[n], rows of ``labels``; -1 when unknown.
        currencies: int32[n], rows of ``labels``; -1 when unknown.
        prices: int64[n], micro-units; -1 when there is none.
        ratings: float32[n], 0 to 5; NaN when unrated.
        texts: title and description of each item.
        cleaned: how many products had something removed, by what it was.
    """

    labels: tuple[str, ...]
    category_offsets: npt.NDArray[np.int64]
    categories: npt.NDArray[np.int32]
    tag_offsets: npt.NDArray[np.int64]
    tags: npt.NDArray[np.int32]
    brands: npt.NDArray[np.int32]
    currencies: npt.NDArray[np.int32]
    prices: npt.NDArray[np.int64]
    ratings: npt.NDArray[np.float32]
    texts: tuple[str, ...]
    cleaned: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.prices)


def clean_attributes(rows: Iterable[ProductRow]) -> ProductAttributes:
    """Return the attributes of ``rows``, without what cannot be true or cannot be stored.

    ``cleaned`` counts the products that lost something: ``price`` and ``rating`` out of range,
    ``tags``, ``categories`` and ``label`` that are no words, too many or too long, ``text`` that
    is no text, holds what cannot be stored or is longer than `LONGEST_TEXT` characters.
    """
    cleaner = _Cleaner()
    for row in rows:
        cleaner.add(row)
    return cleaner.attributes()


class _Cleaner:
    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.category_offsets, self.tag_offsets = [0], [0]
        self.categories: list[int] = []
        self.tags: list[int] = []
        self.brands: list[int] = []
        self.currencies: list[int] = []
        self.prices: list[int] = []
        self.ratings: list[float] = []
        self.texts: list[str] = []
        self.cleaned = Counter[str]()
        self.faults: set[str] = set()

    def add(self, row: ProductRow) -> None:
        self.faults = set()
        self.categories.extend(self._labels(row.categories, DEEPEST_PATH, "categories"))
        self.category_offsets.append(len(self.categories))
        self.tags.extend(dict.fromkeys(self._labels(row.tags, MOST_TAGS, "tags")))
        self.tag_offsets.append(len(self.tags))
        self.brands.append(self._label(row.brand))
        self.currencies.append(self._label(row.currency))
        self.prices.append(round(self._number(row.price_micros, LARGEST_PRICE_MICROS, "price", -1)))
        self.ratings.append(self._number(row.rating, LARGEST_RATING, "rating", math.nan))
        self.texts.append(f"{self._text(row.title)}\n{self._text(row.text)}".strip())
        self.cleaned.update(self.faults)

    def attributes(self) -> ProductAttributes:
        return ProductAttributes(
            labels=tuple(self.rows),
            category_offsets=np.array(self.category_offsets, dtype=np.int64),
            categories=np.array(self.categories, dtype=np.int32),
            tag_offsets=np.array(self.tag_offsets, dtype=np.int64),
            tags=np.array(self.tags, dtype=np.int32),
            brands=np.array(self.brands, dtype=np.int32),
            currencies=np.array(self.currencies, dtype=np.int32),
            prices=np.array(self.prices, dtype=np.int64),
            ratings=np.array(self.ratings, dtype=np.float32),
            texts=tuple(self.texts),
            cleaned=dict(sorted(self.cleaned.items())),
        )

    def _labels(self, names: Any, most: int, fault: str) -> list[int]:
        if not isinstance(names, list | tuple):
            if names is not None:
                self.faults.add(fault)
            return []
        if len(names) > most or not all(isinstance(name, str) for name in names):
            self.faults.add(fault)
        words = [name for name in names if isinstance(name, str)]
        found = [self._label(name) for name in words[:most]]
        return [row for row in found if row >= 0]

    def _label(self, name: Any) -> int:
        if not isinstance(name, str):
            if name is not None:
                self.faults.add("label")
            return -1
        label = " ".join(_UNSTORABLE.sub("", unicodedata.normalize("NFKC", name)).split())
        if len(label) > LONGEST_LABEL or _UNSTORABLE.search(name):
            self.faults.add("label")
        label = label[:LONGEST_LABEL]
        return self.rows.setdefault(label, len(self.rows)) if label else -1

    def _number(self, value: Any, largest: float, fault: str, absent: float) -> float:
        if value is None:
            return absent
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if isinstance(value, bool) or not 0 <= number <= largest:
            self.faults.add(fault)
            return absent
        return number

    def _text(self, text: Any) -> str:
        if not isinstance(text, str):
            if text is not None:
                self.faults.add("text")
            return ""
        if len(text) > LONGEST_TEXT or _UNSTORABLE.search(text):
            self.faults.add("text")
        return _UNSTORABLE.sub("", text[:LONGEST_TEXT]).strip()

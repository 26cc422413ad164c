"""The catalog as a model's items see it: which may be shown, and which item a host key names.

A copy of public facts kept in the process and brought up to date every `REFRESH_SECONDS`. It only
narrows candidates: what is shown is read from the database again for each slate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from time import monotonic

import numpy as np
import numpy.typing as npt
from django.contrib.sites.models import Site
from django.utils import timezone

from recommender.catalog.models import Category, Product
from recommender.serving.recall import Published

REFRESH_SECONDS = 60.0
OVERLAP = timedelta(seconds=10)
CHUNK = 5_000

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]


class Shelf:
    """Facts of the n items of one model.

    Host keys are held as their 64-bit hashes of this process: 16 bytes a product where a dict of
    strings takes 150. Two of a million keys meet in one hash once in 37 million catalogs.
    """

    def __init__(self, *, site: Site, published: Published) -> None:
        self._site = site
        self._published = published
        n = len(published.products)
        self._listed: Mask = np.zeros(n, dtype=bool)
        self._categories: Indices = np.zeros(n, dtype=np.int64)
        self._hashes: Indices = np.zeros(n, dtype=np.int64)
        self._tree = _CategoryTree(())
        self._read_at: datetime | None = None
        self._checked = 0.0
        self.refresh()

    def refresh_when_due(self) -> None:
        """Read what changed, at most every `REFRESH_SECONDS`. Two queries when due."""
        if monotonic() - self._checked >= REFRESH_SECONDS:
            self._checked = monotonic()
            self.refresh()

    def refresh(self) -> None:
        """Read what changed since the last time; everything the first time. Two queries."""
        began = timezone.now()
        rows = Product.objects.filter(site=self._site)
        if self._read_at is not None:
            rows = rows.filter(updated_at__gte=self._read_at - OVERLAP)
        self._tree = _CategoryTree(
            Category.objects.filter(site=self._site).values_list(
                "pk", "parent_id", "host_key", "sensitive"
            )
        )
        self._place(rows.values_list("pk", "host_key", "is_listed", "category_id"))
        self._read_at = began
        self._checked = monotonic()

    def _place(self, rows: Iterable[tuple[int, str, bool, int | None]]) -> None:
        found = list(rows)
        if found:
            index = self._published.index_of([row[0] for row in found])
            known = np.flatnonzero(index >= 0)
            at = index[known]
            self._hashes[at] = [hash(found[i][1]) for i in known]
            self._listed[at] = [found[i][2] for i in known]
            self._categories[at] = [found[i][3] or 0 for i in known]
        self._hash_order = np.argsort(self._hashes, kind="stable")
        self._sorted_hashes = self._hashes[self._hash_order]
        self.sensitive: Mask = np.isin(self._categories, self._tree.sensitive)
        self.eligible: Mask = self._listed & ~self.sensitive
        self.barred: Indices = np.flatnonzero(~self.eligible)

    def items_of(self, keys: Sequence[str]) -> Indices:
        """Return int64[m]: the item index of each host key; -1 where the model has none."""
        wanted = np.array([hash(key) for key in keys], dtype=np.int64)
        place = np.minimum(np.searchsorted(self._sorted_hashes, wanted), len(self._hashes) - 1)
        return np.where(self._sorted_hashes[place] == wanted, self._hash_order[place], -1)

    def categories_of(self, items: npt.NDArray[np.integer]) -> Indices:
        """Return int64[m]: the category id of each item; 0 where it has none."""
        found: Indices = self._categories[items]
        return found

    def in_category(self, key: str) -> Mask:
        """Return bool[n]: eligible items filed under the category ``key`` or below it."""
        return self.eligible & np.isin(self._categories, self._tree.under(key))


class _CategoryTree:
    """Ids of the sensitive categories, and of all categories below one."""

    def __init__(self, rows: Iterable[tuple[int, int | None, str, bool]]) -> None:
        self._children: dict[int | None, list[int]] = {}
        self._by_key: dict[str, int] = {}
        self.sensitive: list[int] = []
        for pk, parent_id, host_key, sensitive in rows:
            self._children.setdefault(parent_id, []).append(pk)
            self._by_key[host_key] = pk
            if sensitive:
                self.sensitive.append(pk)

    def under(self, key: str) -> list[int]:
        found: dict[int, None] = {}
        waiting = [self._by_key[key]] if key in self._by_key else []
        while waiting:
            pk = waiting.pop()
            if pk not in found:
                found[pk] = None
                waiting.extend(self._children.get(pk, ()))
        return list(found)

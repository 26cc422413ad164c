"""The shop's departments and categories, read once per request."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from django.contrib.sites.models import Site
from django.http import HttpRequest

from attention_shop.storefront.catalog.models import Category
from attention_shop.storefront.shop_site import site_of

_ATTRIBUTE = "_storefront_tree"


@dataclass(frozen=True)
class CategoryTree:
    """All categories of one shop, in the order of their names."""

    categories: tuple[Category, ...]

    @cached_property
    def by_id(self) -> dict[int, Category]:
        """Each category by its id."""
        return {category.pk: category for category in self.categories}

    @cached_property
    def _below(self) -> dict[int | None, list[Category]]:
        below: dict[int | None, list[Category]] = defaultdict(list)
        for category in self.categories:
            below[category.parent_id].append(category)
        return below

    @property
    def departments(self) -> list[Category]:
        """Categories without a parent."""
        return self._below.get(None, [])

    def children(self, category: Category) -> list[Category]:
        """Categories right below ``category``."""
        return self._below.get(category.pk, [])

    def by_slug(self, slug: str) -> Category | None:
        """The category whose address holds ``slug``."""
        return next((each for each in self.categories if each.slug == slug), None)

    def path(self, category_id: int | None) -> list[Category]:
        """From the department down to the category; empty when there is none."""
        path: list[Category] = []
        current = self.by_id.get(category_id) if category_id is not None else None
        while current is not None and current not in path:
            path.insert(0, current)
            current = self.by_id.get(current.parent_id) if current.parent_id else None
        return path

    def ids_within(self, category: Category) -> list[int]:
        """Ids of ``category`` and everything below it."""
        ids, waiting = [], [category]
        while waiting:
            current = waiting.pop()
            ids.append(current.pk)
            waiting.extend(self.children(current))
        return ids


def tree_for(site: Site) -> CategoryTree:
    """Read the tree of ``site``: 1 query."""
    return CategoryTree(tuple(Category.objects.filter(site=site).order_by("name", "pk")))


def tree_of(request: HttpRequest) -> CategoryTree:
    """The tree of this request's shop, read at most once per request."""
    tree: CategoryTree | None = getattr(request, _ATTRIBUTE, None)
    if tree is None:
        tree = tree_for(site_of(request))
        setattr(request, _ATTRIBUTE, tree)
    return tree

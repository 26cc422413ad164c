"""What every page of the shop needs; lazy, so that pages of others pay nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from attention_shop.storefront.basket.store import basket_of
from attention_shop.storefront.catalog.tree import CategoryTree, tree_of
from attention_shop.storefront.notices import Notice, notice_of


class ShopContext:
    """The parts of the frame around a page."""

    name = "Fernway"

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def tree(self) -> CategoryTree:
        """Departments and categories: 1 query, once a request."""
        return tree_of(self._request)

    @property
    def basket_count(self) -> int:
        """Things in the basket; no query for a visitor without a session."""
        return basket_of(self._request).count()

    @property
    def notice(self) -> Notice | None:
        """What the last form has to say."""
        return notice_of(self._request)


def shop(request: HttpRequest) -> dict[str, Any]:
    """Add ``shop`` to every template."""
    return {"shop": ShopContext(request)}

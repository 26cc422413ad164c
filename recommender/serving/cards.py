"""The products a slate shows and names: one statement, only the columns a card needs."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from django.db import connections, router

from recommender.catalog.models import Category, Product


class ShownProduct(NamedTuple):
    """What a card may say of a product; never a row that loads more when looked at.

    Attributes:
        id: of the mirror product.
        host_key: the host's key.
        kind: "product", "article" or "service".
        title: plain text.
        brand: empty when unknown.
        rating: mean from 0 to 5; None when unrated.
        picture_url: empty when there is none.
        price_micros: usual price; what this request pays is in the offer.
        currency: ISO 4217 code.
    """

    id: int
    host_key: str
    kind: str
    title: str
    brand: str
    rating: float | None
    picture_url: str
    price_micros: int | None
    currency: str


_SQL = """
SELECT {columns} FROM {product} p LEFT JOIN {category} c ON c.id = p.category_id
WHERE p.site_id = %s AND p.id IN ({marks}) AND p.is_listed = {yes}
AND COALESCE(c.sensitive, {no}) = {no}
"""


def shown_products(*, site_id: int, ids: Collection[int]) -> dict[int, ShownProduct]:
    """The products of ``ids`` that may be shown: listed, and of no sensitive category. One query.

    The rule of ``Product.objects.live()``. The statement is written out because composing it
    costs several times what running it does, on every page of the shop.
    """
    if not ids:
        return {}
    connection = connections[router.db_for_read(Product)]
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection.vendor == "sqlite", len(ids)), [site_id, *ids])
        rows = cursor.fetchall()
    return {row[0]: ShownProduct(*row) for row in rows}


@lru_cache(maxsize=256)
def _statement(is_sqlite: bool, count: int) -> str:
    return _SQL.format(
        columns=", ".join(f'p."{column}"' for column in ShownProduct._fields),
        product=f'"{Product._meta.db_table}"',
        category=f'"{Category._meta.db_table}"',
        marks=", ".join(["%s"] * count),
        yes="1" if is_sqlite else "true",
        no="0" if is_sqlite else "false",
    )

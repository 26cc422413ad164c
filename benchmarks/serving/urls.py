"""The shop, and beside it the baseline: a Django view that reads rows computed before."""

from __future__ import annotations

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from attention_shop.urls import handler404, handler500
from attention_shop.urls import urlpatterns as shop_urlpatterns
from consent.visitor import visitor_of

__all__ = ["handler404", "handler500", "precomputed_rows", "urlpatterns"]

TABLE = "benchmark_precomputed"
SQL = f"""
SELECT p.host_key, p.title, p.picture_url, s.price_micros, s.currency
FROM {TABLE} r
JOIN attention_recommender_product p ON p.id = r.product_id
JOIN attention_storefront_product s ON s.sku = p.host_key
WHERE r.shopper = %s ORDER BY r.place LIMIT 8
"""


def precomputed_rows(shopper: str) -> list[tuple[object, ...]]:
    """The eight rows of one shopper: one query, nothing computed."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, [shopper])
        return list(cursor.fetchall())


def precomputed(request: HttpRequest) -> HttpResponse:
    """Answer with the rows of the shopper behind the request."""
    shopper = visitor_of(request).shopper_id
    rows = precomputed_rows(shopper.hex if shopper else "")
    items = [
        {"key": key, "title": title, "picture": picture, "price_micros": price, "currency": unit}
        for key, title, picture, price, unit in rows
    ]
    return HttpResponse(orjson.dumps({"items": items}), content_type="application/json")


urlpatterns = [path("baseline/precomputed/", precomputed), *shop_urlpatterns]

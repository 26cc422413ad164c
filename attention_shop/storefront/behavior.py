"""What the shop tells the recommender.

The one door never raises and asks for permission itself, so nothing here does.
"""

from __future__ import annotations

from django.http import HttpRequest

from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.orders.models import Order, OrderLine
from recommender.events.kinds import Kind
from recommender.events.services import OrderedUnit, Outcome, record, record_order


def note(
    *, request: HttpRequest, kind: Kind, product: Product, value: int | None = None
) -> Outcome:
    """Record that this visitor did ``kind`` with ``product``."""
    return record(
        request=request,
        kind=kind,
        product_key=product.sku,
        price_micros=product.price_micros,
        value=value,
    )


def note_search(*, request: HttpRequest, found: int) -> Outcome:
    """Record a search and how much it found; never its words."""
    return record(request=request, kind=Kind.SEARCH, value=found)


def note_order(*, request: HttpRequest, order: Order) -> None:
    """Record each line of a placed order, once however often it is called."""
    record_order(
        request=request,
        order_key=str(order.pk),
        lines=[
            OrderedUnit(line.sku, line.quantity, line.price_micros) for line in order.lines.all()
        ],
        occurred_at=order.placed_at,
    )


def note_return(*, request: HttpRequest, line: OrderLine) -> Outcome:
    """Record that a line went back."""
    return record(
        request=request,
        kind=Kind.RETURN,
        product_key=line.sku,
        value=line.quantity,
        price_micros=line.price_micros,
    )

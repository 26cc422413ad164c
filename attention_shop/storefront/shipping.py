"""What delivery costs."""

from __future__ import annotations

SHIPPING_MICROS = 4_900_000
FREE_FROM_MICROS = 50_000_000


def shipping_micros(*, goods_micros: int) -> int:
    """Delivery of goods worth ``goods_micros``: one flat price, free from a threshold on."""
    return 0 if goods_micros >= FREE_FROM_MICROS else SHIPPING_MICROS


def missing_for_free_micros(*, goods_micros: int) -> int:
    """How much more would make delivery free; 0 when it is."""
    return max(0, FREE_FROM_MICROS - goods_micros)

"""Where a slate is asked for: the page, never the person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateContext:
    """What the page says about itself.

    Attributes:
        product: host key of the page's product; empty when the page has none.
        category: host key of the page's category; empty when the page has none.
        query: what was searched for on this page; empty when nothing was.
        size: how many items are wanted; None means the placement's own size.
    """

    product: str = ""
    category: str = ""
    query: str = ""
    size: int | None = None

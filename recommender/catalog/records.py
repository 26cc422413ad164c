"""What a host shop tells about its catalog: plain records, no Django."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ProductKind = Literal["product", "article", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRecord:
    """One category of the host, named by the host's own key.

    Attributes:
        key: the host's key, unique within a site.
        name: what a person reads.
        parent_key: the key of the category above it; None at the top.
        sensitive: products of it never enter history, training, reasons, ads or mail.
    """

    key: str
    name: str
    parent_key: str | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecord:
    """One product, article or service of the host.

    Attributes:
        key: the host's key, unique within a site; at most 128 characters.
        title: what a person reads on the card.
        kind: "product", "article" or "service".
        text: description, plain text.
        category: the category it is filed under; None when the host has none.
        brand: empty when unknown.
        price_micros: usual price in micro-units of ``currency``; None for things without a price.
        currency: ISO 4217 code.
        tags: free words.
        rating: mean rating from 0 to 5; None when unrated.
        picture_url: address of a picture; empty when there is none.
        merchant_key: the seller in a marketplace; empty in a shop of one.
        is_listed: whether the shop shows it at all.
        created_at: when the host first offered it; aware UTC.
    """

    key: str
    title: str
    kind: ProductKind = "product"
    text: str = ""
    category: CategoryRecord | None = None
    brand: str = ""
    price_micros: int | None = None
    currency: str = "USD"
    tags: tuple[str, ...] = ()
    rating: float | None = None
    picture_url: str = ""
    merchant_key: str = ""
    is_listed: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a product costs this request, and whether it can be had; asked at render.

    Attributes:
        key: the host's product key.
        is_available: in stock and visible for this request.
        price_micros: the price this request would pay, in micro-units of ``currency``.
        currency: ISO 4217 code.
        margin_micros: what the shop keeps of the price; None when it does not say.
    """

    key: str
    is_available: bool
    price_micros: int | None
    currency: str = "USD"
    margin_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldUnits:
    """Units of one product sold since a moment, with no reference to any person."""

    key: str
    units: int

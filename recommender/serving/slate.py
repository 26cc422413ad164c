"""A slate: ranked items for one placement at one moment, and who answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from recommender.catalog.records import Offer
from recommender.serving.cards import ShownProduct


class Mode(StrEnum):
    """Whose behavior ranked the slate."""

    PERSONAL = "personal"
    VISIT = "visit"
    CONTEXTUAL = "contextual"


class Rung(StrEnum):
    """Who answered, best first."""

    MODEL = "model"
    POPULAR = "popular"
    NEWEST = "newest"
    EMPTY = "empty"


class ReasonKind(StrEnum):
    """Why one product is on a slate; each is a claim the numbers must bear out."""

    FOLLOWS = "follows"
    """Transitions from a product of the person's own history weighed most."""
    HISTORY = "history"
    """The attention model's reading of the person's own history weighed most."""
    BOUGHT_BEFORE = "bought_before"
    """The person's own repeats weighed most, and an order is among them."""
    SEEN_BEFORE = "seen_before"
    """The person's own repeats weighed most, without an order among them."""
    GOES_WITH = "goes_with"
    """Transitions from the page's product weighed most."""
    GOES_WITH_BASKET = "goes_with_basket"
    """Transitions from a product in the basket weighed most."""
    SIMILAR = "similar"
    """Nearness to the page's product weighed most."""
    BASKET = "basket"
    """The attention model's reading of the basket weighed most."""
    POPULAR = "popular"
    """Recent popularity among this shop's visitors weighed most."""
    BESTSELLER = "bestseller"
    """Units sold, counted without any person."""
    NEW = "new"
    """Newest in the catalog; nothing else was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one product is shown; `recommender.serving.explanation.text` words it.

    Attributes:
        kind: the claim.
        source: host key of the product the claim refers to; empty when it refers to none or
            that product may not be named.
        action: event kind by which the person met ``source``; empty when unknown.
        count: how many events or products of the person the claim refers to.
    """

    kind: ReasonKind
    source: str = ""
    action: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateItem:
    """One product on a slate.

    Attributes:
        key: the host's product key.
        product_id: id of the mirror product.
        position: 1-based place on the slate.
        score: the ranker's score; comparable inside one slate only.
        reason: why it is here.
        parts: contributions of attention, transitions, popularity and repeats to the score; empty
            when no model ranked it.
        disclosure: label a person must read beside it, e.g. that it is sponsored; empty if none.
        url: address its card leads to instead of the product's page; empty means that page.
        viewable_url: address the script reports a viewable impression to; empty if none.
    """

    key: str
    product_id: int
    position: int
    score: float
    reason: Reason
    parts: tuple[float, ...] = ()
    disclosure: str = ""
    url: str = ""
    viewable_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slate:
    """What one placement shows.

    Attributes:
        id: random, of this slate alone.
        placement: name of the placement.
        heading: what stands above it, in the active language.
        mode: whose behavior ranked it.
        rung: who answered; the best one that contributed an item.
        cause: why no better rung answered; empty when the first one did.
        model_version: hash of the model that ranked it; empty when none did.
        is_private: whether its contents depend on the visitor.
        items: best first.
        products: what cards and reasons say of the items and of the products named, by key.
        offers: price and availability of the items for this request, by key.
    """

    id: UUID
    placement: str
    heading: str
    mode: Mode
    rung: Rung
    cause: str = ""
    model_version: str = ""
    is_private: bool = False
    items: tuple[SlateItem, ...] = ()
    products: Mapping[str, ShownProduct] = field(default_factory=dict, compare=False, repr=False)
    offers: Mapping[str, Offer] = field(default_factory=dict, compare=False, repr=False)

    def __bool__(self) -> bool:
        return bool(self.items)

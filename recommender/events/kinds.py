"""The closed list of event kinds: who may send each, what its value means, what it weighs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """What a shopper did. ``docs/reference/events.md`` describes each."""

    IMPRESSION = "impression"
    VIEWABLE = "viewable"
    VIEW = "view"
    DWELL = "dwell"
    SEARCH = "search"
    CLICK = "click"
    FAVORITE = "favorite"
    UNFAVORITE = "unfavorite"
    CART_ADD = "cart_add"
    CART_REMOVE = "cart_remove"
    SHARE = "share"
    HIDE = "hide"
    LESS_LIKE_THIS = "less_like_this"
    COMPLAINT = "complaint"
    ORDER = "order"
    RETURN = "return"
    RATING = "rating"
    REVIEW = "review"
    COMMENT = "comment"

    @property
    def code(self) -> int:
        """The number stored in rows and in training arrays (uint8). Never renumbered."""
        return _TABLE[self].code

    @property
    def title(self) -> Any:
        """What a person reads (lazily translated)."""
        return _TABLE[self].title

    @property
    def default_weight(self) -> float:
        """The weight where a site has set none."""
        return _TABLE[self].weight

    @property
    def largest_value(self) -> int | None:
        """The largest value accepted, in the kind's unit; None when the kind has no value."""
        return _TABLE[self].largest_value

    @classmethod
    def of_code(cls, code: int) -> Kind:
        """Return the kind stored as ``code``; ``KeyError`` when there is none."""
        return _BY_CODE[code]


class _Facts(NamedTuple):
    code: int
    weight: float
    largest_value: int | None
    title: Any


LONGEST_DWELL_MS = 6 * 60 * 60 * 1000
LARGEST_QUANTITY = 10_000
LARGEST_RATING = 500

_TABLE: dict[Kind, _Facts] = {
    Kind.IMPRESSION: _Facts(1, 0.0, None, _("Shown")),
    Kind.VIEWABLE: _Facts(2, 0.0, None, _("Seen")),
    Kind.VIEW: _Facts(3, 1.0, None, _("Viewed")),
    Kind.DWELL: _Facts(4, 0.0, LONGEST_DWELL_MS, _("Stayed")),
    Kind.SEARCH: _Facts(5, 0.0, 10_000_000, _("Searched")),
    Kind.CLICK: _Facts(6, 1.0, None, _("Clicked")),
    Kind.FAVORITE: _Facts(7, 3.0, None, _("Added to favorites")),
    Kind.UNFAVORITE: _Facts(8, 0.0, None, _("Removed from favorites")),
    Kind.CART_ADD: _Facts(9, 4.0, LARGEST_QUANTITY, _("Put in the basket")),
    Kind.CART_REMOVE: _Facts(10, 0.0, LARGEST_QUANTITY, _("Taken out of the basket")),
    Kind.SHARE: _Facts(11, 2.0, None, _("Shared")),
    Kind.HIDE: _Facts(12, 0.0, None, _("Hidden")),
    Kind.LESS_LIKE_THIS: _Facts(13, 0.0, None, _("Asked for less like this")),
    Kind.COMPLAINT: _Facts(14, 0.0, None, _("Complained")),
    Kind.ORDER: _Facts(15, 5.0, LARGEST_QUANTITY, _("Ordered")),
    Kind.RETURN: _Facts(16, 0.0, LARGEST_QUANTITY, _("Returned")),
    Kind.RATING: _Facts(17, 2.0, LARGEST_RATING, _("Rated")),
    Kind.REVIEW: _Facts(18, 2.0, None, _("Reviewed")),
    Kind.COMMENT: _Facts(19, 1.0, None, _("Commented")),
}
_BY_CODE: dict[int, Kind] = {facts.code: kind for kind, facts in _TABLE.items()}

SERVER_KINDS: frozenset[Kind] = frozenset(
    {Kind.ORDER, Kind.RETURN, Kind.RATING, Kind.REVIEW, Kind.COMMENT}
)
"""Facts only the shop itself may state; the beacon refuses them."""

BROWSER_KINDS: frozenset[Kind] = frozenset(Kind) - SERVER_KINDS
"""What the beacon accepts."""

WITHOUT_PRODUCT: frozenset[Kind] = frozenset(
    {Kind.VIEW, Kind.DWELL, Kind.SEARCH, Kind.SHARE, Kind.COMPLAINT}
)
"""Kinds that may come without a product: a page, a search, the shop as a whole."""

DISLIKES: frozenset[Kind] = frozenset({Kind.HIDE, Kind.LESS_LIKE_THIS})
"""Kinds that keep a product out of the shopper's slates."""

DEFAULT_WEIGHTS: dict[Kind, float] = {kind: facts.weight for kind, facts in _TABLE.items()}
"""Weight of each kind in histories and training; 0 keeps it out of both. Never negative."""

CODE_CHOICES: list[tuple[int, Any]] = [(facts.code, facts.title) for facts in _TABLE.values()]

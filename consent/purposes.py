"""Name the purposes a person can grant, and pack sets of them into one integer."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _


class Purpose(StrEnum):
    """What personal data may be used for. Every one but ``necessary`` is off until granted."""

    NECESSARY = "necessary"
    ANALYTICS = "analytics"
    RECS_PERSONAL = "recs.personal"
    MODEL_TRAIN = "model.train"
    ADS_PERSONAL = "ads.personal"
    ADS_MEASURE = "ads.measure"
    MODEL_SHARE = "model.share"
    EXPERIMENT = "experiment"
    MARKETING_MAIL = "marketing.mail"

    @property
    def bit(self) -> int:
        """The purpose's bit in a stored mask. Stored in rows: never renumbered."""
        return _BITS[self]

    @property
    def title(self) -> Any:
        """A short name for a person to read (lazily translated)."""
        return TITLES[self][0]

    @property
    def explanation(self) -> Any:
        """One sentence on what granting it allows (lazily translated)."""
        return TITLES[self][1]


_BITS: dict[Purpose, int] = {
    Purpose.NECESSARY: 1 << 0,
    Purpose.ANALYTICS: 1 << 1,
    Purpose.RECS_PERSONAL: 1 << 2,
    Purpose.MODEL_TRAIN: 1 << 3,
    Purpose.ADS_PERSONAL: 1 << 4,
    Purpose.ADS_MEASURE: 1 << 5,
    Purpose.MODEL_SHARE: 1 << 6,
    Purpose.EXPERIMENT: 1 << 7,
    Purpose.MARKETING_MAIL: 1 << 8,
}

TITLES: dict[Purpose, tuple[Any, Any]] = {
    Purpose.NECESSARY: (
        _("Necessary"),
        _("Basket, login, protection against fraud, and the record of your choice."),
    ),
    Purpose.ANALYTICS: (
        _("Record what I do here"),
        _("Keep what you look at, search for, put in the basket and buy in this shop."),
    ),
    Purpose.RECS_PERSONAL: (
        _("Recommend from my history"),
        _("Rank products for you by what you did here before."),
    ),
    Purpose.MODEL_TRAIN: (
        _("Train the recommendation model"),
        _("Let the shop's own model learn from your history, together with that of others."),
    ),
    Purpose.ADS_PERSONAL: (
        _("Choose ads by my history"),
        _("Let your history decide which sponsored products you see."),
    ),
    Purpose.ADS_MEASURE: (
        _("Measure ads"),
        _("Connect an ad you clicked with what you buy afterwards."),
    ),
    Purpose.MODEL_SHARE: (
        _("Share what the model learned"),
        _("Let a model that learned from your history leave this shop."),
    ),
    Purpose.EXPERIMENT: (
        _("Take part in tests"),
        _("Show you one of several versions of the shop and compare the results."),
    ),
    Purpose.MARKETING_MAIL: (
        _("Send me mail"),
        _("Write to you about products."),
    ),
}

OPTIONAL_PURPOSES: frozenset[Purpose] = frozenset(Purpose) - {Purpose.NECESSARY}

BANNER_PURPOSES: frozenset[Purpose] = frozenset(
    {Purpose.ANALYTICS, Purpose.RECS_PERSONAL, Purpose.MODEL_TRAIN}
)
"""What Accept grants: exactly what the banner sentence names."""

GPC_BLOCKED: frozenset[Purpose] = frozenset(
    {Purpose.ADS_PERSONAL, Purpose.ADS_MEASURE, Purpose.MODEL_SHARE}
)
"""What Global Privacy Control switches off."""


def to_mask(purposes: Iterable[Purpose]) -> int:
    """Return the bits of ``purposes`` joined in one integer."""
    mask = 0
    for purpose in purposes:
        mask |= purpose.bit
    return mask


@lru_cache(maxsize=1024)
def from_mask(mask: int) -> frozenset[Purpose]:
    """Return the purposes whose bits are set in ``mask``; unknown bits are ignored."""
    return frozenset(purpose for purpose in Purpose if mask & purpose.bit)

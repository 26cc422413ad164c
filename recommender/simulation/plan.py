"""What an artificial shop is made from: sizes, a seed and the moment it ends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

DEFAULT_END = datetime(2026, 7, 1, tzinfo=UTC)

SMALLEST_CATALOG = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of the artificial shop; equal plans make equal shops, event by event.

    Attributes:
        products: number of products, at least 100 so that every product type has some.
        shoppers: number of shoppers, at least 1.
        days: length of the period, at least 7.
        seed: any non-negative integer.
        end: no event is later; aware UTC. Seasons follow the calendar up to this moment.

    Raises:
        ValueError: a size is below its least, or ``end`` has no time zone.
    """

    products: int = 2400
    shoppers: int = 1500
    days: int = 90
    seed: int = 1
    end: datetime = DEFAULT_END

    def __post_init__(self) -> None:
        if self.products < SMALLEST_CATALOG:
            raise ValueError(f"products must be at least {SMALLEST_CATALOG}")
        if self.shoppers < 1:
            raise ValueError("shoppers must be at least 1")
        if self.days < 7:
            raise ValueError("days must be at least 7")
        if self.seed < 0:
            raise ValueError("seed must not be negative")
        if self.end.tzinfo is None:
            raise ValueError("end must be aware")

    @property
    def name(self) -> str:
        """What the plan is known by, its end left out: ``2400x1500x90-1``."""
        return f"{self.products}x{self.shoppers}x{self.days}-{self.seed}"

    def digest(self) -> str:
        """SHA-256 of the plan, its end left out, in hex."""
        return hashlib.sha256(f"attention-simulation-1:{self.name}".encode()).hexdigest()

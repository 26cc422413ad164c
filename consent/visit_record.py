"""Define what the cookie of a visit holds: the last products, and when the visit began."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Self

FORMAT = 1
LIMIT = 20
_KEY_LENGTH = 64
_PAYLOAD_LIMIT = 2400


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor looked at since choosing "this visit".

    ``products`` are host keys, each once, newest last, at most 20. ``started_at`` is Unix seconds.
    """

    products: tuple[str, ...]
    started_at: int

    @classmethod
    def begin(cls) -> Self:
        return cls((), int(time.time()))

    def with_product(self, key: str) -> Visit:
        """Return the visit with ``key`` as its newest product.

        A key too long for a cookie is left out: the visit stays as it was.
        """
        if not key or len(key) > _KEY_LENGTH:
            return self
        kept = [product for product in self.products if product != key]
        return Visit((*kept, key)[-LIMIT:], self.started_at)

    def without_product(self, key: str) -> Visit:
        """Return the visit without ``key``."""
        kept = tuple(product for product in self.products if product != key)
        return Visit(kept, self.started_at)

    def to_bytes(self) -> bytes:
        """Return the cookie's payload; the oldest products give way when it would be too long."""
        products = list(self.products)
        while True:
            payload = json.dumps([FORMAT, self.started_at, products], separators=(",", ":"))
            if len(payload) <= _PAYLOAD_LIMIT:
                return payload.encode("ascii")
            del products[0]

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a payload. Raises ``ValueError`` for one of another shape or format."""
        parts = json.loads(payload)
        if not isinstance(parts, list) or len(parts) != 3 or parts[0] != FORMAT:
            raise ValueError("not a visit")
        _, started_at, products = parts
        if not isinstance(started_at, int) or not isinstance(products, list):
            raise ValueError("not a visit")
        return cls(tuple(str(product) for product in products)[-LIMIT:], started_at)

    def is_over(self, hours: int) -> bool:
        """Tell whether the visit began more than ``hours`` ago, or claims to begin later."""
        age = time.time() - self.started_at
        return not -300 <= age < hours * 3600


def label_for(user_key: str) -> str:
    """Return the signing label of the visit cookie of an account, or of nobody (empty)."""
    return f"visit:{user_key}"

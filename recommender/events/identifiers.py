"""Event ids: UUIDv7, so that the order of ids is the order of time.

Layout (RFC 9562, 5.7): 48 bits of Unix milliseconds, version, 12 bits, variant, 62 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from uuid import RFC_4122, UUID

from uuid_utils.compat import uuid7

_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
_LATEST_MS = (1 << 48) - 1


def mint() -> UUID:
    """Return a new id for an event that happens now."""
    return uuid7()


def derived(*, milliseconds: int, parts: Iterable[str]) -> UUID:
    """Return the id of an event that is known by ``parts`` in its source; always the same one.

    Args:
        milliseconds: when it happened, Unix time, from 0 to 2**48 - 1.
        parts: what names the event, in order.
    """
    digest = blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).digest()
    noise = int.from_bytes(digest, "big")
    return UUID(
        int=(milliseconds << 80)
        | _VERSION_AND_VARIANT
        | ((noise >> 62) & 0xFFF) << 64
        | (noise & ((1 << 62) - 1))
    )


def milliseconds_of(event_id: UUID) -> int:
    """Return the Unix milliseconds an id was minted at."""
    return event_id.int >> 80


def is_event_id(event_id: UUID) -> bool:
    """Tell whether an id is a UUIDv7."""
    return event_id.variant == RFC_4122 and event_id.version == 7


def parse(text: str) -> UUID | None:
    """Return the id written as ``text`` (canonical form), or None when it is not a UUIDv7."""
    if len(text) != 36:
        return None
    try:
        event_id = UUID(text)
    except ValueError:
        return None
    return event_id if is_event_id(event_id) and str(event_id) == text.lower() else None


def to_milliseconds(moment: datetime) -> int:
    """Return an aware moment as Unix milliseconds."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """Return Unix milliseconds as an aware moment in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def is_representable(milliseconds: int) -> bool:
    """Tell whether an id can carry the moment: from 1970 to the year 10889."""
    return 0 <= milliseconds <= _LATEST_MS

"""Define what the cookie of a gift visit holds: that nothing is learned, or since when again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

ON = "on"
_ENDED = re.compile(r"off-([0-9]{1,14})")


def ended_at(moment: datetime) -> str:
    """Return the note that a gift visit ended, in the millisecond before the one it names."""
    return f"off-{int(moment.timestamp() * 1000) + 1}"


def read_note(value: str | None) -> tuple[bool, datetime | None]:
    """Return whether the visit is a gift, and when one was last ended; anything else is no note."""
    if value == ON:
        return True, None
    match = _ENDED.fullmatch(value or "")
    return False, datetime.fromtimestamp(int(match[1]) / 1000, tz=UTC) if match else None

"""Define the final form of a ledger row: which bytes are hashed, and how rows are chained.

Format 1. The bytes are the JSON object of the fields below, keys sorted, no white space, text
escaped to ASCII; the time is ISO 8601 in UTC with six digits of a second. The hash is the hex
SHA-256 of these bytes, and each row holds the hash of the row before it; the first row of a site
holds 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

FORMAT = 1
FIELDS = (
    "format",
    "site_id",
    "sequence",
    "previous_hash",
    "kid",
    "subject",
    "kind",
    "purposes",
    "generation",
    "policy",
    "language",
    "source",
    "gpc",
    "actor",
    "details",
    "recorded_at",
)


class Row(Protocol):
    """What the hash needs of a row: the attributes named in ``FIELDS``."""

    format: int
    recorded_at: datetime


class Draft(NamedTuple):
    """A decision before it has its place in the chain. ``details`` holds text only."""

    kid: str
    subject: str
    kind: str
    purposes: str
    generation: int
    policy: str
    language: str
    source: str
    gpc: bool
    actor: str
    details: dict[str, str]


def canonical(row: Row) -> bytes:
    """Return the bytes of a row that are hashed."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in FIELDS}
    moment: datetime = fields["recorded_at"]
    fields["recorded_at"] = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def row_hash(row: Row) -> str:
    """Return the hash of a row, whatever its own ``hash`` says."""
    return hashlib.sha256(canonical(row)).hexdigest()

"""Define the answers of the gate. Only ``consent.gate`` imports this module."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NoReturn
from uuid import UUID

from consent.purposes import Purpose

if TYPE_CHECKING:
    from consent.visit_record import Visit

SEAL = object()
"""What a permit must be made with: held by the gate alone."""


class _Sealed:
    """A value that the gate alone makes, and that ends with its request or task."""

    seal: object

    def __post_init__(self) -> None:
        if self.seal is not SEAL:
            raise TypeError(f"Only consent.gate makes a {type(self).__name__}.")

    def __bool__(self) -> Literal[True]:
        return True

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} ends with its request or task.")


@dataclass(frozen=True, slots=True)
class Permit(_Sealed):
    """Permission for one purpose of one remembered shopper.

    ``purposes`` is everything in force, without what Global Privacy Control keeps off where the
    gate was told of it; ``sequence`` the ledger row of the last decision, stored with what is
    written; ``generation`` changes with every withdrawal. ``policy_id`` is empty for
    an imported decision. ``decided_at`` is when the last decision was made.
    """

    shopper_id: UUID
    site_id: int
    purpose: Purpose
    purposes: frozenset[Purpose]
    sequence: int
    generation: int
    policy_id: int | None
    decided_at: datetime
    seal: object = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class VisitPermit(_Sealed):
    """Permission to rank from this visit's own products, in this request alone."""

    purpose: Purpose
    visit: Visit
    seal: object = field(repr=False, compare=False)


class RefusalReason(StrEnum):
    """Why the gate said no."""

    UNDECIDED = "undecided"
    REFUSED = "refused"
    GPC = "gpc"
    UNKNOWN_KEY = "unknown_key"
    POLICY = "policy"
    OTHER_SITE = "other_site"
    GIFT = "gift"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No permission, and why. False in a condition."""

    purpose: Purpose
    reason: RefusalReason

    def __bool__(self) -> Literal[False]:
        return False

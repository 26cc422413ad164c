"""Ask the ledger, instead of the state rows, what was permitted at a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from consent.ledger.models import Decision
from consent.purposes import Purpose

_CHUNK = 500


def people_granting(
    *, site_id: int, people: Sequence[Sequence[str]], purpose: Purpose, at: datetime
) -> list[bool]:
    """Tell for each person whether their last decision until ``at`` grants ``purpose``.

    A person is given by the subjects they may have in the ledger, one per master key; see
    ``consent.ledger.append.subjects_of``. Nobody without a decision grants anything.
    """
    wanted = [subject for person in people for subject in person]
    last: dict[str, tuple[int, bool]] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = Decision.objects.for_site(site_id).filter(subject__in=chunk, recorded_at__lte=at)
        for subject, sequence, purposes in rows.order_by("sequence").values_list(
            "subject", "sequence", "purposes"
        ):
            last[subject] = (sequence, purpose.value in purposes.split())
    nothing = (0, False)
    return [
        max((last.get(subject, nothing) for subject in person), default=nothing)[1]
        for person in people
    ]


def decisions_without(
    *, site_id: int, purposes: Collection[Purpose], after: datetime
) -> Iterator[tuple[str, datetime]]:
    """Yield subject and time of the decisions after a moment that do not grant all ``purposes``."""
    rows = Decision.objects.for_site(site_id).filter(recorded_at__gt=after).order_by("sequence")
    names = {purpose.value for purpose in purposes}
    columns = rows.values_list("subject", "recorded_at", "purposes")
    for subject, recorded_at, granted in columns.iterator():
        if not names <= set(granted.split()):
            yield subject, recorded_at


def sequences_granting(
    *, site_id: int, sequences: Collection[int], purpose: Purpose
) -> frozenset[int]:
    """Return those of ``sequences`` that are decisions of the site which grant ``purpose``."""
    wanted, found = sorted(sequences), set[int]()
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        rows = Decision.objects.for_site(site_id).filter(sequence__in=chunk)
        found |= {
            sequence
            for sequence, granted in rows.values_list("sequence", "purposes")
            if purpose.value in granted.split()
        }
    return frozenset(found)

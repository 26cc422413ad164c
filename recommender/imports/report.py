"""What an import did and what it refused, as numbers, as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recommender.events.records import Cause
from recommender.imports.records import Refused

EXAMPLES = 3
MOST_CAUSES = 60
OTHER = "other causes"
MADE_UP = "made up, for the source tells the order of events alone"

CAUSES: dict[Cause, str] = {
    Cause.CONSENT: "the person does not allow it, or withdrew here",
    Cause.SENSITIVE: "the product is of a sensitive category",
    Cause.UNKNOWN_PRODUCT: "the product is not in the catalog",
    Cause.MISSING_PRODUCT: "the kind needs a product",
    Cause.BAD_TIME: "the time is in the future or out of range",
    Cause.BAD_VALUE: "value or price is out of the kind's range",
}


@dataclass(slots=True)
class Refusals:
    """Counts and a few places, by cause."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, refused: Refused) -> None:
        """Count one row and keep its place when there are few."""
        cause = self._cause(refused.cause)
        self.counts[cause] = self.counts.get(cause, 0) + 1
        places = self.examples.setdefault(cause, [])
        if len(places) < EXAMPLES:
            places.append(refused.where)

    def add_many(self, cause: str, count: int) -> None:
        """Count rows whose places are not known."""
        cause = self._cause(cause)
        self.counts[cause] = self.counts.get(cause, 0) + count

    def _cause(self, cause: str) -> str:
        known = cause in self.counts or len(self.counts) < MOST_CAUSES
        return cause if known else OTHER

    def __len__(self) -> int:
        return sum(self.counts.values())

    def as_json(self) -> dict[str, dict[str, Any]]:
        """``{cause: {"count": ..., "examples": [...]}}``."""
        return {
            cause: {"count": count, "examples": self.examples.get(cause, [])}
            for cause, count in self.counts.items()
        }

    def lines(self) -> Iterator[str]:
        """One line a cause, the most frequent first."""
        for cause, count in sorted(self.counts.items(), key=lambda each: -each[1]):
            places = ", ".join(self.examples.get(cause, []))
            yield f"            {count:>9,} {cause}{f' ({places})' if places else ''}"


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What one import did, from the first line to the last, resumed runs included.

    Attributes:
        source, shift_days: what was read and by how many days it was moved.
        created, updated, unchanged: products, as the mirror counts them.
        people_new, people_known, people_gone: shoppers made, met again, and erased here before.
        accepted, duplicate: events stored and already there.
        has_clock: false when the source tells no times and those of its events are made up.
        newest: moment of the newest event after the shift.
        refused_products, refused: products left out; everything else left out.
    """

    source: str
    shift_days: int = 0
    is_dry: bool = False
    has_clock: bool = True
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    people_new: int = 0
    people_known: int = 0
    people_gone: int = 0
    accepted: int = 0
    duplicate: int = 0
    newest: datetime | None = None
    refused_products: Refusals = field(default_factory=Refusals)
    refused: Refusals = field(default_factory=Refusals)

    def count_events(self, causes: Mapping[Cause, int]) -> None:
        """Add what the door for events refused."""
        for cause, count in causes.items():
            self.refused.add_many(CAUSES.get(cause, str(cause)), count)

    def as_json(self) -> dict[str, Any]:
        """Plain numbers and words, for the run's row."""
        return {
            "products": [self.created, self.updated, self.unchanged],
            "people": [self.people_new, self.people_known, self.people_gone],
            "events": [self.accepted, self.duplicate],
            "has_clock": self.has_clock,
            "refused_products": self.refused_products.as_json(),
            "refused": self.refused.as_json(),
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go on counting events and refusals from what an interrupted run had saved."""
        if not saved:
            return
        self.accepted, self.duplicate = saved["events"]
        self.people_new, self.people_known, self.people_gone = saved["people"]
        for cause, each in saved["refused"].items():
            self.refused.counts[cause] = each["count"]
            self.refused.examples[cause] = list(each["examples"])

    def lines(self) -> Iterator[str]:
        """The report for a terminal."""
        yield f"{self.source}{' (dry run: nothing was written)' if self.is_dry else ''}"
        if self.is_dry:
            yield f"  products  {self.created:>9,} readable"
            yield f"  people    {self.people_new:>9,}"
            yield f"  events    {self.accepted:>9,} readable"
        else:
            yield (
                f"  products  {self.created:>9,} new · {self.updated:,} changed · "
                f"{self.unchanged:,} unchanged"
            )
            gone = f" · {self.people_gone:,} erased here, left alone" if self.people_gone else ""
            yield f"  people    {self.people_new:>9,} new · {self.people_known:,} known{gone}"
            yield f"  events    {self.accepted:>9,} new · {self.duplicate:,} known"
        yield f"  refused   {len(self.refused_products) + len(self.refused):>9,}"
        yield from self.refused_products.lines()
        yield from self.refused.lines()
        if self.newest is not None:
            told = "as in the source" if self.has_clock else MADE_UP
            moved = f"moved by {self.shift_days:+,} days" if self.shift_days else told
            if self.shift_days and not self.has_clock:
                moved = f"{told}, {moved}"
            yield f"  times     {moved}; the newest event is of {self.newest:%Y-%m-%d}"

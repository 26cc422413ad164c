"""The one door for events. Everything that stores one passes here, and the gate behind it."""

from __future__ import annotations

from recommender.events.door.collect import collect
from recommender.events.door.imports import import_events
from recommender.events.door.record import record, record_order
from recommender.events.records import (
    BatchResult,
    Cause,
    ImportedEvent,
    ImportReport,
    OrderedUnit,
    Outcome,
    Verdict,
)

__all__ = [
    "BatchResult",
    "Cause",
    "ImportReport",
    "ImportedEvent",
    "OrderedUnit",
    "Outcome",
    "Verdict",
    "collect",
    "import_events",
    "record",
    "record_order",
]

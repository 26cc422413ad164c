"""Steps that other apps add to the making of a slate, after the organic items are settled.

A stage takes the slate and returns the slate to show. It may drop, move or insert items; items it
inserts are dressed with product and offer afterwards and leave again when they are not available.
A stage that raises is skipped and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from django.http import HttpRequest

from recommender.serving.context import SlateContext
from recommender.serving.models import Placement
from recommender.serving.slate import Slate


class SlateStage(Protocol):
    """One step a slate passes."""

    def __call__(
        self, slate: Slate, *, request: HttpRequest, placement: Placement, context: SlateContext
    ) -> Slate:
        """Return the slate to show."""
        ...


class _Entry(NamedTuple):
    order: int
    name: str
    stage: SlateStage


_entries: list[_Entry] = []


def register(name: str, *, order: int = 100) -> Callable[[SlateStage], SlateStage]:
    """Decorator: add a stage; lower ``order`` runs earlier, equal orders run by name.

    Raises:
        ValueError: ``name`` is taken.
    """

    def add(stage: SlateStage) -> SlateStage:
        if any(entry.name == name for entry in _entries):
            raise ValueError(f"A slate stage named {name!r} is registered already.")
        _entries.append(_Entry(order, name, stage))
        _entries.sort(key=lambda entry: entry[:2])
        return stage

    return add


def unregister(name: str) -> None:
    """Remove a stage; an unknown name does nothing."""
    _entries[:] = [entry for entry in _entries if entry.name != name]


@contextmanager
def registered(name: str, stage: SlateStage, *, order: int = 100) -> Iterator[None]:
    """Add a stage for the length of a ``with`` block."""
    register(name, order=order)(stage)
    try:
        yield
    finally:
        unregister(name)


def all_stages() -> list[tuple[str, SlateStage]]:
    """Names and stages in the order they run."""
    return [(entry.name, entry.stage) for entry in _entries]

"""Register what each app holds of a person, so that all of it can be shown and erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consent.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of record an app keeps of a shopper.

    ``models`` are labels such as ``"attention_recommender.Event"``. ``purpose`` is why it is
    held: withdrawing that purpose deletes it. ``retention`` tells a person how long it is kept.
    ``export`` yields plain dictionaries (text, numbers, dates). ``erase`` deletes at most
    ``limit`` rows (None: all), returns how many, and 0 once nothing is left.

    ``is_register`` marks the shopper's own rows of this floor, which go last.
    """

    label: str
    title: Any
    models: tuple[str, ...]
    purpose: Purpose
    retention: Any
    count: Callable[[UUID], int]
    export: Callable[[UUID], Iterable[dict[str, Any]]]
    erase: Callable[[UUID, int | None], int]
    is_register: bool = False


_holdings: dict[str, Holding] = {}
_declared: dict[str, str] = {}


def register(holding: Holding) -> None:
    """Add a holding, in ``AppConfig.ready``. A label registered twice is replaced."""
    _holdings[holding.label] = holding


def all_holdings() -> tuple[Holding, ...]:
    """Return every holding, lower floors first."""
    return tuple(_holdings.values())


def declare(*models: str, reason: str) -> None:
    """State that models which reach a person need no holding, and why.

    For tables that another holding deletes with its own rows, or that law or the host keeps.
    """
    for model in models:
        _declared[model.lower()] = reason


def covered_models() -> frozenset[str]:
    """Return the lower-case labels of all models that are registered or declared."""
    registered = {model.lower() for holding in all_holdings() for model in holding.models}
    return frozenset(registered | set(_declared))

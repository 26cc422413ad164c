"""Register what each app holds of a person, so that all of it can be shown and erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from consent.purposes import Purpose

Key = TypeVar("Key")


class Account(NamedTuple):
    """An account of the host on one site."""

    site_id: int
    user_id: Any


class Guest(NamedTuple):
    """Who bought on a site without an account, by the address they gave (in lower case)."""

    site_id: int
    mail: str


@dataclass(frozen=True, slots=True)
class Derived:
    """What was made from a person's data and holds them without a row of theirs: a model.

    ``id`` and ``hash`` name it for a proof. ``deadline`` is when it is taken down at the latest
    because of this person; None while nobody in it has withdrawn. ``title`` is what a person
    reads instead of the label.
    """

    label: str
    id: str
    hash: str
    deadline: datetime | None
    title: Any = ""


@dataclass(frozen=True, slots=True)
class Records(Generic[Key]):
    """The same three doors as a holding's, for rows that are not found by a shopper."""

    count: Callable[[Key], int]
    export: Callable[[Key], Iterable[dict[str, Any]]]
    erase: Callable[[Key, int | None], int]


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of record an app keeps of a shopper.

    ``models`` are labels such as ``"attention_recommender.Event"``. ``purpose`` is why it is
    held: withdrawing that purpose deletes it. ``retention`` tells a person how long it is kept.
    ``export`` yields plain dictionaries (text, numbers, dates). ``erase`` deletes at most
    ``limit`` rows (None: all), returns how many, and 0 once nothing is left. ``move`` hands at most
    ``limit`` rows of the first shopper to the second, as far as the purposes allow and each row
    once, returns how many it took, and 0 once nothing is left that may move; without it a history
    that is joined with another is deleted here.

    ``is_register`` marks the shopper's own rows of this floor, which go last.

    For the person to read: ``source`` is where the rows come from, ``recipients`` who else gets
    them, ``schema`` what each exported field means, ``correct`` the name of the address where the
    person corrects them. ``by_account`` finds the same rows for an account that has no shopper,
    ``by_mail`` those of people who bought without an account.

    For the proof of a deletion: ``stores`` are where the rows lie, ``kept_by_law`` says what of
    them stays without the person and why, ``derived`` lists what was made from them. It is asked
    after the rows are gone and before the shopper is.
    """

    label: str
    title: Any
    models: tuple[str, ...]
    purpose: Purpose
    retention: Any
    count: Callable[[UUID], int]
    export: Callable[[UUID], Iterable[dict[str, Any]]]
    erase: Callable[[UUID, int | None], int]
    move: Callable[[UUID, UUID, frozenset[Purpose], int], int] | None = None
    is_register: bool = False
    source: Any = ""
    recipients: Any = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    correct: str = ""
    by_account: Records[Account] | None = None
    by_mail: Records[Guest] | None = None
    stores: tuple[str, ...] = ("database",)
    kept_by_law: Any = ""
    derived: Callable[[UUID], Iterable[Derived]] | None = None


_holdings: dict[str, Holding] = {}
_declared: dict[str, str] = {}


def register(holding: Holding) -> None:
    """Add a holding, in ``AppConfig.ready``. A label registered twice is replaced."""
    _holdings[holding.label] = holding


def all_holdings() -> tuple[Holding, ...]:
    """Return every holding, lower floors first."""
    return tuple(_holdings.values())


def corrections() -> dict[str, Any]:
    """Return the names of addresses where a person corrects something, each with a title."""
    named = {holding.correct: holding.title for holding in reversed(all_holdings())}
    return {name: named[name] for name in sorted(named) if name}


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

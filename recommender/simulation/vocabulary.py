"""The words and habits of the artificial shop, read from the TOML files in ``shop/``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

DEPARTMENTS = (
    "electronics",
    "kitchen",
    "living",
    "fashion",
    "sports",
    "beauty",
    "kids",
    "garden",
)

LINES = ("Alta", "Brisa", "Cala", "Duna", "Faro", "Luma", "Nord", "Vela")
"""Collections that run across brands and types; things of one collection match each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductType:
    """One kind of thing the shop sells.

    Attributes:
        key: unique; also the stem of its pictures' file names.
        noun: how a title names it.
        department, category: keys of where it is filed.
        price: usual price in whole units of the currency.
        spread: standard deviation of the log price among products of the type.
        options: sizes or versions, one of which ends a title.
        lead, features: the description is the lead and two of the features.
        tags: free words.
        goes_with: other types bought after it, with relative weights.
        refill_days: days after which it is bought again; None for things that last.
    """

    key: str
    noun: str
    department: str
    category: str
    price: float
    spread: float
    options: tuple[str, ...]
    lead: str
    features: tuple[str, ...]
    tags: tuple[str, ...]
    goes_with: dict[str, float]
    refill_days: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A part of the shop; ``slug`` is its name as a category key."""

    key: str
    name: str

    @property
    def slug(self) -> str:
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A category below a department; ``department`` is the department's slug."""

    key: str
    name: str
    department: str
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """An invented brand; ``tier`` scales prices, ``appeal`` shifts how well it is liked."""

    name: str
    departments: tuple[str, ...]
    tier: float
    appeal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An errand: the types it visits in order, and its season."""

    key: str
    path: tuple[str, ...]
    peak: int
    swing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A kind of shopper: what they come for, when, and how they feel about prices."""

    key: str
    share: float
    hour: float
    budget: float
    thrift: float
    intents: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Everything read from ``shop/``, in a fixed order."""

    departments: tuple[Department, ...]
    shelves: tuple[Shelf, ...]
    types: tuple[ProductType, ...]
    brands: tuple[Brand, ...]
    intents: tuple[Intent, ...]
    personas: tuple[Persona, ...]


def _read(name: str) -> dict[str, Any]:
    text = files("recommender.simulation").joinpath("shop", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _product_type(row: dict[str, Any], *, department: str, category: str) -> ProductType:
    return ProductType(
        key=row["key"],
        noun=row["noun"],
        department=department,
        category=category,
        price=float(row["price"]),
        spread=float(row["spread"]),
        options=tuple(row["options"]),
        lead=row["lead"],
        features=tuple(row["features"]),
        tags=tuple(row["tags"]),
        goes_with=dict(row["goes_with"]),
        refill_days=row.get("refill_days"),
    )


@cache
def vocabulary() -> Vocabulary:
    """Read the files once."""
    departments: list[Department] = []
    shelves: list[Shelf] = []
    types: list[ProductType] = []
    for key in DEPARTMENTS:
        document = _read(key)
        departments.append(Department(key=key, name=document["name"]))
        for shelf in document["category"]:
            shelves.append(
                Shelf(
                    key=f"{key}-{shelf['key']}",
                    name=shelf["name"],
                    department=departments[-1].slug,
                    sensitive=shelf.get("sensitive", False),
                )
            )
            types.extend(
                _product_type(row, department=key, category=shelves[-1].key)
                for row in shelf["type"]
            )
    people = _read("people")
    return Vocabulary(
        departments=tuple(departments),
        shelves=tuple(shelves),
        types=tuple(types),
        brands=tuple(
            Brand(
                name=row["name"],
                departments=tuple(row["departments"]),
                tier=row["tier"],
                appeal=row["appeal"],
            )
            for row in _read("brands")["brand"]
        ),
        intents=tuple(
            Intent(key=row["key"], path=tuple(row["path"]), peak=row["peak"], swing=row["swing"])
            for row in people["intent"]
        ),
        personas=tuple(Persona(**row) for row in people["persona"]),
    )

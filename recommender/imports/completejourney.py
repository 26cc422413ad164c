"""Reads the grocery data set "The Complete Journey": a year of purchases of households.

Needs ``products.csv`` and ``transactions.csv`` (plain or .gz). Only products that were sold at a
price become products. A household is a person, a row of a basket an ``order`` event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

from recommender.catalog.records import ProductRecord
from recommender.imports import grocery
from recommender.imports.files import digest, find
from recommender.imports.lines import rows
from recommender.imports.records import Refused, SourceEvent

PRODUCT_COLUMNS = frozenset(
    {"product_id", "department", "brand", "product_category", "product_type", "package_size"}
)
TRANSACTION_COLUMNS = frozenset(
    {
        "household_id",
        "basket_id",
        "product_id",
        "quantity",
        "sales_value",
        "transaction_timestamp",
    }
)

NOT_POSITIVE = "quantity or price is not positive"
UNREADABLE = "a number or time cannot be read"
UNKNOWN_PRODUCT = "the product is not in the product file"
NO_PERSON = "household, basket or product is missing"
UNSOLD = "product without any sale at a price"

MOST_PIECES = 1000
"""A larger quantity counts a measure (fuel, coupon cents), not pieces: it is one unit then."""


class _Sale(NamedTuple):
    """One valid row of a basket."""

    household: str
    at: datetime
    basket: str
    product: str
    units: int
    price_micros: int
    ordinal: int


class CompleteJourney:
    """The opened data set; all rows are read at once (75,000 in the public sample).

    Args:
        limit: read only that many rows of transactions; None reads all.
        static_url: address of the pictures; empty for none.

    Raises:
        ImportProblem: a file is missing, empty, or lacks columns.
    """

    name = "completejourney"
    has_clock = True

    def __init__(self, folder: Path, *, limit: int | None = None, static_url: str = "") -> None:
        self._products = find(folder, "products.csv")
        self._transactions = find(folder, "transactions.csv")
        self._limit = limit
        self._static_url = static_url
        self._sales: list[_Sale] = []
        self._refused: list[Refused] = []
        self._mentioned: set[str] = set()
        known: set[str] = set()
        types: set[str] = set()
        for _, row in rows(self._products, PRODUCT_COLUMNS):
            known.add(row["product_id"])
            types.add(row["product_type"])
        self._words = grocery.complete_words(types)
        self._read(known)
        self._sales.sort()
        self.fingerprint = digest(
            (self._products, self._transactions), "1", "" if limit is None else str(limit)
        )

    def newest(self) -> datetime | None:
        """The moment of the newest sale."""
        return max((sale.at for sale in self._sales), default=None)

    def size(self) -> int:
        """How many rows there are."""
        return len(self._sales) + len(self._refused)

    def products(self, *, shift: timedelta) -> Iterator[ProductRecord | Refused]:
        """Every product sold at a price, at the median of what one unit cost."""
        prices: dict[str, list[int]] = defaultdict(list)
        first: dict[str, datetime] = {}
        for sale in self._sales:
            prices[sale.product].append(sale.price_micros)
            first[sale.product] = min(sale.at, first.get(sale.product, sale.at))
        for where, row in rows(self._products, PRODUCT_COLUMNS):
            key = row["product_id"]
            if key in prices:
                yield self._record(row, round(median(prices[key])), first[key] + shift)
            elif key in self._mentioned:
                yield Refused(where, UNSOLD)

    def events(self, *, shift: timedelta) -> Iterator[SourceEvent | Refused]:
        """The sales as orders, household by household, and what was refused."""
        yield from self._refused
        for sale in self._sales:
            yield SourceEvent(
                person=sale.household,
                id=f"{sale.basket}:{sale.product}:{sale.ordinal}",
                kind="order",
                occurred_at=sale.at + shift,
                product_key=sale.product,
                value=sale.units,
                price_micros=sale.price_micros,
                visit=sale.basket,
            )

    def _read(self, known: set[str]) -> None:
        ordinals: dict[tuple[str, str], int] = defaultdict(int)
        for number, (where, row) in enumerate(rows(self._transactions, TRANSACTION_COLUMNS)):
            if self._limit is not None and number >= self._limit:
                return
            self._mentioned.add(row["product_id"])
            sale = _sale(row, known, ordinals)
            if isinstance(sale, _Sale):
                self._sales.append(sale)
            else:
                self._refused.append(Refused(where, sale))

    def _record(self, row: dict[str, str], price_micros: int, first: datetime) -> ProductRecord:
        department, category = row["department"], row["product_category"]
        kind = grocery.mended(row["product_type"], self._words)
        noun = grocery.noun(kind=kind, category=category, department=department)
        shelf = grocery.category_record(department, category)
        return ProductRecord(
            key=row["product_id"],
            title=grocery.title(
                kind=kind,
                category=category,
                department=department,
                brand=row["brand"],
                size=row["package_size"],
            ),
            text=f"{noun}. {shelf.name}, {grocery.department_name(department)}.",
            category=shelf,
            brand=row["brand"],
            price_micros=price_micros,
            tags=tuple(tag for tag in (grocery.slug(department), grocery.slug(category)) if tag),
            picture_url=(
                self._static_url + grocery.picture_path(department, category)
                if self._static_url
                else ""
            ),
            is_listed=grocery.is_listed(department, category),
            created_at=first,
        )


def _sale(
    row: dict[str, str], known: set[str], ordinals: dict[tuple[str, str], int]
) -> _Sale | str:
    """The row as a sale, or why it is refused."""
    household, basket, product = row["household_id"], row["basket_id"], row["product_id"]
    if not household or not basket or not product:
        return NO_PERSON
    try:
        quantity, paid = float(row["quantity"]), float(row["sales_value"])
        at = datetime.fromisoformat(row["transaction_timestamp"])
    except (TypeError, ValueError):
        return UNREADABLE
    if not (0 < quantity < 1e9 and 0 < paid < 1e9):
        return NOT_POSITIVE
    if product not in known:
        return UNKNOWN_PRODUCT
    ordinals[basket, product] += 1
    pieces = max(round(quantity), 1) if quantity <= MOST_PIECES else 1
    return _Sale(
        household=household,
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        basket=basket,
        product=product,
        units=pieces,
        price_micros=round(paid * 1_000_000 / pieces),
        ordinal=ordinals[basket, product],
    )

"""A data set as arrays: what is learned from, what products are, and the test that came with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.model.protocols import Protocol
from recommender.attention.content.attributes import ProductRow
from recommender.baselines.sequences import Sequences
from recommender.training.arrays import write_manifest
from recommender.training.attributes import write_attributes
from recommender.training.protocol import Cases


class Event(NamedTuple):
    """One event of a shopper: the source's name of the item, and more where the source tells it.

    Attributes:
        seconds: unix time; None when the source has no clock.
        kind: code of the event kind.
        value: in the unit of the kind.
    """

    item: str
    seconds: int | None = None
    kind: int = 0
    value: int = 0


class Question(NamedTuple):
    """One question of a given test: a history, oldest first, and the item that followed."""

    history: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """A data set that was read.

    Attributes:
        form: name of its format.
        digest: sha256 in hex of the unpacked files that tell events and tests.
        attributes_digest: the same of the files that describe products; empty without any.
        protocol: how it is judged.
        shoppers: events of each, oldest first.
        tests: the given test; empty when the protocol makes its own.
        described: attributes of items that are known, by the items' names.
        kind_weights: weight of each kind code; one that is absent weighs 1.
    """

    form: str
    digest: str
    protocol: Protocol
    shoppers: Sequence[Sequence[Event]]
    tests: Sequence[Question] = ()
    attributes_digest: str = ""
    described: Mapping[str, ProductRow] | None = None
    kind_weights: Mapping[int, float] | None = None

    @property
    def is_timed(self) -> bool:
        """Whether the source has a clock."""
        return any(event.seconds is not None for events in self.shoppers for event in events[:1])

    def catalog(self) -> Catalog:
        """Return the items: all that are described, and all of an event; not those of tests."""
        names = {event.item for events in self.shoppers for event in events}
        return Catalog.of([*names, *(self.described or {})])

    def write(self, folder: Path, catalog: Catalog) -> None:
        """Write the manifest that the training job reads."""
        events = [event for shopper in self.shoppers for event in shopper]
        lengths = [len(shopper) for shopper in self.shoppers]
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        if self.is_timed:
            times = np.array([event.seconds or 0 for event in events], dtype=np.int64)
        else:
            times = np.arange(len(events)) - np.repeat(offsets[:-1], lengths)
        cut = int(times.max()) if self.is_timed and len(times) else 0
        attributes = None
        if self.described is not None:
            rows = (self.described.get(name, ProductRow()) for name in catalog.names)
            attributes = write_attributes(folder, rows)
        write_manifest(
            folder,
            site=1,
            cut=datetime.fromtimestamp(cut, UTC).isoformat(),
            consent_digest="public data set",
            products=catalog.products,
            offsets=offsets,
            items=[catalog.index[event.item] for event in events],
            times=times,
            kinds=[event.kind for event in events],
            values=[event.value for event in events],
            kind_weights=self.kind_weights,
            timed=self.is_timed,
            attributes=attributes,
        )


@dataclass(frozen=True, slots=True)
class Catalog:
    """The items of a data set in the order of their indices.

    Attributes:
        names: as the source has them.
        products: int64[n], the numbers they have in the manifest: their own names where all of
            them are whole numbers, else 1 to n.
        index: from a name to the item index.
    """

    names: Sequence[str]
    products: npt.NDArray[np.int64]
    index: Mapping[str, int]

    @classmethod
    def of(cls, names: Iterable[str]) -> Catalog:
        """Return the distinct names in order: of their numbers, or of the alphabet."""
        distinct = set(names)
        if all(_is_number(name) for name in distinct):
            ordered = sorted(distinct, key=int)
            products = np.array([int(name) for name in ordered], dtype=np.int64)
        else:
            ordered = sorted(distinct)
            products = np.arange(1, len(ordered) + 1, dtype=np.int64)
        return cls(ordered, products, {name: row for row, name in enumerate(ordered)})


@dataclass(frozen=True, slots=True)
class GivenTest:
    """A given test over a catalog.

    Attributes:
        cases: those whose target is in the catalog; unknown items of histories are left out.
        unknown: how many have a target that is not: nobody can find it, each is a miss.
    """

    cases: Cases
    unknown: int

    @classmethod
    def of(cls, tests: Sequence[Question], catalog: Catalog) -> GivenTest:
        """Look the names up."""
        known = [test for test in tests if test.target in catalog.index]
        rows = [
            [catalog.index[item] for item in test.history if item in catalog.index]
            for test in known
        ]
        histories = _sequences(rows, len(catalog.names))
        targets = np.array([catalog.index[test.target] for test in known], dtype=np.int32)
        cases = Cases(
            histories=histories, raw=histories, targets=targets, moments=histories.lengths
        )
        return cls(cases, len(tests) - len(known))


def _sequences(rows: Sequence[Sequence[int]], n: int) -> Sequences:
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    items = np.array([item for row in rows for item in row], dtype=np.int32)
    times = (np.arange(len(items)) - np.repeat(offsets[:-1], lengths)).astype(np.int64)
    return Sequences(
        n=n,
        offsets=offsets,
        items=items,
        times=times,
        weights=np.ones(len(items), dtype=np.float32),
        last_times=times.astype(np.float64),
    )


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 19 and str(int(name)) == name

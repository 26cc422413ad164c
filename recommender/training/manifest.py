"""From permitted events to the arrays of a run.

The manifest is a cut through time: no event received after it, none whose shopper did not permit
``model.train`` when the event was committed and at the cut. Shoppers appear only as the ledger's
own keyed subject references, so that the permission of every row can be proved from the ledger
later, without the manifest knowing anybody.

Beside the arrays of `recommender.training.arrays` two files outlive the run, see `lineage`:

============  =======================================================================
people.txt    a line for each sequence: ledger subjects, tab, decisions of its rows
marks.npy     uint64[e, 2]: keyed marks of the id and of the content of each row
============  =======================================================================
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.contrib.sites.models import Site

from consent import keys
from consent.ledger.append import subjects_of
from recommender.attention.content.attributes import ProductRow
from recommender.catalog.models import Category, Product
from recommender.events.records import TrainingRow
from recommender.events.selectors import kind_weights, training_rows
from recommender.training.arrays import (
    Manifest,
    digest_arrays,
    read_manifest,
    typed_arrays,
    write_manifest,
)
from recommender.training.attributes import write_attributes

PEOPLE, MARKS = "people.txt", "marks.npy"
MARK = "manifest/mark"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose rows one sequence holds: their ledger subjects, and the decisions that permitted it."""

    subjects: list[str]
    decisions: list[int]


@dataclass(slots=True)
class Columns:
    """The rows of a manifest, filled shopper by shopper.

    Attributes:
        products: int64[n], mirror product ids; rows of others are passed over.
        people: one for each sequence.
        marks: two numbers for each event, made with a key that is derived from ``master``.
    """

    products: npt.NDArray[np.int64]
    master: keys.MasterKey
    people: list[Person] = field(default_factory=list)
    offsets: list[int] = field(default_factory=lambda: [0])
    items: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    _index: dict[int, int] = field(init=False)
    _key: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._index = {int(product): row for row, product in enumerate(self.products)}
        self._key = self.master.derive(MARK)

    def add(self, subjects: list[str], rows: Iterator[TrainingRow]) -> None:
        """Add the rows of one shopper, oldest first; somebody without a row is not added."""
        before, decisions = len(self.items), set[int]()
        for row in rows:
            index = self._index.get(row.product_id)
            if index is None:
                continue
            value = min(row.value, 2**31 - 1)
            self.items.append(index)
            self.times.append(row.seconds)
            self.kinds.append(row.kind_code)
            self.values.append(value)
            content = f"{row.product_id},{row.seconds},{row.kind_code},{value}"
            self.marks.append((self._mark(row.event_id.bytes), self._mark(content.encode())))
            decisions.add(row.consent_seq)
        if len(self.items) > before:
            self.people.append(Person(subjects, sorted(decisions)))
            self.offsets.append(len(self.items))

    def events_digest(self) -> str:
        """Return the digest that the arrays of a manifest of these rows have."""
        arrays: dict[str, npt.ArrayLike] = {
            "products": self.products,
            "offsets": self.offsets,
            "items": self.items,
            "times": self.times,
            "kinds": self.kinds,
            "values": self.values,
        }
        return digest_arrays(typed_arrays(arrays))

    def _mark(self, content: bytes) -> int:
        digest = hashlib.blake2b(content, digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big")


def build_manifest(*, site: Site, cut: datetime, folder: Path) -> Manifest:
    """Write the manifest of ``site`` at ``cut`` into ``folder`` and return it.

    Rows of sensitive or retired products are absent; a product that never had an event still has
    its row in ``products.npy``, so that it can be placed later. The folder appears whole or not at
    all; when it is there already it is read, not written again.
    """
    if folder.exists():
        return read_manifest(folder)
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _write(site=site, cut=cut, folder=draft)
    with suppress(FileExistsError, OSError):
        draft.rename(folder)
    shutil.rmtree(draft, ignore_errors=True)
    return read_manifest(folder)


def collect(
    *, site: Site, cut: datetime, products: npt.NDArray[np.int64], master: keys.MasterKey
) -> Columns:
    """Return the rows that may be learned from, as the database has them now."""
    columns = Columns(products, master)
    rows = training_rows(site=site, cut=cut)
    for shopper_id, own in groupby(rows, key=lambda row: row.shopper_id):
        columns.add(subjects_of(shopper_id), own)
    return columns


def consent_digest(people: Iterable[Person]) -> str:
    """Return the digest of who permitted by which decisions."""
    digest = hashlib.sha256()
    for person in people:
        digest.update(
            f"{' '.join(person.subjects)}:{','.join(map(str, person.decisions))};".encode()
        )
    return digest.hexdigest()


def read_people(folder: Path) -> list[Person]:
    """The people a manifest was made from."""
    return parse_people((folder / PEOPLE).read_text())


def parse_people(text: str) -> list[Person]:
    """Return what ``people.txt`` says."""
    lines = (line.partition("\t") for line in text.splitlines())
    return [
        Person(subjects.split(), [int(each) for each in decisions.split()])
        for subjects, _, decisions in lines
    ]


def _write(*, site: Site, cut: datetime, folder: Path) -> None:
    ids: list[int] = []
    attributes = write_attributes(folder, _product_rows(site=site, ids=ids))
    products = np.array(ids, dtype=np.int64)
    columns = collect(site=site, cut=cut, products=products, master=keys.keyring().first)
    (folder / PEOPLE).write_text("\n".join(_line(person) for person in columns.people))
    marks = np.array(columns.marks, dtype=np.uint64).reshape(-1, 2)
    np.save(folder / MARKS, marks, allow_pickle=False)
    write_manifest(
        folder,
        site=site.pk,
        cut=cut.isoformat(),
        products=products,
        offsets=columns.offsets,
        items=columns.items,
        times=columns.times,
        kinds=columns.kinds,
        values=columns.values,
        consent_digest=consent_digest(columns.people),
        kind_weights={kind.code: weight for kind, weight in kind_weights(site=site).items()},
        attributes=attributes,
    )


def _product_rows(*, site: Site, ids: list[int]) -> Iterator[ProductRow]:
    """Yield what the products that may be recommended are, and add their ids to ``ids``."""
    paths = _category_paths(site=site)
    names = ("category_id", "brand", "tags", "price_micros", "currency", "rating", "title", "text")
    products = Product.objects.for_site(site).live().order_by("pk").values_list("pk", *names)
    for pk, category_id, *rest in products.iterator(chunk_size=2000):
        ids.append(pk)
        own = dict(zip(names[1:], rest, strict=True))
        yield ProductRow(categories=paths.get(category_id, ()), **own)


def _category_paths(*, site: Site) -> dict[int | None, tuple[str, ...]]:
    """Return the names from the root to each category; a circle ends where it began."""
    rows = Category.objects.for_site(site).values_list("pk", "parent_id", "name")
    known = {pk: (parent, name) for pk, parent, name in rows}
    paths: dict[int | None, tuple[str, ...]] = {}
    for pk in known:
        path: dict[int, str] = {}
        current: int | None = pk
        while current is not None and current in known and current not in path:
            parent, path[current] = known[current]
            current = parent
        paths[pk] = tuple(reversed(path.values()))
    return paths


def _line(person: Person) -> str:
    return f"{' '.join(person.subjects)}\t{' '.join(map(str, person.decisions))}"

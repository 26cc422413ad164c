"""From permitted events to the arrays of a run.

The manifest is a cut through time: no event received after it, none whose shopper did not permit
``model.train`` when the event was committed and at the cut. Shoppers appear only as the ledger's
own keyed subject references, so that the permission of every row can be proved from the ledger
later, without the manifest knowing anybody.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np
from django.contrib.sites.models import Site

from consent.ledger.append import subjects_of
from recommender.catalog.models import Product
from recommender.events.records import TrainingRow
from recommender.events.selectors import kind_weights, training_rows
from recommender.training.arrays import Manifest, read_manifest, write_manifest

PEOPLE = "people.txt"


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


def _write(*, site: Site, cut: datetime, folder: Path) -> None:
    products = np.fromiter(
        Product.objects.for_site(site).live().order_by("pk").values_list("pk", flat=True),
        dtype=np.int64,
    )
    columns = _Columns(products)
    for shopper_id, rows in groupby(
        training_rows(site=site, cut=cut), key=lambda row: row.shopper_id
    ):
        columns.add(subjects_of(shopper_id), rows)
    (folder / PEOPLE).write_text("\n".join(columns.people))
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
        consent_digest=columns.consent.hexdigest(),
        kind_weights={kind.code: weight for kind, weight in kind_weights(site=site).items()},
    )


def read_people(folder: Path) -> list[list[str]]:
    """The people a manifest was made from, each as the ledger subjects they may have."""
    return [line.split() for line in (folder / PEOPLE).read_text().splitlines()]


class _Columns:
    """Columns filled shopper by shopper, with a running digest of the permissions."""

    def __init__(self, products: np.ndarray) -> None:
        self._index = {int(product): row for row, product in enumerate(products)}
        self.people: list[str] = []
        self.offsets: list[int] = [0]
        self.items: list[int] = []
        self.times: list[int] = []
        self.kinds: list[int] = []
        self.values: list[int] = []
        self.consent = hashlib.sha256()

    def add(self, subjects: list[str], rows: Iterator[TrainingRow]) -> None:
        before = len(self.items)
        sequences = set()
        for row in rows:
            index = self._index.get(row.product_id)
            if index is None:
                continue
            self.items.append(index)
            self.times.append(row.seconds)
            self.kinds.append(row.kind_code)
            self.values.append(min(row.value, 2**31 - 1))
            sequences.add(row.consent_seq)
        if len(self.items) == before:
            return
        person = " ".join(subjects)
        self.people.append(person)
        self.offsets.append(len(self.items))
        self.consent.update(f"{person}:{','.join(map(str, sorted(sequences)))};".encode())

"""Product attributes beside the arrays of a manifest: read back whole, refused when altered."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from recommender.attention.content.attributes import (
    ProductAttributes,
    ProductRow,
    clean_attributes,
)
from recommender.training.arrays import (
    AttributesMeta,
    Manifest,
    ManifestError,
    read_manifest,
    write_manifest,
)
from recommender.training.attributes import ATTRIBUTES_FILE, read_attributes, write_attributes

ROWS = (
    ProductRow(categories=("Tee", "Grün"), brand="葉", tags=("a", "b"), title="Tea", rating=4.0),
    ProductRow(price_micros=-1, text="no title"),
    ProductRow(categories=("Tee",), price_micros=2_000_000, currency="EUR"),
)


def manifest(folder: Path, attributes: AttributesMeta | None) -> Manifest:
    write_manifest(
        folder,
        site=1,
        cut="2026-11-21T00:00:00+00:00",
        consent_digest="abc",
        products=[70, 50, 60],
        offsets=[0, 2],
        items=[0, 2],
        times=[10, 20],
        attributes=attributes,
    )
    return read_manifest(folder)


def test_attributes_come_back_as_they_were_cleaned(tmp_path: Path) -> None:
    written = manifest(tmp_path, write_attributes(tmp_path, ROWS))

    read = read_attributes(tmp_path, written)

    expected = clean_attributes(ROWS)
    assert read is not None
    for each in fields(ProductAttributes):
        own, other = getattr(read, each.name), getattr(expected, each.name)
        if isinstance(other, np.ndarray):
            assert own.dtype == other.dtype
            np.testing.assert_array_equal(own, other)
        else:
            assert own == other
    assert written.meta.attributes is not None
    assert written.meta.attributes.cleaned == {"price": 1}


def test_a_manifest_without_attributes_has_none(tmp_path: Path) -> None:
    written = manifest(tmp_path, None)
    write_attributes(tmp_path, ROWS)

    assert read_attributes(tmp_path, written) is None


def test_attributes_of_other_products_are_refused_and_no_manifest_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ManifestError, match="those of the products"):
        manifest(tmp_path, write_attributes(tmp_path, ROWS[:2]))
    assert not (tmp_path / "manifest.json").exists()


def test_altered_attributes_are_noticed(tmp_path: Path) -> None:
    written = manifest(tmp_path, write_attributes(tmp_path, ROWS))
    write_attributes(tmp_path, (*ROWS[:2], ProductRow(brand="another")))

    with pytest.raises(ManifestError, match="not the file"):
        read_attributes(tmp_path, written)


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    written = manifest(tmp_path, write_attributes(tmp_path, ROWS))
    path = tmp_path / ATTRIBUTES_FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ManifestError, match=r"attributes\.npz cannot be read"):
        read_attributes(tmp_path, written)


def test_the_digest_depends_on_every_attribute(tmp_path: Path) -> None:
    first = write_attributes(tmp_path / "a", ROWS).digest

    assert write_attributes(tmp_path / "b", ROWS).digest == first
    changed = (*ROWS[:2], ProductRow(categories=("Tee",), price_micros=2_000_001, currency="EUR"))
    assert write_attributes(tmp_path / "c", changed).digest != first


def test_an_empty_catalog_has_empty_attributes(tmp_path: Path) -> None:
    noted = write_attributes(tmp_path, ())
    write_manifest(
        tmp_path,
        site=1,
        cut="",
        consent_digest="",
        products=[],
        offsets=[0],
        items=[],
        times=[],
        attributes=noted,
    )

    read = read_attributes(tmp_path, read_manifest(tmp_path))

    assert read is not None
    assert len(read) == 0

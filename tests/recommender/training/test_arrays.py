"""The manifest folder: written whole, read back, refused when altered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.training.arrays import ManifestError, read_manifest, write_manifest


def write(folder: Path, **changes: Any) -> Any:
    content: dict[str, Any] = {
        "site": 1,
        "cut": "2026-11-21T00:00:00+00:00",
        "consent_digest": "abc",
        "products": [70, 50, 60],
        "offsets": [0, 2, 3],
        "items": [0, 2, 1],
        "times": [10, 20, 5],
        "kinds": [3, 7, 3],
        "values": [0, 2, 0],
        "kind_weights": {3: 1.0, 7: 4.0},
    }
    return write_manifest(folder, **{**content, **changes})


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    written = write(tmp_path)
    read = read_manifest(tmp_path)
    assert read.meta == written.meta
    assert (read.meta.events, read.meta.shoppers, read.meta.products) == (3, 2, 3)
    assert read.products.tolist() == [70, 50, 60]
    assert read.items.dtype == np.int32
    assert read.kinds.dtype == np.uint8
    assert read.event_weights().tolist() == [1.0, 4.0, 1.0]


def test_a_kind_that_is_not_listed_weighs_one(tmp_path: Path) -> None:
    assert write(tmp_path, kind_weights={7: 0.0}).event_weights().tolist() == [1.0, 0.0, 1.0]


def test_an_empty_manifest_can_be_written_and_read(tmp_path: Path) -> None:
    write(tmp_path, products=[], offsets=[0], items=[], times=[], kinds=[], values=[])
    assert read_manifest(tmp_path).meta.events == 0


def test_the_digest_depends_on_every_array(tmp_path: Path) -> None:
    first = write(tmp_path / "a").meta.events_digest
    assert write(tmp_path / "b").meta.events_digest == first
    assert write(tmp_path / "c", values=[0, 3, 0]).meta.events_digest != first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": [0, 3, 1]}, "indices into products"),
        ({"offsets": [0, 2]}, "offsets must rise"),
        ({"offsets": [0, 3, 2, 3]}, "offsets must rise"),
        ({"products": [1, 1, 2]}, "distinct"),
        ({"times": [20, 10, 5]}, "oldest first"),
        ({"times": [1, 2]}, "same length"),
    ],
)
def test_contradictions_are_refused_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ManifestError, match=message):
        write(tmp_path / "new", **changes)
    assert not (tmp_path / "new").exists()


def test_altered_arrays_are_noticed(tmp_path: Path) -> None:
    write(tmp_path)
    np.save(tmp_path / "items.npy", np.array([0, 2, 2], dtype=np.int32))
    with pytest.raises(ManifestError, match="not those"):
        read_manifest(tmp_path)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "times.npy").unlink()
    with pytest.raises(ManifestError, match=r"times\.npy"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format": 2}', '{"format": 1}'])
def test_a_manifest_without_a_right_json_is_refused(tmp_path: Path, content: str | None) -> None:
    write(tmp_path)
    path = tmp_path / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(ManifestError):
        read_manifest(tmp_path)


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "extra": 1}))
    with pytest.raises(ManifestError, match="format"):
        read_manifest(tmp_path)

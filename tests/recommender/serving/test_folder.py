"""A published folder opens whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from recommender.serving.folder import FolderError, check_answers, content_hash, load
from recommender.serving.format import Weights
from recommender.training.publish import RawHistory, write_folder
from tests.recommender.synthetic import meta


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "model"
    write_folder(
        target,
        meta=meta(weights=Weights(0.0, 0.5, 0.5, 0.0)),
        products=np.array([5, 6, 7, 8]),
        popularity=np.full(4, 0.25, dtype=np.float32),
        transitions=sparse.csr_matrix(np.eye(4, k=1, dtype=np.float32)),
        vectors=None,
        encoder=None,
        histories=[RawHistory(np.array([0]), np.array([3.0]))],
    )
    return target


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "meta.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_folder_opens_and_repeats_its_answers(folder: Path) -> None:
    published = load(folder)
    check_answers(published)
    assert published.products.tolist() == [5, 6, 7, 8]
    assert published.meta.self_test[0]["expected"][0] == 1
    assert not published.products.flags.writeable


def test_a_folder_of_the_format_before_answers_as_it_did(folder: Path) -> None:
    expected = load(folder).rank([0], [3.0], k=4)
    rewrite(folder, format=1)
    published = load(folder)
    check_answers(published)
    assert published.rank([0], [3.0], k=4).scores.tolist() == expected.scores.tolist()


def test_no_draft_is_left_behind(folder: Path) -> None:
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_the_content_hash_changes_with_the_content(folder: Path) -> None:
    before = content_hash(folder)
    rewrite(folder, trained_at="2027-01-01T00:00:00+00:00")
    assert content_hash(folder) != before


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "meta.json").unlink(), "does not exist"),
        (lambda f: (f / "meta.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "meta.json").write_text("[]"), "JSON object"),
        (lambda f: rewrite(f, format=3), "has format 3"),
        (lambda f: rewrite(f, format=None), "has format None"),
        (lambda f: rewrite(f, n=0), "n must be at least 1"),
        (lambda f: rewrite(f, surprise=1), "does not follow format"),
        (lambda f: rewrite(f, weights={"attention": 1.0}), "does not follow format"),
        (lambda f: rewrite(f, files={}), "lists no hash"),
        (lambda f: rewrite(f, d=64), "lists no hash of encoder"),
        (lambda f: rewrite(f, format=1, surprise=1), "does not follow format 1"),
        (lambda f: (f / "popular.npy").unlink(), "popular.npy cannot be read"),
        (lambda f: (f / "popular.npy").write_bytes(b"x"), "not the file that was published"),
        (lambda f: (f / "transitions.data.npy").write_bytes(b""), "not the file"),
    ],
)
def test_a_damaged_folder_is_refused(
    folder: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(folder)
    with pytest.raises(FolderError, match=message):
        load(folder)


def test_arrays_must_fit_the_meta(folder: Path) -> None:
    np.save(folder / "popular.npy", np.zeros(3, dtype=np.float32))
    with pytest.raises(FolderError, match=r"must be float32\[4\]"):
        load(folder, verify=False)


def test_an_encoder_that_cannot_run_is_named(folder: Path, tmp_path: Path) -> None:
    # given a folder whose encoder is no graph, hashed as it is
    broken = tmp_path / "encoder.onnx"
    broken.write_bytes(b"no graph")
    with pytest.raises(FolderError, match=r"encoder\.onnx cannot be run"):
        write_folder(
            tmp_path / "other",
            meta=meta(d=8, weights=Weights(1.0, 0.0, 0.0, 0.0)),
            products=np.arange(4),
            popularity=np.full(4, 0.25, dtype=np.float32),
            transitions=sparse.csr_matrix((4, 4), dtype=np.float32),
            vectors=np.ones((4, 8), dtype=np.float32),
            encoder=broken,
            histories=[RawHistory(np.array([0]), np.array([3.0]))],
        )
    assert not (tmp_path / "other").exists()


def test_a_changed_answer_is_noticed(folder: Path) -> None:
    cases = json.loads((folder / "meta.json").read_text())["self_test"]
    cases[0]["scores"][0] *= 1.5
    rewrite(folder, self_test=cases)
    with pytest.raises(FolderError, match="Self-test 0"):
        check_answers(load(folder))

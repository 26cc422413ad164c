"""A job that knows what products are: one that nobody bought stands with its kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.attention.content.attributes import ProductRow
from recommender.serving.folder import load
from recommender.training.arrays import write_manifest
from recommender.training.attributes import write_attributes
from recommender.training.job import JobSettings, main, run_job
from tests.recommender.synthetic import DAY, checkerboard, sequences

BOUGHT, N = 38, 40
"""Even products are tea, odd ones are oil; nobody ever bought 38 and 39."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    place = tmp_path_factory.mktemp("job")
    rows = [
        ProductRow(
            categories=("Food", "Tea" if item % 2 == 0 else "Oil"),
            title=f"{'green tea leaves' if item % 2 == 0 else 'olive oil bottle'} {item}",
            price_micros=-1.0 if item == 7 else 1_000_000,
        )
        for item in range(N)
    ]
    built = sequences(checkerboard(300, n=BOUGHT, length=9), n=BOUGHT, step=2 * DAY)
    write_manifest(
        place / "manifest",
        site=1,
        cut="2026-11-21T00:00:00+00:00",
        consent_digest="test",
        products=np.arange(N) + 1000,
        offsets=built.offsets,
        items=built.items,
        times=built.times,
        attributes=write_attributes(place / "manifest", rows),
    )
    settings = JobSettings(
        cpu_seconds=None, epochs=8, sentence_encoder=str(place / "there is no encoder")
    )
    return place, run_job(place / "manifest", place / "run", settings)


def test_products_nobody_bought_are_nearest_to_their_own_kind(
    trained: tuple[Path, dict[str, Any]],
) -> None:
    place, _ = trained
    vectors = np.load(place / "run" / "published" / "vectors.npy").astype(np.float32)

    likeness = vectors @ vectors.T

    for item in (38, 39):
        kin, others = (
            likeness[item, item % 2 : BOUGHT : 2],
            likeness[item, 1 - item % 2 : BOUGHT : 2],
        )
        assert kin.min() > others.max()


def test_the_card_says_what_was_read_cleaned_and_left_out(
    trained: tuple[Path, dict[str, Any]],
) -> None:
    _, card = trained

    assert card["attention"]["network"]["content"]["buckets"] == 256
    assert card["attention"]["network"]["content"]["dense"] > 0
    assert card["metrics"]["served_agrees"]
    assert "Product attributes cleaned: 1 with an unusable price." in card["notes"]
    (left_out,) = [note for note in card["notes"] if "sentence encoder" in note]
    assert "holds neither onnx/model.onnx nor model.onnx" in left_out


def test_the_published_folder_answers(trained: tuple[Path, dict[str, Any]]) -> None:
    place, _ = trained

    ranked = load(place / "run" / "published").rank([0, 2, 4], [6 * DAY, 4 * DAY, 2 * DAY], k=5)

    assert len(ranked.items) == 5


def test_attributes_that_were_altered_stop_the_job(
    trained: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, _ = trained
    (tmp_path / "manifest").mkdir()
    for path in (place / "manifest").iterdir():
        (tmp_path / "manifest" / path.name).write_bytes(path.read_bytes())
    write_attributes(tmp_path / "manifest", [ProductRow()] * N)

    status = main([str(tmp_path / "manifest"), str(tmp_path / "run")])

    assert status == 1
    assert "is not the file the manifest was written with" in capsys.readouterr().err
    assert not (tmp_path / "run" / "published").exists()

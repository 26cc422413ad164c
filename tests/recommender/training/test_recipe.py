"""Options set by hand reach the training in their types, or are refused with their name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from recommender.attention.config import NetworkConfig
from recommender.attention.content.attributes import ProductRow, clean_attributes
from recommender.attention.settings import LoopSettings
from recommender.baselines.sequences import Sequences
from recommender.training.arrays import write_manifest
from recommender.training.choices import with_inputs
from recommender.training.content import PreparedContent, prepare_content
from recommender.training.job import main
from recommender.training.recipe import LOOP, NETWORK, OPTIONS, Recipe, RecipeError, parse_options


def _events(*, kinds: list[int], dwell: list[float]) -> Sequences:
    count = len(kinds)
    return Sequences(
        n=3,
        offsets=np.array([0, count]),
        items=np.arange(count, dtype=np.int32) % 3,
        times=np.arange(count),
        weights=np.ones(count, dtype=np.float32),
        last_times=np.arange(count, dtype=np.float64),
        kinds=np.array(kinds, dtype=np.uint8),
        dwell=np.array(dwell, dtype=np.float32),
    )


@pytest.fixture
def content() -> PreparedContent:
    rows = [
        ProductRow(categories=("Tea",), brand="Leaf", price_micros=price, currency="EUR")
        for price in (1_000_000, 5_000_000, 9_000_000)
    ]
    return prepare_content(clean_attributes(rows))


def test_texts_become_values_of_the_options_own_type() -> None:
    told = parse_options(["encoder=gru", "layers=3", "dropout=.4", "shared=no", "loss = bce"])

    recipe = Recipe.of(told)

    shaped = recipe.shape(NetworkConfig(n=10))
    trained = recipe.train(LoopSettings())
    assert (shaped.encoder, shaped.layers, shaped.dropout) == ("gru", 3, 0.4)
    assert (trained.loss, trained.shared) == ("bce", False)


def test_without_options_everything_stays_as_the_data_suggests() -> None:
    recipe = Recipe.of({})

    assert recipe.shape(NetworkConfig(n=10)) == NetworkConfig(n=10)
    assert recipe.train(LoopSettings()) == LoopSettings()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"lr": 1}, "'lr' is no option"),
        ({"seed": 1}, "'seed' is no option"),
        ({"kinds": 3}, "'kinds' is no option"),
        ({"layers": "2.5"}, "layers is of the kind int, not '2.5'"),
        ({"shared": "maybe"}, "shared is yes or no, not 'maybe'"),
        ({"inputs": "kind,mood"}, "'mood' is no input; known: kind, dwell, band"),
        ({"id_dropout": 1}, "id_dropout must be at least 0 and below 1"),
    ],
)
def test_what_is_no_option_is_refused_by_its_name(options: dict[str, object], reason: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(reason)):
        Recipe.of(options)


def test_a_combination_without_effect_is_refused() -> None:
    with pytest.raises(RecipeError, match="does not read segments"):
        Recipe.of({"encoder": "gru", "segments": 2}).shape(NetworkConfig(n=10))
    with pytest.raises(RecipeError, match="shares its negatives"):
        Recipe.of({"shared": False}).train(LoopSettings())


def test_a_pair_without_a_value_is_refused() -> None:
    with pytest.raises(RecipeError, match="'gru' is not of the form name=value"):
        parse_options(["gru"])


def test_every_option_has_one_place() -> None:
    assert not NETWORK & LOOP
    assert set(OPTIONS) >= {"encoder", "score", "head", "reach", "loss", "samples", "inputs"}


def test_inputs_are_read_where_the_data_has_them(content: PreparedContent) -> None:
    rich = _events(kinds=[1, 4, 1], dwell=[0, 9.5, 0])
    poor = _events(kinds=[0, 0, 0], dwell=[0, 0, 0])

    read = with_inputs(NetworkConfig(n=3), rich, content, Recipe.of({}))
    unread = with_inputs(NetworkConfig(n=3), poor, None, Recipe.of({}))

    assert read.inputs == ("product", "position", "gap", "kind", "dwell", "band")
    assert read.kinds == 5
    assert read.content is not None
    assert unread == NetworkConfig(n=3)


def test_inputs_that_were_refused_are_not_read(content: PreparedContent) -> None:
    rich = _events(kinds=[1, 4, 1], dwell=[0, 9.5, 0])
    recipe = Recipe.of({"inputs": "dwell", "content": "no"})

    config = with_inputs(NetworkConfig(n=3), rich, content, recipe)

    assert config.inputs == ("product", "position", "gap", "dwell")
    assert config.content is None


def test_a_job_with_an_unusable_recipe_says_so_and_publishes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(
        tmp_path / "manifest",
        site=1,
        cut="2026-01-01T00:00:00+00:00",
        consent_digest="none",
        products=[7, 8, 9],
        offsets=[0, 3],
        items=[0, 1, 2],
        times=[0, 100_000, 200_000],
    )

    status = main([str(tmp_path / "manifest"), str(tmp_path / "run"), "--set", "encoder=mamba"])

    assert status == 1
    assert "encoder 'mamba' is not one of" in capsys.readouterr().err
    assert not (tmp_path / "run" / "published").exists()

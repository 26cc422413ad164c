"""The served scorer on small models whose answers are sums made by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender.serving.folder import load
from recommender.serving.format import Weights
from recommender.serving.recall import Published
from recommender.training.publish import write_folder
from tests.recommender.synthetic import DAY, meta

FOLLOWERS = [[0, 3, 1, 0], [0, 0, 2, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
POPULAR = [0.4, 0.3, 0.2, 0.1]


def published(folder: Path, **changes: Any) -> Published:
    write_folder(
        folder / "model",
        meta=meta(**changes),
        products=np.array([40, 10, 30, 20]),
        popularity=np.array(POPULAR, dtype=np.float32),
        transitions=sparse.csr_matrix(np.array(FOLLOWERS, dtype=np.float32)),
        vectors=None,
        encoder=None,
        histories=[],
    )
    return load(folder / "model")


def test_the_score_is_the_weighted_sum_of_shares(tmp_path: Path) -> None:
    # given weights 0.5 transitions, 0.3 popularity, 0.2 repeats, and decay 0.5
    model = published(tmp_path)
    # when the shopper had product 0, then product 1
    ranked = model.rank([0, 1], [20.0, 10.0], k=4)
    # then transitions are 2 + 0.5 of the newer and older row: item 1 1.5, item 2 2.5
    expected = {
        0: (0.0, 0.3 * 0.4, 0.2 * 0.5),
        1: (0.5 * 1.5 / 4, 0.3 * 0.3, 0.2 * 0.5),
        2: (0.5 * 2.5 / 4, 0.3 * 0.2, 0.0),
        3: (0.0, 0.3 * 0.1, 0.0),
    }
    assert ranked.items.tolist() == [1, 2, 0, 3]
    for item, parts, score in zip(ranked.items, ranked.parts, ranked.scores, strict=True):
        np.testing.assert_allclose(parts, [0.0, *expected[int(item)]], rtol=1e-5)
        assert score == pytest.approx(parts.sum())
    # item 1 can only come from product 0; item 2 more from product 1
    assert ranked.sources.tolist() == [0, 1, -1, -1]


def test_seen_products_are_withheld_when_the_data_says_so(tmp_path: Path) -> None:
    model = published(tmp_path, seen_filter=True, weights=Weights(0.0, 0.5, 0.5, 0.0))
    ranked = model.rank([0, 1], [20.0, 10.0], k=4)
    assert ranked.items.tolist() == [2, 3]
    # shares are of what is left: all transitions lead to 2, popularity is 2 to 1
    np.testing.assert_allclose(ranked.parts[0], [0, 0.5, 0.5 * 2 / 3, 0], rtol=1e-5)


def test_a_product_just_touched_is_withheld_for_the_window(tmp_path: Path) -> None:
    model = published(tmp_path, fresh_window=float(DAY))
    fresh = model.rank([0, 1], [2.0 * DAY, 10.0], k=4)
    later = model.rank([0, 1], [4.0 * DAY, 2.0 * DAY], k=4)
    assert sorted(fresh.items.tolist()) == [0, 2, 3]
    assert sorted(later.items.tolist()) == [0, 1, 2, 3]


def test_events_of_one_interest_count_once(tmp_path: Path) -> None:
    model = published(tmp_path, fresh_window=float(DAY))
    once = model.rank([0, 1], [3.0 * DAY, 2.0 * DAY], k=4)
    often = model.rank([0, 1, 1, 1], [3.0 * DAY, 2.0 * DAY, 2 * DAY - 60, 2 * DAY - 90], k=4)
    np.testing.assert_array_equal(once.items, often.items)
    np.testing.assert_allclose(once.scores, often.scores)


def test_an_empty_history_is_answered_by_popularity(tmp_path: Path) -> None:
    model = published(tmp_path)
    ranked = model.rank([], [], k=3)
    assert ranked.items.tolist() == [0, 1, 2]
    np.testing.assert_allclose(ranked.parts[:, 2], POPULAR[:3])
    assert ranked.sources.tolist() == [-1, -1, -1]


def test_unknown_and_weightless_events_are_passed_over(tmp_path: Path) -> None:
    model = published(tmp_path)
    plain = model.rank([1], [5.0], k=4)
    mixed = model.rank([-1, 2, 1], [9.0, 8.0, 5.0], weights=[1.0, 0.0, 1.0], k=4)
    np.testing.assert_array_equal(plain.items, mixed.items)
    np.testing.assert_allclose(plain.scores, mixed.scores)
    assert plain.sources.tolist()[: len(plain.items)].count(0) == 1
    assert mixed.sources.max() == 2


def test_only_eligible_products_are_answered(tmp_path: Path) -> None:
    model = published(tmp_path)
    eligible = np.array([True, False, False, True])
    assert model.rank([0, 1], [2.0, 1.0], k=4, eligible=eligible).items.tolist() == [0, 3]
    assert model.rank([0], [2.0], k=4, exclude=[0, 1]).items.tolist() == [2, 3]
    assert model.popular(4, eligible=eligible).items.tolist() == [0, 3]
    assert model.related(0, k=4, eligible=eligible).items.tolist() == [3]
    none = np.zeros(4, dtype=bool)
    assert model.rank([0], [1.0], k=4, eligible=none).items.tolist() == []
    assert model.rank([], [], k=4, eligible=none).items.tolist() == []


def test_related_products_are_followers_then_popular_ones(tmp_path: Path) -> None:
    ranked = published(tmp_path).related(0, k=3)
    assert ranked.items.tolist() == [1, 2, 3]
    assert (np.diff(ranked.scores) < 0).all()
    assert ranked.parts[:, 1].astype(bool).tolist() == [True, True, False]


def test_wrong_arguments_are_refused(tmp_path: Path) -> None:
    model = published(tmp_path)
    with pytest.raises(ValueError, match="same length"):
        model.rank([0, 1], [1.0], k=3)
    with pytest.raises(ValueError, match="below 4"):
        model.rank([4], [1.0], k=3)
    with pytest.raises(ValueError, match="below 4"):
        model.related(-1, k=3)


def test_product_ids_are_found(tmp_path: Path) -> None:
    model = published(tmp_path)
    assert model.index_of([10, 20, 30, 40, 99, -5]).tolist() == [1, 3, 2, 0, -1, -1]
    assert model.index_of([]).tolist() == []


@settings(max_examples=40, deadline=None)
@given(
    history=st.lists(st.integers(-1, 3), max_size=30),
    k=st.integers(0, 6),
    seen=st.booleans(),
    data=st.data(),
)
def test_any_history_gives_a_proper_list(
    tmp_path_factory: pytest.TempPathFactory,
    history: list[int],
    k: int,
    seen: bool,
    data: st.DataObject,
) -> None:
    model = published(tmp_path_factory.mktemp("any"), seen_filter=seen, fresh_window=60.0)
    ages = sorted(
        data.draw(st.lists(st.floats(0, 1e8), min_size=len(history), max_size=len(history))),
        reverse=True,
    )
    eligible = np.array(data.draw(st.lists(st.booleans(), min_size=4, max_size=4)))
    ranked = model.rank(history, ages, k=k, eligible=eligible)
    assert len(ranked.items) <= k
    assert len(set(ranked.items.tolist())) == len(ranked.items)
    assert all(eligible[item] for item in ranked.items)
    assert (np.diff(ranked.scores) <= 0).all()
    assert np.isfinite(ranked.scores).all()
    np.testing.assert_allclose(ranked.parts.sum(axis=1), ranked.scores, rtol=1e-5)
    if seen:
        assert not set(ranked.items.tolist()) & set(history)


def test_a_very_long_history_is_read(tmp_path: Path) -> None:
    model = published(tmp_path)
    ranked = model.rank(np.arange(10_000) % 4, np.arange(10_000, 0, -1) * 60.0, k=4)
    assert len(ranked.items) == 4
    assert ranked.sources.max() < 10_000


def test_the_scorer_loads_neither_torch_nor_django_nor_the_trainer() -> None:
    code = (
        "import sys; import recommender.serving.recall, recommender.serving.folder; "
        "names = ('torch', 'django', 'scipy', 'recommender.baselines', 'recommender.attention');"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

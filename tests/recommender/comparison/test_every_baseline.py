"""What every model in the comparison promises, one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from recommender.baselines.component import Component
from recommender.baselines.sequences import Sequences
from recommender.comparison.registry import Baseline, every_baseline
from tests.recommender.synthetic import checkerboard, sequences

EVERY = pytest.mark.parametrize("baseline", every_baseline(), ids=lambda found: found.name)
SECONDS = 20.0
PERSONAL = ("transitions", "item-knn", "linear-interest", "decision-tree", "random-forest")
TRAINED = ("linear-attention", "embedding-attention")


@pytest.fixture(scope="module")
def colors() -> Sequences:
    """Shoppers who stay on one color of a board of 20 items."""
    return sequences(checkerboard(400, n=20, length=8), n=20)


def fitted(baseline: Baseline, events: Sequences, seed: int = 0) -> Component:
    return baseline.fit(events, seed=seed, cpu_seconds=SECONDS)


def unseen(component: Component, history: list[int]) -> npt.NDArray[np.int64]:
    """Return the items outside the history, best first."""
    scores = np.array(component.score(sequences([history], n=20))[0])
    order = np.argsort(-scores, kind="stable")
    return order[~np.isin(order, history)]


def test_names_are_distinct_and_what_the_published_folder_holds_is_publishable() -> None:
    named = {baseline.name: baseline.is_publishable for baseline in every_baseline()}
    assert len(named) == len(every_baseline()) == 11
    assert [name for name, allowed in named.items() if allowed] == [
        "popularity",
        "popularity-7-days",
        "repeats",
        "transitions",
    ]


@EVERY
def test_scores_are_comparable_in_a_row(baseline: Baseline, colors: Sequences) -> None:
    # given a component, when two histories and an empty one are scored
    component = fitted(baseline, colors)
    scores = component.score(sequences([[0, 2, 4], [], [1, 3]], n=20))
    # then each has a finite score that is not negative for every item, under the baseline's name
    assert component.name == baseline.name
    assert (scores.shape, scores.dtype) == ((3, 20), np.float32)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    # and a history scores alike, whoever stands beside it
    alone = component.score(sequences([[1, 3]], n=20))
    np.testing.assert_allclose(scores[2], alone[0], rtol=1e-4, atol=1e-7)


@EVERY
def test_the_same_seed_gives_the_same_scores(baseline: Baseline, colors: Sequences) -> None:
    histories = sequences([[0, 2, 4], [1, 3]], n=20)
    first, second = (fitted(baseline, colors, seed=3).score(histories) for _ in range(2))
    assert np.array_equal(first, second)


@EVERY
@pytest.mark.parametrize(
    ("rows", "n"),
    [([], 3), ([[0]], 1), ([[0, 0, 0]], 1), ([[1], [2]], 3), ([[1, 1], [1, 1]], 3)],
    ids=["nothing", "one event", "one product", "single events", "all alike"],
)
def test_too_little_data_is_no_error(baseline: Baseline, rows: list[list[int]], n: int) -> None:
    scores = fitted(baseline, sequences(rows, n=n)).score(sequences([[0], []], n=n))
    assert scores.shape == (2, n)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", PERSONAL + TRAINED)
def test_shoppers_of_one_color_are_answered_with_it(name: str, colors: Sequences) -> None:
    # given a board where nobody leaves a color
    (baseline,) = (found for found in every_baseline() if found.name == name)
    component = fitted(baseline, colors)
    # when a shopper has half of the even items, or of the odd ones
    for history in ([0, 4, 8, 12, 16], [1, 5, 9, 13, 17]):
        # then the five unseen items of the color lead
        assert set(unseen(component, history)[:5] % 2) == {history[0] % 2}

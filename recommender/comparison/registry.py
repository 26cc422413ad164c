"""Every model that ours is compared with, by name, and whether a shop may serve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from recommender.baselines.component import Component
from recommender.baselines.item_knn import ItemKNN
from recommender.baselines.linear_interest import LinearInterest
from recommender.baselines.popularity import Popularity
from recommender.baselines.recent_popularity import RecentPopularity
from recommender.baselines.repeats import Repeats
from recommender.baselines.sequences import Sequences
from recommender.baselines.transitions import Transitions
from recommender.comparison.als import ALS
from recommender.comparison.embedding_attention import EmbeddingAttention
from recommender.comparison.linear_attention import LinearAttention
from recommender.comparison.trees import TreeRanker


class Fit(Protocol):
    """How a baseline learns."""

    def __call__(self, events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
        """Return the component fitted on ``events``.

        Args:
            events: the training events, and nothing else.
            seed: of everything drawn. The same events, seed and budget give the same component on
                one machine, unless training runs into its budget.
            cpu_seconds: CPU time after which iterating stops; what only counts ignores it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """A model to compare with.

    Attributes:
        name: as in reports; the component fitted by it has the same.
        fit: fits it.
        is_publishable: whether the published folder has a place for it, so that serving can answer
            with it. All others are for evaluation alone.
    """

    name: str
    fit: Fit
    is_publishable: bool


def every_baseline() -> tuple[Baseline, ...]:
    """Return all baselines, the simplest first."""
    return (
        Baseline("popularity", _popularity, is_publishable=True),
        Baseline("popularity-7-days", _recent_popularity, is_publishable=True),
        Baseline("repeats", _repeats, is_publishable=True),
        Baseline("transitions", _transitions, is_publishable=True),
        Baseline("item-knn", _item_knn, is_publishable=False),
        Baseline("linear-interest", _linear_interest, is_publishable=False),
        Baseline("als", _als, is_publishable=False),
        Baseline("decision-tree", _decision_tree, is_publishable=False),
        Baseline("random-forest", _random_forest, is_publishable=False),
        Baseline("linear-attention", _linear_attention, is_publishable=False),
        Baseline("embedding-attention", _embedding_attention, is_publishable=False),
    )


def _popularity(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return Popularity.fit(events)


def _recent_popularity(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return RecentPopularity.fit(events)


def _repeats(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return Repeats()


def _transitions(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return Transitions.fit(events)


def _item_knn(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return ItemKNN.fit(events)


def _linear_interest(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return LinearInterest.fit(events)


def _als(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return ALS.fit(events, seed=seed, cpu_seconds=cpu_seconds)


def _decision_tree(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return TreeRanker.fit_tree(events, seed=seed)


def _random_forest(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return TreeRanker.fit_forest(events, seed=seed, cpu_seconds=cpu_seconds)


def _linear_attention(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return LinearAttention.fit(events, seed=seed, cpu_seconds=cpu_seconds)


def _embedding_attention(events: Sequences, *, seed: int, cpu_seconds: float) -> Component:
    return EmbeddingAttention.fit(events, seed=seed, cpu_seconds=cpu_seconds)

"""The counted components: how each is tuned on validation, and fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recommender.baselines.component import Component
from recommender.baselines.metrics import ndcg, target_ranks
from recommender.baselines.popularity import Popularity
from recommender.baselines.repeats import Repeats
from recommender.baselines.sequences import Sequences
from recommender.baselines.transitions import Transitions, TransitionSettings
from recommender.training.mixing import blocks, shares
from recommender.training.protocol import Cases

DAY = 86_400.0
HALF_LIVES = (None, 365 * DAY, 90 * DAY, 30 * DAY, 7 * DAY)
REPEAT_DECAYS = (1.0, 0.99, 0.97, 0.9, 0.7)
TUNING_CASES = 3000
TRANSITION_CHOICES: dict[str, tuple[Any, ...]] = {
    "column_power": (0.0, 0.15, 0.3, 0.5),
    "decay": (0.5, 0.7, 0.85, 0.95),
    "backward": (0.1, 0.3, 0.6, 1.0),
    "row_power": (0.25, 0.5, 0.75, 1.0),
}


@dataclass(frozen=True, slots=True)
class StatisticsSettings:
    """What was chosen for the counted components.

    Attributes:
        half_life: of popularity, seconds; None counts all events alike.
        transitions: how pairs are counted.
        repeat_decay: weight of an own event relative to the next newer one.
    """

    half_life: float | None
    transitions: TransitionSettings
    repeat_decay: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """The fitted components."""

    transitions: Transitions
    popularity: Popularity
    repeats: Repeats

    @classmethod
    def fit(cls, events: Sequences, settings: StatisticsSettings) -> Statistics:
        """Count ``events``."""
        return cls(
            Transitions.fit(events, settings.transitions),
            Popularity.fit(events, half_life=settings.half_life),
            Repeats(decay=settings.repeat_decay),
        )


def tune(
    train: Sequences,
    validation: Cases,
    *,
    timed: bool,
    seen_filter: bool,
    fresh_window: float,
    seed: int,
    has_time: Callable[[], bool],
) -> StatisticsSettings:
    """Choose each setting by NDCG@10 of its component alone, one setting after the other.

    Args:
        train: events to count.
        validation: cases to judge by; none means the defaults.
        timed: whether times are seconds, so that a half-life has a meaning.
        seen_filter, fresh_window: see `recommender.serving.format.Meta`.
        seed: of the sample of cases.
        has_time: asked before each trial; when it answers false, the best so far is kept.
    """
    cases = validation.sample(TUNING_CASES, seed)
    chosen = StatisticsSettings(None, TransitionSettings(), 1.0)
    if len(cases) == 0:
        return chosen

    def quality(component: Component) -> float:
        return component_ndcg(component, cases, seen_filter=seen_filter, fresh_window=fresh_window)

    if timed:
        half_lives = [(quality(Popularity.fit(train, half_life=h)), h) for h in HALF_LIVES]
        chosen = replace(chosen, half_life=max(half_lives, key=lambda pair: pair[0])[1])
    if not seen_filter:
        decays = [(quality(Repeats(decay=decay)), decay) for decay in REPEAT_DECAYS]
        chosen = replace(chosen, repeat_decay=max(decays)[1])
    return replace(chosen, transitions=_best_transitions(train, quality, has_time))


def _best_transitions(
    train: Sequences, quality: Callable[[Component], float], has_time: Callable[[], bool]
) -> TransitionSettings:
    """Change one setting after the other, keeping what is better, while there is time."""
    chosen = TransitionSettings()
    best = quality(Transitions.fit(train, chosen))
    for name, values in TRANSITION_CHOICES.items():
        for value in values:
            trial = replace(chosen, **{name: value})
            if trial == chosen or not has_time():
                continue
            score = quality(Transitions.fit(train, trial))
            if score > best:
                best, chosen = score, trial
    return chosen


def component_ndcg(
    component: Component, cases: Cases, *, seen_filter: bool, fresh_window: float, k: int = 10
) -> float:
    """Return NDCG@k of one component over the whole catalog."""
    ranks = [np.zeros(0)]
    for block in blocks(cases):
        withheld = block.withheld(seen_filter=seen_filter, fresh_window=fresh_window)
        odds = shares(component.score(block.histories), withheld)
        odds[withheld.row, withheld.col] = -np.inf
        ranks.append(target_ranks(odds, block.targets))
    return ndcg(np.concatenate(ranks), k)

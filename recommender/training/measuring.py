"""The judging part of a job: fit the weights on validation, score the test once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.attention.evaluation import AttentionScorer
from recommender.attention.network import RecallNetwork
from recommender.baselines.component import Component
from recommender.baselines.metrics import hit_rate, ndcg
from recommender.serving.format import COMPONENTS, Weights
from recommender.serving.recall import Published
from recommender.training.mixing import blocks, collect, evaluate_mix, fit_mix, shares
from recommender.training.protocol import Cases, Split
from recommender.training.served import served_ranks
from recommender.training.statistics import Statistics

K = 10
FITTING_CASES, TEMPERATURE_CASES = 12_000, 2000
TEMPERATURES = (0.7, 0.8, 0.9, 1.0, 1.12, 1.25, 1.4, 1.6, 2.0, 2.5)
MOST_CASES, LEAST_CASES, MOST_CELLS = 30_000, 1000, 500_000_000
TOLERANCE = 0.01

Metrics = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """How cases are judged.

    Attributes:
        seen_filter, fresh_window: see `recommender.serving.format.Meta`.
        seed: of the samples of cases.
    """

    seen_filter: bool
    fresh_window: float
    seed: int

    @staticmethod
    def most_cases(n: int) -> int:
        """Return how many cases are scored against a catalog of ``n`` items at most."""
        return max(LEAST_CASES, min(MOST_CASES, MOST_CELLS // max(n, 1)))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The mix, and what it was chosen by.

    Attributes:
        weights: the mix.
        temperature: divides the scores of attention before the softmax.
        gain: see `recommender.training.mixing.Fit`.
        validation: NDCG@10 and HR@10 by component and of the ``mix``.
        cases: how many validation cases that speaks of.
        notes: sentences for the card.
    """

    weights: Weights
    temperature: float
    gain: float
    validation: Metrics
    cases: int
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Measured:
    """Offline metrics.

    Attributes:
        validation, test: by component, ``mix`` and (test) ``served``: NDCG@10 and HR@10.
        cases: how many cases of each.
        notes: sentences for the card.
    """

    validation: Metrics
    test: Metrics
    cases: dict[str, int]
    notes: list[str] = field(default_factory=list)

    @property
    def served_agrees(self) -> bool:
        """Whether the served scorer reproduces the offline mix within one percent NDCG@10."""
        offline = self.test["mix"][f"ndcg@{K}"]
        served = self.test.get("served", {}).get(f"ndcg@{K}", 0.0)
        return abs(served - offline) <= TOLERANCE * offline

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON content."""
        return {
            "validation": self.validation,
            "test": self.test,
            "cases": self.cases,
            "served_agrees": self.served_agrees,
        }


def components(
    statistics: Statistics,
    network: RecallNetwork | None,
    plan: EvaluationPlan,
    temperature: float,
) -> list[Component]:
    """Return the components that can contribute, in the order of `COMPONENTS`.

    Attention is left out when there is no network, repeats where seen products are withheld.
    """
    parts: list[Component] = [] if network is None else [AttentionScorer(network, temperature)]
    parts += [statistics.transitions, statistics.popularity]
    return parts if plan.seen_filter else [*parts, statistics.repeats]


def choose_weights(
    validation: Cases,
    statistics: Statistics,
    network: RecallNetwork | None,
    plan: EvaluationPlan,
) -> Weighed:
    """Fit the mix on validation cases; without any, popularity alone answers."""
    if len(validation) == 0:
        note = "No shopper has three events: the mix could not be fitted, popularity answers."
        none = summary(np.zeros(0))
        metrics = {"popularity": none, "mix": none}
        return Weighed(Weights(0.0, 0.0, 1.0, 0.0), 1.0, 0.0, metrics, 0, (note,))
    temperature = 1.0 if network is None else best_temperature(validation, network, plan)
    parts = components(statistics, network, plan, temperature)
    sample = validation.sample(FITTING_CASES, plan.seed)
    pools = collect(parts, sample, seen_filter=plan.seen_filter, fresh_window=plan.fresh_window)
    fit = fit_mix(pools, attention=None if network is None else 0)
    names = [part.name for part in parts]
    found = dict(zip(names, fit.weights.tolist(), strict=True))
    weights = Weights(**{name: found.get(name, 0.0) for name in COMPONENTS})
    metrics = {name: summary(pools.ranks(np.eye(len(parts))[i])) for i, name in enumerate(names)}
    metrics["mix"] = summary(pools.ranks(fit.weights))
    notes: tuple[str, ...] = ()
    if network is not None and weights.attention == 0:
        notes = ("Attention earned no weight on this data: the mix without it is published.",)
    return Weighed(weights, temperature, fit.gain, metrics, len(sample), notes)


def best_temperature(validation: Cases, network: RecallNetwork, plan: EvaluationPlan) -> float:
    """Return the temperature that makes the validation targets most likely under attention."""
    sample = validation.sample(TEMPERATURE_CASES, plan.seed)
    totals = np.zeros(len(TEMPERATURES))
    for block in blocks(sample):
        withheld = block.withheld(seen_filter=plan.seen_filter, fresh_window=plan.fresh_window)
        rows = np.arange(len(block))
        for index, temperature in enumerate(TEMPERATURES):
            scorer = AttentionScorer(network, temperature)
            odds = shares(scorer.score(block.histories), withheld)[rows, block.targets]
            totals[index] += np.log(np.maximum(odds, 1e-12)).sum()
    return TEMPERATURES[int(totals.argmax())]


def measure(
    split: Split,
    statistics: Statistics,
    network: RecallNetwork | None,
    weighed: Weighed,
    plan: EvaluationPlan,
) -> Measured:
    """Score the test cases over the whole catalog: each component and the mix."""
    parts = components(statistics, network, plan, weighed.temperature)
    sample = split.test.sample(plan.most_cases(split.train.n), plan.seed)
    ranks = evaluate_mix(
        parts,
        [weighed.weights._asdict()[part.name] for part in parts],
        sample,
        seen_filter=plan.seen_filter,
        fresh_window=plan.fresh_window,
    )
    return Measured(
        validation=weighed.validation,
        test={part: summary(places) for part, places in ranks.items()},
        cases={"validation": weighed.cases, "test": len(sample)},
        notes=list(weighed.notes),
    )


def measure_served(published: Published, test: Cases, plan: EvaluationPlan) -> dict[str, float]:
    """Score the same test cases by the served scorer."""
    sample = test.sample(plan.most_cases(test.histories.n), plan.seed)
    return summary(served_ranks(published, sample, k=K))


def summary(ranks: npt.NDArray[np.floating]) -> dict[str, float]:
    """Return NDCG@10 and HR@10 of ranks."""
    return {f"ndcg@{K}": ndcg(ranks, K), f"hr@{K}": hit_rate(ranks, K)}

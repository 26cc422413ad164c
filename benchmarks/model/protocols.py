"""How a model is judged on a data set: which questions, what is withheld, which metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.baselines.metrics import hit_rate, ndcg, reciprocal_rank

Metric = Callable[[npt.NDArray[np.floating], int], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to judge, always over the whole catalog.

    Attributes:
        title: for the head of the table.
        k: length of the list.
        metrics: by name, without the length.
        is_given: the test comes with the data; else the last event of each shopper is the test.
        never_withholds: products of the history may be answered, whatever the data's repeat rate
            suggests.
        held_out: share of the training shoppers whose last events the job keeps to choose by.
    """

    title: str
    k: int
    metrics: dict[str, Metric]
    is_given: bool = True
    never_withholds: bool = False
    held_out: float = 1.0

    def score(self, ranks: npt.NDArray[np.floating], unknown: int = 0) -> dict[str, float]:
        """Return the metrics of ranks (0 is best); ``unknown`` more cases are misses."""
        whole = np.concatenate([ranks, np.full(unknown, np.inf)])
        return {f"{name}@{self.k}": metric(whole, self.k) for name, metric in self.metrics.items()}


LEAVE_ONE_OUT = Protocol(
    title="Leave-one-out: the last event of a shopper is the test",
    k=10,
    metrics={"ndcg": ndcg, "hr": hit_rate},
    is_given=False,
)
SESSIONS = Protocol(
    title="Sessions: the next item after each given prefix, nothing withheld",
    k=20,
    metrics={"p": hit_rate, "mrr": reciprocal_rank},
    never_withholds=True,
    held_out=0.1,
)
VALIDATION_USERS = Protocol(
    title="The next item of the given validation shoppers",
    k=10,
    metrics={"ndcg": ndcg, "hr": hit_rate},
    held_out=0.25,
)

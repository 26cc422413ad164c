"""The one interface of everything that scores products for a shopper's history."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from recommender.baselines.sequences import Sequences


class Component(Protocol):
    """A fitted scorer.

    Scores are not negative and comparable inside one row. A row of zeros means that the component
    knows nothing of this shopper.
    """

    @property
    def name(self) -> str:
        """Short name, as in reports."""
        ...

    def score(self, histories: Sequences) -> npt.NDArray[np.float32]:
        """Return float32[s, n], the score of every item for each history.

        The caller may change the array, unless it is read-only.
        """
        ...

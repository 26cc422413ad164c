"""The time one slate may take, checked between the stages of its making."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter


class DeadlinePassed(Exception):  # noqa: N818
    """The budget was spent before ``stage`` could begin."""

    def __init__(self, stage: str) -> None:
        super().__init__(f"No time left for {stage}.")
        self.stage = stage


class Deadline:
    """A budget of milliseconds that starts when it is made.

    The checks bound how much is begun, not how long one stage lasts: a single query may still
    take longer than what is left, which is what the database's own timeouts are for.
    """

    def __init__(self, budget_ms: float, *, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._end = clock() + budget_ms / 1000

    def check(self, stage: str) -> None:
        """Return when ``stage`` may begin.

        Raises:
            DeadlinePassed: the budget is spent.
        """
        if self._clock() >= self._end:
            raise DeadlinePassed(stage)

    @property
    def left_ms(self) -> float:
        """Milliseconds left; never below 0."""
        return max(0.0, (self._end - self._clock()) * 1000)

"""Popularity inside a window of time."""

from __future__ import annotations

from recommender.baselines.popularity import Popularity
from recommender.baselines.recent_popularity import WEEK, RecentPopularity
from tests.recommender.synthetic import DAY, sequences


def test_only_the_last_seven_days_count() -> None:
    # given one event a day for ten days: twice item 0, seven times 1, then 2
    events = sequences([[0, 0, 1, 1, 1, 1, 1, 1, 1, 2]], n=4, step=DAY)
    # when the seven days before the newest event count
    scores = RecentPopularity.fit(events).score(sequences([[], [0]], n=4))
    # then item 0, eight and nine days old, is forgotten, for everybody alike
    assert scores.tolist() == [[0.0, 0.875, 0.125, 0.0]] * 2


def test_without_a_clock_all_events_count() -> None:
    # given positions instead of times
    events = sequences([[0, 1, 2], [2, 1], [2]], n=3)
    recent, all_time = RecentPopularity.fit(events), Popularity.fit(events)
    assert recent.shares.tolist() == all_time.shares.tolist()


def test_an_event_counts_by_its_weight() -> None:
    events = sequences([[0, 1]], n=2)
    events.weights[:] = [1.0, 3.0]
    assert RecentPopularity.fit(events, window=WEEK).shares.tolist() == [0.25, 0.75]


def test_no_events_score_zero() -> None:
    assert RecentPopularity.fit(sequences([], n=2)).shares.tolist() == [0.0, 0.0]

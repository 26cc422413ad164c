"""What a model must show before it may answer a shopper."""

from __future__ import annotations

from typing import Any

import pytest

from recommender.training.gates import best_part_gate, incumbent_gate, self_test_gate


def _card(*, mix: float = 0.10, served: float = 0.10, **parts: float) -> dict[str, Any]:
    validation = {"mix": mix, "attention": 0.08, "transitions": 0.07, "popularity": 0.03, **parts}
    return {
        "metrics": {
            "validation": {name: {"ndcg@10": value} for name, value in validation.items()},
            "test": {"mix": {"ndcg@10": mix}, "served": {"ndcg@10": served}},
        }
    }


@pytest.mark.parametrize(
    ("served", "passed"), [(0.1000, True), (0.0991, True), (0.0989, False), (0.1011, False)]
)
def test_the_served_scorer_must_reproduce_the_offline_mix(served: float, passed: bool) -> None:
    assert self_test_gate(_card(mix=0.1, served=served)).passed is passed


def test_a_mix_that_finds_nothing_passes_only_when_it_serves_nothing() -> None:
    assert self_test_gate(_card(mix=0.0, served=0.0)).passed is True
    assert self_test_gate(_card(mix=0.0, served=0.02)).passed is False


def test_a_mix_below_one_of_its_parts_is_refused_and_the_part_is_named() -> None:
    verdict = best_part_gate(_card(mix=0.10, popularity=0.11))

    assert (verdict.passed, verdict.value, verdict.limit) == (False, 0.10, 0.11)
    assert "popularity" in verdict.message


def test_a_mix_that_equals_its_best_part_passes() -> None:
    assert best_part_gate(_card(mix=0.10, transitions=0.10)).passed is True


@pytest.mark.parametrize(("ours", "passed"), [(0.095, True), (0.0949, False), (0.2, True)])
def test_a_new_model_may_lose_at_most_a_twentieth_to_the_live_one(
    ours: float, passed: bool
) -> None:
    verdict = incumbent_gate({"ndcg@10": ours, "cases": 200}, {"ndcg@10": 0.1, "cases": 200})

    assert verdict.passed is passed
    assert verdict.value == pytest.approx(ours / 0.1)


@pytest.mark.parametrize("theirs", [None, {"ndcg@10": 0.9, "cases": 49}])
def test_without_a_live_model_or_cases_to_compare_the_gate_says_so(
    theirs: dict[str, float] | None,
) -> None:
    verdict = incumbent_gate({"ndcg@10": 0.1, "cases": 49}, theirs)

    assert (verdict.passed, verdict.value) == (True, None)
    assert verdict.message.startswith("No live model with 50 events")

"""Attention scores that keep the question, and the network that asks it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommender.comparison.descent import Descent
from recommender.comparison.embedding_attention import (
    SCORES,
    AdditiveScore,
    EmbeddingAttention,
    EmbeddingAttentionNetwork,
    EmbeddingAttentionSettings,
)
from tests.recommender.synthetic import cycles, sequences


def vectors() -> tuple[torch.Tensor, torch.Tensor]:
    """Return five keys and two different questions of width 8."""
    chance = torch.Generator().manual_seed(0)
    return torch.randn(1, 5, 8, generator=chance), torch.randn(1, 2, 8, generator=chance)


@pytest.mark.parametrize("name", SCORES)
def test_two_questions_attend_differently(name: str) -> None:
    torch.manual_seed(0)
    x, q = vectors()
    first, second = SCORES[name](8)(x, q).softmax(dim=-1)[0]
    assert (first - second).abs().max() > 0.01


def test_without_the_tangent_every_question_gets_the_same_answer() -> None:
    # given the sum of early papers, V x + U q + b, with the parameters of the corrected score
    torch.manual_seed(0)
    x, q = vectors()
    score = AdditiveScore(8)
    early = score.weight(score.key(x)[:, None] + score.query(q)[:, :, None]).squeeze(-1)
    # then its scores differ by question, and its softmax over i does not
    first, second = early[0]
    assert (first - second).abs().max() > 0.01
    torch.testing.assert_close(first.softmax(dim=-1), second.softmax(dim=-1))


@pytest.mark.parametrize("name", SCORES)
def test_no_event_reads_a_later_one(name: str) -> None:
    # given two histories that differ in their last event
    torch.manual_seed(0)
    network = EmbeddingAttentionNetwork(9, EmbeddingAttentionSettings(d=8, score=name)).eval()
    states = network(torch.tensor([[1, 2, 3, 4], [1, 2, 3, 8]]))
    # then they agree until then
    torch.testing.assert_close(states[0, :3], states[1, :3])
    assert not torch.allclose(states[0, 3], states[1, 3])


@pytest.mark.parametrize("name", SCORES)
def test_asking_once_is_asking_at_the_newest_event(name: str) -> None:
    # given a history of two events beside one of four, so that it is padded
    torch.manual_seed(0)
    network = EmbeddingAttentionNetwork(9, EmbeddingAttentionSettings(d=8, score=name)).eval()
    items = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0]])
    newest = network(items, newest=torch.tensor([3, 1]))
    torch.testing.assert_close(newest[:, 0], network(items)[torch.arange(2), torch.tensor([3, 1])])


@pytest.mark.parametrize("name", SCORES)
def test_a_circle_is_learned(name: str) -> None:
    settings = EmbeddingAttentionSettings(
        d=16, dropout=0.0, score=name, descent=Descent(passes=40, rate=2e-2)
    )
    events = sequences(cycles(500, n=12, length=6), n=12)
    scores = EmbeddingAttention.fit(events, settings).score(sequences([[0, 1, 2], [7]], n=12))
    assert scores.argmax(axis=1).tolist() == [3, 8]
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=1e-5)


def test_training_leaves_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    EmbeddingAttention.fit(sequences([[0, 1]], n=2))
    torch.testing.assert_close(torch.rand(3), expected)


def test_an_unknown_score_is_refused() -> None:
    with pytest.raises(KeyError, match="psychic"):
        EmbeddingAttentionNetwork(3, EmbeddingAttentionSettings(score="psychic"))

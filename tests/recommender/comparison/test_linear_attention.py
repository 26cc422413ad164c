"""Linear attention: shares of feedback, an interaction that keeps the shopper, a reachable loss."""

from __future__ import annotations

import math

import numpy as np
import torch

from recommender.comparison.descent import Descent
from recommender.comparison.linear_attention import (
    LinearAttention,
    LinearAttentionNetwork,
    LinearAttentionSettings,
    _binary_cross_entropy,
)
from recommender.comparison.windows import training_windows
from tests.recommender.synthetic import cycles, habits, sequences


def network(n: int = 4) -> LinearAttentionNetwork:
    torch.manual_seed(0)
    return LinearAttentionNetwork(n, LinearAttentionSettings(d=8)).eval()


def test_influence_fades_with_distance_and_reaches_no_later_event() -> None:
    # given events of weight 1, 4 and 2, and a past that fades by half an event
    influence = network().influence(torch.tensor([[1.0, 4.0, 2.0]]))
    # then row j holds g^(j-i) F_i
    expected = [[1.0, 0.0, 0.0], [0.5, 4.0, 0.0], [0.25, 2.0, 2.0]]
    torch.testing.assert_close(influence, torch.tensor([expected]))


def test_a_shopper_is_the_mean_of_vectors_by_shares_of_feedback() -> None:
    built = network()
    shopper = built.shopper(torch.tensor([[2, 3]]), torch.tensor([[[1.0, 3.0]]]))
    r = built.done.weight
    torch.testing.assert_close(shopper[0, 0], 0.25 * r[2] + 0.75 * r[3])


def test_shoppers_differ_where_the_early_formula_makes_them_one() -> None:
    # given softmax_i(a_u + b_u + c_i F_ui) for two shoppers with the same feedback
    c, feedback = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([1.0, 0.0, 2.0])
    early = [(a + b + c * feedback).softmax(dim=0) for a, b in ((0.3, 1.0), (-2.0, 5.0))]
    # then it answers both alike, whoever they are
    torch.testing.assert_close(early[0], early[1])
    # and the interaction p . q does not, for the same feedback on every candidate
    built = network()
    every = torch.arange(4)
    logits = built.logits(torch.randn(2, 8), torch.ones(2, 4), every)
    first, second = logits.softmax(dim=1)
    assert (first - second).abs().max() > 0.01


def test_a_circle_is_learned_more_surely_than_a_tangent_could_say() -> None:
    # given a circle that everybody walks
    events = sequences(cycles(500, n=12, length=6), n=12)
    settings = LinearAttentionSettings(d=16, dropout=0.0, descent=Descent(passes=40, rate=2e-2))
    model = LinearAttention.fit(events, settings)
    # then the next item leads
    scores = model.score(sequences([[0, 1, 2], [7]], n=12))
    assert scores.argmax(axis=1).tolist() == [3, 8]
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=1e-5)
    # and the loss is below the least that sigmoid(tanh(.)) reaches, 0.31 for every right answer
    least = -math.log(1 / (1 + math.exp(-1)))
    assert round(least, 2) == 0.31
    windows = training_windows(events, history=5)
    with torch.no_grad():
        assert _binary_cross_entropy(model.network, windows, torch.arange(12)) < least


def test_feedback_given_before_counts_where_shoppers_come_back() -> None:
    # given shoppers who buy favorites again and again
    model = LinearAttention.fit(sequences(habits(200, n=40, length=12), n=40))
    # when somebody bought 3 five times and 9 once
    scores = model.score(sequences([[3, 9, 3, 3, 3, 3]], n=40))[0]
    # then 3 leads
    assert scores.argmax() == 3
    assert (model.network.again > 0).float().mean() > 0.9


def test_padding_changes_nothing() -> None:
    model = LinearAttention(network(), history=4)
    both = model.score(sequences([[1], [0, 1, 2, 3]], n=4))
    np.testing.assert_allclose(both[0], model.score(sequences([[1]], n=4))[0], rtol=1e-6)

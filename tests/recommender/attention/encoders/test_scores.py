"""Scores of attention equal their formulas, written out for one query and one key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from recommender.attention.encoders.scores import Additive, Cosine, score_function

HEADS, WIDTH = 2, 4
Formula = Callable[[nn.Module, int, Tensor, Tensor], Tensor]


def cosine(score: nn.Module, head: int, q: Tensor, k: Tensor) -> Tensor:
    assert isinstance(score, Cosine)
    return (q @ k) / (q.norm() * k.norm()) * score.steepness[head, 0, 0].exp()


def additive(score: nn.Module, head: int, q: Tensor, k: Tensor) -> Tensor:
    assert isinstance(score, Additive)
    return score.direction[head, :, 0] @ (k + q + score.offset[head, 0]).tanh()


FORMULAS: dict[str, Formula] = {
    "dot": lambda score, head, q, k: q @ k,
    "scaled": lambda score, head, q, k: (q @ k) / 2,
    "cosine": cosine,
    "additive": additive,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_score_equals_its_formula(name: str) -> None:
    torch.manual_seed(0)
    score = score_function(name, heads=HEADS, width=WIDTH)
    for parameter in score.parameters():
        nn.init.normal_(parameter)
    q, k = torch.randn(3, HEADS, 5, WIDTH), torch.randn(3, HEADS, 6, WIDTH)
    scores = score(q, k)
    assert scores.shape == (3, HEADS, 5, 6)
    for row, head, asking, asked in ((0, 0, 0, 0), (2, 1, 4, 5), (1, 0, 3, 2)):
        wanted = FORMULAS[name](score, head, q[row, head, asking], k[row, head, asked])
        torch.testing.assert_close(scores[row, head, asking, asked], wanted)


@pytest.mark.parametrize("name", FORMULAS)
def test_after_the_softmax_the_query_still_decides(name: str) -> None:
    torch.manual_seed(1)
    score = score_function(name, heads=HEADS, width=WIDTH)
    q, k = torch.randn(1, HEADS, 2, WIDTH), torch.randn(1, HEADS, 3, WIDTH)
    odds = score(q, k).softmax(dim=-1)
    assert (odds[:, :, 0] - odds[:, :, 1]).abs().max() > 0.01


def test_the_steepness_of_cosines_is_bounded() -> None:
    score = Cosine(1)
    nn.init.constant_(score.steepness, 50.0)
    same = torch.ones(1, 1, 1, WIDTH)
    assert score(same, same).item() == pytest.approx(100.0)


def test_another_score_is_refused() -> None:
    with pytest.raises(ValueError, match="'bilinear' is not known"):
        score_function("bilinear", heads=1, width=2)

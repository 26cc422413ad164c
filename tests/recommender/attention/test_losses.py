"""The sampled loss against the plain formula, and its gradients."""

from __future__ import annotations

import math

import pytest
import torch

from recommender.attention.losses import accidental_hits, sampled_softmax
from recommender.attention.negatives import UniformNegatives


def plain(
    states: torch.Tensor, targets: torch.Tensor, negatives: torch.Tensor, table: torch.Tensor
) -> torch.Tensor:
    right = (states * table[targets]).sum(-1, keepdim=True)
    wrong = states @ table[negatives].T + math.log((len(table) - 1) / len(negatives))
    wrong = wrong.masked_fill(targets[:, None] == negatives[None], -1e9)
    return torch.logsumexp(torch.cat([right, wrong], 1), 1) - right[:, 0]


def example() -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    states = torch.randn(9, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    table = torch.randn(11, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(11, (9,), generator=generator)
    negatives = torch.randint(11, (20,), generator=generator)
    return states, targets, negatives, table


def test_value_and_gradients_equal_the_plain_formula() -> None:
    states, targets, negatives, table = example()
    weights = torch.rand(9, dtype=torch.float64)
    ours = sampled_softmax(states, targets, negatives, table, weights=weights)
    gradients = torch.autograd.grad(ours, [states, table])
    expected = (plain(states, targets, negatives, table) * weights).sum() / weights.sum()
    wanted = torch.autograd.grad(expected, [states, table])
    torch.testing.assert_close(ours, expected)
    torch.testing.assert_close(gradients, wanted)


def test_all_items_as_negatives_give_the_full_softmax() -> None:
    states, targets, _, table = example()
    ours = sampled_softmax(states, targets, torch.arange(11), table)
    # ten wrong items are left in each row, scaled by 10 / 11
    scores = states @ table.T + math.log(10 / 11)
    rows = torch.arange(9)
    scores[rows, targets] -= math.log(10 / 11)
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(scores, targets))


def test_accidental_hits_are_found() -> None:
    rows, columns = accidental_hits(torch.tensor([4, 7, 1]), torch.tensor([7, 2, 4, 7]))
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 2), (1, 0), (1, 3)]


def test_negatives_are_uniform_and_repeatable() -> None:
    source = UniformNegatives(10, 5000)
    assert source.count == 9
    drawn = torch.cat([source.draw(torch.Generator().manual_seed(i)) for i in range(2000)])
    assert drawn.bincount(minlength=10).float().div(len(drawn)).tolist() == pytest.approx(
        [0.1] * 10, abs=0.01
    )
    again = source.draw(torch.Generator().manual_seed(0))
    assert torch.equal(drawn[:9], again)

"""Each loss against its plain formula: value and gradients."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from recommender.attention.losses.binary import binary_cross_entropy, calibrating_power
from recommender.attention.losses.contrastive import TEMPERATURE, contrastive
from recommender.attention.losses.full_softmax import full_softmax
from recommender.attention.losses.next_item import NextItemLoss
from recommender.attention.losses.sampled_softmax import accidental_hits, sampled_softmax
from recommender.attention.losses.squared import squared_error
from recommender.attention.negatives import UniformNegatives
from recommender.attention.settings import LoopSettings

M, N, D = 9, 11, 5


def plain(
    states: torch.Tensor, targets: torch.Tensor, negatives: torch.Tensor, table: torch.Tensor
) -> torch.Tensor:
    right = (states * table[targets]).sum(-1, keepdim=True)
    wrong = states @ table[negatives].T + math.log((len(table) - 1) / len(negatives))
    wrong = wrong.masked_fill(targets[:, None] == negatives[None], -1e9)
    return torch.logsumexp(torch.cat([right, wrong], 1), 1) - right[:, 0]


def example() -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    states = torch.randn(M, D, generator=generator, dtype=torch.float64, requires_grad=True)
    table = torch.randn(N, D, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(N, (M,), generator=generator)
    negatives = torch.randint(N, (20,), generator=generator)
    return states, targets, negatives, table


def some_weights() -> torch.Tensor:
    return torch.rand(M, dtype=torch.float64, generator=torch.Generator().manual_seed(8))


def assert_same(ours: torch.Tensor, expected: torch.Tensor, *inputs: torch.Tensor) -> None:
    """Compare values and gradients."""
    torch.testing.assert_close(ours, expected)
    gradients = torch.autograd.grad(ours, inputs)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, inputs))


def test_the_sampled_softmax_equals_the_plain_formula() -> None:
    states, targets, negatives, table = example()
    weights = some_weights()
    ours = sampled_softmax(
        states, targets, negatives, lambda items: table[items], n=N, weights=weights
    )
    expected = (plain(states, targets, negatives, table) * weights).sum() / weights.sum()
    assert_same(ours, expected, states, table)


def test_all_items_as_negatives_give_the_full_softmax() -> None:
    states, targets, _, table = example()
    ours = sampled_softmax(states, targets, torch.arange(N), lambda items: table[items], n=N)
    # ten wrong items are left in each row, scaled by 10 / 11
    scores = states @ table.T + math.log(10 / 11)
    rows = torch.arange(M)
    scores[rows, targets] -= math.log(10 / 11)
    torch.testing.assert_close(ours, functional.cross_entropy(scores, targets))


def test_only_the_hardest_negatives_count() -> None:
    states, targets, negatives, table = example()
    ours = sampled_softmax(states, targets, negatives, lambda items: table[items], n=N, hardest=3)
    # given no item is drawn twice among the three best of a row but for equals, which all count
    scores = states @ table[negatives].T
    scores = scores.masked_fill(targets[:, None] == negatives[None], -1e9)
    floor = scores.topk(3, dim=1).values[:, -1:]
    kept = scores.masked_fill(scores < floor, -1e9) + math.log(10 / 20)
    right = (states * table[targets]).sum(-1, keepdim=True)
    expected = (torch.logsumexp(torch.cat([right, kept], 1), 1) - right[:, 0]).mean()
    assert_same(ours, expected, states, table)
    everything = sampled_softmax(states, targets, negatives, lambda items: table[items], n=N)
    assert ours < everything


@pytest.mark.parametrize("cells", [1, 3 * M, 4_000_000])
def test_the_full_softmax_equals_cross_entropy_in_any_chunks(cells: int) -> None:
    states, targets, _, table = example()
    weights = some_weights()
    ours = full_softmax(states, targets, table, weights=weights, cells=cells)
    losses = functional.cross_entropy(states @ table.T, targets, reduction="none")
    assert_same(ours, (losses * weights).sum() / weights.sum(), states, table)


def test_large_scores_do_not_overflow() -> None:
    states = torch.tensor([[200.0]])
    table = torch.tensor([[1.0], [0.5], [-1.0]])
    assert full_softmax(states, torch.tensor([0]), table, cells=1).item() == pytest.approx(0.0)
    assert full_softmax(states, torch.tensor([2]), table, cells=1).item() == pytest.approx(400.0)


@pytest.mark.parametrize("power", [1.0, 0.3])
@pytest.mark.parametrize("shared", [True, False])
def test_binary_losses_equal_the_plain_formula(power: float, shared: bool) -> None:
    states, targets, negatives, table = example()
    if not shared:
        negatives = torch.randint(N, (M, 20), generator=torch.Generator().manual_seed(5))
    weights = some_weights()
    ours = binary_cross_entropy(
        states, targets, negatives, lambda items: table[items], power=power, weights=weights
    )
    own = negatives.expand(M, 20)
    right = (states * table[targets]).sum(-1).sigmoid()
    wrong = torch.einsum("md,mkd->mk", states, table[own]).sigmoid()
    missed = torch.log(1 - wrong).masked_fill(own == targets[:, None], 0.0).sum(1)
    losses = -(torch.log(right**power) + missed) / 21
    assert_same(ours, (losses * weights).sum() / weights.sum(), states, table)


def test_the_power_goes_from_one_to_the_sampling_rate() -> None:
    assert calibrating_power(n=101, negatives=10, calibration=0.0) == pytest.approx(1.0)
    assert calibrating_power(n=101, negatives=10, calibration=1.0) == pytest.approx(0.1)
    # 0.1 (0.75 (1 - 10) + 10)
    assert calibrating_power(n=101, negatives=10, calibration=0.75) == pytest.approx(0.325)


def test_the_squared_error_equals_the_plain_formula() -> None:
    states, targets, negatives, table = example()
    weights = some_weights()
    ours = squared_error(
        states, targets, negatives, lambda items: table[items], doubt=0.7, weights=weights
    )
    right = (1 - (states * table[targets]).sum(-1)) ** 2
    wrong = ((states @ table[negatives].T) ** 2).mean(1)
    losses = right + 0.7 * wrong
    assert_same(ours, (losses * weights).sum() / weights.sum(), states, table)


def test_the_contrastive_loss_leaves_out_others_of_the_same_item() -> None:
    # given three pairs, of which the first and the last led to the same item
    generator = torch.Generator().manual_seed(1)
    first = torch.randn(3, D, generator=generator, dtype=torch.float64, requires_grad=True)
    second = torch.randn(3, D, generator=generator, dtype=torch.float64, requires_grad=True)
    ours = contrastive(first, second, torch.tensor([7, 2, 7]))
    a, b = functional.normalize(first, dim=1), functional.normalize(second, dim=1)

    def surprise(state: torch.Tensor, right: torch.Tensor, *wrong: torch.Tensor) -> torch.Tensor:
        scores = torch.stack([state @ other for other in (right, *wrong)]) / TEMPERATURE
        return torch.logsumexp(scores, 0) - scores[0]

    expected = (
        surprise(a[0], b[0], a[1], b[1])
        + surprise(a[1], b[1], a[0], a[2], b[0], b[2])
        + surprise(a[2], b[2], a[1], b[1])
        + surprise(b[0], a[0], a[1], b[1])
        + surprise(b[1], a[1], a[0], a[2], b[0], b[2])
        + surprise(b[2], a[2], a[1], b[1])
    ) / 6
    assert_same(ours, expected, first, second)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (LoopSettings(loss="full"), "full"),
        (LoopSettings(negatives=4), "sampled"),
        (LoopSettings(loss="mse", negatives=4, doubt=2.0), "mse"),
        (LoopSettings(loss="bce", negatives=4), "bce"),
        (LoopSettings(loss="gbce", negatives=4, calibration=1.0), "gbce"),
    ],
)
def test_the_named_loss_is_the_one_that_is_computed(chosen: LoopSettings, expected: str) -> None:
    states, targets, _, table = example()
    weights = some_weights()
    found = NextItemLoss(chosen, n=N)(
        states,
        targets,
        weights,
        vectors=lambda items: table if items is None else table[items],
        generator=torch.Generator().manual_seed(2),
    )
    negatives = UniformNegatives(N, 4).draw(torch.Generator().manual_seed(2))
    arguments = (states, targets, negatives, lambda items: table[items])
    losses = {
        "full": full_softmax(states, targets, table, weights=weights),
        "sampled": sampled_softmax(*arguments, n=N, weights=weights),
        "mse": squared_error(*arguments, doubt=2.0, weights=weights),
        "bce": binary_cross_entropy(*arguments, weights=weights),
        "gbce": binary_cross_entropy(*arguments, power=0.4, weights=weights),
    }
    torch.testing.assert_close(found, losses[expected])


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
    own = source.draw(torch.Generator().manual_seed(0), rows=3)
    assert own.shape == (3, 9)
    assert not torch.equal(own[0], own[1])

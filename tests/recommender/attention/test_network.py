"""Shapes, causality and inputs of the network."""

from __future__ import annotations

import pytest
import torch

from recommender.attention.dropout import ByteDropout
from recommender.attention.network import (
    TIME_BUCKETS,
    NetworkConfig,
    RecallNetwork,
    preset,
    time_bucket,
)


def network(*, timed: bool = True, seed: int = 0) -> RecallNetwork:
    torch.manual_seed(seed)
    made = RecallNetwork(NetworkConfig(n=30, d=16, history=12, timed=timed))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made.eval()


def inputs(length: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    items = torch.arange(2 * length).view(2, length) % 30
    ages = torch.arange(length, 0, -1).float().expand(2, length) * 3600 - 3600
    return items, ages, torch.tensor([length, length])


@pytest.mark.parametrize("length", [1, 2, 12])
def test_a_state_follows_every_event(length: int) -> None:
    items, ages, lengths = inputs(length)
    assert network()(items, ages, lengths).shape == (2, length, 16)
    assert network().last_states(items, ages, lengths).shape == (2, 16)


def test_a_later_item_does_not_change_earlier_states() -> None:
    items, ages, lengths = inputs()
    before = network()(items, ages, lengths)
    items[:, 4] = 29
    after = network()(items, ages, lengths)
    torch.testing.assert_close(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_padding_does_not_change_the_last_state() -> None:
    items, ages, lengths = inputs(4)
    alone = network().last_states(items, ages, lengths)
    padded = torch.cat([items, torch.full((2, 3), 7)], dim=1)
    padded_ages = torch.cat([ages, torch.zeros(2, 3)], dim=1)
    together = network().last_states(padded, padded_ages, lengths)
    torch.testing.assert_close(alone, together)


def test_time_gaps_matter_only_with_a_clock() -> None:
    items, ages, lengths = inputs()
    timed, timeless = network(), network(timed=False)
    assert not torch.allclose(timed(items, ages, lengths), timed(items, ages * 50, lengths))
    torch.testing.assert_close(timeless(items, ages, lengths), timeless(items, ages * 50, lengths))
    assert timed.config.inputs == ("product", "position", "gap")
    assert timeless.config.inputs == ("product", "position")


def test_order_matters() -> None:
    items, ages, lengths = inputs()
    swapped = items[:, [1, 0, 2, 3, 4, 5]]
    first = network().last_states(items, ages, lengths)
    second = network().last_states(swapped, ages, lengths)
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("timed", [True, False])
def test_the_newest_state_alone_is_the_same(timed: bool) -> None:
    items, ages, lengths = inputs()
    made = network(timed=timed)
    alone = made.encoder(made.table(items), ages, newest=True)
    torch.testing.assert_close(alone, made(items, ages, lengths)[:, -1:])


def test_time_buckets_double() -> None:
    seconds = torch.tensor([-5.0, 0.0, 1.0, 2.9, 3.0, 86_400.0, 1e12])
    assert time_bucket(seconds).tolist() == [0, 0, 1, 1, 2, 16, TIME_BUCKETS - 1]


def test_presets_grow_and_others_are_refused() -> None:
    widths = [preset(name, n=5, dropout=0.1, timed=True).d for name in ("small", "base", "large")]
    assert widths == [64, 128, 256]
    with pytest.raises(ValueError, match="not one of"):
        preset("huge", n=5, dropout=0.1, timed=True)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop, ones = ByteDropout(0.25), torch.ones(1001, 100)
    dropped = drop(ones)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(drop.eval()(ones), ones)
    with pytest.raises(ValueError, match="below 1"):
        ByteDropout(1.0)

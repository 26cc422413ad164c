"""Segments: an event sees its own and the one before, whose states take no gradient."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from recommender.attention.config import NetworkConfig
from recommender.attention.network import RecallNetwork
from tests.recommender.attention.variants import N, events


def network(layers: int, *, segments: int = 3) -> RecallNetwork:
    torch.manual_seed(0)
    config = NetworkConfig(n=N, d=16, history=4, segments=segments, layers=layers)
    made = RecallNetwork(config)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made.eval()


def seen_by_last(made: RecallNetwork) -> list[bool]:
    """Return for each of twelve events whether the last state depends on its product."""
    given = events(12, rows=1)
    state = made.last_states(given)
    found = []
    for place in range(12):
        changed = given.items.clone()
        changed[:, place] = (changed[:, place] + 1) % N
        found.append(not torch.equal(state, made.last_states(given._replace(items=changed))))
    return found


def test_one_layer_sees_two_segments_and_another_layer_one_more() -> None:
    assert seen_by_last(network(1)) == [False] * 4 + [True] * 8
    assert seen_by_last(network(2)) == [True] * 12


def test_no_gradient_reaches_the_segment_before() -> None:
    made = network(1)
    given = events(8, rows=1)
    vectors = made.vectors(given.items).detach().requires_grad_()
    states: Tensor = made.encoder(vectors, given.ages, given.lengths)
    (gradient,) = torch.autograd.grad(states[0, 6].sum(), vectors)
    assert (gradient[0] != 0).any(dim=1).tolist() == [False] * 4 + [True] * 3 + [False]


def test_a_history_of_one_segment_is_read_as_without_segments() -> None:
    made = network(2)
    plain = RecallNetwork(replace(made.config, segments=1)).eval()
    for name, weight in plain.state_dict().items():
        weight.copy_(made.state_dict()[name][: len(weight)])
    torch.testing.assert_close(plain(events(4)), made(events(4)))

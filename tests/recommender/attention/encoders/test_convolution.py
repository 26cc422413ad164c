"""How far the convolutional network looks back."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.encoders.convolution import Convolutional
from recommender.attention.network import RecallNetwork
from tests.recommender.attention.variants import N, events

CONFIG = NetworkConfig(n=N, d=16, history=12, encoder="cnn", timed=False)


def test_dilations_double_while_a_kernel_fits_the_history() -> None:
    body = Convolutional(replace(CONFIG, layers=2))
    assert [block.dilations for block in body.blocks] == [(1, 2), (4, 1)]


@pytest.mark.parametrize(("layers", "seen"), [(1, 7), (2, 12)])
def test_the_last_state_sees_what_its_kernels_reach(layers: int, seen: int) -> None:
    # given kernels of three events, apart by 1 and 2, then by 4 and 1
    torch.manual_seed(0)
    made = RecallNetwork(replace(CONFIG, layers=layers))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    given = events(12, rows=1)
    state = made.eval().last_states(given)
    # when the product of one event changes
    found = []
    for place in range(12):
        changed = given.items.clone()
        changed[:, place] = (changed[:, place] + 1) % N
        found.append(not torch.equal(state, made.last_states(given._replace(items=changed))))
    # then the last state knows of it only within reach
    assert found == [False] * (12 - seen) + [True] * seen

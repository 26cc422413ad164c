"""The frequency branch: slow and quick parts of what was seen so far."""

from __future__ import annotations

import pytest
import torch

from recommender.attention.encoders.frequency import Frequency


def test_the_slow_part_is_the_mean_of_the_newest_events() -> None:
    branch = Frequency(1, 3)
    torch.nn.init.zeros_(branch.beta)
    slow = branch(torch.tensor([[[6.0], [0.0], [3.0], [9.0]]]))
    assert slow[0, :, 0].tolist() == pytest.approx([6.0, 3.0, 3.0, 4.0])


def test_it_begins_by_passing_everything_and_weighs_the_quick_part_by_feature() -> None:
    branch, x = Frequency(2, 5), torch.randn(2, 7, 2)
    torch.testing.assert_close(branch(x), x)
    branch.beta.data = torch.tensor([1.0, 2.0])
    low = Frequency(2, 5)
    torch.nn.init.zeros_(low.beta)
    torch.testing.assert_close(branch(x)[..., 0], x[..., 0])
    torch.testing.assert_close(branch(x)[..., 1], (4 * x - 3 * low(x))[..., 1])

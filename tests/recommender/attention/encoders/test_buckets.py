"""Buckets of elapsed time, and the gradient of what is looked up by them."""

from __future__ import annotations

import pytest
import torch

from recommender.attention.encoders.buckets import TIME_BUCKETS, bucket_bias, time_bucket


def test_time_buckets_double() -> None:
    seconds = torch.tensor([-5.0, 0.0, 1.0, 2.9, 3.0, 86_400.0, 1e12])
    assert time_bucket(seconds).tolist() == [0, 0, 1, 1, 2, 16, TIME_BUCKETS - 1]
    assert time_bucket(seconds, 4).tolist() == [0, 0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("heads", [1, 3])
def test_the_bias_of_buckets_is_that_of_an_embedding(heads: int) -> None:
    # given
    torch.manual_seed(0)
    table = torch.randn(6, heads, requires_grad=True)
    buckets = torch.randint(5, (2, 4, 7))  # the last row is never looked up
    pull = torch.randn(2, heads, 4, 7)
    # when
    found = bucket_bias(table, buckets)
    (gradient,) = torch.autograd.grad((found * pull).sum(), table)
    # then
    expected = torch.nn.functional.embedding(buckets, table).permute(0, 3, 1, 2)
    assert torch.equal(found, expected)
    (wanted,) = torch.autograd.grad((expected * pull).sum(), table)
    torch.testing.assert_close(gradient, wanted)
    assert gradient[5].tolist() == [0.0] * heads

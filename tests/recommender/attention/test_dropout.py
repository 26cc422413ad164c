"""Dropout by bytes drops its share and keeps the mean."""

from __future__ import annotations

import pytest
import torch

from recommender.attention.dropout import ByteDropout


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop, ones = ByteDropout(0.25), torch.ones(1001, 100)
    dropped = drop(ones)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)
    assert torch.equal(drop.eval()(ones), ones)
    with pytest.raises(ValueError, match="below 1"):
        ByteDropout(1.0)

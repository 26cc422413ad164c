"""Spans that end, gates that shut."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recommender.attention.encoders.reach import SPAN_COST, AdaptiveSpan, HeadGate
from tests.recommender.attention.variants import events, network


def test_odds_beyond_the_span_fall_to_nothing_over_a_ramp() -> None:
    # given two heads that could look 8 events back: one looks at none, one at all
    span = AdaptiveSpan(2, 8)
    span.span.data = torch.tensor([-50.0, 50.0])
    distance = torch.arange(4)[None]  # the ramp is 2 events long
    # when
    odds = span(torch.full((1, 2, 1, 4), 0.25), distance)
    # then
    assert odds[0, 0, 0].tolist() == pytest.approx([2 / 3, 1 / 3, 0.0, 0.0])
    assert odds[0, 1, 0].tolist() == pytest.approx([0.25] * 4)


def test_spans_begin_at_one_half_and_cost_their_share() -> None:
    span = AdaptiveSpan(2, 8)
    assert span.cost().item() == pytest.approx(SPAN_COST / 2)
    made = network("span")
    spans = [weight for name, weight in made.named_parameters() if name.endswith("span")]
    mean = torch.stack(spans).sigmoid().mean()
    assert made.penalty().item() == pytest.approx(SPAN_COST * mean.item())


def test_the_cost_pulls_spans_in() -> None:
    span = AdaptiveSpan(1, 8)
    span.cost().backward()
    assert span.span.grad is not None
    assert span.span.grad.item() > 0


def test_a_gate_begins_half_open_and_is_set_by_the_event_that_asks() -> None:
    gate, mixed = HeadGate(4, 2), torch.ones(1, 2, 3, 5)
    asking = torch.zeros(1, 3, 4)
    assert torch.equal(gate(mixed, asking), mixed / 2)
    nn.init.ones_(gate.gate.weight)
    asking[0, 1] = 50.0
    opened = gate(mixed, asking)
    assert torch.equal(opened[:, :, 1], mixed[:, :, 1])
    assert torch.equal(opened[:, :, 2], mixed[:, :, 2] / 2)


def test_a_head_with_a_short_span_does_not_see_far_events() -> None:
    # given spans of nothing, so that only the ramp of three events is left
    made = network("span")
    for name, weight in made.named_parameters():
        if name.endswith("span"):
            weight.data.fill_(-50.0)
    given = events(12)
    changed = given.items.clone()
    changed[:, 0] = (changed[:, 0] + 1) % 30
    # when the oldest event changes, then two layers of two events each do not carry it to the last
    before, after = made(given), made(given._replace(items=changed))
    torch.testing.assert_close(before[:, 5:], after[:, 5:])
    assert not torch.allclose(before[:, 2], after[:, 2])

"""Shapes, causality and inputs of networks of every kind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.content.features import ProductContent
from recommender.attention.content.shape import ContentShape
from recommender.attention.network import RecallNetwork
from tests.recommender.attention.variants import (
    BOTH_WAYS,
    CAUSAL,
    HISTORY,
    KINDS,
    VARIANTS,
    N,
    events,
    network,
    padded,
)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("length", [1, 2, HISTORY])
def test_a_state_follows_every_event(name: str, length: int) -> None:
    assert network(name)(events(length)).shape == (2, length, 16)
    assert network(name).last_states(events(length)).shape == (2, 16)


@pytest.mark.parametrize("name", CAUSAL)
def test_a_later_event_does_not_change_earlier_states(name: str) -> None:
    given = events(HISTORY)
    changed = given.items.clone()
    changed[:, 6] = (changed[:, 6] + 1) % N
    before = network(name)(given)
    after = network(name)(given._replace(items=changed))
    torch.testing.assert_close(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6], after[:, 6])


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_a_later_event_changes_earlier_states_of_an_encoder_that_looks_both_ways(name: str) -> None:
    given = events(HISTORY)
    changed = given.items.clone()
    changed[:, 6] = (changed[:, 6] + 1) % N
    before = network(name)(given)
    after = network(name)(given._replace(items=changed))
    assert not torch.allclose(before[:, 5], after[:, 5])


@pytest.mark.parametrize("name", VARIANTS)
def test_padding_does_not_change_the_last_state(name: str) -> None:
    given = events(5)
    alone = network(name).last_states(given)
    together = network(name).last_states(padded(given, 4))
    torch.testing.assert_close(alone, together)


@pytest.mark.parametrize("name", VARIANTS)
def test_order_matters(name: str) -> None:
    given = events(6)
    swapped = given._replace(items=given.items[:, [1, 0, 2, 3, 4, 5]])
    first, second = network(name).last_states(given), network(name).last_states(swapped)
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_answer_of_the_encoder_is_the_last_state(name: str) -> None:
    made, given = network(name), events(HISTORY)
    read = {
        "kinds": given.kinds,
        "dwell": given.dwell,
        "bands": None if made.bands is None else made.bands[given.items],
    }
    answer = made.encoder.answer(made.vectors(given.items), given.ages, **read)
    torch.testing.assert_close(answer, made.last_states(given))


@pytest.mark.parametrize("name", VARIANTS)
def test_every_weight_learns_in_half_precision(name: str) -> None:
    made, given = network(name).train(), events(HISTORY)
    if name in BOTH_WAYS:
        given = given._replace(items=given.items.clone().index_fill(1, torch.tensor([3]), N))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = made(given)
    # when
    loss = (states.float() * torch.linspace(-1, 1, 16)).square().sum() + made.penalty()
    loss.backward()
    # then
    missing = {name for name, weight in made.named_parameters() if weight.grad is None}
    assert missing == set()
    assert all(bool(weight.grad.isfinite().all()) for weight in made.parameters())


def test_time_gaps_matter_only_with_a_clock() -> None:
    given = events(6)
    later = given._replace(ages=given.ages * 50)
    timed, timeless = network(), network("without a clock")
    assert not torch.allclose(timed(given), timed(later))
    torch.testing.assert_close(timeless(given), timeless(later))


@pytest.mark.parametrize("name", ["every input", "cnn, every input", "bidirectional, every input"])
def test_kind_dwell_and_price_matter_to_an_encoder_that_reads_them(name: str) -> None:
    made, given = network(name), events(6)
    assert given.kinds is not None
    assert given.dwell is not None
    assert made.bands is not None
    state = made.last_states(given)
    assert not torch.allclose(
        state, made.last_states(given._replace(kinds=KINDS - 1 - given.kinds))
    )
    assert not torch.allclose(state, made.last_states(given._replace(dwell=given.dwell + 900)))
    made.bands.copy_(3 - made.bands)
    assert not torch.allclose(state, made.last_states(given))


@pytest.mark.parametrize("missing", ["kinds", "dwell", "bands"])
def test_an_input_that_is_read_must_be_there(missing: str) -> None:
    made, given = network("every input"), events(6)
    if missing == "bands":
        made.bands = None
    else:
        given = given._replace(**{missing: None})
    with pytest.raises(ValueError, match=f"reads {missing}; none were given"):
        made(given)


def test_more_events_than_are_read_are_refused() -> None:
    with pytest.raises(ValueError, match="13 events are more than the 12"):
        network()(events(HISTORY + 1))


def test_price_bands_must_fit() -> None:
    config = NetworkConfig(n=3, d=16, bands=2)
    for bands in ([0, 1], [0, 1, 2]):
        with pytest.raises(ValueError, match="do not fit 3 items in 2 bands"):
            RecallNetwork(config, bands=torch.tensor(bands))


def test_a_masked_event_says_where_and_when_it_was_but_not_what() -> None:
    # given a row whose fourth event is masked
    made, given = network("bidirectional, every input"), events(6)
    given = given._replace(items=given.items.clone().index_fill(1, torch.tensor([3]), N))
    assert given.kinds is not None
    assert given.dwell is not None
    state = made(given)
    # when its kind and dwell change
    kinds, dwell = given.kinds.clone(), given.dwell.clone()
    kinds[:, 3], dwell[:, 3] = KINDS - 1 - kinds[:, 3], 9000.0
    # then nothing changes, but another moment or another event does change the guess
    assert torch.equal(state, made(given._replace(kinds=kinds, dwell=dwell)))
    ages, items = given.ages.clone(), given.items.clone()
    ages[:, 3] = ages[:, 2]
    assert not torch.allclose(state[:, 3], made(given._replace(ages=ages))[:, 3])
    items[:, 5] = (items[:, 5] + 1) % N
    assert not torch.allclose(state[:, 3], made(given._replace(items=items))[:, 3])


def test_a_causal_transformer_adopts_what_a_bidirectional_one_learned() -> None:
    teacher, made = network("bidirectional", seed=1), network(seed=2)
    assert made.adopt(teacher) == ()
    for name, weight in made.named_parameters():
        assert torch.equal(weight, teacher.state_dict()[name]), name
    # and the other way round, what only the bidirectional one has stays as it was
    left = network("bidirectional", seed=3).adopt(network(seed=4))
    assert left == (
        "encoder.read.mask",
        "encoder.body.blocks.0.attention.later_bias.weight",
        "encoder.body.blocks.1.attention.later_bias.weight",
    )


def content(n: int) -> ProductContent:
    return ProductContent(
        indptr=np.arange(n + 1, dtype=np.int64),
        indices=np.arange(n, dtype=np.int32) % 4,
        data=np.ones(n, dtype=np.float32),
        buckets=4,
        dense=np.zeros((n, 0), dtype=np.float32),
    )


def test_attributes_are_added_to_the_rows_of_products() -> None:
    # given a tower whose first attribute says 2 in every feature
    features = content(N)
    shape = ContentShape.of(features, id_dropout=0.5)
    made = RecallNetwork(NetworkConfig(n=N, d=16, content=shape), content=features).eval()
    assert made.tower is not None
    made.tower.table.data[0] = 2.0
    # when
    vectors = made.vectors().detach()
    # then
    rows = made.table.weight.detach()
    torch.testing.assert_close(vectors[0::4], rows[0::4] + 2.0)
    assert torch.equal(vectors[1::4], rows[1::4])
    assert torch.equal(made.vectors(torch.tensor([[8, 9]]))[0], vectors[[8, 9]])


def test_a_step_of_training_draws_anew_which_products_lose_their_row() -> None:
    features = content(N)
    shape = ContentShape.of(features, id_dropout=0.5)
    made = RecallNetwork(NetworkConfig(n=N, d=16, content=shape), content=features).train()
    made(events(6))
    first = made.vectors().detach()
    assert torch.equal(first, made.vectors())
    made(events(6))
    assert not torch.equal(first, made.vectors())
    lost = (first == 0).all(dim=1)
    assert 0 < int(lost.sum()) < N
    assert torch.equal(first[~lost], made.table.weight[~lost])


def test_content_must_cover_the_catalog() -> None:
    features = content(5)
    config = NetworkConfig(n=6, content=ContentShape.of(features))
    with pytest.raises(ValueError, match="Content of 5 products does not fit 6 items"):
        RecallNetwork(config, content=features)


def test_the_penalty_is_nothing_without_spans() -> None:
    assert network().penalty().item() == 0.0
    assert network("gru").penalty().item() == 0.0

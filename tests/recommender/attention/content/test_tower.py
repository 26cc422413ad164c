"""The content tower: what attributes add to a product's vector, and when they stand alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recommender.attention.config import NetworkConfig
from recommender.attention.content.features import ProductContent
from recommender.attention.content.shape import ContentShape
from recommender.attention.content.tower import ContentTower
from recommender.attention.network import RecallNetwork


def content() -> ProductContent:
    """Four products: two attributes, one, none, and two again; a dense feature each."""
    return ProductContent(
        indptr=np.array([0, 2, 3, 3, 5]),
        indices=np.array([0, 1, 1, 2, 3], dtype=np.int32),
        data=np.array([1.0, -1.0, 1.0, 0.5, 0.5], dtype=np.float32),
        buckets=4,
        dense=np.array([[1.0], [0.0], [2.0], [0.0]], dtype=np.float32),
    )


def tower(*, id_dropout: float = 0.5) -> ContentTower:
    torch.manual_seed(0)
    made = ContentTower(ContentShape.of(content(), id_dropout=id_dropout), 3, content())
    torch.nn.init.normal_(made.table)
    assert made.map is not None
    torch.nn.init.normal_(made.map.weight)
    return made


def dense_answer(made: ContentTower) -> torch.Tensor:
    """The same by one matrix product over the whole catalog."""
    assert made.map is not None
    features = torch.tensor(
        [[1.0, -1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0] * 4, [0.0, 0.0, 0.5, 0.5]]
    )
    return features @ made.table + torch.from_numpy(content().dense) @ made.map.weight.T


def test_it_answers_as_a_matrix_product_does() -> None:
    made = tower()
    items = torch.tensor([[3, 0, 2], [0, 1, 0]])

    assert torch.allclose(made(items), dense_answer(made)[items], atol=1e-6)


def test_its_gradients_are_those_of_a_matrix_product() -> None:
    made, other = tower(), tower()
    items = torch.tensor([0, 3, 0, 2])

    (made(items) ** 3).sum().backward()
    (dense_answer(other)[items] ** 3).sum().backward()

    for own, expected in zip(made.parameters(), other.parameters(), strict=True):
        assert own.grad is not None
        assert expected.grad is not None
        assert torch.allclose(own.grad, expected.grad, atol=1e-5)


def test_no_items_have_no_vectors() -> None:
    assert tower()(torch.zeros((0, 5), dtype=torch.int64)).shape == (0, 5, 3)


def test_a_new_tower_adds_nothing_and_learns_from_the_first_step() -> None:
    made = ContentTower(ContentShape.of(content()), 3, content())

    answer = made(torch.arange(4))
    answer.sum().backward()

    assert answer.abs().sum() == 0
    assert made.table.grad is not None
    assert made.table.grad.abs().sum(dim=1).tolist() == [3.0, 0.0, 1.5, 1.5]


def test_in_training_a_product_keeps_its_row_or_not_for_the_whole_step() -> None:
    made = tower()
    rows, items = torch.ones(4, 3), torch.arange(4)
    own = []
    for seed in range(200):
        torch.manual_seed(seed)
        made.redraw()
        first = made.placed(rows, items) - made(items)
        assert torch.equal(made.placed(rows, items) - made(items), first)
        own.append(first[:, 0])

    shares = torch.stack(own).round().mean(dim=0)
    assert set(torch.stack(own).round().flatten().tolist()) == {0.0, 1.0}
    assert ((shares > 0.35) & (shares < 0.65)).all()


def test_the_seed_of_the_step_decides_which_rows_are_left_out() -> None:
    made = tower()
    torch.manual_seed(7)
    made.redraw()
    first = made.kept.clone()
    made.redraw()

    torch.manual_seed(7)
    made.redraw()

    assert torch.equal(made.kept, first)


def test_outside_training_every_product_keeps_its_row() -> None:
    made = tower(id_dropout=1.0)
    made.redraw()
    made.eval()
    rows, items = torch.ones(4, 3), torch.arange(4)

    assert torch.allclose(made.placed(rows, items), made(items) + 1)


def test_a_product_that_was_never_seen_is_placed_by_its_attributes_alone() -> None:
    config = NetworkConfig(n=4, d=4, history=5, content=ContentShape.of(content()))
    network = RecallNetwork(config, content=content()).eval()
    assert network.tower is not None
    torch.nn.init.normal_(network.tower.table)
    before = network.vectors().detach().clone()

    network.place_by_content(torch.tensor([1, 3]))

    answers = network.tower(torch.arange(4))
    assert torch.equal(network.vectors()[[1, 3]], answers[[1, 3]])
    assert torch.equal(network.vectors()[[0, 2]], before[[0, 2]])


def test_without_a_tower_every_product_keeps_its_row() -> None:
    network = RecallNetwork(NetworkConfig(n=4, d=4, history=5))
    before = network.vectors().detach().clone()

    network.place_by_content(torch.tensor([1, 3]))

    assert torch.equal(network.vectors(), before)


def test_features_are_no_part_of_its_weights() -> None:
    assert set(tower().state_dict()) == {"table", "map.weight"}


def test_a_catalog_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="does not have the shape"):
        ContentTower(ContentShape(buckets=8, dense=1), 3, content())


def test_without_a_catalog_weights_can_be_kept_but_nothing_be_placed() -> None:
    made = ContentTower(ContentShape.of(content()), 3)

    assert made.table.shape == (4, 3)
    with pytest.raises(ValueError, match="given no content"):
        made(torch.tensor([0]))

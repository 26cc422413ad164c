"""The graph that multiplies a query with all products, written without the package onnx."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.serving.encoder import open_session
from recommender.serving.product_graph import QUERY, SCORES, ZERO, product_graph


@pytest.mark.parametrize(("d", "n"), [(1, 1), (3, 200), (64, 5_000)])
def test_it_is_the_exact_product_of_integers(d: int, n: int) -> None:
    draw = np.random.default_rng(d)
    codes = draw.integers(0, 256, size=(d, n), dtype=np.uint8)
    query = draw.integers(0, 256, size=(1, d), dtype=np.uint8)
    (scores,) = open_session(product_graph(codes)).run([SCORES], {QUERY: query})
    exact = (query.astype(np.int64) - ZERO) @ (codes.astype(np.int64) - ZERO)
    assert scores.dtype == np.int32
    assert scores.tolist() == exact.tolist()


def test_the_largest_bytes_do_not_saturate() -> None:
    codes = np.full((64, 7), 255, dtype=np.uint8)
    query = np.full((1, 64), 255, dtype=np.uint8)
    (scores,) = open_session(product_graph(codes)).run([SCORES], {QUERY: query})
    assert scores.tolist() == [[64 * 127 * 127] * 7]


def test_onnx_itself_accepts_it() -> None:
    onnx = pytest.importorskip("onnx", reason="the extra train is not installed")
    model = onnx.load_model_from_string(product_graph(np.zeros((4, 300), dtype=np.uint8)))
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["MatMulInteger"]

"""Kinds, dwell and price bands on their way from a history to the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from scipy import sparse

from recommender.serving.folder import FolderError, check_answers, load
from recommender.serving.format import Weights
from recommender.training.publish import RawHistory, write_folder
from tests.recommender.synthetic import meta

N = 4
BANDS = np.array([0, 1, 2, 3], dtype=np.uint8)


def adding_graph(path: Path) -> Path:
    """Write an encoder whose state is ``sum_t (kind + dwell + band) * vector``."""
    rows = {"vectors": TensorProto.FLOAT, "ages": TensorProto.FLOAT}
    rows |= {"kinds": TensorProto.INT64, "dwell": TensorProto.FLOAT, "bands": TensorProto.INT64}
    shapes = {name: ["B", "T"] for name in rows} | {"vectors": ["B", "T", N]}
    nodes = [
        helper.make_node("Cast", ["kinds"], ["k"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["bands"], ["b"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["ages", "zero"], ["nothing"]),
        helper.make_node("Sum", ["k", "dwell", "b", "nothing"], ["sum"]),
        helper.make_node("Unsqueeze", ["sum", "last"], ["weight"]),
        helper.make_node("Mul", ["weight", "vectors"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "time"], ["state"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "adding",
        [helper.make_tensor_value_info(name, kind, shapes[name]) for name, kind in rows.items()],
        [helper.make_tensor_value_info("state", TensorProto.FLOAT, ["B", N])],
        [
            helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0]),
            helper.make_tensor("last", TensorProto.INT64, [1], [2]),
            helper.make_tensor("time", TensorProto.INT64, [1], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


def write(folder: Path, *, bands: np.ndarray | None = BANDS) -> Path:
    inputs = ("product", "position", "gap", "kind", "dwell", "band")
    weights = Weights(1.0, 0.0, 0.0, 0.0)
    write_folder(
        folder / "model",
        meta=meta(n=N, d=N, inputs=inputs, kinds=10, history=2, weights=weights),
        products=np.arange(N),
        popularity=np.full(N, 0.25, dtype=np.float32),
        transitions=sparse.csr_matrix((N, N), dtype=np.float32),
        vectors=np.eye(N, dtype=np.float32),
        encoder=adding_graph(folder / "encoder.onnx"),
        histories=[RawHistory(np.array([1]), np.array([9.0]), np.array([3]), np.array([0.5]))],
        bands=bands,
    )
    return folder / "model"


def odds(state: list[float]) -> np.ndarray:
    powers = np.exp(np.array(state))
    return powers / powers.sum()


def test_the_graph_is_told_what_was_done_how_long_and_at_what_price(tmp_path: Path) -> None:
    published = load(write(tmp_path))
    # given a history longer than the encoder reads, with a kind that the model does not know
    ranked = published.rank(
        [3, 1, 2], [30.0, 20.0, 10.0], k=N, kinds=[9, 2, 12], dwell=[9.0, 0.25, 0.5]
    )
    # then product 1 is read with 2 + 0.25 + band 1, and product 2 with 0 + 0.5 + band 2
    expected = odds([0.0, 3.25, 2.5, 0.0])
    assert ranked.items[:2].tolist() == [1, 2]
    np.testing.assert_allclose(ranked.parts[:2, 0], expected[[1, 2]], rtol=1e-5)
    # and where nothing is known of the events, the bands alone are
    plain = published.rank([1, 2], [20.0, 10.0], k=N)
    np.testing.assert_allclose(plain.parts[:2, 0], odds([0, 1, 2, 0])[[2, 1]], rtol=1e-5)


def test_dwell_takes_places_in_a_history_so_more_of_it_is_asked_for(tmp_path: Path) -> None:
    published = load(write(tmp_path))
    assert published.history_limit == 2 * published.meta.transition_history == 20


def test_the_self_test_repeats_kinds_and_dwell(tmp_path: Path) -> None:
    published = load(write(tmp_path))
    (case,) = published.meta.self_test
    assert (case["kinds"], case["dwell"]) == ([3], [0.5])
    np.testing.assert_allclose(case["scores"][0], odds([0, 4.5, 0, 0])[1], rtol=1e-5)
    check_answers(published)
    case["kinds"] = [1]
    with pytest.raises(FolderError, match="Self-test 0"):
        check_answers(published)


def test_a_folder_without_the_bands_its_graph_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"lists no hash of bands\.npy"):
        write(tmp_path, bands=None)
    assert not (tmp_path / "model").exists()


def test_altered_bands_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path)
    np.save(folder / "bands.npy", BANDS[::-1].copy())
    with pytest.raises(FolderError, match=r"bands\.npy in model is not the file"):
        load(folder)
    np.save(folder / "bands.npy", BANDS[:3])
    with pytest.raises(FolderError, match=r"must be uint8\[4\]"):
        load(folder, verify=False)

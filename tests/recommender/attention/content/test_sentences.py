"""A sentence encoder in a local folder: read as it is laid out, refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from recommender.attention.content.sentences import (
    SentenceEncoder,
    SentenceEncoderError,
    sentence_features,
)

PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "tea", "pot", "hose")
TABLE = np.array(
    [[9, 9], [0, 0], [1, 0], [0, 0], [3, 0], [0, 4], [5, 5]], dtype=np.float32
)  # a vector for each piece; that of the padding must never count


def encoder(folder: Path, *, more_inputs: tuple[str, ...] = ()) -> Path:
    """Write an encoder that looks its states up in `TABLE`."""
    names = ("input_ids", "attention_mask", *more_inputs)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "table",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "t"]) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "t", 2])],
        [numpy_helper.from_array(TABLE, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    return folder


def test_the_mean_of_the_pieces_has_length_one_and_padding_does_not_count(tmp_path: Path) -> None:
    found = SentenceEncoder(encoder(tmp_path)).encode(["tea pot", "tea", ""])

    assert found[0] == pytest.approx([4 / 32**0.5, 4 / 32**0.5])
    assert found[1:].tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_the_first_piece_speaks_where_the_folder_says_so(tmp_path: Path) -> None:
    folder = encoder(tmp_path)
    (folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))

    assert SentenceEncoder(folder).encode(["pot pot"]).tolist() == [[1.0, 0.0]]


def test_vectors_made_before_are_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = encoder(tmp_path / "encoder"), tmp_path / "kept"
    first = sentence_features(["tea", "pot"], folder, kept=kept)
    asked: list[str] = []
    encode = SentenceEncoder.encode

    def noted(self: SentenceEncoder, texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(SentenceEncoder, "encode", noted)

    again = sentence_features(["pot", "hose", "tea", "hose"], folder, kept=kept)

    assert asked == ["hose"]
    assert np.array_equal(again[[2, 0]], first)
    assert np.array_equal(again[1], again[3])


def test_another_encoder_does_not_read_the_vectors_of_the_first(tmp_path: Path) -> None:
    folder, kept = encoder(tmp_path / "encoder"), tmp_path / "kept"
    sentence_features(["tea"], folder, kept=kept)
    (folder / "vocab.txt").write_text("\n".join([*PIECES, "more"]))

    sentence_features(["tea"], folder, kept=kept)

    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vocab.txt", None, "word pieces"),
        ("model.onnx", None, "neither"),
        ("model.onnx", "no graph", "cannot be opened"),
        ("vocab.txt", "tea", "cannot be opened"),
        ("modules.json", '[{"type": "sentence_transformers.models.Dense"}]', "Dense"),
        ("modules.json", "{", "cannot be read"),
        ("modules.json", "{}", "does not hold"),
        ("1_Pooling/config.json", '{"pooling_mode_max_tokens": true}', "max_tokens"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    path = encoder(tmp_path) / name
    path.unlink(missing_ok=True)
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)

    with pytest.raises(SentenceEncoderError, match=message):
        SentenceEncoder(tmp_path)


def test_an_encoder_that_asks_for_more_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SentenceEncoderError, match="asks for pixel_values"):
        SentenceEncoder(encoder(tmp_path, more_inputs=("pixel_values",)))

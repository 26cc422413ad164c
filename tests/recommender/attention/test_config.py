"""What a configuration says of the network, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from recommender.attention.config import NetworkConfig, config_from_json, preset
from recommender.attention.content.shape import ContentShape


def test_presets_grow_and_others_are_refused() -> None:
    widths = [preset(name, n=5, dropout=0.1, timed=True).d for name in ("small", "base", "large")]
    assert widths == [64, 128, 256]
    with pytest.raises(ValueError, match="not one of"):
        preset("huge", n=5, dropout=0.1, timed=True)


def test_inputs_name_what_is_read_of_an_event() -> None:
    assert NetworkConfig(n=5).inputs == ("product", "position", "gap")
    assert NetworkConfig(n=5, timed=False).inputs == ("product", "position")
    assert NetworkConfig(n=5, encoder="gru", kinds=9, dwell=True, bands=4).inputs == (
        "product",
        "gap",
        "kind",
        "dwell",
        "band",
    )


def test_segments_lengthen_the_window() -> None:
    assert NetworkConfig(n=5, history=20, segments=3).window == 60


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encoder": "rnn"}, "encoder 'rnn' is not one of"),
        ({"score": "bilinear"}, "score 'bilinear' is not one of"),
        ({"head": "mean"}, "head 'mean' is not one of"),
        ({"reach": "far"}, "reach 'far' is not one of"),
        ({"heads": 3}, "3 heads do not divide"),
        ({"frequency": 1.5}, "between 0 and 1"),
        ({"segments": 0}, "at least 1"),
        ({"segments": 2, "encoder": "gru"}, "does not read segments"),
        ({"segments": 2, "encoder": "bidirectional"}, "does not read segments"),
        ({"reach": "span", "encoder": "lstm"}, "neither heads nor frequencies"),
        ({"frequency": 0.1, "encoder": "cnn"}, "neither heads nor frequencies"),
        ({"score": "dot", "encoder": "gru"}, "without a pool has no score"),
    ],
)
def test_a_choice_without_effect_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        NetworkConfig(n=5, **changes)


def test_a_configuration_survives_json() -> None:
    config = NetworkConfig(n=5, segments=2, bands=3, content=ContentShape(buckets=8, dense=2))
    assert config_from_json(json.loads(json.dumps(asdict(config)))) == config
    assert config_from_json(asdict(NetworkConfig(n=5))) == NetworkConfig(n=5)

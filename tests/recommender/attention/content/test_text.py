"""Words of titles as dense features."""

from __future__ import annotations

import numpy as np

from recommender.attention.content.text import text_features, words_of

TEXTS = (
    *("green tea leaves", "black tea leaves", "tea leaves in a tin", "white tea"),
    *("garden hose", "garden hose with valve", "garden chair", "chair with cushion"),
)


def test_texts_that_share_words_are_close_and_others_apart() -> None:
    features = text_features(TEXTS, width=2, seed=3)

    assert features.shape == (8, 2)
    likeness = features @ features.T
    assert likeness[0, 1] > 0.99
    assert abs(likeness[0, 5]) < 0.1


def test_the_seed_decides() -> None:
    assert np.array_equal(text_features(TEXTS, seed=1), text_features(TEXTS, seed=1))


def test_a_text_without_shared_words_is_zero() -> None:
    features = text_features((*TEXTS, "", "unheard"), width=4)

    assert not features[-2:].any()
    assert np.linalg.norm(features[:-2], axis=1).round(5).tolist() == [1.0] * 8


def test_a_catalog_without_shared_words_has_no_features() -> None:
    assert text_features(("one", "two", "three", "four")).shape == (4, 0)
    assert text_features(("same", "same", "same", "same")).shape == (4, 0)
    assert text_features(()).shape == (0, 0)


def test_scripts_without_spaces_are_read_by_pairs() -> None:
    assert words_of("红色耳机 USB-C 3m a") == ["红色", "色耳", "耳机", "USB", "3m"]

"""Word pieces: longest match first, as BERT reads."""

from __future__ import annotations

import pytest

from recommender.attention.content.wordpiece import WordPieces

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "cafe", "红", "-", "a"]


def pieces(*, lower: bool = True) -> WordPieces:
    return WordPieces(VOCABULARY, lower=lower)


def test_a_word_is_cut_into_the_longest_known_pieces() -> None:
    assert pieces().encode("unaffable", 16) == [2, 4, 5, 6, 3]


def test_a_word_with_an_unknown_end_is_unknown_as_a_whole() -> None:
    assert pieces().encode("unaffx a", 16) == [2, 1, 10, 3]


def test_case_and_accents_fall_where_the_encoder_drops_them() -> None:
    assert pieces().encode("CAFÉ", 16) == [2, 7, 3]
    assert pieces(lower=False).encode("CAFÉ", 16) == [2, 1, 3]


def test_han_and_punctuation_stand_alone() -> None:
    assert pieces().encode("红a-a\x00", 16) == [2, 8, 10, 9, 10, 3]


def test_a_long_text_is_cut_and_still_ends() -> None:
    assert pieces().encode("a " * 500, 5) == [2, 10, 10, 10, 3]
    assert pieces().encode("", 5) == [2, 3]


def test_a_word_without_end_is_unknown() -> None:
    assert pieces().encode("a" * 101, 5) == [2, 1, 3]


def test_a_vocabulary_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[CLS\]"):
        WordPieces(["[PAD]", "[UNK]", "a"], lower=True)

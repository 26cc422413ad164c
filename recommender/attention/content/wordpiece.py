"""Texts as word pieces of a vocabulary, the way BERT reads them.

Longest match first from the left (Wu et al., 2016, arXiv:1609.08144, section 4.1), after the
normalization of Devlin et al., 2018, arXiv:1810.04805: no control characters, no accents, lower
case, Han characters and punctuation apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

LONGEST_WORD = 100
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_ALONE = re.compile(rf"([{_HAN}])")


class WordPieces:
    """The vocabulary of an encoder."""

    def __init__(self, vocabulary: Sequence[str], *, lower: bool) -> None:
        """Take the pieces; the place of a piece is its number.

        Args:
            vocabulary: pieces, those inside a word begin with ``##``.
            lower: whether case and accents are dropped.

        Raises:
            ValueError: one of [PAD], [UNK], [CLS], [SEP] is absent.
        """
        self.numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self.lower = lower
        try:
            self.padding, self.unknown, self.start, self.end = (
                self.numbers[name] for name in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
            )
        except KeyError as error:
            raise ValueError(f"The vocabulary has no piece {error}.") from error

    @classmethod
    def read(cls, path: Path, *, lower: bool) -> WordPieces:
        """Read ``vocab.txt``, a piece a line."""
        return cls(path.read_text(encoding="utf-8").split("\n"), lower=lower)

    def encode(self, text: str, length: int) -> list[int]:
        """Return the numbers of the pieces of ``text``, its start and end included.

        Args:
            text: any.
            length: numbers at most, 2 or more; the rest of the text is not read.
        """
        numbers: list[int] = []
        for word in self._words(text):
            if len(numbers) >= length - 2:
                break
            numbers.extend(self._pieces(word))
        return [self.start, *numbers[: length - 2], self.end]

    def _words(self, text: str) -> list[str]:
        if self.lower:
            decomposed = unicodedata.normalize("NFD", text.lower())
            text = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
        visible = "".join(_spaced(letter) for letter in text)
        return _ALONE.sub(r" \1 ", visible).split()

    def _pieces(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [self.unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            inside = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self.numbers.get(inside + word[start:end])
                if number is not None:
                    break
            else:
                return [self.unknown]
            found.append(number)
            start = end
        return found


def _spaced(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter in "\t\n\r" or category == "Zs":
        return " "
    if category[0] == "C" or letter == "\ufffd":
        return ""
    is_symbol = letter.isascii() and not letter.isalnum()
    return f" {letter} " if is_symbol or category[0] == "P" else letter

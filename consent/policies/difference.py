"""Tell what changed between two texts, paragraph by paragraph and word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_WORDS = re.compile(r"\s+|[㐀-鿿豈-﫿]|\w+|.", re.DOTALL)
_LONGEST = 4000
"""Words of a paragraph that are compared one by one; a longer one is shown as replaced."""


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Piece(NamedTuple):
    """A run of text with one fate; ``text`` is plain, for a template to escape."""

    change: Change
    text: str


Paragraph = tuple[Piece, ...]


@lru_cache(maxsize=64)
def difference(old: str, new: str) -> tuple[Paragraph, ...]:
    """Return the paragraphs of both texts in reading order, unchanged ones included.

    Joining the pieces that are not removed gives the words of ``new``, those that are not added
    the words of ``old``. Words of scripts written without spaces are single characters.
    """
    before, after = _paragraphs(old), _paragraphs(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    shown: list[Paragraph] = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            shown += [(Piece(Change.SAME, text),) for text in after[j:j_end]]
            continue
        gone, come = before[i:i_end], after[j:j_end]
        shared = min(len(gone), len(come))
        shown += [tuple(_words(each, other)) for each, other in zip(gone, come, strict=False)]
        shown += [(Piece(Change.REMOVED, text),) for text in gone[shared:]]
        shown += [(Piece(Change.ADDED, text),) for text in come[shared:]]
    return tuple(shown)


def _paragraphs(text: str) -> list[str]:
    plain = text.replace("\r\n", "\n")
    return [each.strip() for each in re.split(r"\n\s*\n", plain) if each.strip()]


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _LONGEST:
        yield Piece(Change.REMOVED, old)
        yield Piece(Change.ADDED, new)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece(Change.SAME, "".join(after[j:j_end]))
            continue
        if i < i_end:
            yield Piece(Change.REMOVED, "".join(before[i:i_end]))
        if j < j_end:
            yield Piece(Change.ADDED, "".join(after[j:j_end]))

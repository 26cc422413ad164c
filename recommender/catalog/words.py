"""Find categories that are probably sensitive by the words of their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from recommender.conf import recommender_settings


def matching_word(name: str) -> str | None:
    """Return the first word of ``SENSITIVE_WORDS`` in the name of a category, None when none is.

    Words of scripts without spaces are found anywhere; others as whole words, also in the plural,
    whatever their case.
    """
    words = tuple(recommender_settings.SENSITIVE_WORDS)
    pattern = _pattern(words)
    match = pattern.search(name.casefold()) if pattern is not None else None
    if match is None:
        return None
    return words[int(str(match.lastgroup).removeprefix("w"))]


@lru_cache(maxsize=8)
def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    parts = [f"(?P<w{place}>{_form(word.casefold())})" for place, word in enumerate(words) if word]
    return re.compile("|".join(parts)) if parts else None


def _form(word: str) -> str:
    escaped = re.escape(word)
    return rf"(?<!\w){escaped}(?:s|es)?(?!\w)" if word.isascii() else escaped

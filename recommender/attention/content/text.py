"""Titles and descriptions as dense features, from the words of the catalog itself.

Words are weighed by TF-IDF and reduced to their main directions by a truncated singular value
decomposition: latent semantic analysis (Deerwester et al., 1990, JASIS 41(6)), computed by
randomized projection (Halko et al., 2011, arXiv:0909.4061).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

WIDTH = 64
MOST_WORDS = 30_000
FEWEST_PRODUCTS = 2
LARGEST_SHARE = 0.5
UNSPACED = "\u3040-\u30ff\u3400-\u9fff"
"""Letters of scripts that put no spaces between words: kana and Han."""
RUNS = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]{{2,}}")


def text_features(
    texts: Sequence[str], *, width: int = WIDTH, seed: int = 0
) -> npt.NDArray[np.float32]:
    """Return float32[n, m], m at most ``width``: rows of length 1, zeros where no word is shared.

    Words of a single product and of more than half of the catalog are left out. The same texts and
    seed give the same features. Without words that products share, m is 0.

    Args:
        texts: one of each product.
        width: features at most.
        seed: of the random projection.
    """
    nothing = np.zeros((len(texts), 0), dtype=np.float32)
    if len(texts) < FEWEST_PRODUCTS / LARGEST_SHARE:
        return nothing
    vectorizer = TfidfVectorizer(
        token_pattern=None,
        tokenizer=words_of,
        min_df=FEWEST_PRODUCTS,
        max_df=LARGEST_SHARE,
        max_features=MOST_WORDS,
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        matrix = vectorizer.fit_transform(texts)
    except ValueError:  # no word is left
        return nothing
    size = min(width, min(matrix.shape) - 1)
    if size < 1:
        return nothing
    directions = TruncatedSVD(size, random_state=seed).fit_transform(matrix)
    features: npt.NDArray[np.float32] = normalize(directions).astype(np.float32)
    return features


def words_of(text: str) -> list[str]:
    """Return runs of two letters or digits and more; of unspaced scripts, pairs of letters."""
    words: list[str] = []
    for run in RUNS.findall(text):
        if "\u3040" <= run[0] <= "\u9fff" and len(run) > 1:
            words.extend(run[place : place + 2] for place in range(len(run) - 1))
        else:
            words.append(run)
    return words

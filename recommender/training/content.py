"""The product attributes of a manifest as what the content tower reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recommender.attention.content.attributes import ProductAttributes
from recommender.attention.content.bands import price_bands
from recommender.attention.content.features import PRICE_BANDS, ProductContent, product_content
from recommender.attention.content.sentences import SentenceEncoderError, sentence_features
from recommender.attention.content.text import text_features


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedContent:
    """Features of the catalog.

    Attributes:
        features: of each product of the manifest.
        bands: uint8[n], price band of each, below `PRICE_BANDS`; 0 without a price.
        notes: sentences for the card: what was cleaned, what could not be used.
    """

    features: ProductContent
    bands: npt.NDArray[np.uint8]
    notes: tuple[str, ...] = ()


def prepare_content(
    attributes: ProductAttributes,
    *,
    seed: int = 0,
    sentence_encoder: Path | None = None,
    kept: Path | None = None,
) -> PreparedContent:
    """Return what a tower reads of ``attributes``.

    Args:
        attributes: `recommender.training.attributes.read_attributes`.
        seed: of the reduction of the texts.
        sentence_encoder: folder of an encoder whose vectors are added to the words of the texts;
            one that cannot be read is noted and left out.
        kept: folder where its vectors are kept between runs.
    """
    notes = [
        f"Product attributes cleaned: {count} with an unusable {name}."
        for name, count in attributes.cleaned.items()
    ]
    dense = [text_features(attributes.texts, seed=seed)]
    if sentence_encoder is not None:
        try:
            dense.append(sentence_features(attributes.texts, sentence_encoder, kept=kept))
        except SentenceEncoderError as error:
            notes.append(f"Texts were read without the sentence encoder: {error}")
    features = product_content(attributes, np.concatenate(dense, axis=1))
    bands = price_bands(attributes, PRICE_BANDS)
    return PreparedContent(features=features, bands=bands, notes=tuple(notes))

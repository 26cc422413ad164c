"""How large a content tower is, and how often it must do without the learned rows."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.attention.content.features import ProductContent

ID_DROPOUT = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentShape:
    """Shape of `recommender.attention.content.tower.ContentTower`.

    Attributes:
        buckets: rows of the table of hashed attributes.
        dense: width of the dense features of a product (text); 0 when there are none.
        id_dropout: probability that a product does without its learned row for one training step,
            so that its attributes alone must place it.
    """

    buckets: int
    dense: int = 0
    id_dropout: float = ID_DROPOUT

    @classmethod
    def of(cls, content: ProductContent, *, id_dropout: float = ID_DROPOUT) -> ContentShape:
        """Return the shape of a tower that reads ``content``."""
        return cls(buckets=content.buckets, dense=content.dense.shape[1], id_dropout=id_dropout)

"""Keep out, and delete, what a person removed from their interests.

Dislikes stay: they teach no interest, and what a person hid must not come back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Q

from recommender.catalog.models import Product
from recommender.events.draft import Draft
from recommender.events.kinds import DISLIKES
from recommender.events.models import Event
from recommender.interests.models import InterestChoice, State

_DISLIKES = [kind.code for kind in DISLIKES]


def removed_events(*, shopper_id: UUID, drafts: Sequence[Draft]) -> frozenset[UUID]:
    """Return the ids of ``drafts`` that are of a category their shopper removed.

    Ask while the shopper's state is locked: a removal takes the same lock, so none comes between
    this answer and the insert. One query, two when something was ever removed.
    """
    removed = frozenset(
        InterestChoice.objects.filter(shopper_id=shopper_id, state=State.REMOVED).values_list(
            "category_id", flat=True
        )
    )
    if not removed:
        return frozenset()
    categories = _categories({draft.product_id for draft in drafts if draft.product_id})
    return frozenset(
        draft.id
        for draft in drafts
        if draft.kind not in DISLIKES and _is_of(draft, removed, categories)
    )


def delete_category_events(*, shopper_id: UUID, category_id: int | None, limit: int) -> int:
    """Delete at most ``limit`` events of a shopper with a category; return how many.

    Those with its products, and those with the category alone. None: products without one.
    """
    about = Q(product__isnull=False, product__category=None)
    if category_id is not None:
        about = Q(product__category=category_id) | Q(product=None, category=category_id)
    rows = Event.rows.filter(about, shopper_id=shopper_id).exclude(kind__in=_DISLIKES)
    # Keys first, as in `recommender.events.retention`.
    ids = list(rows.order_by("id").values_list("id", flat=True)[:limit])
    if ids:
        Event.rows.filter(shopper_id=shopper_id, id__in=ids).delete()
    return len(ids)


def _categories(product_ids: Collection[int]) -> dict[int, int | None]:
    return dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "category_id"))


def _is_of(draft: Draft, removed: frozenset[int | None], categories: dict[int, int | None]) -> bool:
    if draft.product_id is not None:
        return categories.get(draft.product_id) in removed
    return draft.category_id is not None and draft.category_id in removed

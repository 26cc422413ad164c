"""What people said of a product, and what this person may add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.feedback.models import Comment, Review
from attention_shop.storefront.orders.selectors import has_bought

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Conversation:
    """Reviews and comments of one product."""

    reviews: Sequence[Review]
    comments: Sequence[Comment]
    may_review: bool
    own_review: Review | None


def conversation(*, user: AbstractBaseUser | AnonymousUser, product: Product) -> Conversation:
    """Read the latest reviews and comments: 2 queries, 4 for an account."""
    reviews = Review.objects.filter(product=product).select_related("user")
    comments = Comment.objects.filter(product=product).select_related("user")
    own, may_review = None, False
    if isinstance(user, AbstractBaseUser):
        may_review = has_bought(site=product.site, user=user, sku=product.sku)
        own = reviews.filter(user_id=user.pk).first() if may_review else None
    return Conversation(
        reviews=list(reviews[:SHOWN]),
        comments=list(comments[:SHOWN]),
        may_review=may_review,
        own_review=own,
    )

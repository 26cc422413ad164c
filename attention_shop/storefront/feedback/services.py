"""Writing reviews, comments and complaints."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.mirroring import product_changed
from attention_shop.storefront.orders.selectors import has_bought

SOURCE_WEIGHT = 10
"""How many reviews a rating that came with the product counts for."""

MAX_TEXT = 2_000


class NotABuyerError(Exception):
    """The account never bought the product; nothing was written."""


def joined_rating(*, source: float | None, stars: int, reviews: int) -> float | None:
    """The rating customers see: the source's and the reviews' mean, weighed together."""
    weight = 0 if source is None else SOURCE_WEIGHT
    if weight + reviews == 0:
        return None
    return round(((source or 0.0) * weight + stars) / (weight + reviews), 2)


def write_review(*, user: AbstractBaseUser, product: Product, stars: int, text: str) -> Review:
    """Write or rewrite the buyer's one review, and join it into the product's rating.

    Raises:
        NotABuyerError: the account never bought the product.
    """
    if not has_bought(site=product.site, user=user, sku=product.sku):
        raise NotABuyerError
    with transaction.atomic():
        Product.objects.select_for_update().only("pk").get(pk=product.pk)
        review, _created = Review.objects.update_or_create(
            product=product,
            user_id=user.pk,
            defaults={
                "stars": stars,
                "text": text[:MAX_TEXT],
                "written_at": timezone.now(),
            },
        )
        refresh_rating(product=product)
    return review


def refresh_rating(*, product: Product) -> None:
    """Recompute the shown rating from the reviews there are."""
    told = Review.objects.filter(product=product).aggregate(stars=Sum("stars"), count=Count("pk"))
    rating = joined_rating(
        source=product.source_rating, stars=told["stars"] or 0, reviews=told["count"]
    )
    Product.objects.filter(pk=product.pk).update(rating=rating, review_count=told["count"])
    product_changed(product)


def write_comment(*, user: AbstractBaseUser, product: Product, text: str) -> Comment:
    """Publish a comment under the product."""
    return Comment.objects.create(
        product=product, user_id=user.pk, text=text[:MAX_TEXT], written_at=timezone.now()
    )


def write_complaint(*, user: AbstractBaseUser | None, product: Product, text: str) -> Complaint:
    """Pass a complaint on to the shop."""
    return Complaint.objects.create(
        site=product.site,
        product=product,
        user_id=None if user is None else user.pk,
        text=text[:MAX_TEXT],
        written_at=timezone.now(),
    )

"""The one door for reading events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.sites.models import Site
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent.purposes import Purpose
from recommender.events.history import days_of, hidden_keys, recent_history
from recommender.events.kinds import Kind
from recommender.events.models import Event, EventQuerySet
from recommender.events.records import TrainingRow
from recommender.events.totals import category_totals
from recommender.events.weights import kind_weights, weighted_kinds
from recommender.interests.models import InterestChoice, State

__all__ = [
    "category_totals",
    "count_events",
    "events_of",
    "has_training_rows",
    "hidden_keys",
    "kind_weights",
    "products_of",
    "recent_history",
    "training_rows",
    "weighted_kinds",
]

CHUNK = 5000


def training_rows(*, site: Site, cut: datetime) -> Iterator[TrainingRow]:
    """Yield the rows a model may learn from, by shopper and within a shopper by time.

    A row counts when it was received until ``cut``, its kind weighs something, its product is of
    no sensitive category nor of one its shopper paused or removed, and its shopper permitted
    ``model.train`` both when it was committed and now. Rows whose shopper withdrew ``analytics``,
    for which they are kept, are as good as deleted.
    """
    rows = (
        _trainable(site)
        .filter(received_at__lte=cut)
        .order_by("shopper_id", "id")
        .values_list(
            "shopper_id", "product_id", "occurred_at", "kind", "value", "id", "consent_seq"
        )
    )
    for shopper_id, product_id, occurred_at, code, value, event_id, sequence in rows.iterator(
        chunk_size=CHUNK
    ):
        yield TrainingRow(
            shopper_id,
            product_id,
            int(occurred_at.timestamp()),
            code,
            value or 0,
            event_id,
            sequence,
        )


def has_training_rows(*, site: Site) -> bool:
    """Tell whether there is anything to learn from now."""
    return _trainable(site).exists()


def events_of(
    *, shopper_id: UUID, limit: int | None = None, before: UUID | None = None
) -> EventQuerySet:
    """Return the events of one shopper with their products, newest first.

    For the person's own export and for the staff page; nothing else may ask by shopper.
    """
    rows = Event.rows.filter(shopper_id=shopper_id).select_related("product", "category")
    if before is not None:
        rows = rows.filter(id__lt=before)
    rows = rows.order_by("-id")
    return rows if limit is None else rows[:limit]


def products_of(*, shopper_id: UUID, limit: int) -> list[str]:
    """Return the host keys of the products a shopper did something with, the newest first.

    What was only shown does not count. For the person's own page.
    """
    shown = [Kind.IMPRESSION.code, Kind.VIEWABLE.code]
    own = Event.rows.filter(shopper_id=shopper_id, product__isnull=False)
    rows = own.exclude(kind__in=shown)
    newest = rows.values("product__host_key").annotate(newest=Max("occurred_at"))
    return list(newest.order_by("-newest").values_list("product__host_key", flat=True)[:limit])


def count_events(*, shopper_id: UUID) -> int:
    """Return how many events are held of a shopper."""
    return Event.rows.filter(shopper_id=shopper_id).count()


def _trainable(site: Site) -> EventQuerySet:
    train = Purpose.MODEL_TRAIN.bit
    needed = train | Purpose.ANALYTICS.bit
    codes = [kind.code for kind in weighted_kinds(site=site)]
    since = timezone.now() - timedelta(days=days_of(Purpose.MODEL_TRAIN))
    return (
        Event.rows.for_site(site)
        .filter(kind__in=codes, product__isnull=False, received_at__gte=since)
        .filter(Q(product__category=None) | Q(product__category__sensitive=False))
        .alias(
            permitted_then=F("purposes").bitand(train),
            permitted_now=F("shopper__state__purposes").bitand(needed),
        )
        .filter(permitted_then=train, permitted_now=needed)
        .filter(~Exists(_unwanted()))
    )


def _unwanted() -> QuerySet[InterestChoice]:
    """The choice that keeps an event's category out, if its shopper made one."""
    return InterestChoice.objects.alias(about=Coalesce("category", 0)).filter(
        shopper=OuterRef("shopper"),
        about=Coalesce(OuterRef("product__category"), 0),
        state__in=[State.PAUSED, State.REMOVED],
    )

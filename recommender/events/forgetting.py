"""Forget one product: everything recorded of a person with it, at their word."""

from __future__ import annotations

from functools import partial

from django.db import router, transaction
from django.http import HttpRequest
from django.utils import timezone

from consent import visit as visits
from consent.selectors import person_of
from consent.visitor import Level, visitor_of
from recommender.catalog.selectors import product_ids
from recommender.events.live_history import store
from recommender.events.models import Event
from recommender.training import lineage


def forget_product(*, request: HttpRequest, product_key: str) -> int:
    """Delete every event of the person behind ``request`` with a product; return how many.

    In level "this visit" the product leaves the visit's cookie. It stays out of the history until
    the person looks at it again; models that learned from the person get the deadline of a
    withdrawal. Needs no permission: what may not be used may be deleted all the same. It cannot be
    undone.
    """
    visitor = visitor_of(request)
    if visitor.level is Level.VISIT and visitor.visit is not None:
        rest = visitor.visit.without_product(product_key)
        gone = len(visitor.visit.products) - len(rest.products)
        if gone:
            visits.remember_visit(request, rest)
        return gone
    shopper_id = person_of(request=request)
    product_id = product_ids(site=visitor.site_id, keys=[product_key]).get(product_key)
    if shopper_id is None or product_id is None:
        return 0
    using = router.db_for_write(Event)
    with transaction.atomic(using=using):
        rows = Event.rows.using(using).filter(shopper_id=shopper_id, product_id=product_id)
        gone = rows.delete()[0]
        if gone:
            lineage.withdraw_from(shopper_id=shopper_id, at=timezone.now())
        transaction.on_commit(partial(store.forget, shopper_ids=[shopper_id]), using=using)
    return gone

"""Answer with a slate; keep what the fallbacks need."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import uuid4

from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from consent.privacy import mark_personal
from recommender.catalog.adapter import HostAdapter, get_adapter
from recommender.catalog.models import Product
from recommender.conf import recommender_settings
from recommender.serving import counts, placements
from recommender.serving.cards import shown_products
from recommender.serving.context import SlateContext
from recommender.serving.deadline import Deadline
from recommender.serving.guard import reading
from recommender.serving.ladder import Climb, climb
from recommender.serving.models import MAX_SIZE, Bestseller, Placement
from recommender.serving.slate import Mode, Rung, Slate
from recommender.serving.stages import all_stages

logger = logging.getLogger(__name__)

SALES_DAYS = 28
BESTSELLERS_KEPT = 500


def serve(*, request: HttpRequest, placement: str, context: SlateContext) -> Slate:
    """Answer with the slate of ``placement`` for this request.

    Nothing that fails inside is raised: the slate then comes from the next rung, or is empty. A
    slate that depends on the visitor marks the request, so that no shared cache keeps the page.

    Queries of a warm personal slate: the gate, the history, the products; and the adapter's own.

    Args:
        request: the host's; its ``visitor`` is asked, its transaction is left unharmed.
        placement: name of the placement.
        context: what the page says about itself.

    Raises:
        UnknownPlacement: the site has no placement of this name.
    """
    deadline = Deadline(recommender_settings.SLATE_BUDGET_MS)
    try:
        with reading():
            site = cast(Site, get_current_site(request))
            place = placements.find(site=site, name=placement)
    except placements.UnknownPlacement:
        raise
    except Exception:
        logger.exception("placement %s could not be read", placement)
        return _empty(placement, "placement:error")
    slate = _make(request, site, place, context, deadline)
    if slate.is_private:
        mark_personal(request)
    counts.add(
        site_id=site.pk,
        placement=slate.placement,
        mode=slate.mode,
        rung=slate.rung,
        cause=slate.cause,
    )
    return slate


def refresh_bestsellers(*, site: Site) -> int:
    """Rank the products by units sold in the last weeks, as the host tells; return how many.

    Safe to run twice and beside itself: the ranks of a site are replaced in one transaction.
    """
    now = timezone.now()
    units: dict[str, int] = {}
    for sold in get_adapter().sales(site=site, since=now - timedelta(days=SALES_DAYS)):
        units[sold.key] = units.get(sold.key, 0) + sold.units
    best = sorted((key for key in units if units[key] > 0), key=lambda key: (-units[key], key))
    best = best[:BESTSELLERS_KEPT]
    ids = dict(Product.objects.filter(site=site, host_key__in=best).values_list("host_key", "pk"))
    rows = [
        Bestseller(site=site, product_id=ids[key], rank=rank, units=units[key], computed_at=now)
        for rank, key in enumerate((key for key in best if key in ids), start=1)
    ]
    with transaction.atomic():
        list(Site.objects.select_for_update().filter(pk=site.pk))
        Bestseller.objects.filter(site=site).delete()
        Bestseller.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _make(
    request: HttpRequest,
    site: Site,
    placement: Placement,
    context: SlateContext,
    deadline: Deadline,
) -> Slate:
    if not placement.is_enabled:
        return _empty(placement.name, "disabled")
    try:
        ask = Climb(
            request=request,
            site=site,
            placement=placement,
            context=context,
            adapter=get_adapter(),
            size=min(context.size or placement.size, MAX_SIZE),
            budget_ms=recommender_settings.SLATE_BUDGET_MS,
            deadline=deadline,
        )
        climb(ask)
        return _staged(_slate(ask), ask)
    except Exception:
        logger.exception("no slate could be made for %s", placement.name)
        return _empty(placement.name, "slate:error")


def _slate(ask: Climb) -> Slate:
    """The slate that the climb ended with."""
    cause = ",".join(ask.causes)
    if ask.rung is Rung.EMPTY and not cause:
        cause = "no_products"
    return Slate(
        id=uuid4(),
        placement=ask.placement.name,
        heading=placements.heading(ask.placement, mode=ask.mode, rung=ask.rung),
        mode=ask.mode,
        rung=ask.rung,
        cause=cause,
        model_version=ask.model_version,
        is_private=ask.profile.mode is not Mode.CONTEXTUAL or bool(ask.basket),
        items=tuple(ask.items),
        products=ask.products,
        offers=ask.offers,
    )


def _staged(slate: Slate, ask: Climb) -> Slate:
    """Pass the slate through the registered stages, then dress what they inserted."""
    stages = all_stages()
    for name, stage in stages:
        try:
            ask.deadline.check(name)
            with reading():
                slate = stage(
                    slate, request=ask.request, placement=ask.placement, context=ask.context
                )
        except Exception as error:
            logger.warning("stage %s was skipped", name, exc_info=True)
            causes = [slate.cause, f"stage {name}:{type(error).__name__}"]
            slate = replace(slate, cause=",".join(filter(None, causes)))
    return _dressed(slate, ask.request, ask.site, ask.adapter) if stages else slate


def _dressed(slate: Slate, request: HttpRequest, site: Site, adapter: HostAdapter) -> Slate:
    """Give inserted items their product and offer; drop those that cannot be had."""
    products, offers = dict(slate.products), dict(slate.offers)
    bare = {item.product_id: item.key for item in slate.items if item.key not in offers}
    if bare:
        with reading():
            found = shown_products(site_id=site.pk, ids=bare)
            products.update((product.host_key, product) for product in found.values())
            offers.update(adapter.offers(request=request, keys=list(bare.values())))
    kept = [
        item
        for item in slate.items
        if item.key in products and item.key in offers and offers[item.key].is_available
    ]
    items = tuple(replace(item, position=place) for place, item in enumerate(kept, start=1))
    return replace(slate, items=items, products=products, offers=offers)


def _empty(placement: str, cause: str) -> Slate:
    return Slate(
        id=uuid4(),
        placement=placement,
        heading="",
        mode=Mode.CONTEXTUAL,
        rung=Rung.EMPTY,
        cause=cause,
    )
